//! A directory in memory: no faults, no durability, the same answers every time.

use std::collections::{BTreeMap, BTreeSet};
use std::string::{String, ToString};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use crate::effect::{IoError, IoErrorKind};
use crate::vfs::{Access, Vfs};

/// A directory in memory.
///
/// Clones share it, so a program can "restart" by opening a clone. Everything written stays as long
/// as one clone lives: to this backend a sync means nothing.
///
/// ```
/// use indelible::vfs::{MemVfs, Vfs};
///
/// let vfs = MemVfs::default();
/// let file = vfs.create("a")?;
/// vfs.write_at(&file, 0, b"ink")?;
/// assert_eq!(vfs.clone().list()?, ["a"]);
/// # Ok::<(), indelible::effect::IoError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemVfs {
    directory: Arc<Mutex<Directory>>,
}

#[derive(Debug, Default)]
struct Directory {
    names: BTreeMap<String, Inode>,
    locks: BTreeSet<String>,
}

type Inode = Arc<Mutex<Vec<u8>>>;

/// An open file of a [`MemVfs`].
#[derive(Debug)]
pub struct MemFile {
    inode: Inode,
    access: Access,
}

impl MemFile {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.inode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bytes_mut(&self) -> Result<MutexGuard<'_, Vec<u8>>, IoError> {
        match self.access {
            Access::ReadWrite => Ok(self.bytes()),
            Access::Read => Err(IoError::new(IoErrorKind::Io)),
        }
    }
}

/// A held lock of a [`MemVfs`].
#[derive(Debug)]
pub struct MemLock {
    vfs: MemVfs,
    name: String,
}

impl Drop for MemLock {
    fn drop(&mut self) {
        self.vfs.directory().locks.remove(&self.name);
    }
}

impl MemVfs {
    fn directory(&self) -> MutexGuard<'_, Directory> {
        self.directory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn position(offset: u64) -> Result<usize, IoError> {
    usize::try_from(offset).map_err(|_| IoError::new(IoErrorKind::NoRoom))
}

impl Vfs for MemVfs {
    type File = MemFile;
    type Lock = MemLock;

    fn create(&self, name: &str) -> Result<MemFile, IoError> {
        let mut directory = self.directory();
        if directory.names.contains_key(name) {
            return Err(IoError::new(IoErrorKind::AlreadyExists));
        }
        let inode = Inode::default();
        let before = directory.names.insert(name.to_string(), inode.clone());
        assert!(before.is_none(), "the name was free");
        Ok(MemFile {
            inode,
            access: Access::ReadWrite,
        })
    }

    fn open(&self, name: &str, access: Access) -> Result<MemFile, IoError> {
        let directory = self.directory();
        let inode = directory.names.get(name);
        let inode = inode.ok_or(IoError::new(IoErrorKind::NotFound))?.clone();
        Ok(MemFile { inode, access })
    }

    fn len(&self, file: &MemFile) -> Result<u64, IoError> {
        Ok(file.bytes().len() as u64)
    }

    fn read_at(&self, file: &MemFile, offset: u64, buffer: &mut [u8]) -> Result<usize, IoError> {
        let bytes = file.bytes();
        let rest = bytes.get(position(offset)?..).unwrap_or_default();
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn write_at(&self, file: &MemFile, offset: u64, bytes: &[u8]) -> Result<usize, IoError> {
        let mut target = file.bytes_mut()?;
        let start = position(offset)?;
        let end = start
            .checked_add(bytes.len())
            .ok_or(IoError::new(IoErrorKind::NoRoom))?;
        if end > target.len() && !bytes.is_empty() {
            target.resize(end, 0);
        }
        if !bytes.is_empty() {
            target[start..end].copy_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn copy_range(
        &self,
        from: &MemFile,
        from_offset: u64,
        to: &MemFile,
        to_offset: u64,
        len: u64,
    ) -> Result<u64, IoError> {
        let rest = from.bytes().len() as u64;
        let len = rest.saturating_sub(from_offset).min(len);
        let mut piece = std::vec![0; position(len)?];
        let read = self.read_at(from, from_offset, &mut piece)?;
        let written = self.write_at(to, to_offset, &piece[..read])?;
        Ok(written as u64)
    }

    fn sync_data(&self, _file: &MemFile) -> Result<(), IoError> {
        Ok(())
    }

    fn truncate(&self, file: &MemFile, len: u64) -> Result<(), IoError> {
        file.bytes_mut()?.resize(position(len)?, 0);
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), IoError> {
        let mut directory = self.directory();
        let inode = directory.names.remove(from);
        let inode = inode.ok_or(IoError::new(IoErrorKind::NotFound))?;
        directory.names.insert(to.to_string(), inode);
        Ok(())
    }

    fn sync_dir(&self) -> Result<(), IoError> {
        Ok(())
    }

    fn unlink(&self, name: &str) -> Result<(), IoError> {
        match self.directory().names.remove(name) {
            Some(_) => Ok(()),
            None => Err(IoError::new(IoErrorKind::NotFound)),
        }
    }

    fn close(&self, file: MemFile) -> Result<(), IoError> {
        drop(file);
        Ok(())
    }

    fn list(&self) -> Result<Vec<String>, IoError> {
        Ok(self.directory().names.keys().cloned().collect())
    }

    fn lock(&self, name: &str) -> Result<MemLock, IoError> {
        let mut directory = self.directory();
        if !directory.locks.insert(name.to_string()) {
            return Err(IoError::new(IoErrorKind::Locked));
        }
        directory.names.entry(name.to_string()).or_default();
        Ok(MemLock {
            vfs: self.clone(),
            name: name.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vfs::conformance;

    #[test]
    fn memory_conforms() {
        conformance::check(MemVfs::default);
    }

    #[test]
    fn clones_share_the_directory() {
        let vfs = MemVfs::default();
        let file = vfs.create("a").unwrap();
        vfs.write_at(&file, 0, b"ink").unwrap();
        let again = vfs.clone().open("a", Access::Read).unwrap();
        assert_eq!(vfs.len(&again), Ok(3));
    }
}
