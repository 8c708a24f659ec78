//! What is applied of a damaged source, and what is left out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use indelible::command::{Applied, Replay};
use indelible::keyspace::Keyspace;
use indelible::limits::{COLLECT_STEP, SKIPPED_KEPT_MAX};
use indelible::redis::rdb::Unsupported;
use indelible::redis::{self, ApplyError};

use crate::machine::random;

/// Commands whose result does not depend on the value that was there.
const INDEPENDENT: [&str; 26] = [
    "SELECT",
    "MULTI",
    "EXEC",
    "SET",
    "MSET",
    "DEL",
    "UNLINK",
    "SADD",
    "SREM",
    "HSET",
    "HMSET",
    "HDEL",
    "ZADD",
    "ZREM",
    "PEXPIREAT",
    "EXPIREAT",
    "PERSIST",
    "FLUSHDB",
    "FLUSHALL",
    "SETRANGE",
    "SETBIT",
    "PFADD",
    "HSETNX",
    "SETNX",
    "MSETNX",
    "RESTORE",
];

/// A region that is left out.
pub struct Cut {
    pub path: PathBuf,
    pub offset: usize,
    pub why: String,
    pub bytes: Vec<u8>,
}

/// The state that a repair gives back, and how it came about.
pub struct Salvage {
    pub keyspace: Keyspace,
    pub cuts: Vec<Cut>,
    /// First and last of each run.
    pub lost_commits: Vec<(u64, u64)>,
    pub commands: u64,
    /// Commands that did nothing.
    pub refused: u64,
    pub notes: Vec<String>,
    /// Why nothing can be given back.
    pub refusal: Option<String>,
    /// What is not supported and was left out, by kind.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Details of the first of it.
    pub skipped_items: Vec<String>,
    /// Whether something before was lost.
    pub behind_loss: bool,
    dependent: BTreeMap<String, u64>,
}

impl Salvage {
    pub fn new() -> Self {
        Self {
            keyspace: Keyspace::new(random()),
            cuts: Vec::new(),
            lost_commits: Vec::new(),
            commands: 0,
            refused: 0,
            notes: Vec::new(),
            refusal: None,
            skipped: BTreeMap::new(),
            skipped_items: Vec::new(),
            behind_loss: false,
            dependent: BTreeMap::new(),
        }
    }

    /// Bytes that are left out.
    pub fn cut_len(&self) -> u64 {
        self.cuts.iter().map(|cut| cut.bytes.len() as u64).sum()
    }

    pub fn cut(&mut self, path: &Path, bytes: &[u8], from: usize, to: usize, why: String) {
        if from < to {
            self.cuts.push(Cut {
                path: path.to_owned(),
                offset: from,
                why,
                bytes: bytes[from..to].to_vec(),
            });
            self.behind_loss = true;
        }
    }

    /// Commands behind a loss whose result depends on the value before, by name.
    pub fn dependent(&self) -> &BTreeMap<String, u64> {
        &self.dependent
    }

    /// Notes what is not supported and is left out.
    pub fn skip(&mut self, path: &Path, offset: u64, command: Option<&str>, what: Unsupported) {
        *self.skipped.entry(what.kind()).or_default() += 1;
        if self.skipped_items.len() < SKIPPED_KEPT_MAX {
            let command = command.map_or_else(String::new, |name| format!("{name}: "));
            let item = format!("{}: offset {offset}: {command}{what}", path.display());
            self.skipped_items.push(item);
        }
    }

    /// Applies a command; those of its commit that were refused for a limit of ours, where Redis may
    /// have executed them.
    pub fn apply(
        &mut self,
        replay: &mut Replay,
        argv: &[&[u8]],
    ) -> Result<Vec<(&'static str, Unsupported)>, ApplyError> {
        let applied = redis::apply(replay, &mut self.keyspace, argv)?;
        self.keyspace.collect(COLLECT_STEP);
        self.commands += 1;
        let mut beyond = Vec::new();
        if let Applied::Commit { refused, .. } = applied {
            for refused in refused {
                match Unsupported::of_refusal(&refused.error) {
                    Some(what) => beyond.push((refused.name, what)),
                    None => self.refused += 1,
                }
            }
        }
        if self.behind_loss {
            let name = argv[0].to_ascii_uppercase();
            let name = name.escape_ascii().to_string();
            if !INDEPENDENT.contains(&name.as_str()) {
                *self.dependent.entry(name).or_default() += 1;
            }
        }
        Ok(beyond)
    }
}
