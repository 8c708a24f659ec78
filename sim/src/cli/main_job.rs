//! The main job: small bounds exhaustively, campaigns, saboteurs, and simulators made blind.

use indelible::engine::AppendFsync;

use super::End;
use super::output::{HEADING, Spinner, cells};
use crate::call::Call;
use crate::campaign::{Failure, campaign};
use crate::disk::Profile;
use crate::explore::{Bounds, Counts, Universe, explore};
use crate::report::{Table, minimal};
use crate::sabotage::{Sabotage, chosen, hunt_all};
use crate::setup::{Blindness, Setup, policy_name};

/// Policies and bounds that are exhausted on each profile.
const PROOFS: [(AppendFsync, Bounds); 4] = [
    (
        AppendFsync::Always,
        Bounds {
            ops: 2,
            crashes: 1,
            faults: 0,
        },
    ),
    (
        AppendFsync::EverySec,
        Bounds {
            ops: 2,
            crashes: 1,
            faults: 0,
        },
    ),
    (
        AppendFsync::No,
        Bounds {
            ops: 2,
            crashes: 1,
            faults: 0,
        },
    ),
    (
        AppendFsync::Always,
        Bounds {
            ops: 1,
            crashes: 1,
            faults: 1,
        },
    ),
];
/// Seeds that are run on each profile.
const SEEDS: std::ops::Range<u64> = 0..1_000;

pub(super) fn run(threads: usize) -> End {
    let mut failures = Vec::new();
    let mut table = Table::new(&HEADING);
    let proven = exhaust(threads, &mut table, &mut failures);
    random(threads, &mut table, &mut failures);
    for failure in &failures {
        anstream::println!("{}", minimal(failure));
    }
    anstream::println!("{table}");
    let seen = saboteurs(threads);
    match (failures.is_empty(), proven && seen) {
        (false, _) => End::Problem,
        (true, false) => End::Unfinished,
        (true, true) => End::Well,
    }
}

/// The profiles on which a store can keep its promises.
fn honest() -> impl Iterator<Item = Profile> {
    Profile::presets()
        .into_iter()
        .filter(|profile| !profile.weak_oracle)
}

fn exhaust(threads: usize, table: &mut Table, failures: &mut Vec<Failure>) -> bool {
    let mut finished = true;
    for profile in honest() {
        for (policy, bounds) in PROOFS {
            let Bounds {
                ops,
                crashes,
                faults,
            } = bounds;
            let name = format!(
                "{} {} {ops}/{crashes}/{faults}",
                profile.name,
                policy_name(policy)
            );
            let setup = Setup::new(profile.clone(), policy);
            let alphabet = Call::ALPHABET.to_vec();
            let universe = Universe {
                setup,
                bounds,
                alphabet,
                states_max: u64::MAX,
            };
            let spinner = Spinner::new(&name);
            let outcome = explore(&universe, threads, &|counts| spinner.show(counts));
            spinner.end();
            finished &= outcome.finished || outcome.failure.is_some();
            failures.extend(outcome.failure);
            table.row(cells(&format!("all     {name}"), outcome.counts));
        }
    }
    finished
}

fn random(threads: usize, table: &mut Table, failures: &mut Vec<Failure>) {
    for profile in Profile::presets() {
        let spinner = Spinner::new(profile.name);
        let script = std::sync::Arc::default();
        let ran = campaign(SEEDS, &profile, &script, &|_| {}, threads, &|counts| {
            spinner.show(counts)
        });
        spinner.end();
        let counts = Counts {
            states: ran.counts.steps,
            ..ran.counts
        };
        table.row(cells(&format!("random  {}", profile.name), counts));
        failures.extend(ran.failures.into_iter().map(|(_, failure)| failure).take(2));
    }
}

fn saboteurs(threads: usize) -> bool {
    let bugs = chosen(None);
    let all = caught(&bugs, Blindness::None, "saboteurs", threads);
    let count = all.iter().filter(|caught| **caught).count();
    anstream::println!("saboteurs caught: {count} of {}", bugs.len());
    for (bug, caught) in bugs.iter().zip(&all) {
        if !caught {
            anstream::println!("  NOT CAUGHT {} {}", bug.id, bug.name);
        }
    }
    let mut noticed = true;
    for (blindness, name) in Blindness::ALL {
        let fewer = caught(&bugs, blindness, name, threads);
        let fewer = fewer.iter().filter(|caught| **caught).count();
        noticed &= fewer < count;
        anstream::println!("  blind: {name}: {fewer} of {}", bugs.len());
    }
    count == bugs.len() && noticed
}

fn caught(
    bugs: &[&'static Sabotage],
    blindness: Blindness,
    name: &str,
    threads: usize,
) -> Vec<bool> {
    let spinner = Spinner::new(name);
    let found = hunt_all(bugs, blindness, threads, &|bug, _| {
        spinner.say(bug.id.to_string())
    });
    spinner.end();
    found.iter().map(Option::is_some).collect()
}
