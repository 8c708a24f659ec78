//! Disks that hang, fail, or panic.

use std::time::{Duration, Instant};

use indelible::effect::IoErrorKind;
use indelible::{Durability, Event, OnSyncError, Options, Store, StoreError};

use crate::backends::{Call, Fate, ScriptedVfs, always};

fn submit(store: &Store, key: &str) -> indelible::Ticket {
    store
        .submit(|it| {
            it.set(key, "1");
        })
        .unwrap()
}

#[test]
fn a_hanging_disk_stops_no_reader_and_no_submitter() {
    let vfs = ScriptedVfs::default();
    let store = Store::open_with(vfs.clone(), always()).unwrap();
    vfs.set(Call::Write, Fate::Hangs);
    let begun = Instant::now();
    let tickets: Vec<_> = (0..100).map(|n| submit(&store, &n.to_string())).collect();
    assert_eq!(store.dbsize().unwrap(), 100);
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(tickets.iter().all(|ticket| ticket.try_wait().is_none()));
    vfs.set(Call::Write, Fate::Done);
    for ticket in tickets {
        ticket.wait().unwrap();
    }
}

#[test]
fn a_panic_in_a_thread_fails_its_callers() {
    let vfs = ScriptedVfs::default();
    let store = Store::open_with(vfs.clone(), always()).unwrap();
    vfs.set(Call::Sync, Fate::Panics);
    let ended = store.set("a", "1");
    assert!(matches!(ended, Err(StoreError::Panicked)));
    assert!(matches!(store.get("a"), Err(StoreError::Panicked)));
    assert!(matches!(store.set("b", "1"), Err(StoreError::Panicked)));
    assert!(matches!(store.sync(), Err(StoreError::Panicked)));
    assert!(matches!(store.close(), Err(StoreError::Panicked)));
}

#[test]
fn a_panic_wakes_everybody_who_waits() {
    let vfs = ScriptedVfs::default();
    let store = Store::open_with(vfs.clone(), always()).unwrap();
    vfs.set(Call::Write, Fate::Hangs);
    std::thread::scope(|scope| {
        let waiters: Vec<_> = (0..16)
            .map(|n| {
                let store = &store;
                scope.spawn(move || store.set(n.to_string(), "1"))
            })
            .collect();
        std::thread::sleep(Duration::from_millis(50));
        vfs.set(Call::Write, Fate::Panics);
        for waiter in waiters {
            let ended = waiter.join().unwrap();
            assert!(matches!(ended, Err(StoreError::Panicked)));
        }
    });
}

#[test]
fn a_panic_lets_go_of_the_directory() {
    let vfs = ScriptedVfs::default();
    let store = Store::open_with(vfs.clone(), always()).unwrap();
    store.set("a", "1").unwrap();
    vfs.set(Call::Sync, Fate::Panics);
    store.set("b", "1").unwrap_err();
    drop(store);
    vfs.set(Call::Sync, Fate::Done);
    let store = Store::open_with(vfs, always()).unwrap();
    assert!(store.exists("a").unwrap());
}

#[test]
fn a_full_queue_makes_writers_wait() {
    let vfs = ScriptedVfs::default();
    let options = Options {
        queue_len_max: 1_000,
        ..always()
    };
    let store = Store::open_with(vfs.clone(), options).unwrap();
    vfs.set(Call::Write, Fate::Hangs);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..64)
            .map(|n| {
                let store = &store;
                scope.spawn(move || store.set(format!("k{n}"), "x".repeat(100)))
            })
            .collect();
        std::thread::sleep(Duration::from_millis(50));
        assert!(store.dbsize().unwrap() < 64, "some wait for room");
        vfs.set(Call::Write, Fate::Done);
        for writer in writers {
            writer.join().unwrap().unwrap();
        }
    });
    assert_eq!(store.dbsize().unwrap(), 64);
}

#[test]
fn waiting_for_room_may_have_an_end() {
    let vfs = ScriptedVfs::default();
    let options = Options {
        queue_len_max: 1_000,
        busy_timeout: Some(Duration::from_millis(20)),
        ..always()
    };
    let store = Store::open_with(vfs.clone(), options).unwrap();
    vfs.set(Call::Write, Fate::Hangs);
    let busy = (0..100).find_map(|n| {
        let ticket = store.submit(|it| {
            it.set(format!("k{n}"), "x".repeat(100));
        });
        ticket.err()
    });
    assert!(matches!(busy, Some(StoreError::Busy)));
    assert!(store.get("k0").unwrap().is_some(), "readers need no room");
    vfs.set(Call::Write, Fate::Done);
    store.set("later", "1").unwrap();
}

#[test]
fn a_failed_sync_heals() {
    let vfs = ScriptedVfs::default();
    let store = Store::open_with(vfs.clone(), always()).unwrap();
    let events = store.subscribe().unwrap();
    store.set("a", "1").unwrap();
    vfs.set(Call::Sync, Fate::Fails(IoErrorKind::Io));
    let ticket = submit(&store, "b");
    assert!(ticket.wait_timeout(Duration::from_millis(20)).is_none());
    assert!(store.stats().unwrap().healing);
    vfs.set(Call::Sync, Fate::Done);
    assert_eq!(ticket.wait().unwrap(), Durability::Durable);
    store.close().unwrap();
    let seen: Vec<Event> = events.collect();
    assert!(seen.contains(&Event::Healed), "{seen:?}");
    let store = Store::open_with(vfs, always()).unwrap();
    assert_eq!(store.dbsize().unwrap(), 2);
}

#[test]
fn a_failed_sync_stops_if_so_wished() {
    let vfs = ScriptedVfs::default();
    let options = Options {
        on_sync_error: OnSyncError::Stop,
        ..always()
    };
    let store = Store::open_with(vfs.clone(), options).unwrap();
    vfs.set(Call::Sync, Fate::Fails(IoErrorKind::Io));
    let error = store.set("a", "1").unwrap_err();
    assert!(matches!(error, StoreError::Unknown(_)), "{error:?}");
    assert!(matches!(store.set("b", "1"), Err(StoreError::Closed)));
    assert!(store.stats().unwrap().stopped);
    assert!(matches!(store.close(), Err(StoreError::Unknown(_))));
}

#[test]
fn a_close_says_what_stood_in_its_way() {
    let vfs = ScriptedVfs::default();
    let store = Store::open_with(vfs.clone(), Options::default()).unwrap();
    store.set("a", "1").unwrap();
    vfs.set(Call::Sync, Fate::Fails(IoErrorKind::Io));
    let error = store.close().unwrap_err();
    assert!(matches!(error, StoreError::Unknown(_)), "{error:?}");
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "input/output error");
}
