//! Collections of many members: they survive rewrites while they change, and go in steps.
//!
//! `INDELIBLE_LARGE_MEMBERS` says how many members each has (200,000, or 50,000 in a
//! debug build); two million want `--release`.

mod common;

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use common::{Machine, options};
use indelible::command::Command;
use indelible::effect::Lane;
use indelible::engine::{AppendFsync, EngineOptions};
use indelible::vfs::MemVfs;
use indelible::{Options, Reply, Store};

/// Members of one command while a collection is filled.
const FILL: usize = 1_000;
/// Rewrites while all collections change, at least.
const REWRITES_MIN: usize = 2;
/// Changes that each collection sees during the rewrites, at least: there are as many rewrites as
/// that takes.
const CHANGES_MIN: usize = 200;

#[test]
fn collections_survive_rewrites_while_they_change() {
    let default = if cfg!(debug_assertions) {
        50_000
    } else {
        200_000
    };
    let size = std::env::var("INDELIBLE_LARGE_MEMBERS").map_or(default, |text| {
        text.parse().expect("INDELIBLE_LARGE_MEMBERS is a number")
    });
    let directory = tempfile::tempdir().expect("a directory");
    let store = open(directory.path());
    let mut models = [
        Model::List(VecDeque::new()),
        Model::Hash(HashMap::new()),
        Model::Set(HashSet::new()),
        Model::ZSet(HashMap::new()),
    ];
    for model in &mut models {
        model.fill(&store, size);
    }
    let stop = AtomicBool::new(false);
    let changes = [const { AtomicUsize::new(0) }; 4];
    std::thread::scope(|scope| {
        let (store, stop) = (&store, &stop);
        let writers: Vec<_> = models
            .iter_mut()
            .zip(&changes)
            .map(|(model, changes)| scope.spawn(move || model.change(store, size, stop, changes)))
            .collect();
        let few = |changes: &AtomicUsize| changes.load(Ordering::SeqCst) < CHANGES_MIN;
        let all_write = || !writers.iter().any(|writer| writer.is_finished());
        let mut rewrites = 0;
        while all_write() && (rewrites < REWRITES_MIN || changes.iter().any(few)) {
            store.rewrite().expect("it begins").wait().expect("it ends");
            rewrites += 1;
        }
        stop.store(true, Ordering::SeqCst);
        for writer in writers {
            writer.join().expect("no panic");
        }
    });
    store.close().expect("close");
    let store = open(directory.path());
    for model in &models {
        model.compare(&store);
    }
}

#[test]
fn a_value_that_only_an_abandoned_rewrite_held_is_freed_in_steps() {
    const MEMBERS: usize = 20_000;
    let engine = EngineOptions {
        appendfsync: AppendFsync::No,
        ..EngineOptions::default()
    };
    let mut machine = Machine::open(MemVfs::default(), &options(engine));
    for from in (0..MEMBERS).step_by(FILL) {
        let members = (from..from + FILL).map(|number| format!("member {number}"));
        let argv: Vec<String> = ["RPUSH".into(), "list".into()]
            .into_iter()
            .chain(members)
            .collect();
        let argv: Vec<&[u8]> = argv.iter().map(String::as_bytes).collect();
        machine.submit(vec![Command::parse(&argv).expect("a command")]);
    }
    machine.run();
    machine.engine.rewrite(machine.now).expect("it begins");
    machine.step(Lane::Background); // creates the file
    machine.step(Lane::Background); // writes the first chunk
    machine.submit(vec![Command::parse(&[b"DEL", b"list"]).expect("a command")]);
    while machine.step(Lane::Foreground) {}
    while machine.engine.housekeep() {}
    machine.engine.cancel_rewrite(machine.now);
    let steps = (1..).take_while(|_| machine.engine.housekeep()).count();
    assert!(steps >= 8, "{MEMBERS} members were freed in {steps} steps");
}

fn open(directory: &Path) -> Store {
    let options = Options {
        appendfsync: AppendFsync::No,
        auto_aof_rewrite_percentage: 0,
        ..Options::default()
    };
    Store::open(directory, options).expect("open")
}

/// What a collection must hold.
enum Model {
    List(VecDeque<String>),
    Hash(HashMap<String, String>),
    Set(HashSet<String>),
    ZSet(HashMap<String, String>),
}

