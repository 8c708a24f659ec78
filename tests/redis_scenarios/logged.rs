//! What a server writes of commands that wait, and of values that were moved from another server.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use indelible::command::{Command, CommandError};
use indelible::keyspace::Value;
use indelible::redis::rdb::Unsupported;
use indelible::redis::{LoadError, LoadOptions, load, load_with};
use indelible::resp::write_command;

use crate::content::{assert_same, of_keyspace, of_server};
use crate::redis::{self, Reply};
use crate::support::{commands, directory, loaded, refused, string};

/// Everything that a server has appended.
fn appended(dir: &Path) -> String {
    let log = dir.join("appendonlydir/appendonly.aof.1.incr.aof");
    String::from_utf8_lossy(&fs::read(log).expect("the log")).into_owned()
}

const POPS: &[&str] = &[
    "BLPOP l none 0",
    "BRPOP none l 0",
    "BRPOPLPUSH l other 0",
    "BLMOVE l other LEFT RIGHT 0",
    "BLMPOP 0 2 none l RIGHT COUNT 2",
    "BZPOPMIN none z 0",
    "BZPOPMAX z 0",
    "BZMPOP 0 1 z MIN COUNT 2",
];

#[test]
fn commands_that_wait_are_logged_by_a_server_as_what_they_did() {
    if !redis::is_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let server = redis::Server::start(dir.path());
    let mut client = server.client();
    let fill = |client: &mut redis::Client| {
        client.say("RPUSH l 1 2 3 4 5 6 7 8 9");
        client.say("ZADD z 1 a 2 b 3 c 4 d 5 e 6 f 7 g 8 h");
    };
    // At once, and in a transaction; scripts may not call them.
    fill(&mut client);
    for pop in POPS {
        assert!(!matches!(client.say(pop), Reply::Error(_)), "{pop}");
    }
    fill(&mut client);
    client.say("MULTI");
    POPS.iter().for_each(|pop| drop(client.say(pop)));
    assert!(matches!(client.say("EXEC"), Reply::Array(_)));
    // After they have waited.
    for pop in POPS {
        client.say("DEL l z other");
        let mut waiting = server.client();
        let words = (*pop).to_owned();
        let waiter = thread::spawn(move || waiting.say(&words));
        wait_for_a_waiter(&mut client);
        client.say("RPUSH l x y z");
        client.say("ZADD z 1 a 2 b 3 c");
        assert!(
            !matches!(waiter.join().expect("a reply"), Reply::Error(_)),
            "{pop}"
        );
    }
    let held = of_server(&mut client);
    drop(server);
    let log = appended(dir.path()).to_ascii_uppercase();
    for pop in POPS {
        let name = pop.split(' ').next().expect("a name");
        assert!(
            !log.contains(&format!("\r\n{name}\r\n")),
            "{name} is in the file"
        );
    }
    let loaded = load(dir.path(), 1).expect("it loads");
    assert_eq!(loaded.report.failed(), 0);
    assert_same(&of_keyspace(&loaded.keyspace), &held, "pops");
}

fn wait_for_a_waiter(client: &mut redis::Client) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let info = client.say("INFO clients").into_bytes();
        if String::from_utf8_lossy(&info).contains("blocked_clients:1") {
            return;
        }
        assert!(Instant::now() < deadline, "the other client waits");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn commands_that_wait_are_refused_with_what_does_not() {
    for pop in POPS {
        let argv: Vec<&[u8]> = pop.split(' ').map(str::as_bytes).collect();
        let error = Command::parse(&argv).expect_err("it may wait");
        assert!(matches!(error, CommandError::Blocks { .. }), "{error}");
    }
    let file = commands(&["SET a 1", "BLPOP l 0"]);
    let error = refused(&[("appendonly.aof", &file)]).to_string();
    assert!(error.ends_with("offset 27: ERR 'blpop' may wait, and no command here does; 'lpop' is the same without waiting"), "{error}");
}

#[test]
fn brpoplpush_of_an_old_server_is_loaded_as_what_it_did() {
    let file = commands(&[
        "RPUSH l a b c",
        "BRPOPLPUSH l m 0",
        "LPOP m",
        "RPUSH l last",
    ]);
    let loaded = loaded(&[("appendonly.aof", &file)]);
    assert_eq!(loaded.report.failed(), 0);
    let entry = loaded.keyspace.get(0, b"l").expect("a list");
    match entry.as_collection() {
        Some(Value::List(list)) => assert!(list.iter().eq([&b"a"[..], b"b", b"last"])),
        other => panic!("{other:?}"),
    }
    assert!(loaded.keyspace.get(0, b"m").is_none());
}

