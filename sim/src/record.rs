//! A file system that writes down every call made of it, so that two of them can be compared.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};

use indelible::effect::{IoError, IoErrorKind};
use indelible::vfs::{Access, Vfs};

use crate::disk::CallKind;

/// One call and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The thread that called.
    pub thread: ThreadId,
    /// That thread's name; empty if it has none.
    pub thread_name: String,
    /// Which call.
    pub call: CallKind,
    /// The file, by the name under which it was opened; empty for a call about the directory.
    pub file: String,
    /// The second file: what a rename replaces, or what a copy reads.
    pub other: String,
    /// First byte.
    pub offset: u64,
    /// Bytes asked for, or the length set.
    pub len: u64,
    /// How many bytes were done, the length, or how many names; 0 where there is nothing to count.
    pub result: Result<u64, IoErrorKind>,
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.call)?;
        for name in [&self.file, &self.other] {
            if !name.is_empty() {
                write!(f, " {name}")?;
            }
        }
        write!(f, " {} B @{} = ", self.len, self.offset)?;
        match self.result {
            Ok(count) => write!(f, "{count}"),
            Err(kind) => write!(f, "{kind:?}"),
        }
    }
}

type Records = Arc<Mutex<Vec<Recorded>>>;

/// A [`Vfs`] that passes every call on and writes it down; clones share what is written.
///
/// A file that is dropped and not closed is recorded as closed, with success.
#[derive(Clone, Debug)]
pub struct RecordingVfs<V> {
    inner: V,
    records: Records,
}

impl<V> RecordingVfs<V> {
    /// Records what is called of `inner` from now on.
    #[must_use]
    pub fn new(inner: V) -> Self {
        Self {
            inner,
            records: Records::default(),
        }
    }

