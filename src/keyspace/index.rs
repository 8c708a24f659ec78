//! The index of one database: linear hashing whose segments are intervals of one order.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::{Entry, Key};

/// Entries that a segment holds on average before one more segment is made.
const LOAD: usize = 32;
/// Segments in one block of the directory, so that the directory grows without moving much.
const BLOCK_SEGMENTS: usize = 512;

/// One key's place.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub position: u64,
    pub key: Key,
    pub entry: Entry,
}

type Segment = Vec<Slot>;

/// Segments of slots, each sorted by position and key, each an interval of positions.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// There are `2^level + split` segments; those before `split`, and the last `split`, are half
    /// as wide as the others.
    level: u32,
    split: usize,
    count: usize,
    blocks: Vec<Vec<Segment>>,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            level: 0,
            split: 0,
            count: 0,
            blocks: Vec::from([Vec::from([Segment::new()])]),
        }
    }
}

impl Index {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// How many segments there are.
    pub fn segments(&self) -> usize {
        (1 << self.level) + self.split
    }

    pub fn find(&self, position: u64, key: &[u8]) -> Option<&Slot> {
        let segment = self.segment(self.address(position));
        let at = search(segment, position, key).ok()?;
        Some(&segment[at])
    }

    pub fn find_mut(&mut self, position: u64, key: &[u8]) -> Option<&mut Slot> {
        let address = self.address(position);
        let segment = self.segment_mut(address);
        let at = search(segment, position, key).ok()?;
        Some(&mut segment[at])
    }

    /// Puts a slot in its place and returns the entry that had it.
    pub fn insert(&mut self, slot: Slot) -> Option<Entry> {
        let address = self.address(slot.position);
        let segment = self.segment_mut(address);
        match search(segment, slot.position, &slot.key) {
            Ok(at) => return Some(core::mem::replace(&mut segment[at].entry, slot.entry)),
            Err(at) => segment.insert(at, slot),
        }
        self.count += 1;
        if self.count > self.segments() * LOAD {
            self.grow();
        }
        None
    }

    pub fn remove(&mut self, position: u64, key: &[u8]) -> Option<Entry> {
        let address = self.address(position);
        let segment = self.segment_mut(address);
        let at = search(segment, position, key).ok()?;
        let slot = segment.remove(at);
        if segment.capacity() > 4 * segment.len().max(2) {
            segment.shrink_to(2 * segment.len());
        }
        self.count -= 1;
        if self.segments() > 1 && self.count < self.segments() * LOAD / 4 {
            self.shrink();
        }
        Some(slot.entry)
    }

    /// The slots from a position to the end of its segment, and where the next segment begins.
    pub fn rest(&self, position: u64) -> (&[Slot], Option<u64>) {
        let address = self.address(position);
        let segment = self.segment(address);
        let at = segment.partition_point(|slot| slot.position < position);
        (&segment[at..], self.end(address))
    }

    /// The slots of the segment that a position lies in.
    pub fn around(&self, position: u64) -> &[Slot] {
        self.segment(self.address(position))
    }

    /// All slots in order.
    pub fn iter(&self) -> impl Iterator<Item = &Slot> {
        let mut next = Some(0);
        core::iter::from_fn(move || {
            let (slots, end) = self.rest(next?);
            next = end;
            Some(slots)
        })
        .flatten()
    }

    /// Takes one thing out, a slot perhaps, for freeing an index step by step; none if nothing is
    /// left. It is no index any more afterwards.
    pub fn dismantle(&mut self) -> Option<Option<Slot>> {
        let block = self.blocks.last_mut()?;
        match block.last_mut() {
            None => {
                self.blocks.pop();
            }
            Some(segment) => match segment.pop() {
                None => {
                    block.pop();
                }
                slot => return Some(slot),
            },
        }
        Some(None)
    }

    /// Panics where an invariant is broken.
    pub fn check_invariants(&self, position_of: impl Fn(&[u8]) -> u64) {
        let segments: usize = self.blocks.iter().map(Vec::len).sum();
        assert_eq!(segments, self.segments(), "K2: segments");
        let mut count = 0;
        for address in 0..segments {
            let segment = self.segment(address);
            count += segment.len();
            let sorted = segment.is_sorted_by(|a, b| place(a) < place(b));
            assert!(sorted, "K2: segment {address} is not sorted");
            for slot in segment {
                assert_eq!(slot.position, position_of(&slot.key), "K1: position");
                assert_eq!(address, self.address(slot.position), "K2: wrong segment");
            }
        }
        assert_eq!(count, self.count, "K3: count");
        let load = self.count <= segments * LOAD;
        assert!(load, "K3: {count} entries in {segments} segments");
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
        let narrow = address < self.split || address >= 1 << self.level;
        let bits = self.level + u32::from(narrow);
        let width = 1_u64.checked_shl(64 - bits)?;
        start(address).checked_add(width)
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
        let middle = start(address);
        let lower = self.segment_mut(self.split);
        let at = lower.partition_point(|slot| slot.position < middle);
        let upper = lower.split_off(at);
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
        let mut upper = block.pop().expect("K2: no block is empty");
        if block.is_empty() {
            self.blocks.pop();
        }
        self.segment_mut(self.split).append(&mut upper);
    }
}

/// The first position of a segment: its number's bits, read backwards.
const fn start(address: usize) -> u64 {
    (address as u64).reverse_bits()
}

fn place(slot: &Slot) -> (u64, &[u8]) {
    (slot.position, &slot.key)
}

fn search(segment: &[Slot], position: u64, key: &[u8]) -> Result<usize, usize> {
    segment.binary_search_by(|slot| match slot.position.cmp(&position) {
        Ordering::Equal => slot.key[..].cmp(key),
        order => order,
    })
}
