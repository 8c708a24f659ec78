//! Opening a store: what the directory holds becomes a machine, and nothing that was acknowledged
//! is lost on the way.
//!
//! Straight-line code over a [`Vfs`]; a crash between any two calls leaves something that opens to
//! the same commits. // O4
//!
//! 1. The lock is taken: a second opener gets a clear error.
//! 2. The directory is synced, before anything is believed: a rename that was never made durable
//!    must not come undone under commits to come.
//! 3. The log is read. Without one, the first is made as a rewrite makes one: written, synced,
//!    renamed, directory synced.
//! 4. What does not verify is judged. At or before the *evidence watermark* (the largest in any
//!    intact frame, or the end of the base) it is damage and refused, never cut off. // O9
//!    Behind it it is a torn tail, copied to the quarantine file, which is synced, and cut.
//! 5. Everything behind the evidence watermark is written again in place, same bytes: a sync that
//!    failed before a restart left pages that the kernel calls clean, and no sync of ours would
//!    write them. Same bytes, hence safe to tear.
//! 6. An open frame with the next incarnation and still the *evidence* watermark; then the file is
//!    synced. Only then does a mark frame say that all of it is durable.
//! 7. Leftovers of a rewrite are removed, in small steps.

mod backup;
mod create;
mod load;
mod load_error;
mod refused;
mod repair;

use std::ops::ControlFlow;
use std::vec::Vec;

use crate::effect::{FileHandle, IoError, Name};
use crate::engine::{Engine, EngineOptions, Recovered, RecoveredLog};
use crate::keyspace::Keyspace;
use crate::log::FrameError;
use crate::units::{Identity, Incarnation, Lsn, Now};
use crate::vfs::{Access, Files, Vfs, retry};

pub(crate) use backup::backup_pinned;
pub use backup::{BackupError, BackupReport, backup};
pub use load::{Loaded, Point, load, load_at, load_retrying, load_watched};
pub use load_error::LoadError;

/// The file that is locked while a store is open; never renamed nor removed.
pub const LOCK_NAME: &str = "appendonly.aof.lock";
/// Where a torn tail is kept before it is cut; the last one replaces the one before.
pub const QUARANTINE_NAME: &str = "appendonly.aof.quarantine";

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// How the machine behaves.
    pub engine: EngineOptions,
    /// Whether commits are logged. What the directory holds is loaded either way.
    pub appendonly: bool,
    /// The time.
    pub now: Now,
    /// Random, or fixed for a reproducible order of the keyspace.
    pub hash_seed: u64,
    /// Random: new histories draw their identities from it.
    pub identity_seed: u64,
}

/// What an opening found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct OpenReport {
    /// Whether the first log was made.
    pub created: bool,
    /// The last commit.
    pub lsn: Lsn,
    /// Up to which commit there was evidence of durability.
    pub evidence: Lsn,
    /// The history's identity.
    pub identity: Identity,
    /// This opening's number.
    pub incarnation: Incarnation,
    /// The log's length before anything was done, in bytes.
    pub file_len: u64,
    /// Bytes of a torn tail that were cut.
    pub cut_len: u64,
    /// What did not verify there.
    pub cut: Option<FrameError>,
    /// Bytes that were written again in place.
    pub rewritten_len: u64,
}

/// How far an opening is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// The log is being read.
    Reading {
        #[doc = "Bytes read."]
        done: u64,
        #[doc = "Bytes of the file."]
        total: u64,
    },
    /// What has no evidence of durability is written again.
    Repairing {
        #[doc = "Bytes written."]
        done: u64,
        #[doc = "Bytes to write."]
        total: u64,
    },
    /// Leftovers are removed.
    Cleaning,
}

/// What watches an opening; [`ControlFlow::Break`] aborts it.
pub type Watch<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// Why a store cannot be opened. Nothing was lost or changed that the error does not say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process, or another handle of this one, has it open.
    #[error("the store is open elsewhere ({LOCK_NAME} is locked)")]
    Locked,
    /// The file system failed.
    #[error("{doing}: {source}")]
    Io {
        #[doc = "What was being done."]
        doing: Doing,
        #[doc = "What the file system said."]
        source: IoError,
    },
    /// The log cannot be loaded.
    #[error("{}: {source}", Name::Live)]
    Load {
        #[doc = "Why."]
        source: LoadError,
    },
    /// The watch said so.
    #[error("the opening was aborted")]
    Aborted,
}

/// What an opening was doing when the file system failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Doing {
    /// Taking the lock.
    #[error("locking {LOCK_NAME}")]
    Lock,
    /// Listing the directory.
    #[error("listing the directory")]
    List,
    /// Syncing the directory.
    #[error("syncing the directory")]
    SyncDir,
    /// Making the first log.
    #[error("creating the first log")]
    Create,
    /// Opening the log.
    #[error("opening {}", Name::Live)]
    Open,
    /// Copying a torn tail.
    #[error("writing {QUARANTINE_NAME}")]
    Quarantine,
    /// Cutting a torn tail.
    #[error("cutting the torn tail of {}", Name::Live)]
    Cut,
    /// Writing what has no evidence of durability again, and the frames of the opening.
    #[error("writing {}", Name::Live)]
    Write,
    /// Syncing the log.
    #[error("syncing {}", Name::Live)]
    Sync,
    /// Removing leftovers.
    #[error("removing a leftover of a rewrite")]
    Clean,
}

