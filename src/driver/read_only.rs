//! Looking at a store without changing anything on disk.

#[cfg(unix)]
use std::path::Path;
use std::vec::Vec;

use super::clock::{self, Clock};
use super::commands;
use super::error::StoreError;
use super::from_reply::FromReply;
use crate::command::{CommandError, Reply, query};
use crate::effect::Name;
use crate::keyspace::Keyspace;
use crate::recover::{Loaded, OpenError, load_retrying};
use crate::units::Lsn;
#[cfg(unix)]
use crate::vfs::OsVfs;
use crate::vfs::Vfs;

/// What a store's log held at one moment; it takes no lock and may be read beside a live store.
#[derive(Debug)]
pub struct ReadOnly {
    loaded: Loaded,
    clock: Clock,
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
            loaded: loaded.map_err(OpenError::from)?,
            clock: Clock::new(),
        })
    }

    /// Everything that was read.
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

    /// What `key` of database `db` holds.
    ///
    /// # Errors
    /// [`StoreError::Command`] if it holds no string.
    pub fn get(&self, db: u32, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>, StoreError> {
        FromReply::from_reply(self.execute(db, &[&b"GET"[..], key.as_ref()]))
    }

    /// Executes a command that only reads, with Redis's replies and error texts; one that may write
    /// is refused.
    #[must_use]
    pub fn execute(&self, db: u32, argv: &[impl AsRef<[u8]>]) -> Reply {
        let now = self.clock.now().wall;
        match commands::parse(argv) {
            Ok(mut command) => {
                command.bring_seed(clock::random);
                query(&self.loaded.keyspace, db, &command, now)
                    .unwrap_or(Reply::Error(CommandError::ReadOnly))
            }
            Err(error) => Reply::Error(error),
        }
    }
}
