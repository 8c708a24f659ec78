//! The keyspace: databases of keys and values in memory. It knows no disk.
//!
//! # One order, and why a cursor is one number
//!
//! Every key has a *position*: its seeded hash with the bits reversed. Entries are ordered by
//! position, and by key where two positions are equal. The index is linear hashing: with `2^level`
//! segments the low bits of a hash say which segment it is in, and one segment at a time is split
//! by one bit more. Read backwards, the low bits are the high bits of the position, so **a segment
//! is an interval of positions, and a split cuts an interval in its middle**:
//!
//! ```text
//! positions  0                                2^63                               2^64
//! level 0    |               0                                                     |
//! level 1    |               0                  |                1                 |
//! split 1    |       0        |       2         |                1                 |
//! level 2    |       0        |       2         |       1        |       3         |
//! ```
//!
//! Growing and shrinking change the borders between segments and never an entry's position. So a
//! cursor is one number, for a scan and for a snapshot alike: *passed* is whatever has a smaller
//! position. An entry cannot be missed, for nothing that lies before the cursor can come from behind
//! it, nor be seen twice, for nothing that it passed can come before it again; with a table whose
//! entries move when it grows neither would hold. Entries of one position are always given out
//! together, for no cursor lies between them.
//!
//! The order depends on the keys and the seed alone. So two keyspaces with the same content are
//! walked alike, hash alike, and write the same bytes, however they came about.
//!
//! # Where the bytes lie
//!
//! A string that is short (512 bytes with its key) is *packed*: its record lies among those of its
//! segment in one allocation, the page. All else lies *apart*, in a sorted vector of keys and values:
//! collections and long strings, whose bytes are shared between clones, and whatever a page of 64 KiB
//! has no room for. So a packed entry costs its bytes, seven more, and its part in the page's room
//! and head, while a change moves the bytes of one page, a few KiB. Where an entry lies cannot be
//! seen from outside: reading gives an [`EntryRef`], and content is compared and hashed as content.
//!
//! # A snapshot while writes go on
//!
//! A snapshot is the state at one moment, each key of it exactly once. The cursor walks database by
//! database, position by position; whatever it has not passed is copied before it changes:
//!
//! 1. a write to a key that is not passed, and not touched before, queues a clone of the old entry
//!    (if there is one) and marks the key as touched: the walk skips it;
//! 2. so a key that is new gives nothing, one that was removed and made again gives its first value;
//! 3. a flush of a database that is not passed hands it to the cursor whole: the walk goes on in what
//!    was kept, with the same marks, and writes to the new one need no copy any more;
//! 4. a rollback is a write like any other, except that a flush that is rolled back brings the kept
//!    database to life again, which is then kept no longer (else its next write would copy it).
//!
//! Cloning an entry shares its bytes, or copies a packed one's, so each of these is bounded, whatever a value's size.
//!
//! # Invariants
//!
//! * **K1** a slot's position is that of its key.
//! * **K2** a slot lies in the segment whose interval holds its position; a segment's page and what
//!   lies apart are sorted by position and key, and no key is there twice.
//! * **K3** the counts are right; on average a segment has at most 32 entries and 4 KiB in its page.
//! * **K4** the order of expiry holds exactly the keys that expire, at their times.
//! * **K5** a slot is a database, and its number is that of the slot unless databases were swapped;
//!   a database that is kept in the map holds a key, and its number is within bounds.
//! * **K6** there is at most one snapshot, and it is not done.
//! * **K7** what is in the queue was touched or is passed, and no key is in it twice.
//! * **K8** a database is kept only if it is not passed, and is not the living one.
//! * **K9** commits are rolled back newest first, with no newer one open.
//! * **K10** a page's records lie without gaps, and each has one place, whose tag is that of its key.

mod db;
mod entry;
mod garbage;
mod hash;
mod index;
mod page;
mod segment;
mod slots;
mod snapshot;
#[cfg(test)]
mod tests;
mod text;
mod tree;
mod undo;
mod values;

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

pub use entry::{Entry, EntryRef, Value};
pub use snapshot::SnapshotItem;
pub use text::Str;
pub use undo::Undo;
pub use values::{FieldValue, Fields, List, Set, ZSet};

use crate::limits::DATABASES_MAX;
use crate::units::WallMillis;
use db::Db;
use garbage::Garbage;
use slots::Slots;
use snapshot::Snapshot;
use undo::Inverse;

/// A key's bytes, shared by everything that names it.
pub type Key = Arc<[u8]>;

/// How far a scan has come; 0 is the beginning, and the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScanCursor(pub u64);

