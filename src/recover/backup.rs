//! A copy of a log that opens as a store and holds exactly a prefix of its commits.
//!
//! A log is only appended to, so the bytes of its whole frames are a prefix that never changes, and
//! a copy of them is consistent whoever writes behind it. Each frame is verified on its way.
//!
//! 1. The target is locked, and refused if it holds a store.
//! 2. The source's frames are copied under another name, as far as they are whole.
//! 3. The copy is synced; only then a mark frame says that all of it is durable, so that what is
//!    damaged in a backup later is told from a torn tail.
//! 4. It is synced again, renamed, and the directory synced: it appears whole or not at all.

use std::ops::ControlFlow;
use std::vec::Vec;

use crate::effect::{IoError, IoErrorKind, Name};
use crate::limits::READ_LEN;
use crate::log::{
    Evidence, Expected, Found, FrameError, FrameKind, FrameMeta, HEADER_LEN, Header, Sequence,
    Verifier, encode_frame,
};
use crate::units::{Identity, Lsn, WallMillis};
use crate::vfs::{Access, Vfs};

use super::{LOCK_NAME, LoadError, Progress, Watch, write_all};

/// What a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BackupReport {
    /// The last commit in it.
    pub lsn: Lsn,
    /// The history's identity, which is that of the source.
    pub identity: Identity,
    /// Its log's length in bytes.
    pub len: u64,
}

/// Why there is no backup; the target holds no log then that could be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The log that was to be copied cannot be read, or is damaged.
    #[error("the source: {0}")]
    Source(#[from] LoadError),
    /// The target cannot be written.
    #[error("the target: {0}")]
    Target(IoError),
    /// Somebody has the target open.
    #[error("the target is open elsewhere ({LOCK_NAME} is locked)")]
    Locked,
    /// The target holds a store, or a part of one.
    #[error("the target holds {0} already")]
    NotEmpty(Name),
}

/// What reads a source at an offset; 0 bytes at its end alone.
pub(crate) type ReadAt<'a> = &'a mut dyn FnMut(u64, &mut [u8]) -> Result<usize, IoError>;

/// What writes all bytes of a copy at an offset.
type WriteAt<'a> = &'a mut dyn FnMut(u64, &[u8]) -> Result<(), IoError>;

/// Copies the log of the directory `source`, which another process may have open and write to, into
/// the directory `target`. It takes no lock of the source.
///
/// The copy holds every commit that was acknowledged before the call, under any policy; a torn tail,
/// or a write that is under way, is left out. If a rewrite retires the file meanwhile, the copy
/// begins again with the new one. Nothing is replaced.
///
/// # Errors
/// [`BackupError`]; damage of the source is refused as in loading.
pub fn backup<S: Vfs, T: Vfs>(
    source: &S,
    target: &T,
    now: WallMillis,
    watch: Watch<'_>,
) -> Result<BackupReport, BackupError> {
    const TRIES_MAX: usize = 100;
    let place = Place::prepare(target)?;
    let mut tries = 0;
    loop {
        let file = source.open(Name::Live.as_str(), Access::Read);
        let file = file.map_err(LoadError::Io)?;
        let len = source.len(&file).map_err(LoadError::Io)?;
        let read = &mut |offset, buffer: &mut [u8]| source.read_at(&file, offset, buffer);
        let copied = place.copy(read, len, true, now, watch);
        let shrunk = source.len(&file).map_err(LoadError::Io)? < len;
        match copied {
            Err(BackupError::Source(_)) if shrunk && tries < TRIES_MAX => tries += 1,
            Err(error) => return Err(error),
            // What was read verified, whatever became of the file since.
            Ok(report) => return place.publish(report),
        }
    }
}

/// Copies the first `len` bytes of a log that stay as they are, and end with a whole frame.
pub(crate) fn backup_pinned<T: Vfs>(
    read: ReadAt<'_>,
    len: u64,
    target: &T,
    now: WallMillis,
) -> Result<BackupReport, BackupError> {
    let place = Place::prepare(target)?;
    let watch = &mut |_| ControlFlow::Continue(());
    let report = place.copy(read, len, false, now, watch)?;
    place.publish(report)
}

/// A directory that is locked, and holds no log.
struct Place<'a, T: Vfs> {
    vfs: &'a T,
    _lock: T::Lock,
}

impl<'a, T: Vfs> Place<'a, T> {
    fn prepare(vfs: &'a T) -> Result<Self, BackupError> {
        let lock = vfs.lock(LOCK_NAME).map_err(|error| match error.kind {
            IoErrorKind::Locked => BackupError::Locked,
            _ => BackupError::Target(error),
        })?;
        let names = vfs.list().map_err(BackupError::Target)?;
        for name in [Name::Live, Name::Side] {
            if names.iter().any(|other| other == name.as_str()) {
                return Err(BackupError::NotEmpty(name));
            }
        }
        Ok(Self { vfs, _lock: lock })
    }

