//! One walk over the keys: by type and database, expiries, the largest, prefixes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use indelible::command::BasePieces;
use indelible::keyspace::{EntryRef, Keyspace, Value};
use indelible::units::WallMillis;

use crate::failure::Failure;
use crate::progress::Bar;
use crate::select::Selection;

use super::prefixes::{Limit, Tree};
use super::report::{Database, DatabaseCount, Expiries, Key, Keys, Name, TypeCount};

/// Prefixes that a report lists at most.
const PREFIXES_MAX: Limit = Limit {
    all: 400,
    below_one: 32,
};
/// About how many bytes of a value are held a second time while they are measured.
const PIECE_LEN: usize = 1 << 20;
/// Keys between two looks at the progress bar.
const BAR_STEP: u64 = 1 << 10;

/// What the keys amount to.
pub struct Walked {
    pub keys: Keys,
    pub largest_keys: Vec<Key>,
    pub largest_collections: Vec<Key>,
    pub prefixes: Vec<Database>,
    /// What all keys take in a base, those that are not selected as well.
    pub live_len: u64,
}

/// Measures every key; `now` decides which expiries have passed.
pub fn walk(
    keyspace: &Keyspace,
    selection: &Selection,
    (top, depth): (usize, usize),
    now: WallMillis,
) -> Result<Walked, Failure> {
    let mut tree = Tree::new(depth);
    for db in keyspace.databases() {
        for (key, entry) in keyspace.iter(db) {
            if selection.admits(db, key, entry) {
                tree.shape(db, key, rough_len(key, entry));
            }
        }
    }
    tree.begin_counts();
    let mut bar = Bar::counting("measuring");
    let (mut done, mut live_len) = (0, 0);
    let (mut largest, mut longest) = (Top::new(top), Top::new(top));
    let (mut counts, mut expiries) = (BTreeMap::new(), Expiries::default());
    let mut measure = Measure::default();
    for db in keyspace.databases() {
        for (key, entry) in keyspace.iter(db) {
            done += 1;
            if done % BAR_STEP == 0 {
                bar.set(done, keyspace.total_len() as u64);
            }
            let len = measure.len(key, entry);
            live_len += len;
            if !selection.admits(db, key, entry) {
                continue;
            }
            let items = items(entry)?;
            tree.count(db, key, len);
            largest.offer(len, db, key);
            if entry.as_collection().is_some() {
                longest.offer(items, db, key);
            }
            note_expiry(&mut expiries, entry, now);
            let database: &mut Counts = counts.entry(db).or_default();
            database.add(entry, items, len);
        }
    }
    let mut describe = |top: Top<'_>| {
        let found = top.finish();
        let described = found.map(|(db, key)| describe(keyspace, db, key, &mut measure));
        described.collect::<Result<Vec<_>, _>>()
    };
    Ok(Walked {
        largest_keys: describe(largest)?,
        largest_collections: describe(longest)?,
        prefixes: tree.finish(PREFIXES_MAX),
        keys: keys(counts, expiries, !selection.takes_all_keys()),
        live_len,
    })
}

/// A measure that takes no time, for the shape of the tree.
fn rough_len(key: &[u8], entry: EntryRef<'_>) -> u64 {
    (key.len() + entry.len_bytes()) as u64
}

/// Elements, fields or members; one for a string.
fn items(entry: EntryRef<'_>) -> Result<u64, Failure> {
    let items = match entry.as_collection() {
        None => 1,
        Some(Value::List(value)) => value.len(),
        Some(Value::Hash(value)) => value.len(),
        Some(Value::Set(value)) => value.len(),
        Some(Value::ZSet(value)) => value.len(),
        Some(other) => {
            return Err(Failure::Type {
                name: other.type_name(),
            });
        }
    };
    Ok(items as u64)
}

/// Bytes in a base, as the encoder of bases writes them.
#[derive(Default)]
struct Measure {
    bytes: Vec<u8>,
}

