//! Reading a log: the fold of its commits, and where it stops being one.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::vec::Vec;

use crate::command::{Applied, Replay};
use crate::keyspace::Keyspace;
use crate::limits::{COLLECT_STEP, NUMBER_MAX, READ_LEN};
use crate::log::{Evidence, FrameError, FrameKind, FrameLine, Scanner, Step};
use crate::resp::{self, Parsed};
use crate::sabotage::Saboteur;
use crate::units::{Identity, Incarnation, Lsn, WallMillis};
use crate::vfs::{Access, Vfs};

use super::{LoadError, OpenError, Progress, Watch, read_up_to};

/// What a log holds.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The state after its last commit.
    pub keyspace: Keyspace,
    /// The last commit.
    pub lsn: Lsn,
    /// The history's identity.
    pub identity: Identity,
    /// The largest incarnation seen, behind a tear included.
    pub incarnation: Incarnation,
    /// Up to which commit the frames prove durability.
    pub evidence: Lsn,
    /// The end of the frame that holds that commit, in bytes: what lies before is durable.
    pub evidence_len: u64,
    /// The end of the last intact frame, in bytes.
    pub intact_len: u64,
    /// The file's length, in bytes.
    pub file_len: u64,
    /// What does not verify behind the last intact frame: a torn tail.
    pub bad: Option<FrameError>,
    /// Keys in the base, and commits behind it.
    pub base_keys: u64,
    /// The last commit that the base holds.
    pub base_lsn: Lsn,
    /// The base's end, in bytes.
    pub base_len: u64,
}

impl From<LoadError> for OpenError {
    fn from(source: LoadError) -> Self {
        match source {
            LoadError::Aborted => Self::Aborted,
            source => Self::Load { source },
        }
    }
}

/// A point in a log's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Point {
    /// After this commit.
    Lsn(Lsn),
    /// Before the first frame of commits that was written later than this. A clock that was set back
    /// does not bring later frames in.
    Time(WallMillis),
}

/// Reads a log without changing anything on disk and without a lock, beside a live store too.
///
/// # Errors
/// [`LoadError`]; a torn tail is no error, see [`Loaded::bad`]. A file that becomes shorter
/// meanwhile, because a rewrite retires it, is [`LoadError::Shrunk`].
pub fn load<V: Vfs>(vfs: &V, name: &str, hash_seed: u64) -> Result<Loaded, LoadError> {
    load_once(vfs, name, hash_seed, None, &mut |_| {
        ControlFlow::Continue(())
    })
}

/// Reads as [`load`] does, and again if a rewrite replaced the file meanwhile.
///
/// # Errors
/// [`LoadError`], that of the last try.
pub fn load_retrying<V: Vfs>(vfs: &V, name: &str, hash_seed: u64) -> Result<Loaded, LoadError> {
    load_watched(vfs, name, hash_seed, &mut |_| ControlFlow::Continue(()))
}

/// Reads as [`load_retrying`] does, telling `watch` how far it is.
///
/// # Errors
/// [`LoadError`], that of the last try; [`LoadError::Aborted`] if the watch says so.
pub fn load_watched<V: Vfs>(
    vfs: &V,
    name: &str,
    hash_seed: u64,
    watch: Watch<'_>,
) -> Result<Loaded, LoadError> {
    load_at(vfs, name, hash_seed, None, watch)
}

/// Reads as [`load_watched`] does, up to a point in time: [`Loaded`] is then what a log would have
/// given that ended there, and what lies behind is not looked at.
///
/// # Errors
/// As [`load_watched`], [`LoadError::BeforeBase`] and [`LoadError::BehindEnd`].
pub fn load_at<V: Vfs>(
    vfs: &V,
    name: &str,
    hash_seed: u64,
    point: Option<Point>,
    watch: Watch<'_>,
) -> Result<Loaded, LoadError> {
    // What is refused is refused again soon; a file that shrank was replaced by one that is whole.
    let (mut refused, mut shrunk) = (0, 0);
    loop {
        match load_once(vfs, name, hash_seed, point, watch) {
            Err(LoadError::Damaged { .. } | LoadError::DamagedBase(_) | LoadError::NotALog(_))
                if refused < 4 =>
            {
                refused += 1
            }
            Err(LoadError::Shrunk) if shrunk < 100 => shrunk += 1,
            result => return result,
        }
    }
}

