//! Where a store's threads perform effects, whatever file system that is.

use std::sync::Mutex;

use crate::effect::{Action, Completion, IoError, IoErrorKind};
use crate::vfs::{Files, Vfs, perform};

/// Performs effects.
pub(super) trait Disk: Send + Sync {
    fn perform(&self, action: &Action) -> Completion;
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
}

/// No directory: the machine asks for nothing.
pub(super) struct Nowhere;

impl Disk for Nowhere {
    fn perform(&self, _: &Action) -> Completion {
        Completion::Failed(IoError::new(IoErrorKind::Unsupported))
    }
}
