//! Opening, closing, dropping.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use indelible::recover::OpenError;
use indelible::vfs::MemVfs;
use indelible::{Durability, Options, Store, StoreError};
use tempfile::TempDir;

use crate::backends::{Call, Fate, ScriptedVfs, always, memory, reopen};

#[test]
fn a_missing_directory_is_made() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a/b");
    let store = Store::open(&path, Options::default()).unwrap();
    assert!(store.open_report().created);
    store.set("a", "1").unwrap();
    store.close().unwrap();
    assert!(path.join("appendonly.aof").is_file());
}

#[test]
fn what_was_closed_is_there_again() {
    let directory = TempDir::new().unwrap();
    for round in 0..3 {
        let store = Store::open(directory.path(), Options::default()).unwrap();
        assert_eq!(store.incr("n").unwrap(), round + 1);
        assert_eq!(store.close().unwrap(), Durability::Durable);
    }
}

#[test]
fn a_second_opener_gets_a_clear_error() {
    let directory = TempDir::new().unwrap();
    let _store = Store::open(directory.path(), Options::default()).unwrap();
    let error = Store::open(directory.path(), Options::default()).unwrap_err();
    assert!(matches!(error, StoreError::Open(OpenError::Locked)));
}

#[test]
fn a_close_lets_go_of_the_directory() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let other = store.clone();
    store.close().unwrap();
    Store::open(directory.path(), Options::default()).unwrap();
    assert!(matches!(other.get("a"), Err(StoreError::Closed)));
    assert!(matches!(other.set("a", "1"), Err(StoreError::Closed)));
    assert!(matches!(other.close(), Err(StoreError::Closed)));
}

#[test]
fn a_drop_loses_nothing_that_was_acknowledged() {
    let (vfs, store) = memory();
    for number in 0..100 {
        store.set(format!("k{number}"), "x").unwrap();
    }
    drop(store);
    assert_eq!(reopen(&vfs).dbsize().unwrap(), 100);
}

#[test]
fn a_drop_on_a_real_disk_loses_nothing_either() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let db = store.db(3);
    drop(store);
    db.set("a", "1").unwrap();
    drop(db);
    let store = Store::open(directory.path(), Options::default()).unwrap();
    assert!(store.db(3).exists("a").unwrap());
}

#[test]
fn a_drop_does_not_wait_for_a_hanging_disk() {
    let vfs = ScriptedVfs::default();
    let store = Store::open_with(vfs.clone(), always()).unwrap();
    vfs.set(Call::Sync, Fate::Hangs);
    let ticket = store
        .submit(|it| {
            it.set("a", "1");
        })
        .unwrap();
    let begun = Instant::now();
    drop(store);
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(matches!(ticket.wait(), Err(StoreError::Dropped)));
    // The thread still hangs in the sync, so the directory is still held.
    let error = Store::open_with(vfs.clone(), always()).unwrap_err();
    assert!(matches!(error, StoreError::Open(OpenError::Locked)));
    vfs.set(Call::Sync, Fate::Done);
    let begun = Instant::now();
    while let Err(error) = Store::open_with(vfs.clone(), always()) {
        assert!(begun.elapsed() < Duration::from_secs(10), "{error}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_ticket_outlives_its_store() {
    let (_, store) = memory();
    let ticket = store
        .submit(|it| {
            it.set("a", "1");
        })
        .unwrap();
    drop(store);
    assert_eq!(ticket.wait().unwrap(), Durability::Written);
}

#[test]
fn two_closes_at_once_both_return() {
    let (_, store) = memory();
    store.set("a", "1").unwrap();
    let ended: Vec<_> = std::thread::scope(|scope| {
        let closers: Vec<_> = (0..4)
            .map(|_| {
                let store = store.clone();
                scope.spawn(move || store.close())
            })
            .collect();
        closers.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert_eq!(ended.iter().filter(|ended| ended.is_ok()).count(), 1);
}

#[test]
fn an_opening_can_be_watched() {
    let (vfs, store) = memory();
    store.set("a", "1").unwrap();
    store.close().unwrap();
    let mut steps = 0;
    let store = Store::open_watched(vfs, Options::default(), &mut |_| {
        steps += 1;
        ControlFlow::Continue(())
    });
    assert!(store.unwrap().exists("a").unwrap() && steps > 0);
}

#[test]
fn an_opening_can_be_aborted() {
    let (vfs, store) = memory();
    store.set("a", "1").unwrap();
    store.close().unwrap();
    let aborted = Store::open_watched(vfs.clone(), Options::default(), &mut |_| {
        ControlFlow::Break(())
    });
    assert!(matches!(aborted, Err(StoreError::Open(OpenError::Aborted))));
    assert!(reopen(&vfs).exists("a").unwrap());
}

#[test]
fn many_stores_live_side_by_side() {
    let stores: Vec<_> = (0..8)
        .map(|_| Store::open_with(MemVfs::default(), always()).unwrap())
        .collect();
    for store in &stores {
        store.set("a", "1").unwrap();
    }
    for store in stores {
        store.close().unwrap();
    }
}
