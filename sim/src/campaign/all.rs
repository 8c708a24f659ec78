//! All seeds of a campaign, on several threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::run::{Failure, run_seed};
use super::seeds::Seeds;
use crate::disk::Profile;
use crate::explore::{Counts, Progress};
use crate::setup::{ScriptCommit, Setup};

/// What a campaign came to.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// What was seen by the seeds that found nothing.
    pub counts: Counts,
    /// The seeds that found a broken promise, and what they found.
    pub failures: Vec<(u64, Failure)>,
    /// Canaries that were not caught: with any of these the campaign says nothing.
    pub silent: Vec<u32>,
}

/// Runs every seed; the result does not depend on the number of threads.
pub fn campaign(
    seeds: impl Into<Seeds>,
    profile: &Profile,
    script: &Arc<Vec<ScriptCommit>>,
    adapt: &(dyn Fn(&mut Setup) + Sync),
    threads: usize,
    progress: Progress<'_>,
) -> Campaign {
    let seeds: Seeds = seeds.into();
    let next = AtomicU64::new(0);
    let work = |reports: bool| {
        let mut counts = Counts::default();
        let mut failures = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(seed) = seeds.get(place) else {
                return (counts, failures);
            };
            match run_seed(seed, profile, script, adapt) {
                Ok(ran) => counts += ran.counts,
                Err(failure) => failures.push((seed, *failure)),
            }
            if reports {
                progress(Counts {
                    workloads: place + 1,
                    ..counts
                });
            }
        }
    };
    let parts: Vec<_> = std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..threads.max(1))
            .map(|n| scope.spawn(move || work(n == 0)))
            .collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined
            .map(|part| part.expect("runs catch their panics"))
            .collect()
    });
    let mut counts: Counts = parts.iter().map(|(counts, _)| *counts).sum();
    let mut failures: Vec<_> = parts
        .into_iter()
        .flat_map(|(_, failures)| failures)
        .collect();
    failures.sort_by_key(|(seed, _)| *seed);
    counts.violations = failures.len() as u64;
    Campaign {
        counts,
        failures,
        silent: Vec::new(),
    }
}
