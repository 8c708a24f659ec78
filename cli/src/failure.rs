//! Why a command did not do what it was asked, and the exit code that says so.

use std::path::{Path, PathBuf};

use indelible::effect::IoError;
use indelible::engine::RewriteError;
use indelible::recover::{self, BackupError, OpenError};
use indelible::redis;

/// Exit code: all is well.
pub const WELL: u8 = 0;
/// Exit code: a problem was found.
pub const PROBLEM: u8 = 1;
/// Exit code: the command line is not understood, or names the wrong thing.
pub const USAGE: u8 = 2;
/// Exit code: the file system failed.
pub const IO: u8 = 3;
/// Exit code: another process has the store open.
pub const LOCKED: u8 = 4;
/// Exit code: an outcome did not come in time.
pub const UNFINISHED: u8 = 5;

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The file system failed, or nothing is there.
    #[error("{}: {source}", .path.display())]
    Io { path: PathBuf, source: IoError },
    /// Standard output cannot be written.
    #[error("standard output: {source}")]
    Output { source: IoError },
    /// Nobody reads standard output any more.
    #[error("standard output was closed")]
    OutputClosed,
    /// A log of ours cannot be loaded.
    #[error("{}: {source}", .path.display())]
    Log {
        path: PathBuf,
        source: recover::LoadError,
    },
    /// Files of Redis cannot be loaded.
    #[error(transparent)]
    Redis { source: redis::LoadError },
    /// A store cannot be opened.
    #[error("{}: {source}", .path.display())]
    Open { path: PathBuf, source: OpenError },
    /// A directory holds no data of ours or of Redis.
    #[error("{}: expected a log or files of Redis, found neither", .path.display())]
    Nothing { path: PathBuf },
    /// A store was here and its log is not.
    #[error("{}: expected the log {} beside its lock, found none", .path.display(), .name)]
    LogMissing { path: PathBuf, name: &'static str },
    /// A path that leads to something without bytes of its own, such as a device.
    #[error("{}: expected a file or a directory, found something else", .path.display())]
    NeitherFileNorDirectory { path: PathBuf },
    /// A part of what Redis keeps that has no bytes of its own, such as a pipe.
    #[error("{}: expected a file, found something else", .path.display())]
    NotAFile { path: PathBuf },
    /// A name that the file system trait cannot express.
    #[error("{}: expected a name in UTF-8", .path.display())]
    Name { path: PathBuf },
    /// A command that is for stores of ours alone.
    #[error("{}: expected a store of indelible, found none; files of Redis can be imported", .path.display())]
    NotAStore { path: PathBuf },
    /// A command that is for directories alone.
    #[error("{}: expected a directory, found a file", .path.display())]
    NotADirectory { path: PathBuf },
    /// The target of an import.
    #[error("{}: expected an empty directory, found {name} in it", .path.display())]
    NotEmpty { path: PathBuf, name: String },
    /// The engine does not begin a rewrite.
    #[error("{}: {source}", .path.display())]
    NotBegun { path: PathBuf, source: RewriteError },
    /// The engine gave a rewrite up.
    #[error("{}: the rewrite was given up; the log is as it was: {}", .path.display(), reason(.source))]
    GivenUp {
        path: PathBuf,
        source: Option<IoError>,
    },
    /// The engine could not close a store cleanly.
    #[error("{}: the store was not closed cleanly: {source}", .path.display())]
    Close { path: PathBuf, source: IoError },
    /// The target of an export.
    #[error("{}: expected nothing there, found something", .path.display())]
    Exists { path: PathBuf },
    /// Files of Redis do not number their commits.
    #[error("{}: files of Redis have no commit numbers; --at-time takes their time stamps", .path.display())]
    NoNumbers { path: PathBuf },
    /// The target of a backup.
    #[error("{}: {source}", .path.display())]
    Backup { path: PathBuf, source: BackupError },
    /// Nothing moved for too long.
    #[error("{}: gave up after {seconds} s without progress; nothing is lost", .path.display())]
    Unfinished { path: PathBuf, seconds: u64 },
    /// What was read again is not what was written.
    #[error("{}: what was written does not read the same", .path.display())]
    NotTheSame { path: PathBuf },
    /// A value of a type that a newer library knows.
    #[error("a key holds a {name}, which cannot be shown")]
    Type { name: &'static str },
}

impl Failure {
    /// The exit code.
    pub const fn code(&self) -> u8 {
        match self {
            Self::OutputClosed => WELL,
            Self::Log { source, .. } => match source {
                recover::LoadError::Io(_) => IO,
                recover::LoadError::Shrunk => UNFINISHED,
                recover::LoadError::BeforeBase { .. } | recover::LoadError::BehindEnd { .. } => {
                    USAGE
                }
                _ => PROBLEM,
            },
            Self::Redis { source } => match source {
                redis::LoadError::Io { .. } => IO,
                redis::LoadError::Ambiguous { .. }
                | redis::LoadError::NoTimes { .. }
                | redis::LoadError::BeforeFirst { .. } => USAGE,
                _ => PROBLEM,
            },
            Self::Open { source, .. } => match source {
                OpenError::Locked => LOCKED,
                OpenError::Load { source } => match source {
                    recover::LoadError::Io(_) => IO,
                    _ => PROBLEM,
                },
                _ => IO,
            },
            Self::Backup { source, .. } => match source {
                BackupError::Locked => LOCKED,
                BackupError::NotEmpty(_) => USAGE,
                _ => IO,
            },
            Self::Nothing { .. }
            | Self::LogMissing { .. }
            | Self::NotTheSame { .. }
            | Self::Type { .. } => PROBLEM,
            Self::NeitherFileNorDirectory { .. }
            | Self::NotAFile { .. }
            | Self::Name { .. }
            | Self::NotAStore { .. }
            | Self::NotADirectory { .. }
            | Self::Exists { .. }
            | Self::NoNumbers { .. }
            | Self::NotEmpty { .. } => USAGE,
            Self::Io { .. }
            | Self::Output { .. }
            | Self::NotBegun { .. }
            | Self::GivenUp { .. }
            | Self::Close { .. } => IO,
            Self::Unfinished { .. } => UNFINISHED,
        }
    }

    /// A backup that failed, at its source or at its target.
    pub fn backup(from: &Path, to: &Path, source: BackupError) -> Self {
        match source {
            BackupError::Source(source) => Self::Log {
                path: from.to_owned(),
                source,
            },
            source => Self::Backup {
                path: to.to_owned(),
                source,
            },
        }
    }

    /// What makes an error of the file system a failure that names the path.
    pub fn io<E: Into<IoError>>(path: &Path) -> impl Fn(E) -> Self + '_ {
        |source| Self::Io {
            path: path.to_path_buf(),
            source: source.into(),
        }
    }
}

impl From<redis::LoadError> for Failure {
    fn from(source: redis::LoadError) -> Self {
        Self::Redis { source }
    }
}

fn reason(error: &Option<IoError>) -> String {
    error.map_or_else(|| "cancelled".to_owned(), |error| error.to_string())
}
