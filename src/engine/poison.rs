//! When a log fails: no room, and worse.
//!
//! **No room** harms nothing that was written: the rest of the frame goes to the same offset when
//! there is room. A commit that no file holds whole is refused, and with it all that were computed
//! after it. A commit that any file holds whole, a poisoned one included, or whose effect a base
//! that may become reachable holds, keeps its number and place: the same bytes are tried again
//! before anything behind them. // O12
//!
//! **Poison**: after EIO from a write or any failed sync the kernel may have dropped the pages and
//! marked them clean. The file is never written, synced or copied from again. The keyspace is in
//! memory, so the machine heals by writing it to a new file; until that is published durably
//! nothing is acknowledged.

use crate::effect::{IoError, Name};
use crate::units::Lsn;

use super::logfile::LogFile;
use super::pump::Side;
use super::rewrite::{Kind, Rewrite};
use super::{Engine, Event, OnSyncError};

impl Engine {
    pub(super) fn poison(&mut self, side: Side, error: IoError) {
        let log = self
            .log_mut(side)
            .expect("a log is poisoned while it is known");
        log.poisoned.get_or_insert(error);
        self.counters.last_write_failed = true;
        match side {
            Side::Target if self.may_abandon() => self.abandon(Some(error)),
            // Reachable: the directory sync decides; `switch` heals.
            Side::Target => {}
            Side::Live if self.live_is_side => self.abandon_side(error),
            Side::Live => self.live_is_poisoned(error),
        }
        self.settle_no_room();
    }

    fn live_is_poisoned(&mut self, error: IoError) {
        if self.options.on_sync_error == OnSyncError::Stop && self.stopped.is_none() {
            self.stop(error);
        }
        let copies_from_it = self
            .rewrite
            .as_ref()
            .is_some_and(|rewrite| rewrite.kind == Kind::Log);
        let copying = self.bug(62) && self.filling_gap();
        if copies_from_it && self.may_abandon() && !copying {
            self.abandon(Some(error));
        }
        self.rewrite_backoff.hurry();
        if self.stopped.is_none() && !self.healing {
            self.healing = true;
            self.events.push_back(Event::Healing { error });
        }
    }

    pub(super) fn found_no_room(&mut self, side: Side, error: IoError) {
        let now = self.now.mono;
        let log = self.log_mut(side).expect("a write was out");
        log.no_room = Some(error);
        log.backoff.fail(now);
        self.counters.last_write_failed = true;
        if !core::mem::replace(&mut self.no_room, true) {
            self.events.push_back(Event::NoRoom);
        }
        self.settle_no_room();
    }

    /// Decides about commits that found no room, once no write is out that could still make one
    /// whole.
    pub(super) fn settle_no_room(&mut self) {
        let Some(error) = self.blocked_by() else {
            return;
        };
        if self
            .log(Side::Target)
            .is_some_and(|log| log.no_room.is_some())
            && self.may_abandon()
        {
            self.abandon(Some(error));
            return self.settle_no_room();
        }
        if self.live_is_side {
            return self.abandon_side(error);
        }
        let waits = |log: &LogFile| log.write_out.is_some();
        let out = [Side::Live, Side::Target]
            .into_iter()
            .any(|side| self.log(side).is_some_and(waits));
        if out && !self.bug(633) {
            return;
        }
        if self
            .live
            .as_ref()
            .is_some_and(|live| live.poisoned.is_some())
        {
            // Every commit is in the base that is being published, or waits for the next one.
            return;
        }
        self.refuse_what_no_file_holds(error);
    }

    fn blocked_by(&self) -> Option<IoError> {
        let blocked = |side| self.log(side).and_then(|log: &LogFile| log.no_room);
        blocked(Side::Live).or_else(|| blocked(Side::Target))
    }

    fn refuse_what_no_file_holds(&mut self, error: IoError) {
        let live = self.live.as_ref().expect("a log is blocked");
        let mut held = live.may_hold();
        if let Some(target) = self.target().filter(|_| !self.bug(631)) {
            held = held.max(target.may_hold());
        }
        // What an abandoned file held whole stands, too, and what was answered before the log was
        // enabled: it can no longer be taken back.
        let stands = Lsn(self.lsn.0 - self.undos.len() as u64);
        let border = self.stream.border_before(held);
        let border = if self.bug(631) {
            border
        } else {
            border.max(self.stream.border_behind(stands, border))
        };
        let first = border.lsn.max(stands).next();
        // A mark before S may be all that is cut: the gap begins behind it, so the rewrite goes, too.
        let reaches = |rewrite: &Rewrite| rewrite.reaches_beyond(border) || rewrite.holds(first);
        let in_base = self.rewrite.as_ref().is_some_and(reaches);
        if in_base && !self.bug(632) {
            assert!(
                self.may_abandon(),
                "I7: what a reachable base holds is written"
            );
            self.abandon(Some(error)); // before the refusal is answered
        }
        if first <= self.lsn {
            self.refuse_from(first, error);
        }
        self.stream.cut(border);
        for side in [Side::Live, Side::Target] {
            if let Some(log) = self.log_mut(side) {
                log.cut(border);
                log.given = if log.poisoned.is_some() {
                    log.given
                } else {
                    log.written.position
                };
                if log.written == border {
                    log.no_room = None;
                }
            }
        }
    }

    /// A seeded bug: a rewrite begins, and with it the error is forgotten.
    pub(super) fn forget_poison(&mut self) {
        if let Some(live) = &mut self.live {
            live.poisoned = None;
        }
        self.healing = false;
        self.begin_rewrite(Kind::Log, None);
    }

    /// The side file failed: the log stays disabled.
    fn abandon_side(&mut self, error: IoError) {
        if self.may_abandon() {
            self.abandon(Some(error));
        }
    }

    /// Gives up what was being enabled: the side file goes, the machine is without a log again.
    pub(super) fn drop_side(&mut self) {
        let Some(side) = self.live.take_if(|_| self.live_is_side) else {
            return;
        };
        self.live_is_side = false;
        self.queue.clear();
        self.queue_len = 0;
        self.never_refuse(self.lsn);
        self.stream.forget_before(self.stream.end().position);
        self.retire(side.file, side.offset(side.given), Some(Name::Side), false);
    }
}
