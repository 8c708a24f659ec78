//! The waist of the hourglass: what the machine asks of a file system, as plain data.
//!
//! The engine gives out [`Effect`]s, a driver performs them against a [`Vfs`](crate::vfs::Vfs) and
//! hands back a [`Completion`]. Two effects that are out at once commute: a driver needs no
//! knowledge of their order, and a simulator may complete them in any.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::{Deref, Range};

/// The number of an effect, unique within one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId(pub u64);

/// The engine's number for an open file; the driver maps it to what its file system gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileHandle(pub u32);

/// A name in the store's directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// The one file that is the truth.
    Live,
    /// A rewrite that is being built; never read by `open`.
    Rewrite,
    /// Commits since the snapshot while the log is being enabled; never read by `open`.
    Side,
}

impl Name {
    /// The file name, without a directory.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "appendonly.aof",
            Self::Rewrite => "appendonly.aof.rewrite",
            Self::Side => "appendonly.aof.side",
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who may wait for an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// What a commit may wait for: it frees no blocks and its cost is bounded (O10).
    Foreground,
    /// Everything that may take long.
    Background,
}

/// Bytes to be written: a range of a shared buffer, cheap to clone and to split.
#[derive(Clone)]
pub struct Payload {
    buffer: Arc<Vec<u8>>,
    range: Range<usize>,
}

impl Payload {
    /// The part `range` of this payload, sharing its buffer.
    ///
    /// # Panics
    /// If `range` does not lie within the payload.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        assert!(
            range.start <= range.end && range.end <= self.len(),
            "slice outside its payload"
        );
        let start = self.range.start;
        Self {
            buffer: Arc::clone(&self.buffer),
            range: start + range.start..start + range.end,
        }
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        let range = 0..bytes.len();
        Self {
            buffer: Arc::new(bytes),
            range,
        }
    }
}

impl Deref for Payload {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.buffer[self.range.clone()]
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} B)", self.len())
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Payload {}

impl core::hash::Hash for Payload {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

/// One thing to be done, and who may wait for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use = "an effect that nobody performs never completes"]
pub struct Effect {
    /// Who may wait for it.
    pub lane: Lane,
    /// What is to be done.
    pub action: Action,
}

/// What is to be done to a file or to the directory. Offsets and lengths are in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Creates `name`, which must not exist, and opens it as `file` for reading and writing.
    Create {
        #[doc = "The handle from now on."]
        file: FileHandle,
        #[doc = "The new name."]
        name: Name,
    },
    /// Opens what `name` refers to as `file`; completes with [`Completion::Opened`].
    Open {
        #[doc = "The handle from now on."]
        file: FileHandle,
        #[doc = "The name."]
        name: Name,
    },
    /// Writes `bytes` at `offset`; may complete short.
    Write {
        #[doc = "Where to."]
        file: FileHandle,
        #[doc = "First byte."]
        offset: u64,
        #[doc = "What."]
        bytes: Payload,
    },
    /// Copies `len` bytes between two files; may complete short.
    Copy {
        #[doc = "Source."]
        from: FileHandle,
        #[doc = "First byte in the source."]
        from_offset: u64,
        #[doc = "Target."]
        to: FileHandle,
        #[doc = "First byte in the target."]
        to_offset: u64,
        #[doc = "How many bytes."]
        len: u64,
    },
    /// Reads up to `len` bytes at `offset`; completes with [`Completion::Read`], empty at the end.
    Read {
        #[doc = "Where from."]
        file: FileHandle,
        #[doc = "First byte."]
        offset: u64,
        #[doc = "At most so many."]
        len: u64,
    },
    /// Makes the file's bytes and size durable.
    SyncData {
        #[doc = "Which file."]
        file: FileHandle,
    },
    /// Sets the file's length.
    Truncate {
        #[doc = "Which file."]
        file: FileHandle,
        #[doc = "Its new length."]
        len: u64,
    },
    /// Renames `from` over `to`, atomically.
    Rename {
        #[doc = "The name that goes."]
        from: Name,
        #[doc = "The name that is replaced."]
        to: Name,
    },
    /// Makes the directory's names durable.
    SyncDir,
    /// Removes a name.
    Unlink {
        #[doc = "The name."]
        name: Name,
    },
    /// Closes a handle; it is never used again.
    Close {
        #[doc = "The handle."]
        file: FileHandle,
    },
}

/// How an effect ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Completion {
    /// It was done (create, sync, truncate, rename, directory sync, unlink, close).
    Done,
    /// The file was opened and is so long, in bytes.
    Opened {
        #[doc = "Length in bytes."]
        len: u64,
    },
    /// So many bytes were written; fewer than asked for is no error.
    Wrote {
        #[doc = "Bytes written."]
        len: u64,
    },
    /// So many bytes were copied; fewer than asked for is no error.
    Copied {
        #[doc = "Bytes copied."]
        len: u64,
    },
    /// What was read; empty only at the end of the file.
    Read {
        #[doc = "The bytes."]
        bytes: Vec<u8>,
    },
    /// It failed. A failed write may have been applied in part.
    Failed(IoError),
}

/// What kind of error a file system reported, as far as the machine must tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum IoErrorKind {
    /// The name does not exist (ENOENT).
    NotFound,
    /// The name exists already (EEXIST).
    AlreadyExists,
    /// There is no room, or no quota (ENOSPC, EDQUOT).
    NoRoom,
    /// A signal came first; nothing or a part was done (EINTR).
    Interrupted,
    /// Too many open files (EMFILE, ENFILE).
    TooManyFiles,
    /// The file system is read-only (EROFS), or permission is missing (EACCES, EPERM).
    ReadOnly,
    /// Another process holds the lock.
    Locked,
    /// The call is not supported here (ENOSYS, EOPNOTSUPP, EXDEV for a copy).
    Unsupported,
    /// The medium or the kernel failed (EIO), or anything else.
    Io,
}

/// An error of a file system, as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IoError {
    /// What the machine decides by.
    pub kind: IoErrorKind,
    /// The number that the operating system gave, if it did.
    pub errno: Option<i32>,
}

impl IoError {
    /// An error of this kind, without a number.
    #[must_use]
    pub const fn new(kind: IoErrorKind) -> Self {
        Self { kind, errno: None }
    }
}

impl fmt::Display for IoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            IoErrorKind::NotFound => "no such file",
            IoErrorKind::AlreadyExists => "file exists already",
            IoErrorKind::NoRoom => "no room left on the device or in the quota",
            IoErrorKind::Interrupted => "interrupted",
            IoErrorKind::TooManyFiles => "too many open files",
            IoErrorKind::ReadOnly => "read-only file system or missing permission",
            IoErrorKind::Locked => "locked by another process",
            IoErrorKind::Unsupported => "not supported by this file system",
            IoErrorKind::Io => "input/output error",
        })?;
        match self.errno {
            Some(errno) => write!(f, " (os error {errno})"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for IoError {}