#[test]
fn restore_as_a_server_logs_it() {
    if !redis::is_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let server = redis::Server::start(dir.path());
    let mut client = server.client();
    let long = "member:".repeat(40);
    for words in [
        "SET s value".to_owned(),
        "SET n 12345".to_owned(),
        format!("SET big {}", long.repeat(40)),
        "RPUSH l 1 two 3.5".to_owned(),
        format!("RPUSH l2 {long} {long}x 7"),
        "SADD ints 1 2 300000".to_owned(),
        "SADD t a b".to_owned(),
        format!("SADD t2 {long} b"),
        "HSET h f v g 2".to_owned(),
        format!("HSET h2 {long} v"),
        "ZADD z 1.5 a -inf b".to_owned(),
        format!("ZADD z2 0.1 {long} inf b"),
    ] {
        client.say(&words);
    }
    let keys = client.say("KEYS *").into_list();
    for (at, key) in keys.iter().enumerate() {
        let payload = client.call(&[b"DUMP", key]).into_bytes();
        let copy = [&b"copy:"[..], key].concat();
        let mut restore = |more: &[&[u8]]| {
            let argv = [&[&b"RESTORE"[..], &copy], more].concat();
            assert_eq!(client.call(&argv), Reply::ok(), "{argv:?}");
        };
        match at % 4 {
            0 => restore(&[b"0", &payload]),
            1 => restore(&[b"100000000", &payload]),
            2 => restore(&[b"4000000000123", &payload, b"ABSTTL", b"IDLETIME", b"5"]),
            _ => {
                restore(&[b"0", &payload, b"FREQ", b"5"]);
                restore(&[b"77777777", &payload, b"REPLACE"]);
            }
        }
        client.say("MULTI");
        let moved = [&b"moved:"[..], key].concat();
        client.call(&[b"RESTORE", &moved, b"0", &payload]);
        client.call(&[b"EXPIRE", &moved, b"1000000"]);
        client.say("EXEC");
    }
    let held = of_server(&mut client);
    assert_eq!(held.len(), 36);
    drop(server);
    assert!(
        appended(dir.path()).contains("RESTORE"),
        "it is logged as it came"
    );
    let loaded = load(dir.path(), 1).expect("it loads");
    assert_eq!(loaded.report.failed(), 0);
    assert_same(&of_keyspace(&loaded.keyspace), &held, "RESTORE");
}

/// `DUMP` of the string `v` by Redis 7.0.15.
const PAYLOAD: &[u8] = b"\x00\x01v\x0a\x00\x91\x08\xce\xb2\x19\x38\x8a\xce";

fn restore(key: &[u8], ttl: &[u8], payload: &[u8], options: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let argv = [&[&b"RESTORE"[..], key, ttl, payload], options].concat();
    write_command(&mut bytes, &argv);
    bytes
}

#[test]
fn restore_replaces_only_if_it_says_so_and_is_whole_in_its_transaction() {
    let file = [
        commands(&["SET k old"]),
        restore(b"k", b"0", PAYLOAD, &[]),
        commands(&["SET l old", "MULTI"]),
        restore(b"l", b"55", PAYLOAD, &[b"REPLACE", b"ABSTTL"]),
        commands(&["APPEND l w", "EXEC", "MULTI"]),
        restore(b"never", b"0", PAYLOAD, &[]),
    ];
    let loaded = loaded(&[("appendonly.aof", &file.concat())]);
    assert_eq!(string(&loaded, "k").as_deref(), Some(&b"old"[..]));
    assert_eq!(string(&loaded, "l").as_deref(), Some(&b"vw"[..]));
    let expiry = loaded.keyspace.get(0, b"l").and_then(|entry| entry.expiry);
    assert_eq!(expiry.map(|expiry| expiry.0), Some(55));
    assert_eq!(string(&loaded, "never"), None);
    assert_eq!(loaded.report.failed(), 1, "a key was there");
}

#[test]
fn restore_of_what_is_not_right_is_refused_with_key_and_offset() {
    let whole = commands(&["SET a 1"]);
    let mut spoilt = PAYLOAD.to_vec();
    spoilt[2] ^= 1;
    for (command, expected) in [
        (
            restore(b"k", b"0", &spoilt, &[]),
            "offset 27: RESTORE of the key \"k\": in its payload, offset 5: expected the checksum",
        ),
        (
            restore(b"k", b"5", PAYLOAD, &[]),
            "offset 27: 'restore' with a relative time cannot be loaded",
        ),
    ] {
        let file = [whole.clone(), command].concat();
        let error = refused(&[("appendonly.aof", &file)]).to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn restore_of_a_stream_is_refused_or_left_out() {
    if !redis::is_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let server = redis::Server::start(dir.path());
    let mut client = server.client();
    client.say("XADD s 1-1 f v");
    let payload = client.call(&[b"DUMP", b"s"]).into_bytes();
    drop(server);
    let file = [restore(b"s", b"0", &payload, &[]), commands(&["SET a 1"])].concat();
    let files: &[(&str, &[u8])] = &[("appendonly.aof", &file)];
    let error = refused(files);
    assert!(
        matches!(
            &error,
            LoadError::Unsupported {
                offset: 0,
                what: Unsupported::Stream,
                ..
            }
        ),
        "{error}"
    );
    let options = LoadOptions {
        skip_unsupported: true,
        ..LoadOptions::default()
    };
    let loaded = load_with(directory(files).path(), &options).expect("the rest loads");
    assert_eq!((loaded.report.skipped(), loaded.keyspace.len(0)), (1, 1));
}
