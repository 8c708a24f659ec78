//! Small entries of one segment, packed in one allocation.
//!
//! ```text
//! | record | record | record |   room   | place | place | place |
//! 0                          used       len - 4 * count          len
//! ```
//!
//! A record is the key's length (one byte), the value's (two, the highest bit set if it expires), the
//! time of its expiry if it has one (eight), the key and the value. Records lie as they came, without
//! gaps. A place is a tag and the offset of a record, two bytes each; places are in the segment's
//! order, the tags of the records being the first bits of their positions behind those that all
//! share.

use alloc::boxed::Box;
use core::cmp::Ordering;

use super::entry::{Entry, EntryRef, Value};
use super::hash::Span;
use crate::limits::ENTRY_PACKED_LEN_MAX;
use crate::units::WallMillis;

/// The length of a place, in bytes.
const PLACE_LEN: usize = 4;
/// The lengths at the beginning of a record.
const HEAD_LEN: usize = 3;
const EXPIRY_LEN: usize = 8;
/// In the length of a value: it expires.
const EXPIRES: u16 = 1 << 15;
/// Offsets are two bytes.
const PAGE_LEN_MAX: usize = u16::MAX as usize;
/// What the allocator keeps beside each page; with it a page fills whole units.
const ALLOCATION_HEAD_LEN: usize = 8;
/// The smallest unit by which a page grows, in bytes.
const STEP_MIN: usize = 64;

const _: () = assert!(
    ENTRY_PACKED_LEN_MAX < EXPIRES as usize,
    "a value's length leaves one bit"
);

/// An entry as it lies in a page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    pub key: &'a [u8],
    pub value: &'a [u8],
    pub expiry: Option<WallMillis>,
}

impl<'a> Record<'a> {
    /// An entry as a record, if it is a string and short.
    pub fn of(key: &'a [u8], entry: &'a Entry) -> Option<Self> {
        let Value::String(string) = &entry.value else {
            return None;
        };
        let value = string.as_slice()?;
        let fits = key.len() <= u8::MAX.into() && key.len() + value.len() <= ENTRY_PACKED_LEN_MAX;
        let expiry = entry.expiry;
        fits.then_some(Self { key, value, expiry })
    }

    pub const fn entry(self) -> EntryRef<'a> {
        EntryRef::of_bytes(self.value, self.expiry)
    }

    const fn len(self) -> usize {
        let expiry = if self.expiry.is_some() { EXPIRY_LEN } else { 0 };
        HEAD_LEN + expiry + self.key.len() + self.value.len()
    }

    /// Writes it; `out` is as long as it.
    fn write(self, out: &mut [u8]) {
        let expires = if self.expiry.is_some() { EXPIRES } else { 0 };
        out[0] = self.key.len() as u8;
        out[1..HEAD_LEN].copy_from_slice(&(self.value.len() as u16 | expires).to_le_bytes());
        let mut out = &mut out[HEAD_LEN..];
        if let Some(expiry) = self.expiry {
            out[..EXPIRY_LEN].copy_from_slice(&expiry.0.to_le_bytes());
            out = &mut out[EXPIRY_LEN..];
        }
        let (key, value) = out.split_at_mut(self.key.len());
        key.copy_from_slice(self.key);
        value.copy_from_slice(self.value);
    }

    /// Reads the record at the beginning of `bytes`.
    fn read(bytes: &'a [u8]) -> Self {
        let head = bytes.first_chunk::<HEAD_LEN>().expect("K10: a record");
        let key_len = usize::from(head[0]);
        let value_len = u16::from_le_bytes([head[1], head[2]]);
        let mut rest = &bytes[HEAD_LEN..];
        let mut expiry = None;
        if value_len & EXPIRES != 0 {
            let (millis, behind) = rest.split_first_chunk().expect("K10: a record");
            expiry = Some(WallMillis(u64::from_le_bytes(*millis)));
            rest = behind;
        }
        let (key, rest) = rest.split_at(key_len);
        let value = &rest[..usize::from(value_len & !EXPIRES)];
        Self { key, value, expiry }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    tag: u16,
    offset: u16,
}

impl Place {
    const fn read([a, b, c, d]: [u8; PLACE_LEN]) -> Self {
        let (tag, offset) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        Self { tag, offset }
    }

    const fn write(self) -> [u8; PLACE_LEN] {
        let ([a, b], [c, d]) = (self.tag.to_le_bytes(), self.offset.to_le_bytes());
        [a, b, c, d]
    }
}

/// Records in the order of their positions and keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    bytes: Box<[u8]>,
    used: u16,
    count: u16,
}

impl Page {
    /// How many records there are.
    pub fn len(&self) -> usize {
        self.count.into()
    }

    /// How many bytes the records have.
    pub fn len_bytes(&self) -> usize {
        self.used.into()
    }

