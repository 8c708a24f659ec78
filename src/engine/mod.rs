//! The machine: commits in, effects out; it does nothing itself.
//!
//! No I/O, clock, thread, randomness, logging or global: time and completions are arguments, and
//! the same calls give the same effects, byte for byte. It speaks as quinn-proto does: `submit`,
//! `handle_*` take something in, `poll_*` gives something out.
//!
//! # States
//!
//! ```text
//!             enable ----------------------------.
//!                |                               |
//!   DISABLED ----'       rewrite, growth         v
//!      ^  \ rewrite_once       |        .----> BUILDING: Prepare > Base > Catch up > Gap > Ready
//!      |                       v        |          |                                        |
//!      '---- ENDING <------ LOGGING ----'       abandon                              rename issued
//!    disable    |              ^  ^                |                                        v
//!             close            |  '----------------'              PUBLISHING: Renaming > SyncingDir
//!               v              '------------------------ switch ----------------------------'
//!            CLOSED                                  (retire the old file)
//! ```
//!
//! A poisoned log makes LOGGING *heal*: the same BUILDING, without a source to copy from.
//!
//! | from | to | when | function |
//! |---|---|---|---|
//! | LOGGING | Prepare | asked for, grown, or poisoned | `begin_rewrite` |
//! | Prepare | Base | files created, target pinned; the snapshot is taken at S | `begin_base` |
//! | Base | Catch up | the end of the base is written | `base_written` |
//! | Catch up | Gap | every sealed frame is written in the source | `begin_gap` |
//! | Gap | Ready | copied, verified frame by frame, synced | `gap_synced` |
//! | Ready | Renaming | the conditions of `may_rename` hold | `poll_rename` |
//! | Renaming | SyncingDir | the rename completed, or its source is gone at a repetition | `renamed` |
//! | SyncingDir | LOGGING | the directory sync succeeded | `switch` |
//! | any before Renaming | LOGGING | cancelled, failed, poisoned, refused at or before S | `abandon` |
//!
//! # What may be trusted, and when
//!
//! The logs that a crash could bring back are {live} until the rename is issued, {live, new} until
//! the directory sync completes, {new} afterwards. A commit is durable (written) when it is durable
//! (written) in each of them. From the gap's sync on both are asked for anyway, or the rename could
//! starve.
//!
//! # Invariants
//!
//! * **I1**, **I2**, **I3**: of one file, see `logfile.rs`.
//! * **I4** What is known durable (written) is durable (written) in every log that a crash could
//!   bring back.
//! * **I5** Commits that may still be refused are whole in no file, and are contiguous up to the
//!   last one.
//! * **I6** Tickets wait in the order of their commits.
//! * **I7** Until the rename is issued, a new file that meets an error is given up at once; then it
//!   is durable up to what is known durable, and written up to what is acknowledged.
//! * **I8** Each handle has one owner: the live log, the rewrite or the retirement.
//! * **I9** A snapshot is taken exactly while a rewrite is in Base.

mod api;
mod base;
mod commit;
mod complete;
mod ending;
mod gap;
mod invariants;
mod logfile;
mod pin;
mod poison;
mod publish;
mod pump;
mod rebase;
mod retire;
mod retry;
mod rewrite;
mod state_hash;
mod stream;
mod timer;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use crate::command::LoggedCommit;
use crate::effect::{EffectId, FileHandle, IoError};
use crate::keyspace::{Keyspace, Undo};
use crate::units::{Identity, Incarnation, Lsn, Millis, Now};

pub use api::{
    AppendFsync, Batch, EngineOptions, Event, OnSyncError, Outcome, RewriteError, Stats,
    SubmitError, Submitted, Ticket,
};
pub use pin::{Pin, PinError};

use complete::Purpose;
use ending::Ending;
use logfile::{LogFile, Mark};
use retire::Retiring;
use retry::Backoff;
use rewrite::Rewrite;
use stream::Stream;

/// A commit that is executed and not yet sealed into a frame.
#[derive(Clone, Debug, Hash)]
struct Queued {
    lsn: Lsn,
    commit: LoggedCommit,
}

/// A ticket that waits for a commit.
#[derive(Clone, Copy, Debug, Hash)]
struct Waiter {
    lsn: Lsn,
    ticket: Ticket,
}

/// The storage engine as a pure state machine.
#[derive(Clone, Debug)]
pub struct Engine {
    options: EngineOptions,
    keyspace: Keyspace,
    identity: Identity,
    /// Where new identities come from; drawn by the caller.
    identity_seed: u64,
    incarnation: Incarnation,
    now: Now,

    /// The last commit submitted.
    lsn: Lsn,
    /// Written in every log that a crash could bring back.
    written: Lsn,
    /// Durable in every log that a crash could bring back.
    durable: Lsn,
    queue: VecDeque<Queued>,
    queue_len: usize,
    /// Of the commits that may still be refused, oldest first. // I5
    undos: VecDeque<(Lsn, Undo)>,
    waiting_written: VecDeque<Waiter>,
    waiting_durable: VecDeque<Waiter>,

    stream: Stream,
    /// The log that frames go to: the truth, or the side file while the log is being enabled.
    live: Option<LogFile>,
    /// Whether `live` is the side file, which no crash brings back.
    live_is_side: bool,
    base_size: u64,
    rewrite: Option<Rewrite>,
    rewrite_backoff: Backoff,
    retiring: Vec<Retiring>,
    /// Files that are being copied: none of them is retired meanwhile.
    pinned: Vec<FileHandle>,
    ending: Option<Ending>,
    closed: bool,
    stopped: Option<IoError>,
    has_directory: bool,

