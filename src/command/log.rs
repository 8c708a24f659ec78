//! What a commit puts into the log.

use alloc::vec::Vec;

use crate::keyspace::Str;
use crate::resp;

/// One argument of a command to be logged.
#[derive(Clone, Copy)]
pub(super) enum Arg<'a> {
    Bytes(&'a [u8]),
    Str(&'a Str),
    Int(i64),
}

/// Collects the effects of one commit's commands, as commands that need no clock.
///
/// The database of the first is told apart ([`LoggedCommit::db`]), a `SELECT` stands wherever a
/// later one differs from the one before, and two commands or more are wrapped in `MULTI` and
/// `EXEC`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CommitLog {
    body: Vec<u8>,
    /// The databases of the first and of the last command.
    dbs: Option<(u32, u32)>,
    commands: u32,
}

/// What a commit puts into the log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LoggedCommit {
    /// The database that must be selected before.
    pub db: u32,
    /// The database that is selected afterwards.
    pub end_db: u32,
    /// How many commands, without `SELECT`, `MULTI` and `EXEC`.
    pub commands: u32,
    /// The commands as bytes.
    pub bytes: Vec<u8>,
}

impl CommitLog {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes it holds so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.body.len()
    }

    /// Whether nothing is to be logged so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.commands == 0
    }

    /// How many commands it holds so far.
    #[must_use]
    pub fn commands(&self) -> u32 {
        self.commands
    }

    /// What is to be logged; none if nothing changed.
    #[must_use]
    pub fn finish(mut self) -> Option<LoggedCommit> {
        let (db, end_db) = self.dbs?;
        if self.commands > 1 {
            resp::write_command(&mut self.body, &[b"EXEC"]);
        }
        Some(LoggedCommit {
            db,
            end_db,
            commands: self.commands,
            bytes: self.body,
        })
    }

    /// Adds a command with one kind of arguments behind a name.
    pub(super) fn push(&mut self, db: u32, name: &str, args: &[Arg<'_>]) {
        self.begin(db, 1 + args.len(), name);
        for arg in args {
            self.arg(*arg);
        }
    }

    /// Adds one command that is written already.
    pub(super) fn push_written(&mut self, db: u32, command: &[u8]) {
        self.enter(db);
        self.body.extend_from_slice(command);
    }

    /// Begins a command of `argc` arguments, its name included.
    pub(super) fn begin(&mut self, db: u32, argc: usize, name: &str) {
        self.enter(db);
        resp::write_argc(&mut self.body, argc);
        resp::write_bulk(&mut self.body, name.as_bytes());
    }

    /// One more command follows.
    fn enter(&mut self, db: u32) {
        if self.commands == 1 {
            let mut multi = Vec::new();
            resp::write_command(&mut multi, &[b"MULTI"]);
            self.body.splice(..0, multi);
        }
        let (first, last) = self.dbs.unwrap_or((db, db));
        if last != db {
            write_select(&mut self.body, db);
        }
        self.dbs = Some((first, db));
        self.commands += 1;
    }

    pub(super) fn arg(&mut self, arg: Arg<'_>) {
        write_arg(&mut self.body, arg);
    }
}

/// Writes `SELECT db` behind what is in `out`.
pub fn write_select(out: &mut Vec<u8>, db: u32) {
    resp::write_argc(out, 2);
    resp::write_bulk(out, b"SELECT");
    write_arg(out, Arg::Int(db.into()));
}

fn write_arg(out: &mut Vec<u8>, arg: Arg<'_>) {
    match arg {
        Arg::Bytes(bytes) => resp::write_bulk(out, bytes),
        Arg::Str(string) => resp::write_bulk_pieces(out, string.len(), string.chunks()),
        Arg::Int(number) => {
            let mut digits = Vec::new();
            resp::write_integer(&mut digits, number);
            resp::write_bulk(out, &digits);
        }
    }
}
