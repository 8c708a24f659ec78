//! How long a log would be after a rewrite: the shipped engine rewrites it into a file system that
//! keeps lengths and no bytes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use indelible::driver::Files;
use indelible::effect::{IoError, IoErrorKind};
use indelible::engine::{Engine, Recovered};
use indelible::recover::Loaded;
use indelible::vfs::{Access, Vfs};

use crate::machine::{Machine, now_since, random};
use crate::rewrite::quiet;

/// The length of the log that a rewrite would leave, in bytes; none if that cannot be told.
pub fn rewritten_len(loaded: &Loaded) -> Option<u64> {
    let start = Instant::now();
    let recovered = Recovered {
        keyspace: loaded.keyspace.clone(),
        lsn: loaded.lsn,
        identity: loaded.identity,
        incarnation: loaded.incarnation,
        log: None,
        has_directory: true,
        identity_seed: random(),
    };
    let sizes = Sizes::default();
    let engine = Engine::new(quiet(), recovered, now_since(start));
    let mut machine = Machine::new(&sizes, engine, Files::default(), start);
    let now = machine.now();
    let ticket = machine.engine.rewrite_once(now).ok()?;
    let outcome = machine.settle(ticket, &mut |_| {}).ok()?;
    outcome.is_ok().then(|| sizes.len.load(Ordering::Relaxed))
}

/// A directory whose files have a length and nothing else.
#[derive(Debug, Default)]
struct Sizes {
    /// The longest file's length in bytes.
    len: AtomicU64,
}

impl Vfs for Sizes {
    type File = ();
    type Lock = ();

    fn create(&self, _name: &str) -> Result<(), IoError> {
        Ok(())
    }

    fn open(&self, _name: &str, _access: Access) -> Result<(), IoError> {
        Err(IoError::new(IoErrorKind::NotFound))
    }

    fn len(&self, _file: &()) -> Result<u64, IoError> {
        Ok(self.len.load(Ordering::Relaxed))
    }

    fn read_at(&self, _file: &(), _offset: u64, _buffer: &mut [u8]) -> Result<usize, IoError> {
        Err(IoError::new(IoErrorKind::Unsupported))
    }

    fn write_at(&self, _file: &(), offset: u64, bytes: &[u8]) -> Result<usize, IoError> {
        let end = offset + bytes.len() as u64;
        self.len.fetch_max(end, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn copy_range(
        &self,
        _from: &(),
        _from_offset: u64,
        _to: &(),
        _to_offset: u64,
        _len: u64,
    ) -> Result<u64, IoError> {
        Err(IoError::new(IoErrorKind::Unsupported))
    }

    fn sync_data(&self, _file: &()) -> Result<(), IoError> {
        Ok(())
    }

    fn truncate(&self, _file: &(), _len: u64) -> Result<(), IoError> {
        Ok(())
    }

    fn rename(&self, _from: &str, _to: &str) -> Result<(), IoError> {
        Ok(())
    }

    fn sync_dir(&self) -> Result<(), IoError> {
        Ok(())
    }

    fn unlink(&self, _name: &str) -> Result<(), IoError> {
        Ok(())
    }

    fn close(&self, _file: ()) -> Result<(), IoError> {
        Ok(())
    }

    fn list(&self) -> Result<Vec<String>, IoError> {
        Ok(Vec::new())
    }

    fn lock(&self, _name: &str) -> Result<(), IoError> {
        Ok(())
    }
}
