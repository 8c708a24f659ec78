//! Random writes against a map; a commit that is rolled back leaves no trace.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::super::{Entry, Keyspace, Set, Value};
use super::hash_of;
use crate::units::WallMillis;

pub(super) type Model = BTreeMap<(u32, Vec<u8>), Entry>;

/// One write.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Insert(u32, u8, Option<u8>),
    Remove(u32, u8),
    Append(u32, u8),
    /// Adds members to a set, or takes them out; so many.
    Members(u32, u8, bool, u8),
    Expire(u32, u8, Option<u8>),
    FlushDb(u32),
    FlushAll,
    Swap(u32, u32),
}

pub(super) fn writes() -> impl Strategy<Value = Write> {
    let place = || (0_u32..3, any::<u8>());
    let expiry = || prop::option::of(any::<u8>());
    prop_oneof![
        40 => (place(), expiry()).prop_map(|((db, key), at)| Write::Insert(db, key, at)),
        20 => place().prop_map(|(db, key)| Write::Remove(db, key)),
        10 => place().prop_map(|(db, key)| Write::Append(db, key)),
        15 => (0_u32..3, 0_u8..16, any::<bool>(), any::<u8>())
            .prop_map(|(db, key, add, count)| Write::Members(db, key, add, count)),
        10 => (place(), expiry()).prop_map(|((db, key), at)| Write::Expire(db, key, at)),
        2 => (0_u32..3).prop_map(Write::FlushDb),
        1 => Just(Write::FlushAll),
        2 => (0_u32..3, 0_u32..3).prop_map(|(one, two)| Write::Swap(one, two)),
    ]
}

fn append(entry: &mut Entry, tail: u8) {
    if let Value::String(string) = &mut entry.value {
        string.append(&[tail]);
    }
}

/// A string becomes an empty set first: the keyspace does not mind.
fn members(entry: &mut Entry, add: bool, count: u8) {
    if entry.value.as_string().is_some() {
        entry.value = Value::Set(Set::default());
    }
    if let Value::Set(set) = &mut entry.value {
        for member in 0..count {
            if add {
                set.insert(&[member, member / 2]);
            } else {
                set.remove(&[member, member / 2]);
            }
        }
    }
}

fn entry(value: usize, expiry: Option<u8>) -> Entry {
    // Some are packed, some are too long.
    let mut entry = Entry::string(value.to_be_bytes().repeat(1 + value % 90));
    entry.expiry = expiry.map(|at| WallMillis(at.into()));
    entry
}

/// Writes to both; `number` makes every value another.
pub(super) fn apply(keyspace: &mut Keyspace, model: &mut Model, write: &Write, number: usize) {
    match *write {
        Write::Insert(db, key, expiry) => {
            let entry = entry(number, expiry);
            let existed = keyspace.insert(db, &[key], entry.clone());
            let old = model.insert((db, [key].to_vec()), entry);
            assert_eq!(existed, old.is_some());
        }
        Write::Remove(db, key) => {
            let existed = keyspace.remove(db, &[key]);
            assert_eq!(existed, model.remove(&(db, [key].to_vec())).is_some());
        }
        Write::Append(db, key) => {
            keyspace.update(db, &[key], |entry| append(entry, key));
            if let Some(entry) = model.get_mut(&(db, [key].to_vec())) {
                append(entry, key);
            }
        }
        Write::Members(db, key, add, count) => {
            keyspace.update(db, &[key], |entry| members(entry, add, count));
            if let Some(entry) = model.get_mut(&(db, [key].to_vec())) {
                members(entry, add, count);
            }
        }
        Write::Expire(db, key, expiry) => {
            let expiry = expiry.map(|at| WallMillis(at.into()));
            keyspace.update(db, &[key], |entry| entry.expiry = expiry);
            if let Some(entry) = model.get_mut(&(db, [key].to_vec())) {
                entry.expiry = expiry;
            }
        }
        Write::FlushDb(db) => {
            keyspace.flush_db(db);
            model.retain(|(number, _), _| *number != db);
        }
        Write::FlushAll => {
            keyspace.flush_all();
            model.clear();
        }
        Write::Swap(one, two) => {
            keyspace.swap_dbs(one, two);
            let all = core::mem::take(model).into_iter();
            model.extend(all.map(|((db, key), entry)| {
                let db = match db {
                    db if db == one => two,
                    db if db == two => one,
                    db => db,
                };
                ((db, key), entry)
            }));
        }
    }
}

pub(super) fn content(keyspace: &Keyspace) -> Model {
    let dbs = keyspace.databases();
    dbs.flat_map(|db| {
        let entries = keyspace.iter(db);
        entries.map(move |(key, entry)| ((db, key.to_vec()), entry.to_entry()))
    })
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn writes_act_as_on_a_map(seed: u64, writes in prop::collection::vec(writes(), 1..400)) {
        let (mut keyspace, mut model) = (Keyspace::new(seed), Model::new());
        for (number, write) in writes.iter().enumerate() {
            apply(&mut keyspace, &mut model, write, number);
        }
        keyspace.check_invariants();
        prop_assert_eq!(content(&keyspace), model.clone());
        let now = WallMillis(100);
        let expired = model.values().filter(|entry| !entry.is_live(now)).count();
        prop_assert_eq!(keyspace.expired(now, usize::MAX).len(), expired);
        let next = model.values().filter_map(|entry| entry.expiry).min();
        prop_assert_eq!(keyspace.next_expiry(), next);
        for ((db, key), entry) in &model {
            prop_assert_eq!(keyspace.get(*db, key), Some(entry.into()));
        }
    }

    #[test]
    fn rolling_back_restores_exactly(
        commits in prop::collection::vec(prop::collection::vec(writes(), 0..30), 1..20),
        kept in 0_usize..20,
    ) {
        let (mut keyspace, mut model) = (Keyspace::new(3), Model::new());
        let mut before = Vec::new();
        for (number, commit) in commits.iter().enumerate() {
            let (hash, content) = (hash_of(&keyspace), model.clone());
            for write in commit {
                apply(&mut keyspace, &mut model, write, number);
            }
            before.push((hash, content, keyspace.take_undo()));
        }
        while before.len() > kept {
            let (hash, content_before, undo) = before.pop().expect("one is left");
            keyspace.roll_back(undo);
            keyspace.check_invariants();
            prop_assert_eq!(content(&keyspace), content_before);
            prop_assert_eq!(hash_of(&keyspace), hash);
        }
        for (_, _, undo) in before {
            keyspace.retire(undo);
        }
        while keyspace.collect(16) {}
        keyspace.check_invariants();
    }
}
