//! Building what becomes one commit.

use std::vec::Vec;

use super::clock;
use crate::command::{Command, CommandError};
use crate::engine::{AppendFsync, Batch};
use crate::keyspace::Str;
use crate::limits;

/// Commands that become one commit: after any crash all of them are there, or none.
///
/// A command that is refused (`INCR` of a text) changes nothing and leaves the others as they are,
/// as in Redis's MULTI.
#[derive(Clone, Debug)]
pub struct Commands {
    db: u32,
    batch: Batch,
}

impl Commands {
    pub(super) fn new(db: u32, appendfsync: Option<AppendFsync>) -> Self {
        let commands = Vec::new();
        Self {
            db,
            batch: Batch {
                commands,
                appendfsync,
            },
        }
    }

    pub(super) fn into_batch(self) -> Batch {
        self.batch
    }

    /// Whether there is no command yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.batch.commands.is_empty()
    }

    /// How many commands there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.batch.commands.len()
    }

    /// The commands from here on are for this database.
    ///
    /// # Panics
    /// If `number` is not below [`DATABASES_MAX`](limits::DATABASES_MAX).
    pub fn db(&mut self, number: u32) -> &mut Self {
        self.db = checked(number);
        self
    }

    /// When this commit is acknowledged, whatever the store's policy is.
    pub fn appendfsync(&mut self, policy: AppendFsync) -> &mut Self {
        self.batch.appendfsync = Some(policy);
        self
    }

    /// Any command.
    pub fn push(&mut self, mut command: Command) -> &mut Self {
        command.bring_seed(clock::random);
        self.batch.commands.push((self.db, command));
        self
    }

    /// A command as Redis's clients write it.
    ///
    /// # Errors
    /// Redis's words; nothing is added.
    pub fn argv(&mut self, argv: &[impl AsRef<[u8]>]) -> Result<&mut Self, CommandError> {
        Ok(self.push(parse(argv)?))
    }

    /// Puts several values at once (`MSET`); without pairs it is refused.
    pub fn mset(
        &mut self,
        pairs: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>,
    ) -> &mut Self {
        self.push(mset(pairs))
    }
}

pub(super) fn parse(argv: &[impl AsRef<[u8]>]) -> Result<Command, CommandError> {
    let argv: Vec<&[u8]> = argv.iter().map(AsRef::as_ref).collect();
    Command::parse(&argv)
}

pub(super) fn checked(number: u32) -> u32 {
    assert!(
        number < limits::DATABASES_MAX,
        "database {number} is out of bounds"
    );
    number
}

pub(super) fn bytes(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    bytes.as_ref().to_vec()
}

pub(super) fn string(bytes: impl AsRef<[u8]>) -> Str {
    Str::from(bytes.as_ref())
}

pub(super) fn all(all: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<Vec<u8>> {
    all.into_iter().map(bytes).collect()
}

pub(super) fn mset(
    pairs: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>,
) -> Command {
    let pair = |(key, value)| (bytes(key), string(value));
    let pairs = pairs.into_iter().map(pair).collect();
    Command::MSet { pairs }
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
