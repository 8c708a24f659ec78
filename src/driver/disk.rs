//! Where a store's threads perform effects, whatever file system that is.

use std::sync::Mutex;

use crate::effect::{Action, Completion, FileHandle, IoError, IoErrorKind};
use crate::vfs::{Files, Vfs, perform};

/// Performs effects.
pub(super) trait Disk: Send + Sync {
    fn perform(&self, action: &Action) -> Completion;

    /// Reads of an open file, for whoever copies it; 0 bytes at its end alone.
    fn read_at(&self, file: FileHandle, offset: u64, buffer: &mut [u8]) -> Result<usize, IoError>;
}

/// A directory in use: its open files, itself, and its lock, let go of in this order.
pub(super) struct Mounted<V: Vfs> {
    pub(super) files: Files<V>,
    pub(super) vfs: V,
    /// Held, never looked at; the mutex makes it shareable.
    pub(super) _lock: Mutex<V::Lock>,
}

impl<V: Vfs + Send + Sync> Disk for Mounted<V> {
    fn perform(&self, action: &Action) -> Completion {
        perform(&self.vfs, &self.files, action)
    }

    fn read_at(&self, file: FileHandle, offset: u64, buffer: &mut [u8]) -> Result<usize, IoError> {
        self.files.read_at(&self.vfs, file, offset, buffer)
    }
}

/// No directory: the machine asks for nothing.
pub(super) struct Nowhere;

impl Disk for Nowhere {
    fn perform(&self, _: &Action) -> Completion {
        Completion::Failed(IoError::new(IoErrorKind::Unsupported))
    }

    fn read_at(&self, _: FileHandle, _: u64, _: &mut [u8]) -> Result<usize, IoError> {
        Err(IoError::new(IoErrorKind::Unsupported))
    }
}
