//! The simulated disk as a file system that product code runs on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indelible::effect::IoError;
use indelible::vfs::{Access, Vfs};

use super::names::NameId;
use super::profile::Profile;
use super::state::{Disk, HandleId};

/// A [`Vfs`] over a [`Disk`]; clones share it.
#[derive(Clone, Debug)]
pub struct SimVfs {
    disk: Arc<Mutex<Disk>>,
}

impl SimVfs {
    /// An empty directory on a disk of this kind.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self::from_disk(Disk::new(profile))
    }

    /// A file system in this state.
    #[must_use]
    pub fn from_disk(disk: Disk) -> Self {
        Self {
            disk: Arc::new(Mutex::new(disk)),
        }
    }

    /// A copy of the state.
    #[must_use]
    pub fn disk(&self) -> Disk {
        self.state().clone()
    }

    /// Looks at the state, or sets something up in it. The file system must not be called meanwhile.
    pub fn with<T>(&self, act: impl FnOnce(&mut Disk) -> T) -> T {
        act(&mut self.state())
    }

    /// The file behind an open handle: for a fork, which has the handles of the original's state
    /// and none of its [`SimFile`]s. At most one per handle, since dropping it closes the handle.
    #[must_use]
    pub fn attach(&self, handle: HandleId) -> SimFile {
        SimFile {
            vfs: self.clone(),
            handle: Some(handle),
            boot: self.state().boot,
        }
    }

    fn state(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open file of a [`SimVfs`]; dropping it closes it.
#[derive(Debug)]
pub struct SimFile {
    vfs: SimVfs,
    handle: Option<HandleId>,
    boot: u32,
}

impl SimFile {
    /// Its handle.
    #[must_use]
    pub fn handle(&self) -> HandleId {
        self.handle.expect("a file has a handle until it is gone")
    }

    /// Lets go of the handle without closing it.
    pub fn forget(mut self) -> HandleId {
        self.handle.take().expect("a file has a handle")
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            let mut disk = self.vfs.state();
            if disk.boot == self.boot {
                disk.drop_handle(handle);
            }
        }
    }
}

/// A held lock of a [`SimVfs`]; dropping it lets go.
#[derive(Debug)]
pub struct SimLock {
    vfs: SimVfs,
    name: NameId,
    boot: u32,
}

impl Drop for SimLock {
    fn drop(&mut self) {
        let mut disk = self.vfs.state();
        if disk.boot == self.boot {
            disk.unlock(self.name);
        }
    }
}

impl Vfs for SimVfs {
    type File = SimFile;
    type Lock = SimLock;

    fn create(&self, name: &str) -> Result<SimFile, IoError> {
        let handle = self.state().create(name)?;
        Ok(self.attach(handle))
    }

    fn open(&self, name: &str, access: Access) -> Result<SimFile, IoError> {
        let handle = self.state().open(name, access)?;
        Ok(self.attach(handle))
    }

    fn len(&self, file: &SimFile) -> Result<u64, IoError> {
        self.state().len(file.handle())
    }

    fn read_at(&self, file: &SimFile, offset: u64, buffer: &mut [u8]) -> Result<usize, IoError> {
        self.state().read_at(file.handle(), offset, buffer)
    }

    fn write_at(&self, file: &SimFile, offset: u64, bytes: &[u8]) -> Result<usize, IoError> {
        self.state().write_at(file.handle(), offset, bytes)
    }

    fn copy_range(
        &self,
        from: &SimFile,
        from_offset: u64,
        to: &SimFile,
        to_offset: u64,
        len: u64,
    ) -> Result<u64, IoError> {
        let (from, to) = (from.handle(), to.handle());
        self.state()
            .copy_range(from, from_offset, to, to_offset, len)
    }

    fn sync_data(&self, file: &SimFile) -> Result<(), IoError> {
        self.state().sync_data(file.handle())
    }

    fn truncate(&self, file: &SimFile, len: u64) -> Result<(), IoError> {
        self.state().truncate(file.handle(), len)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), IoError> {
        self.state().rename(from, to)
    }

    fn sync_dir(&self) -> Result<(), IoError> {
        self.state().sync_dir()
    }

    fn unlink(&self, name: &str) -> Result<(), IoError> {
        self.state().unlink(name)
    }

    fn close(&self, file: SimFile) -> Result<(), IoError> {
        let boot = file.boot;
        let handle = file.forget();
        let mut disk = self.state();
        if disk.boot == boot {
            disk.close(handle)
        } else {
            Ok(()) // the process that had it is gone, and the handle with it
        }
    }

    fn list(&self) -> Result<Vec<String>, IoError> {
        self.state().list()
    }

    fn lock(&self, name: &str) -> Result<SimLock, IoError> {
        let mut disk = self.state();
        let name = disk.lock(name)?;
        Ok(SimLock {
            vfs: self.clone(),
            name,
            boot: disk.boot,
        })
    }
}
