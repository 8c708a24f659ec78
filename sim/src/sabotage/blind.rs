//! Simulators made blind to one thing each: with every one of them fewer bugs must be caught.

use super::hunt::in_parallel;
use super::{Sabotage, hunt_within};
use crate::disk::Profile;
use crate::setup::Blindness;

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

/// Looks for these bugs, each within its bounds on `posix-weak`, with every blindness in turn.
///
/// `bugs` are those that are caught with open eyes.
#[must_use]
pub fn blinded(
    bugs: &[&'static Sabotage],
    threads: usize,
    told: &(dyn Fn(&'static str, u32) + Sync),
) -> Vec<Blinded> {
    let profile = Profile::posix_weak();
    let hunts: Vec<(usize, &'static Sabotage)> = (0..Blindness::ALL.len())
        .flat_map(|at| bugs.iter().map(move |bug| (at, *bug)))
        .collect();
    let seen = in_parallel(&hunts, threads, &|(at, bug)| {
        let (blindness, name) = Blindness::ALL[*at];
        told(name, bug.id);
        hunt_within(bug, &profile, blindness).is_some()
    });
    let of = |at: usize, name: &'static str| {
        let here = hunts.iter().zip(&seen).filter(|((of, _), _)| *of == at);
        let missed = here.filter(|(_, seen)| !**seen);
        let missed: Vec<u32> = missed.map(|((_, bug), _)| bug.id).collect();
        Blinded {
            name,
            caught: bugs.len() - missed.len(),
            missed,
        }
    };
    let names = Blindness::ALL.iter().enumerate();
    names.map(|(at, (_, name))| of(at, name)).collect()
}
