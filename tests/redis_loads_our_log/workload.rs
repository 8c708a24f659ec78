//! Logs of ours, made by the machine on a real file system.

use std::path::{Path, PathBuf};

use indelible::command::Command;
use indelible::effect::Lane;
use indelible::engine::{AppendFsync, Batch, EngineOptions, Outcome};
use indelible::recover::OpenOptions;
use indelible::vfs::OsVfs;

use crate::common::{Machine, options};
use crate::content::{Content, of_keyspace};

/// Some time in 2096: no key expires while Redis looks at it.
const FAR: &str = "4000000000000";

pub struct Made {
    pub log: PathBuf,
    pub expected: Content,
}

type Store = Machine<OsVfs>;

fn open(dir: &Path) -> Store {
    let engine = EngineOptions {
        appendfsync: AppendFsync::No,
        ..EngineOptions::default()
    };
    let options = OpenOptions { ..options(engine) };
    Machine::open(OsVfs::open_dir(dir).unwrap(), &options)
}

fn parse(argv: &[&[u8]]) -> Command {
    Command::parse(argv).unwrap_or_else(|error| panic!("{error}"))
}

/// One commit of these commands.
fn commit(store: &mut Store, commands: &[(u32, &[&[u8]])]) {
    let commands = commands
        .iter()
        .map(|(db, argv)| (*db, parse(argv)))
        .collect();
    let batch = Batch {
        commands,
        appendfsync: None,
    };
    store.engine.submit(store.now, batch).unwrap();
}

fn close(mut store: Store) -> Content {
    let expected = of_keyspace(store.engine.keyspace());
    let ticket = store.engine.close(store.now);
    store.run();
    assert_eq!(store.outcome(ticket), Some(Outcome::Durable));
    expected
}

/// Bytes that compress to nothing obvious and differ by seed.
fn bytes(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}

/// Small keys in several databases, overwritten, counted, deleted, with expiry.
fn small_things(store: &mut Store, round: u64) {
    for number in 0..500_u64 {
        let db = [0, 1, 2, 15][(number % 4) as usize];
        let key = format!("k{}", number % 67);
        let value = format!("v{round}-{number}");
        let (key, value) = (key.as_bytes(), value.as_bytes());
        match number % 7 {
            0 => commit(
                store,
                &[(db, &[b"SET", key, value, b"PXAT", FAR.as_bytes()])],
            ),
            1 => commit(store, &[(db, &[b"INCRBY", b"counter", b"3"])]),
            2 => commit(store, &[(db, &[b"DEL", key])]),
            3 => commit(store, &[(db, &[b"APPEND", b"growing", value])]),
            4 => commit(store, &[(db, &[b"MSET", key, value, b"other", value])]),
            5 => commit(store, &[(db, &[b"PERSIST", key])]),
            _ => commit(store, &[(db, &[b"SETNX", key, value])]),
        }
        if number % 5 == 0 {
            store.run();
        }
    }
    store.run();
}

/// Bytes that a careless format would trip over.
fn awkward_things(store: &mut Store) {
    let log_like = b"#~mark id=0000000000000007 lsn=1 n=0 len=0\r\n*1\r\n$8\r\nFLUSHALL\r\n";
    let keys: [&[u8]; 6] = [
        b"",
        b"\r\n",
        b"#~commits",
        log_like,
        b"\0\xff\xfe",
        b"*3\r\n$3\r\nSET\r\n",
    ];
    for (number, key) in keys.iter().enumerate() {
        commit(
            store,
            &[(0, &[b"SET", key, &bytes(number as u64 + 1, number * 100)])],
        );
        commit(store, &[(3, &[b"SET", key, log_like])]);
    }
    commit(store, &[(3, &[b"SET", b"empty", b""])]);
    store.run();
}

