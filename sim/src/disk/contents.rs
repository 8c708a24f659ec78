//! The contents that a power loss may leave of one file, worked out piece by piece.
//!
//! Pieces are taken oldest first, and contents that have become equal, or that the reader cannot tell
//! apart, go on as one: the work grows with the contents that differ, not with the choices that lead
//! to them. Which choices those were is not kept: images that are numbered are enumerated by their
//! choices instead (see `images.rs`).

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::ops::Range;

use super::inode::{Change, index};
use super::layout::{Layout, Piece, Wreck};
use super::profile::Fill;
use super::reader::Reader;
use crate::hash::StableHasher;

/// What is there so far of one of them, from the first piece on.
#[derive(Clone, Hash)]
struct Partial {
    bytes: Vec<u8>,
    /// 1 for each of the bytes that is not what the room held before: it was written, or was there
    /// before all pending changes. Empty where what the room held reads as zeros in any case.
    written: Vec<u8>,
}

/// Contents that differ, in the order in which they were met.
#[derive(Default)]
struct Differing {
    all: Vec<Partial>,
    seen: HashSet<u64>,
}

impl Differing {
    fn extend(&mut self, from: &[Partial], next: impl Fn(&Partial) -> Partial) {
        for partial in from.iter().map(next) {
            let mut hasher = StableHasher::default();
            partial.hash(&mut hasher);
            if self.seen.insert(hasher.finish()) {
                self.all.push(partial);
            }
        }
    }

    /// Nothing that is there without a write torn is found again.
    fn without(clean: &Self) -> Self {
        Self {
            all: vec![],
            seen: clean.seen.clone(),
        }
    }
}

/// The contents that a size has.
pub(super) struct Contents {
    /// With no write torn; the first has everything.
    pub clean: Vec<Vec<u8>>,
    /// With one write torn, inside one piece.
    pub torn: Vec<Vec<u8>>,
}

/// All contents of a file of one size. `fills` says how pieces may read where they are missing,
/// `tears` after how many of its bytes one may be torn.
pub(super) fn contents(
    wreck: &Wreck<'_>,
    layout: &Layout,
    reader: Option<&dyn Reader>,
    fills: &[Fill],
    tears: impl Fn(&Piece) -> Vec<u64>,
) -> Contents {
    let base = &wreck.inode.durable[..index(layout.base_len)];
    let first = layout.pieces.iter().map(|piece| index(piece.start)).min();
    let mut start = first.unwrap_or(usize::MAX).min(base.len());
    let reader = reader.and_then(|reader| Some((reader, reader.border(&base[..start])?)));
    if let Some((_, border)) = reader {
        start = border;
    }
    let reader = reader.map(|(reader, _)| reader);
    let (before, mut bytes) = (&base[..start], base[start..].to_vec());
    let mut written = vec![1; bytes.len()];
    bytes.resize(index(layout.len) - start, 0);
    written.resize(bytes.len(), 0);
    if fills == [Fill::Zero] {
        written.clear();
    }
    let mut clean = vec![Partial { bytes, written }];
    let mut torn: Vec<Partial> = vec![];
    for (at, piece) in layout.pieces.iter().enumerate() {
        let later = layout.pieces[at + 1..].iter();
        let firm = later.map(|later| index(later.start) - start).min();
        let done = Done {
            wreck,
            start,
            piece,
            reader,
            firm: firm.unwrap_or(index(layout.len) - start),
        };
        let sure = piece.certain || wreck.is_there(layout, at);
        let fresh = piece.end > layout.base_len;
        let absent = match (sure, fresh) {
            (true, _) => &[],
            (false, true) => fills,
            (false, false) => &fills[..1],
        };
        let each = |from: &[Partial], into: &mut Differing| {
            into.extend(from, |partial| done.whole(partial));
            for fill in absent {
                into.extend(from, |partial| done.cut(partial, 0, *fill));
            }
        };
        let mut next = Differing::default();
        each(&clean, &mut next);
        let mut next_torn = Differing::without(&next);
        each(&torn, &mut next_torn);
        let cuts = if sure { vec![] } else { tears(piece) };
        for partial in &clean {
            let mut before = 0;
            for cut in &cuts {
                // The same as with one byte less, down to the last cut, or to nothing.
                let differs = done.changes(partial, before..*cut);
                before = *cut;
                for fill in fills.iter().filter(|_| differs) {
                    let partial = std::slice::from_ref(partial);
                    next_torn.extend(partial, |partial| done.cut(partial, *cut, *fill));
                }
            }
        }
        (clean, torn) = (next.all, next_torn.all);
    }
    let all = |partials: Vec<Partial>| {
        let ended = |partial: Partial| match reader {
            Some(reader) => reader.end(partial.bytes),
            None => partial.bytes,
        };
        let ended = partials.into_iter().map(ended);
        ended.map(|bytes| [before, &bytes].concat()).collect()
    };
    Contents {
        clean: all(clean),
        torn: all(torn),
    }
}

/// What becomes of one piece.
struct Done<'a> {
    wreck: &'a Wreck<'a>,
    /// Where contents begin in the file.
    start: usize,
    piece: &'a Piece,
    reader: Option<&'a dyn Reader>,
    /// How many bytes of the contents no later piece will touch.
    firm: usize,
}

impl Done<'_> {
    fn whole(&self, partial: &Partial) -> Partial {
        let mut next = partial.clone();
        self.write(&mut next, self.piece.end - self.piece.start);
        self.blank(&mut next);
        next
    }

    /// So many first bytes are there; the rest, where it was never written, reads as this.
    fn cut(&self, partial: &Partial, prefix: u64, fill: Fill) -> Partial {
        let mut next = partial.clone();
        let range = index(self.piece.start)..index(self.piece.end);
        for at in range.filter(|_| fill != Fill::Zero) {
            if next.written[at - self.start] == 0 {
                next.bytes[at - self.start] = self.wreck.unwritten(at as u64, fill);
            }
        }
        self.write(&mut next, prefix);
        self.blank(&mut next);
        next
    }

    /// Whether these bytes of the piece, once they are there, make a difference.
    fn changes(&self, partial: &Partial, bytes: Range<u64>) -> bool {
        let (new, at) = self.written(bytes);
        !partial.written.is_empty() || partial.bytes[at..at + new.len()] != *new
    }

    /// These bytes of the piece, and their place.
    fn written(&self, range: Range<u64>) -> (&[u8], usize) {
        let change = &self.wreck.inode.pending[self.piece.op].change;
        let Change::Data { offset, bytes } = change else {
            unreachable!("a piece is of a write");
        };
        let from = self.piece.start - offset;
        let new = &bytes[index(from + range.start)..index(from + range.end)];
        (new, index(self.piece.start + range.start) - self.start)
    }

    /// Makes alike what is alike to the reader.
    fn blank(&self, next: &mut Partial) {
        if !next.written.is_empty() {
            next.written[..self.firm].fill(1);
        }
        if let Some(reader) = self.reader {
            reader.blank(&mut next.bytes, self.firm);
        }
    }

    fn write(&self, next: &mut Partial, prefix: u64) {
        let (new, at) = self.written(0..prefix);
        let len = new.len();
        next.bytes[at..at + len].copy_from_slice(new);
        if !next.written.is_empty() {
            next.written[at..at + len].fill(1);
        }
    }
}
