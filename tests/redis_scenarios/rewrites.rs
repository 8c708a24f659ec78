//! Acknowledgements, and rewrites with writes, switches and failures in between.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use indelible::effect::{Action, Completion, IoError, IoErrorKind, Lane};
use indelible::engine::{Engine, Outcome, RewriteError};
use indelible::vfs::{MemVfs, perform};
use indelible::{Durability, Options, Store, StoreError};

use crate::backends::{Call, Fate, ScriptedVfs, always, memory, reopen};
use crate::common::{self, Machine};

#[test]
fn always_no_reply_before_the_write() {
    for call in [Call::Write, Call::Sync] {
        let vfs = ScriptedVfs::default();
        let store = Store::open_with(vfs.clone(), always()).expect("it opens");
        vfs.set(call, Fate::Hangs);
        let ticket = store
            .submit(|it| {
                it.set("k", "v");
            })
            .expect("room");
        assert!(ticket.wait_timeout(Duration::from_millis(100)).is_none());
        vfs.set(call, Fate::Done);
        assert_eq!(ticket.wait().expect("it is durable"), Durability::Durable);
    }
}

#[test]
fn incrs_20000_across_a_rewrite() {
    let (vfs, store) = memory();
    let mut rewrite = None;
    for number in 1..=20_000 {
        let ticket = store.submit(|it| {
            it.incr_by("n", 1);
        });
        drop(ticket.expect("room"));
        if number == 7_000 {
            rewrite = Some(store.rewrite().expect("a rewrite"));
        }
    }
    rewrite.expect("it began").wait().expect("it ends");
    store.close().expect("it closes");
    let value = reopen(&vfs).get("n").expect("a value");
    assert_eq!(value.as_deref(), Some(&b"20000"[..]));
}

#[test]
fn rewrite_under_five_write_loads_digests_equal() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(directory.path(), Options::default()).expect("it opens");
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for load in 0..5 {
            let (store, stop) = (&store, &stop);
            scope.spawn(move || {
                let mut number = 0;
                while !stop.load(Ordering::Relaxed) {
                    number += 1;
                    let (key, item) = (format!("k{load}"), format!("i{}", number % 5_000));
                    let argv: &[&str] = match load {
                        0 => &["SET", &item, &item],
                        1 => &["RPUSH", &key, &item],
                        2 => &["HSET", &key, &item, &item],
                        3 => &["SADD", &key, &item],
                        _ => &["ZADD", &key, "1.5", &item],
                    };
                    store.execute(argv).expect("a reply");
                }
            });
        }
        for _ in 0..3 {
            thread::sleep(Duration::from_millis(30));
            store.rewrite().expect("a rewrite").wait().expect("it ends");
        }
        stop.store(true, Ordering::Relaxed);
    });
    let held = everything(&store);
    assert!(held.len() > 4);
    store.close().expect("it closes");
    let store = Store::open(directory.path(), Options::default()).expect("it opens");
    assert_eq!(everything(&store), held);
}

/// All keys with their values.
fn everything(store: &Store) -> Vec<String> {
    let mut keys = store.keys("*").expect("the keys");
    keys.sort();
    let read = |key: Vec<u8>| {
        let ask = |argv: &[&[u8]]| format!("{:?}", store.execute(argv).expect("a reply"));
        let kind = ask(&[b"TYPE", &key]);
        let value = match kind.as_str() {
            kind if kind.contains("list") => ask(&[b"LRANGE", &key, b"0", b"-1"]),
            kind if kind.contains("hash") => ask(&[b"HGETALL", &key]),
            kind if kind.contains("zset") => ask(&[b"ZRANGE", &key, b"0", b"-1", b"WITHSCORES"]),
            kind if kind.contains("set") => ask(&[b"SMEMBERS", &key]),
            _ => ask(&[b"GET", &key]),
        };
        format!("{} {kind} {value}", key.escape_ascii())
    };
    keys.into_iter().map(read).collect()
}

