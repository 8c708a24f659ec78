//! A directory of a Unix file system.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::string::{String, ToString};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::vec;
use std::vec::Vec;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, renameat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};

use crate::effect::{IoError, IoErrorKind};
use crate::limits;
use crate::vfs::{Access, Vfs};

/// Files are made readable for others and writable for their owner, as Redis makes them.
const MODE: Mode = Mode::from_bits_truncate(0o644);

/// A directory of a Unix file system.
///
/// It holds the directory open and names files relative to it, so the store stays where it is when
/// somebody renames the directory or changes the working directory. Clones share it.
#[derive(Clone, Debug)]
pub struct OsVfs {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    directory: File,
    /// The file system said that it cannot copy ranges; it is not asked again.
    copies_through_memory: AtomicBool,
}

/// An open file of an [`OsVfs`].
#[derive(Debug)]
pub struct OsFile(File);

/// A held lock of an [`OsVfs`]: `flock` on a file that is never removed.
#[derive(Debug)]
pub struct OsLock {
    file: File,
}

impl Drop for OsLock {
    /// Lets go by name: a child that another thread is about to start holds a copy of the handle
    /// until it executes its program, and would keep the lock for as long.
    fn drop(&mut self) {
        // Closing the handle does the same a moment later.
        let _ = self.file.unlock();
    }
}

impl OsVfs {
    /// Opens a directory that exists.
    ///
    /// # Errors
    /// [`NotFound`](IoErrorKind::NotFound) if there is none, and what else the system says.
    pub fn open_dir(path: impl AsRef<Path>) -> Result<Self, IoError> {
        let path = path.as_ref();
        Ok(Self {
            inner: Arc::new(Inner {
                path: path.to_path_buf(),
                directory: open_directory(path)?,
                copies_through_memory: AtomicBool::new(false),
            }),
        })
    }

    /// Opens a directory, after creating it and its ancestors if they are missing, and makes the
    /// names of those it created durable.
    ///
    /// # Errors
    /// As the file system gives them.
    pub fn create_dir(path: impl AsRef<Path>) -> Result<Self, IoError> {
        create_durably(path.as_ref())?;
        Self::open_dir(path)
    }

    /// The path that the directory was opened by.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    fn open_file(&self, name: &str, flags: OFlag) -> Result<File, IoError> {
        check_name(name);
        let flags = flags | OFlag::O_CLOEXEC;
        let fd = uninterrupted(|| openat(&self.inner.directory, name, flags, MODE))?;
        Ok(File::from(fd))
    }
}

/// Creates what is missing of `path`, top down.
///
/// 1. The deepest ancestor that exists gets its own name synced: whoever made it may have been
///    killed before doing so.
/// 2. Each missing directory is made, and its parent synced before the next is made in it.
///
/// So a directory that exists never hides an ancestor whose name was not synced, except itself.
fn create_durably(path: &Path) -> Result<(), IoError> {
    let mut missing = Vec::new();
    let mut existing = path;
    while !existing.as_os_str().is_empty() && !existing.try_exists()? {
        missing.push(existing);
        existing = existing.parent().unwrap_or(Path::new(""));
    }
    match sync_parent(existing) {
        // Not ours: who may not read it did not make it.
        Err(error) if error.kind == IoErrorKind::ReadOnly => {}
        result => result?,
    }
    for directory in missing.into_iter().rev() {
        match fs::create_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => result?,
        }
        sync_parent(directory)?;
    }
    Ok(())
}

fn sync_parent(path: &Path) -> Result<(), IoError> {
    match path.parent() {
        Some(parent) => Ok(open_directory(parent)?.sync_all()?),
        None => Ok(()),
    }
}

fn open_directory(path: &Path) -> Result<File, IoError> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    let mut options = File::options();
    options.read(true).custom_flags(OFlag::O_DIRECTORY.bits());
    Ok(options.open(path)?)
}

/// Names are constants of this crate: a wrong one is a bug, never the environment's fault.
fn check_name(name: &str) {
    assert!(
        !name.is_empty() && !name.contains(['/', '\0']) && name != "." && name != "..",
        "{name:?} is not a plain file name"
    );
}

fn uninterrupted<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, IoError> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            result => return result.map_err(|errno| io::Error::from(errno).into()),
        }
    }
}

impl Vfs for OsVfs {
    type File = OsFile;
    type Lock = OsLock;

    fn create(&self, name: &str) -> Result<OsFile, IoError> {
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_EXCL;
        self.open_file(name, flags).map(OsFile)
    }

    fn open(&self, name: &str, access: Access) -> Result<OsFile, IoError> {
        let flags = match access {
            Access::Read => OFlag::O_RDONLY,
            Access::ReadWrite => OFlag::O_RDWR,
        };
        self.open_file(name, flags).map(OsFile)
    }

    fn len(&self, file: &OsFile) -> Result<u64, IoError> {
        Ok(file.0.metadata()?.len())
    }

    fn read_at(&self, file: &OsFile, offset: u64, buffer: &mut [u8]) -> Result<usize, IoError> {
        loop {
            match file.0.read_at(buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return Ok(result?),
            }
        }
    }

