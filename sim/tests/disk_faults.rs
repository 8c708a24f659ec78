//! Faults of the medium and of the journal, against the store itself.

use std::time::Duration;

use indelible::engine::OnSyncError;
use indelible::{AppendFsync, Options, Store, StoreError};
use indelible_sim::disk::{CallKind, Disk, Fault, FaultKind, Limits, Profile, SimVfs};

const LIVE: &str = "appendonly.aof";

fn open(vfs: &SimVfs, on_sync_error: OnSyncError) -> Result<Store, StoreError> {
    let options = Options {
        appendfsync: AppendFsync::Always,
        auto_aof_rewrite_percentage: 0,
        on_sync_error,
        ..Options::default()
    };
    Store::open_with(vfs.clone(), options)
}

fn filled() -> (SimVfs, Store) {
    let vfs = SimVfs::new(Profile::posix_weak());
    let store = open(&vfs, OnSyncError::Heal).expect("a good disk");
    for key in ["a", "b", "c"] {
        store.set(key, "x".repeat(100)).expect("a good disk");
    }
    (vfs, store)
}

fn keys(vfs: &SimVfs) -> u64 {
    let store = open(vfs, OnSyncError::Heal).expect("a good disk");
    store.dbsize().expect("an open store")
}

#[test]
fn a_log_that_cannot_be_read_whole_is_not_served() {
    let (vfs, store) = filled();
    store.close().expect("a good disk");
    let whole = vfs.disk();
    let len = whole.contents(LIVE).expect("the log").len() as u64;
    for at in (0..len).step_by(64) {
        let mut disk = whole.clone();
        disk.spoil(LIVE, at, 64.min(len - at));
        let vfs = SimVfs::from_disk(disk);
        let refused = open(&vfs, OnSyncError::Heal);
        assert!(matches!(refused, Err(StoreError::Open(_))), "at {at}");
        let left = vfs.disk();
        assert_eq!(left.contents(LIVE), whole.contents(LIVE), "at {at}");
    }
    assert_eq!(keys(&SimVfs::from_disk(whole)), 3);
}

#[test]
fn a_log_that_cannot_be_read_is_rewritten_from_memory() {
    let (vfs, store) = filled();
    let len = vfs.with(|disk| disk.contents(LIVE).map_or(0, <[u8]>::len));
    vfs.with(|disk| disk.spoil(LIVE, 0, len as u64));
    store.set("d", "1").expect("writing goes on");
    let rewrite = store.rewrite().expect("none is in progress");
    rewrite.wait().expect("it reads nothing of the old file");
    store.close().expect("a good disk");
    assert_eq!(keys(&vfs), 4);
}

/// What was acknowledged is there, whatever a power loss makes of the rest.
fn assert_kept(disk: &Disk) {
    let mut images = 0;
    for image in disk.images(Limits::default()) {
        images += 1;
        let found = keys(&SimVfs::from_disk(image));
        assert!((3..=4).contains(&found), "{found} keys");
    }
    assert!(images > 0);
}

#[test]
fn a_journal_that_fails_loses_nothing_that_was_acknowledged() {
    let (vfs, store) = filled();
    drop(store);
    let store = open(&vfs, OnSyncError::Stop).expect("a good disk");
    vfs.with(|disk| {
        disk.inject(Fault::once(CallKind::SyncData, FaultKind::JournalFails));
    });
    store.set("d", "1").expect_err("it cannot be made durable");
    assert!(vfs.disk().refused_read_only().is_some());
    assert_eq!(store.dbsize().expect("reading goes on"), 4);
    assert_kept(&vfs.disk());
}

#[test]
fn a_store_heals_once_its_file_system_is_mounted_again() {
    let (vfs, store) = filled();
    vfs.with(|disk| {
        disk.inject(Fault::once(CallKind::SyncData, FaultKind::JournalFails));
    });
    let ticket = store.submit(|it| {
        it.set("d", "1");
    });
    let ticket = ticket.expect("the queue has room");
    let early = ticket.wait_timeout(Duration::from_millis(100));
    assert!(
        !matches!(early, Some(Ok(_))),
        "acknowledged on a read-only file system"
    );
    assert_kept(&vfs.disk());
    vfs.with(Disk::remount);
    ticket.wait().expect("it heals");
    drop(store);
    let after: Vec<Disk> = vfs.disk().images(Limits::default()).collect();
    assert!(
        after
            .into_iter()
            .all(|disk| keys(&SimVfs::from_disk(disk)) == 4)
    );
}