fn load_once<V: Vfs>(
    vfs: &V,
    name: &str,
    hash_seed: u64,
    point: Option<Point>,
    watch: Watch<'_>,
) -> Result<Loaded, LoadError> {
    let file = vfs.open(name, Access::Read)?;
    let loaded = load_up_to(vfs, &file, hash_seed, Saboteur::NONE, point, watch)?;
    if vfs.len(&file)? < loaded.file_len {
        return Err(LoadError::Shrunk);
    }
    Ok(loaded)
}

/// Reads the log that is open as `file`.
pub(super) fn load_file<V: Vfs>(
    vfs: &V,
    file: &V::File,
    hash_seed: u64,
    saboteur: Saboteur,
    watch: Watch<'_>,
) -> Result<Loaded, LoadError> {
    load_up_to(vfs, file, hash_seed, saboteur, None, watch)
}

fn load_up_to<V: Vfs>(
    vfs: &V,
    file: &V::File,
    hash_seed: u64,
    saboteur: Saboteur,
    point: Option<Point>,
    watch: Watch<'_>,
) -> Result<Loaded, LoadError> {
    let file_len = vfs.len(file)?;
    let mut window = Window {
        vfs,
        file,
        file_len,
        bytes: Vec::new(),
        start: 0,
        offset: 0,
    };
    let mut scanner = Scanner::new(saboteur);
    let mut fold = Fold::new(hash_seed, file_len, point);
    let bad = loop {
        let left = file_len - window.offset;
        match scanner.step(window.rest(), left) {
            Step::Header { header, len } => {
                fold.loaded.identity = header.identity;
                window.take(len);
            }
            Step::Frame(frame) => {
                let body_offset = window.offset + frame.body.start as u64;
                fold.frame(&frame.line, body_offset, &window.rest()[frame.body.clone()])?;
                if fold.reached {
                    return Ok(fold.loaded);
                }
                window.take(frame.body.end);
            }
            Step::NeedMore(len) => {
                window.fill(len)?;
                if watch(Progress::Reading {
                    done: window.offset,
                    total: file_len,
                })
                .is_break()
                {
                    return Err(LoadError::Aborted);
                }
            }
            Step::End => break None,
            Step::Bad(error) => break Some(error),
        }
    };
    let base_is_complete = scanner
        .sequence()
        .is_some_and(|sequence| sequence.is_base_complete());
    if let Some(error) = bad {
        if saboteur.is(41) {
            fold.apply_what_is_there(window.rest());
        }
        judge(
            &mut fold.loaded,
            error,
            scanner.sequence().is_some(),
            base_is_complete,
            &mut window,
        )?;
    } else if !base_is_complete {
        let found = FrameError {
            offset: file_len,
            expected: crate::log::Expected::BaseOrEnd,
            found: crate::log::Found::End,
        };
        return Err(LoadError::DamagedBase(found));
    }
    let (lsn, incarnation) = (fold.loaded.lsn, fold.loaded.incarnation);
    if lsn.0.max(incarnation.0) > NUMBER_MAX {
        return Err(LoadError::UsedUp { lsn, incarnation });
    }
    match point {
        Some(Point::Lsn(lsn)) if fold.loaded.lsn < lsn => Err(LoadError::BehindEnd {
            lsn: fold.loaded.lsn,
        }),
        _ => Ok(fold.loaded),
    }
}

