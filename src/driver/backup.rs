//! Copies of a store that is open and goes on.

#[cfg(unix)]
use std::path::Path;
use std::sync::{Arc, PoisonError};

use super::error::StoreError;
use super::shared::Shared;
use super::store::Store;
use crate::effect::FileHandle;
use crate::recover::{BackupReport, backup_pinned};
#[cfg(unix)]
use crate::vfs::OsVfs;
use crate::vfs::Vfs;

/// Backups.
impl Store {
    /// Copies the store into a directory that holds none, while everybody goes on reading and
    /// writing. The directory is made if it is missing.
    ///
    /// The copy opens as a store. It holds the commits up to one, whole batches all of them: at least
    /// all that were acknowledged before the call, under any policy, and when it returns they are
    /// durable there. It is the log's own bytes up to a border between frames, each frame verified.
    ///
    /// It is made in the caller's thread. A rewrite goes on meanwhile and may end; the file that it
    /// replaces keeps its blocks until the copy has ended, and closing the store waits for it too.
    /// The copy continues the same history: of two stores that went apart one is the other's backup
    /// no more.
    ///
    /// # Errors
    /// [`StoreError::Backup`] if the target cannot be written, holds a log, or is open, or if the log
    /// cannot be read or is damaged; [`StoreError::NotPersistent`] while the log is disabled,
    /// [`StoreError::Healing`] while a failed log is being replaced, [`StoreError::Closed`].
    #[cfg(unix)]
    pub fn backup(&self, path: impl AsRef<Path>) -> Result<BackupReport, StoreError> {
        let target = OsVfs::create_dir(path).map_err(StoreError::Directory)?;
        self.backup_with(&target)
    }

    /// As [`Store::backup`], into a file system of your choice.
    ///
    /// # Errors
    /// As [`Store::backup`].
    pub fn backup_with<V: Vfs>(&self, target: &V) -> Result<BackupReport, StoreError> {
        let shared = self.shared();
        let pin = shared.with(|state, _| state.engine.pin())??;
        let pinned = Pinned {
            shared,
            file: pin.file,
        };
        let disk = {
            let disk = shared.disk.lock().unwrap_or_else(PoisonError::into_inner);
            disk.as_ref().map(Arc::clone).ok_or(StoreError::Closed)?
        };
        let read = &mut |offset, buffer: &mut [u8]| disk.read_at(pin.file, offset, buffer);
        let report = backup_pinned(read, pin.len, target, shared.clock.now().wall)?;
        drop(pinned);
        assert_eq!(report.lsn, pin.lsn, "I4: a backup holds what was pinned");
        Ok(report)
    }
}

/// A pin, ended however the copy ends.
struct Pinned<'a> {
    shared: &'a Shared,
    file: FileHandle,
}

impl Drop for Pinned<'_> {
    fn drop(&mut self) {
        // A store that was lost retires nothing any more.
        let _ = self.shared.with(|state, _| state.engine.unpin(self.file));
    }
}
