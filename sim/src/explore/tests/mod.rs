//! What is worked out once for many must be what each would have come to.

mod merging;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use indelible::effect::Lane;
use indelible::engine::AppendFsync;

use super::search::Search;
use super::shards::locked;
use super::work::WHOLE;
use super::{Bounds, Merging, Universe};
use crate::call::Call;
use crate::choice::{Choices, Random};
use crate::disk::Profile;
use crate::setup::Setup;
use crate::world::{Step, UNTORN, World, faults_among, from_text};

fn verdicts(universe: &Universe, merging: Merging) -> (HashSet<u128>, u64) {
    let search = Search::new(universe, merging);
    let outcome = search.run(1, &|_| ());
    assert!(outcome.finished, "{:?}", outcome.failure);
    let verdicts = locked(&search.verdicts).clone();
    (verdicts, outcome.counts.images_distinct)
}

fn compare(policy: AppendFsync, bounds: Bounds, alphabet: &[Call]) {
    compare_on(Profile::posix_weak(), policy, bounds, alphabet);
}

fn compare_on(profile: Profile, policy: AppendFsync, bounds: Bounds, alphabet: &[Call]) {
    let universe = Universe {
        setup: Setup::new(profile, policy),
        bounds,
        alphabet: alphabet.to_vec(),
        start: Vec::new(),
        states_max: u64::MAX,
    };
    let (each, apart) = verdicts(&universe, Merging::Nothing);
    assert!(each.len() > 10, "{} verdicts", each.len());
    let (merged, together) = verdicts(&universe, Merging::Futures);
    assert!(together < apart, "{together} disks, {apart} apart");
    assert!(
        each == merged,
        "{bounds:?}: {} {}",
        each.len(),
        merged.len()
    );
    let (merged, fewer) = verdicts(&universe, Merging::Openings);
    assert!(fewer < together, "{fewer} disks, {together} apart");
    let sizes = (each.len(), merged.len());
    assert!(each == merged, "{bounds:?}, openings: {sizes:?}");
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
    if !cfg!(debug_assertions) {
        let both = Bounds::new(ops, 2, 1);
        compare(AppendFsync::Always, both, &[Call::New]);
        let longer = Bounds::new(3, 1, 0);
        compare(AppendFsync::Always, longer, &[Call::New, Call::Rewrite]);
    }
    for profile in [Profile::process_crash(), Profile::ext4(), Profile::btrfs()] {
        let alphabet = [Call::New, Call::Rewrite];
        compare_on(profile, AppendFsync::Always, crashes, &alphabet);
    }
}

#[test]
fn what_is_opened_once_hides_no_bug_that_needs_a_hole_of_one_length() {
    // A cut that is lost brings in the frame behind a hole that the frame of an opening fills.
    let mut setup = Setup::new(Profile::posix_weak(), AppendFsync::Always);
    setup.saboteur = 38;
    let universe = Universe {
        setup,
        bounds: Bounds::new(2, 2, 0),
        alphabet: vec![Call::New],
        start: Vec::new(),
        states_max: u64::MAX,
    };
    let outcome = Search::new(&universe, Merging::Openings).run(1, &|_| ());
    assert!(outcome.failure.is_some(), "{:?}", outcome.counts);
}

/// What may happen next, but for crashes.
fn successors(world: &World) -> Vec<Step> {
    let mut steps: Vec<Step> = Call::ALPHABET.into_iter().map(Step::Call).collect();
    steps.extend([
        Step::Poll(Lane::Foreground),
        Step::Poll(Lane::Background),
        Step::Wait,
    ]);
    for slot in 0..world.out_count() {
        let faults = world.out_kind(slot).map_or_else(Vec::new, |kind| {
            faults_among(world.vfs.disk().fault_alternatives(kind))
        });
        let faults = faults.into_iter().map(Some);
        steps.extend(
            std::iter::once(None)
                .chain(faults)
                .map(|fault| Step::Complete {
                    slot: slot as u8,
                    fault,
                }),
        );
    }
    steps
}

/// Everything that decides the future, as one number.
fn number(world: &World) -> u128 {
    world.state_hash_with(world.crash_hash())
}

/// The disks that a power loss may leave.
fn left(world: &World) -> BTreeSet<u64> {
    let disk = world.left_by_power();
    disk.images(UNTORN)
        .map(|image| image.content_hash())
        .collect()
}

/// What a step comes to. (Its state may have another number: tickets are numbered on.)
fn after(world: &World, step: &Step) -> Option<BTreeSet<u64>> {
    let mut fork = world.fork();
    let taken = fork.apply(step).expect("no promise is broken");
    taken.then(|| left(&fork))
}

/// A run without crashes, each of its states beside the first one with the same hash.
fn walk(setup: &Arc<Setup>, seed: u64, known: &mut HashMap<u128, World>) -> u32 {
    let mut random = Random::new(seed);
    let mut world = World::new(setup);
    let (mut met, mut faults) = (0, 0);
    world.apply(&WHOLE).expect("no promise is broken");
    for _ in 0..30 {
        let steps = successors(&world);
        let step = &steps[random.choose(steps.len() as u32) as usize];
        let strikes = matches!(step, Step::Complete { fault: Some(_), .. });
        if strikes && (faults > 0 || random.choose(4) > 0) {
            continue;
        }
        faults += u32::from(strikes);
        if !world.apply(step).expect("no promise is broken") {
            continue;
        }
        let Some(twin) = known.get(&number(&world)) else {
            known.insert(number(&world), world.fork());
            continue;
        };
        let ways = (twin.steps(), world.steps());
        if ways.0 == ways.1 {
            continue;
        }
        assert_eq!(left(twin), left(&world), "{}: {ways:?}", setup.profile.name);
        for step in successors(&world) {
            let (one, other) = (after(twin, &step), after(&world, &step));
            assert_eq!(one, other, "{}: {step:?}: {ways:?}", setup.profile.name);
        }
        met += 1;
    }
    met
}

#[test]
fn states_with_the_same_number_have_the_same_future() {
    let seeds = if cfg!(debug_assertions) { 100 } else { 6_000 };
    for profile in Profile::presets() {
        let setup = Arc::new(Setup {
            still: true,
            ..Setup::new(profile, AppendFsync::EverySec)
        });
        let mut known = HashMap::new();
        let met: u32 = (0..seeds).map(|seed| walk(&setup, seed, &mut known)).sum();
        assert!(met > 30, "{met} twins on {}", setup.profile.name);
    }
}

#[test]
fn which_names_a_sync_covers_is_part_of_a_states_number() {
    let setup = Arc::new(Setup::new(Profile::ext4(), AppendFsync::Always));
    let walked = |steps: &str| {
        let mut world = World::new(&setup);
        for step in from_text(steps).expect("steps") {
            assert!(world.apply(&step).expect("no promise is broken"), "{step}");
        }
        world
    };
    // A leftover is unlinked while the log's sync is out, or just before.
    let late = walked("o N f 0 R b 0 G b 0 f b 1");
    let early = walked("o N f 0 R b 0 G b 0 b 0 f");
    let synced = Step::Complete {
        slot: 0,
        fault: None,
    };
    assert_ne!(after(&late, &synced), after(&early, &synced));
    assert_ne!(number(&late), number(&early));
}
