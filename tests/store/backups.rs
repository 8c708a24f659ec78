//! Backups of a store that goes on: each opens, holds what was acknowledged, and no torn batch.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;

use indelible::recover::{BackupError, LoadError};
use indelible::vfs::{Access, MemVfs, OsVfs, Vfs};
use indelible::{AppendFsync, Options, Store, StoreError, recover};
use tempfile::TempDir;

const ACCOUNTS: i64 = 40;
const START: i64 = 1_000;

fn options() -> Options {
    Options {
        appendfsync: AppendFsync::No,
        ..Options::default()
    }
}

/// A bank whose money is only moved, in batches of two commands and a serial number.
fn bank(path: &std::path::Path) -> Store {
    let store = Store::open(path, options()).unwrap();
    for account in 0..ACCOUNTS {
        let start = START.to_string();
        store.set(format!("account:{account}"), start).unwrap();
    }
    // So that a copy takes a while.
    for filling in 0..300 {
        store
            .set(format!("filling:{filling}"), vec![b'x'; 10_000])
            .unwrap();
    }
    store
}

fn move_money(store: &Store, writer: i64, done: &AtomicI64, end: &AtomicBool) {
    let mut serial = 0;
    while !end.load(Ordering::Relaxed) {
        serial += 1;
        let (from, to) = ((serial * 7 + writer) % ACCOUNTS, (serial * 11) % ACCOUNTS);
        store
            .batch(|commands| {
                commands.incr_by(format!("account:{from}"), -serial);
                commands.set(format!("serial:{writer}"), serial.to_string());
                commands.incr_by(format!("account:{to}"), serial);
            })
            .unwrap();
        done.store(serial, Ordering::Release);
    }
}

fn number(store: &Store, key: &str) -> i64 {
    let value = store.get(key).unwrap();
    value.map_or(0, |value| {
        String::from_utf8(value).unwrap().parse().unwrap()
    })
}

/// Opens a copy and compares it with what was acknowledged before it was begun.
fn check(path: &std::path::Path, acknowledged: &[i64]) {
    let store = Store::open(path, options()).unwrap();
    assert_eq!(store.open_report().cut_len, 0, "a backup has no torn tail");
    let sum: i64 = (0..ACCOUNTS)
        .map(|at| number(&store, &format!("account:{at}")))
        .sum();
    assert_eq!(sum, ACCOUNTS * START, "no batch is torn");
    for (writer, before) in acknowledged.iter().enumerate() {
        let serial = number(&store, &format!("serial:{writer}"));
        assert!(serial >= *before, "{serial} of {before} acknowledged");
    }
    store.set("opened", "yes").unwrap();
    store.close().unwrap();
}

#[test]
fn backups_under_writers_and_rewrites_hold_all_that_was_acknowledged_and_no_torn_batch() {
    const BACKUPS: usize = 12;
    let dir = TempDir::new().unwrap();
    let (path, end) = (dir.path().join("store"), AtomicBool::new(false));
    let (store, end) = (&bank(&path), &end);
    let done = [const { AtomicI64::new(0) }; 2];
    let mut rewrites = 0;
    thread::scope(|scope| {
        for (writer, done) in done.iter().enumerate() {
            scope.spawn(move || move_money(store, writer as i64, done, end));
        }
        let rewriter = scope.spawn(move || {
            let mut count = 0;
            while !end.load(Ordering::Relaxed) {
                count += i64::from(store.rewrite().is_ok_and(|ticket| ticket.wait().is_ok()));
            }
            count
        });
        for at in 0..BACKUPS {
            let acknowledged: Vec<_> = done.iter().map(|it| it.load(Ordering::Acquire)).collect();
            let copy = dir.path().join(format!("copy{at}"));
            let lsn = if at % 2 == 0 {
                store.backup(&copy).unwrap().lsn
            } else {
                // As another process does it: without the lock.
                let source = OsVfs::open_dir(&path).unwrap();
                let target = OsVfs::create_dir(&copy).unwrap();
                let now = indelible::units::WallMillis(1);
                let watch = &mut |_| std::ops::ControlFlow::Continue(());
                recover::backup(&source, &target, now, watch).unwrap().lsn
            };
            let loaded = recover::load(&OsVfs::open_dir(&copy).unwrap(), "appendonly.aof", 0);
            let loaded = loaded.unwrap();
            assert_eq!(
                (loaded.lsn, loaded.evidence),
                (lsn, lsn),
                "all of it is known durable"
            );
            check(&copy, &acknowledged);
        }
        end.store(true, Ordering::Relaxed);
        rewrites = rewriter.join().unwrap();
    });
    assert!(rewrites > 2, "{rewrites} rewrites");
}

#[test]
fn what_a_rewrite_replaced_is_retired_once_the_backup_has_ended() {
    let dir = TempDir::new().unwrap();
    let store = bank(&dir.path().join("store"));
    store.backup(dir.path().join("copy")).unwrap();
    let events = store.subscribe().unwrap();
    store.rewrite().unwrap().wait().unwrap();
    let retired =
        |event: &indelible::Event| matches!(event, indelible::Event::OldFileRetired { .. });
    let patience = std::time::Duration::from_secs(30);
    while !retired(&events.recv_timeout(patience).unwrap()) {}
    store.close().unwrap();
}

#[test]
fn a_backup_replaces_nothing() {
    let dir = TempDir::new().unwrap();
    let store = bank(&dir.path().join("store"));
    let copy = dir.path().join("copy");
    store.backup(&copy).unwrap();
    let before = std::fs::read(copy.join("appendonly.aof")).unwrap();
    let again = store.backup(&copy);
    assert!(matches!(
        again,
        Err(StoreError::Backup(BackupError::NotEmpty(_)))
    ));
    let itself = store.backup(dir.path().join("store"));
    assert!(matches!(
        itself,
        Err(StoreError::Backup(BackupError::Locked))
    ));
    assert_eq!(std::fs::read(copy.join("appendonly.aof")).unwrap(), before);
}

#[test]
fn a_store_without_a_log_has_no_backup() {
    let store = Store::in_memory(options()).unwrap();
    let failed = store.backup_with(&MemVfs::default());
    assert!(matches!(failed, Err(StoreError::NotPersistent)));
}

#[test]
fn a_damaged_log_has_no_backup_and_a_torn_tail_is_left_out() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path(), options()).unwrap();
    store.set("a", "1").unwrap();
    store.sync().unwrap();
    store.close().unwrap();
    let path = dir.path().join("appendonly.aof");
    let whole = std::fs::read(&path).unwrap();
    let copy = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let (source, target) = (OsVfs::open_dir(dir.path()).unwrap(), MemVfs::default());
        let now = indelible::units::WallMillis(1);
        let watch = &mut |_| std::ops::ControlFlow::Continue(());
        let made = recover::backup(&source, &target, now, watch);
        (made, target.open("appendonly.aof", Access::Read).is_ok())
    };
    let (made, there) = copy(&[&whole[..], b"#~commits id=00"].concat());
    assert!(made.is_ok() && there);
    let at = whole
        .windows(4)
        .rposition(|bytes| bytes == b"$3\r\n")
        .unwrap();
    let mut damaged = whole.clone();
    damaged[at + 4] ^= 1;
    let (made, there) = copy(&damaged);
    let damage = matches!(made, Err(BackupError::Source(LoadError::Damaged { .. })));
    assert!(damage, "{made:?}");
    assert!(!there, "it never gets its name");
}
