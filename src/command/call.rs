//! Commands on collections: a name, its arguments, and what executes them.
//!
//! Arguments are read when the command is executed, for Redis answers some mistakes before it
//! looks at the key and some after.

use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};

use super::lookup::{self, Known};
use super::{CommandError, Reply, View, Writer};
use crate::limits::ARGC_MAX;

pub(super) type Result<T = Reply> = core::result::Result<T, CommandError>;
/// Some of the arguments.
pub(super) type Args<'a> = &'a [Vec<u8>];
/// The arguments, the name in upper case before them.
pub(super) type Argv = [Vec<u8>];

/// What is known of a command by its name.
pub(super) struct Spec {
    pub name: &'static str,
    /// Least and most arguments, the name included.
    pub argc: (usize, usize),
    /// How many of its first arguments name keys that it may make.
    pub keys: usize,
    /// Whether it draws.
    pub draws: bool,
    pub run: Run,
}

/// What executes a command.
#[derive(Clone, Copy)]
pub(super) enum Run {
    Read(fn(View<'_>, &Argv) -> Result),
    Write(fn(&mut Writer<'_>, &Argv) -> Result),
}

/// No bound on the arguments.
pub(super) const MANY: usize = ARGC_MAX;

impl Spec {
    pub const fn read(
        name: &'static str,
        least: usize,
        most: usize,
        run: fn(View<'_>, &Argv) -> Result,
    ) -> Self {
        Self {
            name,
            argc: (least, most),
            keys: 0,
            draws: false,
            run: Run::Read(run),
        }
    }

    pub const fn write(
        name: &'static str,
        least: usize,
        most: usize,
        run: fn(&mut Writer<'_>, &Argv) -> Result,
    ) -> Self {
        Self {
            name,
            argc: (least, most),
            keys: 1,
            draws: false,
            run: Run::Write(run),
        }
    }

    /// It draws.
    pub const fn draws(mut self) -> Self {
        self.draws = true;
        self
    }

    /// It may make two keys.
    pub const fn two_keys(mut self) -> Self {
        self.keys = 2;
        self
    }
}

/// Every command that is kept as its arguments, by type; each table is sorted.
pub(super) static TABLES: &[&[Spec]] = &[
    super::hashes::SPECS,
    super::random::SPECS,
    super::lists::SPECS,
    super::sets::SPECS,
    super::zsets::SPECS,
    super::zranges::SPECS,
    super::zstores::SPECS,
    super::bits::SPECS,
    super::bitfield::SPECS,
    super::substrings::SPECS,
    super::hyperloglog::SPECS,
    super::geo::SPECS,
    super::geo_search::SPECS,
    super::lcs::SPECS,
    super::sort::SPECS,
    super::spaces::SPECS,
];

/// A command on a collection with its arguments; [`Command::parse`](super::Command::parse) makes it.
#[derive(Clone)]
pub struct Call {
    pub(super) spec: &'static Spec,
    pub(super) argv: Vec<Vec<u8>>,
    /// What it draws from, if it draws and was given one.
    pub(super) seed: Option<u64>,
}

impl Call {
    pub(super) fn parse(spec: &'static Spec, argv: &[&[u8]]) -> Result<Self> {
        if argv.len() > ARGC_MAX {
            return Err(CommandError::TooManyArguments);
        }
        if argv.len() < spec.argc.0 || argv.len() > spec.argc.1 {
            return Err(CommandError::WrongArity { name: spec.name });
        }
        let mut argv: Vec<Vec<u8>> = argv.iter().map(|arg| arg.to_vec()).collect();
        argv[0].make_ascii_uppercase();
        let seed = None;
        Ok(Self { spec, argv, seed })
    }

    /// Without a look at how many arguments there are; none if it is no such command.
    pub(super) fn of_argv(mut argv: Vec<Vec<u8>>) -> Option<Self> {
        let name = argv.first_mut()?;
        name.make_ascii_uppercase();
        let Known::Call(spec) = lookup::find(name)? else {
            return None;
        };
        let seed = None;
        Some(Self { spec, argv, seed })
    }

    /// Its name and arguments.
    #[must_use]
    pub fn argv(&self) -> &[Vec<u8>] {
        &self.argv
    }

    pub(super) const fn is_write(&self) -> bool {
        matches!(self.spec.run, Run::Write(_))
    }
}

impl PartialEq for Call {
    fn eq(&self, other: &Self) -> bool {
        (&self.argv, self.seed) == (&other.argv, other.seed)
    }
}

impl Eq for Call {}

impl Hash for Call {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.argv.hash(state);
        self.seed.hash(state);
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, arg) in self.argv.iter().enumerate() {
            let space = if at > 0 { " " } else { "" };
            write!(f, "{space}{}", arg.escape_ascii())?;
        }
        Ok(())
    }
}

pub(super) fn is(option: &[u8], name: &str) -> bool {
    option.eq_ignore_ascii_case(name.as_bytes())
}
