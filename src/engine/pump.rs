//! Effects out: what each lane may be given now.
//!
//! An effect is given out only when all that it depends on has completed, so any two that are out
//! at once commute. A lane that is pulled only when its thread is free gathers commits meanwhile:
//! that is what makes group commit.

use crate::effect::{Action, Effect, EffectId, FileHandle, Lane, Name};
use crate::units::{Lsn, Now};

use super::Engine;
use super::complete::Purpose;
use super::logfile::{LogFile, SyncOut};
use super::rewrite::{Kind, Phase};

/// Which of the two logs a foreground effect is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Live,
    Target,
}

impl Engine {
    /// Gives the next effect for `lane`, or nothing until a completion, a call or a timeout.
    ///
    /// May be called again while effects are out.
    pub fn poll_effect(&mut self, now: Now, lane: Lane) -> Option<(EffectId, Effect)> {
        self.now = now;
        if self.closed {
            return None;
        }
        self.advance_ending();
        let (purpose, action) = match lane {
            Lane::Foreground => self.poll_foreground()?,
            Lane::Background => self.poll_background()?,
        };
        self.next_effect += 1;
        let id = EffectId(self.next_effect);
        self.outs.insert(id, purpose);
        Some((id, Effect { lane, action }))
    }

    /// Syncs first: while one runs, the next group of commits forms. The rename comes before
    /// writes, and of both logs the one that lags is written first: under constant load there
    /// always is a write of the live log, and what came behind it would never have its turn. // O11
    fn poll_foreground(&mut self) -> Option<(Purpose, Action)> {
        self.poll_seeded()
            .or_else(|| self.poll_sync(Side::Live))
            .or_else(|| self.poll_sync(Side::Target))
            .or_else(|| self.poll_rename())
            .or_else(|| {
                let [first, second] = self.sides_as_they_lag();
                self.poll_write(first).or_else(|| self.poll_write(second))
            })
    }

    /// What a seeded bug puts first; nothing in a product.
    fn poll_seeded(&mut self) -> Option<(Purpose, Action)> {
        let hasty = self.bug(61) || self.bug(65);
        let rename = if hasty { self.poll_rename() } else { None };
        rename.or_else(|| self.poll_retire_in_the_way())
    }

    /// Both logs, the one first that is written less far.
    fn sides_as_they_lag(&self) -> [Side; 2] {
        let written = |side| self.log(side).map(|log| log.written.position);
        let target = written(Side::Target);
        match target.is_some_and(|target| Some(target) < written(Side::Live)) {
            true => [Side::Target, Side::Live],
            false => [Side::Live, Side::Target],
        }
    }

    fn poll_background(&mut self) -> Option<(Purpose, Action)> {
        self.begin_what_is_due();
        if let Some(file) = self.stray.take() {
            return Some((Purpose::Stray { file }, Action::Truncate { file, len: 0 }));
        }
        self.poll_rewrite().or_else(|| self.poll_retire())
    }

    pub(super) fn log(&self, side: Side) -> Option<&LogFile> {
        match side {
            Side::Live => self.live.as_ref(),
            Side::Target => self
                .rewrite
                .as_ref()
                .and_then(|rewrite| rewrite.target.as_ref()),
        }
    }

    pub(super) fn log_mut(&mut self, side: Side) -> Option<&mut LogFile> {
        match side {
            Side::Live => self.live.as_mut(),
            Side::Target => self
                .rewrite
                .as_mut()
                .and_then(|rewrite| rewrite.target.as_mut()),
        }
    }

    /// Which log this file is, if it is one that frames go to.
    pub(super) fn side_of(&self, file: FileHandle) -> Option<Side> {
        let is = |side| self.log(side).is_some_and(|log| log.file == file);
        [Side::Live, Side::Target]
            .into_iter()
            .find(|side| is(*side))
    }

    fn poll_sync(&mut self, side: Side) -> Option<(Purpose, Action)> {
        // O10: a file whose base or copied range is unsynced is never synced in the foreground.
        if side == Side::Target && !self.needs_both() && !self.bug(706) {
            return None;
        }
        if side == Side::Live && self.live_is_side {
            return None; // no crash brings it back
        }
        let wanted = self.durability_wanted();
        let rename_needs = if side == Side::Target {
            self.rename_needs()
        } else {
            None
        };
        let (started, hasty) = (self.now.mono, self.bug(716));
        let log = self.log_mut(side)?;
        let out = log
            .sync_out
            .is_some_and(|sync| !hasty || sync.covers == log.written);
        if out || log.poisoned.is_some() || log.is_clean() {
            return None;
        }
        let helps = |lsn: Lsn| lsn > log.durable.lsn && lsn <= log.written.lsn;
        if !log.sync_due && !wanted.is_some_and(helps) && !rename_needs.is_some_and(helps) {
            return None;
        }
        log.sync_due = false;
        log.sync_out = Some(SyncOut {
            covers: log.written,
            started,
        });
        let file = log.file;
        if self.bug(10) {
            self.advance();
        }
        Some((Purpose::Sync { file }, Action::SyncData { file }))
    }