/// Databases of keys and values.
///
/// Cloning is cheap: databases are shared until one of both is written.
///
/// ```
/// use indelible::keyspace::{Entry, Keyspace};
///
/// let mut keyspace = Keyspace::new(0);
/// keyspace.insert(0, b"k", Entry::string("v"));
/// let undo = keyspace.take_undo();
/// keyspace.roll_back(undo);
/// assert!(keyspace.get(0, b"k").is_none());
/// ```
#[derive(Clone, Debug)]
pub struct Keyspace {
    seed: u64,
    /// Databases that hold a key, by slot.
    dbs: BTreeMap<u32, Arc<Db>>,
    slots: Slots,
    journal: Vec<Inverse>,
    snapshot: Option<Snapshot>,
    garbage: Garbage,
}

/// Reading.
impl Keyspace {
    /// An empty keyspace whose order is drawn from a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            dbs: BTreeMap::new(),
            slots: Slots::default(),
            journal: Vec::new(),
            snapshot: None,
            garbage: Garbage::default(),
        }
    }

    /// What a key holds, expired or not.
    #[must_use]
    pub fn get(&self, db: u32, key: &[u8]) -> Option<EntryRef<'_>> {
        self.db(db)?.index.find(self.position(key), key)
    }

    /// What a key holds, unless it has expired.
    #[must_use]
    pub fn get_live(&self, db: u32, key: &[u8], now: WallMillis) -> Option<EntryRef<'_>> {
        self.get(db, key).filter(|entry| entry.is_live(now))
    }

    /// How many keys a database holds, expired ones included.
    #[must_use]
    pub fn len(&self, db: u32) -> usize {
        self.db(db).map_or(0, |db| db.index.len())
    }

    /// Whether no database holds a key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dbs.is_empty()
    }

    /// How many keys all databases hold, expired ones included.
    #[must_use]
    pub fn total_len(&self) -> usize {
        self.dbs.values().map(|db| db.index.len()).sum()
    }

    /// The databases that hold a key, in order.
    pub fn databases(&self) -> impl Iterator<Item = u32> {
        self.by_number().into_keys()
    }

    /// All entries of a database, expired ones included, in the order of positions.
    pub fn iter(&self, db: u32) -> impl Iterator<Item = (&[u8], EntryRef<'_>)> {
        let db = self.db(db).into_iter();
        db.flat_map(|db| db.index.iter())
            .map(|slot| (slot.key, slot.entry))
    }

    /// Up to about `count` entries from a cursor on, expired ones included, and the cursor that goes
    /// on; 0 at the end.
    ///
    /// A key that is there from the first call to the last is given out exactly once, however the
    /// database grows or shrinks in between. Work is bounded by `count`, also where the index is
    /// nearly empty: there may be no entry and yet a cursor to go on with.
    #[must_use]
    pub fn scan(
        &self,
        db: u32,
        cursor: ScanCursor,
        count: usize,
    ) -> (Vec<(&[u8], EntryRef<'_>)>, ScanCursor) {
        let mut out = Vec::new();
        let Some(db) = self.db(db) else {
            return (out, ScanCursor(0));
        };
        let count = count.max(1);
        let mut position = cursor.0;
        for _ in 0..count {
            let (slots, end) = db.index.rest(position);
            let mut last = None;
            for slot in slots {
                if out.len() >= count && last != Some(slot.position) {
                    return (out, ScanCursor(slot.position));
                }
                last = Some(slot.position);
                out.push((slot.key, slot.entry));
            }
            match end {
                Some(end) => position = end,
                None => return (out, ScanCursor(0)),
            }
            if out.len() >= count {
                break;
            }
        }
        (out, ScanCursor(position))
    }

    /// An entry of a database, expired or not, drawn by a random number; none if there is none near
    /// where that leads, though there may be elsewhere. Takes `O(1)`, and all entries come about
    /// equally often.
    #[must_use]
    pub fn draw(&self, db: u32, random: u64) -> Option<(&[u8], EntryRef<'_>)> {
        // The segment is found by the high bits; what the low ones say of it is free.
        let number = random.wrapping_mul(0xd134_2543_de82_ef95) >> 32;
        let slot = self.db(db)?.index.around(random, number as usize)?;
        Some((slot.key, slot.entry))
    }

    /// Up to `limit` keys that have expired, earliest first within a database.
    #[must_use]
    pub fn expired(&self, now: WallMillis, limit: usize) -> Vec<(u32, Key)> {
        let all = self.dbs.iter().flat_map(|(slot, db)| {
            let keys = db.expiries.iter().take_while(|(expiry, _)| *expiry < now);
            keys.map(|(_, key)| (self.slots.number(*slot), Key::clone(key)))
        });
        all.take(limit).collect()
    }

    /// The earliest expiry of all: the last moment at which that key is there.
    #[must_use]
    pub fn next_expiry(&self) -> Option<WallMillis> {
        let firsts = self.dbs.values().filter_map(|db| db.expiries.first());
        firsts.map(|(expiry, _)| *expiry).min()
    }

    /// How many keys of a database expire.
    #[must_use]
    pub fn expiring_len(&self, db: u32) -> usize {
        self.db(db).map_or(0, |db| db.expiries.len())
    }

    /// Whether both hold the same databases, keys, values and expiries; seeds, journals, snapshots
    /// and garbage aside.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        let all = self.by_number();
        all.keys().copied().eq(other.databases())
            && all.iter().all(|(number, db)| {
                other.len(*number) == db.index.len()
                    && db
                        .index
                        .iter()
                        .all(|slot| other.get(*number, slot.key) == Some(slot.entry))
            })
    }

    /// The database of a number, if it holds a key.
    fn db(&self, number: u32) -> Option<&Arc<Db>> {
        self.dbs.get(&self.slots.slot(number))
    }

    fn by_number(&self) -> BTreeMap<u32, &Arc<Db>> {
        let all = self.dbs.iter();
        all.map(|(slot, db)| (self.slots.number(*slot), db))
            .collect()
    }

    fn position(&self, key: &[u8]) -> u64 {
        hash::hash(self.seed, key).reverse_bits()
    }
}

