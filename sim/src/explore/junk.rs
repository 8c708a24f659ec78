//! What no opening can tell apart, made equal.
//!
//! An opening takes from a log its intact frames and, behind the last one, whatever lines are
//! intact (their checksums right), with the bodies that belong to them. All other bytes there are
//! junk: what they are does not count, nor, at the log's end, how many they are. An opening cuts junk
//! off and writes two frames, and a crash inside it leaves the junk, or a part of it, behind as much
//! of those as reached the disk; no byte of junk can become part of an intact line, for what an
//! opening writes brings lines whole or torn, and a line that is torn ends in junk as well. So
//! openings of disks that differ in junk alone are cut by crashes and struck by faults once for all
//! of them, with junk at the end that is longer than what an opening writes over it, so that what it
//! may leave is more. Junk in front of an intact line keeps its length: what an opening writes may
//! fill it exactly, and a cut that is lost then brings in the line behind it (seeded bug 38).
//! Where workloads have fewer than three calls each such disk is still opened for itself, and must
//! come to the same process and disk; one that does not is searched apart.
//!
//! Where syncs lie, the cut of an opening may be lost under much of what is written later, and where
//! unwritten bytes read as what another file held, they may be intact lines: there junk is junk to
//! nobody.

use indelible::effect::Name;
use indelible::log::{Found, FrameLine, Scanner, Step};
use indelible::sabotage::Saboteur;

use crate::disk::{Disk, FaultKind, Fill, Profile, Reader};

/// Whether what an opening cuts off is gone for good, and what was never written is no line.
pub(super) fn junk_is_cut(profile: &Profile) -> bool {
    let late = profile.sync_failures.contains(&FaultKind::SyncLate);
    profile.honest_flush && !late && !profile.fills.contains(&Fill::Stale)
}

/// What junk is replaced by: it begins no line.
const JUNK: u8 = b'x';
/// How much of it: more than the frames that an opening writes.
const JUNK_LEN: usize = 256;

/// The disk of a machine that is down, with its junk made equal; none if it is so already.
pub(super) fn without_junk(disk: &Disk) -> Option<Disk> {
    let log = Name::Live.as_str();
    let bytes = disk.contents(log)?;
    let intact = intact_len(bytes);
    let tail = junked(&bytes[intact..]);
    if tail == bytes[intact..] {
        return None;
    }
    let mut plain = disk.clone();
    plain.add_file(log, [&bytes[..intact], &tail].concat());
    Some(plain)
}

/// Who opens stores.
#[derive(Debug)]
pub(super) struct Opening {
    /// Whether of the cuts of a write those that leave the same but for junk are made once.
    pub thins: bool,
}

impl Reader for Opening {
    fn border(&self, before: &[u8]) -> Option<usize> {
        let mut at = match Scanner::new(Saboteur::NONE).step(before, before.len() as u64) {
            Step::Header { len, .. } => len,
            _ => return None,
        };
        while let Some((line, len)) = line_at(&before[at..]) {
            match body_end(&line, at + len).filter(|end| *end <= before.len()) {
                Some(end) if is_body(&line, &before[at + len..end]) => at = end,
                _ => break,
            }
        }
        Some(at)
    }

    /// Junk, as far as nothing that may follow can make it part of a line or of a body, is made
    /// equal byte by byte.
    fn blank(&self, bytes: &mut [u8], firm: usize) {
        let mut at = 0;
        while at < firm {
            if let Some((line, len)) = line_at(&bytes[at..firm]) {
                let body = at + len;
                let Some(end) = body_end(&line, body).filter(|end| *end <= firm) else {
                    return;
                };
                let intact = is_body(&line, &bytes[body..end]);
                at = if intact { end } else { body };
                continue;
            }
            if firm < bytes.len() && may_become_a_line(&bytes[at..firm]) {
                return;
            }
            bytes[at] = JUNK;
            at += 1;
        }
    }

    fn end(&self, bytes: Vec<u8>) -> Vec<u8> {
        junked(&bytes)
    }