    fn write_at(&self, file: &OsFile, offset: u64, bytes: &[u8]) -> Result<usize, IoError> {
        Ok(file.0.write_at(bytes, offset)?)
    }

    fn copy_range(
        &self,
        from: &OsFile,
        from_offset: u64,
        to: &OsFile,
        to_offset: u64,
        len: u64,
    ) -> Result<u64, IoError> {
        let len = len.min(limits::COPY_LEN_MAX);
        if !self.inner.copies_through_memory.load(Ordering::Relaxed) {
            match copy_in_kernel(from, from_offset, to, to_offset, len) {
                // 0 is the end of the source, or a file system that cannot tell its length.
                Ok(0) => {}
                Ok(copied) => return Ok(copied),
                Err(error) if error.kind == IoErrorKind::Unsupported => {
                    self.inner
                        .copies_through_memory
                        .store(true, Ordering::Relaxed);
                }
                Err(error) => return Err(error),
            }
        }
        copy_through_memory(self, from, from_offset, to, to_offset, len)
    }

    fn sync_data(&self, file: &OsFile) -> Result<(), IoError> {
        Ok(file.0.sync_data()?)
    }

    fn truncate(&self, file: &OsFile, len: u64) -> Result<(), IoError> {
        Ok(file.0.set_len(len)?)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), IoError> {
        check_name(from);
        check_name(to);
        let directory = &self.inner.directory;
        // Not repeated: after an interruption it may have happened, and the machine knows how to go on.
        renameat(directory, from, directory, to).map_err(|errno| io::Error::from(errno).into())
    }

    fn sync_dir(&self) -> Result<(), IoError> {
        Ok(self.inner.directory.sync_all()?)
    }

    fn unlink(&self, name: &str) -> Result<(), IoError> {
        check_name(name);
        let directory = &self.inner.directory;
        uninterrupted(|| unlinkat(directory, name, UnlinkatFlags::NoRemoveDir))
    }

    fn close(&self, file: OsFile) -> Result<(), IoError> {
        match nix::unistd::close(file.0) {
            // Linux has let go of the descriptor all the same; closing again might hit another's.
            Ok(()) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => Err(io::Error::from(errno).into()),
        }
    }

    fn list(&self) -> Result<Vec<String>, IoError> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let mut directory =
            uninterrupted(|| Dir::openat(&self.inner.directory, ".", flags, Mode::empty()))?;
        let mut names = Vec::new();
        for entry in directory.iter() {
            let entry = entry.map_err(io::Error::from)?;
            match entry.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => names.push(name.to_string()),
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn lock(&self, name: &str) -> Result<OsLock, IoError> {
        let file = self.open_file(name, OFlag::O_RDWR | OFlag::O_CREAT)?;
        match file.try_lock() {
            Ok(()) => Ok(OsLock { file }),
            Err(TryLockError::WouldBlock) => Err(IoError::new(IoErrorKind::Locked)),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn copy_in_kernel(
    from: &OsFile,
    from_offset: u64,
    to: &OsFile,
    to_offset: u64,
    len: u64,
) -> Result<u64, IoError> {
    let unsupported = |_| IoError::new(IoErrorKind::Unsupported);
    let mut from_offset = i64::try_from(from_offset).map_err(unsupported)?;
    let mut to_offset = i64::try_from(to_offset).map_err(unsupported)?;
    let len = usize::try_from(len).map_err(unsupported)?;
    let copied = nix::fcntl::copy_file_range(
        &from.0,
        Some(&mut from_offset),
        &to.0,
        Some(&mut to_offset),
        len,
    );
    match copied {
        Ok(copied) => Ok(copied as u64),
        // EINVAL: file systems that cannot. EPERM: sandboxes that do not know the call.
        Err(
            errno @ (Errno::ENOSYS
            | Errno::EOPNOTSUPP
            | Errno::EXDEV
            | Errno::EINVAL
            | Errno::EPERM),
        ) => Err(IoError {
            kind: IoErrorKind::Unsupported,
            errno: Some(errno as i32),
        }),
        Err(errno) => Err(io::Error::from(errno).into()),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn copy_in_kernel(_: &OsFile, _: u64, _: &OsFile, _: u64, _: u64) -> Result<u64, IoError> {
    Err(IoError::new(IoErrorKind::Unsupported))
}

fn copy_through_memory(
    vfs: &OsVfs,
    from: &OsFile,
    from_offset: u64,
    to: &OsFile,
    to_offset: u64,
    len: u64,
) -> Result<u64, IoError> {
    let len = usize::try_from(len).expect("a copy is at most COPY_LEN_MAX");
    let mut piece = vec![0; len];
    let read = vfs.read_at(from, from_offset, &mut piece)?;
    let mut written = 0;
    while written < read {
        match vfs.write_at(to, to_offset + written as u64, &piece[written..read]) {
            Ok(0) => break,
            Ok(len) => written += len,
            Err(error) if error.kind == IoErrorKind::Interrupted => {}
            // What is there already counts; the next call meets the error again.
            Err(_) if written > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(written as u64)
}

#[cfg(test)]
mod tests;
