//! One file at a power loss: which sizes it may have, which pieces of writes may be there, and the
//! bytes that a choice among them leaves.

use std::sync::Arc;

use smallvec::SmallVec;

use super::inode::{Change, Inode, OpState, Pending, index};
use super::profile::{Fill, Profile, SizeOrder};
use super::reader::Reader;

/// A file, and what the crash must leave of it.
#[derive(Clone, Copy)]
pub(super) struct Wreck<'a> {
    pub inode: &'a Inode,
    pub profile: &'a Profile,
    /// Changes up to this sequence number are certain (a durable rename flushed them).
    pub certain: u64,
    pub stale: Option<&'a [u8]>,
}

/// How many of the pending sizes took effect, and the length that this leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SizeChoice {
    pub persisted: usize,
    pub len: u64,
}

/// A part of a pending write that lies on one page and that the chosen size shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub start: u64,
    pub end: u64,
    /// Index of its write among the pending changes.
    pub op: usize,
    pub sequence: u64,
    pub certain: bool,
}

/// What a crash makes of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PieceFate {
    Whole,
    /// Not there; what it would have newly allocated reads as this.
    Absent(Fill),
    /// So many first bytes are there, the rest is as if absent.
    Torn(u64, Fill),
}

/// A file of a chosen size.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub persisted: usize,
    pub len: u64,
    /// So many first bytes are as they were before all pending changes.
    pub base_len: u64,
    /// Oldest first.
    pub pieces: SmallVec<[Piece; 8]>,
}

impl Layout {
    /// Where pieces on one page keep their order, those behind one that is missing are missing too.
    pub fn keep_page_order(&self, profile: &Profile, fates: &mut [PieceFate]) {
        if !profile.page_order {
            return;
        }
        let page = |at: usize| self.pieces[at].start / u64::from(profile.page_len);
        for at in 1..self.pieces.len() {
            let missing =
                |before: &usize| fates[*before] != PieceFate::Whole && page(*before) == page(at);
            if !self.pieces[at].certain && (0..at).any(|before| missing(&before)) {
                fates[at] = PieceFate::Absent(profile.fills()[0]);
            }
        }
    }
}

impl<'a> Wreck<'a> {
    fn is_certain(&self, op: &Pending) -> bool {
        op.state == OpState::Must || op.state == OpState::Dirty && op.sequence <= self.certain
    }

    /// The pending sizes: index among the changes, and the change.
    fn sizes(&self) -> impl DoubleEndedIterator<Item = (usize, &'a Pending, u64, u64, bool)> {
        let size = |(at, op): (usize, &'a Pending)| match op.change {
            Change::Size { from, to, set } => Some((at, op, from, to, set)),
            Change::Data { .. } => None,
        };
        self.inode.pending.iter().enumerate().filter_map(size)
    }

    /// How many pending sizes are certain to have taken effect.
    pub fn sizes_certain(&self) -> usize {
        let mut certain = 0;
        for (count, (_, op, ..)) in (1..).zip(self.sizes()) {
            if self.is_certain(op) {
                certain = count;
            }
        }
        certain
    }

    /// The sequence numbers of the pending sizes, oldest first.
    pub fn size_sequences(&self) -> impl Iterator<Item = u64> {
        self.sizes().map(|(_, op, ..)| op.sequence)
    }

    /// The length after so many of the pending sizes.
    pub fn len_after(&self, persisted: usize) -> u64 {
        let last = persisted.checked_sub(1).and_then(|n| self.sizes().nth(n));
        last.map_or(self.inode.durable.len() as u64, |(_, _, _, to, _)| to)
    }

    /// The lengths between those before and after the last persisted size that a crash may leave
    /// with no write torn (at the pages of a long write).
    fn lens_within(&self, persisted: usize) -> SmallVec<[u64; 4]> {
        let mut lens = SmallVec::new();
        let Some((from, to)) = self.growth(persisted) else {
            return lens;
        };
        let page = u64::from(self.profile.page_len);
        let mut border = (from / page + 1) * page;
        while border < to {
            lens.push(border);
            border += page;
        }
        lens
    }

    /// By what the last persisted size made the file grow, if a write did and it is not certain.
    pub fn growth(&self, persisted: usize) -> Option<(u64, u64)> {
        let (_, op, from, to, set) = self.sizes().nth(persisted.checked_sub(1)?)?;
        (!set && to > from && !self.is_certain(op)).then_some((from, to))
    }

