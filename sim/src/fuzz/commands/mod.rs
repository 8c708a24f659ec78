//! Commands, rewrites and crashes against a plain model.

mod model;
mod said;
mod words;

use indelible::command::Command;
use indelible::effect::Lane;
use indelible::engine::Batch;
use indelible::keyspace::{Keyspace, Value as Kept};
use indelible::recover::OpenOptions;
use indelible::vfs::MemVfs;

use super::seeded;
use crate::choice::{Bytes, Choices};
use crate::machine::Machine;
use model::{Entry, Model, Value};
use said::agrees;

/// Commands of one input at most.
const COMMANDS_MAX: u64 = 400;
/// Databases that are used.
const DATABASES: u32 = 3;

/// Does what the bytes choose with a store and with a plain model of it, and says how much that was.
///
/// # Panics
/// If a reply is not the model's, if the store holds something else than the model, or if an opening
/// finds something else than was there before.
#[must_use]
pub fn commands(bytes: &[u8]) -> String {
    judged(bytes, 0)
}

/// The same of a store with a seeded bug; 0: none.
pub(super) fn judged(bytes: &[u8], saboteur: u32) -> String {
    let mut choices = Bytes::new(bytes);
    let mut run = Run::new(saboteur);
    while !choices.is_over() && run.commands < COMMANDS_MAX {
        match choices.choose_weighted(&[90, 12, 8, 4, 4, 3]) {
            0 => run.commit(1, &mut choices),
            1 => {
                let count = 2 + choices.choose(3);
                run.commit(count, &mut choices);
            }
            2 => run.db = choices.choose(DATABASES),
            3 => run.pass(choices.choose(3_000)),
            4 => run.rewrite(),
            _ => run.reopen(),
        }
    }
    run.reopen();
    format!(
        "{} commands, {} refused, {} openings, {} rewrites, {} keys",
        run.commands,
        run.refused,
        run.openings,
        run.rewrites,
        run.model.len()
    )
}

/// A store and its model.
struct Run {
    options: OpenOptions,
    vfs: MemVfs,
    machine: Machine<MemVfs>,
    model: Model,
    db: u32,
    commands: u64,
    refused: u64,
    openings: u64,
    rewrites: u64,
}

impl Run {
    fn new(saboteur: u32) -> Self {
        let vfs = MemVfs::default();
        let options = seeded(saboteur);
        let machine = Machine::open(vfs.clone(), &options);
        Self {
            options,
            vfs,
            machine,
            model: Model::default(),
            db: 0,
            commands: 0,
            refused: 0,
            openings: 1,
            rewrites: 0,
        }
    }

    /// So many commands at once.
    fn commit(&mut self, count: u32, choices: &mut Bytes<'_>) {
        self.model.now = self.machine.now.wall.0;
        let mut batch = Batch::default();
        let mut expected = Vec::new();
        for _ in 0..count {
            let argv = words::command(choices, self.model.now);
            let borrowed: Vec<&[u8]> = argv.iter().map(Vec::as_slice).collect();
            let command = Command::parse(&borrowed);
            let command = command.unwrap_or_else(|error| panic!("{}: {error}", shown(&argv)));
            batch.commands.push((self.db, command));
            expected.push((self.model.execute(self.db, &argv), argv));
        }
        let submitted = self.machine.engine.submit(self.machine.now, batch);
        let replies = submitted.expect("there is room").replies;
        assert_eq!(replies.len(), expected.len(), "each command is answered");
        for (reply, (said, argv)) in replies.iter().zip(&expected) {
            self.commands += 1;
            self.refused += u64::from(reply.error().is_some());
            assert!(
                agrees(said, reply),
                "{}: expected {said:?}, found {reply:?}",
                shown(argv)
            );
        }
        self.work(choices.choose(9));
    }

    /// The lanes go on: to their end, or by a few steps, so that commits meet a rewrite at any place.
    fn work(&mut self, work: u32) {
        if work == 0 {
            self.machine.run();
        }
        for _ in 0..work % 3 {
            self.machine.step(Lane::Foreground);
        }
        for _ in 0..work / 3 {
            self.machine.step(Lane::Background);
        }
    }

    /// Time passes, and keys expire.
    fn pass(&mut self, millis: u32) {
        self.machine.run_for(millis.into());
        self.compare("time passed");
    }

    fn rewrite(&mut self) {
        let begun = self.machine.engine.rewrite(self.machine.now);
        self.rewrites += u64::from(begun.is_ok());
    }

    /// The process dies once all is written, perhaps within a rewrite, and the store is opened again.
    fn reopen(&mut self) {
        while self.machine.step(Lane::Foreground) {}
        self.compare("before a crash");
        self.openings += 1;
        self.options.now = self.machine.now;
        // One process has the store open at a time: the old one goes first.
        let elsewhere = Machine::open(MemVfs::default(), &self.options);
        drop(std::mem::replace(&mut self.machine, elsewhere));
        self.machine = Machine::open(self.vfs.clone(), &self.options);
        self.compare("after an opening");
    }

    fn compare(&mut self, when: &str) {
        self.model.now = self.machine.now.wall.0;
        self.model.expire();
        let keyspace = self.machine.engine.keyspace();
        keyspace.check_invariants();
        let mut found = 0;
        for db in keyspace.databases() {
            for (key, entry) in keyspace.iter(db) {
                if !entry.is_live(self.machine.now.wall) {
                    continue;
                }
                found += 1;
                let kept = entry.to_entry();
                let expected = self.model.get(db, key);
                let same = expected.is_some_and(|expected| {
                    expected.expiry == kept.expiry.map(|at| at.0) && same(expected, &kept.value)
                });
                let key = key.escape_ascii();
                assert!(
                    same,
                    "{when}: database {db}, {key}: expected {expected:?}, found {kept:?}"
                );
            }
        }
        assert_eq!(
            found,
            self.model.len(),
            "{when}: {}",
            missing(&self.model, keyspace)
        );
    }
}

fn missing(model: &Model, keyspace: &Keyspace) -> String {
    let keys = model.keys();
    let keys = keys.filter(|(db, key)| keyspace.get(*db, key).is_none());
    let keys: Vec<String> = keys
        .map(|(db, key)| format!("{db}/{}", key.escape_ascii()))
        .collect();
    format!("missing are {keys:?}")
}

fn same(entry: &Entry, kept: &Kept) -> bool {
    match (&entry.value, kept) {
        (Value::String(bytes), Kept::String(string)) => string.to_vec() == *bytes,
        (Value::List(list), Kept::List(kept)) => {
            list.len() == kept.len() && list.iter().zip(kept.iter()).all(|(a, b)| a == b)
        }
        (Value::Set(set), Kept::Set(kept)) => {
            set.len() == kept.len() && kept.iter().all(|member| set.contains(member))
        }
        (Value::Hash(fields), Kept::Hash(kept)) => {
            let same = |(field, value): (&[u8], &[u8])| {
                fields.get(field).is_some_and(|other| other == value)
            };
            fields.len() == kept.len() && kept.iter().all(same)
        }
        (Value::ZSet(zset), Kept::ZSet(kept)) => {
            let ranked = model::ranked(zset);
            let pairs = ranked.iter().map(|(member, score)| (*score, &member[..]));
            zset.len() == kept.len() && pairs.eq(kept.iter())
        }
        _ => false,
    }
}

fn shown(argv: &[Vec<u8>]) -> String {
    let words = argv.iter().map(|word| word.escape_ascii().to_string());
    words.collect::<Vec<_>>().join(" ")
}
