//! Letting files go without standing in anyone's way. // O10
//!
//! Freeing gigabytes at once stalls every neighbour of the file system, also from another thread.
//! A file is therefore truncated in small steps with pauses, then closed, then its name is removed
//! where it still has one.

use crate::effect::{Action, FileHandle, IoError, IoErrorKind, Name};
use crate::limits::{TRUNCATE_PAUSE_MILLIS, TRUNCATE_STEP};

use crate::units::Millis;

use super::complete::Purpose;
use super::retry::Backoff;
use super::{Engine, Event};

/// A file on its way out.
#[derive(Clone, Debug, Hash)]
pub(super) struct Retiring {
    /// The open handle, until it is closed.
    pub file: Option<FileHandle>,
    /// What is still to be truncated; 0 for a file that stays as it is.
    len: u64,
    was: u64,
    /// The name to remove at the end.
    pub unlink: Option<Name>,
    /// Whether its end is reported as the old log's.
    report: bool,
    out: bool,
    backoff: Backoff,
    paused_until: Millis,
}

impl Retiring {
    fn new(file: Option<FileHandle>, len: u64, unlink: Option<Name>) -> Self {
        Self {
            file,
            len,
            was: len,
            unlink,
            report: false,
            out: false,
            backoff: Backoff::default(),
            paused_until: Millis(0),
        }
    }
}

impl Retiring {
    /// See [`Engine::rebase_clock`].
    pub fn rebase(&mut self, now: Millis, moved: impl Fn(Millis) -> Millis) {
        self.backoff.rebase(now, &moved);
        self.paused_until = moved(self.paused_until);
    }
}

impl Engine {
    /// Truncates a file that nobody may read any more in steps, closes it, and removes `unlink`.
    pub(super) fn retire(
        &mut self,
        file: FileHandle,
        len: u64,
        unlink: Option<Name>,
        report: bool,
    ) {
        self.retiring.push(Retiring {
            report,
            ..Retiring::new(Some(file), len, unlink)
        });
    }

    /// Closes a file and leaves it as it is.
    pub(super) fn let_go(&mut self, file: FileHandle) {
        self.retire(file, 0, None, false);
    }

    /// Removes a name that a failed creation may have left.
    pub(super) fn remove(&mut self, name: Name) {
        self.retiring.push(Retiring::new(None, 0, Some(name)));
    }

    /// Whether this name is about to be removed: nothing may be created under it.
    pub(super) fn is_retiring(&self, name: Name) -> bool {
        let stale = |purpose: &Purpose| {
            matches!(purpose, Purpose::Prepare { name: other, file, .. }
                if *other == name && !self.owns(*file))
        };
        self.retiring.iter().any(|old| old.unlink == Some(name)) || self.outs.values().any(stale)
    }

    /// Whether somebody waits for files to be gone: a close, or healing, for the name.
    fn is_in_a_hurry(&self) -> bool {
        self.ending.is_some() || self.healing
    }

    pub(super) fn poll_retire(&mut self) -> Option<(Purpose, Action)> {
        let now = self.now.mono;
        let unpaced = self.is_in_a_hurry();
        let elsewhere = self.bug(52);
        let index = self.retiring.iter().position(|old| {
            let paused = !unpaced && old.paused_until > now;
            let used = |file| {
                let used = self.outs.values().any(|purpose| purpose.uses(file));
                self.pinned.contains(&file) || (used && !self.bug(709))
            };
            let here = !(elsewhere && old.report);
            here && !old.out && !paused && old.backoff.is_due(now) && !old.file.is_some_and(used)
        })?;
        let at_once = self.bug(710);
        let old = &mut self.retiring[index];
        old.out = true;
        if at_once {
            old.len = 0;
        }
        match (old.file, old.unlink) {
            (Some(file), _) if old.len > 0 => {
                let len = old.len.saturating_sub(TRUNCATE_STEP);
                Some((
                    Purpose::Truncate { file, len },
                    Action::Truncate { file, len },
                ))
            }
            (Some(file), _) => Some((Purpose::Close { file }, Action::Close { file })),
            (None, Some(name)) => Some((Purpose::Unlink { name }, Action::Unlink { name })),
            (None, None) => unreachable!("a file without handle and name has retired"),
        }
    }

    /// A seeded bug: the old file goes at once, in the lane that commits wait for.
    pub(super) fn poll_retire_in_the_way(&mut self) -> Option<(Purpose, Action)> {
        if !self.bug(52) {
            return None;
        }
        let old = self
            .retiring
            .iter_mut()
            .find(|old| !old.out && old.report)?;
        let file = old.file?;
        if self.pinned.contains(&file) || self.outs.values().any(|purpose| purpose.uses(file)) {
            return None;
        }
        (old.len, old.out) = (0, true);
        Some((Purpose::Close { file }, Action::Close { file }))
    }

    pub(super) fn truncate_ended(&mut self, file: FileHandle, len: u64, end: Result<(), IoError>) {
        let now = self.now.mono;
        let Some(old) = self.retiring.iter_mut().find(|old| old.file == Some(file)) else {
            return;
        };
        old.out = false;
        old.paused_until = now.plus(TRUNCATE_PAUSE_MILLIS);
        // A file that cannot be shortened is closed as it is: there is no gentler way left.
        old.len = if end.is_ok() { len } else { 0 };
    }

    /// The handle is gone, whatever `close` said; what it was has no part in the truth, but for the
    /// live log at the end.
    pub(super) fn close_ended(&mut self, file: FileHandle, end: Result<(), IoError>) {
        if let (Err(error), Some(ending)) = (end, &mut self.ending) {
            ending.close_failed(file, error);
        }
        let Some(index) = self.retiring.iter().position(|old| old.file == Some(file)) else {
            return;
        };
        let old = &mut self.retiring[index];
        (old.out, old.file) = (false, None);
        if old.unlink.is_none() {
            let old = self.retiring.remove(index);
            if old.report {
                self.events
                    .push_back(Event::OldFileRetired { len: old.was });
            }
        }
    }

    pub(super) fn unlink_ended(&mut self, name: Name, end: Result<(), IoError>) {
        let now = self.now.mono;
        let unlinking = |old: &Retiring| old.unlink == Some(name) && old.file.is_none() && old.out;
        let Some(index) = self.retiring.iter().position(unlinking) else {
            return;
        };
        match end {
            Err(error) if error.kind != IoErrorKind::NotFound => {
                let ending = self.ending.is_some();
                let old = &mut self.retiring[index];
                old.out = false;
                old.backoff.fail(now);
                if ending {
                    // The next opening removes it.
                    self.retiring.remove(index);
                }
            }
            _ => {
                self.retiring.remove(index);
            }
        }
    }

    pub(super) fn retire_timeout(&self) -> Option<Millis> {
        let now = self.now.mono;
        let waits = |old: &Retiring| {
            let paused = Some(old.paused_until).filter(|at| *at > now && !self.is_in_a_hurry());
            paused.max(old.backoff.pending(now))
        };
        self.retiring
            .iter()
            .filter(|old| !old.out)
            .filter_map(waits)
            .min()
    }
}