/// Torn tail or damage? // O9
fn judge<V: Vfs>(
    loaded: &mut Loaded,
    error: FrameError,
    has_header: bool,
    base_is_complete: bool,
    window: &mut Window<'_, V>,
) -> Result<(), LoadError> {
    if error.is_newer_version() {
        return Err(LoadError::NewerVersion(error));
    }
    if !has_header {
        return Err(LoadError::NotALog(error));
    }
    if !base_is_complete {
        return Err(LoadError::DamagedBase(error));
    }
    let mut search = Evidence::new(loaded.identity);
    let mut offset = loaded.intact_len;
    while offset < loaded.file_len {
        let len = (loaded.file_len - offset).min(READ_LEN as u64);
        let len = usize::try_from(len).expect("at most one read");
        let bytes = read_up_to(window.vfs, window.file, offset, len)?;
        if bytes.is_empty() {
            break;
        }
        search.feed(&bytes);
        offset += bytes.len() as u64;
    }
    loaded.incarnation = loaded.incarnation.max(search.incarnation());
    let evidence = loaded.evidence.max(search.watermark());
    if evidence > loaded.lsn {
        return Err(LoadError::Damaged {
            error,
            lsn: loaded.lsn,
            evidence,
        });
    }
    loaded.learn(evidence);
    loaded.bad = Some(error);
    Ok(())
}

/// The part of a file that is held in memory.
struct Window<'a, V: Vfs> {
    vfs: &'a V,
    file: &'a V::File,
    file_len: u64,
    bytes: Vec<u8>,
    /// Bytes at its beginning that were taken.
    start: usize,
    /// Where the rest begins in the file.
    offset: u64,
}

impl<V: Vfs> Window<'_, V> {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    fn take(&mut self, len: usize) {
        self.start += len;
        self.offset += len as u64;
    }

    /// Reads on until at least `len` bytes are there, a piece at a time.
    fn fill(&mut self, len: usize) -> Result<(), LoadError> {
        self.bytes.drain(..self.start);
        self.start = 0;
        let left = self.file_len - self.offset;
        let want = usize::try_from(left.min(len.max(READ_LEN) as u64)).expect("fits memory");
        let from = self.offset + self.bytes.len() as u64;
        let more = read_up_to(self.vfs, self.file, from, want - self.bytes.len())?;
        let short = self.bytes.len() + more.len() < len;
        self.bytes.extend_from_slice(&more);
        if short {
            return Err(LoadError::Shrunk);
        }
        Ok(())
    }
}

/// The fold of the frames so far.
struct Fold {
    loaded: Loaded,
    /// Frames behind the evidence: their last commit and their end.
    unproved: VecDeque<(Lsn, u64)>,
    point: Option<Point>,
    /// Whether the state is that of the point.
    reached: bool,
    /// When the base was begun.
    begun: Option<WallMillis>,
}

impl Loaded {
    fn learn(&mut self, evidence: Lsn) {
        self.evidence = self.evidence.max(evidence);
    }
}

impl Fold {
    fn new(hash_seed: u64, file_len: u64, point: Option<Point>) -> Self {
        let loaded = Loaded {
            keyspace: Keyspace::new(hash_seed),
            lsn: Lsn(0),
            identity: Identity(0),
            incarnation: Incarnation(0),
            evidence: Lsn(0),
            evidence_len: 0,
            intact_len: 0,
            file_len,
            bad: None,
            base_keys: 0,
            base_lsn: Lsn(0),
            base_len: 0,
        };
        Self {
            loaded,
            unproved: VecDeque::new(),
            point,
            reached: false,
            begun: None,
        }
    }

