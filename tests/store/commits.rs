//! Batches, updates, tickets.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use indelible::{AppendFsync, CommandError, Durability, Options, Reply, Store, StoreError};

use crate::backends::{Call, Fate, ScriptedVfs, always, memory, reopen};

#[test]
fn a_batch_gives_the_replies_of_its_commands() {
    let (_, store) = memory();
    let replies = store
        .batch(|it| {
            it.set("a", "1").incr_by("a", 2).append("a", "0");
            it.argv(&["STRLEN", "a"]).unwrap();
        })
        .unwrap();
    assert_eq!(
        replies,
        [Reply::Ok, Reply::Int(3), Reply::Int(2), Reply::Int(2)]
    );
}

#[test]
fn a_batch_may_span_databases() {
    let (vfs, store) = memory();
    store
        .batch(|it| {
            it.set("a", "0").db(3).set("a", "3").db(0).set("b", "0");
        })
        .unwrap();
    store.close().unwrap();
    let store = reopen(&vfs);
    assert_eq!(store.db(3).get("a").unwrap().as_deref(), Some(&b"3"[..]));
    assert_eq!(store.dbsize().unwrap(), 2);
}

#[test]
fn a_refused_command_leaves_the_rest_of_its_batch() {
    let (_, store) = memory();
    let replies = store
        .batch(|it| {
            it.set("a", "x").incr_by("a", 1).set("b", "1");
        })
        .unwrap();
    assert!(replies[1].error().is_some());
    assert!(store.exists("b").unwrap());
}

#[test]
fn an_empty_batch_is_fine() {
    let (_, store) = memory();
    assert!(store.batch(|_| {}).unwrap().is_empty());
}

#[test]
fn a_batch_is_one_commit() {
    let (_, store) = memory();
    let before = store.stats().unwrap().last_lsn;
    store
        .batch(|it| {
            it.set("a", "1").set("b", "1");
        })
        .unwrap();
    assert_eq!(store.stats().unwrap().last_lsn, before.next());
}

#[test]
fn an_update_reads_decides_and_writes() {
    let (_, store) = memory();
    store.set("a", "5").unwrap();
    let length = store
        .update(|it| {
            let value = it.get("a")?.unwrap();
            it.set("a", [&value[..], b"!"].concat());
            Ok(Some(value.len()))
        })
        .unwrap();
    assert_eq!(length, Some(1));
    assert_eq!(store.get("a").unwrap().as_deref(), Some(&b"5!"[..]));
}

#[test]
fn an_update_without_a_result_writes_nothing() {
    let (_, store) = memory();
    let none: Option<()> = store
        .update(|it| {
            it.set("a", "1");
            Ok(None)
        })
        .unwrap();
    assert!(none.is_none() && !store.exists("a").unwrap());
}

#[test]
fn an_update_that_fails_writes_nothing_and_says_why() {
    let (_, store) = memory();
    store.execute(&["RPUSH", "list", "x"]).unwrap();
    let error = store.update(|it| {
        it.set("a", "1");
        it.get("list")
    });
    let wrong = StoreError::Command(CommandError::WrongType);
    assert_eq!(error.unwrap_err().to_string(), wrong.to_string());
    assert!(!store.exists("a").unwrap());
}

#[test]
fn updates_of_many_threads_do_not_lose_one_another() {
    let (_, store) = memory();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    store
                        .update(|it| {
                            let count = it.strlen("n")? as usize;
                            it.set("n", vec![b'x'; count + 1]);
                            Ok(Some(()))
                        })
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(store.strlen("n").unwrap(), 400);
}

#[test]
fn a_panic_in_an_update_harms_nobody_else() {
    let (_, store) = memory();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.update(|it| {
            it.set("a", "1");
            assert!(it.exists("none")?, "the caller's own");
            Ok(Some(()))
        })
    }));
    assert!(panicked.is_err());
    assert!(!store.exists("a").unwrap());
    store.set("b", "1").unwrap();
}

#[test]
fn a_store_called_inside_its_own_update_panics_rather_than_hangs() {
    let (_, store) = memory();
    let panicked = catch_unwind(AssertUnwindSafe(|| store.update(|_| store.get("a"))));
    assert!(panicked.is_err());
    store.set("b", "1").unwrap();
}

#[test]
fn an_update_may_use_another_store() {
    let ((_, one), (_, other)) = (memory(), memory());
    one.set("a", "1").unwrap();
    other
        .update(|it| {
            it.set("a", one.get("a")?.unwrap());
            Ok(Some(()))
        })
        .unwrap();
    assert!(other.exists("a").unwrap());
}

#[test]
fn a_ticket_says_how_safe_its_commit_is() {
    let (_, store) = memory();
    let written = store.submit(|it| {
        it.set("a", "1");
    });
    assert_eq!(written.unwrap().wait().unwrap(), Durability::Written);
    let durable = store.submit(|it| {
        it.set("a", "2").appendfsync(AppendFsync::Always);
    });
    assert_eq!(durable.unwrap().wait().unwrap(), Durability::Durable);
}

#[test]
fn a_handle_may_have_its_own_policy() {
    let vfs = ScriptedVfs::default();
    let store = Store::open_with(vfs.clone(), Options::default()).unwrap();
    let strict = store.with_appendfsync(AppendFsync::Always);
    strict.set("a", "1").unwrap();
    let stats = store.stats().unwrap();
    assert_eq!(stats.durable_lsn, stats.last_lsn);
}

#[test]
fn readers_see_a_commit_before_it_is_acknowledged() {
    let vfs = ScriptedVfs::default();
    let store = Store::open_with(vfs.clone(), always()).unwrap();
    vfs.set(Call::Sync, Fate::Hangs);
    let ticket = store
        .submit(|it| {
            it.set("a", "1");
        })
        .unwrap();
    assert!(store.exists("a").unwrap());
    assert!(ticket.wait_timeout(Duration::from_millis(20)).is_none());
    vfs.set(Call::Sync, Fate::Done);
    assert_eq!(ticket.wait().unwrap(), Durability::Durable);
}

#[test]
fn a_commit_that_is_too_large_changes_nothing() {
    let (_, store) = memory();
    let error = store
        .batch(|it| {
            for _ in 0..=indelible::limits::BATCH_COMMANDS_MAX {
                it.del("x");
            }
        })
        .unwrap_err();
    assert!(matches!(error, StoreError::TooLarge));
}

#[test]
fn commits_are_numbered_in_order() {
    let (_, store) = memory();
    let lsn = |key: &str| {
        let ticket = store.submit(|it| {
            it.set(key, "1");
        });
        ticket.unwrap().lsn()
    };
    assert_eq!(lsn("a").next(), lsn("b"));
}