impl Measure {
    fn len(&mut self, key: &[u8], entry: EntryRef<'_>) -> u64 {
        let entry = entry.to_entry();
        let (mut pieces, mut len) = (BasePieces::default(), 0);
        loop {
            self.bytes.clear();
            let done = pieces.write(&mut self.bytes, key, &entry, PIECE_LEN);
            len += self.bytes.len() as u64;
            if done {
                return len;
            }
        }
    }
}

fn note_expiry(expiries: &mut Expiries, entry: EntryRef<'_>, now: WallMillis) {
    let Some(at) = entry.expiry else {
        return;
    };
    expiries.count += 1;
    expiries.due += u64::from(at <= now);
    let soonest = expiries.soonest.map_or(at.0, |it| it.min(at.0));
    expiries.soonest = Some(soonest);
    expiries.latest = expiries.latest.max(Some(at.0));
}

/// Counts of one database.
#[derive(Default)]
struct Counts {
    expiring: u64,
    /// By the types' names.
    types: BTreeMap<&'static str, TypeCount>,
}

impl Counts {
    fn add(&mut self, entry: EntryRef<'_>, items: u64, len: u64) {
        let kind = entry.type_name();
        let count = self.types.entry(kind).or_default();
        count.kind = kind;
        count.keys += 1;
        count.items += items;
        count.len += len;
        self.expiring += u64::from(entry.expiry.is_some());
    }
}

fn keys(counts: BTreeMap<u32, Counts>, expiries: Expiries, selected: bool) -> Keys {
    let mut keys = Keys {
        expiries,
        selected,
        ..Keys::default()
    };
    let mut types: BTreeMap<&str, TypeCount> = BTreeMap::new();
    for (db, counts) in counts {
        for (kind, count) in &counts.types {
            let sum = types.entry(kind).or_default();
            sum.kind = kind;
            sum.keys += count.keys;
            sum.items += count.items;
            sum.len += count.len;
        }
        let types = by_len(counts.types);
        let database = DatabaseCount {
            db,
            keys: types.iter().map(|it| it.keys).sum(),
            expiring: counts.expiring,
            len: types.iter().map(|it| it.len).sum(),
            types,
        };
        keys.count += database.keys;
        keys.len += database.len;
        keys.databases.push(database);
    }
    keys.types = by_len(types);
    keys
}

fn by_len(types: BTreeMap<&'static str, TypeCount>) -> Vec<TypeCount> {
    let mut types: Vec<_> = types.into_values().collect();
    types.sort_by_key(|it| Reverse(it.len));
    types
}

fn describe(
    keyspace: &Keyspace,
    db: u32,
    key: &[u8],
    measure: &mut Measure,
) -> Result<Key, Failure> {
    let entry = keyspace
        .get(db, key)
        .expect("what was walked over is there");
    Ok(Key {
        db,
        name: Name(key.to_vec()),
        kind: entry.type_name(),
        items: items(entry)?,
        len: measure.len(key, entry),
        pexpireat: entry.expiry.map(|at| at.0),
    })
}

/// The largest of many, those of equal size in the order of their keys.
struct Top<'a> {
    limit: usize,
    heap: BinaryHeap<Reverse<Place<'a>>>,
}

type Place<'a> = (u64, Reverse<u32>, Reverse<&'a [u8]>);

impl<'a> Top<'a> {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            heap: BinaryHeap::new(),
        }
    }

    fn offer(&mut self, size: u64, db: u32, key: &'a [u8]) {
        self.heap.push(Reverse((size, Reverse(db), Reverse(key))));
        if self.heap.len() > self.limit {
            self.heap.pop();
        }
    }

    /// Databases and keys, largest first.
    fn finish(self) -> impl Iterator<Item = (u32, &'a [u8])> {
        let sorted = self.heap.into_sorted_vec().into_iter();
        sorted.map(|Reverse((_, Reverse(db), Reverse(key)))| (db, key))
    }
}