    /// From which length a write of this number brought the file to the chosen one, if the disk
    /// may have any length in between.
    pub fn grown_from(&self, layout: &Layout, sequence: u64) -> Option<u64> {
        let last = self.size_sequences().nth(layout.persisted.checked_sub(1)?);
        let cut_anywhere = self.profile.size_order == SizeOrder::Independent;
        let (from, _) = self.growth(layout.persisted)?;
        (cut_anywhere && last == Some(sequence)).then_some(from)
    }

    /// Sizes that a crash may leave with no write torn, newest first.
    pub fn size_choices(&self) -> Vec<SizeChoice> {
        let mut choices = vec![];
        for persisted in (self.sizes_certain()..=self.sizes().count()).rev() {
            let len = self.len_after(persisted);
            choices.push(SizeChoice { persisted, len });
            let within = self.lens_within(persisted).into_iter().rev();
            choices.extend(within.map(|len| SizeChoice { persisted, len }));
        }
        choices
    }

    /// Sizes inside a write, cut at `points` of it (as of a torn write).
    pub fn torn_sizes(
        &self,
        points: &dyn Fn(&[u8]) -> Vec<usize>,
        reader: Option<&dyn Reader>,
    ) -> Vec<SizeChoice> {
        let mut choices = vec![];
        if self.profile.size_order != SizeOrder::Independent || self.profile.blind.no_garbage {
            return choices;
        }
        for persisted in (self.sizes_certain() + 1)..=self.sizes().count() {
            let Some((from, to)) = self.growth(persisted) else {
                continue;
            };
            let at = self.sizes().nth(persisted - 1).map_or(0, |size| size.0);
            let Some(write) = at.checked_sub(1) else {
                continue;
            };
            let Change::Data { offset, bytes } = &self.inode.pending[write].change else {
                continue;
            };
            let inside = |at: &usize| (from + 1..to).contains(&(offset + *at as u64));
            let mut cuts: Vec<usize> = points(bytes).into_iter().filter(inside).collect();
            if let Some(reader) = reader.filter(|_| self.lies_alone(write)) {
                cuts = reader.thin(bytes, cuts);
            }
            let lens = cuts.into_iter().map(|at| offset + at as u64);
            choices.extend(lens.map(|len| SizeChoice { persisted, len }));
        }
        choices
    }

    /// The pieces that matter at this size.
    pub fn layout(&self, choice: SizeChoice) -> Layout {
        let persisted: SmallVec<[_; 8]> = self.sizes().take(choice.persisted).collect();
        let lowest = persisted.iter().map(|size| size.3).min();
        let durable = self.inode.durable.len() as u64;
        let base_len = durable.min(lowest.unwrap_or(durable)).min(choice.len);
        let blocks = base_len.div_ceil(u64::from(self.profile.page_len));
        let grown_last = persisted.last().filter(|size| !size.4);
        let mut layout = Layout {
            persisted: choice.persisted,
            len: choice.len,
            base_len,
            pieces: SmallVec::new(),
        };
        for (at, op) in self.inode.pending.iter().enumerate() {
            let Change::Data { offset, bytes } = &op.change else {
                continue;
            };
            let later = persisted.iter().filter(|size| size.0 > at);
            let shown = later
                .map(|size| size.3)
                .min()
                .unwrap_or(u64::MAX)
                .min(choice.len);
            let end = (offset + bytes.len() as u64).min(shown);
            // What the profile orders before the size that is there; a failed sync may have lost it
            // all the same.
            let covered = grown_last.is_some_and(|size| at < size.0);
            let ordered = |start, end| match self.profile.size_order {
                _ if !covered || op.state == OpState::Limbo => false,
                SizeOrder::Independent => false,
                SizeOrder::AllocTime => start / u64::from(self.profile.page_len) >= blocks,
                SizeOrder::IoCompletionMax => end == choice.len,
                SizeOrder::AfterData => true,
                SizeOrder::AllocAfterData => choice.len > blocks * u64::from(self.profile.page_len),
            };
            self.cut_in_pages(*offset, end, &mut layout.pieces, |start, border| Piece {
                start,
                end: border,
                op: at,
                sequence: op.sequence,
                certain: self.is_certain(op) || ordered(start, border),
            });
        }
        layout
    }

    fn cut_in_pages(
        &self,
        mut start: u64,
        end: u64,
        out: &mut SmallVec<[Piece; 8]>,
        piece: impl Fn(u64, u64) -> Piece,
    ) {
        let page = u64::from(self.profile.page_len);
        while start < end {
            let border = ((start / page + 1) * page).min(end);
            out.push(piece(start, border));
            start = border;
        }
    }

