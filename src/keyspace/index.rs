//! The index of one database: linear hashing whose segments are intervals of one order.

use alloc::vec::Vec;

use super::Key;
use super::entry::{Entry, EntryRef};
use super::hash::Span;
use super::segment::{Segment, SlotRef};

/// Entries that a segment holds on average before one more segment is made.
const LOAD: usize = 32;
/// Packed bytes that count like one entry, so that a page stays short also where values are not.
const LOAD_UNIT_LEN: usize = 128;
/// Segments in one block of the directory, so that the directory grows without moving much.
const BLOCK_SEGMENTS: usize = 512;

/// Segments of slots, each sorted by position and key, each an interval of positions.
#[derive(Clone, Debug)]
pub(super) struct Index {
    seed: u64,
    /// There are `2^level + split` segments; those before `split`, and the last `split`, are half
    /// as wide as the others.
    level: u32,
    split: usize,
    count: usize,
    /// Bytes that are packed in all pages.
    packed_len: usize,
    blocks: Vec<Vec<Segment>>,
}

impl Index {
    /// An empty index of keys that are hashed with a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            level: 0,
            split: 0,
            count: 0,
            packed_len: 0,
            blocks: Vec::from([Vec::from([Segment::default()])]),
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// How many segments there are.
    pub fn segments(&self) -> usize {
        (1 << self.level) + self.split
    }

    pub fn find(&self, position: u64, key: &[u8]) -> Option<EntryRef<'_>> {
        let address = self.address(position);
        self.segment(address)
            .find(self.span(address), position, key)
    }

    /// Puts an entry in its place and returns the one that had it.
    pub fn insert(&mut self, position: u64, key: &Key, entry: Entry) -> Option<Entry> {
        let address = self.address(position);
        let span = self.span(address);
        let segment = self.segment_mut(address);
        let before = segment.packed_len();
        let old = segment.insert(span, position, key, entry);
        let after = segment.packed_len();
        self.packed_len = self.packed_len + after - before;
        self.count += usize::from(old.is_none());
        if self.load() > self.segments() * LOAD {
            self.grow();
        }
        old
    }

    pub fn remove(&mut self, position: u64, key: &[u8]) -> Option<Entry> {
        let address = self.address(position);
        let span = self.span(address);
        let segment = self.segment_mut(address);
        let before = segment.packed_len();
        let old = segment.remove(span, position, key)?;
        let after = segment.packed_len();
        self.packed_len -= before - after;
        self.count -= 1;
        if self.segments() > 1 && self.load() < self.segments() * LOAD / 4 {
            self.shrink();
        }
        Some(old)
    }

    /// The entries from a position to the end of its segment, and where the next segment begins.
    pub fn rest(&self, position: u64) -> (impl Iterator<Item = SlotRef<'_>>, Option<u64>) {
        let address = self.address(position);
        let slots = self.segment(address).from(self.span(address), position);
        (slots, self.end(address))
    }

    /// An entry of the segment that a position lies in, by a random number.
    pub fn around(&self, position: u64, random: usize) -> Option<SlotRef<'_>> {
        let address = self.address(position);
        let segment = self.segment(address);
        segment.nth(self.span(address), random % segment.len().max(1))
    }

    /// All entries in order.
    pub fn iter(&self) -> impl Iterator<Item = SlotRef<'_>> {
        let mut next = Some(0);
        core::iter::from_fn(move || {
            let (slots, end) = self.rest(next?);
            next = end;
            Some(slots)
        })
        .flatten()
    }

    /// Takes one thing out, an entry perhaps, for freeing an index step by step; none if nothing is
    /// left. It is no index any more afterwards.
    pub fn dismantle(&mut self) -> Option<Option<Entry>> {
        let block = self.blocks.last_mut()?;
        match block.last_mut() {
            None => {
                self.blocks.pop();
            }
            Some(segment) => match segment.pop() {
                None => {
                    block.pop();
                }
                entry => return Some(entry),
            },
        }
        Some(None)
    }

    /// Panics where an invariant is broken.
    pub fn check_invariants(&self) {
        let segments: usize = self.blocks.iter().map(Vec::len).sum();
        assert_eq!(segments, self.segments(), "K2: segments");
        let (mut count, mut packed_len) = (0, 0);
        for address in 0..segments {
            let (segment, span) = (self.segment(address), self.span(address));
            count += segment.len();
            packed_len += segment.packed_len();
            segment.check_invariants(span);
            for slot in segment.from(span, 0) {
                assert_eq!(address, self.address(slot.position), "K2: wrong segment");
            }
        }
        assert_eq!(count, self.count, "K3: count");
        assert_eq!(packed_len, self.packed_len, "K3: packed bytes");
        let load = self.load();
        assert!(load <= segments * LOAD, "K3: {load} in {segments} segments");
    }

    /// What all segments hold, counted in entries.
    fn load(&self) -> usize {
        self.count.max(self.packed_len / LOAD_UNIT_LEN)
    }

    /// The segment that holds a position.
    fn address(&self, position: u64) -> usize {
        let hash = position.reverse_bits() as usize;
        let low = hash & ((1 << self.level) - 1);
        if low < self.split {
            hash & ((1 << (self.level + 1)) - 1)
        } else {
            low
        }
    }

    /// The first position behind a segment; none behind the last.
    fn end(&self, address: usize) -> Option<u64> {
        let width = 1_u64.checked_shl(64 - self.span(address).bits)?;
        start(address).checked_add(width)
    }

    fn span(&self, address: usize) -> Span {
        let narrow = address < self.split || address >= 1 << self.level;
        let (seed, bits) = (self.seed, self.level + u32::from(narrow));
        Span { seed, bits }
    }

    fn segment(&self, address: usize) -> &Segment {
        &self.blocks[address / BLOCK_SEGMENTS][address % BLOCK_SEGMENTS]
    }

    fn segment_mut(&mut self, address: usize) -> &mut Segment {
        &mut self.blocks[address / BLOCK_SEGMENTS][address % BLOCK_SEGMENTS]
    }

    /// Splits the next segment in the middle of its interval.
    fn grow(&mut self) {
        let address = self.split + (1 << self.level);
        let (seed, bits) = (self.seed, self.level + 1);
        let lower = self.segment_mut(self.split);
        let upper = lower.split(Span { seed, bits }, start(address));
        match self.blocks.last_mut() {
            Some(block) if block.len() < BLOCK_SEGMENTS => block.push(upper),
            _ => self.blocks.push(Vec::from([upper])),
        }
        self.split += 1;
        if self.split == 1 << self.level {
            self.level += 1;
            self.split = 0;
        }
    }

    /// Joins the two segments that were split last.
    fn shrink(&mut self) {
        if self.split == 0 {
            self.level -= 1;
            self.split = 1 << self.level;
        }
        self.split -= 1;
        let block = self.blocks.last_mut().expect("K2: there is a block");
        let upper = block.pop().expect("K2: no block is empty");
        if block.is_empty() {
            self.blocks.pop();
        }
        let (seed, bits) = (self.seed, self.level);
        let lower = self.segment_mut(self.split);
        let before = lower.packed_len() + upper.packed_len();
        lower.join(Span { seed, bits }, upper);
        let after = lower.packed_len();
        self.packed_len -= before - after;
    }
}

/// The first position of a segment: its number's bits, read backwards.
const fn start(address: usize) -> u64 {
    (address as u64).reverse_bits()
}
