//! Many callers at once.

use std::time::Instant;

use indelible::vfs::MemVfs;
use indelible::{AppendFsync, Options, Store};
use tempfile::TempDir;

use crate::backends::{always, reopen};

fn policies() -> [Options; 3] {
    [AppendFsync::Always, AppendFsync::EverySec, AppendFsync::No].map(|appendfsync| Options {
        appendfsync,
        ..Options::default()
    })
}

#[test]
fn a_store_can_be_shared() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    shared::<Store>();
    shared::<indelible::Db>();
    fn sent<T: Send + 'static>() {}
    sent::<indelible::Ticket>();
    sent::<indelible::Subscription>();
}

#[test]
fn every_thread_finds_what_it_wrote() {
    for options in policies() {
        let vfs = MemVfs::default();
        let store = Store::open_with(vfs.clone(), options).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let store = store.clone();
                scope.spawn(move || {
                    for number in 0..200 {
                        let key = format!("{thread}:{number}");
                        store.set(&key, &key).unwrap();
                        assert_eq!(store.get(&key).unwrap().as_deref(), Some(key.as_bytes()));
                    }
                });
            }
        });
        drop(store);
        assert_eq!(reopen(&vfs).dbsize().unwrap(), 1_600);
    }
}

#[test]
fn threads_write_while_the_log_is_rewritten_on_a_real_disk() {
    for options in policies() {
        let directory = TempDir::new().unwrap();
        let store = Store::open(directory.path(), options).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let store = store.clone();
                scope.spawn(move || {
                    for number in 0..50 {
                        store.set(format!("{thread}:{number}"), "x").unwrap();
                        store.incr("sum").unwrap();
                    }
                });
            }
            for _ in 0..5 {
                store.rewrite().unwrap().wait().unwrap();
            }
        });
        store.close().unwrap();
        let store = Store::open(directory.path(), always()).unwrap();
        assert_eq!(store.dbsize().unwrap(), 201);
        assert_eq!(store.get("sum").unwrap().as_deref(), Some(&b"200"[..]));
        let mut names: Vec<_> = std::fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["appendonly.aof", "appendonly.aof.lock"]);
    }
}

#[test]
fn commits_share_syncs() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path(), always()).unwrap();
    let begun = Instant::now();
    store.set("warm", "up").unwrap();
    let one = begun.elapsed();
    let tickets: Vec<_> = (0..2_000)
        .map(|number| {
            store
                .submit(|it| {
                    it.set(format!("k{number}"), "x");
                })
                .unwrap()
        })
        .collect();
    for ticket in tickets {
        ticket.wait().unwrap();
    }
    // 2,000 syncs of their own would take 2,000 times as long as one; be generous.
    assert!(begun.elapsed() < one * 1_000 + std::time::Duration::from_secs(2));
}