    fn poll_write(&mut self, side: Side) -> Option<(Purpose, Action)> {
        let now = self.now.mono;
        let copying = (self.copying() && !self.bug(705)) || self.copy_waits();
        if side == Side::Target && (copying || self.bug(51)) {
            return None;
        }
        if side == Side::Live && self.bug(29) && self.published() {
            return None;
        }
        let two_writes = self.bug(68) || self.bug(633);
        let log = self.log_mut(side)?;
        if log.no_room.is_some() && log.backoff.is_due(now) && log.backoff.has_failed() {
            log.no_room = None;
        }
        if two_writes && log.poisoned.is_none() && log.no_room.is_none() {
            log.write_out = None;
        }
        if !log.is_free() {
            return None;
        }
        let start = if two_writes {
            log.given.max(log.written.position)
        } else {
            log.written.position
        };
        if start == self.stream.end().position && !(self.leads(side) && self.seal()) {
            return None;
        }
        let bytes = self
            .stream
            .piece_at(start)
            .expect("the stream goes on behind what is written");
        let log = self.log_mut(side).expect("just seen");
        let end = start + bytes.len() as u64;
        log.write_out = Some(end);
        log.given = log.given.max(end);
        let (file, offset) = (log.file, log.offset(start));
        if let (Side::Target, Some(rewrite)) = (side, &mut self.rewrite) {
            rewrite.frames_len_left = rewrite.frames_len_left.saturating_sub(end - start);
        }
        Some((
            Purpose::Write { file, start },
            Action::Write {
                file,
                offset,
                bytes,
            },
        ))
    }

    /// Whether this log is the one for which commits are sealed: the live one, or the new one where
    /// the live one is poisoned.
    fn leads(&self, side: Side) -> bool {
        let live_is_poisoned = self
            .live
            .as_ref()
            .is_some_and(|live| live.poisoned.is_some());
        let target_leads = live_is_poisoned || (self.bug(29) && self.published());
        target_leads == (side == Side::Target)
    }

    fn poll_rename(&mut self) -> Option<(Purpose, Action)> {
        let now = self.now.mono;
        let may = self.may_rename();
        let rewrite = self.rewrite.as_mut()?;
        match rewrite.phase {
            Phase::Ready if may => {}
            Phase::Renaming { out: false } if rewrite.names.is_due(now) => {}
            _ => return None,
        }
        rewrite.phase = Phase::Renaming { out: true };
        self.check_rename();
        Some((
            Purpose::Rename,
            Action::Rename {
                from: Name::Rewrite,
                to: Name::Live,
            },
        ))
    }

    /// I7: the conditions under which the new file may become reachable.
    fn may_rename(&self) -> bool {
        let Some(rewrite) = &self.rewrite else {
            return false;
        };
        let Some(target) = &rewrite.target else {
            return false;
        };
        if self.bug(51) {
            return true;
        }
        if rewrite.kind == Kind::Once || self.live_is_side {
            return true; // nothing was promised yet
        }
        let durable = target.durable.lsn >= self.durable_before_rename();
        let written = target.written.lsn >= self.written || self.bug(61);
        durable && written
    }

    /// Up to where the new file must be durable before it is renamed: what is known durable, hence
    /// every watermark in it.
    fn durable_before_rename(&self) -> Lsn {
        match &self.rewrite {
            Some(rewrite) if self.bug(65) => rewrite.watermark,
            _ => self.durable,
        }
    }

    /// The commit that the new file must hold durably before it may be renamed, if it lags.
    fn rename_needs(&self) -> Option<Lsn> {
        let rewrite = self.rewrite.as_ref()?;
        let target = rewrite.target.as_ref()?;
        let known = self.durable_before_rename();
        let lags = rewrite.phase == Phase::Ready && target.durable.lsn < known;
        (lags && !self.live_is_side).then(|| known.min(target.written.lsn))
    }
}