/// Each type, small and large, of integers and of text, changed by what is logged in another form.
fn every_type(store: &mut Store, round: u64) {
    for (size, count) in [("small", 5_usize), ("large", 1_500)] {
        for (form, prefix) in [("numbers", ""), ("text", "m\r\n:")] {
            let key = |kind: &str| format!("{kind}:{size}:{form}").into_bytes();
            let items: Vec<_> = (0..count)
                .map(|at| format!("{prefix}{}", at + round as usize).into_bytes())
                .collect();
            let commit_all = |store: &mut Store, name: &[u8], key: &[u8], rest: &[Vec<u8>]| {
                let rest = rest.iter().map(Vec::as_slice);
                let argv: Vec<&[u8]> = [name, key].into_iter().chain(rest).collect();
                commit(store, &[(8, &argv)]);
            };
            let pairs = |first: fn(&usize) -> String| -> Vec<Vec<u8>> {
                let pairs = items.iter().enumerate();
                pairs
                    .flat_map(|(at, item)| [first(&at).into_bytes(), item.clone()])
                    .collect()
            };
            commit_all(store, b"RPUSH", &key("list"), &items);
            commit_all(store, b"SADD", &key("set"), &items);
            commit_all(store, b"HSET", &key("hash"), &pairs(usize::to_string));
            let scores = pairs(|at| format!("{:?}", *at as f64 / 3.0));
            commit_all(store, b"ZADD", &key("zset"), &scores);
            commit(
                store,
                &[(8, &[b"LMOVE", &key("list"), b"moved", b"LEFT", b"RIGHT"])],
            );
            commit(store, &[(8, &[b"SPOP", &key("set"), b"2"])]);
            commit(
                store,
                &[(8, &[b"HINCRBYFLOAT", &key("hash"), b"float", b"0.1"])],
            );
            commit(store, &[(8, &[b"ZPOPMIN", &key("zset")])]);
            commit(store, &[(8, &[b"PEXPIREAT", &key("zset"), FAR.as_bytes()])]);
            commit(
                store,
                &[(
                    8,
                    &[b"ZADD", b"ends", b"inf", &items[0], b"-inf", &items[1]],
                )],
            );
            store.run();
        }
    }
    commit(
        store,
        &[
            (
                8,
                &[
                    b"SUNIONSTORE",
                    b"union",
                    b"set:small:text",
                    b"set:large:text",
                ],
            ),
            (
                8,
                &[
                    b"COPY",
                    b"list:large:text",
                    b"copied",
                    b"DB",
                    b"9",
                    b"REPLACE",
                ],
            ),
            (
                8,
                &[b"SORT", b"list:small:numbers", b"DESC", b"STORE", b"sorted"],
            ),
            (8, &[b"PFADD", b"counted", b"a", b"b", b"c"]),
            (8, &[b"RENAME", b"counted", b"renamed"]),
        ],
    );
    commit(store, &[(8, &[b"SWAPDB", b"9", b"11"])]);
    store.run();
}

/// Values that a base splits, to either side of the borders.
fn large_things(store: &mut Store) {
    let piece = indelible::limits::BASE_PIECE_LEN;
    let lens = [
        piece - 1,
        piece,
        piece + 1,
        3 * piece,
        200_000,
        1_500_000,
        3 << 20,
    ];
    for (number, len) in lens.into_iter().enumerate() {
        let key = bytes(number as u64 + 100, 12);
        let value = bytes(number as u64, len);
        commit(store, &[(2, &[b"SET", &key, &value])]);
        commit(store, &[(2, &[b"APPEND", &key, b"tail"])]);
        if number % 2 == 0 {
            commit(store, &[(2, &[b"PEXPIREAT", &key, FAR.as_bytes()])]);
        }
    }
    store.run();
}