    fn copy(
        &self,
        read: ReadAt<'_>,
        len: u64,
        may_be_torn: bool,
        now: WallMillis,
        watch: Watch<'_>,
    ) -> Result<BackupReport, BackupError> {
        match self.vfs.unlink(Name::Rewrite.as_str()) {
            Err(error) if error.kind == IoErrorKind::NotFound => {}
            result => result.map_err(BackupError::Target)?,
        }
        let file = self.vfs.create(Name::Rewrite.as_str());
        let file = file.map_err(BackupError::Target)?;
        let mut write = |offset, bytes: &[u8]| write_all(self.vfs, &file, offset, bytes);
        let verifier = frames(read, len, may_be_torn, &mut write, watch)?;
        let sequence = verifier.sequence();
        let border = verifier.border();
        let mark = mark(sequence, now);
        let finish = || {
            self.vfs.truncate(&file, border)?;
            self.vfs.sync_data(&file)?;
            write_all(self.vfs, &file, border, &mark)?;
            self.vfs.sync_data(&file)
        };
        finish().map_err(BackupError::Target)?;
        self.vfs.close(file).map_err(BackupError::Target)?;
        Ok(BackupReport {
            lsn: sequence.last_lsn(),
            identity: sequence.identity(),
            len: border + mark.len() as u64,
        })
    }

    fn publish(&self, report: BackupReport) -> Result<BackupReport, BackupError> {
        let renamed = self.vfs.rename(Name::Rewrite.as_str(), Name::Live.as_str());
        let published = renamed.and_then(|()| self.vfs.sync_dir());
        published.map_err(BackupError::Target)?;
        Ok(report)
    }
}

fn mark(sequence: &Sequence, now: WallMillis) -> Vec<u8> {
    let lsn = sequence.last_lsn();
    let meta = FrameMeta {
        kind: FrameKind::Mark,
        identity: sequence.identity(),
        lsn,
        count: 0,
        keys: 0,
        incarnation: sequence.incarnation(),
        watermark: lsn,
        wall: now,
    };
    let mut bytes = Vec::new();
    encode_frame(&meta, &[], &mut bytes);
    bytes
}

/// Hands the bytes of a log to `write` and verifies them; what is behind the verifier's border may
/// have been handed over as well, and does not count.
fn frames(
    read: ReadAt<'_>,
    len: u64,
    may_be_torn: bool,
    write: WriteAt<'_>,
    watch: Watch<'_>,
) -> Result<Verifier, BackupError> {
    let header = read_all(
        read,
        0,
        HEADER_LEN.min(usize::try_from(len).unwrap_or(HEADER_LEN)),
    )?;
    let parsed = Header::parse_prefix(&header).map_err(|error| {
        let error = error.in_file(0);
        match error.is_newer_version() {
            true => LoadError::NewerVersion(error),
            false => LoadError::NotALog(error),
        }
    })?;
    write(0, &header).map_err(BackupError::Target)?;
    let mut verifier = Verifier::new(HEADER_LEN as u64, Sequence::new(parsed.identity));
    let (mut offset, mut bad) = (HEADER_LEN as u64, None);
    while offset < len && bad.is_none() {
        let step = usize::try_from((len - offset).min(READ_LEN as u64)).unwrap_or(READ_LEN);
        let bytes = read_all(read, offset, step)?;
        bad = verifier.feed(&bytes).err();
        write(offset, &bytes).map_err(BackupError::Target)?;
        offset += step as u64;
        let (done, total) = (offset, len);
        if watch(Progress::Reading { done, total }).is_break() {
            return Err(LoadError::Aborted.into());
        }
    }
    if bad.is_none() && !verifier.at_border() {
        bad = Some(FrameError {
            offset: verifier.border(),
            expected: Expected::Text("a whole frame"),
            found: Found::End,
        });
    }
    judge(read, len, may_be_torn, &verifier, bad)?;
    Ok(verifier)
}

/// Whether what is whole is all that must be there. // O9
fn judge(
    read: ReadAt<'_>,
    len: u64,
    may_be_torn: bool,
    verifier: &Verifier,
    bad: Option<FrameError>,
) -> Result<(), BackupError> {
    let sequence = verifier.sequence();
    let Some(error) = bad else {
        return match sequence.is_base_complete() {
            true => Ok(()),
            false => Err(BackupError::Source(LoadError::DamagedBase(FrameError {
                offset: len,
                expected: Expected::BaseOrEnd,
                found: Found::End,
            }))),
        };
    };
    if !sequence.is_base_complete() {
        return Err(LoadError::DamagedBase(error).into());
    }
    let mut search = Evidence::new(sequence.identity());
    let mut offset = verifier.border();
    while offset < len {
        let step = usize::try_from((len - offset).min(READ_LEN as u64)).unwrap_or(READ_LEN);
        search.feed(&read_all(read, offset, step)?);
        offset += step as u64;
    }
    let (lsn, evidence) = (
        sequence.last_lsn(),
        sequence.watermark().max(search.watermark()),
    );
    if evidence > lsn || !may_be_torn {
        return Err(BackupError::Source(LoadError::Damaged {
            error,
            lsn,
            evidence,
        }));
    }
    Ok(())
}

/// Reads exactly so many bytes.
fn read_all(read: ReadAt<'_>, offset: u64, len: usize) -> Result<Vec<u8>, BackupError> {
    let mut bytes = std::vec![0; len];
    let mut done = 0;
    while done < len {
        match read(offset + done as u64, &mut bytes[done..]).map_err(LoadError::Io)? {
            0 => return Err(LoadError::Shrunk.into()),
            more => done += more,
        }
    }
    Ok(bytes)
}
