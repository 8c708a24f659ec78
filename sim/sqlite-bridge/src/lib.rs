//! SQLite on files that safe code brings along: the C side of its `sqlite3_vfs`, and no more.
//!
//! No published crate offers this in safe Rust with all that a crash test needs: those that
//! wrap the interface drop the flag by which SQLite says whether a deletion is to be made durable.
//!
//! What is decided here, and how SQLite's own `os_unix.c` decides it:
//!
//! * Sectors have 4096 bytes, and the one promise about the medium is that a write leaves the bytes
//!   around it alone (`SQLITE_IOCAP_POWERSAFE_OVERWRITE`): the defaults on Unix.
//! * There are no locks and no shared memory: one connection, one process. A write-ahead log needs
//!   `locking_mode=EXCLUSIVE` before it.
//!
//! What a call means for durability (when a directory is synced) is decided by the [`Files`].

mod ffi_file;
mod ffi_vfs;

pub use ffi_vfs::{register, seed_randomness};
pub use rusqlite;

/// An SQLite result code, such as `rusqlite::ffi::SQLITE_IOERR_READ`.
pub type Code = i32;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The database.
    Database,
    /// A rollback journal, or one that several databases share.
    Journal,
    /// A write-ahead log.
    Wal,
    /// Anything else.
    Other,
}

/// A directory, or several that the paths tell apart.
pub trait Files: Send + Sync + 'static {
    /// Opens a file for reading and writing; creates it if it may and must.
    ///
    /// # Errors
    /// `SQLITE_CANTOPEN`.
    fn open(&self, path: &str, role: Role, create: bool) -> Result<Box<dyn File>, Code>;

    /// Removes a file, and makes that durable if SQLite asks for it.
    ///
    /// # Errors
    /// `SQLITE_IOERR_DELETE_NOENT` if there is none, `SQLITE_IOERR_DELETE`.
    fn delete(&self, path: &str, sync_dir: bool) -> Result<(), Code>;

    /// Whether there is such a file.
    ///
    /// # Errors
    /// `SQLITE_IOERR_ACCESS`.
    fn exists(&self, path: &str) -> Result<bool, Code>;
}

/// An open file; dropping it closes it.
pub trait File: Send {
    /// Fills a first part of the buffer and returns its length; less than all only at the end.
    ///
    /// # Errors
    /// `SQLITE_IOERR_READ`.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, Code>;

    /// Writes all bytes.
    ///
    /// # Errors
    /// `SQLITE_IOERR_WRITE`, `SQLITE_FULL`.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Code>;

    /// Sets the length.
    ///
    /// # Errors
    /// `SQLITE_IOERR_TRUNCATE`.
    fn truncate(&mut self, len: u64) -> Result<(), Code>;

    /// Makes it durable.
    ///
    /// # Errors
    /// `SQLITE_IOERR_FSYNC`.
    fn sync(&mut self) -> Result<(), Code>;

    /// Its length.
    ///
    /// # Errors
    /// `SQLITE_IOERR_FSTAT`.
    fn size(&mut self) -> Result<u64, Code>;
}