    outs: BTreeMap<EffectId, Purpose>,
    events: VecDeque<Event>,
    timers: timer::Timers,
    healing: bool,
    no_room: bool,
    /// A seeded bug: a file that is emptied too early.
    stray: Option<FileHandle>,
    counters: Counters,
    next_ticket: u64,
    next_effect: u64,
    next_file: u32,
}

/// What is counted for `stats` and decides nothing.
#[derive(Clone, Copy, Debug, Default)]
struct Counters {
    rewrites: u64,
    rewrites_failed: u64,
    last_rewrite_failed: bool,
    last_write_failed: bool,
    delayed_fsync: u64,
    sync_errors: u64,
    expired_keys: u64,
    last_sync: Millis,
}

/// A log that recovery made ready for appending.
#[derive(Clone, Debug)]
pub struct RecoveredLog {
    /// The handle under which the driver has it open.
    pub file: FileHandle,
    /// Its length, in bytes; all of it is durable except the last mark.
    pub len: u64,
}

/// What recovery hands to the machine.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// The state after the last commit.
    pub keyspace: Keyspace,
    /// The last commit.
    pub lsn: Lsn,
    /// The history's identity.
    pub identity: Identity,
    /// This opening's number.
    pub incarnation: Incarnation,
    /// The log, if it is enabled.
    pub log: Option<RecoveredLog>,
    /// Whether there is a directory to write to.
    pub has_directory: bool,
    /// Random; new identities are derived from it.
    pub identity_seed: u64,
}

impl Engine {
    /// A machine that goes on where recovery ended.
    #[must_use]
    pub fn new(options: EngineOptions, recovered: Recovered, now: Now) -> Self {
        let lsn = recovered.lsn;
        let at = Mark { position: 0, lsn };
        let next_file = recovered.log.as_ref().map_or(0, |log| log.file.0 + 1);
        let base_size = recovered.log.as_ref().map_or(0, |log| log.len);
        let live = recovered.log.map(|log| LogFile::new(log.file, log.len, at));
        Self {
            options,
            keyspace: recovered.keyspace,
            identity: recovered.identity,
            identity_seed: recovered.identity_seed,
            incarnation: recovered.incarnation,
            now,
            lsn,
            written: lsn,
            durable: lsn,
            queue: VecDeque::new(),
            queue_len: 0,
            undos: VecDeque::new(),
            waiting_written: VecDeque::new(),
            waiting_durable: VecDeque::new(),
            stream: Stream::starting_at(lsn),
            live,
            live_is_side: false,
            base_size,
            rewrite: None,
            rewrite_backoff: Backoff::default(),
            retiring: Vec::new(),
            pinned: Vec::new(),
            ending: None,
            closed: false,
            stopped: None,
            has_directory: recovered.has_directory,
            outs: BTreeMap::new(),
            events: VecDeque::new(),
            timers: timer::Timers::new(lsn),
            healing: false,
            no_room: false,
            stray: None,
            counters: Counters::default(),
            next_ticket: 0,
            next_effect: 0,
            next_file,
        }
    }

    /// The keyspace with every commit that was submitted.
    #[must_use]
    pub fn keyspace(&self) -> &Keyspace {
        &self.keyspace
    }

    /// Whether `close` has ended: nothing is out and no handle is open.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether an effect is out.
    #[must_use]
    pub fn has_effects_out(&self) -> bool {
        !self.outs.is_empty()
    }

    /// There is an empty directory to write to from now on; false if there was one already.
    pub fn attach_directory(&mut self) -> bool {
        !core::mem::replace(&mut self.has_directory, true)
    }

    /// The history's identity.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Gives the next thing that happened, if any.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Frees what commits dropped, in a bounded step; true if more is left.
    pub fn housekeep(&mut self) -> bool {
        self.keyspace.collect(crate::limits::COLLECT_STEP)
    }

    /// Counters and states.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let live = self.live.as_ref().filter(|_| !self.live_is_side);
        Stats {
            aof_enabled: live.is_some(),
            aof_rewrite_in_progress: self.rewrite.is_some(),
            aof_last_bgrewrite_status_ok: !self.counters.last_rewrite_failed,
            aof_last_write_status_ok: !self.counters.last_write_failed,
            aof_rewrites: self.counters.rewrites,
            aof_rewrites_failed: self.counters.rewrites_failed,
            aof_current_size: live.map_or(0, LogFile::len),
            aof_base_size: self.base_size,
            aof_buffer_length: (self.queue_len + self.stream.held()) as u64,
            aof_pending_bio_fsync: live.is_some_and(|log| log.sync_out.is_some()),
            aof_delayed_fsync: self.counters.delayed_fsync,
            aof_sync_errors: self.counters.sync_errors,
            healing: self.healing,
            no_room: self.no_room,
            stopped: self.stopped.is_some(),
            last_lsn: self.lsn,
            written_lsn: self.written,
            durable_lsn: self.durable,
            expired_keys: self.counters.expired_keys,
            last_sync: self.counters.last_sync,
        }
    }

    /// Whether a seeded bug is on; never in a product.
    fn bug(&self, number: u32) -> bool {
        self.options.saboteur.is(number)
    }

    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    fn handle(&mut self) -> FileHandle {
        let file = FileHandle(self.next_file);
        self.next_file += 1;
        file
    }

    fn settled(&mut self, ticket: Ticket, outcome: Outcome) {
        self.events.push_back(Event::Settled { ticket, outcome });
    }
}
