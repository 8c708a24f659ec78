//! One log file as the machine knows it: what it was given, what is written, what is durable.

use core::hash::{Hash, Hasher};

use crate::effect::{FileHandle, IoError};
use crate::units::{Lsn, Millis};

use super::retry::Backoff;

/// A place in the stream of frames, and the last commit that is whole before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Mark {
    /// Bytes of the stream before this place.
    pub position: u64,
    /// The last commit whose frame ends at or before it.
    pub lsn: Lsn,
}

/// A sync that is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SyncOut {
    /// What it covers: what was written when it was given out, and not a byte more.
    pub covers: Mark,
    /// For the count of those that took long alone.
    pub started: Millis,
}

impl Hash for SyncOut {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.covers.hash(state);
    }
}

/// A log that frames are appended to.
///
/// * **I1** `durable <= written <= given`, and `given` is at most the stream's end.
/// * **I2** at most one write (or copy) to the file is out.
/// * **I3** a poisoned file is never written, synced or copied from again.
#[derive(Clone, Debug, Hash)]
pub(super) struct LogFile {
    pub file: FileHandle,
    /// What to add to a position in the stream to get an offset in this file (may be negative: the
    /// sum wraps).
    pub delta: u64,
    /// Accepted by the file system.
    pub written: Mark,
    /// Survives a power loss.
    pub durable: Mark,
    /// The end of what was ever handed to the file system: it may be there.
    pub given: u64,
    /// The end of the write that is out.
    pub write_out: Option<u64>,
    pub sync_out: Option<SyncOut>,
    /// Whether a sync is due although no ticket waits for one (`EverySec`, close, rename).
    pub sync_due: bool,
    pub poisoned: Option<IoError>,
    /// The last write found no room; nothing is written until this is settled or time has passed.
    pub no_room: Option<IoError>,
    pub backoff: Backoff,
}

impl LogFile {
    pub fn new(file: FileHandle, delta: u64, at: Mark) -> Self {
        Self {
            file,
            delta,
            written: at,
            durable: at,
            given: at.position,
            write_out: None,
            sync_out: None,
            sync_due: false,
            poisoned: None,
            no_room: None,
            backoff: Backoff::default(),
        }
    }

    /// The offset in this file of a place in the stream.
    pub fn offset(&self, position: u64) -> u64 {
        position.wrapping_add(self.delta)
    }

    /// The file's length as far as it is written.
    pub fn len(&self) -> u64 {
        self.offset(self.written.position)
    }

    pub fn is_clean(&self) -> bool {
        self.durable.position == self.written.position
    }

    /// Whether the file can be written now.
    pub fn is_free(&self) -> bool {
        self.write_out.is_none() && self.poisoned.is_none() && self.no_room.is_none()
    }

    /// The last position that may be in the file, however its writes ended.
    pub fn may_hold(&self) -> u64 {
        if self.poisoned.is_some() {
            self.given
        } else {
            self.written.position
        }
    }

    /// Frames from this border on are no more: bytes of them that are written, or durable already,
    /// will be written over.
    pub fn cut(&mut self, border: Mark) {
        self.written = self.written.min(border);
        self.durable = self.durable.min(border);
        if let Some(sync) = &mut self.sync_out {
            sync.covers = sync.covers.min(border);
        }
    }

    pub fn check(&self) {
        assert!(
            self.durable <= self.written,
            "I1: durable is beyond written: {self:?}"
        );
        assert!(
            self.written.position <= self.given,
            "I1: written is beyond given: {self:?}"
        );
        assert!(
            self.durable.lsn <= self.written.lsn,
            "I1: durable lsn: {self:?}"
        );
        if let Some(end) = self.write_out {
            assert!(
                end > self.written.position && end <= self.given,
                "I2: {self:?}"
            );
        }
        if let Some(sync) = self.sync_out {
            assert!(
                sync.covers <= self.written,
                "I1: a sync covers what is written: {self:?}"
            );
        }
    }
}
