//! Short strings share pages: what is special where many lie in one segment.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::super::entry::EntryRef;
use super::super::hash::Span;
use super::super::segment::Segment;
use super::{hash_of, key, scan_all};
use crate::keyspace::{Entry, Key, Keyspace};
use crate::limits::ENTRY_PACKED_LEN_MAX;
use crate::units::WallMillis;

const SEED: u64 = 7;

/// Keys whose positions begin with so many zero bits.
fn near(bits: u32, count: usize) -> Vec<Key> {
    let span = Span {
        seed: SEED,
        bits: 0,
    };
    let keys = (0..).map(|number| Key::from(key(number).as_bytes()));
    let keys = keys.filter(|key| span.position(key).leading_zeros() >= bits);
    keys.take(count).collect()
}

fn long(byte: u8) -> Entry {
    Entry::string([byte; 480].to_vec())
}

fn let_go(keyspace: &mut Keyspace) {
    let undo = keyspace.take_undo();
    keyspace.retire(undo);
    while keyspace.collect(100) {}
}

#[test]
fn keys_of_one_tag_are_told_apart() {
    let span = Span {
        seed: SEED,
        bits: 0,
    };
    let (keys, mut segment) = (near(16, 12), Segment::default());
    for key in &keys {
        let entry = Entry::string(&key[..]);
        let old = segment.insert(span, span.position(key), key, entry);
        assert_eq!(old, None);
    }
    segment.check_invariants(span);
    for (number, key) in keys.iter().enumerate() {
        let position = span.position(key);
        let found = segment.find(span, position, key);
        assert_eq!(found, Some(EntryRef::from(&Entry::string(&key[..]))));
        let behind = segment.from(span, position).count();
        let later = keys.iter().filter(|key| span.position(key) >= position);
        assert_eq!(behind, later.count());
        if number % 2 == 0 {
            continue;
        }
        assert!(segment.remove(span, position, key).is_some());
        assert!(segment.find(span, position, key).is_none());
        assert!(segment.insert(span, position, key, long(b'x')).is_none());
        segment.check_invariants(span);
    }
}

#[test]
fn what_a_full_page_has_no_room_for_lies_apart() {
    // 192 KB in one segment, of which a page holds a third.
    let keys = near(10, 400);
    let (mut forth, mut back) = (Keyspace::new(SEED), Keyspace::new(SEED));
    for (first, last) in keys.iter().zip(keys.iter().rev()) {
        forth.insert(0, first, long(b'v'));
        back.insert(0, last, long(b'v'));
    }
    for keyspace in [&mut forth, &mut back] {
        let_go(keyspace);
        keyspace.check_invariants();
        assert_eq!(keyspace.len(0), keys.len());
        let seen: BTreeSet<Key> = scan_all(keyspace, 10, |_| {}).into_iter().collect();
        assert_eq!(seen, keys.iter().cloned().collect());
    }
    // Other keys came first into the page; nobody can tell.
    assert!(forth.same_content(&back) && forth.iter(0).eq(back.iter(0)));
    assert_eq!(hash_of(&forth), hash_of(&back));
    for key in &keys {
        assert!(forth.insert(0, key, Entry::string("short")));
        assert_eq!(
            forth.get(0, key),
            Some(EntryRef::from(&Entry::string("short")))
        );
    }
    forth.check_invariants();
    for key in &keys {
        assert!(forth.remove(0, key));
    }
    assert!(forth.is_empty());
    let undo = forth.take_undo();
    forth.roll_back(undo);
    forth.check_invariants();
    assert!(forth.same_content(&back));
}

#[test]
fn segments_that_fill_more_than_a_page_are_joined() {
    let (keys, mut keyspace) = (near(8, 160), Keyspace::new(SEED));
    for number in 0..20_000 {
        keyspace.insert(0, key(number).as_bytes(), Entry::string("v"));
    }
    for key in &keys {
        keyspace.insert(0, key, long(b'v'));
    }
    let_go(&mut keyspace);
    keyspace.check_invariants();
    let kept: BTreeSet<Key> = keys.iter().cloned().collect();
    for number in 0..20_000 {
        let key = key(number);
        if !kept.contains(key.as_bytes()) {
            assert!(keyspace.remove(0, key.as_bytes()));
        }
    }
    keyspace.check_invariants();
    assert_eq!(keyspace.len(0), 160);
    assert!(keyspace.iter(0).all(|(_, entry)| entry == long(b'v')));
}

#[test]
fn a_string_moves_when_its_length_passes_the_bound() {
    let mut keyspace = Keyspace::new(SEED);
    for number in 0..40 {
        keyspace.insert(0, key(number).as_bytes(), Entry::string("v"));
    }
    let expiry = Some(WallMillis(5));
    for len in (0..2 * ENTRY_PACKED_LEN_MAX).chain((0..2 * ENTRY_PACKED_LEN_MAX).rev()) {
        let mut entry = Entry::string(Vec::from_iter(core::iter::repeat_n(b'x', len)));
        entry.expiry = expiry.filter(|_| len % 3 == 0);
        keyspace.insert(0, b"it", entry.clone());
        assert_eq!(keyspace.get(0, b"it"), Some(EntryRef::from(&entry)));
        assert_eq!(keyspace.next_expiry(), entry.expiry);
        assert_eq!(keyspace.len(0), 41);
    }
    keyspace.check_invariants();
}

#[test]
fn where_bytes_lie_makes_no_difference() {
    for bytes in [&b""[..], b"v", &[7; 300]] {
        for expiry in [None, Some(WallMillis(3))] {
            let (packed, mut entry) = (EntryRef::of_bytes(bytes, expiry), Entry::string(bytes));
            entry.expiry = expiry;
            let apart = EntryRef::from(&entry);
            assert_eq!(packed, apart);
            assert_eq!(hash_of(&packed), hash_of(&apart));
            assert_eq!(packed.to_entry(), entry);
            assert_eq!(packed.len_bytes(), apart.len_bytes());
            assert_eq!(packed.type_name(), apart.type_name());
        }
    }
    assert_ne!(
        EntryRef::of_bytes(b"a", None),
        EntryRef::of_bytes(b"b", None)
    );
    let later = EntryRef::of_bytes(b"a", Some(WallMillis(1)));
    assert_ne!(EntryRef::of_bytes(b"a", None), later);
}
