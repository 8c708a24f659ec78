//! What is intact in a damaged log, put in the order of its commits.
//!
//! Opening never resynchronises; this is for a human who has decided to. A frame whose line and body
//! both verify was written by this history, wherever it is found, and its number says where it
//! belongs. So frames in blocks that were exchanged find their places again, and holes in the numbers
//! say how many commits are lost.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::{Bound, Range};

use super::sums::Sums;
use crate::log::{FrameError, FrameKind, FrameLine, FrameMeta, HEADER_LEN, Header, Scanner, Step};
use crate::sabotage::Saboteur;
use crate::units::{Identity, Incarnation, Lsn};

/// An intact frame, wherever it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salvage {
    /// Its line.
    pub line: FrameLine,
    /// Where its line begins, in bytes from the file's start.
    pub offset: usize,
    /// Its body, in bytes from the file's start.
    pub body: Range<usize>,
}

/// Bytes that belong to no intact frame of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Where it begins, in bytes from the file's start.
    pub start: usize,
    /// Where the next intact frame begins, or the file ends.
    pub end: usize,
}

/// All that is intact in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salvaged {
    /// The history; that of the first intact line if the header is damaged.
    pub identity: Identity,
    /// The first place that a strict reader refuses; none if the file is whole.
    pub error: Option<FrameError>,
    /// Where the strict reader stopped, in bytes.
    pub intact_len: usize,
    /// The base that counts, in the order of its chunks, its end not included.
    pub base: Vec<Salvage>,
    /// The commit that this base holds.
    pub base_lsn: Lsn,
    /// How many chunks and keys it had; none if its end is lost.
    pub base_had: Option<(u64, u64)>,
    /// Frames of commits behind the base, by rising number, each number once.
    pub commits: Vec<Salvage>,
    /// Numbers of commits that are lost: first and last of each run.
    pub lost: Vec<(Lsn, Lsn)>,
    /// Bytes without an intact frame, in the order of the file.
    pub holes: Vec<Hole>,
    /// Intact frames that do not count: of an older base, of numbers that were used again, or twice.
    pub superseded: u64,
}

/// Finds all intact frames of one history in a file's bytes; none if there is not one line.
///
/// The work grows with the length of the file and no faster than sorting does, whatever the bytes say:
/// that of a body is not read again for each line that claims it.
#[must_use]
pub fn salvage(bytes: &[u8]) -> Option<Salvaged> {
    let (error, intact_len) = read_strictly(bytes);
    let header = Header::parse_prefix(bytes);
    let mut finder = Finder { bytes, sums: None };
    let identity = match header {
        Ok(header) => header.identity,
        Err(_) => finder.first(0, None)?.line.meta.identity,
    };
    let mut at = header.map_or(0, |_| HEADER_LEN);
    let (mut frames, mut holes) = (Vec::new(), Vec::new());
    while at < bytes.len() {
        let next = finder.first(at, Some(identity));
        let start = next.as_ref().map_or(bytes.len(), |frame| frame.offset);
        if start > at {
            let end = start;
            holes.push(Hole { start: at, end });
        }
        at = next.as_ref().map_or(bytes.len(), |frame| frame.body.end);
        frames.extend(next);
    }
    Some(sort(identity, frames, holes, (error, intact_len)))
}

fn read_strictly(bytes: &[u8]) -> (Option<FrameError>, usize) {
    let mut scanner = Scanner::new(Saboteur::NONE);
    loop {
        let at = usize::try_from(scanner.offset()).expect("an offset in memory");
        let window = &bytes[at..];
        match scanner.step(window, window.len() as u64) {
            Step::Header { .. } | Step::Frame(_) => {}
            Step::Bad(error) => return (Some(error), at),
            Step::End | Step::NeedMore(_) => return (None, at),
        }
    }
}

/// Finds frames whose line and body verify.
struct Finder<'a> {
    bytes: &'a [u8],
    /// Made when a body does not verify: from then on lines may lie about their lengths.
    sums: Option<Sums<'a>>,
}

impl Finder<'_> {
    /// The first frame from `at` on.
    fn first(&mut self, mut at: usize, identity: Option<Identity>) -> Option<Salvage> {
        loop {
            at += self
                .bytes
                .get(at..)?
                .iter()
                .position(|byte| *byte == b'#')?;
            if let Some(frame) = self.frame_at(at)
                && identity.is_none_or(|identity| identity == frame.line.meta.identity)
            {
                return Some(frame);
            }
            at += 1;
        }
    }

    fn frame_at(&mut self, offset: usize) -> Option<Salvage> {
        let (line, line_len) = FrameLine::parse_prefix(&self.bytes[offset..]).ok()?;
        let start = offset + line_len;
        let end = start.checked_add(usize::try_from(line.len).ok()?)?;
        let body = self.bytes.get(start..end)?;
        let sum = match &self.sums {
            Some(sums) => sums.of(start..end),
            None => crc32fast::hash(body),
        };
        if sum != line.sum {
            self.sums.get_or_insert_with(|| Sums::new(self.bytes));
            return None;
        }
        Some(Salvage {
            line,
            offset,
            body: start..end,
        })
    }
}

