//! Completions in: what each effect was for, and what its end means.

use crate::effect::{Completion, EffectId, FileHandle, IoError, IoErrorKind, Name};
use crate::units::Now;

use super::logfile::{Mark, SyncOut};
use super::pump::Side;
use super::{Engine, Event};
use crate::limits::SLOW_SYNC_MILLIS;

/// What an effect that is out is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Purpose {
    /// Frames from this place in the stream on.
    Write {
        file: FileHandle,
        start: u64,
    },
    /// Of frames.
    Sync {
        file: FileHandle,
    },
    Rename,
    SyncDir,
    /// One of the files that a rewrite begins with.
    Prepare {
        file: FileHandle,
        name: Name,
        pin: bool,
    },
    Base {
        file: FileHandle,
    },
    BaseSync {
        file: FileHandle,
    },
    Copy {
        file: FileHandle,
        from: FileHandle,
    },
    Check {
        file: FileHandle,
    },
    GapSync {
        file: FileHandle,
    },
    Truncate {
        file: FileHandle,
        len: u64,
    },
    Close {
        file: FileHandle,
    },
    Unlink {
        name: Name,
    },
    /// A seeded bug's doing.
    Stray {
        file: FileHandle,
    },
}

impl Purpose {
    /// Whether the effect uses this handle.
    pub fn uses(&self, handle: FileHandle) -> bool {
        match self {
            Self::Write { file, .. }
            | Self::Sync { file }
            | Self::Prepare { file, .. }
            | Self::Base { file }
            | Self::BaseSync { file }
            | Self::Check { file }
            | Self::GapSync { file }
            | Self::Truncate { file, .. }
            | Self::Close { file }
            | Self::Stray { file } => *file == handle,
            Self::Copy { file, from } => *file == handle || *from == handle,
            Self::Rename | Self::SyncDir | Self::Unlink { .. } => false,
        }
    }
}

/// What a completion that fits no action means: the driver is broken, not the disk.
const MISFIT: &str = "a completion fits its action";

impl Engine {
    /// Takes in how an effect ended.
    ///
    /// # Panics
    /// If `id` is not out, or the completion does not fit the action: a driver's bug.
    pub fn handle_completion(&mut self, now: Now, id: EffectId, completion: Completion) {
        self.now = now;
        let purpose = self
            .outs
            .remove(&id)
            .expect("a completion is for an effect that is out");
        match purpose {
            Purpose::Write { file, start } => self.written(file, start, completion),
            Purpose::Sync { file } => self.synced(file, completion),
            Purpose::Rename => self.rename_ended(done(completion)),
            Purpose::SyncDir => self.sync_dir_ended(done(completion)),
            Purpose::Prepare { file, name, pin } => self.prepared(file, name, pin, completion),
            Purpose::Base { file } => self.base_chunk_ended(file, wrote(completion)),
            Purpose::BaseSync { file } => self.base_sync_ended(file, done(completion)),
            Purpose::Copy { file, .. } => self.copy_ended(file, completion),
            Purpose::Check { file } => self.check_ended(file, completion),
            Purpose::GapSync { file } => self.gap_sync_ended(file, done(completion)),
            Purpose::Truncate { file, len } => self.truncate_ended(file, len, done(completion)),
            Purpose::Close { file } => self.close_ended(file, done(completion)),
            Purpose::Unlink { name } => self.unlink_ended(name, done(completion)),
            Purpose::Stray { .. } => {}
        }
        self.catch_up();
        self.advance();
        self.advance_ending();
    }

    fn written(&mut self, file: FileHandle, start: u64, completion: Completion) {
        let Some(side) = self.side_of(file) else {
            return;
        };
        let two_writes = self.bug(68) || self.bug(633);
        let unchecked = self.bug(49);
        let log = self.log_mut(side).expect("just seen");
        log.write_out = None;
        let len = match wrote(completion) {
            Ok(0) => return self.found_no_room(side, IoError::new(IoErrorKind::NoRoom)),
            Ok(len) => len,
            // Interrupted for so long that the driver gave up: nothing is harmed either.
            Err(error) if matches!(error.kind, IoErrorKind::NoRoom | IoErrorKind::Interrupted) => {
                return self.found_no_room(side, error);
            }
            Err(error) => return self.poison(side, error),
        };
        if log.poisoned.is_some() && !unchecked {
            return;
        }
        let before = log.written;
        let position = if two_writes {
            before.position.max(start + len)
        } else {
            start + len
        };
        let written = self.stream.mark_at(position, before);
        let watermark = self.stream.frame_at(start).map(|frame| frame.watermark);
        let log = self.log_mut(side).expect("just seen");
        log.written = written;
        log.given = log.given.max(written.position); // no news but for a seeded bug
        log.backoff.reset();
        self.counters.last_write_failed = false;
        if let (Side::Target, Some(rewrite), Some(watermark)) = (side, &mut self.rewrite, watermark)
        {
            rewrite.watermark = rewrite.watermark.max(watermark);
        }
        if core::mem::take(&mut self.no_room) {
            self.events.push_back(Event::Room);
        }
        self.settle_no_room();
    }

    fn synced(&mut self, file: FileHandle, completion: Completion) {
        let Some(side) = self.side_of(file) else {
            return;
        };
        let now = self.now.mono;
        let (late, several) = (self.bug(11), self.bug(716));
        let log = self.log_mut(side).expect("just seen");
        if several && log.sync_out.is_none() {
            return;
        }
        let SyncOut { covers, started } = log.sync_out.take().expect("a sync was out");
        let took = now.0.saturating_sub(started.0);
        match done(completion) {
            Err(error) => {
                self.counters.sync_errors += 1;
                if self.bug(18) {
                    self.log_mut(side).expect("just seen").sync_due = true;
                } else {
                    self.poison(side, error);
                }
            }
            Ok(()) => {
                let covers = if late { log.written } else { covers };
                if log.poisoned.is_none() {
                    log.durable = log.durable.max(covers);
                }
                self.counters.last_sync = now;
            }
        }
        if took > SLOW_SYNC_MILLIS {
            self.counters.delayed_fsync += 1;
            self.events.push_back(Event::SlowSync { millis: took });
        }
    }

    /// The place in the stream up to which all of what is sealed is written, for `side`.
    pub(super) fn is_caught_up(&self, side: Side) -> bool {
        let end: Mark = self.stream.end();
        self.log(side)
            .is_some_and(|log| log.written == end && log.write_out.is_none())
    }
}

pub(super) fn done(completion: Completion) -> Result<(), IoError> {
    match completion {
        Completion::Failed(error) => Err(error),
        Completion::Done => Ok(()),
        other => panic!("{MISFIT}: {other:?}"),
    }
}

pub(super) fn wrote(completion: Completion) -> Result<u64, IoError> {
    match completion {
        Completion::Failed(error) => Err(error),
        Completion::Wrote { len } => Ok(len),
        other => panic!("{MISFIT}: {other:?}"),
    }
}
