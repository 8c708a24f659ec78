//! Bytes as the choice stream of a whole simulation.

use std::sync::Arc;

use crate::campaign::run_choices;
use crate::choice::{Bytes, Choices};
use crate::disk::Profile;

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
    let mut choices = Bytes::new(bytes);
    let profiles = Profile::presets();
    let profile = &profiles[choices.choose(profiles.len() as u32) as usize];
    let steps_max = (bytes.len() + QUIET_STEPS).min(STEPS_MAX) as u32;
    match run_choices(choices, profile, &Arc::default(), &|_| {}, steps_max) {
        Ok(ran) => format!(
            "{}: holds after {} steps, {} crashes, {} openings",
            profile.name, ran.counts.steps, ran.counts.images, ran.counts.recoveries
        ),
        Err(failure) => panic!(
            "{}\n{}\n{}",
            failure.violation,
            failure.setup,
            crate::world::to_text(&failure.steps)
        ),
    }
}
