//! What is to be freed, in bounded steps.

use alloc::boxed::Box;
use alloc::collections::{BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::db::Db;
use super::snapshot::{SnapshotItem, Touched};
use super::text::{Chunk, Group};
use super::tree::Rest;
use super::undo::{Inverse, Undo};
use super::values::record::{Element, Field, Member, ScoreOf, Scored};
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
    List(Rest<Element>),
    Hash(Rest<Field>),
    Set(Rest<Member>),
    Scores(Rest<Scored>),
    Members(Rest<ScoreOf>),
}

/// A stack of things to be freed; each step frees one value, chunk, page or node.
#[derive(Clone, Debug, Default)]
pub(super) struct Garbage {
    items: Vec<Item>,
}

impl Garbage {
    pub fn undo(&mut self, undo: Undo) {
        let small = |inverse: &Inverse| match inverse {
            Inverse::Entry { old, .. } => !old.as_ref().is_some_and(|old| old.value.is_large()),
            Inverse::Db { .. } => false,
            Inverse::Swap { .. } => true,
        };
        let at_once = undo.inverses.len() <= AT_ONCE && undo.inverses.iter().all(small);
        if !at_once {
            self.items.push(Item::Inverses(undo.inverses));
        }
    }

    pub fn entry(&mut self, entry: Entry) {
        match entry.value {
            Value::String(string) => {
                if let Some(groups) = string.into_groups() {
                    let chunks = Vec::new();
                    self.items.push(Item::String { groups, chunks });
                }
            }
            Value::List(list) => self.items.extend(list.into_rest().map(Item::List)),
            Value::Hash(fields) => self.items.extend(fields.into_rest().map(Item::Hash)),
            Value::Set(set) => self.items.extend(set.into_rest().map(Item::Set)),
            Value::ZSet(zset) => {
                let (scores, members) = zset.into_rest();
                self.items.extend(scores.map(Item::Scores));
                self.items.extend(members.map(Item::Members));
            }
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
        let more = match &mut item {
            Item::Inverses(inverses) => match inverses.pop() {
                None => false,
                Some(inverse) => {
                    self.items.push(item);
                    return self.inverse(inverse);
                }
            },
            Item::Snapshot(queue) => match queue.pop_front() {
                None => false,
                Some(snapshot) => {
                    self.items.push(item);
                    return self.entry(snapshot.entry);
                }
            },
            Item::Touched(touched) => touched.pop_first().is_some(),
            Item::Db(db) => match db.dismantle() {
                None => false,
                Some(entry) => {
                    self.items.push(item);
                    return entry.into_iter().for_each(|entry| self.entry(entry));
                }
            },
            Item::String { groups, chunks } => match chunks.pop() {
                Some(_) => true,
                None => match groups.pop() {
                    None => false,
                    Some(group) => {
                        *chunks = Arc::into_inner(group).unwrap_or_default();
                        true
                    }
                },
            },
            Item::List(rest) => rest.dismantle(),
            Item::Hash(rest) => rest.dismantle(),
            Item::Set(rest) => rest.dismantle(),
            Item::Scores(rest) => rest.dismantle(),
            Item::Members(rest) => rest.dismantle(),
        };
        if more {
            self.items.push(item);
        }
    }

    fn inverse(&mut self, inverse: Inverse) {
        match inverse {
            Inverse::Entry { old: Some(old), .. } => self.entry(old),
            Inverse::Entry { old: None, .. } | Inverse::Swap { .. } => {}
            Inverse::Db { old, .. } => self.db(old),
        }
    }
}
