//! What no opening can tell apart: how the firm beginning of a log came to be.
//!
//! The beginning of a log that is durable, intact and touched by no pending change is there whatever
//! happens. An opening takes from it the keyspace, the number of the last commit, the identity, the
//! incarnation and the evidence, and whether any of it is to be written again; it writes again what
//! is there already, and reads on behind it. So disks whose logs begin with what amounts to the same,
//! and go on alike, are opened, cut by crashes and struck by faults alike: once for all.
//!
//! How much is written again counts where a crash may come behind that: in one write with commits
//! that are pending, which may be cut in its middle.
//!
//! What depends on the length itself is left apart: where a call might bring the log to its file's
//! second page, since a write across pages may reach the disk in parts; where writes are torn at
//! sectors, the place in the sector; and where unwritten bytes read as what another file had at that
//! place, all.

use std::sync::Arc;

use indelible::effect::Name;
use indelible::log::{FrameKind, Scanner, Sequence, Step};
use indelible::recover;
use indelible::sabotage::Saboteur;
use indelible::units::Lsn;

use super::shards::Memo;
use crate::call::Call;
use crate::digest::Hash128;
use crate::disk::{Disk, Fill, Profile, SimVfs};
use crate::world::opening::HASH_SEED;

/// Of a page, how much a log may fill of it at most to have a twin: what the short calls of a
/// universe write fits the rest.
const PAGE_SHARE: usize = 2;

/// Which logs have twins in a universe.
#[derive(Clone, Copy, Debug)]
pub(super) struct Twins {
    /// How long they are at most, in bytes.
    len_max: usize,
    /// What matters of their length is this remainder.
    unit: usize,
}

impl Twins {
    pub fn new(profile: &Profile, alphabet: &[Call]) -> Self {
        let apart = alphabet.contains(&Call::Large) || profile.fills.contains(&Fill::Stale);
        Self {
            len_max: match apart {
                true => 0,
                false => profile.page_len as usize / PAGE_SHARE,
            },
            unit: profile.tear_unit as usize,
        }
    }

    /// What of the length of a log matters for what a crash may leave of writes behind it; none if
    /// each length is a case of its own.
    pub fn place(self, len: usize) -> Option<usize> {
        (len <= self.len_max).then_some(len % self.unit)
    }

    /// The number that all disks share that are opened as this one is; `last`: behind the last crash.
    pub fn hash(self, disk: &Disk, last: bool, known: &Memo<Beginning>) -> u128 {
        let plain = disk.with_beginnings(|firm, reach| {
            self.place(reach)?;
            let key = Hash128::of(firm);
            let beginning = known.get(key);
            let beginning = beginning.unwrap_or_else(|| known.insert(key, Arc::new(begin(firm))).0);
            let Begun { frames, amount } = (*beginning)?;
            let again = frames.again(last);
            let number = Hash128::of(&(amount, again, self.place(frames.len)));
            Some((frames.len, number))
        });
        Hash128::of(&plain)
    }
}

/// A beginning; none if it is not that of a log, or its base is not complete.
pub(super) type Beginning = Option<Begun>;

/// What a log begins with, and what it amounts to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun {
    frames: Frames,
    amount: u128,
}

fn begin(bytes: &[u8]) -> Beginning {
    let frames = frames(bytes)?;
    let mut disk = Disk::new(Profile::posix_weak());
    disk.add_file(Name::Live.as_str(), bytes[..frames.len].to_vec());
    let vfs = SimVfs::from_disk(disk);
    let loaded = recover::load(&vfs, Name::Live.as_str(), HASH_SEED).ok()?;
    let sums = (loaded.lsn, loaded.incarnation, loaded.evidence);
    let amount = Hash128::of(&(frames.sequence, sums, &loaded.keyspace));
    Some(Begun { frames, amount })
}

/// The intact frames that a log begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frames {
    /// Where they end.
    pub len: usize,
    pub sequence: Sequence,
    /// How many of their last bytes an opening writes again, for want of evidence.
    pub unproved_len: usize,
}

impl Frames {
    /// What counts of how much is written again: how much, or (`calm`: no crash may lose any of it)
    /// whether anything is.
    pub fn again(&self, calm: bool) -> usize {
        match calm {
            true => self.unproved_len.min(1),
            false => self.unproved_len,
        }
    }
}

