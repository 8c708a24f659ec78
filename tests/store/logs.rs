//! The log at run time: sync, rewrite, enabling and disabling; reading beside a live store.

use std::time::Duration;

use indelible::effect::IoErrorKind;
use indelible::engine::RewriteError;
use indelible::vfs::{MemVfs, Vfs};
use indelible::{Durability, Options, ReadOnly, Reply, Store, StoreError};

use crate::backends::{Call, Fate, ScriptedVfs, always, memory, reopen};

fn disabled() -> Options {
    Options {
        appendonly: false,
        ..Options::default()
    }
}

#[test]
fn sync_makes_everything_durable() {
    let (_, store) = memory();
    store.set("a", "1").unwrap();
    store.sync().unwrap();
    let stats = store.stats().unwrap();
    assert_eq!(stats.durable_lsn, stats.last_lsn);
}

#[test]
fn a_rewrite_shortens_the_log_and_keeps_the_keys() {
    let (vfs, store) = memory();
    for number in 0..2_000 {
        let ticket = store.submit(|it| {
            it.set("a", number.to_string());
        });
        drop(ticket.unwrap());
    }
    store.sync().unwrap();
    let before = store.stats().unwrap().aof_current_size;
    store.rewrite().unwrap().wait().unwrap();
    let stats = store.stats().unwrap();
    assert!(stats.aof_current_size < before / 10, "{stats:?}");
    assert_eq!(stats.aof_rewrites, 1);
    store.close().unwrap();
    let value = reopen(&vfs).get("a").unwrap();
    assert_eq!(value.as_deref(), Some(&b"1999"[..]));
}

#[test]
fn commits_during_rewrites_are_kept() {
    let (vfs, store) = memory();
    for round in 0..20 {
        let rewrite = store.rewrite().unwrap();
        for number in 0..50 {
            store.set(format!("{round}:{number}"), "x").unwrap();
        }
        rewrite.wait().unwrap();
    }
    store.close().unwrap();
    assert_eq!(reopen(&vfs).dbsize().unwrap(), 1_000);
    let mut names = vfs.list().unwrap();
    names.sort_unstable();
    assert_eq!(names, ["appendonly.aof", "appendonly.aof.lock"]);
}

#[test]
fn a_second_rewrite_is_refused() {
    let vfs = ScriptedVfs::default();
    let store = Store::open_with(vfs.clone(), Options::default()).unwrap();
    vfs.set(Call::Rename, Fate::Hangs);
    let first = store.rewrite().unwrap();
    let second = store.rewrite().unwrap_err();
    assert!(matches!(
        second,
        StoreError::Rewrite(RewriteError::InProgress)
    ));
    vfs.set(Call::Rename, Fate::Done);
    first.wait().unwrap();
}

#[test]
fn a_cancelled_rewrite_ends_its_ticket() {
    let vfs = ScriptedVfs::default();
    let store = Store::open_with(vfs.clone(), Options::default()).unwrap();
    store.set("a", "1").unwrap();
    store.sync().unwrap();
    vfs.set(Call::Sync, Fate::Hangs);
    let rewrite = store.rewrite().unwrap();
    store.cancel_rewrite().unwrap();
    assert!(matches!(rewrite.wait(), Err(StoreError::Cancelled)));
    vfs.set(Call::Sync, Fate::Done);
    store.set("b", "1").unwrap();
}

#[test]
fn a_log_that_has_grown_is_rewritten_by_itself() {
    let vfs = MemVfs::default();
    let options = Options {
        auto_aof_rewrite_min_size_bytes: 4_096,
        ..Options::default()
    };
    let store = Store::open_with(vfs.clone(), options).unwrap();
    let events = store.subscribe().unwrap();
    for _ in 0..200 {
        store.set("a", "x".repeat(100)).unwrap();
    }
    let begun = std::time::Instant::now();
    while store.stats().unwrap().aof_rewrites == 0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "no rewrite");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(events.try_recv().is_ok());
}

#[test]
fn with_the_log_disabled_nothing_is_promised() {
    let vfs = MemVfs::default();
    let store = Store::open_with(vfs.clone(), disabled()).unwrap();
    let ticket = store.submit(|it| {
        it.set("a", "1");
    });
    assert_eq!(ticket.unwrap().wait().unwrap(), Durability::NotPersistent);
    assert!(matches!(store.sync(), Err(StoreError::NotPersistent)));
    assert_eq!(store.close().unwrap(), Durability::NotPersistent);
    assert_eq!(vfs.list().unwrap(), ["appendonly.aof.lock"]);
}

#[test]
fn with_the_log_disabled_it_is_loaded_all_the_same() {
    let (vfs, store) = memory();
    store.set("a", "1").unwrap();
    store.close().unwrap();
    let store = Store::open_with(vfs, disabled()).unwrap();
    assert!(store.exists("a").unwrap());
}

#[test]
fn rewrite_once_leaves_a_complete_log() {
    let vfs = MemVfs::default();
    let store = Store::open_with(vfs.clone(), disabled()).unwrap();
    store.set("a", "1").unwrap();
    store.rewrite_once().unwrap().wait().unwrap();
    store.set("b", "lost").unwrap();
    store.close().unwrap();
    let store = reopen(&vfs);
    assert!(store.exists("a").unwrap() && !store.exists("b").unwrap());
}

