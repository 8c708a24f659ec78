//! One effect, performed: the only place where the machine's wishes become calls.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::vec;
use std::vec::Vec;

use crate::effect::{Action, Completion, FileHandle, IoError, IoErrorKind};
use crate::vfs::{Access, Vfs};

/// The open files of one engine, under the numbers that it gave them.
pub struct Files<V: Vfs> {
    open: Mutex<HashMap<FileHandle, Arc<V::File>>>,
}

impl<V: Vfs> Default for Files<V> {
    fn default() -> Self {
        Self {
            open: Mutex::default(),
        }
    }
}

impl<V: Vfs> Files<V> {
    /// Puts a file under its number.
    ///
    /// # Panics
    /// If the number is taken: the engine never gives one twice.
    pub fn insert(&self, handle: FileHandle, file: V::File) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let before = open.insert(handle, Arc::new(file));
        assert!(before.is_none(), "O7: {handle:?} is open already");
    }

    /// How many files are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// Whether no file is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes all files out, in the order of their numbers.
    ///
    /// # Panics
    /// If one is in use.
    pub fn into_open(self) -> impl Iterator<Item = (FileHandle, V::File)> {
        let open = self
            .open
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let mut open: Vec<_> = open.into_iter().collect();
        open.sort_unstable_by_key(|(handle, _)| *handle);
        open.into_iter().map(|(handle, file)| {
            let file = Arc::into_inner(file);
            (
                handle,
                file.unwrap_or_else(|| panic!("O7: {handle:?} is taken while in use")),
            )
        })
    }

    /// Reads at `offset` of an open file, as [`Vfs::read_at`] does.
    ///
    /// # Errors
    /// As the file system gives them.
    ///
    /// # Panics
    /// If no file has the number. It must not be taken before the call returns.
    pub fn read_at(
        &self,
        vfs: &V,
        handle: FileHandle,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<usize, IoError> {
        vfs.read_at(&self.get(handle), offset, buffer)
    }

    fn get(&self, handle: FileHandle) -> Arc<V::File> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let file = open.get(&handle);
        Arc::clone(file.unwrap_or_else(|| panic!("O7: {handle:?} is not open")))
    }

    fn take(&self, handle: FileHandle) -> V::File {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let file = open.remove(&handle);
        let file = file.unwrap_or_else(|| panic!("O7: {handle:?} is closed twice"));
        Arc::into_inner(file).unwrap_or_else(|| panic!("O7: {handle:?} is closed while in use"))
    }
}

/// Performs one action against a file system and says how it ended.
///
/// A write or a copy that a signal interrupted before anything was done is repeated here, and
/// nothing else is: every other judgement is the machine's.
///
/// # Panics
/// If the action names a handle that is not open (an engine's bug, never the environment's).
pub fn perform<V: Vfs>(vfs: &V, files: &Files<V>, action: &Action) -> Completion {
    attempt(vfs, files, action).unwrap_or_else(Completion::Failed)
}

fn attempt<V: Vfs>(vfs: &V, files: &Files<V>, action: &Action) -> Result<Completion, IoError> {
    match action {
        Action::Create { file, name } => {
            files.insert(*file, vfs.create(name.as_str())?);
            Ok(Completion::Done)
        }
        Action::Open { file, name } => {
            let opened = vfs.open(name.as_str(), Access::ReadWrite)?;
            let len = vfs.len(&opened)?;
            files.insert(*file, opened);
            Ok(Completion::Opened { len })
        }
        Action::Write {
            file,
            offset,
            bytes,
        } => {
            let file = files.get(*file);
            let len = retry(|| vfs.write_at(&file, *offset, bytes))?;
            Ok(Completion::Wrote { len: len as u64 })
        }
        Action::Copy {
            from,
            from_offset,
            to,
            to_offset,
            len,
        } => {
            let (from, to) = (files.get(*from), files.get(*to));
            let len = retry(|| vfs.copy_range(&from, *from_offset, &to, *to_offset, *len))?;
            Ok(Completion::Copied { len })
        }
        Action::Read { file, offset, len } => {
            let file = files.get(*file);
            let left = vfs.len(&file)?.saturating_sub(*offset).min(*len);
            let mut bytes = vec![0; usize::try_from(left).expect("a read is short")];
            let read = retry(|| vfs.read_at(&file, *offset, &mut bytes))?;
            bytes.truncate(read);
            Ok(Completion::Read { bytes })
        }
        Action::SyncData { file } => vfs.sync_data(&files.get(*file)).map(|()| Completion::Done),
        Action::Truncate { file, len } => vfs
            .truncate(&files.get(*file), *len)
            .map(|()| Completion::Done),
        Action::Rename { from, to } => vfs
            .rename(from.as_str(), to.as_str())
            .map(|()| Completion::Done),
        Action::SyncDir => vfs.sync_dir().map(|()| Completion::Done),
        Action::Unlink { name } => vfs.unlink(name.as_str()).map(|()| Completion::Done),
        Action::Close { file } => vfs.close(files.take(*file)).map(|()| Completion::Done),
    }
}

/// Interruptions that are borne before they count as an error: a signal storm must not hang a lane.
const INTERRUPTIONS_MAX: usize = 1_000;

pub(crate) fn retry<T>(mut call: impl FnMut() -> Result<T, IoError>) -> Result<T, IoError> {
    for _ in 0..INTERRUPTIONS_MAX {
        match call() {
            Err(error) if error.kind == IoErrorKind::Interrupted => {}
            result => return result,
        }
    }
    call()
}
