//! What is logged, and what loading it does.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{
    Applied, Command, CommandError, CommitLog, Replay, ReplayError, Reply, execute, query,
};
use crate::keyspace::{Entry, Keyspace};
use crate::limits::{DATABASES_MAX, KEY_LEN_MAX};
use crate::resp::{Parsed, parse_command};
use crate::units::WallMillis;

const NOW: WallMillis = WallMillis(1_000_000);

fn words(text: &str) -> Vec<&[u8]> {
    text.split(' ').map(str::as_bytes).collect()
}

fn run(
    keyspace: &mut Keyspace,
    db: u32,
    text: &str,
    now: WallMillis,
    log: &mut CommitLog,
) -> Reply {
    let command = Command::parse(&words(text)).expect("the test spells it right");
    execute(keyspace, db, &command, now, log)
}

/// What one commit of these calls logs, as lines.
fn logged(keyspace: &mut Keyspace, calls: &[(u32, &str)]) -> Vec<String> {
    let mut log = CommitLog::new();
    for (db, text) in calls {
        run(keyspace, *db, text, NOW, &mut log);
    }
    log.finish()
        .map_or_else(Vec::new, |logged| lines(&logged.bytes))
}

fn lines(mut bytes: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    while !bytes.is_empty() {
        let Ok(Parsed::Complete { argv, len }) = parse_command(bytes) else {
            panic!("what is logged is whole");
        };
        let argv: Vec<_> = argv.into_iter().map(String::from_utf8_lossy).collect();
        lines.push(argv.join(" "));
        bytes = &bytes[len..];
    }
    lines
}

#[test]
fn effects_are_logged_not_requests() {
    for (call, expected) in [
        ("SET k v NX GET", &["SET k v"][..]),
        ("SET k v EX 5", &["SET k v PXAT 1005000"]),
        ("SET k v PXAT 77", &["SET k v PXAT 77"]),
        ("SET k v XX", &[]),
        ("SETNX k v", &["SET k v"]),
        ("SETEX k 5 v", &["SET k v PXAT 1005000"]),
        ("GETSET k v", &["SET k v"]),
        ("GETDEL s", &["DEL s"]),
        ("GETDEL k", &[]),
        ("MSETNX k v l w", &["MSET k v l w"]),
        ("DEL k s s t", &["DEL s t"]),
        ("UNLINK s", &["UNLINK s"]),
        ("DEL k", &[]),
        ("INCR k", &["INCR k"]),
        ("DECRBY k -3", &["DECRBY k -3"]),
        ("INCR s", &[]),
        ("APPEND s x", &["APPEND s x"]),
        ("EXPIRE s 5", &["PEXPIREAT s 1005000"]),
        ("EXPIRE s 0", &["DEL s"]),
        ("EXPIREAT s 2 NX", &["DEL s"]),
        ("PERSIST s", &[]),
        ("PERSIST t", &["PERSIST t"]),
        ("SET t v KEEPTTL", &["SET t v KEEPTTL"]),
        ("SET s v KEEPTTL", &["SET s v"]),
        ("GET s", &[]),
        ("FLUSHDB", &["FLUSHDB"]),
        ("FLUSHALL", &["FLUSHALL"]),
        // What has expired is removed by a writer, not by a reader.
        ("GET old", &[]),
        ("DEL old", &["DEL old"]),
        ("SETNX old v", &["MULTI", "DEL old", "SET old v", "EXEC"]),
        ("INCR old", &["MULTI", "DEL old", "INCR old", "EXEC"]),
        ("PERSIST old", &["DEL old"]),
    ] {
        let mut keyspace = Keyspace::new(0);
        let mut log = CommitLog::new();
        run(&mut keyspace, 0, "SET s string", NOW, &mut log);
        run(&mut keyspace, 0, "SET t v PXAT 2000000", NOW, &mut log);
        run(&mut keyspace, 0, "SET old v PXAT 999999", NOW, &mut log);
        assert_eq!(logged(&mut keyspace, &[(0, call)]), expected, "{call}");
    }
}

#[test]
fn a_batch_is_wrapped_and_selects_its_databases() {
    let mut keyspace = Keyspace::new(0);
    let mut log = CommitLog::new();
    for (db, call) in [(3, "SET a 1"), (3, "SET b 2"), (0, "INCR c"), (3, "GET a")] {
        run(&mut keyspace, db, call, NOW, &mut log);
    }
    let logged = log.finish().expect("something changed");
    assert_eq!((logged.db, logged.end_db, logged.commands), (3, 0, 3));
    assert_eq!(
        lines(&logged.bytes),
        ["MULTI", "SET a 1", "SET b 2", "SELECT 0", "INCR c", "EXEC"]
    );
}

#[test]
fn what_changed_nothing_logs_nothing() {
    let mut keyspace = Keyspace::new(0);
    let calls = [(0, "FLUSHALL"), (0, "GET a"), (1, "DEL a"), (0, "PING")];
    assert_eq!(logged(&mut keyspace, &calls), [""; 0]);
}

