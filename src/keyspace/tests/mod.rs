//! The keyspace against a map that is simple enough to be right.

mod model;
mod packed;
mod snapshot;
mod text;

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::hash::{BuildHasher, BuildHasherDefault, Hasher};

use super::{Entry, EntryRef, Key, Keyspace, ScanCursor, Set, Value};
use crate::limits::VALUE_CHUNK_LEN;
use crate::units::WallMillis;

/// FNV-1a: enough to tell states apart in a test.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

pub(in crate::keyspace) fn hash_of(value: &impl core::hash::Hash) -> u64 {
    BuildHasherDefault::<Fnv>::default().hash_one(value)
}

fn key(number: usize) -> String {
    format!("key:{number}")
}

fn filled(count: usize) -> Keyspace {
    let mut keyspace = Keyspace::new(7);
    for number in 0..count {
        keyspace.insert(0, key(number).as_bytes(), Entry::string("v"));
    }
    let undo = keyspace.take_undo();
    keyspace.retire(undo);
    keyspace.collect(usize::MAX);
    keyspace
}

fn scan_all(keyspace: &Keyspace, count: usize, mut between: impl FnMut(usize)) -> Vec<Key> {
    let (mut keys, mut cursor, mut step) = (Vec::new(), ScanCursor(0), 0);
    loop {
        let (found, next) = keyspace.scan(0, cursor, count);
        keys.extend(found.into_iter().map(|(key, _)| Key::from(key)));
        between(step);
        step += 1;
        cursor = next;
        if cursor == ScanCursor(0) {
            return keys;
        }
    }
}

#[test]
fn a_scan_gives_every_key_once() {
    for size in [0, 1, 31, 33, 1_000, 5_000] {
        let keyspace = filled(size);
        keyspace.check_invariants();
        for count in [1, 10, 10_000] {
            let keys = scan_all(&keyspace, count, |_| {});
            assert_eq!(keys.len(), size);
            assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), size);
        }
    }
}

#[test]
fn a_scan_gives_what_stays_once_while_the_index_grows_and_shrinks() {
    for grow in [true, false] {
        let mut keyspace = filled(2_000);
        let (mut keys, mut cursor, mut step) = (Vec::new(), ScanCursor(0), 2_000);
        loop {
            let (found, next) = keyspace.scan(0, cursor, 20);
            keys.extend(found.into_iter().map(|(key, _)| Key::from(key)));
            cursor = next;
            if cursor == ScanCursor(0) {
                break;
            }
            for _ in 0..100 {
                if grow {
                    keyspace.insert(0, key(step).as_bytes(), Entry::string("v"));
                    step += 1;
                } else if step > 100 {
                    step -= 1;
                    keyspace.remove(0, key(step).as_bytes());
                }
            }
        }
        let seen: BTreeSet<&Key> = keys.iter().collect();
        assert_eq!(seen.len(), keys.len(), "nothing twice");
        for number in 0..100 {
            assert!(seen.contains(&Key::from(key(number).as_bytes())));
        }
    }
}

#[test]
fn a_scan_of_a_sparse_index_works_in_bounded_steps() {
    let mut keyspace = filled(20_000);
    for number in 40..20_000 {
        keyspace.remove(0, key(number).as_bytes());
    }
    keyspace.check_invariants();
    let mut steps = 0;
    let keys = scan_all(&keyspace, 10, |_| steps += 1);
    assert_eq!(keys.len(), 40);
    assert!(steps < 20, "{steps} steps");
}

#[test]
fn the_order_does_not_depend_on_history() {
    let mut forth = Keyspace::new(1);
    let mut back = Keyspace::new(1);
    for number in 0..500 {
        forth.insert(0, key(number).as_bytes(), Entry::string("v"));
        back.insert(0, key(2_000 - number).as_bytes(), Entry::string("w"));
    }
    for number in (0..500).rev() {
        back.insert(0, key(number).as_bytes(), Entry::string("v"));
    }
    for number in 500..=2_000 {
        back.remove(0, key(number).as_bytes());
    }
    let _ = (forth.take_undo(), back.take_undo());
    assert!(forth.same_content(&back));
    assert!(forth.iter(0).eq(back.iter(0)));
    assert_eq!(hash_of(&forth), hash_of(&back));
    back.insert(0, b"key:0", Entry::string("x"));
    let _ = back.take_undo();
    assert!(!forth.same_content(&back));
    assert_ne!(hash_of(&forth), hash_of(&back));
}

#[test]
fn clones_share_until_one_is_written() {
    let mut keyspace = filled(100);
    let before = keyspace.clone();
    keyspace.insert(0, b"key:1", Entry::string("new"));
    assert_eq!(
        before.get(0, b"key:1"),
        Some(EntryRef::from(&Entry::string("v")))
    );
    assert_eq!(
        keyspace.get(0, b"key:1"),
        Some(EntryRef::from(&Entry::string("new")))
    );
}

