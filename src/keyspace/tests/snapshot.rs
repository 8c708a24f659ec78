//! A snapshot is the state of one moment, each key exactly once, whatever is written meanwhile.

use alloc::format;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::super::{Entry, Keyspace, SnapshotItem};
use super::model::{Model, Write, apply, content, writes};
use super::{filled, key};

/// What happens to a keyspace of which a snapshot is taken.
#[derive(Clone, Debug)]
enum Action {
    Commit(Vec<Write>),
    /// Rolls back so many commits, newest first, those before the snapshot included.
    RollBack(usize),
    /// Lets the oldest commit stand.
    Retire,
    Step(usize),
    Collect,
}

fn actions() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => prop::collection::vec(writes(), 1..8).prop_map(Action::Commit),
        2 => (1_usize..4).prop_map(Action::RollBack),
        1 => Just(Action::Retire),
        6 => (1_usize..600).prop_map(Action::Step),
        1 => Just(Action::Collect),
    ]
}

struct World {
    keyspace: Keyspace,
    /// Undos of the commits that may still be rolled back, and the states before them.
    commits: Vec<(super::super::Undo, Model)>,
    model: Model,
    number: usize,
    items: Vec<SnapshotItem>,
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            keyspace: Keyspace::new(seed),
            commits: Vec::new(),
            model: Model::new(),
            number: 0,
            items: Vec::new(),
        }
    }

    fn act(&mut self, action: &Action) {
        match action {
            Action::Commit(writes) => {
                let before = self.model.clone();
                for write in writes {
                    self.number += 1;
                    apply(&mut self.keyspace, &mut self.model, write, self.number);
                }
                self.commits.push((self.keyspace.take_undo(), before));
            }
            Action::RollBack(count) => {
                for _ in 0..*count {
                    let Some((undo, before)) = self.commits.pop() else {
                        return;
                    };
                    self.keyspace.roll_back(undo);
                    self.model = before;
                }
            }
            Action::Retire => {
                if !self.commits.is_empty() {
                    let (undo, _) = self.commits.remove(0);
                    self.keyspace.retire(undo);
                }
            }
            Action::Step(budget) => self.items.extend(self.keyspace.snapshot_step(*budget)),
            Action::Collect => {
                self.keyspace.collect(8);
            }
        }
        self.keyspace.check_invariants();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_snapshot_is_the_state_at_its_beginning(
        seed: u64,
        full: bool,
        before in prop::collection::vec(actions(), 0..30),
        meanwhile in prop::collection::vec(actions(), 0..60),
    ) {
        let mut world = World::new(seed);
        if full {
            let fill = (0..=255).map(|key| Write::Insert(1, key, None)).collect();
            world.act(&Action::Commit(fill));
        }
        before.iter().for_each(|action| world.act(action));
        world.items.clear();
        world.keyspace.begin_snapshot();
        let expected = world.model.clone();
        meanwhile.iter().for_each(|action| world.act(action));
        while !world.keyspace.snapshot_done() {
            world.act(&Action::Step(100));
        }
        let count = world.items.len();
        let items = world.items.drain(..);
        let found: Model = items.map(|item| ((item.db, item.key.to_vec()), item.entry)).collect();
        prop_assert_eq!(found.len(), count, "no key twice");
        prop_assert_eq!(found, expected);
        prop_assert_eq!(content(&world.keyspace), world.model);
    }
}

#[test]
fn a_step_gives_out_about_its_budget() {
    let mut keyspace = filled(5_000);
    keyspace.begin_snapshot();
    let (mut steps, mut count) = (0, 0);
    while !keyspace.snapshot_done() {
        let items = keyspace.snapshot_step(400);
        assert!(items.len() <= 12, "{} items", items.len());
        count += items.len();
        steps += 1;
    }
    assert_eq!(count, 5_000);
    assert!(steps >= 400, "{steps} steps");
}

#[test]
fn a_key_behind_the_cursor_costs_a_writer_nothing() {
    let mut keyspace = filled(1_000);
    keyspace.begin_snapshot();
    let passed = keyspace.snapshot_step(10_000);
    for item in &passed {
        keyspace.insert(item.db, &item.key, Entry::string("new"));
    }
    let mut count = passed.len();
    while !keyspace.snapshot_done() {
        count += keyspace.snapshot_step(10_000).len();
    }
    assert_eq!(count, 1_000);
}

#[test]
fn the_index_may_grow_under_the_cursor() {
    let mut keyspace = filled(500);
    keyspace.begin_snapshot();
    let (mut count, mut new) = (0, 0);
    while !keyspace.snapshot_done() {
        for item in keyspace.snapshot_step(200) {
            assert!(!item.key.starts_with(b"new"), "it was not there");
            count += 1;
        }
        for _ in 0..100 {
            new += 1;
            let key = format!("new:{new}");
            keyspace.insert(0, key.as_bytes(), Entry::string("v"));
        }
    }
    assert_eq!(count, 500);
}

#[test]
fn a_cancelled_snapshot_leaves_nothing_behind() {
    let mut keyspace = filled(500);
    keyspace.begin_snapshot();
    for number in 0..100 {
        keyspace.remove(0, key(number).as_bytes());
    }
    keyspace.flush_all();
    keyspace.cancel_snapshot();
    assert!(keyspace.snapshot_done());
    let undo = keyspace.take_undo();
    keyspace.roll_back(undo);
    while keyspace.collect(100) {}
    keyspace.check_invariants();
    keyspace.begin_snapshot();
    assert_eq!(keyspace.snapshot_step(usize::MAX).len(), 500);
}
