//! The kill matrix: every seeded bug on every profile on which a store can keep its promises.

use std::sync::Arc;
use std::time::Instant;

use super::hunt::{STATES_MAX, in_parallel};
use super::{Sabotage, hunt_by_seeds, hunt_within, reasons};
use crate::campaign::{Failure, replay};
use crate::disk::Profile;
use crate::report::{Case, minimal};
use crate::setup::{Blindness, Setup};
use crate::world::{Step, World};

/// States that the search visits at most where a bug takes other bounds than its own.
const WIDER_STATES_MAX: u64 = 3 * STATES_MAX;

/// One bug on one profile.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The bug.
    pub bug: &'static Sabotage,
    /// The profile.
    pub profile: Profile,
    /// What came of it.
    pub end: End,
}

/// What came of a pair.
#[derive(Clone, Debug)]
pub enum End {
    /// A promise was broken.
    Caught {
        /// The smallest run that was found.
        case: Box<Case>,
        /// Whether within the bounds of the exhaustive search, or by seeds.
        within_bounds: bool,
        /// Until it was caught, without shrinking.
        seconds: f64,
    },
    /// Nothing was broken.
    Missed {
        /// How long it was looked for.
        seconds: f64,
    },
    /// It cannot matter there, and why.
    CannotMatter(&'static str),
}

/// The columns: the profiles on which every promise holds.
#[must_use]
pub fn profiles() -> Vec<Profile> {
    let honest = |profile: &Profile| !profile.weak_oracle;
    Profile::presets().into_iter().filter(honest).collect()
}

/// Looks for each of these bugs on each of these profiles, first within its bounds, then by this
/// many seeds; row by row.
#[must_use]
pub fn matrix(
    bugs: &[&'static Sabotage],
    profiles: &[Profile],
    seeds: u64,
    threads: usize,
    told: &(dyn Fn(&Pair) + Sync),
) -> Vec<Pair> {
    let pairs: Vec<(&'static Sabotage, &Profile)> = bugs
        .iter()
        .flat_map(|bug| profiles.iter().map(|profile| (*bug, profile)))
        .collect();
    in_parallel(&pairs, threads, &|(bug, profile)| {
        let pair = pair(bug, profile, seeds);
        told(&pair);
        pair
    })
}

fn pair(bug: &'static Sabotage, profile: &Profile, seeds: u64) -> Pair {
    let end = match reasons::cannot_matter(bug.id, profile) {
        Some(why) => ruled_out(bug, profile, why),
        None => looked_for(bug, profile, seeds),
    };
    Pair {
        bug,
        profile: profile.clone(),
        end,
    }
}

/// An argument is no proof: what it rules out is looked for within the bounds.
fn ruled_out(bug: &Sabotage, profile: &Profile, why: &'static str) -> End {
    let began = Instant::now();
    let found = hunt_within(bug, profile, Blindness::None, WIDER_STATES_MAX);
    let found = found.filter(|caught| repeats(&caught.failure.setup, &caught.failure.steps));
    match found {
        Some(caught) => End::Caught {
            case: Box::new(shown(&caught.failure)),
            within_bounds: true,
            seconds: began.elapsed().as_secs_f64(),
        },
        None => End::CannotMatter(why),
    }
}

fn looked_for(bug: &Sabotage, profile: &Profile, seeds: u64) -> End {
    let began = Instant::now();
    let states_max = match reasons::is_wider(bug.id, profile) {
        true => WIDER_STATES_MAX,
        false => STATES_MAX,
    };
    let within = hunt_within(bug, profile, Blindness::None, states_max);
    let within = within.filter(|caught| repeats(&caught.failure.setup, &caught.failure.steps));
    let caught = within.or_else(|| hunt_by_seeds(bug, profile, seeds));
    let seconds = began.elapsed().as_secs_f64();
    let shown = caught.map(|caught| (shown(&caught.failure), caught.within_bounds));
    match shown {
        Some((case, within_bounds)) => End::Caught {
            case: Box::new(case),
            within_bounds,
            seconds,
        },
        None => End::Missed { seconds },
    }
}

/// The smallest run that was found, or the whole one if the smallest does not repeat.
fn shown(failure: &Failure) -> Case {
    let case = minimal(failure);
    match repeats(&case.setup, &case.steps) {
        true => case,
        false => Case {
            steps: failure.steps.clone(),
            violation: failure.violation.clone(),
            ..case
        },
    }
}

/// Whether a run breaks a promise when its steps are taken one by one: what cannot be repeated does
/// not count.
fn repeats(setup: &Setup, steps: &[Step]) -> bool {
    let setup = Arc::new(setup.clone());
    replay(World::new(&setup), steps).ended.is_err()
}
