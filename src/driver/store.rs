//! The store: opening, closing, and what concerns all of its databases.

use std::fmt;
use std::ops::{ControlFlow, Deref};
#[cfg(unix)]
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::clock::{self, Clock};
use super::db::Db;
use super::disk::{Disk, Mounted, Nowhere};
use super::error::{Durability, StoreError};
use super::events::Subscription;
use super::lanes;
use super::options::Options;
use super::shared::{DROP_WAIT, Shared};
use super::ticket::{Loss, Ticket};
use crate::effect::Name;
use crate::engine::{Engine, Recovered, Stats};
use crate::keyspace::Keyspace;
use crate::recover::{self, LOCK_NAME, OpenError, OpenOptions, OpenReport, Opened, Watch};
use crate::units::{Identity, Incarnation, Lsn};
#[cfg(unix)]
use crate::vfs::OsVfs;
use crate::vfs::{Files, Vfs};

/// Redis data types in this process, persisted by an append-only file.
///
/// Handles are cheap to clone and may be used from any thread. Callers execute commands in memory;
/// two threads of the store write, sync and rewrite. So a slow disk delays a caller only as far as
/// the caller waits for durability.
///
/// A store is its own database 0: the calls of [`Db`] are there directly.
///
/// ```
/// use indelible::{Options, Store};
///
/// let directory = tempfile::tempdir()?;
/// let store = Store::open(directory.path(), Options::default())?;
/// store.set("name", "Ada")?;
/// assert_eq!(store.get("name")?.as_deref(), Some(&b"Ada"[..]));
/// store.close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Ends
///
/// [`Store::close`] makes everything durable and says whether it is. Dropping the last handle asks
/// for the same, waits for it a second at most, and says nothing; what was acknowledged is found
/// by the next opening either way.
#[derive(Clone, Debug)]
pub struct Store {
    db: Db,
}