    fn thins(&self) -> bool {
        self.thins
    }

    fn thin(&self, write: &[u8], cuts: Vec<usize>) -> Vec<usize> {
        if self.thins { thin(write, cuts) } else { cuts }
    }
}

/// Whether more bytes could make a line of these.
fn may_become_a_line(bytes: &[u8]) -> bool {
    let parsed = FrameLine::parse_prefix(bytes);
    parsed.is_err_and(|error| error.found == Found::End)
}

fn is_body(line: &FrameLine, bytes: &[u8]) -> bool {
    crc32fast::hash(bytes) == line.sum
}

fn body_end(line: &FrameLine, body: usize) -> Option<usize> {
    body.checked_add(usize::try_from(line.len).ok()?)
}

/// Of the cuts of a write of frames, those that stand for all: behind each, the same frames and
/// lines are intact, and some of what follows is missing or nothing is; of these, the longest.
fn thin(bytes: &[u8], cuts: Vec<usize>) -> Vec<usize> {
    let mut borders = vec![0];
    let mut at = 0;
    while let Some((line, len)) = line_at(&bytes[at..]) {
        let Some(end) = body_end(&line, at + len) else {
            break;
        };
        borders.extend([at + len, end]);
        if end >= bytes.len() {
            at = bytes.len();
            break;
        }
        at = end;
    }
    let stretch = |cut: usize| {
        let below = borders.partition_point(|border| *border < cut);
        let other = (cut > at).then_some(cut); // it begins no line: no cut stands for another
        (below, borders.get(below) == Some(&cut), other)
    };
    let next = cuts.iter().skip(1).map(|cut| Some(stretch(*cut)));
    let next: Vec<_> = next.chain([None]).collect();
    let kept = cuts.into_iter().zip(next);
    let kept = kept.filter(|(cut, next)| *next != Some(stretch(*cut)));
    kept.map(|(cut, _)| cut).collect()
}

/// The end of the last intact frame; all of what has no header.
fn intact_len(bytes: &[u8]) -> usize {
    let mut scanner = Scanner::new(Saboteur::NONE);
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        match scanner.step(rest, rest.len() as u64) {
            Step::Header { len, .. } => at += len,
            Step::Frame(frame) => at += frame.body.end,
            _ if scanner.sequence().is_none() => return bytes.len(),
            _ => return at,
        }
    }
}

/// A tail, of which only intact lines and the bodies that belong to them are left, and junk that says
/// nothing in between; at the end, if there is any, of one length.
fn junked(tail: &[u8]) -> Vec<u8> {
    let mut left = Vec::new();
    let (mut at, mut run) = (0, JUNK_LEN);
    let mut junk = 0;
    while at < tail.len() {
        let Some((line, len)) = line_at(&tail[at..]) else {
            (at, junk) = (at + 1, junk + 1);
            continue;
        };
        push_junk(&mut left, junk, junk);
        let body = at + len;
        left.extend_from_slice(&tail[at..body]);
        (at, junk, run) = (body, 0, JUNK_LEN);
        let wanted = usize::try_from(line.len).unwrap_or(usize::MAX);
        match body.checked_add(wanted).and_then(|end| tail.get(body..end)) {
            Some(bytes) if is_body(&line, bytes) => {
                left.extend_from_slice(bytes);
                at += wanted;
            }
            Some(_) => run = JUNK_LEN.max(wanted),
            None => run = JUNK_LEN.min(wanted - 1), // it ends before the body does
        }
    }
    push_junk(&mut left, junk, run);
    left
}

fn line_at(bytes: &[u8]) -> Option<(FrameLine, usize)> {
    if bytes.first() != Some(&b'#') {
        return None;
    }
    FrameLine::parse_prefix(bytes).ok()
}

fn push_junk(left: &mut Vec<u8>, junk: usize, run: usize) {
    if junk > 0 {
        left.resize(left.len() + run, JUNK);
    }
}

#[cfg(test)]
mod tests {
    use indelible::log::{FrameKind, FrameMeta, Header, encode_frame, encode_header};
    use indelible::units::{Identity, Incarnation, Lsn, WallMillis};

