//! Logged commands, applied again.

use alloc::string::String;
use alloc::vec::Vec;

use super::types::{ExpireTime, SetExpiry};
use super::{Command, CommandError, CommitLog, Reply, execute};
use crate::keyspace::{Entry, Keyspace};
use crate::limits::{COLLECT_STEP, KEY_LEN_MAX};
use crate::units::WallMillis;

/// Applies logged commands to a keyspace. Keys never expire meanwhile, and no clock is needed.
///
/// A command outside `MULTI` is one commit, and so is all between `MULTI` and `EXEC`: it is applied
/// at the `EXEC` and not before. So a log that ends within a `MULTI` leaves no part of it.
#[derive(Clone, Debug, Default, Hash)]
pub struct Replay {
    db: u32,
    /// What came since the `MULTI`, with its databases.
    multi: Option<Vec<(u32, Logged)>>,
    /// The database to go back to if the `MULTI` never ends.
    db_before: u32,
}

/// What is to be applied.
#[derive(Clone, Debug, Hash)]
enum Logged {
    Command(Command),
    /// A key with what it holds; whether it may replace what is there.
    Restore {
        key: Vec<u8>,
        entry: Entry,
        replace: bool,
    },
}

/// What a logged command did.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Applied {
    /// Nothing yet: `SELECT`, `MULTI`, or a command within a `MULTI`.
    Pending,
    /// One commit.
    Commit {
        /// How many commands it had.
        commands: u32,
        /// Those that were refused and did nothing, in their order. Redis goes on after them when
        /// it loads; nothing that a store of ours logs is among them.
        refused: Vec<Refused>,
    },
}

/// A command of a commit that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refused {
    /// Its place among the commands of the commit, from 0; `SELECT` is not counted.
    pub at: u32,
    /// Its name, in lower case.
    pub name: &'static str,
    /// Why.
    pub error: CommandError,
}

/// Why a logged command cannot be applied; nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// It is no command, or not with these arguments.
    #[error("{0}")]
    Command(#[from] CommandError),
    /// It reads only, so nobody logs it.
    #[error("'{name}' is no command that changes anything")]
    NotAWrite {
        /// Its name, in lower case.
        name: String,
    },
    /// Its effect depends on when it was executed.
    #[error("'{name}' with a relative time cannot be loaded")]
    RelativeTime {
        /// Its name, in lower case.
        name: String,
    },
    /// Its effect was drawn.
    #[error("'{name}' draws, and cannot be loaded")]
    Draws {
        /// Its name, in lower case.
        name: String,
    },
    /// `MULTI` within a `MULTI`.
    #[error("MULTI within MULTI")]
    Nested,
    /// `EXEC` without a `MULTI`.
    #[error("EXEC without MULTI")]
    WithoutMulti,
}

impl Replay {
    /// At the beginning of a log: database 0, no `MULTI`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The database that is selected.
    #[must_use]
    pub fn db(&self) -> u32 {
        self.db
    }

    /// Whether a `MULTI` waits for its `EXEC`.
    #[must_use]
    pub fn in_multi(&self) -> bool {
        self.multi.is_some()
    }

    /// Forgets a `MULTI` that has not ended.
    pub fn discard_multi(&mut self) {
        if self.multi.take().is_some() {
            self.db = self.db_before;
        }
    }

    /// Applies one logged command.
    ///
    /// # Errors
    /// If it is none that a log may hold.
    pub fn apply(
        &mut self,
        keyspace: &mut Keyspace,
        argv: &[&[u8]],
    ) -> Result<Applied, ReplayError> {
        match argv {
            [name] if name.eq_ignore_ascii_case(b"multi") => self.begin_multi(),
            [name] if name.eq_ignore_ascii_case(b"exec") => self.exec(keyspace),
            // Old servers logged it so, where it had not to wait.
            [name, from, to, _timeout] if name.eq_ignore_ascii_case(b"brpoplpush") => {
                self.command(keyspace, Command::parse(&[b"RPOPLPUSH", from, to])?)
            }
            _ => self.command(keyspace, Command::parse(argv)?),
        }
    }