/// What all handles share; the last one ends the threads.
pub(super) struct Handle {
    pub(super) shared: Arc<Shared>,
    report: OpenReport,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Deref for Store {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

/// Opening.
impl Store {
    /// Opens the store in a directory, which is made if it is missing.
    ///
    /// Returns when what the directory held is loaded and durable.
    ///
    /// # Errors
    /// [`StoreError::Directory`], [`StoreError::Open`] (the store is open elsewhere, its log is
    /// damaged, the disk failed) or [`StoreError::Thread`].
    #[cfg(unix)]
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self, StoreError> {
        let vfs = OsVfs::create_dir(path).map_err(StoreError::Directory)?;
        Self::open_with(vfs, options)
    }

    /// Opens the store on a file system of your choice.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with<V>(vfs: V, options: Options) -> Result<Self, StoreError>
    where
        V: Vfs + Send + Sync + 'static,
    {
        Self::open_watched(vfs, options, &mut |_| ControlFlow::Continue(()))
    }

    /// Opens the store, telling `watch` how far it is; it may break it off.
    ///
    /// # Errors
    /// As [`Store::open`], and [`OpenError::Aborted`] if `watch` says so.
    pub fn open_watched<V>(vfs: V, options: Options, watch: Watch<'_>) -> Result<Self, StoreError>
    where
        V: Vfs + Send + Sync + 'static,
    {
        let clock = Clock::new();
        let open = OpenOptions {
            engine: options.engine(),
            appendonly: options.appendonly,
            now: clock.now(),
            hash_seed: clock::random(),
            identity_seed: clock::random(),
        };
        let Opened {
            engine,
            files,
            lock,
            report,
        } = recover::open_watched(&vfs, &open, watch)?;
        let disk = mounted(vfs, files, lock);
        Self::start(engine, clock, disk, report, &options)
    }

    /// A store without a directory: all that is written is lost with it.
    ///
    /// It can be given a directory later: [`Store::attach`].
    ///
    /// # Errors
    /// [`StoreError::Thread`].
    pub fn in_memory(options: Options) -> Result<Self, StoreError> {
        let clock = Clock::new();
        let recovered = Recovered {
            keyspace: Keyspace::new(clock::random()),
            lsn: Lsn(0),
            identity: Identity(clock::random()),
            incarnation: Incarnation(1),
            log: None,
            has_directory: false,
            identity_seed: clock::random(),
        };
        let engine = Engine::new(options.engine(), recovered, clock.now());
        let report = OpenReport::default();
        Self::start(engine, clock, Arc::new(Nowhere), report, &options)
    }

    fn start(
        engine: Engine,
        clock: Clock,
        disk: Arc<dyn Disk>,
        report: OpenReport,
        options: &Options,
    ) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared::new(engine, clock, disk, options.busy_timeout));
        lanes::start(&shared).map_err(StoreError::Thread)?;
        let handle = Arc::new(Handle { shared, report });
        Ok(Self {
            db: Db::new(handle, 0),
        })
    }

    /// Gives a store without a directory one that holds no log yet; [`Store::enable`] or
    /// [`Store::rewrite_once`] then write there.
    ///
    /// # Errors
    /// [`StoreError::DirectoryNotEmpty`], [`StoreError::DirectoryAttached`], and what the file system
    /// says.
    #[cfg(unix)]
    pub fn attach(&self, path: impl AsRef<Path>) -> Result<(), StoreError> {
        let vfs = OsVfs::create_dir(path).map_err(StoreError::Directory)?;
        self.attach_with(vfs)
    }

    /// As [`Store::attach`], on a file system of your choice.
    ///
    /// # Errors
    /// As [`Store::attach`].
    pub fn attach_with<V>(&self, vfs: V) -> Result<(), StoreError>
    where
        V: Vfs + Send + Sync + 'static,
    {
        let lock = vfs.lock(LOCK_NAME).map_err(|source| match source.kind {
            crate::effect::IoErrorKind::Locked => StoreError::Open(OpenError::Locked),
            _ => StoreError::Directory(source),
        })?;
        let names = vfs.list().map_err(StoreError::Directory)?;
        let ours = [Name::Live, Name::Rewrite, Name::Side];
        if names
            .iter()
            .any(|name| ours.iter().any(|own| own.as_str() == name))
        {
            return Err(StoreError::DirectoryNotEmpty);
        }
        vfs.sync_dir().map_err(StoreError::Directory)?;
        let shared = self.shared();
        let disk = mounted(vfs, Files::default(), lock);
        shared.with(|state, _| {
            if !state.engine.attach_directory() {
                return Err(StoreError::DirectoryAttached);
            }
            let mut place = shared.disk.lock().unwrap_or_else(PoisonError::into_inner);
            *place = Some(disk);
            Ok(())
        })?
    }
}

fn mounted<V>(vfs: V, files: Files<V>, lock: V::Lock) -> Arc<dyn Disk>
where
    V: Vfs + Send + Sync + 'static,
{
    Arc::new(Mounted {
        files,
        vfs,
        _lock: Mutex::new(lock),
    })
}

/// What concerns the whole store.
impl Store {
    pub(super) fn shared(&self) -> &Shared {
        &self.db.handle.shared
    }

    /// A handle of a database.
    ///
    /// # Panics
    /// If `number` is not below [`DATABASES_MAX`](crate::limits::DATABASES_MAX).
    #[must_use]
    pub fn db(&self, number: u32) -> Db {
        Db::new(Arc::clone(&self.db.handle), number)
    }

    /// What the opening found and did.
    #[must_use]
    pub fn open_report(&self) -> OpenReport {
        self.db.handle.report
    }

