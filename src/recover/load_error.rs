//! Why a log cannot be loaded.

use crate::command::{CommandError, ReplayError};
use crate::effect::IoError;
use crate::log::FrameError;
use crate::resp::RespError;
use crate::units::{Incarnation, Lsn, WallMillis};

/// Why a log cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file system failed.
    #[error("reading: {0}")]
    Io(#[from] IoError),
    /// Its first line is not that of a log of ours.
    #[error("not a log of indelible: {0}")]
    NotALog(FrameError),
    /// It was written by a newer version.
    #[error("written by a newer version: {0}")]
    NewerVersion(FrameError),
    /// The base, which was durable before the file got its name, is damaged.
    #[error("damaged within its base: {0}")]
    DamagedBase(FrameError),
    /// Something before what was known durable is damaged.
    #[error("damaged: {error}; intact up to commit {lsn}, but commit {evidence} was durable")]
    Damaged {
        #[doc = "What does not verify."]
        error: FrameError,
        #[doc = "The last commit before it."]
        lsn: Lsn,
        #[doc = "The commit that was known durable."]
        evidence: Lsn,
    },
    /// An intact frame holds bytes that are no command.
    #[error("offset {offset}: {source}")]
    Resp {
        #[doc = "Where the frame's body begins, in bytes."]
        offset: u64,
        #[doc = "What is wrong, with its offset in the body."]
        source: RespError,
    },
    /// An intact frame holds a command that cannot be applied.
    #[error("offset {offset}: {source}")]
    Command {
        #[doc = "Where the command begins, in bytes."]
        offset: u64,
        #[doc = "What is wrong."]
        source: ReplayError,
    },
    /// An intact frame holds a command that was refused when it was applied. Nothing that is
    /// logged can be, so what lies before it, or the command, is not what was written.
    #[error("offset {offset}: expected a command that applies, '{name}' was refused: {source}")]
    Refused {
        #[doc = "Where the command begins, in bytes."]
        offset: u64,
        #[doc = "Its name, in lower case."]
        name: &'static str,
        #[doc = "Why."]
        source: CommandError,
    },
    /// An intact frame holds something else than it says.
    #[error("offset {offset}: the frame says {expected} commits, it holds {found}")]
    Commits {
        #[doc = "Where the frame's body begins, in bytes."]
        offset: u64,
        #[doc = "What its line says."]
        expected: u64,
        #[doc = "What it holds."]
        found: u64,
    },
    /// An intact base holds another number of keys than its end says.
    #[error("offset {offset}: the base says {expected} keys, it holds {found}")]
    Keys {
        #[doc = "Where the base ends, in bytes."]
        offset: u64,
        #[doc = "What its end says."]
        expected: u64,
        #[doc = "What it holds."]
        found: u64,
    },
    /// The point in time lies before the base, which holds no history.
    #[error(
        "the log begins with the state after commit {lsn}, written at {wall} ms; the point lies before"
    )]
    BeforeBase {
        #[doc = "The last commit that the base holds."]
        lsn: Lsn,
        #[doc = "When the base was begun."]
        wall: WallMillis,
    },
    /// The log ends before the commit that was asked for.
    #[error("the log ends with commit {lsn}, before the point")]
    BehindEnd {
        #[doc = "The last commit."]
        lsn: Lsn,
    },
    /// No number is left for another opening or commit: no log of ours comes so far, one that was
    /// forged may.
    #[error("its numbers are used up: commit {lsn}, incarnation {incarnation}")]
    UsedUp {
        #[doc = "The last commit."]
        lsn: Lsn,
        #[doc = "The largest incarnation."]
        incarnation: Incarnation,
    },
    /// The file became shorter while it was read: a rewrite has replaced it.
    #[error("the file became shorter while it was read")]
    Shrunk,
    /// The watch said so.
    #[error("aborted")]
    Aborted,
}
