//! Catch up and gap: the commits since the snapshot, copied from the old log into the new one.
//!
//! None is buffered in memory. Frames are copied verbatim, so a frame's offset in the new file is
//! its place in the stream plus a constant, and what comes behind the gap can be written before the
//! gap is filled.

use alloc::boxed::Box;

use crate::effect::{Action, Completion, FileHandle, IoError, IoErrorKind};
use crate::limits::{CHECK_LEN_MAX, COPY_LEN_MAX};
use crate::log::{Sequence, Verifier};

use super::complete::Purpose;
use super::logfile::{LogFile, Mark};
use super::pump::Side;
use super::rewrite::{Kind, Phase};
use super::{Engine, Event};

/// The stretch of the stream that is copied. Places are positions in the stream.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Gap {
    upto: Mark,
    copied: u64,
    verifier: Verifier,
    checked: u64,
    check_out: bool,
    sync_out: bool,
}

impl Engine {
    /// From the moment on when all that is sealed is written in the old log, frames go to both.
    pub(super) fn catch_up(&mut self) {
        let waits = self
            .rewrite
            .as_ref()
            .is_some_and(|it| it.phase == Phase::CatchUp);
        if !waits {
            return;
        }
        let Some(live) = &self.live else { return };
        let from = self.rewrite.as_ref().map_or(live.written, |it| it.snapshot);
        let border_lost = self.bug(26) && live.written >= from;
        if self.is_caught_up(Side::Live) || border_lost {
            // Never before the snapshot, but for a seeded bug that refuses what the base holds.
            let upto = live.written.max(from);
            self.begin_gap(upto);
        }
    }

    pub(super) fn begin_gap(&mut self, upto: Mark) {
        let end = self.stream.end();
        let (incarnation, border_lost) = (self.incarnation, self.bug(26));
        let rewrite = self.rewrite.as_mut().expect("a gap belongs to a rewrite");
        let from = rewrite.snapshot;
        let delta = rewrite.base.len.wrapping_sub(from.position);
        let behind = Sequence::behind(rewrite.identity, incarnation, from.lsn);
        let first = if border_lost { end } else { upto };
        let mut target = LogFile::new(rewrite.file, delta, first);
        if rewrite.kind == Kind::Once {
            target.written.position = from.position;
            target.durable = target.written;
        }
        rewrite.phase = Phase::Gap(Box::new(Gap {
            upto,
            copied: from.position,
            verifier: Verifier::new(target.offset(from.position), behind),
            checked: from.position,
            check_out: false,
            sync_out: false,
        }));
        rewrite.target = Some(target);
    }

    pub(super) fn poll_gap(&mut self) -> Option<(Purpose, Action)> {
        let unchecked = self.bug(62) || self.bug(26) || self.bug(703);
        let two_out = self.bug(705);
        let end = self.stream.end().position;
        let source = self.live.as_ref().map(|live| (live.file, live.delta));
        let rewrite = self.rewrite.as_mut()?;
        let Phase::Gap(gap) = &mut rewrite.phase else {
            return None;
        };
        let target = rewrite.target.as_ref().expect("a gap has a file");
        let file = rewrite.file;
        if rewrite.copy_out || gap.check_out || gap.sync_out {
            return None;
        }
        if gap.copied < gap.upto.position {
            let lags = target.written.position < end;
            let writing = target.write_out.is_some() && !two_out;
            if writing || (rewrite.frames_len_left > 0 && lags) {
                return None; // I2
            }
            rewrite.frames_len_left = 2 * COPY_LEN_MAX;
            let (from, delta) = source.expect("a gap has a source");
            rewrite.copy_out = true;
            let len = (gap.upto.position - gap.copied).min(COPY_LEN_MAX);
            let from_offset = gap.copied.wrapping_add(delta);
            let to_offset = target.offset(gap.copied);
            let copy = Action::Copy {
                from,
                from_offset,
                to: file,
                to_offset,
                len,
            };
            return Some((Purpose::Copy { file, from }, copy));
        }
        if gap.checked < gap.upto.position && !unchecked {
            gap.check_out = true;
            let len = (gap.upto.position - gap.checked).min(CHECK_LEN_MAX);
            let offset = target.offset(gap.checked);
            return Some((Purpose::Check { file }, Action::Read { file, offset, len }));
        }
        gap.sync_out = true;
        Some((Purpose::GapSync { file }, Action::SyncData { file }))
    }

    /// Whether a copy has the next turn to write to the new file.
    pub(super) fn copy_waits(&self) -> bool {
        self.rewrite.as_ref().is_some_and(|rewrite| {
            let Phase::Gap(gap) = &rewrite.phase else {
                return false;
            };
            rewrite.frames_len_left == 0 && gap.copied < gap.upto.position
        })
    }

    /// The gap of the rewrite that has this file.
    fn gap_of(&mut self, file: FileHandle) -> Option<&mut Gap> {
        let rewrite = self
            .rewrite
            .as_mut()
            .filter(|rewrite| rewrite.file == file)?;
        match &mut rewrite.phase {
            Phase::Gap(gap) => Some(gap),
            _ => None,
        }
    }

    pub(super) fn copy_ended(&mut self, file: FileHandle, end: Completion) {
        if let Some(rewrite) = self.rewrite.as_mut().filter(|rewrite| rewrite.file == file) {
            rewrite.copy_out = false;
        }
        let believes = self.bug(62);
        let Some(gap) = self.gap_of(file) else { return };
        match end {
            Completion::Copied { len: 0 } if believes => gap.copied = gap.upto.position,
            Completion::Copied { len } if len > 0 => {
                gap.copied += len;
                assert!(
                    gap.copied <= gap.upto.position,
                    "a copy is no longer than asked for"
                );
            }
            Completion::Failed(error) => self.abandon(Some(error)),
            _ => self.abandon(Some(IoError::new(IoErrorKind::Io))), // the source ended early
        }
    }

    pub(super) fn check_ended(&mut self, file: FileHandle, end: Completion) {
        let Some(gap) = self.gap_of(file) else { return };
        gap.check_out = false;
        let intact = match end {
            Completion::Failed(error) => return self.abandon(Some(error)),
            Completion::Read { bytes } => {
                gap.checked += bytes.len() as u64;
                !bytes.is_empty() && gap.verifier.feed(&bytes).is_ok()
            }
            _ => false,
        };
        let whole = gap.checked < gap.upto.position
            || (gap.verifier.at_border() && gap.verifier.last_lsn() == gap.upto.lsn);
        if !intact || !whole {
            self.abandon(Some(IoError::new(IoErrorKind::Io)));
        }
    }

    /// Base and gap are durable: from now on an acknowledgement needs both files.
    pub(super) fn gap_sync_ended(&mut self, file: FileHandle, end: Result<(), IoError>) {
        let Some(gap) = self.gap_of(file) else { return };
        gap.sync_out = false;
        let upto = gap.upto.position;
        match end {
            Err(error) => {
                self.counters.sync_errors += 1;
                self.abandon(Some(error)); // I3: the new file is poisoned
            }
            Ok(()) => {
                let rewrite = self.rewrite.as_mut().expect("its gap was found");
                rewrite.phase = Phase::Ready;
                let len = upto.saturating_sub(rewrite.snapshot.position);
                self.events.push_back(Event::DiffFlushed { len });
            }
        }
    }
}
