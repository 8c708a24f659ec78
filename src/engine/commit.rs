//! A commit's way: executed, queued, sealed into a frame, acknowledged or refused.

use alloc::vec::Vec;

use crate::command::{self, CommitLog, LoggedCommit};
use crate::effect::IoError;
use crate::limits;
use crate::log::{self, FrameKind, FrameMeta};
use crate::units::{Lsn, Now};

use super::logfile::LogFile;
use super::{
    AppendFsync, Batch, Engine, Event, Outcome, Queued, SubmitError, Submitted, Ticket, Waiter,
};

impl Engine {
    /// Executes a batch, visible to readers at once, and sees to its durability.
    ///
    /// A batch that changes nothing waits for the commits that it may have seen, if it could have
    /// written, and for nothing if it only reads.
    ///
    /// # Errors
    /// [`SubmitError`]; then nothing was executed.
    pub fn submit(&mut self, now: Now, batch: Batch) -> Result<Submitted, SubmitError> {
        self.now = now;
        let writes = batch.commands.iter().any(|(_, command)| command.is_write());
        if writes {
            self.admit(&batch)?;
        }
        let mut replies = Vec::with_capacity(batch.commands.len());
        let mut log = CommitLog::new();
        for (db, command) in &batch.commands {
            let keyspace = &mut self.keyspace;
            replies.push(command::execute(keyspace, *db, command, now.wall, &mut log));
        }
        let commit = log.finish();
        if commit
            .as_ref()
            .is_some_and(|commit| commit.bytes.len() > limits::COMMIT_LEN_MAX)
        {
            let undo = self.keyspace.take_undo();
            self.keyspace.roll_back(undo);
            return Err(SubmitError::TooLarge);
        }
        let ticket = self.ticket();
        let level = batch.appendfsync.unwrap_or(self.options.appendfsync);
        match commit {
            Some(commit) => self.enqueue(ticket, level, commit),
            None => {
                let undo = self.keyspace.take_undo();
                self.keyspace.retire(undo);
                if writes {
                    self.wait_for(ticket, level)
                } else {
                    self.settled(ticket, Outcome::Written)
                }
            }
        }
        Ok(Submitted {
            ticket,
            lsn: self.lsn,
            replies,
        })
    }

    fn admit(&self, batch: &Batch) -> Result<(), SubmitError> {
        if self.stopped.is_some() || self.closed || self.is_closing() {
            return Err(SubmitError::Closed);
        }
        if batch.commands.len() > limits::BATCH_COMMANDS_MAX {
            return Err(SubmitError::TooLarge);
        }
        if self.is_busy() {
            return Err(SubmitError::Busy);
        }
        Ok(())
    }

