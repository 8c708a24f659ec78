//! Seeded bugs of an opening: a file system that leaves out what recovery asks of it.

use std::cell::Cell;

use indelible::effect::{IoError, Name};
use indelible::recover::QUARANTINE_NAME;
use indelible::vfs::{Access, Vfs};

use crate::disk::{SimFile, SimLock, SimVfs};

/// What an opening is about when it syncs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Occasion {
    /// What the directory holds is about to be believed.
    Believing,
    /// The first log is made.
    FirstLog,
    /// A torn tail is kept before it is cut.
    Quarantine,
    /// The log is made durable.
    Log,
}

/// The disk as an opening with a bug asks it.
pub(crate) struct Opening<'a> {
    vfs: &'a SimVfs,
    bug: u32,
    occasion: Cell<Occasion>,
}

impl<'a> Opening<'a> {
    pub fn new(vfs: &'a SimVfs, bug: u32) -> Self {
        Self {
            vfs,
            bug,
            occasion: Cell::new(Occasion::Believing),
        }
    }

    fn begins(&self, name: &str) {
        let occasion = match name {
            QUARANTINE_NAME => Occasion::Quarantine,
            _ if name == Name::Live.as_str() => Occasion::Log,
            _ => Occasion::FirstLog,
        };
        if self.occasion.get() != Occasion::Log || occasion == Occasion::Quarantine {
            self.occasion.set(occasion);
        }
    }

    /// Syncs of files that are left out.
    fn drops_sync(&self) -> bool {
        matches!(
            (self.bug, self.occasion.get()),
            (721, Occasion::FirstLog) | (33 | 722, Occasion::Quarantine) | (724, Occasion::Log)
        )
    }

    /// Syncs of the directory that are left out.
    fn drops_sync_dir(&self) -> bool {
        matches!(
            (self.bug, self.occasion.get()),
            (4, Occasion::FirstLog) | (33 | 723, Occasion::Quarantine)
        )
    }

    /// Whether these bytes go to where the log has others.
    fn is_in_place(&self, file: &SimFile, end: u64) -> Result<bool, IoError> {
        Ok(self.occasion.get() == Occasion::Log && self.vfs.len(file)? == end)
    }
}

impl Vfs for Opening<'_> {
    type File = SimFile;
    type Lock = SimLock;

    fn create(&self, name: &str) -> Result<SimFile, IoError> {
        self.begins(name);
        self.vfs.create(name)
    }

    fn open(&self, name: &str, access: Access) -> Result<SimFile, IoError> {
        self.begins(name);
        self.vfs.open(name, access)
    }

    fn len(&self, file: &SimFile) -> Result<u64, IoError> {
        self.vfs.len(file)
    }

    fn read_at(&self, file: &SimFile, offset: u64, buffer: &mut [u8]) -> Result<usize, IoError> {
        self.vfs.read_at(file, offset, buffer)
    }

    fn write_at(&self, file: &SimFile, offset: u64, bytes: &[u8]) -> Result<usize, IoError> {
        if self.bug == 44 && self.is_in_place(file, offset + bytes.len() as u64)? {
            self.vfs.truncate(file, offset)?;
        }
        self.vfs.write_at(file, offset, bytes)
    }

    fn copy_range(
        &self,
        from: &SimFile,
        from_offset: u64,
        to: &SimFile,
        to_offset: u64,
        len: u64,
    ) -> Result<u64, IoError> {
        self.vfs.copy_range(from, from_offset, to, to_offset, len)
    }

    fn sync_data(&self, file: &SimFile) -> Result<(), IoError> {
        match self.drops_sync() {
            true => Ok(()),
            false => self.vfs.sync_data(file),
        }
    }

    fn truncate(&self, file: &SimFile, len: u64) -> Result<(), IoError> {
        self.vfs.truncate(file, len)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), IoError> {
        self.vfs.rename(from, to)
    }

    fn sync_dir(&self) -> Result<(), IoError> {
        let dropped = self.drops_sync_dir();
        if self.occasion.get() == Occasion::Quarantine {
            self.occasion.set(Occasion::Log);
        }
        match dropped {
            true => Ok(()),
            false => self.vfs.sync_dir(),
        }
    }

    fn unlink(&self, name: &str) -> Result<(), IoError> {
        let live = Name::Live.as_str();
        let there = || self.vfs.with(|disk| disk.contents(live).is_some());
        match self.bug == 32 && there() {
            true => self.vfs.unlink(live),
            false => self.vfs.unlink(name),
        }
    }

    fn close(&self, file: SimFile) -> Result<(), IoError> {
        self.vfs.close(file)
    }

    fn list(&self) -> Result<Vec<String>, IoError> {
        self.vfs.list()
    }

    fn lock(&self, name: &str) -> Result<SimLock, IoError> {
        self.vfs.lock(name)
    }
}
