//! Where the tests' stores live.

use std::sync::{Arc, Condvar, Mutex};

use indelible::effect::{IoError, IoErrorKind};
use indelible::vfs::{Access, MemFile, MemLock, MemVfs, Vfs};
use indelible::{AppendFsync, Options, Store};

pub fn memory() -> (MemVfs, Store) {
    let vfs = MemVfs::default();
    let store = reopen(&vfs);
    (vfs, store)
}

pub fn reopen(vfs: &MemVfs) -> Store {
    Store::open_with(vfs.clone(), Options::default()).unwrap()
}

pub fn always() -> Options {
    Options {
        appendfsync: AppendFsync::Always,
        ..Options::default()
    }
}

/// What a call of a [`ScriptedVfs`] is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Write,
    Sync,
    Rename,
}

/// What becomes of such a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Done,
    Fails(IoErrorKind),
    Panics,
    /// Waits until another fate is set.
    Hangs,
}

/// A file system in memory whose calls fail, panic or hang as the test says.
#[derive(Clone, Default)]
pub struct ScriptedVfs {
    pub inner: MemVfs,
    script: Arc<Script>,
}

#[derive(Default)]
struct Script {
    fates: Mutex<Vec<(Call, Fate)>>,
    changed: Condvar,
}

impl ScriptedVfs {
    pub fn set(&self, call: Call, fate: Fate) {
        let mut fates = self.script.fates.lock().unwrap();
        fates.retain(|(other, _)| *other != call);
        fates.push((call, fate));
        self.script.changed.notify_all();
    }

    fn meet(&self, call: Call) -> Result<(), IoError> {
        let mut fates = self.script.fates.lock().unwrap();
        loop {
            let fate = fates.iter().find(|(other, _)| *other == call);
            match fate.map_or(Fate::Done, |(_, fate)| *fate) {
                Fate::Done => return Ok(()),
                Fate::Fails(kind) => return Err(IoError::new(kind)),
                Fate::Panics => {
                    drop(fates);
                    panic!("the test's file system panics at {call:?}");
                }
                Fate::Hangs => fates = self.script.changed.wait(fates).unwrap(),
            }
        }
    }
}

impl Vfs for ScriptedVfs {
    type File = MemFile;
    type Lock = MemLock;

    fn create(&self, name: &str) -> Result<MemFile, IoError> {
        self.inner.create(name)
    }

    fn open(&self, name: &str, access: Access) -> Result<MemFile, IoError> {
        self.inner.open(name, access)
    }

    fn len(&self, file: &MemFile) -> Result<u64, IoError> {
        self.inner.len(file)
    }

    fn read_at(&self, file: &MemFile, offset: u64, buffer: &mut [u8]) -> Result<usize, IoError> {
        self.inner.read_at(file, offset, buffer)
    }

    fn write_at(&self, file: &MemFile, offset: u64, bytes: &[u8]) -> Result<usize, IoError> {
        self.meet(Call::Write)?;
        self.inner.write_at(file, offset, bytes)
    }

    fn copy_range(
        &self,
        from: &MemFile,
        from_offset: u64,
        to: &MemFile,
        to_offset: u64,
        len: u64,
    ) -> Result<u64, IoError> {
        self.inner.copy_range(from, from_offset, to, to_offset, len)
    }

    fn sync_data(&self, file: &MemFile) -> Result<(), IoError> {
        self.meet(Call::Sync)?;
        self.inner.sync_data(file)
    }

    fn truncate(&self, file: &MemFile, len: u64) -> Result<(), IoError> {
        self.inner.truncate(file, len)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), IoError> {
        self.meet(Call::Rename)?;
        self.inner.rename(from, to)
    }

    fn sync_dir(&self) -> Result<(), IoError> {
        self.inner.sync_dir()
    }

    fn unlink(&self, name: &str) -> Result<(), IoError> {
        self.inner.unlink(name)
    }

    fn close(&self, file: MemFile) -> Result<(), IoError> {
        self.inner.close(file)
    }

    fn list(&self) -> Result<Vec<String>, IoError> {
        self.inner.list()
    }

    fn lock(&self, name: &str) -> Result<MemLock, IoError> {
        self.inner.lock(name)
    }
}