/// What a log begins with, if its base is complete.
pub(super) fn frames(bytes: &[u8]) -> Option<Frames> {
    let mut scanner = Scanner::new(Saboteur::NONE);
    let (mut at, mut commits) = (0, Vec::<(Lsn, usize)>::new());
    loop {
        let rest = &bytes[at..];
        match scanner.step(rest, rest.len() as u64) {
            Step::Header { len, .. } => at += len,
            Step::Frame(frame) => {
                at += frame.body.end;
                let meta = &frame.line.meta;
                if matches!(meta.kind, FrameKind::End | FrameKind::Commits) {
                    commits.push((meta.last_lsn(), at));
                }
            }
            _ => break,
        }
    }
    let sequence = scanner.sequence().copied()?;
    let is_proved = |commit: &&(Lsn, usize)| commit.0 <= sequence.watermark();
    let proved = commits.iter().rfind(is_proved).map(|commit| commit.1);
    sequence.is_base_complete().then_some(Frames {
        len: at,
        sequence,
        unproved_len: at - proved.unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use indelible::log::{FrameKind, FrameMeta, Header, encode_frame, encode_header};
    use indelible::units::{Identity, Incarnation, Lsn, WallMillis};

    use super::*;

    const IDENTITY: Identity = Identity(7);

    fn meta(kind: FrameKind, lsn: u64, count: u64) -> FrameMeta {
        FrameMeta {
            kind,
            identity: IDENTITY,
            lsn: Lsn(lsn),
            count,
            keys: 0,
            incarnation: Incarnation(0),
            watermark: Lsn(0),
            wall: WallMillis(1),
        }
    }

    fn frame(kind: FrameKind, lsn: u64, count: u64, body: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode_frame(&meta(kind, lsn, count), body.as_bytes(), &mut bytes);
        bytes
    }

    fn log(frames: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode_header(&Header { identity: IDENTITY }, &mut bytes);
        bytes.extend(frame(FrameKind::End, 0, 0, ""));
        bytes.extend(frames.concat());
        bytes
    }

    fn set(key: &str, value: &str) -> String {
        let len = value.len();
        format!("*3\r\n$3\r\nSET\r\n$1\r\n{key}\r\n${len}\r\n{value}\r\n")
    }

    fn apart(value: &str) -> Vec<u8> {
        let first = frame(FrameKind::Commits, 1, 1, &set("a", value));
        log(&[first, frame(FrameKind::Commits, 2, 1, &set("b", "2"))])
    }

    fn together(value: &str) -> Vec<u8> {
        let both = set("a", value) + &set("b", "2");
        log(&[frame(FrameKind::Commits, 1, 2, &both)])
    }

    fn disk(profile: Profile, log: &[u8], tail: &[u8]) -> Disk {
        let mut disk = Disk::new(profile);
        disk.add_file(Name::Live.as_str(), [log, tail].concat());
        disk
    }

    fn are_twins(one: &Disk, other: &Disk) -> bool {
        let known = Memo::default();
        let twins = Twins::new(one.profile(), &Call::ALPHABET);
        let hash = |disk: &Disk| twins.hash(disk, true, &known);
        hash(one) == hash(other)
    }

    #[test]
    fn logs_that_amount_to_the_same_are_twins_if_they_go_on_alike() {
        let weak = |log: &[u8], tail: &[u8]| disk(Profile::posix_weak(), log, tail);
        let one = weak(&apart("1"), b"tail");
        assert!(are_twins(&one, &weak(&together("1"), b"tail")));
        assert!(!are_twins(&one, &weak(&together("1"), b"tale")));
        assert!(!are_twins(&one, &weak(&together("3"), b"tail")));
        let known = Memo::default();
        let strict = |log: &[u8]| {
            let twins = Twins::new(&Profile::posix_weak(), &Call::ALPHABET);
            twins.hash(&weak(log, b"tail"), false, &known)
        };
        let (one_again, other_again) = (strict(&apart("1")), strict(&together("1")));
        assert_ne!(one_again, other_again, "not as much is written again");
        let long = "1".repeat(2048);
        let (one, other) = (weak(&apart(&long), b""), weak(&together(&long), b""));
        assert!(
            !are_twins(&one, &other),
            "a write might reach the next page"
        );
    }

    #[test]
    fn how_much_is_written_again_is_what_an_opening_finds() {
        let mark = |lsn, watermark| {
            let mut bytes = Vec::new();
            let meta = FrameMeta {
                watermark: Lsn(watermark),
                ..meta(FrameKind::Mark, lsn, 0)
            };
            encode_frame(&meta, &[], &mut bytes);
            bytes
        };
        for tail in [vec![], mark(2, 0), mark(2, 1), mark(2, 2)] {
            for log in [apart("1"), together("1")] {
                let log = [log, tail.clone()].concat();
                let vfs = SimVfs::from_disk(disk(Profile::posix_weak(), &log, b""));
                let loaded = recover::load(&vfs, Name::Live.as_str(), HASH_SEED).expect("it loads");
                let unproved = loaded.intact_len - loaded.evidence_len;
                let frames = frames(&log).expect("a log");
                assert_eq!(frames.unproved_len as u64, unproved);
                assert_eq!(frames.len, log.len());
            }
        }
    }

    #[test]
    fn what_is_pending_moves_along() {
        let pending = |log: &[u8], at: usize| {
            let mut disk = disk(Profile::posix_weak(), log, b"");
            let access = indelible::vfs::Access::ReadWrite;
            let file = disk.open(Name::Live.as_str(), access).expect("it is there");
            disk.write_at(file, at as u64, b"new").expect("no fault");
            disk.process_crash()
        };
        let (apart, together) = (apart("1"), together("1"));
        let one = pending(&apart, apart.len());
        assert!(are_twins(&one, &pending(&together, together.len())));
        assert!(!are_twins(&one, &pending(&together, together.len() + 1)));
        let inside = pending(&together, together.len() - 1);
        assert!(!are_twins(&one, &inside), "the last frame is not firm");
    }

    #[test]
    fn where_writes_are_torn_at_sectors_the_place_in_the_sector_counts() {
        let sectors = |log: &[u8]| disk(Profile::ext4(), log, b"");
        let (one, other) = (apart("1"), together("1"));
        assert_ne!(one.len() % 512, other.len() % 512);
        assert!(!are_twins(&sectors(&one), &sectors(&other)));
        let (short, long) = ("1".repeat(100), "1".repeat(100 + one.len() - other.len()));
        let (one, other) = (apart(&short), together(&long));
        assert_eq!(one.len(), other.len());
        assert!(
            !are_twins(&sectors(&one), &sectors(&other)),
            "not one value"
        );
        let place = |profile: Profile, alphabet: &[Call], len| {
            let twins = Twins::new(&profile, alphabet);
            twins.place(len)
        };
        assert_eq!(place(Profile::ext4(), &Call::ALPHABET, 1000), Some(488));
        assert_eq!(place(Profile::posix_weak(), &Call::ALPHABET, 1000), Some(0));
        assert_eq!(place(Profile::posix_weak(), &Call::ALPHABET, 2049), None);
        assert_eq!(place(Profile::posix_weak(), &[Call::Large], 1000), None);
    }
}
