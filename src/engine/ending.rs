//! Close, and disabling the log at run time: everything durable, then every handle closed.

use crate::effect::{FileHandle, IoError, IoErrorKind, Name};
use crate::units::Now;

use super::complete::Purpose;
use super::pump::Side;
use super::{Engine, Outcome, RewriteError, Ticket};

/// Tries of something that fails before an ending gives up on it.
const TRIES_MAX: u32 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Goal {
    Close,
    Disable,
}

/// A close, or the disabling of the log, that is under way.
#[derive(Clone, Debug, Hash)]
pub(super) struct Ending {
    goal: Goal,
    ticket: Ticket,
    /// Whether everything is durable (or given up) and handles are being closed.
    closing: bool,
    /// The live log's handle, once it is being closed.
    log: Option<FileHandle>,
    heals_failed: u32,
    /// Of the last heal that failed.
    heal_error: Option<IoError>,
    /// Of the live log's close.
    close_error: Option<IoError>,
}

impl Ending {
    pub fn heal_failed(&mut self, error: IoError) {
        self.heals_failed += 1;
        self.heal_error = Some(error);
    }

    /// A log that is whole and durable was not closed cleanly: said, because some file systems
    /// report lost writes here alone. // O8
    pub fn close_failed(&mut self, file: FileHandle, error: IoError) {
        if self.log == Some(file) {
            self.close_error = Some(error);
        }
    }
}

impl Engine {
    /// Makes everything submitted durable, closes every handle and takes no more commits.
    ///
    /// The ticket ends as [`Outcome::Durable`] ([`Outcome::NotPersistent`] with the log disabled),
    /// or as [`Outcome::Unknown`] if an error stood in the way for good.
    pub fn close(&mut self, now: Now) -> Ticket {
        let ticket = self.ticket();
        if self.closed || self.is_closing() {
            self.settled(ticket, Outcome::Cancelled);
            return ticket;
        }
        if let Some(ending) = self.ending.take() {
            self.settled(ending.ticket, Outcome::Cancelled);
        }
        self.end(now, Goal::Close, ticket);
        ticket
    }

    /// Disables the log: leaves it complete and durable, and goes on in memory alone.
    ///
    /// # Errors
    /// [`RewriteError::Disabled`] or [`RewriteError::Closed`].
    pub fn disable(&mut self, now: Now) -> Result<Ticket, RewriteError> {
        if self.closed || self.stopped.is_some() || self.ending.is_some() {
            return Err(RewriteError::Closed);
        }
        if self.live.is_none() && self.rewrite.is_none() {
            return Err(RewriteError::Disabled);
        }
        let ticket = self.ticket();
        self.end(now, Goal::Disable, ticket);
        Ok(ticket)
    }

    fn end(&mut self, now: Now, goal: Goal, ticket: Ticket) {
        self.now = now;
        let (closing, log, heal_error, close_error) = (false, None, None, None);
        self.ending = Some(Ending {
            goal,
            ticket,
            closing,
            log,
            heals_failed: 0,
            heal_error,
            close_error,
        });
        if self.may_abandon()
            && self
                .rewrite
                .as_ref()
                .is_some_and(|it| it.kind != super::rewrite::Kind::Heal)
        {
            self.abandon(None);
        }
        self.rewrite_backoff.hurry();
        self.advance_ending();
    }

    pub(super) fn is_closing(&self) -> bool {
        self.ending
            .as_ref()
            .is_some_and(|ending| ending.goal == Goal::Close)
    }

    /// Takes the next step of an ending, if it can be taken.
    pub(super) fn advance_ending(&mut self) {
        let Some(ending) = &self.ending else { return };
        if !ending.closing {
            if let Some(error) = self.ending_fails() {
                self.stop(error);
            }
            if !(self.stopped.is_some() || self.is_all_durable()) {
                return;
            }
            self.begin_closing();
        }
        if (self.outs.is_empty() && self.retiring.is_empty()) || self.bug(704) {
            self.finish_ending();
        }
    }