impl Model {
    const fn key(&self) -> &'static str {
        match self {
            Self::List(_) => "list",
            Self::Hash(_) => "hash",
            Self::Set(_) => "set",
            Self::ZSet(_) => "zset",
        }
    }

    fn fill(&mut self, store: &Store, size: usize) {
        for from in (0..size).step_by(FILL) {
            let members = (from..(from + FILL).min(size)).map(member);
            let mut argv = vec![self.key().to_owned()];
            let name = match self {
                Self::List(list) => {
                    argv.extend(members.inspect(|member| list.push_back(member.clone())));
                    "RPUSH"
                }
                Self::Hash(fields) => {
                    for field in members {
                        argv.extend([field.clone(), "value".to_owned()]);
                        fields.insert(field, "value".to_owned());
                    }
                    "HSET"
                }
                Self::Set(set) => {
                    for member in members {
                        argv.push(member.clone());
                        set.insert(member);
                    }
                    "SADD"
                }
                Self::ZSet(scores) => {
                    for member in members {
                        argv.extend(["1".to_owned(), member.clone()]);
                        scores.insert(member, "1".to_owned());
                    }
                    "ZADD"
                }
            };
            argv.insert(0, name.to_owned());
            store.execute(&argv).expect("a commit");
        }
    }

    /// Changes members until it is told to stop, and counts.
    fn change(&mut self, store: &Store, size: usize, stop: &AtomicBool, count: &AtomicUsize) {
        let mut changes = 0;
        while !stop.load(Ordering::SeqCst) {
            let key = self.key().to_owned();
            let (name, rest) = self.next(changes, size);
            let argv: Vec<String> = [name.to_owned(), key].into_iter().chain(rest).collect();
            let reply = store.execute(&argv).expect("a commit");
            assert!(!matches!(reply, Reply::Error(_)), "{argv:?}: {reply:?}");
            changes += 1;
            count.store(changes, Ordering::SeqCst);
        }
    }

    /// The next change, which the model has made already.
    fn next(&mut self, number: usize, size: usize) -> (&'static str, Vec<String>) {
        let drawn = mix(number) as usize;
        let (name, fresh) = (member(drawn % (size + size / 8)), format!("new {number}"));
        let score = (drawn % 1_000).to_string();
        match (self, number % 3) {
            (Self::List(list), 0) => {
                list.push_front(fresh.clone());
                ("LPUSH", vec![fresh])
            }
            (Self::List(list), 1) => {
                list.pop_front();
                list.pop_front();
                ("LPOP", vec!["2".to_owned()])
            }
            (Self::List(list), _) => {
                let at = drawn % list.len();
                list[at].clone_from(&fresh);
                ("LSET", vec![at.to_string(), fresh])
            }
            (Self::Hash(fields), 0) => {
                fields.remove(&name);
                ("HDEL", vec![name])
            }
            (Self::Hash(fields), _) => {
                fields.insert(name.clone(), fresh.clone());
                ("HSET", vec![name, fresh])
            }
            (Self::Set(set), 0) => {
                set.remove(&name);
                ("SREM", vec![name])
            }
            (Self::Set(set), _) => {
                set.insert(name.clone());
                ("SADD", vec![name])
            }
            (Self::ZSet(scores), 0) => {
                scores.remove(&name);
                ("ZREM", vec![name])
            }
            (Self::ZSet(scores), _) => {
                scores.insert(name.clone(), score.clone());
                ("ZADD", vec![score, name])
            }
        }
    }

    /// Panics if the store holds something else.
    fn compare(&self, store: &Store) {
        let key = self.key();
        let all = |argv: &[&str]| texts(store.execute(argv).expect("it reads"));
        let pairs = |argv: &[&str]| -> HashMap<String, String> {
            let mut texts = all(argv).into_iter();
            std::iter::from_fn(|| Some((texts.next()?, texts.next()?))).collect()
        };
        // Not `assert_eq`: it would print millions.
        let same = match self {
            Self::List(list) => list.iter().eq(&all(&["LRANGE", key, "0", "-1"])),
            Self::Hash(fields) => *fields == pairs(&["HGETALL", key]),
            Self::Set(set) => {
                let found = all(&["SMEMBERS", key]);
                found.len() == set.len() && found.iter().all(|member| set.contains(member))
            }
            Self::ZSet(scores) => *scores == pairs(&["ZRANGE", key, "0", "-1", "WITHSCORES"]),
        };
        assert!(same, "the {key} is not what was acknowledged");
    }
}

fn member(number: usize) -> String {
    format!("member {number}")
}

fn texts(reply: Reply) -> Vec<String> {
    let Reply::Array(items) = reply else {
        panic!("no array");
    };
    let text = |item| match item {
        Reply::Bulk(bytes) => String::from_utf8(bytes.to_vec()).expect("text"),
        other => panic!("{other:?}"),
    };
    items.into_iter().map(text).collect()
}

/// SplitMix64.
fn mix(number: usize) -> u64 {
    let mut mixed = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
