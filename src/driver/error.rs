//! What a call of a store may fail with.

use std::io;

use crate::command::CommandError;
use crate::effect::IoError;
use crate::engine::{Outcome, PinError, RewriteError, SubmitError};
use crate::recover::{BackupError, OpenError};

/// Why a call failed, and what that says about its effect.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The directory cannot be opened or made.
    #[error("the store's directory cannot be opened")]
    Directory(#[source] IoError),
    /// The directory's content cannot be opened as a store.
    #[error("the store cannot be opened")]
    Open(#[from] OpenError),
    /// The directory holds a log that was not loaded; it is never replaced.
    #[error("the directory holds a log already")]
    DirectoryNotEmpty,
    /// The store has a directory.
    #[error("the store has a directory already")]
    DirectoryAttached,
    /// The system gave no thread.
    #[error("the store's threads cannot be started")]
    Thread(#[source] io::Error),
    /// The command was refused, in Redis's words; it changed nothing.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The command was answered with a reply of another kind than the call asks for.
    #[error("the reply is of another kind than asked for")]
    UnexpectedReply,
    /// Too much was waiting for longer than [`busy_timeout`](crate::Options::busy_timeout); nothing
    /// was executed.
    #[error("too many commits were waiting for too long")]
    Busy,
    /// The batch has too many commands or logs too many bytes; nothing was executed.
    #[error("the batch is larger than a commit may be")]
    TooLarge,
    /// The store is closed, or stopped after an error; nothing was executed.
    #[error("the store is closed")]
    Closed,
    /// The last handle was dropped before the commit had ended: a later opening may find it or not.
    #[error("the store was dropped before the commit ended")]
    Dropped,
    /// A thread of the store panicked: no more commits are taken, and a later opening may find those
    /// that waited or not.
    #[error("a thread of the store panicked")]
    Panicked,
    /// No recovery will ever find the commit, and readers no longer see it.
    #[error("the commit was refused")]
    Refused(#[source] IoError),
    /// A later opening may find the commit or not.
    #[error("the commit may be lost or not")]
    Unknown(#[source] IoError),
    /// The rewrite, or the switch of the log, was given up; what was there before stays.
    #[error("the rewrite was given up")]
    Cancelled,
    /// A rewrite, or a switch of the log, cannot begin now.
    #[error(transparent)]
    Rewrite(#[from] RewriteError),
    /// No backup was made; its directory holds no log that could be opened.
    #[error("no backup was made")]
    Backup(#[from] BackupError),
    /// The log failed and is being replaced; once that has ended, try again.
    #[error("the log failed and is being replaced")]
    Healing,
    /// The log is disabled: nothing can be made durable.
    #[error("the store is not persistent")]
    NotPersistent,
}

impl From<SubmitError> for StoreError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Busy => Self::Busy,
            SubmitError::TooLarge => Self::TooLarge,
            SubmitError::Closed => Self::Closed,
        }
    }
}

impl From<PinError> for StoreError {
    fn from(error: PinError) -> Self {
        match error {
            PinError::Disabled => Self::NotPersistent,
            PinError::Healing => Self::Healing,
            PinError::Closed => Self::Closed,
        }
    }
}

/// How safe something is that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Durability {
    /// The log is disabled: it is lost with the process.
    NotPersistent,
    /// It survives the process, and a power loss once the operating system has written it.
    Written,
    /// It survives a power loss.
    Durable,
}

pub(super) fn durability(outcome: Outcome) -> Result<Durability, StoreError> {
    match outcome {
        Outcome::Written => Ok(Durability::Written),
        Outcome::Durable => Ok(Durability::Durable),
        Outcome::NotPersistent => Ok(Durability::NotPersistent),
        Outcome::Refused(error) => Err(StoreError::Refused(error)),
        Outcome::Unknown(error) => Err(StoreError::Unknown(error)),
        Outcome::Cancelled => Err(StoreError::Cancelled),
    }
}