    /// The record of a rank.
    pub fn record(&self, rank: usize) -> Record<'_> {
        self.at(Place::read(self.places()[rank]))
    }

    /// All records from a rank on, in order.
    pub fn records(&self, from: usize) -> impl Iterator<Item = Record<'_>> + Clone {
        let places = self.places()[from..].iter();
        places.map(|place| self.at(Place::read(*place)))
    }

    /// The rank of a key, or the one that it would have.
    pub fn search(&self, span: Span, position: u64, key: &[u8]) -> Result<usize, usize> {
        let tag = span.tag(position);
        self.places().binary_search_by(|place| {
            let place = Place::read(*place);
            place.tag.cmp(&tag).then_with(|| {
                let found = self.at(place).key;
                if found == key {
                    return Ordering::Equal;
                }
                (span.position(found), found).cmp(&(position, key))
            })
        })
    }

    /// The first rank at a position or behind it.
    pub fn rank(&self, span: Span, position: u64) -> usize {
        let tag = span.tag(position);
        self.places().partition_point(|place| {
            let place = Place::read(*place);
            let tags = place.tag.cmp(&tag);
            let order = tags.then_with(|| span.position(self.at(place).key).cmp(&position));
            order.is_lt()
        })
    }

    /// The first rank in the second half of the interval.
    pub fn middle(&self) -> usize {
        let places = self.places();
        places.partition_point(|place| Place::read(*place).tag < 1 << 15)
    }

    /// Puts a record at a rank; false if the page has no room for it.
    #[must_use]
    pub fn insert(&mut self, rank: usize, tag: u16, record: Record<'_>) -> bool {
        let (from, len) = (usize::from(self.used), record.len());
        let needed = from + len + PLACE_LEN * (self.len() + 1);
        if needed > PAGE_LEN_MAX {
            return false;
        }
        if needed > self.bytes.len() {
            self.resize(room_for(needed));
        }
        record.write(&mut self.bytes[from..from + len]);
        let first = self.bytes.len() - PLACE_LEN * self.len();
        let before = first..first + PLACE_LEN * rank;
        let at = before.end - PLACE_LEN;
        self.bytes.copy_within(before, first - PLACE_LEN);
        let offset = self.used;
        let place = Place { tag, offset }.write();
        self.bytes[at..at + PLACE_LEN].copy_from_slice(&place);
        self.used += len as u16;
        self.count += 1;
        true
    }

    /// Takes the record of a rank out.
    pub fn remove(&mut self, rank: usize) {
        let removed = Place::read(self.places()[rank]);
        let (from, len) = (usize::from(removed.offset), self.at(removed).len());
        self.bytes
            .copy_within(from + len..usize::from(self.used), from);
        let first = self.bytes.len() - PLACE_LEN * self.len();
        let before = first..first + PLACE_LEN * rank;
        self.bytes.copy_within(before, first + PLACE_LEN);
        self.used -= len as u16;
        self.count -= 1;
        for bytes in self.places_mut() {
            let mut place = Place::read(*bytes);
            if place.offset > removed.offset {
                place.offset -= len as u16;
                *bytes = place.write();
            }
        }
        let room = room_for(self.needed());
        if self.bytes.len() > 2 * room {
            self.resize(room);
        }
    }

    /// Puts another value in the place of a record's, if it is as long.
    #[must_use]
    pub fn replace(&mut self, rank: usize, record: Record<'_>) -> bool {
        let place = Place::read(self.places()[rank]);
        let len = self.at(place).len();
        let same = len == record.len();
        if same {
            let from = usize::from(place.offset);
            record.write(&mut self.bytes[from..from + len]);
        }
        same
    }

    /// A page of records that come in order; none if they need more than one page.
    pub fn of<'a>(records: impl Iterator<Item = Record<'a>> + Clone, span: Span) -> Option<Self> {
        let lens = records.clone().map(|record| record.len() + PLACE_LEN);
        let needed: usize = lens.sum();
        if needed > PAGE_LEN_MAX {
            return None;
        }
        let mut page = Self::default();
        if needed > 0 {
            page.resize(room_for(needed));
        }
        for record in records {
            let tag = span.tag(span.position(record.key));
            let fits = page.insert(page.len(), tag, record);
            assert!(fits, "K10: the page is long enough");
        }
        Some(page)
    }

    /// Panics where an invariant is broken.
    pub fn check_invariants(&self, span: Span) {
        let lens = self.records(0).map(Record::len);
        assert_eq!(lens.sum::<usize>(), usize::from(self.used), "K10: gaps");
        let needed = self.needed();
        assert!(needed <= self.bytes.len(), "K10: places lie on records");
        for place in self.places() {
            let place = Place::read(*place);
            let position = span.position(self.at(place).key);
            assert_eq!(place.tag, span.tag(position), "K10: tag");
        }
    }

    fn needed(&self) -> usize {
        usize::from(self.used) + PLACE_LEN * self.len()
    }

    fn at(&self, place: Place) -> Record<'_> {
        Record::read(&self.bytes[place.offset.into()..])
    }

    fn places(&self) -> &[[u8; PLACE_LEN]] {
        let from = self.bytes.len() - PLACE_LEN * self.len();
        self.bytes[from..].as_chunks().0
    }

    fn places_mut(&mut self) -> &mut [[u8; PLACE_LEN]] {
        let from = self.bytes.len() - PLACE_LEN * self.len();
        self.bytes[from..].as_chunks_mut().0
    }

    /// Gives the page another length; what it holds fits.
    fn resize(&mut self, len: usize) {
        let (old, places) = (self.bytes.len(), PLACE_LEN * self.len());
        let mut bytes = core::mem::take(&mut self.bytes).into_vec();
        if len > old {
            bytes.reserve_exact(len - old);
            bytes.resize(len, 0);
        }
        bytes.copy_within(old - places..old, len - places);
        bytes.truncate(len);
        self.bytes = bytes.into_boxed_slice();
    }
}

/// The length of a page that needs so many bytes: a sixteenth more at most, beyond short ones.
fn room_for(needed: usize) -> usize {
    let step = (needed / 16).next_power_of_two().max(STEP_MIN);
    let room = (needed + ALLOCATION_HEAD_LEN).next_multiple_of(step) - ALLOCATION_HEAD_LEN;
    room.min(PAGE_LEN_MAX)
}
