//! The snapshot cursor: the state of one moment, read piece by piece while writes go on.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Bound;

use super::db::Db;
use super::entry::EntryRef;
use super::garbage::Garbage;
use super::slots::Slots;
use super::{Entry, Key};

/// Segments that one step looks at, at most; most may be empty.
const STEP_SEGMENTS: usize = 1_024;
/// Touched keys that one step forgets, at most.
const STEP_FORGOTTEN: usize = 512;
/// What an item costs beyond its bytes.
const ITEM_COST: usize = 32;

/// One key as it was when the snapshot began.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SnapshotItem {
    /// Its database.
    pub db: u32,
    /// The key.
    pub key: Key,
    /// What it held. Give it to [`Keyspace::discard`](super::Keyspace::discard) when done.
    pub entry: Entry,
}

/// A key that was written while the cursor had not passed it: database, position, key.
pub(super) type Touched = (u32, u64, Key);

/// The cursor and what writers left for it: invariants K6 to K8 of the keyspace.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Snapshot {
    /// The numbers of the databases when it began; everything below is by slot.
    slots: Slots,
    /// The cursor: whatever is smaller has been passed.
    db: u32,
    position: u64,
    walked: bool,
    queue: VecDeque<SnapshotItem>,
    touched: BTreeSet<Touched>,
    /// Databases that were flushed, or brought back, before the cursor had passed them.
    kept: BTreeMap<u32, Arc<Db>>,
}

impl Snapshot {
    /// At the beginning.
    pub fn new(slots: Slots) -> Self {
        Self {
            slots,
            ..Self::default()
        }
    }

    /// Whether nothing is left to give out.
    pub fn is_done(&self) -> bool {
        self.walked && self.queue.is_empty()
    }

    /// Called before every write to a key, with what it still holds.
    pub fn before_write(&mut self, db: u32, position: u64, key: &Key, old: Option<EntryRef<'_>>) {
        if self.passed(db, position) || self.kept.contains_key(&db) {
            return;
        }
        let first = self.touched.insert((db, position, Key::clone(key)));
        if let Some(entry) = old.filter(|_| first) {
            self.queue.push_back(SnapshotItem {
                db,
                key: Key::clone(key),
                entry: entry.to_entry(),
            });
        }
    }

    /// Called before a database is replaced whole; `old` may be empty, `new` absent.
    pub fn before_swap(&mut self, db: u32, old: Arc<Db>, new: Option<&Arc<Db>>) {
        if self.walked || db < self.db {
            return;
        }
        match (self.kept.get(&db), new) {
            // What was kept comes back: it must have one holder again, or the next write copies it.
            (Some(kept), Some(new)) if Arc::ptr_eq(kept, new) => {
                self.kept.remove(&db);
            }
            (Some(_), _) => {}
            (None, _) => {
                self.kept.insert(db, old);
            }
        }
    }

    /// Gives out items until they have cost the budget, at least one if any is left.
    pub fn step(
        &mut self,
        live: &BTreeMap<u32, Arc<Db>>,
        garbage: &mut Garbage,
        budget: usize,
    ) -> Vec<SnapshotItem> {
        let mut out = Output::new(budget);
        while !out.is_full() {
            match self.queue.pop_front() {
                Some(item) => out.push(item),
                None => break,
            }
        }
        for _ in 0..STEP_SEGMENTS {
            if self.walked || out.is_full() {
                break;
            }
            self.walk(live, garbage, &mut out);
        }
        self.forget();
        for item in &mut out.items {
            item.db = self.slots.number(item.db);
        }
        out.items
    }

    /// Gives up what is left to be freed.
    pub fn retire(self, garbage: &mut Garbage) {
        garbage.snapshot(self.queue, self.touched);
        for db in self.kept.into_values() {
            garbage.db(db);
        }
    }

    /// Panics where an invariant is broken.
    pub fn check_invariants(&self, live: &BTreeMap<u32, Arc<Db>>) {
        assert!(!self.is_done(), "K6: a snapshot that is done");
        let mut queued = BTreeSet::new();
        for item in &self.queue {
            let first = queued.insert((item.db, &item.key));
            assert!(first, "K7: a key is queued twice");
        }
        for (db, kept) in &self.kept {
            assert!(
                !self.walked && *db >= self.db,
                "K8: kept after it was passed"
            );
            let aliased = live.get(db).is_some_and(|live| Arc::ptr_eq(live, kept));
            assert!(!aliased, "K8: kept and live are one");
        }
    }

    fn passed(&self, db: u32, position: u64) -> bool {
        self.walked || (db, position) < (self.db, self.position)
    }

    /// Goes over what is left of one segment.
    fn walk(&mut self, live: &BTreeMap<u32, Arc<Db>>, garbage: &mut Garbage, out: &mut Output) {
        let Some((db, source)) = self.source(live) else {
            self.walked = true;
            return;
        };
        if db > self.db {
            (self.db, self.position) = (db, 0);
        }
        let (slots, end) = source.index.rest(self.position);
        let mut stopped = None;
        let mut last = None;
        for slot in slots {
            // Slots of one position are given out together: the cursor cannot lie between them.
            if out.is_full() && last != Some(slot.position) {
                stopped = Some(slot.position);
                break;
            }
            last = Some(slot.position);
            let touched = (db, slot.position, Key::from(slot.key));
            if !self.touched.remove(&touched) {
                out.push(SnapshotItem {
                    db,
                    key: touched.2,
                    entry: slot.entry.to_entry(),
                });
            }
        }
        let next = stopped.or(end);
        // Who lets go last frees it all: that must be the garbage, not this function.
        drop(source);
        match next {
            Some(position) => self.position = position,
            None => self.end_db(garbage),
        }
    }

    fn end_db(&mut self, garbage: &mut Garbage) {
        if let Some(kept) = self.kept.remove(&self.db) {
            garbage.db(kept);
        }
        (self.db, self.position) = (self.db + 1, 0);
    }

    /// The first database from the cursor on, as it was kept or as it is.
    fn source<'a>(&'a self, live: &'a BTreeMap<u32, Arc<Db>>) -> Option<(u32, Arc<Db>)> {
        let from = (Bound::Included(self.db), Bound::Unbounded);
        let live = live.range(from).next();
        let kept = self.kept.range(from).next();
        match (live, kept) {
            (Some(live), Some(kept)) if live.0 < kept.0 => Some(live),
            (live, None) => live,
            (_, kept) => kept,
        }
        .map(|(db, source)| (*db, Arc::clone(source)))
    }

    /// Forgets touched keys that the cursor has passed: none will be met again.
    fn forget(&mut self) {
        for _ in 0..STEP_FORGOTTEN {
            match self.touched.first() {
                Some((db, position, _)) if self.passed(*db, *position) => {
                    self.touched.pop_first();
                }
                _ => return,
            }
        }
    }
}

struct Output {
    items: Vec<SnapshotItem>,
    left: usize,
}

impl Output {
    fn new(budget: usize) -> Self {
        Self {
            items: Vec::new(),
            left: budget.max(1),
        }
    }

    fn is_full(&self) -> bool {
        self.left == 0
    }

    fn push(&mut self, item: SnapshotItem) {
        let cost = item.key.len() + item.entry.value.len_bytes() + ITEM_COST;
        self.left = self.left.saturating_sub(cost);
        self.items.push(item);
    }
}
