//! One segment of the index: short strings in a page, all else apart.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::Key;
use super::entry::{Entry, EntryRef};
use super::hash::Span;
use super::page::{Page, Record};

/// An entry that is not packed.
#[derive(Clone, Debug)]
struct Slot {
    position: u64,
    key: Key,
    entry: Entry,
}

/// Entries in the order of position and key, each in the page or apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Segment {
    page: Page,
    /// Collections, long strings, long keys, and what a full page has no room for.
    apart: Vec<Slot>,
}

impl Segment {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.page.len() + self.apart.len()
    }

    /// How many bytes are packed.
    pub fn packed_len(&self) -> usize {
        self.page.len_bytes()
    }

    pub fn find(&self, span: Span, position: u64, key: &[u8]) -> Option<EntryRef<'_>> {
        if let Ok(rank) = self.page.search(span, position, key) {
            return Some(self.page.record(rank).entry());
        }
        let at = search(&self.apart, position, key).ok()?;
        Some(EntryRef::of(&self.apart[at].entry))
    }

    /// Puts an entry in its place and returns the one that had it.
    pub fn insert(&mut self, span: Span, position: u64, key: &Key, entry: Entry) -> Option<Entry> {
        let Some(record) = Record::of(key, &entry) else {
            return match search(&self.apart, position, key) {
                Ok(at) => Some(core::mem::replace(&mut self.apart[at].entry, entry)),
                Err(at) => {
                    let old = self.remove_packed(span, position, key);
                    self.insert_apart(at, position, key, entry);
                    old
                }
            };
        };
        let (rank, mut old) = match self.page.search(span, position, key) {
            Ok(rank) => {
                let old = Some(self.page.record(rank).entry().to_entry());
                if self.page.replace(rank, record) {
                    return old;
                }
                self.page.remove(rank);
                (rank, old)
            }
            Err(rank) => (rank, None),
        };
        if old.is_none() {
            old = self.remove_apart(position, key);
        }
        if !self.page.insert(rank, span.tag(position), record)
            && let Err(at) = search(&self.apart, position, key)
        {
            self.insert_apart(at, position, key, entry);
        }
        old
    }

    pub fn remove(&mut self, span: Span, position: u64, key: &[u8]) -> Option<Entry> {
        let packed = self.remove_packed(span, position, key);
        packed.or_else(|| self.remove_apart(position, key))
    }

    /// The entries from a position on, in order.
    pub fn from(&self, span: Span, position: u64) -> impl Iterator<Item = SlotRef<'_>> {
        let records = self.page.records(self.page.rank(span, position));
        let mut packed = records.map(move |record| slot_of(span, record)).peekable();
        let at = self.apart.partition_point(|slot| slot.position < position);
        let mut apart = self.apart[at..].iter().map(Slot::as_ref).peekable();
        core::iter::from_fn(move || match (packed.peek(), apart.peek()) {
            (Some(one), Some(other)) if one.place() > other.place() => apart.next(),
            (None, _) => apart.next(),
            _ => packed.next(),
        })
    }

    /// The entry of a number below the count of entries; not in order.
    pub fn nth(&self, span: Span, number: usize) -> Option<SlotRef<'_>> {
        if number < self.page.len() {
            return Some(slot_of(span, self.page.record(number)));
        }
        self.apart.get(number - self.page.len()).map(Slot::as_ref)
    }

    /// Takes the upper half of the interval out; `half` is the span of either.
    pub fn split(&mut self, half: Span, middle: u64) -> Self {
        let rank = self.page.middle();
        let upper = Page::of(self.page.records(rank), half);
        let lower = Page::of(self.page.records(0).take(rank), half);
        self.page = lower.expect("K10: a part of a page is one");
        let at = self.apart.partition_point(|slot| slot.position < middle);
        let upper = Self {
            page: upper.expect("K10: a part of a page is one"),
            apart: self.apart.split_off(at),
        };
        self.apart.shrink_to_fit();
        upper
    }

    /// Takes the segment in that lies behind; `span` is that of both together.
    pub fn join(&mut self, span: Span, upper: Self) {
        let records = self.page.records(0).chain(upper.page.records(0));
        let both = Page::of(records, span);
        let overflows = both.is_none();
        let lower = both.or_else(|| Page::of(self.page.records(0), span));
        self.page = lower.expect("K10: what was a page is one");
        self.apart.extend(upper.apart);
        if overflows {
            for slot in upper.page.records(0).map(|record| slot_of(span, record)) {
                let (position, key) = (slot.position, Key::from(slot.key));
                let old = self.insert(span, position, &key, slot.entry.to_entry());
                assert!(old.is_none(), "K2: twice in two segments");
            }
        }
    }

    /// Takes an entry out, for freeing step by step; none if what is left is freed at once.
    pub fn pop(&mut self) -> Option<Entry> {
        self.apart.pop().map(|slot| slot.entry)
    }

    /// Panics where an invariant is broken.
    pub fn check_invariants(&self, span: Span) {
        self.page.check_invariants(span);
        for slot in &self.apart {
            assert_eq!(slot.position, span.position(&slot.key), "K1: position");
        }
        let places: Vec<_> = self.from(span, 0).map(|slot| slot.place()).collect();
        assert!(places.is_sorted_by(|a, b| a < b), "K2: not sorted");
    }

    fn remove_packed(&mut self, span: Span, position: u64, key: &[u8]) -> Option<Entry> {
        let rank = self.page.search(span, position, key).ok()?;
        let old = self.page.record(rank).entry().to_entry();
        self.page.remove(rank);
        Some(old)
    }

    fn remove_apart(&mut self, position: u64, key: &[u8]) -> Option<Entry> {
        let at = search(&self.apart, position, key).ok()?;
        let slot = self.apart.remove(at);
        if self.apart.capacity() > 4 * self.apart.len() {
            self.apart.shrink_to(2 * self.apart.len());
        }
        Some(slot.entry)
    }

    fn insert_apart(&mut self, at: usize, position: u64, key: &Key, entry: Entry) {
        let key = Key::clone(key);
        let slot = Slot {
            position,
            key,
            entry,
        };
        self.apart.insert(at, slot);
    }
}

impl Slot {
    fn as_ref(&self) -> SlotRef<'_> {
        SlotRef {
            position: self.position,
            key: &self.key,
            entry: EntryRef::of(&self.entry),
        }
    }
}

/// One key's place, and what it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlotRef<'a> {
    pub position: u64,
    pub key: &'a [u8],
    pub entry: EntryRef<'a>,
}

impl<'a> SlotRef<'a> {
    const fn place(&self) -> (u64, &'a [u8]) {
        (self.position, self.key)
    }
}

fn slot_of(span: Span, record: Record<'_>) -> SlotRef<'_> {
    SlotRef {
        position: span.position(record.key),
        key: record.key,
        entry: record.entry(),
    }
}

fn search(apart: &[Slot], position: u64, key: &[u8]) -> Result<usize, usize> {
    apart.binary_search_by(|slot| match slot.position.cmp(&position) {
        Ordering::Equal => slot.key[..].cmp(key),
        order => order,
    })
}
