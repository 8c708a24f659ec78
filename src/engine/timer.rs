//! What happens because time passes: the sync of `EverySec`, the mark of an idle log, expired keys.

use alloc::vec::Vec;

use crate::command::Command;
use crate::limits::{EXPIRE_EVERY_MILLIS, EXPIRE_KEYS_MAX, MARK_AFTER_MILLIS, SYNC_EVERY_MILLIS};
use crate::units::{Lsn, Millis, Now};

use super::pump::Side;
use super::{AppendFsync, Batch, Engine};

/// Moments to come, on the monotonic clock.
#[derive(Clone, Debug, Hash)]
pub(super) struct Timers {
    /// The sync that `EverySec` owes.
    sync: Option<Millis>,
    /// The mark of a log that has gone idle.
    mark: Option<Millis>,
    /// The last look for expired keys.
    expired: Millis,
    /// The largest watermark that a mark recorded.
    marked: Lsn,
}

impl Timers {
    /// Behind an opening, whose mark says that all of it is durable.
    pub fn new(lsn: Lsn) -> Self {
        Self {
            sync: None,
            mark: None,
            expired: Millis(0),
            marked: lsn,
        }
    }

    /// See [`Engine::rebase_clock`].
    pub fn rebase(&mut self, by_the_wall: bool, moved: impl Fn(Millis) -> Millis) {
        if !by_the_wall {
            self.sync = self.sync.map(&moved);
        }
        self.mark = self.mark.map(&moved);
        self.expired = moved(self.expired);
    }

    pub fn sync_by(&mut self, at: Millis) {
        self.sync.get_or_insert(at);
    }

    pub fn active(&mut self, now: Millis) {
        self.mark.get_or_insert(now.plus(MARK_AFTER_MILLIS));
    }

    pub fn marked(&mut self, lsn: Lsn) {
        self.marked = self.marked.max(lsn);
        self.mark = None;
    }

    pub fn last_mark(&self) -> Lsn {
        self.marked
    }
}

impl Engine {
    /// The moment by which [`Engine::handle_timeout`] wants to be called, or the lanes polled.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Millis> {
        if self.closed {
            return None;
        }
        let now = self.now.mono;
        let log = |side| self.log(side).and_then(|log| log.backoff.pending(now));
        let names = self
            .rewrite
            .as_ref()
            .and_then(|rewrite| rewrite.names.pending(now));
        let begin = self
            .rewrite_backoff
            .pending(now)
            .filter(|_| self.waits_to_begin());
        let moments = [
            self.sync_timeout(),
            self.timers.mark,
            self.next_expire(),
            self.retire_timeout(),
            log(Side::Live),
            log(Side::Target),
            names,
            begin,
        ];
        moments.into_iter().flatten().min()
    }

    fn waits_to_begin(&self) -> bool {
        let healing = self
            .live
            .as_ref()
            .is_some_and(|live| live.poisoned.is_some());
        self.rewrite.is_none() && (healing || self.options.auto_aof_rewrite_percentage > 0)
    }

    /// Keys expire when their time has come, at most so often.
    fn next_expire(&self) -> Option<Millis> {
        if self.ending.is_some() || self.stopped.is_some() {
            return None;
        }
        let left = self
            .keyspace
            .next_expiry()?
            .0
            .saturating_sub(self.now.wall.0);
        let soonest = self.timers.expired.plus(EXPIRE_EVERY_MILLIS);
        Some(self.now.mono.plus(left).max(soonest))
    }

    /// Does what has become due.
    pub fn handle_timeout(&mut self, now: Now) {
        self.now = now;
        if self.closed {
            return;
        }
        if self.sync_timeout().is_some_and(|at| at <= now.mono) {
            self.timers.sync = None;
            self.sync_is_due();
        }
        if self.timers.mark.is_some_and(|at| at <= now.mono) {
            self.timers.mark = None;
            self.mark_if_idle();
        }
        if self.next_expire().is_some_and(|at| at <= now.mono) {
            self.timers.expired = now.mono;
            self.expire();
        }
        self.advance_ending();
    }

    /// Asks for the sync that `EverySec` owes, and for another if some of it is not written yet.
    fn sync_is_due(&mut self) {
        for side in [Side::Live, Side::Target] {
            if let Some(log) = self.log_mut(side) {
                log.sync_due = !log.is_clean();
            }
        }
        let lags = |side| self.log(side).is_some() && !self.is_caught_up(side);
        let unwritten = !self.queue.is_empty() || lags(Side::Live) || lags(Side::Target);
        if self.live.is_some() && unwritten {
            self.owe_sync();
        }
    }

    /// A sync within a second, unless one is owed already.
    pub(super) fn owe_sync(&mut self) {
        let clock = match self.bug(47) {
            true => Millis(self.now.wall.0),
            false => self.now.mono,
        };
        self.timers.sync_by(clock.plus(SYNC_EVERY_MILLIS));
    }

    /// When the sync that is owed is due; a seeded bug asks the wall clock, which may jump back.
    fn sync_timeout(&self) -> Option<Millis> {
        let at = self.timers.sync?;
        match self.bug(47) {
            true => Some(self.now.mono.plus(at.0.saturating_sub(self.now.wall.0))),
            false => Some(at),
        }
    }

    /// Records the durable watermark once nothing more is to come. // O9
    fn mark_if_idle(&mut self) {
        let Some(live) = &self.live else { return };
        let logging = live.poisoned.is_none() && !self.live_is_side;
        if !logging || self.timers.marked >= self.lsn {
            return;
        }
        let syncing = live.sync_due || live.sync_out.is_some() || self.timers.sync.is_some();
        let written = self.queue.is_empty() && self.is_caught_up(Side::Live);
        if written && self.ending.is_none() && self.durable == self.lsn {
            self.seal_mark();
        } else if !written || syncing || self.durability_wanted().is_some() {
            self.timers.active(self.now.mono);
        }
    }

    /// Removes keys whose time has come, a bounded number, as one commit.
    fn expire(&mut self) {
        let expired = self.keyspace.expired(self.now.wall, EXPIRE_KEYS_MAX);
        let count = expired.len() as u64;
        let commands: Vec<(u32, Command)> = expired
            .into_iter()
            .map(|(db, key)| (db, Command::del(key.to_vec())))
            .collect();
        if commands.is_empty() {
            return;
        }
        // Nobody waits for it; under `Always` it is durable within about a second, too.
        let level = match self.options.appendfsync {
            AppendFsync::No => AppendFsync::No,
            AppendFsync::EverySec | AppendFsync::Always => AppendFsync::EverySec,
        };
        let batch = Batch {
            commands,
            appendfsync: Some(level),
        };
        // Busy: they stay expired for readers, and the next look finds them again.
        if self.submit(self.now, batch).is_ok() {
            self.counters.expired_keys += count;
        }
    }
}