#[test]
fn a_key_is_there_up_to_its_expiry() {
    let mut keyspace = Keyspace::new(0);
    let mut log = CommitLog::new();
    run(&mut keyspace, 0, "SET k v PX 10", NOW, &mut log);
    let exists = Command::parse(&words("EXISTS k")).expect("right");
    let at = |millis| query(&keyspace, 0, &exists, WallMillis(NOW.0 + millis));
    assert_eq!(at(10), Some(Reply::Int(1)));
    assert_eq!(at(11), Some(Reply::Int(0)));
}

#[test]
fn bounds_hold_for_programs_that_build_commands() {
    let mut keyspace = Keyspace::new(0);
    let mut log = CommitLog::new();
    let mut run = |db, command| execute(&mut keyspace, db, &command, NOW, &mut log);
    let long = [b'k'].repeat(KEY_LEN_MAX + 1);
    assert_eq!(
        run(0, Command::set(long, "v")),
        Reply::Error(CommandError::TooLong)
    );
    assert_eq!(
        run(DATABASES_MAX, Command::set("k", "v")),
        Reply::Error(CommandError::InvalidDb)
    );
    assert!(log.is_empty());
}

fn apply(replay: &mut Replay, keyspace: &mut Keyspace, text: &str) -> Result<Applied, ReplayError> {
    replay.apply(keyspace, &words(text))
}

const ONE: Result<Applied, ReplayError> = Ok(Applied::Commit {
    commands: 1,
    refused: 0,
});

#[test]
fn a_multi_is_one_commit_and_nothing_before_its_exec() {
    let (mut replay, mut keyspace) = (Replay::new(), Keyspace::new(0));
    let mut apply = |text: &str| {
        let applied = apply(&mut replay, &mut keyspace, text);
        (
            applied,
            keyspace.total_len(),
            replay.in_multi(),
            replay.db(),
        )
    };
    let pending = || Ok(Applied::Pending);
    assert_eq!(apply("SELECT 2"), (pending(), 0, false, 2));
    assert_eq!(apply("SET a 1"), (ONE, 1, false, 2));
    assert_eq!(apply("MULTI"), (pending(), 1, true, 2));
    assert_eq!(apply("SET b 1"), (pending(), 1, true, 2));
    assert_eq!(apply("SELECT 1"), (pending(), 1, true, 1));
    assert_eq!(apply("multi").0, Err(ReplayError::Nested));
    assert_eq!(apply("INCR c"), (pending(), 1, true, 1));
    let applied = Ok(Applied::Commit {
        commands: 2,
        refused: 0,
    });
    assert_eq!(apply("exec"), (applied, 3, false, 1));
    assert_eq!(apply("EXEC").0, Err(ReplayError::WithoutMulti));
}

#[test]
fn a_multi_without_an_end_is_forgotten() {
    let (mut replay, mut keyspace) = (Replay::new(), Keyspace::new(0));
    for text in ["MULTI", "SELECT 4", "SET a 1"] {
        assert_eq!(
            apply(&mut replay, &mut keyspace, text),
            Ok(Applied::Pending)
        );
    }
    replay.discard_multi();
    assert!(!replay.in_multi() && replay.db() == 0 && keyspace.is_empty());
}

#[test]
fn nothing_expires_while_loading() {
    let (mut replay, mut keyspace) = (Replay::new(), Keyspace::new(0));
    for text in [
        "SET a 1 PXAT 1",
        "INCR a",
        "SET b 1",
        "PEXPIREAT b 5",
        "APPEND b 2",
    ] {
        assert_eq!(apply(&mut replay, &mut keyspace, text), ONE);
    }
    let entry = |value: &str, expiry| {
        let mut entry = Entry::string(value);
        entry.expiry = Some(WallMillis(expiry));
        entry
    };
    assert_eq!(keyspace.get(0, b"a"), Some(&entry("2", 1)));
    assert_eq!(keyspace.get(0, b"b"), Some(&entry("12", 5)));
}

#[test]
fn what_a_log_cannot_hold_is_refused() {
    let (mut replay, mut keyspace) = (Replay::new(), Keyspace::new(0));
    for (text, expected) in [
        (
            "FOO a",
            "ERR unknown command 'FOO', with args beginning with: 'a' ",
        ),
        ("SET a", "ERR wrong number of arguments for 'set' command"),
        ("GET a", "'get' is no command that changes anything"),
        (
            "EXPIRE a 5",
            "'expire' with a relative time cannot be loaded",
        ),
        (
            "SET a 1 EX 5",
            "'set' with a relative time cannot be loaded",
        ),
        (
            "SETEX a 5 v",
            "'setex' with a relative time cannot be loaded",
        ),
        ("SELECT 99999", "ERR DB index is out of range"),
    ] {
        let error = apply(&mut replay, &mut keyspace, text).expect_err("it is refused");
        assert_eq!(error.to_string(), expected);
    }
    assert!(keyspace.is_empty());
}

#[test]
fn a_command_that_fails_while_loading_is_counted() {
    let (mut replay, mut keyspace) = (Replay::new(), Keyspace::new(0));
    assert_eq!(apply(&mut replay, &mut keyspace, "SET a x"), ONE);
    let refused = Ok(Applied::Commit {
        commands: 1,
        refused: 1,
    });
    assert_eq!(apply(&mut replay, &mut keyspace, "INCR a"), refused);
}
