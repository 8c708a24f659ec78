//! The file system that a store lives on: one small trait, and what may be assumed after each call.
//!
//! A [`Vfs`] is one directory. Names are plain file names without a separator. "Durable" means: is
//! still there after a power loss. "Written" means: is still there after the process is killed.
//!
//! | call | when it returned success | what it does not promise |
//! |---|---|---|
//! | [`create`](Vfs::create) | the name refers to a new, empty file | that the name is durable |
//! | [`open`](Vfs::open) | the handle refers to the file that had the name | |
//! | [`write_at`](Vfs::write_at) | the first `n` bytes are written | that any is durable; that the rest is not |
//! | [`copy_range`](Vfs::copy_range) | the first `n` bytes are written | as for a write |
//! | [`sync_data`](Vfs::sync_data) | all that was written before the call, and the size, is durable | that a name is durable; anything at all once it has failed |
//! | [`truncate`](Vfs::truncate) | readers see the new length | that the cut is durable |
//! | [`rename`](Vfs::rename) | readers see the new name refer to the file, at every moment to the old or the new one | that it is durable; which of both after a failure |
//! | [`sync_dir`](Vfs::sync_dir) | all names changed before the call are durable | that any file's bytes are |
//! | [`unlink`](Vfs::unlink) | the name is gone for readers | that this is durable |
//! | [`close`](Vfs::close) | the handle is gone | that anything is durable |

//!
//! Backends: [`MemVfs`] in memory, [`OsVfs`] on a Unix file system, and whatever a program brings
//! along. [`conformance`] holds the tests that every one of them must pass.
//!
//! # Systems
//!
//! Linux is what is tested. Other Unix systems get the same [`OsVfs`] with these differences:
//! Apple's sync is `F_FULLFSYNC`, and where there is no `copy_file_range` a copy goes through
//! memory. Windows gets no `OsVfs`: a directory cannot be synced there and an open file cannot be
//! renamed over, so a store's promises would not hold; `MemVfs` and backends of your own work.

mod convert;
mod mem;
#[cfg(unix)]
mod os;
mod perform;

pub mod conformance;

pub use mem::{MemFile, MemLock, MemVfs};
#[cfg(unix)]
pub use os::{OsFile, OsLock, OsVfs};
pub(crate) use perform::retry;
pub use perform::{Files, perform};

use std::string::String;
use std::vec::Vec;

use crate::effect::IoError;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// For reading alone.
    Read,
    /// For reading and writing.
    ReadWrite,
}

/// One directory of a file system.
///
/// All calls take `&self`: two threads of a driver share it. Writes are positioned; a handle has no
/// offset that a failed write could spoil.
pub trait Vfs {
    /// An open file. Dropping it closes it, but swallows the error that [`Vfs::close`] reports.
    type File: Send + Sync;
    /// A held lock; dropping it lets go.
    type Lock: Send;

    /// Creates `name` and opens it for reading and writing.
    ///
    /// # Errors
    /// [`AlreadyExists`](crate::effect::IoErrorKind::AlreadyExists) if there is one.
    fn create(&self, name: &str) -> Result<Self::File, IoError>;

    /// Opens `name`.
    ///
    /// # Errors
    /// [`NotFound`](crate::effect::IoErrorKind::NotFound) if there is none.
    fn open(&self, name: &str, access: Access) -> Result<Self::File, IoError>;

    /// The file's length in bytes.
    ///
    /// # Errors
    /// As the file system gives them.
    fn len(&self, file: &Self::File) -> Result<u64, IoError>;

    /// Reads at `offset` into `buffer` and returns how many bytes; 0 only at the end of the file or
    /// for an empty buffer. Repeats by itself what a signal interrupted.
    ///
    /// # Errors
    /// As the file system gives them.
    fn read_at(&self, file: &Self::File, offset: u64, buffer: &mut [u8]) -> Result<usize, IoError>;

    /// Writes a first part of `bytes` at `offset` and returns its length, which may be short.
    ///
    /// # Errors
    /// [`NoRoom`](crate::effect::IoErrorKind::NoRoom) harms nothing that was written; after any
    /// other error the range may hold anything.
    fn write_at(&self, file: &Self::File, offset: u64, bytes: &[u8]) -> Result<usize, IoError>;

    /// Copies up to `len` bytes within the file system and returns how many; 0 only if the source
    /// ends there.
    ///
    /// # Errors
    /// As for [`Vfs::write_at`], and those of reading.
    fn copy_range(
        &self,
        from: &Self::File,
        from_offset: u64,
        to: &Self::File,
        to_offset: u64,
        len: u64,
    ) -> Result<u64, IoError>;

    /// Makes the file's bytes and its size durable (`fdatasync`).
    ///
    /// # Errors
    /// Whatever it is, the kernel may have dropped the pages: the file is poisoned.
    fn sync_data(&self, file: &Self::File) -> Result<(), IoError>;

    /// Sets the file's length; what is added reads as zeros.
    ///
    /// # Errors
    /// As the file system gives them; the length is then the old or the new one.
    fn truncate(&self, file: &Self::File, len: u64) -> Result<(), IoError>;

    /// Renames `from` over `to`.
    ///
    /// # Errors
    /// After any error it may have happened or not.
    fn rename(&self, from: &str, to: &str) -> Result<(), IoError>;

    /// Makes the directory's names durable.
    ///
    /// # Errors
    /// The names stay as they are for readers, and stay to be synced.
    fn sync_dir(&self) -> Result<(), IoError>;

    /// Removes `name`.
    ///
    /// # Errors
    /// [`NotFound`](crate::effect::IoErrorKind::NotFound) if there is none.
    fn unlink(&self, name: &str) -> Result<(), IoError>;

    /// Closes a file, and says what dropping it would swallow.
    ///
    /// # Errors
    /// Some file systems report here, and only here, that earlier writes were lost.
    fn close(&self, file: Self::File) -> Result<(), IoError>;

    /// The names in the directory, in any order.
    ///
    /// # Errors
    /// As the file system gives them.
    fn list(&self) -> Result<Vec<String>, IoError>;

    /// Takes the exclusive lock `name`, creating the file if need be, without waiting.
    ///
    /// # Errors
    /// [`Locked`](crate::effect::IoErrorKind::Locked) if somebody holds it.
    fn lock(&self, name: &str) -> Result<Self::Lock, IoError>;
}
