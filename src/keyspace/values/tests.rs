//! Collections against the standard ones, across the border between packed and tree.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::vec::Vec;
use core::hash::Hash;

use proptest::prelude::*;

use super::{Fields, List, Set, ZSet};
use crate::keyspace::tests::hash_of;

fn hashes_agree<T: Hash + Eq + core::fmt::Debug>(one: &T, two: &T) {
    assert_eq!(one, two);
    assert_eq!(hash_of(one), hash_of(two));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn sets_and_hashes_hold_what_a_map_holds(
        writes in prop::collection::vec((any::<bool>(), 0_u16..150, any::<u8>()), 0..600),
    ) {
        let (mut fields, mut set, mut model) = (Fields::default(), Set::default(), BTreeMap::new());
        for (put, name, value) in writes {
            let (name, value) = (format!("name {name}").into_bytes(), Vec::from([value; 9]));
            if put {
                let new = model.insert(name.clone(), value.clone()).is_none();
                prop_assert_eq!(fields.put(&name, &value), new);
                prop_assert_eq!(set.insert(&name), new);
            } else {
                let old = model.remove(&name).is_some();
                prop_assert_eq!(fields.remove(&name), old);
                prop_assert_eq!(set.remove(&name), old);
            }
        }
        fields.check_invariants();
        set.check_invariants();
        let found: BTreeMap<_, _> = fields.iter().map(|(f, v)| (f.to_vec(), v.to_vec())).collect();
        prop_assert_eq!(&found, &model);
        prop_assert_eq!(fields.len(), model.len());
        let found: BTreeSet<_> = set.iter().map(<[u8]>::to_vec).collect();
        prop_assert!(found.iter().eq(model.keys()));
        for (name, value) in &model {
            prop_assert_eq!(fields.get(name), Some(&value[..]));
            prop_assert!(set.contains(name));
        }
        // However they came about, packed or not, equal content is equal.
        let (mut other_fields, mut other_set) = (Fields::default(), Set::default());
        for (name, value) in model.iter().rev() {
            other_fields.put(name, value);
            other_set.insert(name);
        }
        hashes_agree(&fields, &other_fields);
        hashes_agree(&set, &other_set);
    }

    #[test]
    fn sorted_sets_are_sorted(
        writes in prop::collection::vec((any::<bool>(), 0_u16..150, -3_i32..3), 0..600),
    ) {
        let (mut zset, mut model) = (ZSet::default(), BTreeMap::new());
        for (put, name, score) in writes {
            let (name, score) = (format!("name {name}").into_bytes(), f64::from(score));
            if put {
                prop_assert_eq!(zset.put(&name, score), model.insert(name, score));
            } else {
                prop_assert_eq!(zset.remove(&name), model.remove(&name));
            }
        }
        zset.check_invariants();
        let mut sorted: Vec<_> = model.iter().map(|(name, score)| (*score, &name[..])).collect();
        sorted.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
        prop_assert!(zset.iter().eq(sorted.iter().copied()));
        for (rank, (score, name)) in sorted.iter().enumerate() {
            prop_assert_eq!(zset.rank(name), Some(rank));
            prop_assert_eq!(zset.score(name), Some(*score));
        }
        let below = sorted.iter().filter(|(score, _)| *score < 1.0).count();
        prop_assert_eq!(zset.partition(|score, _| score < 1.0), below);
        let mut other = ZSet::default();
        for (name, score) in &model {
            other.put(name, *score);
        }
        hashes_agree(&zset, &other);
    }

    #[test]
    fn lists_are_sequences(
        writes in prop::collection::vec((0_u8..4, any::<usize>()), 0..400),
    ) {
        let (mut list, mut model) = (List::default(), Vec::new());
        for (kind, at) in writes {
            let element = format!("element {at}").into_bytes();
            match kind {
                0 | 1 => {
                    let at = at % (model.len() + 1);
                    list.insert(at, &element);
                    model.insert(at, element);
                }
                2 if !model.is_empty() => {
                    let at = at % model.len();
                    list.set(at, &element);
                    model[at] = element;
                }
                3 if !model.is_empty() => {
                    let at = at % model.len();
                    list.remove(at);
                    model.remove(at);
                }
                _ => {}
            }
        }
        list.check_invariants();
        prop_assert!(list.iter().eq(model.iter()));
        prop_assert!(list.iter().rev().eq(model.iter().rev()));
        let mut other = List::default();
        model.iter().rev().for_each(|element| other.push_front(element));
        hashes_agree(&list, &other);
    }
}

#[test]
fn a_scan_of_a_large_set_gives_what_stays_once() {
    let mut set = Set::default();
    for number in 0..1_000 {
        set.insert(format!("{number}").as_bytes());
    }
    let (mut seen, mut cursor, mut removed) = (BTreeSet::new(), 0, 500);
    loop {
        let (found, next) = set.scan(cursor, 10);
        assert!(found.len() <= 11);
        for member in found.into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>() {
            assert!(seen.insert(member), "twice");
        }
        for _ in 0..5 {
            removed += 1;
            set.remove(format!("{removed}").as_bytes());
        }
        cursor = next;
        if cursor == 0 {
            break;
        }
    }
    assert!((0..=500).all(|number| seen.contains(format!("{number}").as_bytes())));
}

#[test]
fn a_value_takes_no_more_than_its_pointers() {
    assert!(size_of::<crate::keyspace::Value>() <= 24);
}