    /// Whether a batch that may write would be turned away with [`SubmitError::Busy`] now; it may
    /// still be turned away for another reason.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        let waiting = self.queue_len + self.stream.held();
        let commits = self.undos.len().max(self.queue.len());
        let full = waiting >= self.options.queue_len_max || commits >= limits::QUEUE_COMMITS_MAX;
        let takes_none = self.stopped.is_some() || self.closed || self.is_closing();
        (full || self.ending.is_some()) && !takes_none
    }

    fn enqueue(&mut self, ticket: Ticket, level: AppendFsync, commit: LoggedCommit) {
        self.lsn = self.lsn.next();
        let undo = self.keyspace.take_undo();
        if self.live.is_none() {
            // The log is disabled: nothing is promised, so nothing is ever refused.
            self.keyspace.retire(undo);
            self.settled(ticket, Outcome::NotPersistent);
            return;
        }
        self.undos.push_back((self.lsn, undo));
        self.queue_len += commit.bytes.len();
        self.queue.push_back(Queued {
            lsn: self.lsn,
            commit,
        });
        if level == AppendFsync::EverySec {
            self.owe_sync();
        }
        self.wait_for(ticket, level);
        self.timers.active(self.now.mono);
    }

    /// Settles `ticket` once the last commit is as safe as `level` asks.
    fn wait_for(&mut self, ticket: Ticket, level: AppendFsync) {
        let waiter = Waiter {
            lsn: self.lsn,
            ticket,
        };
        if self.live.is_none() || self.live_is_side {
            self.settled(ticket, Outcome::NotPersistent);
        } else if level == AppendFsync::Always {
            self.waiting_durable.push_back(waiter);
        } else {
            self.waiting_written.push_back(waiter);
        }
        self.settle();
    }

    /// Asks that everything submitted so far be durable.
    ///
    /// The ticket ends as [`Outcome::NotPersistent`] while the log is disabled.
    pub fn sync(&mut self, now: Now) -> Ticket {
        self.now = now;
        let ticket = self.ticket();
        if let Some(error) = self.stopped {
            self.settled(ticket, Outcome::Unknown(error));
        } else if self.closed && self.durable >= self.lsn {
            self.settled(ticket, Outcome::Durable);
        } else {
            self.wait_for(ticket, AppendFsync::Always);
        }
        ticket
    }

    /// Seals what is queued into one frame of bounded length; false if nothing is queued.
    pub(super) fn seal(&mut self) -> bool {
        let Some(first) = self.queue.front().map(|queued| queued.lsn) else {
            return false;
        };
        let mut body = Vec::new();
        let mut db = None;
        let mut count = 0;
        while let Some(next) = self.queue.front() {
            let len = next.commit.bytes.len();
            if count > 0 && body.len() + len > limits::FRAME_LEN_TARGET {
                break;
            }
            if db != Some(next.commit.db) {
                command::write_select(&mut body, next.commit.db);
            }
            body.extend_from_slice(&next.commit.bytes);
            db = Some(next.commit.end_db);
            count += 1;
            self.queue_len -= len;
            self.queue.pop_front();
        }
        let last = Lsn(first.0 + count - 1);
        self.push_frame(FrameKind::Commits, first, count, &body, last);
        true
    }

    /// Seals an empty frame that says up to where the log is durable.
    pub(super) fn seal_mark(&mut self) {
        assert!(self.queue.is_empty(), "a mark comes after what is queued");
        let lsn = self.stream.end().lsn;
        self.push_frame(FrameKind::Mark, lsn, 0, &[], lsn);
        self.timers.marked(self.durable);
    }

    fn push_frame(&mut self, kind: FrameKind, lsn: Lsn, count: u64, body: &[u8], last: Lsn) {
        let watermark = self.watermark();
        let meta = FrameMeta {
            kind,
            identity: self.identity,
            lsn,
            count,
            keys: 0,
            incarnation: self.incarnation,
            watermark,
            wall: self.now.wall,
        };
        let mut bytes = Vec::with_capacity(body.len() + 192);
        log::encode_frame(&meta, body, &mut bytes);
        self.stream.push(bytes.into(), last, watermark);
    }

    /// Up to which commit a frame that is written now may claim durability: it must be true of
    /// every file that will hold the frame. // O9
    fn watermark(&self) -> Lsn {
        if self.bug(60)
            && let Some(live) = &self.live
        {
            return self.durable.max(live.durable.lsn);
        }
        self.durable
    }

    /// Takes notice of what the files hold now: moves what is known, acknowledges, forgets.
    pub(super) fn advance(&mut self) {
        let Some(live) = &self.live else { return };
        let mut whole = live.written.lsn;
        let mut everywhere = if live.poisoned.is_some() {
            u64::MAX
        } else {
            live.written.position
        };
        let target = self.target();
        if let Some(target) = target {
            if !self.bug(631) {
                whole = whole.max(target.written.lsn);
            }
            everywhere = everywhere.min(target.written.position);
        }
        if everywhere != u64::MAX {
            self.stream.forget_before(everywhere);
        }
        self.never_refuse(whole);
        if !self.live_is_side {
            self.learn();
        }
        self.settle();
    }

    /// Commits up to here stand in a file whole: they keep their number, whatever comes. // O12
    pub(super) fn never_refuse(&mut self, upto: Lsn) {
        while self.undos.front().is_some_and(|(lsn, _)| *lsn <= upto) {
            let (_, undo) = self.undos.pop_front().expect("just seen");
            self.keyspace.retire(undo);
        }
    }

    /// What is durable (written) in every log that a crash could bring back. // I4
    fn learn(&mut self) {
        let live = self.live.as_ref().expect("the log is enabled");
        let both = self.target().filter(|_| self.needs_both() && !self.bug(51));
        let early = (self.bug(55) && live.poisoned.is_some()) || (self.bug(29) && self.published());
        let logs: Vec<&LogFile> = if early {
            self.target().into_iter().collect()
        } else {
            core::iter::once(live).chain(both).collect()
        };
        let poisoned = logs.iter().any(|log| log.poisoned.is_some());
        if logs.is_empty() || (poisoned && !self.bug(49)) {
            return;
        }
        let written = logs
            .iter()
            .map(|log| log.written.lsn)
            .min()
            .expect("at least one");
        let durable = logs
            .iter()
            .map(|log| log.durable.lsn)
            .min()
            .expect("at least one");
        self.written = self.written.max(written);
        self.durable = self.durable.max(durable);
        if self.bug(10)
            && self
                .live
                .as_ref()
                .is_some_and(|live| live.sync_out.is_some())
        {
            self.durable = self.durable.max(written);
        }
    }

    /// Redeems the tickets whose commits are as safe as they asked.
    fn settle(&mut self) {
        while let Some(first) = self.waiting_written.front().copied() {
            if first.lsn > self.written.max(self.durable) {
                break;
            }
            self.waiting_written.pop_front();
            self.settled(first.ticket, Outcome::Written);
        }
        let durable = if self.bug(9) {
            self.written.max(self.durable)
        } else {
            self.durable
        };
        while let Some(first) = self.waiting_durable.front().copied() {
            if first.lsn > durable {
                break;
            }
            self.waiting_durable.pop_front();
            self.settled(first.ticket, Outcome::Durable);
        }
    }

    /// Takes back every commit from `first` on: no file holds one of them whole. // O12
    pub(super) fn refuse_from(&mut self, first: Lsn, error: IoError) {
        while self.undos.back().is_some_and(|(lsn, _)| *lsn >= first) {
            let (_, undo) = self.undos.pop_back().expect("just seen");
            self.keyspace.roll_back(undo);
        }
        while self.queue.back().is_some_and(|queued| queued.lsn >= first) {
            let queued = self.queue.pop_back().expect("just seen");
            self.queue_len -= queued.commit.bytes.len();
        }
        self.lsn = Lsn(first.0 - 1);
        self.end_waiters_from(first, Outcome::Refused(error));
    }

    /// Ends every ticket that waits for `first` or a later commit.
    pub(super) fn end_waiters_from(&mut self, first: Lsn, outcome: Outcome) {
        let mut ended = Vec::new();
        for waiting in [&mut self.waiting_written, &mut self.waiting_durable] {
            while waiting.back().is_some_and(|waiter| waiter.lsn >= first) {
                ended.push(waiting.pop_back().expect("just seen"));
            }
        }
        ended.sort_by_key(|waiter| waiter.ticket);
        for waiter in ended {
            self.settled(waiter.ticket, outcome);
        }
    }

    /// The machine can promise nothing more: every ticket ends as unknown.
    pub(super) fn stop(&mut self, error: IoError) {
        self.stopped = Some(error);
        self.timers = super::timer::Timers::new(self.lsn);
        self.queue.clear();
        self.queue_len = 0;
        self.never_refuse(self.lsn);
        self.end_waiters_from(Lsn(0), Outcome::Unknown(error));
        self.events.push_back(Event::Stopped { error });
    }

    /// The lowest commit whose durability a ticket waits for, beyond what is known.
    pub(super) fn durability_wanted(&self) -> Option<Lsn> {
        self.waiting_durable.front().map(|waiter| waiter.lsn)
    }
}