    fn frame(&mut self, line: &FrameLine, offset: u64, body: &[u8]) -> Result<(), LoadError> {
        let meta = &line.meta;
        let wanted = self.wanted(line)?;
        if wanted == Some(0) {
            self.reached = true;
            return Ok(());
        }
        let commits = self.apply(body, offset, wanted)?;
        if let Some(wanted) = wanted.filter(|wanted| *wanted < meta.count) {
            self.loaded.lsn = Lsn(meta.lsn.0 + wanted - 1);
            self.reached = true;
            return Ok(());
        }
        if meta.kind == FrameKind::Commits && commits != meta.count {
            return Err(LoadError::Commits {
                offset,
                expected: meta.count,
                found: commits,
            });
        }
        let keys = self.loaded.keyspace.total_len() as u64;
        if meta.kind == FrameKind::End && keys != meta.keys {
            return Err(LoadError::Keys {
                offset,
                expected: meta.keys,
                found: keys,
            });
        }
        let loaded = &mut self.loaded;
        loaded.lsn = meta.last_lsn();
        loaded.incarnation = loaded.incarnation.max(meta.incarnation);
        loaded.intact_len = offset + line.len;
        loaded.learn(meta.watermark);
        if meta.kind == FrameKind::End {
            loaded.learn(meta.lsn);
            (loaded.base_keys, loaded.base_lsn) = (meta.keys, meta.lsn);
            loaded.base_len = loaded.intact_len;
            loaded.evidence_len = loaded.intact_len;
        } else if meta.kind == FrameKind::Commits {
            // A watermark proves commits, never the frame that states it.
            self.unproved.push_back((loaded.lsn, loaded.intact_len));
        }
        let evidence = loaded.evidence;
        while self
            .unproved
            .front()
            .is_some_and(|(lsn, _)| *lsn <= evidence)
        {
            let (_, end) = self.unproved.pop_front().expect("just seen");
            self.loaded.evidence_len = end;
        }
        let whole = matches!(meta.kind, FrameKind::End | FrameKind::Commits);
        self.reached = whole && self.point == Some(Point::Lsn(self.loaded.lsn));
        Ok(())
    }

    /// How many of a frame's commits lie before the point; none if all that it holds counts.
    fn wanted(&mut self, line: &FrameLine) -> Result<Option<u64>, LoadError> {
        let (meta, Some(point)) = (&line.meta, self.point) else {
            return Ok(None);
        };
        let wall = *self.begun.get_or_insert(meta.wall);
        match (meta.kind, point) {
            (FrameKind::Base | FrameKind::End, point) => {
                let lsn = meta.lsn;
                let before = match point {
                    Point::Lsn(point) => point < lsn,
                    Point::Time(point) => point < wall,
                };
                match before {
                    true => Err(LoadError::BeforeBase { lsn, wall }),
                    false => Ok(None),
                }
            }
            (FrameKind::Commits, Point::Lsn(point)) => Ok(Some(
                (point.0 + 1).saturating_sub(meta.lsn.0).min(meta.count),
            )),
            (FrameKind::Commits, Point::Time(point)) if meta.wall > point => Ok(Some(0)),
            _ => Ok(None),
        }
    }

    /// Applies the commands of one body, up to so many commits if that is said; says how many
    /// commits they were.
    fn apply(&mut self, body: &[u8], offset: u64, most: Option<u64>) -> Result<u64, LoadError> {
        let mut replay = Replay::new();
        let (mut at, mut commits, mut begun) = (0, 0, 0);
        while at < body.len() && most.is_none_or(|most| commits < most) {
            let here = offset + at as u64;
            match resp::parse_command(&body[at..]) {
                Ok(Parsed::Complete { argv, len }) => {
                    let applied = replay.apply(&mut self.loaded.keyspace, &argv);
                    let applied = applied.map_err(|source| LoadError::Command {
                        offset: here,
                        source,
                    })?;
                    at += len;
                    if let Applied::Commit { refused, .. } = applied {
                        if let Some(refused) = refused.into_iter().next() {
                            let (commit, offset) = (&body[begun..at], offset + begun as u64);
                            return Err(LoadError::refused(commit, offset, refused));
                        }
                        commits += 1;
                        begun = at;
                    }
                }
                Ok(Parsed::Incomplete { .. }) => {
                    return Err(LoadError::Commits {
                        offset: here,
                        expected: commits + 1,
                        found: commits,
                    });
                }
                Err(source) => {
                    return Err(LoadError::Resp {
                        offset: here,
                        source,
                    });
                }
            }
            self.loaded.keyspace.collect(COLLECT_STEP);
        }
        Ok(commits)
    }

    /// A seeded bug: commands of a frame that is not intact are taken all the same.
    fn apply_what_is_there(&mut self, rest: &[u8]) {
        let body = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(rest.len(), |end| end + 1);
        let mut replay = Replay::new();
        let mut at = body;
        while let Ok(Parsed::Complete { argv, len }) = resp::parse_command(&rest[at..]) {
            let multi = [b"MULTI".as_slice()];
            if argv != multi {
                let _ = replay.apply(&mut self.loaded.keyspace, &argv);
            }
            at += len;
        }
    }
}
