//! Bytes as the choice stream of a whole simulation.

use std::sync::Arc;

use crate::campaign::run_choices;
use crate::choice::{Bytes, Choices};
use crate::disk::Profile;
use crate::setup::Setup;
use crate::world::to_text;

/// Steps behind the last byte, in which everything is quiet.
const QUIET_STEPS: usize = 16;
/// Steps at most.
const STEPS_MAX: usize = 3_000;

/// Runs the simulation that the bytes choose: the profile of the disk, the plan, and what happens.
///
/// # Panics
/// If the store breaks a promise; the text has the steps, which can be replayed and made small.
#[must_use]
pub fn world(bytes: &[u8]) -> String {
    judged(bytes, 0)
}

/// The same of a store with a seeded bug; 0: none.
pub(super) fn judged(bytes: &[u8], saboteur: u32) -> String {
    let mut choices = Bytes::new(bytes);
    let profiles = Profile::presets();
    let profile = &profiles[choices.choose(profiles.len() as u32) as usize];
    let steps_max = (bytes.len() + QUIET_STEPS).min(STEPS_MAX) as u32;
    let seed = |setup: &mut Setup| setup.saboteur = saboteur;
    match run_choices(choices, profile, &Arc::default(), &seed, steps_max) {
        Ok(ran) => format!(
            "{}: holds after {} steps, {} crashes, {} openings",
            profile.name, ran.counts.steps, ran.counts.images, ran.counts.recoveries
        ),
        Err(failure) => panic!(
            "{}\n{}\n{}",
            failure.violation,
            failure.setup,
            to_text(&failure.steps)
        ),
    }
}
