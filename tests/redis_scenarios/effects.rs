//! What is logged of commands whose effect depends on the moment.

use tempfile::TempDir;

use crate::content::Held;
use crate::support::{Store, logged};

/// When the clock of these tests begins, in milliseconds.
const NOW: u64 = 1_700_000_000_000;

fn has(lines: &[String], wanted: &str) {
    assert!(
        lines.iter().any(|line| line == wanted),
        "{wanted}: {lines:?}"
    );
}

fn expiry(content: &crate::content::Content, key: &str) -> Option<u64> {
    content[&(0, key.as_bytes().to_vec())].1
}

#[test]
fn expire_on_a_list_gone_after_load() {
    let dir = TempDir::new().expect("a directory");
    let mut store = Store::open(dir.path());
    store.say("RPUSH l a b c");
    store.say("EXPIRE l 1");
    store.machine.run_for(3_000);
    assert!(store.close().is_empty());
    assert!(Store::open(dir.path()).content().is_empty());
}

#[test]
fn negative_expire_is_del() {
    for expire in [
        "EXPIRE k -1",
        "PEXPIRE k -1",
        "EXPIREAT k 1",
        "PEXPIREAT k 1",
    ] {
        let (lines, content) = logged(&["SET k v", expire]);
        assert!(content.is_empty());
        assert!(
            lines
                .iter()
                .any(|line| line == "DEL k" || line == "UNLINK k"),
            "{lines:?}"
        );
        assert!(
            !lines.iter().any(|line| line.contains("EXPIRE")),
            "{lines:?}"
        );
    }
}

#[test]
fn every_ttl_form_absolute() {
    let at = NOW + 100_000;
    for commands in [
        &["SET k v EX 100"][..],
        &["SET k v PX 100000"],
        &["SET k v EXAT 1700000100"],
        &["SET k v PXAT 1700000100000"],
        &["SETEX k 100 v"],
        &["PSETEX k 100000 v"],
        &["SET k v", "EXPIRE k 100"],
        &["SET k v", "PEXPIRE k 100000"],
        &["SET k v", "EXPIREAT k 1700000100"],
        &["SET k v", "PEXPIREAT k 1700000100000"],
        &["SET k v", "GETEX k EX 100"],
        &["SET k v", "GETEX k PX 100000"],
        &["SET k v", "GETEX k EXAT 1700000100"],
        &["SET k v", "GETEX k PXAT 1700000100000"],
    ] {
        let (lines, content) = logged(commands);
        assert_eq!(expiry(&content, "k"), Some(at), "{commands:?}");
        let absolute = ["SET k v PXAT 1700000100000", "PEXPIREAT k 1700000100000"];
        let last = lines.last().expect("a command");
        assert!(absolute.contains(&last.as_str()), "{lines:?}");
    }
}

#[test]
fn keepttl_keeps_the_expiry() {
    let (lines, content) = logged(&["SET k 1 EX 100", "SET k 2 KEEPTTL"]);
    has(&lines, "SET k 2 KEEPTTL");
    assert_eq!(expiry(&content, "k"), Some(NOW + 100_000));
    let (_, content) = logged(&["SET k 1 EX 100", "INCRBYFLOAT k 0.5"]);
    assert_eq!(expiry(&content, "k"), Some(NOW + 100_000));
}

#[test]
fn getex_persist() {
    let (lines, content) = logged(&["SET k 1 EX 100", "GETEX k PERSIST"]);
    has(&lines, "PERSIST k");
    assert_eq!(expiry(&content, "k"), None);
}

#[test]
fn flushall_and_flushdb_persist() {
    for flush in ["FLUSHALL", "FLUSHDB", "FLUSHALL ASYNC", "FLUSHDB SYNC"] {
        let (_, content) = logged(&["SET a 1", "RPUSH l x", flush, "SET b 2"]);
        let keys: Vec<_> = content.keys().map(|(_, key)| key.clone()).collect();
        assert_eq!(keys, [b"b".to_vec()], "{flush}");
    }
}

/// Each type, small and large, of integers and of text, as commands and behind a rewrite.
fn round_trips(make: impl Fn(&str) -> String, held: impl Fn(&Held) -> usize) {
    for count in [5, 700] {
        for prefix in ["", "text-"] {
            let dir = TempDir::new().expect("a directory");
            let mut store = Store::open(dir.path());
            for number in 0..count {
                store.say(&make(&format!("{prefix}{number}")));
            }
            let expected = store.close();
            let (value, _) = &expected[&(0, b"k".to_vec())];
            assert_eq!(held(value), count);
            let mut store = Store::open(dir.path());
            assert_eq!(store.content(), expected);
            let ticket = store.machine.engine.rewrite(store.machine.now);
            let ticket = ticket.expect("a rewrite");
            store.machine.run_for(100);
            let outcome = store.machine.outcome(ticket);
            assert!(outcome.is_some_and(indelible::engine::Outcome::is_ok));
            assert_eq!(store.close(), expected);
            assert_eq!(Store::open(dir.path()).content(), expected);
        }
    }
}

#[test]
fn list_small_and_large_of_integers_and_strings_round_trips() {
    round_trips(
        |item| format!("RPUSH k {item}"),
        |held| match held {
            Held::List(list) => list.len(),
            _ => 0,
        },
    );
}

#[test]
fn set_small_and_large_of_integers_and_strings_round_trips() {
    round_trips(
        |item| format!("SADD k {item}"),
        |held| match held {
            Held::Set(set) => set.len(),
            _ => 0,
        },
    );
}

#[test]
fn hash_small_and_large_of_integers_and_strings_round_trips() {
    round_trips(
        |item| format!("HSET k {item} {item}"),
        |held| match held {
            Held::Hash(fields) => fields.len(),
            _ => 0,
        },
    );
}

#[test]
fn zset_small_and_large_of_integers_and_strings_round_trips() {
    round_trips(
        |item| format!("ZADD k 0.{} {item}", item.len()),
        |held| match held {
            Held::ZSet(zset) => zset.len(),
            _ => 0,
        },
    );
}

#[test]
fn spop_with_and_without_count() {
    let (lines, content) = logged(&["SADD s 1 2 3 4 5 6", "SPOP s", "SPOP s 2"]);
    let held = &content[&(0, b"s".to_vec())].0;
    assert!(matches!(held, Held::Set(members) if members.len() == 3));
    let popped: Vec<usize> = lines
        .iter()
        .filter(|line| line.starts_with("SREM s "))
        .map(|line| line.split(' ').count() - 2)
        .collect();
    assert_eq!(popped, [1, 2]);
    for all in ["SPOP s 6", "SPOP s 100"] {
        let (lines, content) = logged(&["SADD s 1 2 3 4 5 6", all]);
        assert!(content.is_empty());
        has(&lines, "DEL s");
    }
    let (lines, _) = logged(&["SADD s 1", "SPOP s", "SADD s 1", "SPOP s 0"]);
    has(&lines, "DEL s");
    assert!(!lines.iter().any(|line| line.contains("SPOP")), "{lines:?}");
}