    /// The calls so far, in the order in which they ended.
    #[must_use]
    pub fn records(&self) -> Vec<Recorded> {
        let records = self.records.lock();
        records.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// An open file of a [`RecordingVfs`].
#[derive(Debug)]
pub struct RecordedFile<F> {
    inner: Option<F>,
    name: String,
    records: Records,
}

impl<F> RecordedFile<F> {
    fn file(&self) -> &F {
        self.inner
            .as_ref()
            .expect("a file is there until it is closed")
    }
}

impl<F> Drop for RecordedFile<F> {
    fn drop(&mut self) {
        if self.inner.take().is_some() {
            let name = std::mem::take(&mut self.name);
            note(&self.records, CallKind::Close, [&name, ""], (0, 0), Ok(0));
        }
    }
}

fn note(
    records: &Records,
    call: CallKind,
    [file, other]: [&str; 2],
    (offset, len): (u64, u64),
    result: Result<u64, IoError>,
) {
    let thread = thread::current();
    let recorded = Recorded {
        thread: thread.id(),
        thread_name: thread.name().unwrap_or("").to_owned(),
        call,
        file: file.to_owned(),
        other: other.to_owned(),
        offset,
        len,
        result: result.map_err(|error| error.kind),
    };
    let mut records = records.lock().unwrap_or_else(PoisonError::into_inner);
    records.push(recorded);
}

/// What a call's result counts.
fn count<T>(result: &Result<T, IoError>, count: impl Fn(&T) -> u64) -> Result<u64, IoError> {
    result.as_ref().map(count).map_err(|error| *error)
}

impl<V: Vfs> RecordingVfs<V> {
    fn opened(
        &self,
        call: CallKind,
        name: &str,
        result: Result<V::File, IoError>,
    ) -> Result<RecordedFile<V::File>, IoError> {
        note(
            &self.records,
            call,
            [name, ""],
            (0, 0),
            count(&result, |_| 0),
        );
        result.map(|file| RecordedFile {
            inner: Some(file),
            name: name.to_owned(),
            records: Arc::clone(&self.records),
        })
    }

    fn about_names(
        &self,
        call: CallKind,
        names: [&str; 2],
        result: Result<(), IoError>,
    ) -> Result<(), IoError> {
        note(&self.records, call, names, (0, 0), count(&result, |()| 0));
        result
    }
}

impl<V: Vfs> Vfs for RecordingVfs<V> {
    type File = RecordedFile<V::File>;
    type Lock = V::Lock;

    fn create(&self, name: &str) -> Result<Self::File, IoError> {
        self.opened(CallKind::Create, name, self.inner.create(name))
    }

    fn open(&self, name: &str, access: Access) -> Result<Self::File, IoError> {
        self.opened(CallKind::Open, name, self.inner.open(name, access))
    }

    fn len(&self, file: &Self::File) -> Result<u64, IoError> {
        let result = self.inner.len(file.file());
        let names = [file.name.as_str(), ""];
        note(&self.records, CallKind::Len, names, (0, 0), result);
        result
    }

    fn read_at(&self, file: &Self::File, offset: u64, buffer: &mut [u8]) -> Result<usize, IoError> {
        let result = self.inner.read_at(file.file(), offset, buffer);
        let (names, range) = ([file.name.as_str(), ""], (offset, buffer.len() as u64));
        let done = count(&result, |count| *count as u64);
        note(&self.records, CallKind::Read, names, range, done);
        result
    }

    fn write_at(&self, file: &Self::File, offset: u64, bytes: &[u8]) -> Result<usize, IoError> {
        let result = self.inner.write_at(file.file(), offset, bytes);
        let (names, range) = ([file.name.as_str(), ""], (offset, bytes.len() as u64));
        let done = count(&result, |count| *count as u64);
        note(&self.records, CallKind::Write, names, range, done);
        result
    }

    fn copy_range(
        &self,
        from: &Self::File,
        from_offset: u64,
        to: &Self::File,
        to_offset: u64,
        len: u64,
    ) -> Result<u64, IoError> {
        let (source, target) = (from.file(), to.file());
        let result = self
            .inner
            .copy_range(source, from_offset, target, to_offset, len);
        let names = [to.name.as_str(), from.name.as_str()];
        note(
            &self.records,
            CallKind::Copy,
            names,
            (to_offset, len),
            result,
        );
        result
    }

    fn sync_data(&self, file: &Self::File) -> Result<(), IoError> {
        let result = self.inner.sync_data(file.file());
        self.about_names(CallKind::SyncData, [&file.name, ""], result)
    }

    fn truncate(&self, file: &Self::File, len: u64) -> Result<(), IoError> {
        let result = self.inner.truncate(file.file(), len);
        let names = [file.name.as_str(), ""];
        let done = count(&result, |()| 0);
        note(&self.records, CallKind::Truncate, names, (0, len), done);
        result
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), IoError> {
        self.about_names(CallKind::Rename, [from, to], self.inner.rename(from, to))
    }

    fn sync_dir(&self) -> Result<(), IoError> {
        self.about_names(CallKind::SyncDir, ["", ""], self.inner.sync_dir())
    }

    fn unlink(&self, name: &str) -> Result<(), IoError> {
        self.about_names(CallKind::Unlink, [name, ""], self.inner.unlink(name))
    }

    fn close(&self, mut file: Self::File) -> Result<(), IoError> {
        let inner = file.inner.take().expect("a file is closed once");
        let result = self.inner.close(inner);
        self.about_names(CallKind::Close, [&file.name, ""], result)
    }

    fn list(&self) -> Result<Vec<String>, IoError> {
        let result = self.inner.list();
        let done = count(&result, |names| names.len() as u64);
        note(&self.records, CallKind::List, ["", ""], (0, 0), done);
        result
    }

    fn lock(&self, name: &str) -> Result<Self::Lock, IoError> {
        let result = self.inner.lock(name);
        let done = count(&result, |_| 0);
        note(&self.records, CallKind::Lock, [name, ""], (0, 0), done);
        result
    }
}
