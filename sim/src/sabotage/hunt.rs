//! Looks for a run in which a seeded bug breaks a promise.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::{Sabotage, find, quarantine, rank, reasons, registry};
use crate::campaign::{Failure, campaign};
use crate::disk::Profile;
use crate::explore::{Bounds, Universe, explore};
use crate::setup::{Blindness, Setup};

/// States that the exhaustive search for one bug visits at most.
pub(super) const STATES_MAX: u64 = 400_000;
/// Bugs of the quarantine, which the exhaustive search does not keep.
const QUARANTINE: [u32; 3] = [33, 722, 723];
/// Seeds that are tried behind it.
const SEEDS: u64 = 1_500;

/// How a bug was caught.
#[derive(Clone, Debug)]
pub struct Caught {
    /// What broke.
    pub failure: Failure,
    /// Whether within the bounds of the exhaustive search.
    pub within_bounds: bool,
    /// States that the exhaustive search had visited by then.
    pub states: u64,
}

/// Looks for one seeded bug on `posix-weak`: first exhaustively with the calls that it takes, then
/// by seeds.
#[must_use]
pub fn hunt(sabotage: &Sabotage, blindness: Blindness) -> Option<Caught> {
    let profile = Profile::posix_weak();
    hunt_within(sabotage, &profile, blindness, STATES_MAX)
        .or_else(|| hunt_by_seeds(sabotage, &profile, SEEDS))
}

/// Looks for one seeded bug exhaustively, with the calls that it takes, in so many states at
/// most.
#[must_use]
pub fn hunt_within(
    sabotage: &Sabotage,
    profile: &Profile,
    blindness: Blindness,
    states_max: u64,
) -> Option<Caught> {
    let setup = Setup {
        saboteur: sabotage.id,
        blindness,
        out_max: sabotage.out_max,
        ..Setup::new(profile.clone(), sabotage.policy)
    };
    if QUARANTINE.contains(&sabotage.id) {
        return Some(Caught {
            failure: quarantine::search(&setup)?,
            within_bounds: true,
            states: 0,
        });
    }
    let (ops, crashes, faults) = reasons::bounds(sabotage, profile);
    let universe = Universe {
        setup,
        bounds: Bounds::new(ops, crashes, faults),
        alphabet: sabotage.alphabet.to_vec(),
        start: sabotage.start.to_vec(),
        states_max,
    };
    let outcome = explore(&universe, 1, &|_| {});
    Some(Caught {
        failure: outcome.failure?,
        within_bounds: true,
        states: outcome.counts.states,
    })
}

/// Looks for one seeded bug by random runs.
#[must_use]
pub fn hunt_by_seeds(sabotage: &Sabotage, profile: &Profile, seeds: u64) -> Option<Caught> {
    let adapt = |setup: &mut Setup| {
        setup.saboteur = sabotage.id;
        setup.policy = sabotage.policy;
    };
    let ran = campaign(0..seeds, profile, &Arc::default(), &adapt, 1, &|_| {});
    let failure = ran.failures.into_iter().next()?.1;
    Some(Caught {
        failure,
        within_bounds: false,
        states: 0,
    })
}

/// Looks for all of these bugs, on several threads; the answers, each with its seconds, are in the
/// order of the bugs.
#[must_use]
pub fn hunt_all(
    bugs: &[&'static Sabotage],
    blindness: Blindness,
    threads: usize,
    told: &(dyn Fn(&'static Sabotage, bool) + Sync),
) -> Vec<Option<(Caught, f64)>> {
    in_parallel(bugs, threads, &|bug| {
        let began = Instant::now();
        let caught = hunt(bug, blindness);
        told(bug, caught.is_some());
        caught.map(|caught| (caught, began.elapsed().as_secs_f64()))
    })
}

/// Does something with each item, on several threads; the results are in the order of the items.
pub(super) fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    act: &(dyn Fn(&T) -> R + Sync),
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else {
                return done;
            };
            done.push((at, act(item)));
        }
    };
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .flat_map(|part| part.expect("a hunt catches its panics"))
            .collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// All seeded bugs but those that leave a barrier out, by number; or the one of this number.
#[must_use]
pub fn chosen(only: Option<u32>) -> Vec<&'static Sabotage> {
    if let Some(id) = only {
        return find(id).into_iter().collect();
    }
    let mut bugs: Vec<&Sabotage> = registry::ALL.iter().collect();
    bugs.sort_by_key(|bug| rank(bug.id));
    bugs
}