    /// What stands in the way for good.
    fn ending_fails(&self) -> Option<IoError> {
        let ending = self.ending.as_ref()?;
        if self.stopped.is_some() {
            return None;
        }
        if ending.heals_failed >= TRIES_MAX {
            return ending.heal_error;
        }
        // A poisoned file that a crash could bring back waits for names that cannot be settled.
        let poisoned = [Side::Live, Side::Target]
            .into_iter()
            .find_map(|side| self.log(side).and_then(|log| log.poisoned));
        if let Some(rewrite) = &self.rewrite
            && rewrite.names.failures() >= TRIES_MAX
            && poisoned.is_some()
        {
            return poisoned;
        }
        let stuck = |side| {
            let log = self.log(side)?;
            log.no_room.filter(|_| log.backoff.failures() >= TRIES_MAX)
        };
        stuck(Side::Live).or_else(|| stuck(Side::Target))
    }

    /// Whether the log is whole, durable and says so; sees to it otherwise.
    fn is_all_durable(&mut self) -> bool {
        if let Some(rewrite) = &self.rewrite {
            let names = [Purpose::Rename, Purpose::SyncDir];
            let names_out = self.outs.values().any(|purpose| names.contains(purpose));
            let names_out = names_out && !self.bug(708);
            if self.may_abandon() || names_out {
                // O10: closed under a rename that is out, the old file would be freed by it.
                return false;
            }
            if self.live.is_none() || self.live_is_side {
                // Nothing was promised: names that cannot be settled are left to the next opening.
                return rewrite.names.failures() >= TRIES_MAX;
            }
            // Names that cannot be settled do not matter if both files are whole.
            if !rewrite.names.has_failed() {
                return false;
            }
        }
        let Some(live) = &self.live else { return true };
        if live.poisoned.is_some() || !self.queue.is_empty() {
            return false;
        }
        let sides = [Side::Live, Side::Target];
        let end = self.stream.end();
        let here = |side: &Side| self.log(*side).is_some();
        if !sides
            .iter()
            .copied()
            .filter(here)
            .all(|side| self.is_caught_up(side))
        {
            return false;
        }
        let mut durable = true;
        for side in sides {
            if let Some(log) = self.log_mut(side) {
                if log.poisoned.is_some() {
                    return false;
                }
                log.sync_due |= log.durable != end;
                durable &= log.durable == end;
            }
        }
        if self.bug(701) {
            return true;
        }
        if durable && self.timers.last_mark() < self.lsn {
            self.seal_mark();
            return false;
        }
        durable
    }

    fn begin_closing(&mut self) {
        let stopped = self.stopped.is_some();
        self.keyspace.cancel_snapshot();
        if let Some(side) = self.live.take_if(|_| self.live_is_side) {
            self.retire(side.file, side.offset(side.given), Some(Name::Side), false);
        } else if let Some(live) = self.live.take() {
            self.let_go(live.file);
            self.ending.as_mut().expect("an ending").log = Some(live.file).filter(|_| !stopped);
        }
        self.leave_rewrite();
        self.live_is_side = false;
        self.healing = false;
        self.ending.as_mut().expect("an ending").closing = true;
    }

    fn finish_ending(&mut self) {
        let ending = self.ending.take().expect("an ending");
        let outcome = match self.stopped.or(ending.close_error) {
            Some(error) => Outcome::Unknown(error),
            None if ending.log.is_none() => Outcome::NotPersistent,
            None => Outcome::Durable,
        };
        if ending.goal == Goal::Close {
            self.closed = true;
            let error = self.stopped.unwrap_or(IoError::new(IoErrorKind::Io));
            self.end_waiters_from(crate::units::Lsn(0), Outcome::Unknown(error));
        }
        self.settled(ending.ticket, outcome);
    }
}