/// Batches within one database and across several.
fn batches(store: &mut Store) {
    commit(
        store,
        &[
            (0, &[b"SET", b"a", b"1"]),
            (0, &[b"SET", b"b", b"2"]),
            (0, &[b"DEL", b"a"]),
        ],
    );
    commit(
        store,
        &[
            (4, &[b"SET", b"from", b"4"]),
            (5, &[b"SET", b"to", b"5"]),
            (4, &[b"INCR", b"count"]),
            (0, &[b"SET", b"c", b"3"]),
        ],
    );
    commit(store, &[(0, &[b"SET", b"d", b"4"])]);
    commit(
        store,
        &[
            (6, &[b"SET", b"gone", b"1"]),
            (6, &[b"FLUSHDB"]),
            (6, &[b"SET", b"kept", b"1"]),
        ],
    );
    store.run();
}

/// Keys whose time comes, read by nobody: logged as DEL.
fn expiring_things(store: &mut Store) {
    for number in 0..100 {
        let (key, at) = (format!("soon{number}"), (store.now.wall.0 + 50).to_string());
        commit(
            store,
            &[(1, &[b"SET", key.as_bytes(), b"x", b"PXAT", at.as_bytes()])],
        );
    }
    store.run_for(1_000);
    assert!(store.engine.stats().expired_keys >= 100);
}

/// A rewrite during which commits go on.
fn rewrite_under_load(store: &mut Store) {
    let ticket = store.engine.rewrite(store.now).unwrap();
    let mut number = 0;
    while store.outcome(ticket).is_none() {
        number += 1;
        assert!(number < 100_000, "a rewrite ends");
        if number % 3 == 0 {
            let value = number.to_string();
            commit(
                store,
                &[
                    (1, &[b"SET", b"during", value.as_bytes()]),
                    (7, &[b"INCR", b"n"]),
                ],
            );
        }
        store.step(Lane::Background);
        store.step(Lane::Foreground);
    }
    assert_eq!(store.outcome(ticket), Some(Outcome::Durable));
}

/// All of it, over two openings and two rewrites, with commits behind the last.
pub fn everything(dir: &Path) -> Made {
    let mut store = open(dir);
    small_things(&mut store, 1);
    awkward_things(&mut store);
    large_things(&mut store);
    every_type(&mut store, 0);
    rewrite_under_load(&mut store);
    batches(&mut store);
    expiring_things(&mut store);
    close(store);
    let mut store = open(dir);
    small_things(&mut store, 2);
    rewrite_under_load(&mut store);
    batches(&mut store);
    large_things(&mut store);
    every_type(&mut store, 3);
    small_things(&mut store, 3);
    let expected = close(store);
    assert!(expected.len() > 100, "there is something to compare");
    let log = dir.join("appendonly.aof");
    assert_holds_everything(&log);
    Made { log, expected }
}

/// That the log is what the test is about: a base in pieces, commits, batches, times, openings.
fn assert_holds_everything(log: &Path) {
    let bytes = std::fs::read(log).unwrap();
    let text = bytes.escape_ascii().to_string();
    let end_of_base = text.find("#~end ").expect("a base ends");
    let (base, commits) = text.split_at(end_of_base);
    assert!(base.contains("APPEND") && base.contains("PEXPIREAT"));
    for word in ["#~commits ", "MULTI", "EXEC", "SELECT", "PXAT", "FLUSHDB"] {
        assert!(commits.contains(word), "no {word} behind the base");
    }
}

/// A base, and nothing behind it but the marks of a close.
pub fn rewritten(dir: &Path) -> Made {
    let mut store = open(dir);
    small_things(&mut store, 1);
    awkward_things(&mut store);
    large_things(&mut store);
    every_type(&mut store, 0);
    let ticket = store.engine.rewrite(store.now).unwrap();
    store.run_for(100);
    assert_eq!(store.outcome(ticket), Some(Outcome::Durable));
    Made {
        expected: close(store),
        log: dir.join("appendonly.aof"),
    }
}

/// The first log of a store that was opened and closed.
pub fn nothing(dir: &Path) -> Made {
    Made {
        expected: close(open(dir)),
        log: dir.join("appendonly.aof"),
    }
}
