//! Simulators made blind to one thing each: with every one of them fewer bugs must be caught.

use std::sync::Arc;

use super::hunt::{STATES_MAX, in_parallel};
use super::{Caught, Sabotage, hunt_within};
use crate::campaign::replay;
use crate::disk::Profile;
use crate::setup::{Blindness, Setup};
use crate::world::World;

/// How many times the states in which a bug is caught with open eyes a blind simulator looks at,
/// before it counts as missing it.
const PATIENCE: u64 = 4;
/// And this many besides.
const STATES_MIN: u64 = 2_000;

/// What a simulator that is blind to one thing still catches.
#[derive(Clone, Debug)]
pub struct Blinded {
    /// What it is blind to.
    pub name: &'static str,
    /// The bugs that it misses, of those that are caught with open eyes, by number.
    pub missed: Vec<u32>,
    /// How many it catches.
    pub caught: usize,
}

/// Looks for these bugs, each within its bounds on `posix-weak`: with open eyes, and then, as far
/// as it is caught, with every blindness in turn.
#[must_use]
pub fn blinded(
    bugs: &[&'static Sabotage],
    threads: usize,
    told: &(dyn Fn(u32) + Sync),
) -> Vec<Blinded> {
    let seen = in_parallel(bugs, threads, &|bug| {
        told(bug.id);
        let profile = Profile::posix_weak();
        let open = hunt_within(bug, &profile, Blindness::None, STATES_MAX)?;
        Some(Blindness::ALL.map(|(blindness, _)| is_seen(bug, &open, blindness)))
    });
    let caught = || {
        let both = bugs.iter().zip(&seen);
        both.filter_map(|(bug, seen)| seen.map(|seen| (bug, seen)))
    };
    let of = |(at, (_, name)): (usize, &(Blindness, &'static str))| {
        let missed = caught().filter(|(_, seen)| !seen[at]);
        let missed: Vec<u32> = missed.map(|(bug, _)| bug.id).collect();
        Blinded {
            name,
            caught: caught().count() - missed.len(),
            missed,
        }
    };
    Blindness::ALL.iter().enumerate().map(of).collect()
}

/// Whether a bug that is caught with open eyes still is: in the same run, or in another.
fn is_seen(bug: &Sabotage, open: &Caught, blindness: Blindness) -> bool {
    let setup = Setup {
        blindness,
        ..open.failure.setup.clone()
    };
    let same = replay(World::new(&Arc::new(setup)), &open.failure.steps);
    let states_max = STATES_MIN + PATIENCE * open.states;
    let again = || hunt_within(bug, &Profile::posix_weak(), blindness, states_max);
    same.ended.is_err() || again().is_some()
}
