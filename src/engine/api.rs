//! What goes into the machine and what comes out, as plain data.

use alloc::vec::Vec;

use crate::command::{Command, Reply};
use crate::effect::IoError;
use crate::limits;
use crate::sabotage::Saboteur;
use crate::units::{Lsn, Millis};

/// When a commit is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AppendFsync {
    /// When it is written; the operating system decides when it becomes durable.
    No,
    /// When it is written; a sync follows within about a second.
    #[default]
    EverySec,
    /// When it is durable.
    Always,
}

/// What to do when a sync has failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnSyncError {
    /// Rewrite the keyspace into a new file; what waited is acknowledged once that is durable.
    #[default]
    Heal,
    /// Take no more commits; those that wait end as unknown.
    Stop,
}

/// How the machine behaves. Units are in the names or in the field's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EngineOptions {
    /// When a commit is acknowledged unless it says otherwise.
    pub appendfsync: AppendFsync,
    /// What to do when a sync has failed.
    pub on_sync_error: OnSyncError,
    /// A rewrite begins when the log has grown by so many percent since the last; 0: never.
    pub auto_aof_rewrite_percentage: u32,
    /// No rewrite begins by itself while the log is shorter, in bytes.
    pub auto_aof_rewrite_min_size_bytes: u64,
    /// A base frame's body is closed once it is so long, in bytes.
    pub base_chunk_len: usize,
    /// Bytes of commits that wait before `submit` says busy.
    pub queue_len_max: usize,
    /// The seeded bug; in a product there is none.
    pub saboteur: Saboteur,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            appendfsync: AppendFsync::EverySec,
            on_sync_error: OnSyncError::Heal,
            auto_aof_rewrite_percentage: 100,
            auto_aof_rewrite_min_size_bytes: 64 << 20,
            base_chunk_len: limits::BASE_CHUNK_LEN,
            queue_len_max: limits::QUEUE_LEN_MAX,
            saboteur: Saboteur::NONE,
        }
    }
}

/// A batch of commands that becomes one commit: after any crash all of it is there, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Batch {
    /// The database and the command, in order.
    pub commands: Vec<(u32, Command)>,
    /// Overrides the store's policy for this commit.
    pub appendfsync: Option<AppendFsync>,
}

/// A promise to say how something ended; an [`Event::Settled`] redeems it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What `submit` gives back at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Settled when the commit has ended.
    pub ticket: Ticket,
    /// The last commit that this one may have seen or is.
    pub lsn: Lsn,
    /// The replies of its commands, in order.
    pub replies: Vec<Reply>,
}

/// Why `submit` took nothing; nothing was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// Too much waits already; try again when some of it has settled.
    #[error("too many commits are waiting")]
    Busy,
    /// The batch has too many commands or logs too many bytes; it was rolled back.
    #[error("the batch is larger than a commit may be")]
    TooLarge,
    /// The store is closing, closed, or stopped after an error.
    #[error("the store takes no more commits")]
    Closed,
}

/// How a ticket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Written to every log that a crash could bring back.
    Written,
    /// Durable in every log that a crash could bring back.
    Durable,
    /// Done, but the log is disabled: nothing was promised.
    NotPersistent,
    /// No recovery will ever find the commit, and readers no longer see it.
    Refused(IoError),
    /// A recovery may find the commit or not.
    Unknown(IoError),
    /// A rewrite or a switch was given up.
    Cancelled,
}

impl Outcome {
    /// Whether what the ticket stood for was done as asked.
    #[must_use]
    pub const fn is_ok(self) -> bool {
        matches!(self, Self::Written | Self::Durable | Self::NotPersistent)
    }
}

/// Why a rewrite, enabling or disabling cannot begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum RewriteError {
    /// One is running; it is not queued.
    #[error("a rewrite is in progress")]
    InProgress,
    /// The log is disabled; `rewrite_once` is for that.
    #[error("the log is disabled")]
    Disabled,
    /// The log is enabled already.
    #[error("the log is enabled")]
    Enabled,
    /// There is no directory.
    #[error("the store has no directory")]
    NoDirectory,
    /// The store is closing, closed, or stopped after an error.
    #[error("the store is closed")]
    Closed,
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// A ticket's end.
    Settled {
        #[doc = "Which."]
        ticket: Ticket,
        #[doc = "How."]
        outcome: Outcome,
    },
    /// A rewrite began: its base holds the commits up to here.
    RewriteStarted {
        #[doc = "The last commit in the base."]
        lsn: Lsn,
    },
    /// The base is written.
    BaseWritten {
        #[doc = "Its length in bytes."]
        len: u64,
    },
    /// The gap between base and new commits is copied and durable.
    DiffFlushed {
        #[doc = "Its length in bytes."]
        len: u64,
    },
    /// Only the new file is written from now on.
    Switched {
        #[doc = "The new log's length in bytes."]
        len: u64,
    },
    /// The old file's blocks are free.
    OldFileRetired {
        #[doc = "How long it was, in bytes."]
        len: u64,
    },
    /// A rewrite was given up; the old log stays.
    RewriteFailed {
        #[doc = "Why; none if it was cancelled."]
        error: Option<IoError>,
    },
    /// A log was poisoned; the keyspace is being written to a new one.
    Healing {
        #[doc = "What the file system said."]
        error: IoError,
    },
    /// Healing is over: what waited is durable.
    Healed,
    /// A write found no room.
    NoRoom,
    /// Writes find room again.
    Room,
    /// A sync took longer than a second.
    SlowSync {
        #[doc = "How long, in milliseconds."]
        millis: u64,
    },
    /// The machine stopped after an error; see [`OnSyncError::Stop`].
    Stopped {
        #[doc = "What the file system said."]
        error: IoError,
    },
}

/// Counters and states, under the names of Redis's INFO where it has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Whether commits are logged.
    pub aof_enabled: bool,
    /// Whether a rewrite runs.
    pub aof_rewrite_in_progress: bool,
    /// Whether the last rewrite succeeded.
    pub aof_last_bgrewrite_status_ok: bool,
    /// Whether the last write succeeded.
    pub aof_last_write_status_ok: bool,
    /// Rewrites that ended well.
    pub aof_rewrites: u64,
    /// Rewrites that failed or were cancelled.
    pub aof_rewrites_failed: u64,
    /// The live log's length in bytes.
    pub aof_current_size: u64,
    /// Its length after the last rewrite, or when it was opened.
    pub aof_base_size: u64,
    /// Bytes of commits that are not written yet.
    pub aof_buffer_length: u64,
    /// Whether a sync of the live log is out.
    pub aof_pending_bio_fsync: bool,
    /// Syncs that took longer than a second.
    pub aof_delayed_fsync: u64,
    /// Syncs that failed.
    pub aof_sync_errors: u64,
    /// Whether the store heals after a failed sync.
    pub healing: bool,
    /// Whether the last write found no room.
    pub no_room: bool,
    /// Whether the machine stopped after an error.
    pub stopped: bool,
    /// The last commit submitted.
    pub last_lsn: Lsn,
    /// The last commit written to every log that a crash could bring back.
    pub written_lsn: Lsn,
    /// The last commit durable in every log that a crash could bring back.
    pub durable_lsn: Lsn,
    /// Keys that expired by themselves.
    pub expired_keys: u64,
    /// When the last successful sync ended, on the caller's monotonic clock.
    pub last_sync: Millis,
}
