//! Keeping a stretch of the live log as it is while somebody copies it.
//!
//! A log is only appended to, so its bytes up to a border between frames that are written never
//! change. They go when a rewrite has replaced the file and it is retired; a pin defers that.

use crate::effect::FileHandle;
use crate::units::Lsn;

use super::Engine;

/// The beginning of the live log, up to a border between frames; it stays until it is unpinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "a file that stays pinned is never retired"]
pub struct Pin {
    /// The file.
    pub file: FileHandle,
    /// How much of it, in bytes.
    pub len: u64,
    /// The last commit in it; none that was acknowledged is behind it.
    pub lsn: Lsn,
}

/// Why nothing can be pinned now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// The log is disabled, or being enabled.
    #[error("the log is disabled")]
    Disabled,
    /// The log failed and is being replaced; what it holds cannot be believed.
    #[error("the log failed and is being replaced")]
    Healing,
    /// The store is closing, closed, or stopped.
    #[error("the store is closed")]
    Closed,
}

impl Engine {
    /// Pins what the live log holds now: every commit that was acknowledged, and perhaps more.
    ///
    /// The file is not closed before it is unpinned; a close of the store waits for that.
    ///
    /// # Errors
    /// [`PinError`].
    pub fn pin(&mut self) -> Result<Pin, PinError> {
        if self.closed || self.stopped.is_some() || self.ending.is_some() {
            return Err(PinError::Closed);
        }
        let live = self.live.as_ref().filter(|_| !self.live_is_side);
        let live = live.ok_or(PinError::Disabled)?;
        if live.poisoned.is_some() {
            return Err(PinError::Healing);
        }
        let border = self.stream.border_before(live.written.position);
        assert!(
            border.lsn >= self.written && border.position <= live.written.position,
            "I4: what is acknowledged is whole in the live log"
        );
        let pin = Pin {
            file: live.file,
            len: live.offset(border.position),
            lsn: border.lsn,
        };
        self.pinned.push(pin.file);
        Ok(pin)
    }

    /// Ends one pin of a file.
    ///
    /// # Panics
    /// If the file is not pinned.
    pub fn unpin(&mut self, file: FileHandle) {
        let at = self.pinned.iter().position(|pinned| *pinned == file);
        self.pinned.swap_remove(at.expect("I8: a pin ends once"));
    }
}