    /// Makes everything submitted so far durable, whatever the policy.
    ///
    /// # Errors
    /// [`StoreError::NotPersistent`] while the log is disabled, and those of [`Ticket::wait`].
    pub fn sync(&self) -> Result<(), StoreError> {
        let ticket = self.shared().request(|engine, now| Ok(engine.sync(now)))?;
        match ticket.wait()? {
            Durability::Durable => Ok(()),
            Durability::NotPersistent | Durability::Written => Err(StoreError::NotPersistent),
        }
    }

    /// Begins to rewrite the log into a shorter one; the ticket ends when the new one is the log.
    ///
    /// # Errors
    /// [`StoreError::Rewrite`] if one is in progress or the log is disabled.
    pub fn rewrite(&self) -> Result<Ticket, StoreError> {
        self.shared().request(|engine, now| engine.rewrite(now))
    }

    /// With the log disabled: begins to write a complete log, which is then left alone.
    ///
    /// # Errors
    /// [`StoreError::Rewrite`] if the log is enabled, or there is no directory.
    pub fn rewrite_once(&self) -> Result<Ticket, StoreError> {
        self.shared()
            .request(|engine, now| engine.rewrite_once(now))
    }

    /// Begins to enable the log; until the ticket ends nothing is promised.
    ///
    /// # Errors
    /// [`StoreError::Rewrite`] if it is enabled, or there is no directory.
    pub fn enable(&self) -> Result<Ticket, StoreError> {
        self.shared().request(|engine, now| engine.enable(now))
    }

    /// Begins to disable the log: it is left complete and durable, and the store goes on in memory.
    ///
    /// # Errors
    /// [`StoreError::Rewrite`] if it is disabled.
    pub fn disable(&self) -> Result<Ticket, StoreError> {
        self.shared().request(|engine, now| engine.disable(now))
    }

    /// Gives up the rewrite that is in progress, if it is not being published already.
    ///
    /// # Errors
    /// [`StoreError::Closed`], [`StoreError::Panicked`].
    pub fn cancel_rewrite(&self) -> Result<(), StoreError> {
        self.shared()
            .with(|state, now| state.engine.cancel_rewrite(now))
    }

    /// Counters and states, under Redis's names.
    ///
    /// # Errors
    /// [`StoreError::Closed`], [`StoreError::Panicked`].
    pub fn stats(&self) -> Result<Stats, StoreError> {
        self.shared().read(|engine, _| engine.stats())
    }

    /// Tells what happens from now on: rewrites, healing, slow syncs, a full disk.
    ///
    /// # Errors
    /// [`StoreError::Closed`], [`StoreError::Panicked`].
    pub fn subscribe(&self) -> Result<Subscription, StoreError> {
        self.shared().with(|state, _| state.subscribers.add())
    }

    /// Makes everything durable, ends the threads and lets go of the directory.
    ///
    /// Other handles fail with [`StoreError::Closed`] from then on. Success says that every commit is
    /// durable ([`Durability::Durable`]), or that the log is disabled
    /// ([`Durability::NotPersistent`]).
    ///
    /// # Errors
    /// [`StoreError::Unknown`] if an error stood in the way for good, [`StoreError::Closed`] if it is
    /// closed already.
    pub fn close(self) -> Result<Durability, StoreError> {
        let shared = self.shared();
        let ticket = shared.request(|engine, now| Ok(engine.close(now)))?;
        let result = ticket.wait();
        if matches!(result, Err(StoreError::Cancelled)) {
            // Another handle is closing.
            return Err(StoreError::Closed);
        }
        shared.lose(Loss::Closed);
        shared.join(Duration::MAX);
        result
    }
}

impl Drop for Handle {
    /// What was submitted is made durable if that is quickly done; then the threads end as soon as
    /// the effects that are out have.
    fn drop(&mut self) {
        if let Ok(ticket) = self.shared.request(|engine, now| Ok(engine.sync(now))) {
            // Whatever comes of it, nobody is there to be told.
            let _ = ticket.wait_timeout(DROP_WAIT);
        }
        self.shared.lose(Loss::Dropped);
        self.shared.join(DROP_WAIT);
    }
}
