//! One workload, the same in every run: each call is waited for before the next is made.

use indelible::vfs::Vfs;
use indelible::{AppendFsync, Options, Store};

fn options(policy: AppendFsync) -> Options {
    Options {
        appendfsync: policy,
        auto_aof_rewrite_percentage: 0,
        ..Options::default()
    }
}

/// Opens twice, commits, rewrites, disables, enables, and closes.
pub fn run<V>(vfs: &V, policy: AppendFsync)
where
    V: Vfs + Clone + Send + Sync + 'static,
{
    let store = Store::open_with(vfs.clone(), options(policy)).unwrap();
    store.set("a", "1").unwrap();
    store.set("b", "x".repeat(5000)).unwrap();
    store.set("a", "2").unwrap();
    store.rewrite().unwrap().wait().unwrap();
    store.set("c", "3").unwrap();
    store.disable().unwrap().wait().unwrap();
    store
        .set("d", "in memory alone, until the log is back")
        .unwrap();
    store.enable().unwrap().wait().unwrap();
    store.set("e", "5").unwrap();
    store.sync().unwrap();
    store.close().unwrap();
    let store = Store::open_with(vfs.clone(), options(policy)).unwrap();
    assert_eq!(
        store.dbsize().unwrap(),
        5,
        "nothing is lost without a crash"
    );
    store.set("f", "6").unwrap();
    store.close().unwrap();
}
