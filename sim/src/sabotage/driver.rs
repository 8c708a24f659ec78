//! Seeded bugs between the machine and the disk: a driver that drops, alters, reorders or believes.

use indelible::effect::{Action, Completion, Effect, FileHandle, IoError, IoErrorKind, Lane, Name};
use indelible::vfs::{Access, Vfs};

use super::ablation;
use crate::disk::{HandleId, SimVfs};

/// Not a bug of the store, which must notice: a copy within a file system succeeds and gives zeros, as
/// `copy_file_range` did on OpenZFS 2.2.0 (issue 15526).
pub const COPY_GIVES_ZEROS: u32 = 743;

/// What a driver with a bug keeps in mind between two effects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Memory {
    /// An error that is to be reported later.
    error: Option<IoError>,
    /// The last directory sync failed.
    names_failed: bool,
    /// A rename succeeded, and no directory sync has since.
    renamed: bool,
}

/// What surrounds an effect.
pub(crate) struct Scene<'a> {
    pub bug: u32,
    pub vfs: &'a SimVfs,
    /// The machine's numbers for open files, and the disk's.
    pub files: &'a [(FileHandle, HandleId)],
    /// Files that were created under the name of a rewrite, oldest first.
    pub rewrites: &'a [FileHandle],
    /// Whether a close was asked for.
    pub closing: bool,
    pub memory: Memory,
}

/// Which file a sync, a write or a truncation is of, as a driver can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The log that is the truth.
    Live,
    /// The new file before its rename.
    New,
    /// The new file between its rename and the directory sync.
    Renamed,
}

impl Scene<'_> {
    pub fn part(&self, file: FileHandle) -> Part {
        let newest = self.rewrites.last() == Some(&file);
        let named = || {
            self.vfs
                .with(|disk| disk.contents(Name::Rewrite.as_str()).is_some())
        };
        match newest {
            true if named() => Part::New,
            true if self.memory.renamed => Part::Renamed,
            _ => Part::Live,
        }
    }

    fn is_new(&self, file: FileHandle) -> bool {
        self.part(file) == Part::New
    }

    fn is_rewriting(&self) -> bool {
        self.rewrites.iter().any(|file| self.is_new(*file))
    }

    fn disk_handle(&self, file: FileHandle) -> HandleId {
        let found = self.files.iter().find(|(number, _)| *number == file);
        found.expect("O7: the file is open").1
    }
}

/// Performs an effect as the driver with this bug does; `real` performs an action well.
pub(crate) fn performed(
    scene: &mut Scene<'_>,
    effect: &Effect,
    mut real: impl FnMut(&Action) -> Completion,
) -> Completion {
    let action = &effect.action;
    if scene.bug == 0 {
        return real(action);
    }
    if ablation::drops(scene, effect) {
        return Completion::Done;
    }
    let completion = match action {
        Action::SyncData { file } => synced(scene, effect, *file, &mut real),
        Action::SyncDir => dir_synced(scene, action, &mut real),
        Action::Write { .. } | Action::Copy { .. } => wrote(scene, effect, &mut real),
        _ => moved(scene, action, &mut real),
    };
    let done = completion == Completion::Done;
    match action {
        Action::Rename { .. } => scene.memory.renamed |= done,
        Action::SyncDir => scene.memory.renamed &= !done,
        _ => {}
    }
    completion
}

fn synced(
    scene: &mut Scene<'_>,
    effect: &Effect,
    file: FileHandle,
    real: &mut impl FnMut(&Action) -> Completion,
) -> Completion {
    let (action, foreground) = (&effect.action, effect.lane == Lane::Foreground);
    match scene.bug {
        1 | 2 if scene.is_new(file) => Completion::Done,
        12 if foreground && scene.rewrites.contains(&file) && !scene.is_new(file) => {
            let old = scene.files.iter().find(|(other, _)| *other != file);
            old.map_or(Completion::Done, |(old, _)| {
                real(&Action::SyncData { file: *old })
            })
        }
        13 if !foreground => Completion::Done,
        14 => {
            real(action);
            Completion::Done
        }
        15 => match real(action) {
            Completion::Failed(_) => real(action),
            completion => completion,
        },
        17 if scene.closing => Completion::Done,
        19 => {
            if let Ok(other) = scene.vfs.open(Name::Live.as_str(), Access::ReadWrite) {
                let _ = scene.vfs.sync_data(&other);
            }
            real(action)
        }
        20 => {
            let late = scene.memory.error.take();
            let completion = match real(action) {
                Completion::Failed(error) => {
                    scene.memory.error = Some(error);
                    Completion::Done
                }
                completion => completion,
            };
            late.map_or(completion, Completion::Failed)
        }
        42 if scene
            .vfs
            .with(|disk| disk.size_is_pending(scene.disk_handle(file))) =>
        {
            Completion::Done
        }
        48 if foreground && !scene.is_new(file) && scene.is_rewriting() => Completion::Done,
        _ => real(action),
    }
}