    use super::*;

    fn frame(kind: FrameKind, lsn: u64, body: &[u8]) -> Vec<u8> {
        let count = u64::from(kind == FrameKind::Commits);
        let meta = FrameMeta {
            kind,
            identity: Identity(7),
            lsn: Lsn(lsn),
            count,
            keys: 0,
            incarnation: Incarnation(0),
            watermark: Lsn(0),
            wall: WallMillis(1),
        };
        let mut bytes = Vec::new();
        encode_frame(&meta, body, &mut bytes);
        bytes
    }

    fn log(tail: &[u8]) -> Disk {
        let mut bytes = Vec::new();
        let identity = Identity(7);
        encode_header(&Header { identity }, &mut bytes);
        bytes.extend(frame(FrameKind::End, 0, b""));
        bytes.extend_from_slice(tail);
        let mut disk = Disk::new(Profile::posix_weak());
        disk.add_file(Name::Live.as_str(), bytes);
        disk
    }

    fn plain(disk: &Disk) -> u64 {
        without_junk(disk)
            .unwrap_or_else(|| disk.clone())
            .content_hash()
    }

    const SET: &[u8] = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n";

    #[test]
    fn torn_lines_and_zeros_are_the_same_however_long() {
        let whole = frame(FrameKind::Commits, 1, SET);
        let torn = &whole[..40];
        assert_eq!(plain(&log(torn)), plain(&log(&[0; 40])));
        assert_eq!(plain(&log(torn)), plain(&log(&[0; 41])));
        assert_ne!(plain(&log(torn)), plain(&log(&[])));
        assert!(
            without_junk(&log(&whole)).is_none(),
            "intact frames are no junk"
        );
        assert!(without_junk(&log(b"")).is_none());
    }

    #[test]
    fn intact_lines_behind_a_hole_and_their_bodies_stay() {
        let behind = frame(FrameKind::Commits, 2, SET);
        let tail = |hole: u8, body: u8| {
            let mut tail = vec![hole; 30];
            tail.extend_from_slice(&behind);
            *tail.last_mut().unwrap() ^= body;
            tail
        };
        assert_eq!(plain(&log(&tail(0, 0))), plain(&log(&tail(9, 0))));
        assert_ne!(plain(&log(&tail(0, 0))), plain(&log(&tail(0, 1))));
        assert_eq!(plain(&log(&tail(0, 1))), plain(&log(&tail(0, 2))));
        let further = [&[0], &tail(0, 0)[..]].concat();
        assert_ne!(plain(&log(&tail(0, 0))), plain(&log(&further)));
        assert_ne!(
            plain(&log(&tail(0, 1))),
            plain(&log(&vec![0; 30 + behind.len()]))
        );
    }

    #[test]
    fn the_cuts_that_are_kept_stand_for_those_that_are_not() {
        let one = frame(FrameKind::Commits, 1, SET);
        let mark = frame(FrameKind::Mark, 1, b"");
        let bytes = [one.clone(), mark.clone(), one.clone()].concat();
        let all: Vec<usize> = (1..bytes.len()).collect();
        let kept = thin(&bytes, all.clone());
        // Inside a line, behind it, inside its body, behind that; a mark has no body.
        assert_eq!(kept.len(), 4 + 2 + 3);
        for cut in all {
            let kept = kept.iter().find(|kept| **kept >= cut).expect("the last");
            let (this, other) = (&bytes[..cut], &bytes[..*kept]);
            assert_eq!(plain(&log(this)), plain(&log(other)), "{cut}, {kept}");
            let holes = |cut: &[u8]| [cut, &vec![0; bytes.len() - cut.len()]].concat();
            let (this, other) = (holes(this), holes(other));
            assert_eq!(plain(&log(&this)), plain(&log(&other)), "{cut}, {kept}");
        }
        let cuts = vec![1, 5, 9];
        assert_eq!(thin(b"no line at all", cuts.clone()), cuts);
    }
}