/// Writing. Every write records its inverse; [`take_undo`](Keyspace::take_undo) closes the journal.
impl Keyspace {
    /// Puts an entry under a key; true if there was one.
    ///
    /// # Panics
    /// If the database's number is out of bounds.
    pub fn insert(&mut self, db: u32, key: &[u8], entry: Entry) -> bool {
        self.write(db, key, Some(entry))
    }

    /// Removes a key; true if it was there.
    pub fn remove(&mut self, db: u32, key: &[u8]) -> bool {
        self.write(db, key, None)
    }

    /// Changes an entry, if the key is there. Large values are shared with the journal, so keeping
    /// the old one costs no copy.
    pub fn update<T>(
        &mut self,
        db: u32,
        key: &[u8],
        change: impl FnOnce(&mut Entry) -> T,
    ) -> Option<T> {
        let (db, position) = (self.slots.slot(db), self.position(key));
        let old = self.dbs.get(&db)?.index.find(position, key)?.to_entry();
        let (key, mut new) = (Key::from(key), old.clone());
        let result = change(&mut new);
        self.put(db, position, &key, Some(new));
        let old = Some(old);
        self.journal.push(Inverse::Entry { db, key, old });
        Some(result)
    }

    /// Removes all keys of a database; true if there were any.
    pub fn flush_db(&mut self, db: u32) -> bool {
        self.flush_slot(self.slots.slot(db))
    }

    fn flush_slot(&mut self, db: u32) -> bool {
        let Some(old) = self.swap(db, None) else {
            return false;
        };
        self.journal.push(Inverse::Db { db, old });
        true
    }

    /// Removes all keys; true if there were any.
    pub fn flush_all(&mut self) -> bool {
        let slots: Vec<u32> = self.dbs.keys().copied().collect();
        for slot in &slots {
            self.flush_slot(*slot);
        }
        !slots.is_empty()
    }

    /// Exchanges two databases; false if both are empty. Takes the same time however large they
    /// are, for only their numbers change: what a snapshot still needs stays where it is.
    ///
    /// # Panics
    /// If a database's number is out of bounds.
    pub fn swap_dbs(&mut self, first: u32, second: u32) -> bool {
        let highest = first.max(second);
        assert!(highest < DATABASES_MAX, "K5: database {highest}");
        if first == second || (self.db(first).is_none() && self.db(second).is_none()) {
            return false;
        }
        self.slots.swap(first, second);
        self.journal.push(Inverse::Swap { first, second });
        true
    }

    fn write(&mut self, db: u32, key: &[u8], new: Option<Entry>) -> bool {
        let (db, position) = (self.slots.slot(db), self.position(key));
        let found = || self.dbs.get(&db)?.index.find(position, key);
        if new.is_none() && found().is_none() {
            return false;
        }
        let key = Key::from(key);
        let old = self.put(db, position, &key, new);
        let existed = old.is_some();
        self.journal.push(Inverse::Entry { db, key, old });
        existed
    }

    /// Puts an entry, or none; the one way by which a single key changes.
    fn put(&mut self, db: u32, position: u64, key: &Key, new: Option<Entry>) -> Option<Entry> {
        assert!(db < DATABASES_MAX, "K5: database {db} is out of bounds");
        if let Some(snapshot) = &mut self.snapshot {
            let target = self.dbs.get(&db);
            let found = target.and_then(|db| db.index.find(position, key));
            snapshot.before_write(db, position, key, found);
        }
        let empty = || Arc::new(Db::new(self.seed));
        let target = Arc::make_mut(self.dbs.entry(db).or_insert_with(empty));
        let old = target.put(position, key, new);
        if target.index.len() == 0 {
            self.dbs.remove(&db);
        }
        old
    }