#[test]
fn expired_keys_come_by_time_and_never_more_than_asked_for() {
    let mut keyspace = Keyspace::new(0);
    for number in 0..100_u64 {
        let mut entry = Entry::string("v");
        entry.expiry = Some(WallMillis(1_000 - number));
        let key = key(usize::try_from(number).expect("small"));
        keyspace.insert(number as u32 % 2, key.as_bytes(), entry);
    }
    assert_eq!(keyspace.next_expiry(), Some(WallMillis(901)));
    assert!(
        keyspace.expired(WallMillis(901), 10).is_empty(),
        "still there"
    );
    assert_eq!(keyspace.expired(WallMillis(902), 10).len(), 1);
    assert_eq!(keyspace.expired(WallMillis(2_000), 10).len(), 10);
    keyspace.update(1, b"key:99", |entry| entry.expiry = None);
    assert_eq!(keyspace.next_expiry(), Some(WallMillis(902)));
    keyspace.flush_db(0);
    assert_eq!(keyspace.next_expiry(), Some(WallMillis(903)));
    let undo = keyspace.take_undo();
    keyspace.roll_back(undo);
    assert!(keyspace.is_empty());
    assert_eq!(keyspace.next_expiry(), None);
    keyspace.check_invariants();
}

/// Counts the steps of `collect(1)` until nothing is left.
fn steps_to_collect(keyspace: &mut Keyspace) -> usize {
    let mut steps = 1;
    while keyspace.collect(1) {
        steps += 1;
    }
    steps
}

#[test]
fn a_flushed_database_is_freed_in_steps() {
    let mut keyspace = filled(1_000);
    keyspace.flush_all();
    let undo = keyspace.take_undo();
    keyspace.retire(undo);
    let steps = steps_to_collect(&mut keyspace);
    // Short strings lie in pages, one to a segment.
    assert!((32..100).contains(&steps), "{steps} steps");
}

#[test]
fn a_large_value_is_freed_in_steps() {
    let mut keyspace = Keyspace::new(0);
    let value = Vec::from_iter(core::iter::repeat_n(b'x', 300 * VALUE_CHUNK_LEN));
    keyspace.insert(0, b"large", Entry::string(value));
    keyspace.remove(0, b"large");
    let undo = keyspace.take_undo();
    keyspace.retire(undo);
    let steps = steps_to_collect(&mut keyspace);
    assert!((300..320).contains(&steps), "{steps} steps");
}

#[test]
fn a_flush_that_is_kept_and_undone_has_one_holder_again() {
    let mut keyspace = filled(1_000);
    keyspace.begin_snapshot();
    keyspace.flush_all();
    let undo = keyspace.take_undo();
    keyspace.roll_back(undo);
    // Would copy the database if the snapshot still held it.
    keyspace.check_invariants();
    keyspace.insert(0, b"key:1", Entry::string("new"));
    let mut items = Vec::new();
    while !keyspace.snapshot_done() {
        items.extend(keyspace.snapshot_step(1_000));
    }
    assert_eq!(items.len(), 1_000);
    assert!(items.iter().all(|item| item.entry == Entry::string("v")));
}

fn large_set(members: u32) -> Entry {
    let mut set = Set::default();
    for number in 0..members {
        set.insert(&number.to_be_bytes());
    }
    let (value, expiry) = (Value::Set(set), None);
    Entry { value, expiry }
}

#[test]
fn a_write_to_a_large_set_leaves_one_path_to_be_freed() {
    let mut keyspace = Keyspace::new(0);
    keyspace.insert(0, b"large", large_set(20_000));
    let undo = keyspace.take_undo();
    keyspace.retire(undo);
    keyspace.collect(usize::MAX);
    for number in 0..100_u32 {
        keyspace.update(0, b"large", |entry| match &mut entry.value {
            Value::Set(set) => assert!(set.insert(&number.to_le_bytes()) || number == 0),
            _ => panic!("a set"),
        });
        let undo = keyspace.take_undo();
        keyspace.retire(undo);
        let steps = steps_to_collect(&mut keyspace);
        assert!(steps <= 10, "{steps} steps");
    }
    keyspace.check_invariants();
}

#[test]
fn a_large_set_is_freed_in_steps() {
    let mut keyspace = Keyspace::new(0);
    keyspace.insert(0, b"large", large_set(20_000));
    keyspace.remove(0, b"large");
    let undo = keyspace.take_undo();
    keyspace.retire(undo);
    let steps = steps_to_collect(&mut keyspace);
    assert!((600..2_000).contains(&steps), "{steps} steps");
}

#[test]
fn a_snapshot_keeps_the_numbers_that_databases_had() {
    let mut keyspace = filled(100);
    keyspace.insert(5, b"five", Entry::string("v"));
    keyspace.begin_snapshot();
    keyspace.swap_dbs(0, 5);
    keyspace.insert(0, b"new", Entry::string("v"));
    keyspace.remove(5, b"key:1");
    keyspace.flush_db(5);
    let mut items = Vec::new();
    while !keyspace.snapshot_done() {
        items.extend(keyspace.snapshot_step(1_000));
    }
    let of_db = |db| items.iter().filter(|item| item.db == db).count();
    assert_eq!((of_db(0), of_db(5), items.len()), (100, 1, 101));
    assert_eq!(keyspace.databases().collect::<Vec<_>>(), [0]);
    assert_eq!(keyspace.len(0), 2);
}
