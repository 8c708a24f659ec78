//! What a load says about what it read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::vec::Vec;

use crate::command::ReplayError;
use crate::keyspace::Keyspace;
use crate::redis::aof::Tail;
use crate::redis::image::ImageReport;
use crate::redis::manifest::Text;
use crate::redis::rdb::Unsupported;

/// What was loaded.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The keys and values, expired ones included.
    pub keyspace: Keyspace,
    /// How it went.
    pub report: LoadReport,
}

/// How a load went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// The files, in the order in which they were loaded; none if there was nothing to load.
    pub files: Vec<FileReport>,
    /// Details of the first commands that did nothing.
    pub failures: Vec<Failure>,
    /// Details of the first things that were left out.
    pub skipped: Vec<Skipped>,
    /// How many things of each [kind](Unsupported::kind) were left out, in all files.
    pub skipped_by_kind: BTreeMap<&'static str, u64>,
}

impl LoadReport {
    /// Commands in all files, `SELECT`, `MULTI` and `EXEC` included.
    #[must_use]
    pub fn commands(&self) -> u64 {
        self.files.iter().map(|file| file.commands).sum()
    }

    /// Commands that did nothing, as Redis ignores them too.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.files.iter().map(|file| file.failed).sum()
    }

    /// Things in all files that were left out, as they are not supported.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped_by_kind.values().sum()
    }

    /// How the last file ends; whole if there is none.
    #[must_use]
    pub fn tail(&self) -> Tail {
        self.files.last().map_or(Tail::Whole, |file| file.tail)
    }
}

/// How the load of one file went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// Which.
    pub path: PathBuf,
    /// Its length in bytes when it was opened.
    pub len: u64,
    /// The RDB image that it begins with, if it does.
    pub image: Option<ImageReport>,
    /// Its commands, `SELECT`, `MULTI` and `EXEC` included.
    pub commands: u64,
    /// Its commits: a command, or a whole transaction.
    pub commits: u64,
    /// Its commands that did nothing.
    pub failed: u64,
    /// Its last time stamp, in seconds since 1970-01-01 UTC.
    pub written: Option<u64>,
    /// How it ends.
    pub tail: Tail,
}

/// A command, or a transaction with commands, that did nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The file, by its place in the report.
    pub file: usize,
    /// Where the command begins, or the transaction's `EXEC`, in bytes from the file's start.
    pub offset: u64,
    /// Why.
    pub error: ReplayError,
}

/// A part of an RDB image, or a command, that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file, by its place in the report.
    pub file: usize,
    /// Where it begins, in bytes from the file's start.
    pub offset: u64,
    /// Of which kind it is.
    pub what: Unsupported,
    /// The command's name as it stands in the file; none for a part of an image.
    pub command: Option<Text>,
    /// The key that holds it or that the command names, if there is one.
    pub key: Option<Text>,
}