impl Doing {
    fn failed(self) -> impl Fn(IoError) -> OpenError {
        move |source| OpenError::Io {
            doing: self,
            source,
        }
    }
}

/// A store that is open.
pub struct Opened<V: Vfs> {
    /// The machine.
    pub engine: Engine,
    /// Its files.
    pub files: Files<V>,
    /// Held until dropped.
    pub lock: V::Lock,
    /// What the opening found and did.
    pub report: OpenReport,
}

/// Opens the store in a directory.
///
/// # Errors
/// [`OpenError`].
pub fn open<V: Vfs>(vfs: &V, options: &OpenOptions) -> Result<Opened<V>, OpenError> {
    open_watched(vfs, options, &mut |_| ControlFlow::Continue(()))
}

/// Opens the store in a directory, telling `watch` how far it is.
///
/// # Errors
/// [`OpenError`].
pub fn open_watched<V: Vfs>(
    vfs: &V,
    options: &OpenOptions,
    watch: Watch<'_>,
) -> Result<Opened<V>, OpenError> {
    let lock = vfs.lock(LOCK_NAME).map_err(|source| match source.kind {
        crate::effect::IoErrorKind::Locked => OpenError::Locked,
        _ => OpenError::Io {
            doing: Doing::Lock,
            source,
        },
    })?;
    let names = vfs.list().map_err(Doing::List.failed())?;
    vfs.sync_dir().map_err(Doing::SyncDir.failed())?;
    let there = |name: Name| names.iter().any(|other| other == name.as_str());
    let mut report = OpenReport {
        created: !there(Name::Live),
        ..OpenReport::default()
    };
    if report.created {
        remove_leftovers(vfs, &names)?;
        if !options.appendonly {
            return Ok(empty(options, lock, report));
        }
        create::first_log(vfs, options).map_err(Doing::Create.failed())?;
    }
    let file = vfs
        .open(Name::Live.as_str(), Access::ReadWrite)
        .map_err(Doing::Open.failed())?;
    let loaded = load::load_file(
        vfs,
        &file,
        options.hash_seed,
        options.engine.saboteur,
        watch,
    )?;
    let log_len = repair::make_durable(vfs, &file, &loaded, options, &mut report, watch)?;
    if !report.created {
        if watch(Progress::Cleaning).is_break() {
            return Err(OpenError::Aborted);
        }
        remove_leftovers(vfs, &names)?;
    }
    let files = Files::default();
    let mut log = None;
    if options.appendonly {
        let handle = FileHandle(0);
        files.insert(handle, file);
        log = Some(RecoveredLog {
            file: handle,
            len: log_len,
        });
    } else {
        vfs.close(file).map_err(Doing::Sync.failed())?;
    }
    let recovered = Recovered {
        keyspace: loaded.keyspace,
        lsn: loaded.lsn,
        identity: loaded.identity,
        incarnation: report.incarnation,
        log,
        has_directory: true,
        identity_seed: options.identity_seed,
    };
    Ok(Opened {
        engine: Engine::new(options.engine, recovered, options.now),
        files,
        lock,
        report,
    })
}

fn empty<V: Vfs>(options: &OpenOptions, lock: V::Lock, report: OpenReport) -> Opened<V> {
    let recovered = Recovered {
        keyspace: Keyspace::new(options.hash_seed),
        lsn: Lsn(0),
        identity: create::first_identity(options.identity_seed),
        incarnation: Incarnation(1),
        log: None,
        has_directory: true,
        identity_seed: options.identity_seed,
    };
    let engine = Engine::new(options.engine, recovered, options.now);
    Opened {
        engine,
        files: Files::default(),
        lock,
        report,
    }
}

/// Removes what a rewrite left, a bounded number of blocks at a time. // O10
fn remove_leftovers<V: Vfs>(vfs: &V, names: &[std::string::String]) -> Result<(), OpenError> {
    let failed = Doing::Clean.failed();
    for name in [Name::Rewrite, Name::Side] {
        if names.iter().any(|other| other == name.as_str()) {
            let file = vfs
                .open(name.as_str(), Access::ReadWrite)
                .map_err(&failed)?;
            let mut len = vfs.len(&file).map_err(&failed)?;
            while len > 0 {
                len = len.saturating_sub(crate::limits::TRUNCATE_STEP);
                vfs.truncate(&file, len).map_err(&failed)?;
            }
            vfs.close(file).map_err(&failed)?;
            vfs.unlink(name.as_str()).map_err(&failed)?;
        }
    }
    Ok(())
}

/// Writes all of `bytes` at `offset`, however short the single writes are.
fn write_all<V: Vfs>(vfs: &V, file: &V::File, offset: u64, bytes: &[u8]) -> Result<(), IoError> {
    let mut done = 0;
    while done < bytes.len() {
        match retry(|| vfs.write_at(file, offset + done as u64, &bytes[done..]))? {
            0 => return Err(IoError::new(crate::effect::IoErrorKind::NoRoom)),
            len => done += len,
        }
    }
    Ok(())
}

/// Reads `len` bytes at `offset`, fewer only at the end of the file.
fn read_up_to<V: Vfs>(
    vfs: &V,
    file: &V::File,
    offset: u64,
    len: usize,
) -> Result<Vec<u8>, IoError> {
    let mut bytes = std::vec![0; len];
    let mut done = 0;
    while done < len {
        match vfs.read_at(file, offset + done as u64, &mut bytes[done..])? {
            0 => break,
            read => done += read,
        }
    }
    bytes.truncate(done);
    Ok(bytes)
}