#[test]
fn enabling_keeps_what_was_written_before_and_after() {
    let vfs = MemVfs::default();
    let store = Store::open_with(vfs.clone(), disabled()).unwrap();
    store.set("a", "1").unwrap();
    store.enable().unwrap().wait().unwrap();
    store.set("b", "1").unwrap();
    store.sync().unwrap();
    assert_eq!(store.close().unwrap(), Durability::Durable);
    assert_eq!(reopen(&vfs).dbsize().unwrap(), 2);
}

#[test]
fn disabling_leaves_the_log_complete() {
    let (vfs, store) = memory();
    store.set("a", "1").unwrap();
    store.disable().unwrap().wait().unwrap();
    store.set("b", "lost").unwrap();
    assert!(!store.stats().unwrap().aof_enabled);
    store.close().unwrap();
    let store = reopen(&vfs);
    assert!(store.exists("a").unwrap() && !store.exists("b").unwrap());
}

#[test]
fn the_log_may_be_disabled_and_enabled_again_and_again() {
    let (vfs, store) = memory();
    for round in 0..5 {
        store.disable().unwrap().wait().unwrap();
        store.set(format!("off{round}"), "1").unwrap();
        store.enable().unwrap().wait().unwrap();
        store.set(format!("on{round}"), "1").unwrap();
    }
    store.close().unwrap();
    assert_eq!(reopen(&vfs).dbsize().unwrap(), 10);
}

#[test]
fn a_store_in_memory_needs_no_directory() {
    let store = Store::in_memory(Options::default()).unwrap();
    store.set("a", "1").unwrap();
    assert!(matches!(
        store.enable(),
        Err(StoreError::Rewrite(RewriteError::NoDirectory))
    ));
    assert_eq!(store.close().unwrap(), Durability::NotPersistent);
}

#[test]
fn a_store_in_memory_can_be_given_a_directory() {
    let vfs = MemVfs::default();
    let store = Store::in_memory(always()).unwrap();
    store.set("a", "1").unwrap();
    store.attach_with(vfs.clone()).unwrap();
    store.enable().unwrap().wait().unwrap();
    store.set("b", "1").unwrap();
    assert_eq!(store.close().unwrap(), Durability::Durable);
    assert_eq!(reopen(&vfs).dbsize().unwrap(), 2);
}

#[test]
fn a_log_that_was_not_loaded_is_never_replaced() {
    let (vfs, full) = memory();
    full.close().unwrap();
    let store = Store::in_memory(Options::default()).unwrap();
    let error = store.attach_with(vfs.clone()).unwrap_err();
    assert!(matches!(error, StoreError::DirectoryNotEmpty));
    reopen(&vfs);
}

#[test]
fn a_store_has_one_directory() {
    let (_, store) = memory();
    let error = store.attach_with(MemVfs::default()).unwrap_err();
    assert!(matches!(error, StoreError::DirectoryAttached));
    store.set("a", "1").unwrap();
}

#[test]
fn a_reader_sees_a_live_store() {
    let (vfs, store) = memory();
    store.set("a", "1").unwrap();
    let reader = ReadOnly::open_with(&vfs).unwrap();
    assert_eq!(reader.get("a").unwrap().as_deref(), Some(&b"1"[..]));
    assert_eq!(reader.execute(&["DBSIZE"]), Reply::Int(1));
    assert_eq!(reader.lsn(), store.stats().unwrap().last_lsn);
}

#[test]
fn a_reader_changes_nothing() {
    let (vfs, store) = memory();
    store.set("a", "1").unwrap();
    store.close().unwrap();
    let names = vfs.list().unwrap();
    let reader = ReadOnly::open_with(&vfs).unwrap();
    let reply = reader.execute(&["DEL", "a"]);
    assert!(reply.error().unwrap().to_string().starts_with("READONLY"));
    assert_eq!(vfs.list().unwrap(), names);
}

#[test]
fn a_reader_has_every_database() {
    let (vfs, store) = memory();
    store.hset("h", "f", "0").unwrap();
    store.db(3).hset("h", "f", "3").unwrap();
    let reader = ReadOnly::open_with(&vfs).unwrap();
    let other = reader.db(3);
    assert_eq!(reader.hget("h", "f").unwrap().as_deref(), Some(&b"0"[..]));
    assert_eq!(other.hget("h", "f").unwrap().as_deref(), Some(&b"3"[..]));
    assert_eq!(other.execute(&["HLEN", "h"]), Reply::Int(1));
    assert!(matches!(other.lindex("h", 0), Err(StoreError::Command(_))));
    assert_eq!(reader.db(4).dbsize().unwrap(), 0);
}

#[test]
fn a_reader_of_nothing_is_an_error() {
    let error = ReadOnly::open_with(&MemVfs::default()).unwrap_err();
    assert!(matches!(error, StoreError::Open(_)));
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("no such file"), "{source}");
}

#[test]
fn no_room_refuses_and_says_so() {
    let vfs = ScriptedVfs::default();
    let store = Store::open_with(vfs.clone(), Options::default()).unwrap();
    store.set("a", "1").unwrap();
    vfs.set(Call::Write, Fate::Fails(IoErrorKind::NoRoom));
    let error = store.set("a", "2").unwrap_err();
    assert!(matches!(error, StoreError::Refused(_)), "{error:?}");
    assert_eq!(store.get("a").unwrap().as_deref(), Some(&b"1"[..]));
    vfs.set(Call::Write, Fate::Done);
    let begun = std::time::Instant::now();
    while store.set("a", "3").is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10), "no room again");
    }
}
