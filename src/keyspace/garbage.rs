//! What is to be freed, in bounded steps.

use alloc::boxed::Box;
use alloc::collections::{BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::db::Db;
use super::snapshot::{SnapshotItem, Touched};
use super::text::{Chunk, Group};
use super::undo::{Inverse, Undo};
use super::{Entry, Value};

/// Inverses that are freed on the spot if nothing large is among them.
const AT_ONCE: usize = 4;

#[derive(Clone, Debug)]
enum Item {
    Inverses(Vec<Inverse>),
    Snapshot(VecDeque<SnapshotItem>),
    Touched(BTreeSet<Touched>),
    Db(Box<Db>),
    String {
        groups: Vec<Group>,
        chunks: Vec<Chunk>,
    },
}

/// A stack of things to be freed; each step frees one value, chunk or slot.
#[derive(Clone, Debug, Default)]
pub(super) struct Garbage {
    items: Vec<Item>,
}

impl Garbage {
    pub fn undo(&mut self, undo: Undo) {
        let small = |inverse: &Inverse| match inverse {
            Inverse::Entry { old, .. } => !old.as_ref().is_some_and(is_large),
            Inverse::Db { .. } => false,
        };
        let at_once = undo.inverses.len() <= AT_ONCE && undo.inverses.iter().all(small);
        if !at_once {
            self.items.push(Item::Inverses(undo.inverses));
        }
    }

    pub fn entry(&mut self, entry: Entry) {
        let Value::String(string) = entry.value;
        if let Some(groups) = string.into_groups() {
            let chunks = Vec::new();
            self.items.push(Item::String { groups, chunks });
        }
    }

    pub fn db(&mut self, db: Arc<Db>) {
        // Whoever lets go last frees it.
        if let Some(db) = Arc::into_inner(db) {
            self.items.push(Item::Db(Box::new(db)));
        }
    }

    pub fn snapshot(&mut self, queue: VecDeque<SnapshotItem>, touched: BTreeSet<Touched>) {
        if !queue.is_empty() {
            self.items.push(Item::Snapshot(queue));
        }
        if !touched.is_empty() {
            self.items.push(Item::Touched(touched));
        }
    }

    /// Frees at most so many; true if more is left.
    pub fn collect(&mut self, steps: usize) -> bool {
        for _ in 0..steps {
            let Some(item) = self.items.pop() else {
                return false;
            };
            self.step(item);
        }
        !self.items.is_empty()
    }

    fn step(&mut self, mut item: Item) {
        match &mut item {
            Item::Inverses(inverses) => match inverses.pop() {
                None => return,
                Some(inverse) => {
                    self.items.push(item);
                    return self.inverse(inverse);
                }
            },
            Item::Snapshot(queue) => match queue.pop_front() {
                None => return,
                Some(snapshot) => {
                    self.items.push(item);
                    return self.entry(snapshot.entry);
                }
            },
            Item::Touched(touched) => {
                if touched.pop_first().is_none() {
                    return;
                }
            }
            Item::Db(db) => match db.dismantle() {
                None => return,
                Some(slot) => {
                    self.items.push(item);
                    return slot.into_iter().for_each(|slot| self.entry(slot.entry));
                }
            },
            Item::String { groups, chunks } => {
                if chunks.pop().is_none() {
                    match groups.pop() {
                        None => return,
                        Some(group) => *chunks = Arc::into_inner(group).unwrap_or_default(),
                    }
                }
            }
        }
        self.items.push(item);
    }

    fn inverse(&mut self, inverse: Inverse) {
        match inverse {
            Inverse::Entry { old: Some(old), .. } => self.entry(old),
            Inverse::Entry { old: None, .. } => {}
            Inverse::Db { old, .. } => self.db(old),
        }
    }
}

fn is_large(entry: &Entry) -> bool {
    let Value::String(string) = &entry.value;
    string.is_large()
}
