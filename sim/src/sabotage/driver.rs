//! Seeded bugs between the machine and the disk: a driver that drops, alters or believes.

use indelible::effect::{Action, Completion, Effect, FileHandle, IoError, IoErrorKind, Lane, Name};
use indelible::vfs::{Access, Vfs};

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
        (31, Action::Truncate { file, .. }) if rewrites.contains(file) => Completion::Done,
        // Aside, where nobody takes it for a leftover.
        (31, Action::Unlink { name }) => match vfs.rename(name.as_str(), STALE) {
            Ok(()) => Completion::Done,
            Err(_) => real(),
        },
        (31, Action::Create { name, .. }) => {
            let stale = vfs.with(|disk| disk.contents(STALE).map(<[u8]>::to_vec));
            let completion = real();
            if let Some(stale) = stale {
                fill(vfs, *name, &stale);
            }
            completion
        }
        _ => real(),
    }
}

/// A name that a directory may hold.
const STALE: &str = indelible::recover::QUARANTINE_NAME;

/// Makes a file that was created just now as if it had been there.
fn fill(vfs: &SimVfs, name: Name, stale: &[u8]) {
    let _ = vfs.unlink(STALE);
    if let Ok(file) = vfs.open(name.as_str(), Access::ReadWrite) {
        let _ = vfs.write_at(&file, 0, stale);
        let _ = vfs.close(file);
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
