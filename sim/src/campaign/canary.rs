//! Seeded bugs now and then: a campaign that no longer catches them sees nothing.

use std::sync::Arc;

use super::all::{Campaign, campaign};
use super::run::run_seed;
use super::seeds::Seeds;
use crate::disk::Profile;
use crate::explore::{Counts, Progress};
use crate::sabotage::find;
use crate::setup::{ScriptCommit, Setup};

/// Seeds between two looks at the canaries.
pub(crate) const EVERY: u64 = 2_000;
/// Runs within which a canary must be caught.
const RUNS_MAX: u64 = 500;

/// The bugs that are seeded on this profile, each of which shows something else: that a crash
/// loses what was not synced, that names come undone, that failures are felt, that commits are
/// atomic.
const fn canaries(profile: &Profile) -> &'static [u32] {
    match (profile.weak_oracle, profile.power_loss) {
        (true, _) => &[41],
        (false, true) => &[3, 9, 21, 41],
        (false, false) => &[21, 41],
    }
}

/// The canaries that nobody catches any more on this profile, in runs that are otherwise as the
/// campaign's; the first is run with the seed `from`.
#[must_use]
pub fn silent(profile: &Profile, adapt: &dyn Fn(&mut Setup), from: u64) -> Vec<u32> {
    let caught = |bug: u32| {
        let sabotage = find(bug).expect("a canary is listed");
        let seeded = |setup: &mut Setup| {
            adapt(setup);
            setup.saboteur = bug;
            setup.policy = sabotage.policy;
        };
        let mut seeds = from..from.saturating_add(RUNS_MAX);
        seeds.any(|seed| run_seed(seed, profile, &Arc::default(), &seeded).is_err())
    };
    let bugs = canaries(profile).iter().copied();
    bugs.filter(|bug| !caught(*bug)).collect()
}

/// Runs every seed as [`campaign`] does, and looks at the canaries before and now and then.
pub fn watched_campaign(
    seeds: impl Into<Seeds>,
    profile: &Profile,
    script: &Arc<Vec<ScriptCommit>>,
    adapt: &(dyn Fn(&mut Setup) + Sync),
    threads: usize,
    progress: Progress<'_>,
) -> Campaign {
    let mut whole = Campaign {
        counts: Counts::default(),
        failures: Vec::new(),
        silent: Vec::new(),
    };
    for part in seeds.into().blocks(EVERY) {
        whole.silent.extend(silent(profile, adapt, part.start()));
        let before = whole.counts;
        let ran = campaign(part, profile, script, adapt, threads, &|counts| {
            progress(before + counts);
        });
        whole.counts += ran.counts;
        whole.failures.extend(ran.failures);
    }
    whole.silent.sort_unstable();
    whole.silent.dedup();
    whole
}
