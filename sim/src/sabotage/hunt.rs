//! Looks for a run in which a seeded bug breaks a promise.

use std::sync::Arc;

use super::{Sabotage, registry};
use crate::campaign::{Failure, campaign};
use crate::disk::Profile;
use crate::explore::{Bounds, Universe, explore};
use crate::setup::{Blindness, Setup};

/// States that the exhaustive search for one bug visits at most.
const STATES_MAX: u64 = 400_000;
/// Seeds that are tried behind it.
const SEEDS: u64 = 1_500;

/// How a bug was caught.
#[derive(Clone, Debug)]
pub struct Caught {
    /// What broke.
    pub failure: Failure,
    /// Whether within the bounds of the exhaustive search.
    pub within_bounds: bool,
}

/// Looks for one seeded bug: first exhaustively with the calls that it takes, then by seeds.
#[must_use]
pub fn hunt(sabotage: &Sabotage, blindness: Blindness) -> Option<Caught> {
    let profile = Profile::posix_weak();
    let setup = Setup {
        saboteur: sabotage.id,
        blindness,
        out_max: sabotage.out_max,
        ..Setup::new(profile.clone(), sabotage.policy)
    };
    let (ops, crashes, faults) = sabotage.bounds;
    let universe = Universe {
        setup,
        bounds: Bounds::new(ops, crashes, faults),
        alphabet: sabotage.alphabet.to_vec(),
        start: sabotage.start.to_vec(),
        states_max: STATES_MAX,
    };
    if let Some(failure) = explore(&universe, 1, &|_| {}).failure {
        return Some(Caught {
            failure,
            within_bounds: true,
        });
    }
    let adapt = |setup: &mut Setup| {
        setup.saboteur = sabotage.id;
        setup.policy = sabotage.policy;
        setup.blindness = blindness;
    };
    let ran = campaign(0..SEEDS, &profile, &Arc::default(), &adapt, 1, &|_| {});
    let failure = ran.failures.into_iter().next()?.1;
    Some(Caught {
        failure,
        within_bounds: false,
    })
}

/// Looks for all of these bugs, on several threads; the answers are in the order of the bugs.
#[must_use]
pub fn hunt_all(
    bugs: &[&'static Sabotage],
    blindness: Blindness,
    threads: usize,
    told: &(dyn Fn(&'static Sabotage, bool) + Sync),
) -> Vec<Option<(Caught, f64)>> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        loop {
            let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some(bug) = bugs.get(at) else {
                return found;
            };
            let began = std::time::Instant::now();
            let caught = hunt(bug, blindness);
            told(bug, caught.is_some());
            found.push((
                at,
                caught.map(|caught| (caught, began.elapsed().as_secs_f64())),
            ));
        }
    };
    let mut found: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .flat_map(|part| part.expect("a hunt catches its panics"))
            .collect()
    });
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, caught)| caught).collect()
}

/// All seeded bugs, or the one of this number.
#[must_use]
pub fn chosen(only: Option<u32>) -> Vec<&'static Sabotage> {
    registry::ALL
        .iter()
        .filter(|bug| only.is_none_or(|only| only == bug.id))
        .collect()
}
