//! A file system in memory that fails now and then, by a seed.

use std::cell::Cell;
use std::sync::Mutex;

use indelible::effect::{IoError, IoErrorKind};
use indelible::vfs::{Access, MemVfs, Vfs};

/// Fails one call in `one_in`; 0: none.
pub struct FaultyVfs {
    pub inner: MemVfs,
    state: Mutex<Cell<u64>>,
    one_in: Mutex<u64>,
}

impl FaultyVfs {
    pub fn new(seed: u64, one_in: u64) -> Self {
        Self {
            inner: MemVfs::default(),
            state: Mutex::new(Cell::new(seed)),
            one_in: Mutex::new(one_in),
        }
    }

    pub fn set_one_in(&self, one_in: u64) {
        *self.one_in.lock().unwrap() = one_in;
    }

    /// SplitMix64.
    fn draw(&self) -> u64 {
        let state = self.state.lock().unwrap();
        state.set(state.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut mixed = state.get();
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn fails(&self) -> bool {
        let one_in = *self.one_in.lock().unwrap();
        one_in > 0 && self.draw().is_multiple_of(one_in)
    }

    fn fail<T>(&self, call: impl FnOnce() -> Result<T, IoError>) -> Result<T, IoError> {
        if self.fails() {
            Err(IoError::new(IoErrorKind::Io))
        } else {
            call()
        }
    }
}

impl Vfs for FaultyVfs {
    type File = <MemVfs as Vfs>::File;
    type Lock = <MemVfs as Vfs>::Lock;

    fn create(&self, name: &str) -> Result<Self::File, IoError> {
        self.fail(|| self.inner.create(name))
    }

    fn open(&self, name: &str, access: Access) -> Result<Self::File, IoError> {
        self.fail(|| self.inner.open(name, access))
    }

    fn len(&self, file: &Self::File) -> Result<u64, IoError> {
        self.inner.len(file)
    }

    fn read_at(&self, file: &Self::File, offset: u64, buffer: &mut [u8]) -> Result<usize, IoError> {
        self.inner.read_at(file, offset, buffer)
    }

    fn write_at(&self, file: &Self::File, offset: u64, bytes: &[u8]) -> Result<usize, IoError> {
        if !self.fails() {
            return self.inner.write_at(file, offset, bytes);
        }
        let part = usize::try_from(self.draw() % (bytes.len() as u64 + 1)).unwrap();
        self.inner.write_at(file, offset, &bytes[..part])?;
        match self.draw() % 4 {
            0 => Err(IoError::new(IoErrorKind::Io)),
            1 if part < bytes.len() => Err(IoError::new(IoErrorKind::NoRoom)),
            2 => Err(IoError::new(IoErrorKind::Interrupted)),
            _ => Ok(part),
        }
    }

    fn copy_range(
        &self,
        from: &Self::File,
        from_offset: u64,
        to: &Self::File,
        to_offset: u64,
        len: u64,
    ) -> Result<u64, IoError> {
        self.fail(|| self.inner.copy_range(from, from_offset, to, to_offset, len))
    }

    fn sync_data(&self, file: &Self::File) -> Result<(), IoError> {
        self.fail(|| self.inner.sync_data(file))
    }

    fn truncate(&self, file: &Self::File, len: u64) -> Result<(), IoError> {
        self.fail(|| self.inner.truncate(file, len))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), IoError> {
        if self.fails() {
            if self.draw().is_multiple_of(2) {
                self.inner.rename(from, to)?;
            }
            return Err(IoError::new(IoErrorKind::Io));
        }
        self.inner.rename(from, to)
    }

    fn sync_dir(&self) -> Result<(), IoError> {
        self.fail(|| self.inner.sync_dir())
    }

    fn unlink(&self, name: &str) -> Result<(), IoError> {
        self.fail(|| self.inner.unlink(name))
    }

    fn close(&self, file: Self::File) -> Result<(), IoError> {
        let failed = self.fails();
        self.inner.close(file)?;
        if failed {
            Err(IoError::new(IoErrorKind::Io))
        } else {
            Ok(())
        }
    }

    fn list(&self) -> Result<Vec<String>, IoError> {
        self.inner.list()
    }

    fn lock(&self, name: &str) -> Result<Self::Lock, IoError> {
        self.inner.lock(name)
    }
}
