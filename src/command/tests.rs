//! What is logged, and what loading it does.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{
    Applied, BasePieces, Command, CommandError, CommitLog, Refused, Replay, ReplayError, Reply,
    execute, query,
};
use crate::keyspace::{Entry, EntryRef, Keyspace, Value};
use crate::limits::{BASE_CHUNK_LEN, BASE_PIECE_ITEMS, BASE_PIECE_LEN, DATABASES_MAX, KEY_LEN_MAX};
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
        Reply::Error(CommandError::KeyTooLong)
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
    refused: Vec::new(),
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
        refused: Vec::new(),
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
    assert_eq!(keyspace.get(0, b"a"), Some(EntryRef::from(&entry("2", 1))));
    assert_eq!(keyspace.get(0, b"b"), Some(EntryRef::from(&entry("12", 5))));
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
fn a_command_that_fails_while_loading_is_named() {
    let (mut replay, mut keyspace) = (Replay::new(), Keyspace::new(0));
    let refused = |commands, at, name, error| {
        let refused = [Refused { at, name, error }].into();
        Ok(Applied::Commit { commands, refused })
    };
    assert_eq!(apply(&mut replay, &mut keyspace, "SET a x"), ONE);
    let overflow = refused(1, 0, "incr", CommandError::NotAnInteger);
    assert_eq!(apply(&mut replay, &mut keyspace, "INCR a"), overflow);
    for text in ["MULTI", "SELECT 1", "SELECT 0", "SET b 1", "LPUSH a 1"] {
        let pending = Ok(Applied::Pending);
        assert_eq!(apply(&mut replay, &mut keyspace, text), pending);
    }
    let wrong = refused(2, 1, "lpush", CommandError::WrongType);
    assert_eq!(apply(&mut replay, &mut keyspace, "EXEC"), wrong);
}

/// Some of every type, and an expired key.
const FILLED: &[&str] = &[
    "HSET h a 1 b x",
    "RPUSH l 1 2 3",
    "SADD s 1 2 3",
    "SADD t 2",
    "ZADD z 1 a 2 b",
    "SET k 10",
    "RPUSH old x",
    "PEXPIREAT old 999999",
];

#[test]
fn collections_log_what_changes_them_and_nothing_else() {
    for (call, expected) in [
        ("HSET h a 2", &["HSET h a 2"][..]),
        ("hmset h a 2", &["HMSET h a 2"]),
        ("HSETNX h a 2", &[]),
        ("HDEL h none", &[]),
        ("HDEL h a b", &["HDEL h a b"]),
        ("HINCRBY h a 5", &["HINCRBY h a 5"]),
        ("HINCRBY h b 5", &[]),
        ("HINCRBYFLOAT h a 0.5", &["HSET h a 1.5"]),
        ("INCRBYFLOAT k 0.5", &["SET k 10.5"]),
        ("LPUSHX none 1", &[]),
        ("LPOP l 2", &["LPOP l 2"]),
        ("LMPOP 2 none l RIGHT COUNT 9", &["RPOP l 3"]),
        ("LREM l 0 none", &[]),
        ("LMOVE l m LEFT RIGHT", &["LMOVE l m LEFT RIGHT"]),
        ("SADD s 1", &[]),
        ("SADD s 1 9", &["SADD s 1 9"]),
        ("SMOVE s t none", &[]),
        ("SINTERSTORE s s none", &["DEL s"]),
        ("SINTERSTORE none s none", &[]),
        ("SINTERSTORE x s t", &["SINTERSTORE x s t"]),
        ("ZADD z 1 a", &[]),
        ("ZADD z XX 3 a 4 c", &["ZADD z XX 3 a 4 c"]),
        ("ZINCRBY z 0 a", &[]),
        ("ZMPOP 1 z MAX COUNT 5", &["ZPOPMAX z 2"]),
        ("ZREMRANGEBYSCORE z 5 6", &[]),
        ("ZUNIONSTORE x 2 z none", &["ZUNIONSTORE x 2 z none"]),
        ("ZUNIONSTORE x 3 z z z", &["ZADD x 3 a 6 b"]),
        (
            "ZUNIONSTORE z 3 z z z",
            &["MULTI", "DEL z", "ZADD z 3 a 6 b", "EXEC"],
        ),
        ("ZINTERSTORE x 2 z z WEIGHTS 1 0.1", &["ZADD x 1.1 a 2.2 b"]),
        (
            "ZUNIONSTORE x 3 z z z AGGREGATE MAX",
            &["ZUNIONSTORE x 3 z z z AGGREGATE MAX"],
        ),
        ("ZINTERSTORE z 3 z z none", &["DEL z"]),
        ("ZRANGESTORE x z [a + BYLEX", &["ZADD x 1 a 2 b"]),
        ("ZRANGESTORE x z 0 0", &["ZRANGESTORE x z 0 0"]),
        ("ZRANGESTORE z z [x + BYLEX", &["DEL z"]),
        ("ZREMRANGEBYLEX z [a [a", &["ZREM z a"]),
        ("ZREMRANGEBYLEX z [x +", &[]),
        ("GETEX k PX 5", &["PEXPIREAT k 1000005"]),
        ("GETEX k PXAT 5", &["DEL k"]),
        ("GETEX k PERSIST", &[]),
        ("RENAME h i", &["RENAME h i"]),
        ("COPY h i DB 3", &["COPY h i DB 3"]),
        ("SWAPDB 0 1", &["SWAPDB 0 1"]),
        ("SWAPDB 2 1", &[]),
        ("LPUSH h 1", &[]),
        ("SORT l DESC STORE m", &["RPUSH m 3 2 1"]),
        (
            "SORT l BY nosort GET old* GET # LIMIT 0 1 STORE l",
            &["MULTI", "DEL l", "RPUSH l  1", "EXEC"],
        ),
        ("SORT none STORE l", &["DEL l"]),
        // What has expired is removed first, also where it is only a source.
        ("RPUSH old y", &["MULTI", "DEL old", "RPUSH old y", "EXEC"]),
        (
            "SUNIONSTORE x s old",
            &["MULTI", "DEL old", "SUNIONSTORE x s old", "EXEC"],
        ),
    ] {
        let mut keyspace = Keyspace::new(0);
        let mut log = CommitLog::new();
        for fill in FILLED {
            run(&mut keyspace, 0, fill, WallMillis(0), &mut log);
        }
        assert_eq!(logged(&mut keyspace, &[(0, call)]), expected, "{call}");
        keyspace.check_invariants();
    }
}