fn dir_synced(
    scene: &mut Scene<'_>,
    action: &Action,
    real: &mut impl FnMut(&Action) -> Completion,
) -> Completion {
    match scene.bug {
        3 => Completion::Done,
        14 => {
            real(action);
            Completion::Done
        }
        15 => match real(action) {
            Completion::Failed(_) => real(action),
            completion => completion,
        },
        64 if std::mem::take(&mut scene.memory.names_failed) => Completion::Done,
        64 => {
            let completion = real(action);
            scene.memory.names_failed = matches!(completion, Completion::Failed(_));
            completion
        }
        _ => real(action),
    }
}

fn wrote(
    scene: &mut Scene<'_>,
    effect: &Effect,
    real: &mut impl FnMut(&Action) -> Completion,
) -> Completion {
    let whole = |len: usize| Completion::Wrote { len: len as u64 };
    match (scene.bug, &effect.action) {
        (2, Action::Write { file, .. } | Action::Copy { to: file, .. }) if scene.is_new(*file) => {
            real(&Action::SyncData { file: *file });
            real(&effect.action)
        }
        (21, Action::Write { bytes, .. }) => match real(&effect.action) {
            Completion::Wrote { .. } => whole(bytes.len()),
            completion => completion,
        },
        (
            23,
            Action::Write {
                file,
                offset,
                bytes,
            },
        ) => sent_again(scene, *file, *offset, bytes),
        (24, Action::Write { bytes, .. }) if effect.lane == Lane::Background => {
            match real(&effect.action) {
                Completion::Failed(IoError {
                    kind: IoErrorKind::NoRoom,
                    ..
                }) => whole(bytes.len()),
                completion => completion,
            }
        }
        (703 | COPY_GIVES_ZEROS, Action::Copy { to, to_offset, .. }) => {
            let copied = real(&effect.action);
            if let Completion::Copied { len } = copied {
                let (handle, zeros) = (scene.disk_handle(*to), vec![0; len as usize]);
                let _ = scene
                    .vfs
                    .with(|disk| disk.write_at(handle, *to_offset, &zeros));
            }
            copied
        }
        _ => real(&effect.action),
    }
}

/// A write that a signal interrupted is sent again, all of it, behind what is there.
fn sent_again(scene: &Scene<'_>, file: FileHandle, offset: u64, bytes: &[u8]) -> Completion {
    let handle = scene.disk_handle(file);
    let end = scene.vfs.with(|disk| {
        let written = disk.write_at(handle, offset, bytes);
        match written {
            Err(error) if error.kind == IoErrorKind::Interrupted => {
                let end = disk.len(handle)?.max(offset);
                disk.write_at(handle, end, bytes)
            }
            written => written,
        }
    });
    match end {
        Ok(len) => Completion::Wrote { len: len as u64 },
        Err(error) => Completion::Failed(error),
    }
}

/// Calls about names and handles.
fn moved(
    scene: &mut Scene<'_>,
    action: &Action,
    real: &mut impl FnMut(&Action) -> Completion,
) -> Completion {
    let vfs = scene.vfs;
    match (scene.bug, action) {
        (6, Action::Rename { .. }) => {
            let _ = vfs.unlink(Name::Live.as_str());
            real(action)
        }
        (17, Action::Close { .. }) => {
            real(action);
            Completion::Done
        }
        (31, Action::Truncate { file, .. }) if scene.rewrites.contains(file) => Completion::Done,
        // Aside, where nobody takes it for a leftover.
        (31, Action::Unlink { name }) => match vfs.rename(name.as_str(), STALE) {
            Ok(()) => Completion::Done,
            Err(_) => real(action),
        },
        // What is created is the old log, used once more.
        (40, Action::Create { name, .. }) => {
            let old = vfs.with(|disk| disk.contents(Name::Live.as_str()).map(<[u8]>::to_vec));
            let completion = real(action);
            if let (Name::Rewrite, Some(old)) = (*name, old) {
                fill(vfs, *name, &old);
            }
            completion
        }
        (31, Action::Create { name, .. }) => {
            let stale = vfs.with(|disk| disk.contents(STALE).map(<[u8]>::to_vec));
            let completion = real(action);
            if let Some(stale) = stale {
                fill(vfs, *name, &stale);
            }
            completion
        }
        // The number was given to the newest file meanwhile.
        (45, Action::Close { file }) => {
            let completion = real(action);
            let newest = scene.files.iter().rfind(|(other, _)| other != file);
            if let Some((_, reused)) = newest {
                let _ = vfs.with(|disk| disk.close(*reused));
            }
            completion
        }
        _ => real(action),
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
