//! The simulator's own promises: it exhausts, it repeats itself, it sees, and it knows when it is
//! blind.

use std::sync::Arc;

use indelible::engine::AppendFsync;
use indelible_sim::call::Call;
use indelible_sim::campaign::{campaign, replay, run_seed};
use indelible_sim::disk::Profile;
use indelible_sim::explore::{Bounds, Outcome, Universe, explore};
use indelible_sim::oracle::Obligation;
use indelible_sim::report::{Case, minimal};
use indelible_sim::sabotage::{COPY_GIVES_ZEROS, find, hunt};
use indelible_sim::setup::{Blindness, Setup};
use indelible_sim::world::{World, to_text};

fn explored(setup: Setup, ops: u32, threads: usize) -> Outcome {
    let bounds = Bounds::new(ops, 1, 0);
    let alphabet = Call::ALPHABET.to_vec();
    let universe = Universe {
        setup,
        bounds,
        alphabet,
        start: Vec::new(),
        states_max: u64::MAX,
    };
    explore(&universe, threads, &|_| {})
}

#[test]
fn small_bounds_are_exhausted_and_nothing_is_found() {
    for policy in [AppendFsync::Always, AppendFsync::EverySec, AppendFsync::No] {
        let outcome = explored(Setup::new(Profile::posix_weak(), policy), 1, 2);
        assert!(
            outcome.finished && outcome.failure.is_none(),
            "{policy:?}: {:?}",
            outcome.failure
        );
        assert!(
            outcome.counts.images > 500,
            "{policy:?}: {:?}",
            outcome.counts
        );
    }
}

#[test]
fn a_copy_that_succeeds_and_gives_zeros_never_becomes_the_log() {
    let mut setup = Setup::new(Profile::posix_weak(), AppendFsync::Always);
    setup.saboteur = COPY_GIVES_ZEROS;
    let universe = Universe {
        setup,
        bounds: Bounds::new(2, 1, 0),
        alphabet: Vec::new(),
        start: vec![Call::Rewrite, Call::New],
        states_max: u64::MAX,
    };
    let outcome = explore(&universe, 2, &|_| {});
    assert!(outcome.finished, "{:?}", outcome.failure);
    // Without the check of what was copied it does.
    let unchecked = hunt(find(703).expect("a seeded bug"), Blindness::None);
    let broken = unchecked.expect("it is caught").failure.violation;
    assert_eq!(broken.obligation, Obligation::Prefix, "{broken}");
}

#[test]
fn counts_do_not_depend_on_the_number_of_threads() {
    let setup = Setup::new(Profile::posix_weak(), AppendFsync::Always);
    let one = explored(setup.clone(), 1, 1).counts;
    assert_eq!(one, explored(setup, 1, 3).counts);
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let script = Arc::default();
    for seed in 0..10 {
        let run = || {
            let ran = run_seed(seed, &Profile::posix_weak(), &script, &|setup| {
                setup.traced = true
            });
            let ran = ran
                .map_err(|failure| failure.violation)
                .expect("nothing is broken");
            (to_text(&ran.steps), ran.trace)
        };
        assert_eq!(run(), run(), "seed {seed}");
    }
}

#[test]
fn campaigns_find_nothing_on_any_profile() {
    for profile in Profile::presets() {
        let ran = campaign(0..60, &profile, &Arc::default(), &|_| {}, 2, &|_| {});
        let first = ran.failures.first();
        assert!(
            first.is_none(),
            "{}: {:?}",
            profile.name,
            first.map(|(seed, _)| seed)
        );
    }
}

#[test]
fn an_acknowledgement_before_the_sync_is_caught_and_its_trace_is_small() {
    let caught = hunt(find(9).expect("listed"), Blindness::None).expect("caught");
    let case = minimal(&caught.failure);
    assert_eq!(case.violation.obligation, Obligation::Prefix);
    assert_eq!(to_text(&case.steps), "o N f 0 c1 o");
    assert!(case.to_string().contains("lost: SET k0=v0"), "{case}");
}

#[test]
fn a_token_replays_what_it_was_made_of() {
    let caught = hunt(find(3).expect("listed"), Blindness::None).expect("caught");
    let case = minimal(&caught.failure);
    let (setup, steps) = Case::from_token(&case.token()).expect("a token");
    let ended = replay(World::new(&Arc::new(setup)), &steps).ended;
    assert_eq!(
        ended.expect_err("broken").obligation,
        case.violation.obligation
    );
}

#[test]
fn a_simulator_that_keeps_the_cache_over_a_power_loss_is_blind_to_a_missing_sync() {
    let caught = hunt(find(9).expect("listed"), Blindness::None)
        .expect("caught")
        .failure;
    let setup = Setup {
        blindness: Blindness::CrashKeepsCache,
        ..caught.setup
    };
    assert!(
        replay(World::new(&Arc::new(setup)), &caught.steps)
            .ended
            .is_ok()
    );
}
