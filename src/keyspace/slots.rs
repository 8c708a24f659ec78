//! Where the databases are: a number is that of a slot, until databases are swapped.

use alloc::collections::BTreeMap;

/// A permutation of numbers; only those that moved are kept.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Slots {
    slots: BTreeMap<u32, u32>,
    numbers: BTreeMap<u32, u32>,
}

impl Slots {
    /// The slot of a database.
    pub fn slot(&self, number: u32) -> u32 {
        self.slots.get(&number).copied().unwrap_or(number)
    }

    /// The number of the database in a slot.
    pub fn number(&self, slot: u32) -> u32 {
        self.numbers.get(&slot).copied().unwrap_or(slot)
    }

    /// Exchanges the slots of two databases.
    pub fn swap(&mut self, first: u32, second: u32) {
        let (one, two) = (self.slot(first), self.slot(second));
        self.put(first, two);
        self.put(second, one);
    }

    fn put(&mut self, number: u32, slot: u32) {
        if number == slot {
            self.slots.remove(&number);
            self.numbers.remove(&slot);
        } else {
            self.slots.insert(number, slot);
            self.numbers.insert(slot, number);
        }
    }
}
