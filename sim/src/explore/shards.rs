//! Sets and maps by hash that several threads share.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::doors::Spent;
use crate::digest::BuildHashed;

const SHARDS: usize = 64;

/// A set of hashes.
#[derive(Debug)]
pub(super) struct Seen {
    shards: Vec<Mutex<HashSet<u128, BuildHashed>>>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }
}

impl Seen {
    /// Whether the hash was not there before.
    pub fn insert(&self, hash: u128) -> bool {
        locked(&self.shards[shard(hash)]).insert(hash)
    }
}

/// A way to a future.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub spent: Spent,
    /// How many bytes an opening will write again, where that counts.
    pub again: Option<usize>,
}

/// The ways to each of a set of futures: only those that spent no more of everything than this one
/// make it needless, and write as much again where that counts.
#[derive(Debug, Default)]
pub(super) struct Futures {
    ways: Mutex<HashMap<u128, Vec<Way>, BuildHashed>>,
}

impl Futures {
    /// Whether no way that is as good led there before.
    pub fn is_new(&self, future: u128, way: Way) -> bool {
        let mut ways = locked(&self.ways);
        let ways = ways.entry(future).or_default();
        let is_as_good = |known: &Way| {
            covers(known.spent, way.spent) && (way.again.is_none() || way.again == known.again)
        };
        let is_new = !ways.iter().any(is_as_good);
        if is_new {
            ways.push(way);
        }
        is_new
    }
}

/// Whether one way spent no more of anything than another.
pub(super) fn covers(one: Spent, other: Spent) -> bool {
    one.0 <= other.0 && one.1 <= other.1 && one.2 <= other.2
}

/// A map from hashes to what was worked out for them.
#[derive(Debug)]
pub(super) struct Memo<T> {
    shards: Vec<Mutex<HashMap<u128, Arc<T>, BuildHashed>>>,
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }
}

impl<T> Memo<T> {
    pub fn get(&self, hash: u128) -> Option<Arc<T>> {
        locked(&self.shards[shard(hash)]).get(&hash).cloned()
    }

    /// Keeps a value unless another thread was faster; what is kept, and whether it was this.
    pub fn insert(&self, hash: u128, value: Arc<T>) -> (Arc<T>, bool) {
        let mut first = false;
        let mut shard = locked(&self.shards[shard(hash)]);
        let kept = shard.entry(hash).or_insert_with(|| {
            first = true;
            value
        });
        (Arc::clone(kept), first)
    }
}

fn shard(hash: u128) -> usize {
    (hash >> 64) as usize % SHARDS
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