#[test]
fn log_switched_off_during_a_rewrite() {
    let (vfs, store) = memory();
    store.set("before", "1").expect("set");
    let rewrite = store.rewrite().expect("a rewrite");
    store.disable().expect("it begins").wait().expect("it ends");
    // It ended first, or was given up: no third way.
    let ending = rewrite.wait();
    assert!(
        matches!(ending, Ok(_) | Err(StoreError::Cancelled)),
        "{ending:?}"
    );
    store.set("after", "1").expect("set");
    store.close().expect("it closes");
    let store = reopen(&vfs);
    assert!(store.get("before").expect("a value").is_some());
    assert!(store.get("after").expect("a value").is_none());
}

#[test]
fn log_switched_on_and_off_during_a_rewrite() {
    let (vfs, store) = memory();
    for round in 0..10 {
        store.set(format!("k{round}"), "1").expect("set");
        let rewrite = store.rewrite().expect("a rewrite");
        store.disable().expect("it begins").wait().expect("it ends");
        drop(rewrite);
        let once = store.rewrite_once().expect("a rewrite");
        let enabled = store.enable();
        let refused = matches!(enabled, Err(StoreError::Rewrite(RewriteError::InProgress)));
        once.wait().expect("it ends");
        if refused {
            store.enable().expect("it begins").wait().expect("it ends");
        } else {
            enabled.expect("it begins").wait().expect("it ends");
        }
    }
    store.close().expect("it closes");
    assert_eq!(reopen(&vfs).dbsize().expect("a number"), 10);
}

#[test]
fn rewrite_asked_for_during_one_refused_and_says_so() {
    let vfs = ScriptedVfs::default();
    let store = Store::open_with(vfs.clone(), Options::default()).expect("it opens");
    vfs.set(Call::Rename, Fate::Hangs);
    let first = store.rewrite().expect("a rewrite");
    let second = store.rewrite().expect_err("it is refused");
    assert!(matches!(
        second,
        StoreError::Rewrite(RewriteError::InProgress)
    ));
    assert!(second.to_string().contains("in progress"), "{second}");
    vfs.set(Call::Rename, Fate::Done);
    first.wait().expect("it ends");
    store.rewrite().expect("another").wait().expect("it ends");
}

/// Performs all that is given out; what makes a rewrite's file fails, if so wished.
fn run(machine: &mut Machine<MemVfs>, fails: bool) {
    loop {
        let mut any = false;
        for lane in [Lane::Foreground, Lane::Background] {
            while let Some((id, effect)) = machine.engine.poll_effect(machine.now, lane) {
                any = true;
                let end = match effect.action {
                    Action::Create { .. } if fails => {
                        Completion::Failed(IoError::new(IoErrorKind::Io))
                    }
                    action => perform(&machine.vfs, &machine.files, &action),
                };
                machine.engine.handle_completion(machine.now, id, end);
                machine.engine.check_invariants();
            }
        }
        while let Some(event) = machine.engine.poll_event() {
            machine.events.push(event);
        }
        if !any {
            return;
        }
    }
}

fn failed(engine: &Engine) -> u64 {
    engine.stats().aof_rewrites_failed
}

#[test]
fn three_failed_rewrites_growing_delay_by_hand_at_once() {
    let options = indelible::engine::EngineOptions {
        auto_aof_rewrite_percentage: 1,
        auto_aof_rewrite_min_size_bytes: 1,
        ..indelible::engine::EngineOptions::default()
    };
    let mut machine = Machine::open(MemVfs::default(), &common::options(options));
    let mut times = Vec::new();
    machine.set("k", &"v".repeat(10_000));
    for millis in 0..2_000 {
        machine.now = common::at(millis);
        let before = failed(&machine.engine);
        machine.engine.handle_timeout(machine.now);
        run(&mut machine, true);
        if failed(&machine.engine) > before {
            times.push(millis);
        }
        if times.len() == 4 {
            break;
        }
    }
    let delays: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(delays.len(), 3, "{times:?}");
    assert!(
        delays.windows(2).all(|pair| pair[1] >= 2 * pair[0]),
        "{delays:?}"
    );
    let stats = machine.engine.stats();
    assert!(!stats.aof_last_bgrewrite_status_ok);
    let ticket = machine
        .engine
        .rewrite(machine.now)
        .expect("by hand, at once");
    run(&mut machine, false);
    machine.run_for(10);
    assert!(machine.outcome(ticket).is_some_and(Outcome::is_ok));
    assert!(machine.engine.stats().aof_last_bgrewrite_status_ok);
}
