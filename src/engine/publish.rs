//! Publication: the rename, the directory sync, and the switch.

use crate::effect::{IoError, IoErrorKind, Name};

use super::pump::Side;
use super::rewrite::{Kind, Phase};
use super::{Engine, Event, Outcome};

impl Engine {
    pub(super) fn rename_ended(&mut self, end: Result<(), IoError>) {
        let now = self.now.mono;
        let premature = self.bug(56);
        let Some(rewrite) = &mut self.rewrite else {
            return;
        };
        let repeated = rewrite.names.has_failed();
        match end {
            // Its source is gone: it had happened.
            Err(error) if error.kind == IoErrorKind::NotFound && repeated => {}
            Err(error) if error.kind == IoErrorKind::NotFound => {
                // Somebody removed the new file; it was never reachable.
                rewrite.phase = Phase::Ready;
                return self.abandon(Some(error));
            }
            Err(_) => {
                rewrite.phase = Phase::Renaming { out: false };
                return rewrite.names.fail(now);
            }
            Ok(()) => {}
        }
        rewrite.phase = Phase::SyncingDir { out: false };
        rewrite.names.reset();
        if premature {
            self.stray = self.live.as_ref().map(|live| live.file);
        }
    }

    pub(super) fn sync_dir_ended(&mut self, end: Result<(), IoError>) {
        let now = self.now.mono;
        let Some(rewrite) = &mut self.rewrite else {
            return;
        };
        match end {
            Ok(()) => self.switch(),
            Err(_) => {
                rewrite.phase = Phase::SyncingDir { out: false };
                rewrite.names.fail(now);
            }
        }
    }

    /// Only the new file can come back now; only it is written from now on.
    fn switch(&mut self) {
        let rewrite = self.rewrite.take().expect("a switch ends a rewrite");
        let target = rewrite.target.expect("what was renamed is written");
        self.counters.rewrites += 1;
        self.counters.last_rewrite_failed = false;
        self.rewrite_backoff.reset();
        if let Some(ticket) = rewrite.ticket {
            self.settled(ticket, Outcome::Durable);
        }
        if let Some((pin, len)) = rewrite.pin {
            self.retire(pin, len, None, true);
        }
        if rewrite.kind == Kind::Once {
            return self.let_go(rewrite.file);
        }
        let new_len = target.len();
        let poisoned = target.poisoned;
        let old = self.live.replace(target).expect("a log was live");
        let side = core::mem::take(&mut self.live_is_side);
        if side {
            self.never_refuse(self.lsn); // all that was submitted was answered
        }
        let name = side.then_some(Name::Side);
        self.retire(old.file, old.offset(old.given), name, !side);
        self.base_size = new_len;
        self.timers.active(self.now.mono);
        self.events.push_back(Event::Switched { len: new_len });
        let healed = core::mem::take(&mut self.healing);
        if let Some(error) = poisoned {
            self.healing = healed;
            self.poison(Side::Live, error);
        } else if healed {
            self.events.push_back(Event::Healed);
        }
    }
}