    /// Puts a value under a key, as one logged command; unless `replace`, it is refused where a key
    /// is there.
    ///
    /// # Errors
    /// If the key is too long.
    pub fn restore(
        &mut self,
        keyspace: &mut Keyspace,
        key: &[u8],
        entry: Entry,
        replace: bool,
    ) -> Result<Applied, ReplayError> {
        if key.len() > KEY_LEN_MAX {
            return Err(CommandError::KeyTooLong.into());
        }
        let key = key.to_vec();
        let restore = Logged::Restore {
            key,
            entry,
            replace,
        };
        Ok(self.logged(keyspace, restore))
    }

    fn begin_multi(&mut self) -> Result<Applied, ReplayError> {
        if self.in_multi() {
            return Err(ReplayError::Nested);
        }
        self.multi = Some(Vec::new());
        self.db_before = self.db;
        Ok(Applied::Pending)
    }

    fn exec(&mut self, keyspace: &mut Keyspace) -> Result<Applied, ReplayError> {
        let commands = self.multi.take().ok_or(ReplayError::WithoutMulti)?;
        Ok(commit(keyspace, commands))
    }

    fn command(
        &mut self,
        keyspace: &mut Keyspace,
        command: Command,
    ) -> Result<Applied, ReplayError> {
        if let Command::Select { db } = command {
            self.db = db;
            return Ok(Applied::Pending);
        }
        let name = || String::from(command.name());
        if !command.is_write() {
            return Err(ReplayError::NotAWrite { name: name() });
        }
        if command.draws() {
            return Err(ReplayError::Draws { name: name() });
        }
        if has_relative_time(&command) {
            return Err(ReplayError::RelativeTime { name: name() });
        }
        Ok(self.logged(keyspace, Logged::Command(command)))
    }

    fn logged(&mut self, keyspace: &mut Keyspace, logged: Logged) -> Applied {
        match &mut self.multi {
            Some(commands) => {
                commands.push((self.db, logged));
                Applied::Pending
            }
            None => commit(keyspace, Vec::from([(self.db, logged)])),
        }
    }
}

fn has_relative_time(command: &Command) -> bool {
    match command {
        Command::Set { options, .. } => matches!(options.expiry, SetExpiry::In(_)),
        Command::Expire { time, .. } => {
            matches!(time, ExpireTime::Seconds(_) | ExpireTime::Millis(_))
        }
        Command::SetEx { .. } | Command::PSetEx { .. } => true,
        Command::Call(call) => {
            let option = call.argv().get(2).map(|option| option.to_ascii_lowercase());
            command.name() == "getex" && option.is_some_and(|it| it == b"ex" || it == b"px")
        }
        _ => false,
    }
}

/// Before any expiry: at that time no key has expired.
const BEFORE_ALL: WallMillis = WallMillis(0);

fn commit(keyspace: &mut Keyspace, all: Vec<(u32, Logged)>) -> Applied {
    let commands = u32::try_from(all.len()).expect("they fit memory");
    let mut refused = Vec::new();
    for (at, (db, logged)) in (0..).zip(all) {
        if let Err((name, error)) = apply_one(keyspace, db, logged) {
            refused.push(Refused { at, name, error });
        }
    }
    let undo = keyspace.take_undo();
    keyspace.retire(undo);
    keyspace.collect(COLLECT_STEP);
    Applied::Commit { commands, refused }
}

fn apply_one(
    keyspace: &mut Keyspace,
    db: u32,
    logged: Logged,
) -> Result<(), (&'static str, CommandError)> {
    match logged {
        Logged::Command(command) => {
            let mut log = CommitLog::new();
            match execute(keyspace, db, &command, BEFORE_ALL, &mut log) {
                Reply::Error(error) => Err((command.name(), error)),
                _ => Ok(()),
            }
        }
        Logged::Restore {
            key,
            entry,
            replace,
        } => {
            if !replace && keyspace.get(db, &key).is_some() {
                return Err(("restore", CommandError::BusyKey));
            }
            keyspace.insert(db, &key, entry);
            Ok(())
        }
    }
}
