//! The contents that a power loss may leave of one file, worked out piece by piece.
//!
//! Pieces are taken oldest first, and contents that have become equal go on as one: the work grows
//! with the contents that differ, not with the choices that lead to them. Which choices those were is
//! not kept: images that are numbered are enumerated by their choices instead (see `images.rs`).

use std::collections::HashSet;
use std::hash::{Hash, Hasher};

use super::inode::{Change, index};
use super::layout::{Layout, Piece, Wreck};
use super::profile::Fill;
use crate::hash::StableHasher;

/// What is there so far of one of them, from the first piece on.
#[derive(Clone, Hash)]
struct Partial {
    bytes: Vec<u8>,
    /// 1 for each of the bytes that is not what the room held before: it was written, or was there
    /// before all pending changes.
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
}

/// The contents that a size has.
pub(super) struct Contents {
    /// With no write torn; the first has everything.
    pub clean: Vec<Vec<u8>>,
    /// With one write torn, inside one piece.
    pub torn: Vec<Vec<u8>>,
}

/// All contents of a file of one size. `fills` says how a piece may read where it is missing,
/// `tears` after how many of its bytes it may be torn.
pub(super) fn contents(
    wreck: &Wreck<'_>,
    layout: &Layout,
    fills: impl Fn(&Piece) -> &'static [Fill],
    tears: impl Fn(&Piece) -> Vec<u64>,
) -> Contents {
    let base = &wreck.inode.durable[..index(layout.base_len)];
    let first = layout.pieces.iter().map(|piece| index(piece.start)).min();
    let start = first.unwrap_or(usize::MAX).min(base.len());
    let (before, mut bytes) = (&base[..start], base[start..].to_vec());
    let mut written = vec![1; bytes.len()];
    bytes.resize(index(layout.len) - start, 0);
    written.resize(bytes.len(), 0);
    let mut clean = vec![Partial { bytes, written }];
    let mut torn: Vec<Partial> = vec![];
    for (at, piece) in layout.pieces.iter().enumerate() {
        let done = Done {
            wreck,
            start,
            piece,
        };
        let sure = piece.certain || wreck.is_there(layout, at);
        let fresh = piece.end > layout.base_len;
        let fills = fills(piece);
        let absent = match (sure, fresh) {
            (true, _) => &[],
            (false, true) => fills,
            (false, false) => &fills[..1],
        };
        let (mut next, mut next_torn) = (Differing::default(), Differing::default());
        for (from, into) in [(&clean, &mut next), (&torn, &mut next_torn)] {
            into.extend(from, |partial| done.whole(partial));
            for fill in absent {
                into.extend(from, |partial| done.cut(partial, 0, *fill));
            }
        }
        let cuts = if sure { vec![] } else { tears(piece) };
        for cut in cuts {
            for fill in fills {
                next_torn.extend(&clean, |partial| done.cut(partial, cut, *fill));
            }
        }
        (clean, torn) = (next.all, next_torn.all);
    }
    let all = |partials: Vec<Partial>| {
        let partials = partials.iter();
        partials
            .map(|partial| [before, &partial.bytes].concat())
            .collect()
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
}

impl Done<'_> {
    fn whole(&self, partial: &Partial) -> Partial {
        let mut next = partial.clone();
        self.write(&mut next, self.piece.end - self.piece.start);
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
        next
    }

    fn write(&self, next: &mut Partial, prefix: u64) {
        let change = &self.wreck.inode.pending[self.piece.op].change;
        let Change::Data { offset, bytes } = change else {
            unreachable!("a piece is of a write");
        };
        let (at, len) = (index(self.piece.start) - self.start, index(prefix));
        let from = index(self.piece.start - offset);
        next.bytes[at..at + len].copy_from_slice(&bytes[from..from + len]);
        next.written[at..at + len].fill(1);
    }
}
