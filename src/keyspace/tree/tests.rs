//! The tree against a `Vec`, and clones that must not change.

use alloc::vec::Vec;
use core::cell::Cell;

use proptest::prelude::*;

use super::{ITEMS_MAX, Tree};

#[derive(Clone, Debug)]
enum Change {
    Insert(usize),
    Remove(usize),
    Replace(usize),
    Append(u8),
    Keep,
}

fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        8 => any::<usize>().prop_map(Change::Insert),
        8 => any::<usize>().prop_map(Change::Remove),
        3 => any::<usize>().prop_map(Change::Replace),
        1 => any::<u8>().prop_map(Change::Append),
        1 => Just(Change::Keep),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn it_is_a_sequence_and_clones_stay(
        filled in 0_usize..3_000,
        changes in prop::collection::vec(changes(), 0..300),
    ) {
        let mut tree: Tree<usize> = (0..filled).collect();
        let mut model: Vec<usize> = (0..filled).collect();
        let mut kept = Vec::new();
        for (number, change) in changes.iter().enumerate() {
            match *change {
                Change::Insert(at) => {
                    let at = at % (model.len() + 1);
                    tree.insert(at, number);
                    model.insert(at, number);
                }
                Change::Remove(at) if !model.is_empty() => {
                    let at = at % model.len();
                    prop_assert_eq!(tree.remove(at), model.remove(at));
                }
                Change::Replace(at) if !model.is_empty() => {
                    let at = at % model.len();
                    *tree.get_mut(at).expect("it is there") = number;
                    model[at] = number;
                }
                Change::Append(count) => {
                    for item in 0..usize::from(count) {
                        tree.insert(tree.len(), item);
                        model.push(item);
                    }
                }
                Change::Keep => kept.push((tree.clone(), model.clone())),
                _ => {}
            }
            tree.check_invariants();
        }
        kept.push((tree, model));
        for (tree, model) in kept {
            tree.check_invariants();
            prop_assert!(tree.iter().eq(model.iter()));
            prop_assert!(tree.iter().rev().eq(model.iter().rev()));
            let (from, to) = (model.len() / 3, model.len() / 2);
            prop_assert!(tree.range(from..to).eq(&model[from..to]));
            prop_assert_eq!(tree.get(from), model.get(from));
        }
    }

    #[test]
    fn sorted_items_are_found(numbers in prop::collection::btree_set(any::<u16>(), 0..500)) {
        let sorted: Vec<u16> = numbers.iter().copied().collect();
        let mut tree = Tree::default();
        for number in sorted.iter().rev() {
            let at = tree.search(|item: &u16| item.cmp(number)).expect_err("it is new");
            tree.insert(at, *number);
        }
        prop_assert!(tree.iter().eq(sorted.iter()));
        for probe in 0..2_000 {
            prop_assert_eq!(tree.search(|item| item.cmp(&probe)), sorted.binary_search(&probe));
            prop_assert_eq!(tree.find(|item| item.cmp(&probe)).is_some(), numbers.contains(&probe));
        }
    }
}

#[test]
fn everything_can_be_taken_out_from_either_end() {
    let mut tree: Tree<usize> = (0..5_000).collect();
    for low in 0..2_500 {
        assert_eq!(tree.remove(0), low);
        assert_eq!(tree.remove(tree.len() - 1), 4_999 - low);
        tree.check_invariants();
    }
    assert_eq!(tree.len(), 0);
}

#[test]
fn a_change_copies_one_path_only() {
    let mut tree: Tree<usize> = (0..100_000).collect();
    let before = tree.clone();
    tree.insert(50_000, 7);
    let mut rest = before.into_rest();
    let mut nodes = 0;
    while rest.dismantle() {
        nodes += 1;
    }
    assert!(nodes <= 5, "{nodes} nodes were the old state's alone");
    let mut rest = tree.into_rest();
    while rest.dismantle() {
        nodes += 1;
    }
    assert!(nodes > 3_000, "{nodes} nodes are freed one by one");
}

/// An item that counts how often it is copied.
#[derive(Debug)]
struct Counted<'a>(&'a Cell<usize>);

impl Clone for Counted<'_> {
    fn clone(&self) -> Self {
        self.0.set(self.0.get() + 1);
        Self(self.0)
    }
}

/// Items that each of many changes copies while somebody holds the state before it: of those that
/// put another in the place of one the most, of the others the mean.
fn copied(len: usize) -> (usize, usize) {
    const CHANGES: usize = 900;
    let copies = Cell::new(0);
    let mut tree: Tree<Counted<'_>> = (0..len).map(|_| Counted(&copies)).collect();
    let (mut most, mut sum) = (0, 0);
    for number in 0..CHANGES {
        let _before = tree.clone();
        let rank = number * 7_919 % tree.len();
        copies.set(0);
        match number % 3 {
            0 => *tree.get_mut(rank).expect("it is there") = Counted(&copies),
            1 => tree.insert(rank, Counted(&copies)),
            _ => drop(tree.remove(rank)),
        }
        match number % 3 {
            0 => most = most.max(copies.get()),
            _ => sum += copies.get(),
        }
    }
    (most, sum / (CHANGES * 2 / 3))
}

#[test]
fn the_items_that_a_change_copies_do_not_grow_with_the_tree() {
    for len in [1_000, 100_000] {
        let (most, mean) = copied(len);
        assert!((1..=ITEMS_MAX).contains(&most), "{most} of {len} items");
        assert!((1..=2 * ITEMS_MAX).contains(&mean), "{mean} of {len} items");
    }
}
