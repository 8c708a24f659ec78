//! Seeded bugs between the machine and the disk: a driver that drops, alters or believes.

use indelible::effect::{Action, Completion, Effect, FileHandle, IoError, IoErrorKind, Lane, Name};
use indelible::vfs::Vfs;

use crate::disk::SimVfs;

/// Performs an effect as the driver with this bug does; `real` performs it well.
pub(crate) fn performed(
    bug: u32,
    vfs: &SimVfs,
    rewrites: &[FileHandle],
    effect: &Effect,
    mut real: impl FnMut() -> Completion,
) -> Completion {
    match (bug, &effect.action) {
        (1, Action::SyncData { file }) if rewrites.contains(file) => Completion::Done,
        (3, Action::SyncDir) => Completion::Done,
        (6, Action::Rename { .. }) => {
            let _ = vfs.unlink(Name::Live.as_str());
            real()
        }
        (14, Action::SyncData { .. } | Action::SyncDir) => {
            real();
            Completion::Done
        }
        (15, Action::SyncData { .. } | Action::SyncDir) => match real() {
            Completion::Failed(_) => real(),
            completion => completion,
        },
        (21, Action::Write { bytes, .. }) => match real() {
            Completion::Wrote { .. } => Completion::Wrote {
                len: bytes.len() as u64,
            },
            completion => completion,
        },
        (24, Action::Write { bytes, .. }) if effect.lane == Lane::Background => match real() {
            Completion::Failed(IoError {
                kind: IoErrorKind::NoRoom,
                ..
            }) => Completion::Wrote {
                len: bytes.len() as u64,
            },
            completion => completion,
        },
        _ => real(),
    }
}

/// Prepares what an opening with this bug leaves out.
pub(crate) fn before_opening(bug: u32, vfs: &SimVfs) {
    if bug == 57 {
        // The first directory sync covers nothing.
        vfs.with(|disk| disk.set_dir_sync_cover(0));
    }
}

/// Whether the lock is taken in earnest.
pub(crate) const fn locks(bug: u32) -> bool {
    bug != 50
}