    /// Replaces a database; the one way by which a whole one changes.
    fn swap(&mut self, db: u32, new: Option<Arc<Db>>) -> Option<Arc<Db>> {
        let old = self.dbs.get(&db);
        if old.is_none() && new.is_none() {
            return None;
        }
        if let Some(snapshot) = &mut self.snapshot {
            let empty = || Arc::new(Db::new(self.seed));
            let old = old.cloned().unwrap_or_else(empty);
            snapshot.before_swap(db, old, new.as_ref());
        }
        match new {
            Some(new) => self.dbs.insert(db, new),
            None => self.dbs.remove(&db),
        }
    }
}

/// Taking back and freeing.
impl Keyspace {
    /// Closes the journal: what takes back all writes since the last call.
    pub fn take_undo(&mut self) -> Undo {
        Undo {
            inverses: core::mem::take(&mut self.journal),
        }
    }

    /// Takes a commit back. Commits are taken back newest first.
    ///
    /// # Panics
    /// If the journal is open: its writes are newer.
    pub fn roll_back(&mut self, undo: Undo) {
        assert!(self.journal.is_empty(), "K9: a newer commit is open");
        for inverse in undo.inverses.into_iter().rev() {
            match inverse {
                Inverse::Entry { db, key, old } => {
                    let position = self.position(&key);
                    if let Some(entry) = self.put(db, position, &key, old) {
                        self.garbage.entry(entry);
                    }
                }
                Inverse::Swap { first, second } => self.slots.swap(first, second),
                Inverse::Db { db, old } => {
                    if let Some(db) = self.swap(db, Some(old)) {
                        self.garbage.db(db);
                    }
                }
            }
        }
    }

    /// Lets go of what takes a commit back: it stands.
    pub fn retire(&mut self, undo: Undo) {
        self.garbage.undo(undo);
    }

    /// Lets go of an entry that a snapshot gave out; a large one is freed in steps.
    pub fn discard(&mut self, entry: Entry) {
        self.garbage.entry(entry);
    }

    /// Frees at most so many values, chunks or pages; true if more is left.
    pub fn collect(&mut self, steps: usize) -> bool {
        self.garbage.collect(steps)
    }
}

/// Snapshots.
impl Keyspace {
    /// Begins a snapshot of this moment.
    ///
    /// # Panics
    /// If one is being taken.
    pub fn begin_snapshot(&mut self) {
        assert!(self.snapshot.is_none(), "K6: one snapshot at a time");
        self.snapshot = Some(Snapshot::new(self.slots.clone()));
    }

    /// The next items, about `budget` bytes of them and at least one; there may be none before the
    /// end, where the index is nearly empty. Go on until [`snapshot_done`](Self::snapshot_done).
    #[must_use]
    pub fn snapshot_step(&mut self, budget: usize) -> Vec<SnapshotItem> {
        let Some(mut snapshot) = self.snapshot.take() else {
            return Vec::new();
        };
        let items = snapshot.step(&self.dbs, &mut self.garbage, budget);
        if snapshot.is_done() {
            snapshot.retire(&mut self.garbage);
        } else {
            self.snapshot = Some(snapshot);
        }
        items
    }

    /// Whether no snapshot is being taken: all was given out, or it was cancelled.
    #[must_use]
    pub fn snapshot_done(&self) -> bool {
        self.snapshot.is_none()
    }

    /// Gives a snapshot up, if one is being taken.
    pub fn cancel_snapshot(&mut self) {
        if let Some(snapshot) = self.snapshot.take() {
            snapshot.retire(&mut self.garbage);
        }
    }
}

impl Keyspace {
    /// Checks every invariant; the work grows with the keyspace.
    ///
    /// # Panics
    /// Where one is broken, with its number.
    pub fn check_invariants(&self) {
        for (number, db) in &self.dbs {
            assert!(*number < DATABASES_MAX, "K5: database {number}");
            assert!(db.index.len() > 0, "K5: database {number} is empty");
            db.check_invariants();
            let slots = db.index.iter();
            slots.for_each(|slot| slot.entry.value().check_invariants());
        }
        if let Some(snapshot) = &self.snapshot {
            snapshot.check_invariants(&self.dbs);
        }
    }
}

/// By what future behaviour depends on: content, open journal and snapshot; not by the order in
/// which keys came, and not by garbage.
impl Hash for Keyspace {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.seed.hash(state);
        self.dbs.hash(state);
        self.slots.hash(state);
        self.journal.hash(state);
        self.snapshot.hash(state);
    }
}