#[test]
fn an_entry_is_written_in_bounded_pieces_that_make_it_again() {
    let mut keyspace = Keyspace::new(0);
    let mut log = CommitLog::new();
    for number in 0..3_000 {
        for call in [
            format!("HSET h f{number} v{number}"),
            format!("RPUSH l {number}"),
            format!("SADD s {number}"),
            format!("ZADD z {number}.1 m{number}"),
        ] {
            run(&mut keyspace, 0, &call, NOW, &mut log);
        }
    }
    let long = "x".repeat(300_000);
    run(&mut keyspace, 0, "PEXPIREAT l 5000000", NOW, &mut log);
    keyspace.insert(0, b"k", Entry::string(long));
    let (mut loaded, mut replay) = (Keyspace::new(9), Replay::new());
    for (key, entry) in keyspace.iter(0) {
        let (entry, mut pieces) = (entry.to_entry(), BasePieces::default());
        loop {
            let mut bytes = Vec::new();
            let done = pieces.write(&mut bytes, key, &entry, 1_000);
            assert!(bytes.len() < BASE_PIECE_LEN + 1_000, "{}", bytes.len());
            while let Ok(Parsed::Complete { argv, len }) = parse_command(&bytes) {
                assert!(argv.len() <= 2 + 2 * BASE_PIECE_ITEMS);
                assert_eq!(replay.apply(&mut loaded, &argv), ONE);
                bytes.drain(..len);
            }
            if done {
                break;
            }
        }
    }
    assert!(loaded.same_content(&keyspace));
}

#[test]
fn a_piece_of_a_base_ends_right_behind_an_item_that_is_longer_than_a_piece() {
    const HUGE: usize = 3 << 20;
    let huge = "x".repeat(HUGE);
    let item = |number| match number % 50 {
        7 => format!("{huge}{number}"),
        _ => format!("i{number}"),
    };
    let (mut keyspace, mut log) = (Keyspace::new(1), CommitLog::new());
    for number in 0..200 {
        for call in [
            format!("HSET h f{number} {}", item(number)),
            format!("RPUSH l {}", item(number)),
            format!("SADD s {}", item(number)),
            format!("ZADD z {number} {}", item(number)),
        ] {
            run(&mut keyspace, 0, &call, NOW, &mut log);
        }
    }
    for (key, entry) in keyspace.iter(0) {
        let (mut pieces, mut huge_ones, mut done) = (BasePieces::default(), 0, false);
        while !done {
            let mut bytes = Vec::new();
            done = pieces.write(&mut bytes, key, &entry.to_entry(), BASE_CHUNK_LEN);
            let most = BASE_CHUNK_LEN + 2 * BASE_PIECE_LEN + HUGE;
            assert!(bytes.len() < most, "{} bytes at once", bytes.len());
            let mut followed = false;
            while let Ok(Parsed::Complete { argv, len }) = parse_command(&bytes) {
                let at = argv.iter().position(|arg| arg.len() > HUGE);
                assert!(at.is_none_or(|at| at == argv.len() - 1), "not the last");
                assert!(!followed, "a command follows in the same frame");
                followed = at.is_some();
                huge_ones += usize::from(followed);
                bytes.drain(..len);
            }
        }
        assert_eq!(huge_ones, 4);
    }
}

