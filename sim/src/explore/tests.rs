//! What is worked out once for many must be what each would have come to.

use std::collections::HashSet;

use indelible::engine::AppendFsync;

use super::search::Search;
use super::shards::locked;
use super::{Bounds, Universe};
use crate::call::Call;
use crate::disk::Profile;
use crate::setup::Setup;

fn verdicts(universe: &Universe, merges: bool) -> (HashSet<u128>, u64) {
    let search = Search::new(universe, merges);
    let outcome = search.run(1, &|_| ());
    assert!(outcome.finished, "{:?}", outcome.failure);
    let verdicts = locked(&search.verdicts).clone();
    (verdicts, outcome.counts.images_distinct)
}

fn compare(policy: AppendFsync, bounds: Bounds, alphabet: &[Call]) {
    let universe = Universe {
        setup: Setup::new(Profile::posix_weak(), policy),
        bounds,
        alphabet: alphabet.to_vec(),
        start: Vec::new(),
        states_max: u64::MAX,
    };
    let (each, apart) = verdicts(&universe, false);
    let (merged, together) = verdicts(&universe, true);
    assert!(together < apart, "{together} disks, {apart} apart");
    assert!(each.len() > 10, "{} verdicts", each.len());
    assert_eq!(each, merged, "{bounds:?}");
}

#[test]
fn disks_that_are_searched_together_come_to_the_same_verdicts() {
    // A release build has the time for more.
    let ops = if cfg!(debug_assertions) { 1 } else { 2 };
    let crashes = Bounds::new(ops, 2, 0);
    compare(AppendFsync::Always, crashes, &Call::ALPHABET);
    compare(AppendFsync::EverySec, crashes, &[Call::New, Call::Rewrite]);
    let calls = Bounds::new(2, 1, 0);
    compare(AppendFsync::Always, calls, &[Call::New, Call::Rewrite]);
    compare(AppendFsync::No, calls, &[Call::New, Call::Toggle]);
    let faults = Bounds::new(1, 1, 1);
    compare(AppendFsync::Always, faults, &[Call::New, Call::Rewrite]);
}