    /// The prefixes at which this piece may be torn, given those of its write.
    pub fn tears(
        &self,
        piece: &Piece,
        points: &dyn Fn(&[u8]) -> Vec<usize>,
        reader: Option<&dyn Reader>,
    ) -> Vec<u64> {
        if piece.certain || self.profile.blind.no_garbage {
            return vec![];
        }
        let Change::Data { offset, bytes } = &self.inode.pending[piece.op].change else {
            return vec![];
        };
        let unit = u64::from(self.profile.tear_unit);
        let at = points(bytes).into_iter().map(|point| offset + point as u64);
        let mut cuts: Vec<u64> = at
            .map(|at| if unit > 1 { at / unit * unit } else { at })
            .filter(|at| (piece.start + 1..piece.end).contains(at))
            .map(|at| at - piece.start)
            .collect();
        cuts.dedup();
        let whole = (piece.start, piece.end) == (*offset, offset + bytes.len() as u64);
        match reader.filter(|_| whole && self.lies_alone(piece.op)) {
            Some(reader) => {
                let cuts = cuts.into_iter().map(index).collect();
                let kept = reader.thin(bytes, cuts).into_iter();
                kept.map(|at| at as u64).collect()
            }
            None => cuts,
        }
    }

    /// Whether the disk has the bytes of this piece already, and no other piece reaches there: what
    /// becomes of it does not show.
    pub fn is_there(&self, layout: &Layout, at: usize) -> bool {
        let piece = &layout.pieces[at];
        let Change::Data { offset, bytes } = &self.inode.pending[piece.op].change else {
            return false;
        };
        let new = &bytes[index(piece.start - offset)..index(piece.end - offset)];
        let apart = |other: &Piece| other.end <= piece.start || piece.end <= other.start;
        let mut others = layout.pieces.iter().enumerate();
        piece.end <= layout.base_len
            && self.inode.durable[index(piece.start)..index(piece.end)] == *new
            && others.all(|(place, other)| place == at || apart(other))
    }

    /// Whether this pending change is a write behind the durable bytes of a file that has some, and
    /// no other pending write reaches there.
    pub fn lies_alone(&self, op: usize) -> bool {
        let bounds = |op: &Pending| match &op.change {
            Change::Data { offset, bytes } => Some((*offset, offset + bytes.len() as u64)),
            Change::Size { .. } => None,
        };
        let Some((start, end)) = bounds(&self.inode.pending[op]) else {
            return false;
        };
        let durable = self.inode.durable.len() as u64;
        let mut others = self.inode.pending.iter().enumerate();
        start > 0
            && durable <= start
            && others.all(|(at, other)| {
                at == op || bounds(other).is_none_or(|(from, to)| to <= start || end <= from)
            })
    }

    /// The bytes that are left; `fates` go with the layout's pieces.
    pub fn build(&self, layout: &Layout, fates: &[PieceFate]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(index(layout.len));
        bytes.extend_from_slice(&self.inode.durable[..index(layout.base_len)]);
        bytes.resize(index(layout.len), 0);
        for (piece, fate) in layout.pieces.iter().zip(fates) {
            let (PieceFate::Absent(fill) | PieceFate::Torn(_, fill)) = *fate else {
                continue;
            };
            let start = piece.start.max(layout.base_len);
            if fill != Fill::Zero && start < piece.end {
                for (at, byte) in (start..).zip(&mut bytes[index(start)..index(piece.end)]) {
                    *byte = self.unwritten(at, fill);
                }
            }
        }
        for (piece, fate) in layout.pieces.iter().zip(fates) {
            let end = match *fate {
                PieceFate::Whole => piece.end,
                PieceFate::Absent(_) => continue,
                PieceFate::Torn(prefix, _) => piece.start + prefix,
            };
            let Change::Data { offset, bytes: new } = &self.inode.pending[piece.op].change else {
                unreachable!("a piece is of a write");
            };
            let (from, to) = (index(piece.start - offset), index(end - offset));
            bytes[index(piece.start)..index(end)].copy_from_slice(&new[from..to]);
        }
        bytes
    }

    pub fn unwritten(&self, at: u64, fill: Fill) -> u8 {
        let old = self.stale.and_then(|stale| stale.get(index(at)));
        match (fill, old) {
            (Fill::Zero, _) => 0,
            (Fill::Stale, Some(byte)) => *byte,
            (Fill::Stale | Fill::Garbage, _) => (at.wrapping_mul(0x9e37_79b9) >> 7) as u8 | 0x80,
        }
    }
}

/// A file whose disk and cache hold these bytes.
pub(super) fn settled(bytes: Vec<u8>) -> Arc<Inode> {
    Arc::new(Inode::settled(bytes))
}
