//! Looking at a store without changing anything on disk.

#[cfg(unix)]
use std::path::Path;
use std::sync::Arc;

use super::clock::{self, Clock};
use super::commands;
use super::error::StoreError;
use crate::command::{Command, CommandError, Reply, query};
use crate::effect::Name;
use crate::keyspace::Keyspace;
use crate::recover::{Loaded, OpenError, load_retrying};
use crate::units::Lsn;
#[cfg(unix)]
use crate::vfs::OsVfs;
use crate::vfs::Vfs;

/// One database of what a store's log held at one moment; cheap to clone. It takes no lock and may be
/// read beside a live store.
///
/// It has every call of [`Db`](crate::Db) that only reads.
///
/// ```
/// # use indelible::{Options, ReadOnly, Store, vfs::MemVfs};
/// # let vfs = MemVfs::default();
/// # let store = Store::open_with(vfs.clone(), Options::default())?;
/// store.rpush("queue", ["ada", "charles"])?;
/// let reader = ReadOnly::open_with(&vfs)?;
/// assert_eq!(reader.lindex("queue", 0)?.as_deref(), Some(&b"ada"[..]));
/// assert!(!reader.db(1).exists("queue")?);
/// # Ok::<(), indelible::StoreError>(())
/// ```
///
/// # Errors
/// A call fails with [`StoreError::Command`] for what Redis refuses, and with nothing else.
#[derive(Clone, Debug)]
pub struct ReadOnly {
    loaded: Arc<Loaded>,
    clock: Clock,
    number: u32,
}

impl ReadOnly {
    /// Reads the log in a directory.
    ///
    /// # Errors
    /// [`StoreError::Directory`] if it is missing, [`StoreError::Open`] if there is no log or it is
    /// damaged. A torn tail is no error: what lies before it is read.
    #[cfg(unix)]
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let vfs = OsVfs::open_dir(path).map_err(StoreError::Directory)?;
        Self::open_with(&vfs)
    }

    /// Reads the log on a file system of your choice.
    ///
    /// # Errors
    /// As [`ReadOnly::open`].
    pub fn open_with<V: Vfs>(vfs: &V) -> Result<Self, StoreError> {
        let loaded = load_retrying(vfs, Name::Live.as_str(), clock::random());
        Ok(Self {
            loaded: Arc::new(loaded.map_err(OpenError::from)?),
            clock: Clock::new(),
            number: 0,
        })
    }

    /// Another database of what was read; database 0 is what the opening gives.
    ///
    /// # Panics
    /// If there is none of that number, see [`DATABASES_MAX`](crate::limits::DATABASES_MAX).
    #[must_use]
    pub fn db(&self, number: u32) -> Self {
        Self {
            number: commands::checked(number),
            ..self.clone()
        }
    }

    /// Everything that was read, of all databases.
    #[must_use]
    pub fn keyspace(&self) -> &Keyspace {
        &self.loaded.keyspace
    }

    /// The last commit that was read.
    #[must_use]
    pub fn lsn(&self) -> Lsn {
        self.loaded.lsn
    }

    /// What the reading found.
    #[must_use]
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// Executes a command that only reads, with Redis's replies and error texts; one that may write
    /// is refused. `SELECT` only checks its number: the database is that of this handle.
    #[must_use]
    pub fn execute(&self, argv: &[impl AsRef<[u8]>]) -> Reply {
        match commands::parse(argv) {
            Ok(command) => self.run(command),
            Err(error) => Reply::Error(error),
        }
    }

    /// Executes a command that is a value already, as [`ReadOnly::execute`] does.
    #[must_use]
    pub fn run(&self, mut command: Command) -> Reply {
        command.bring_seed(clock::random);
        let now = self.clock.now().wall;
        query(&self.loaded.keyspace, self.number, &command, now)
            .unwrap_or(Reply::Error(CommandError::ReadOnly))
    }
}