/// Puts frames in the order of the history.
fn sort(
    identity: Identity,
    frames: Vec<Salvage>,
    holes: Vec<Hole>,
    (error, intact_len): (Option<FrameError>, usize),
) -> Salvaged {
    let seen = frames.len() as u64;
    let base_lsn = base_of(&frames);
    let starts = starts(&frames);
    let evidence = frames.iter().map(|it| it.line.meta.watermark).max();
    let is_kind = |it: &&Salvage, kind| it.line.meta.kind == kind;
    let end = frames
        .iter()
        .filter(|it| is_kind(it, FrameKind::End))
        .find(|it| it.line.meta.lsn == base_lsn);
    let base_had = end.map(|it| (it.line.meta.count, it.line.meta.keys));
    let neutral = frames.iter().filter(|it| !it.line.meta.kind.has_body());
    let neutral = neutral.count() as u64;
    let (mut base, mut commits) = (Vec::new(), Vec::new());
    for frame in frames {
        let meta = frame.line.meta;
        match meta.kind {
            FrameKind::Base if meta.lsn == base_lsn => base.push(frame),
            FrameKind::Commits if meta.lsn > base_lsn && !is_stale(&starts, &frame) => {
                commits.push(frame);
            }
            _ => {}
        }
    }
    base.sort_by_key(|it| it.line.meta.count);
    base.dedup_by_key(|it| it.line.meta.count);
    commits.sort_by_key(|it| it.line.meta.lsn);
    let (mut last, mut lost) = (base_lsn, Vec::new());
    commits.retain(|it| {
        let meta = it.line.meta;
        let counts = meta.lsn > last;
        if counts {
            if meta.lsn > last.next() {
                lost.push((last.next(), Lsn(meta.lsn.0 - 1)));
            }
            last = meta.last_lsn();
        }
        counts
    });
    if let Some(evidence) = evidence.filter(|evidence| *evidence > last) {
        lost.push((last.next(), evidence));
    }
    let counted = (base.len() + commits.len()) as u64 + neutral;
    Salvaged {
        identity,
        error,
        intact_len,
        base,
        base_lsn,
        base_had,
        commits,
        lost,
        holes,
        superseded: seen - counted,
    }
}

/// The commit of the newest base whose chunks are all there; else of the newest.
fn base_of(frames: &[Salvage]) -> Lsn {
    let of = |kind| {
        let such = frames.iter().map(|it| &it.line.meta);
        such.filter(move |meta| meta.kind == kind)
    };
    let mut chunks: Vec<(Lsn, u64)> = of(FrameKind::Base)
        .map(|meta| (meta.lsn, meta.count))
        .collect();
    chunks.sort_unstable();
    chunks.dedup();
    let mut found: BTreeMap<Lsn, u64> = BTreeMap::new();
    for (lsn, _) in chunks {
        *found.entry(lsn).or_default() += 1;
    }
    let is_whole = |meta: &&FrameMeta| found.get(&meta.lsn).copied().unwrap_or(0) == meta.count;
    let whole = of(FrameKind::End).filter(is_whole);
    let whole = whole.map(|meta| meta.lsn).max();
    let any = || of(FrameKind::End).chain(of(FrameKind::Base));
    let any = || any().map(|meta| meta.lsn).max();
    whole.or_else(any).unwrap_or(Lsn(0))
}

/// For each incarnation, the first number that it or a later one may have given.
fn starts(frames: &[Salvage]) -> BTreeMap<Incarnation, Lsn> {
    let mut starts: BTreeMap<Incarnation, Lsn> = BTreeMap::new();
    for meta in frames.iter().map(|it| &it.line.meta) {
        let first = match meta.kind {
            FrameKind::Open => Lsn(meta.lsn.0.saturating_add(1)),
            FrameKind::Commits => meta.lsn,
            _ => continue,
        };
        let start = starts.entry(meta.incarnation).or_insert(first);
        *start = first.min(*start);
    }
    let mut least = None;
    for start in starts.values_mut().rev() {
        *start = least.map_or(*start, |least| (*start).min(least));
        least = Some(*start);
    }
    starts
}

/// Whether a later opening has given the frame's numbers again.
fn is_stale(starts: &BTreeMap<Incarnation, Lsn>, frame: &Salvage) -> bool {
    let meta = &frame.line.meta;
    let behind = (Bound::Excluded(meta.incarnation), Bound::Unbounded);
    let later = starts.range(behind).next();
    later.is_some_and(|(_, first)| *first <= meta.lsn)
}