#[test]
fn what_is_drawn_depends_on_the_seed_and_is_never_loaded() {
    let draw = |seed: Option<u64>| {
        let mut keyspace = Keyspace::new(1);
        let members: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        let add = format!("SADD s {}", members.join(" "));
        run(&mut keyspace, 0, &add, NOW, &mut CommitLog::new());
        let mut command = Command::parse(&words("SPOP s 3")).expect("a command");
        if let Some(seed) = seed {
            command.bring_seed(|| seed);
            command.bring_seed(|| seed + 1);
        }
        let mut log = CommitLog::new();
        execute(&mut keyspace, 0, &command, NOW, &mut log);
        log.finish().expect("a commit").bytes
    };
    assert_eq!(draw(Some(1)), draw(Some(1)));
    assert_eq!(draw(None), draw(Some(0)));
    assert_ne!(draw(Some(1)), draw(Some(2)));
    let error = Replay::new().apply(&mut Keyspace::new(1), &words("SPOP s"));
    let name = "spop".to_string();
    assert_eq!(error, Err(ReplayError::Draws { name }));
}

#[test]
fn a_key_that_has_expired_is_never_drawn() {
    let mut keyspace = Keyspace::new(1);
    let mut log = CommitLog::new();
    for number in 0..500 {
        let set = format!("SET {number} v PX 1000");
        run(&mut keyspace, 0, &set, NOW, &mut log);
    }
    let later = WallMillis(NOW.0 + 2_000);
    let drawn = |keyspace: &Keyspace, seed| {
        let mut command = Command::parse(&words("RANDOMKEY")).expect("a command");
        command.bring_seed(|| seed);
        query(keyspace, 0, &command, later).expect("it reads")
    };
    assert_eq!(drawn(&keyspace, 1), Reply::Nil);
    run(&mut keyspace, 0, "SET alive v", NOW, &mut log);
    assert!((0..20).all(|seed| drawn(&keyspace, seed) == Reply::Bulk("alive".into())));
}

#[test]
fn scores_that_are_stored_are_the_same_bits_when_the_log_is_loaded() {
    let mut keyspace = Keyspace::new(0);
    let mut log = CommitLog::new();
    let mut number = 1_u64;
    for at in 0..900 {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(7);
        let score = number as f64 / 3e7;
        let call = format!("ZADD z{} {score} m{}", at % 3, at / 5);
        run(&mut keyspace, 0, &call, NOW, &mut log);
    }
    for call in [
        "ZUNIONSTORE sum 3 z0 z1 z2",
        "ZUNIONSTORE sum 4 z0 z1 z2 sum WEIGHTS 0.1 0.7 -0 3e-9",
        "ZINTERSTORE both 2 z0 sum WEIGHTS 0.3 0.1",
        "ZRANGESTORE names sum [m1 [m5 BYLEX",
        "ZREMRANGEBYLEX both [m15 [m3",
    ] {
        run(&mut keyspace, 0, call, NOW, &mut log);
    }
    let logged = log.finish().expect("it is logged").bytes;
    // Another seed, and only what was computed: nothing that it was computed from.
    let (mut replay, mut loaded) = (Replay::new(), Keyspace::new(9));
    for line in lines(&logged) {
        let source = line.starts_with("ZADD z");
        if !source {
            apply(&mut replay, &mut loaded, &line).expect("it loads");
        }
    }
    let scores = |keyspace: &Keyspace, key: &[u8]| {
        let entry = keyspace.get(0, key).expect("it is there");
        let Some(Value::ZSet(zset)) = entry.as_collection() else {
            panic!("a sorted set")
        };
        let pairs = zset
            .iter()
            .map(|(score, name)| (score.to_bits(), name.to_vec()));
        pairs.collect::<Vec<_>>()
    };
    for key in [&b"sum"[..], b"both", b"names"] {
        let (one, other) = (scores(&keyspace, key), scores(&loaded, key));
        assert!(one.len() > BASE_PIECE_ITEMS / 2, "{}", one.len());
        assert_eq!(one, other);
    }
}
