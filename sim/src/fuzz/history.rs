//! Logs as the store writes them, and what each of their prefixes holds.

use std::sync::OnceLock;

use indelible::command::Command;
use indelible::engine::Batch;
use indelible::keyspace::Keyspace;
use indelible::units::Identity;
use indelible::vfs::{Access, MemVfs, Vfs};

use super::always;
use crate::machine::Machine;

/// How many different logs there are.
pub const HISTORIES: usize = 4;

/// The live log's name.
pub(super) const LIVE: &str = "appendonly.aof";

/// A log, and the keyspace after each commit.
#[derive(Debug)]
pub(super) struct History {
    pub log: Vec<u8>,
    /// By the number of the commit.
    pub states: Vec<Keyspace>,
    /// Up to which commit the whole log proves durability.
    pub evidence: u64,
    /// Whose history it is.
    pub identity: Identity,
    /// Where lines begin, and the end of the log.
    pub borders: Vec<usize>,
}

/// The bytes of the log with this number, modulo [`HISTORIES`].
#[must_use]
pub fn history_log(number: usize) -> Vec<u8> {
    history(number).log.clone()
}

/// The log with this number, modulo [`HISTORIES`], made once.
pub(super) fn history(number: usize) -> &'static History {
    static MADE: [OnceLock<History>; HISTORIES] = [const { OnceLock::new() }; HISTORIES];
    let number = number % HISTORIES;
    MADE[number].get_or_init(|| make(number))
}

/// Commits of the openings, one after the other; `*` begins a rewrite.
const OPENINGS: [&[&[&str]]; HISTORIES] = [
    &[
        &["SET k0 a", "SET k1 bb", "SET k0 ccc"],
        &["SET k2 d", "DEL k1"],
    ],
    &[
        &["SET k v", "*", "SET k w", "APPEND k x"],
        &["RPUSH l 1 2 3", "LPOP l", "*", "SET k y"],
        &["SADD s a b c", "ZADD z 1 a 2 b"],
    ],
    &[
        &["MSET a 1 b 2; INCR a; SELECT 3; SET c 3", "HSET h f v g w"],
        &["SELECT 3; DEL c; SELECT 0; SET c 4", "*", "FLUSHDB"],
    ],
    &[
        // A value that holds the bytes of a log tells the truth about no commit of its own.
        &["SET k #~commits", "SET k * PXAT 1900000000000", "*"],
        &[],
        &["SET k #~mark KEEPTTL", "PERSIST k", "RENAME k j"],
        &["EXPIREAT j 1900000001", "SET i i", "SET i j", "SET i k"],
    ],
];

fn make(number: usize) -> History {
    let vfs = MemVfs::default();
    let mut states = vec![Keyspace::new(super::HASH_SEED)];
    for (openings, commits) in (0..).zip(OPENINGS[number]) {
        let mut options = always();
        options.now = crate::machine::at(openings * 60_000);
        options.identity_seed = number as u64;
        let mut machine = Machine::open(vfs.clone(), &options);
        assert_eq!(machine.report.lsn.0 as usize, states.len() - 1);
        for commit in *commits {
            if *commit == "*" {
                machine
                    .engine
                    .rewrite(machine.now)
                    .expect("none is in progress");
            } else {
                let now = machine.now;
                machine.engine.submit(now, batch(commit)).expect("room");
                states.push(machine.engine.keyspace().clone());
            }
            machine.run();
        }
        machine.run_for(3_000);
    }
    let log = read(&vfs);
    let loaded = indelible::recover::load(&vfs, LIVE, super::HASH_SEED).expect("it is whole");
    assert_eq!(loaded.lsn.0 as usize, states.len() - 1, "each is a commit");
    let lines = log.windows(4).enumerate();
    let lines = lines.filter(|(at, four)| *at > 0 && four.starts_with(b"\n#~"));
    let borders = lines.map(|(at, _)| at + 1).chain([log.len()]).collect();
    History {
        log,
        borders,
        states,
        evidence: loaded.evidence.0,
        identity: loaded.identity,
    }
}

/// Commands that `; ` parts, words that spaces part.
fn batch(commit: &str) -> Batch {
    let mut db = 0;
    let mut commands = Vec::new();
    for command in commit.split("; ") {
        let argv: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
        match Command::parse(&argv).expect("well formed") {
            Command::Select { db: other } => db = other,
            command => commands.push((db, command)),
        }
    }
    Batch {
        commands,
        appendfsync: None,
    }
}

/// The live log's bytes.
pub(super) fn read<V: Vfs>(vfs: &V) -> Vec<u8> {
    let file = vfs.open(LIVE, Access::Read).expect("there is a log");
    let mut bytes = vec![0; vfs.len(&file).expect("a length") as usize];
    let read = vfs.read_at(&file, 0, &mut bytes).expect("it is read");
    assert_eq!(read, bytes.len());
    bytes
}

/// A directory with this log.
pub(super) fn holding(bytes: &[u8]) -> MemVfs {
    let vfs = MemVfs::default();
    let file = vfs.create(LIVE).expect("the directory is empty");
    vfs.write_at(&file, 0, bytes).expect("there is room");
    vfs
}
