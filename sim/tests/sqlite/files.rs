//! The simulated disk as SQLite sees it, with the syncs of SQLite's own `os_unix.c`.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock};

use indelible::effect::{IoError, IoErrorKind};
use indelible::vfs::{Access, Vfs};
use indelible_sim::disk::{SimFile, SimVfs};
use indelible_sqlite_bridge::rusqlite::ffi;
use indelible_sqlite_bridge::{Code, File, Files, Role, register};

/// The name under which it is registered.
pub const NAME: &str = "simulated";

static DISKS: LazyLock<Mutex<HashMap<u32, SimVfs>>> = LazyLock::new(Mutex::default);

/// A disk that SQLite can reach by paths that begin with its number.
pub struct Mounted(u32);

impl Mounted {
    pub fn new(vfs: &SimVfs) -> Self {
        static REGISTERED: OnceLock<()> = OnceLock::new();
        static NEXT: AtomicU32 = AtomicU32::new(0);
        REGISTERED.get_or_init(|| register(NAME, Box::new(Simulated)).unwrap());
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        DISKS.lock().unwrap().insert(number, vfs.clone());
        Self(number)
    }

    pub fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.0)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        DISKS.lock().unwrap().remove(&self.0);
    }
}

struct Simulated;

fn find(path: &str) -> Result<(SimVfs, &str), Code> {
    let (number, name) = path.split_once('/').ok_or(ffi::SQLITE_CANTOPEN)?;
    let number = number.parse().map_err(|_| ffi::SQLITE_CANTOPEN)?;
    let vfs = DISKS.lock().unwrap().get(&number).cloned();
    Ok((vfs.ok_or(ffi::SQLITE_CANTOPEN)?, name))
}

impl Files for Simulated {
    fn open(&self, path: &str, role: Role, create: bool) -> Result<Box<dyn File>, Code> {
        let (vfs, name) = find(path)?;
        let is_new = matches!(role, Role::Journal | Role::Wal) && create;
        let file = match vfs.open(name, Access::ReadWrite) {
            Err(error) if error.kind == IoErrorKind::NotFound && create => vfs.create(name),
            opened => opened,
        };
        Ok(Box::new(Opened {
            file: file.map_err(|_| ffi::SQLITE_CANTOPEN)?,
            vfs,
            sync_dir: is_new,
        }))
    }

    /// `unixDelete`: the directory is synced if SQLite asks for it, and not otherwise.
    fn delete(&self, path: &str, sync_dir: bool) -> Result<(), Code> {
        let (vfs, name) = find(path)?;
        vfs.unlink(name).map_err(|error| match error.kind {
            IoErrorKind::NotFound => ffi::SQLITE_IOERR_DELETE_NOENT,
            _ => ffi::SQLITE_IOERR_DELETE,
        })?;
        if sync_dir {
            let synced = vfs.sync_dir();
            synced.map_err(|_| ffi::SQLITE_IOERR_DIR_FSYNC)?;
        }
        Ok(())
    }

    fn exists(&self, path: &str) -> Result<bool, Code> {
        let (vfs, name) = find(path)?;
        Ok(vfs.with(|disk| disk.contents(name).is_some()))
    }
}

struct Opened {
    vfs: SimVfs,
    file: SimFile,
    /// `UNIXFILE_DIRSYNC`: the first sync of a journal or log that was opened so that it could be
    /// created syncs the directory as well, and ignores how that ends.
    sync_dir: bool,
}

impl File for Opened {
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, Code> {
        let mut done = 0;
        while done < buffer.len() {
            let at = offset + done as u64;
            let read = self.vfs.read_at(&self.file, at, &mut buffer[done..]);
            match read.map_err(|_| ffi::SQLITE_IOERR_READ)? {
                0 => break,
                count => done += count,
            }
        }
        Ok(done)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Code> {
        let failed = |error: IoError| match error.kind {
            IoErrorKind::NoRoom => ffi::SQLITE_FULL,
            _ => ffi::SQLITE_IOERR_WRITE,
        };
        let mut done = 0;
        while done < bytes.len() {
            let at = offset + done as u64;
            match self.vfs.write_at(&self.file, at, &bytes[done..]) {
                Ok(count) => done += count,
                Err(error) if error.kind == IoErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }

    fn truncate(&mut self, len: u64) -> Result<(), Code> {
        let truncated = self.vfs.truncate(&self.file, len);
        truncated.map_err(|_| ffi::SQLITE_IOERR_TRUNCATE)
    }

    /// `unixSync`.
    fn sync(&mut self) -> Result<(), Code> {
        let synced = self.vfs.sync_data(&self.file);
        synced.map_err(|_| ffi::SQLITE_IOERR_FSYNC)?;
        if std::mem::take(&mut self.sync_dir) {
            let _ = self.vfs.sync_dir();
        }
        Ok(())
    }

    fn size(&mut self) -> Result<u64, Code> {
        self.vfs
            .len(&self.file)
            .map_err(|_| ffi::SQLITE_IOERR_FSTAT)
    }
}
