//! One database: its index and its order of expiry.

use alloc::collections::BTreeSet;
use core::hash::{Hash, Hasher};

use super::index::Index;
use super::{Entry, Key};
use crate::units::WallMillis;

#[derive(Clone, Debug)]
pub(super) struct Db {
    pub index: Index,
    /// Every key that expires, in the order of time.
    pub expiries: BTreeSet<(WallMillis, Key)>,
}

impl Db {
    /// An empty database of keys that are hashed with a seed.
    pub fn new(seed: u64) -> Self {
        Self {
            index: Index::new(seed),
            expiries: BTreeSet::new(),
        }
    }

    /// Puts an entry, or none, and returns what was there.
    pub fn put(&mut self, position: u64, key: &Key, new: Option<Entry>) -> Option<Entry> {
        let expiry = new.as_ref().and_then(|entry| entry.expiry);
        let old = match new {
            Some(entry) => self.index.insert(position, key, entry),
            None => self.index.remove(position, key),
        };
        self.move_expiry(key, old.as_ref().and_then(|old| old.expiry), expiry);
        old
    }

    /// Keeps the order of expiry right when a key's expiry changes.
    fn move_expiry(&mut self, key: &Key, old: Option<WallMillis>, new: Option<WallMillis>) {
        if old == new {
            return;
        }
        if let Some(old) = old {
            self.expiries.remove(&(old, Key::clone(key)));
        }
        if let Some(new) = new {
            self.expiries.insert((new, Key::clone(key)));
        }
    }

    /// Takes one thing out, an entry perhaps; none if nothing is left.
    pub fn dismantle(&mut self) -> Option<Option<Entry>> {
        match self.expiries.pop_first() {
            Some(_) => Some(None),
            None => self.index.dismantle(),
        }
    }

    pub fn check_invariants(&self) {
        self.index.check_invariants();
        let expiring = self.index.iter().filter_map(|slot| {
            let expiry = slot.entry.expiry?;
            Some((expiry, Key::from(slot.key)))
        });
        let expiring: BTreeSet<_> = expiring.collect();
        assert!(expiring == self.expiries, "K4: order of expiry");
    }
}

/// By content alone: how the index is split does not matter.
impl Hash for Db {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.index.len());
        for slot in self.index.iter() {
            slot.key.hash(state);
            slot.entry.hash(state);
        }
    }
}
