//! The main job: small bounds exhaustively, campaigns, saboteurs, and simulators made blind.

use std::sync::Arc;

use indelible::engine::AppendFsync;

use super::End;
use super::output::{HEADING, Spinner, cells};
use super::random::is_blind;
use crate::call::Call;
use crate::campaign::{Failure, replay, watched_campaign};
use crate::disk::Profile;
use crate::explore::{Bounds, Counts, Universe, explore};
use crate::report::{Table, minimal};
use crate::sabotage::{chosen, hunt_all};
use crate::setup::{Blindness, Setup, policy_name};
use crate::world::World;

/// Policies and bounds that are exhausted on each profile.
const PROOFS: [(AppendFsync, Bounds); 4] = [
    (AppendFsync::Always, Bounds::new(2, 1, 0)),
    (AppendFsync::EverySec, Bounds::new(2, 1, 0)),
    (AppendFsync::No, Bounds::new(2, 1, 0)),
    (AppendFsync::Always, Bounds::new(1, 1, 1)),
];
/// The same with collections that are written in pieces, on the tamest profile and the wildest.
const PROOFS_OF_COLLECTIONS: [(AppendFsync, Bounds); 3] = [
    (AppendFsync::Always, Bounds::new(2, 1, 0)),
    (AppendFsync::EverySec, Bounds::new(2, 1, 0)),
    (AppendFsync::No, Bounds::new(3, 1, 0)),
];
/// Seeds that are run on each profile.
const SEEDS: std::ops::Range<u64> = 0..1_000;

/// Seeded bugs that take long to catch: `sabotage` looks for these as well.
const SLOW: [u32; 3] = [38, 40, 49];

pub(super) fn run(threads: usize) -> End {
    let mut failures = Vec::new();
    let mut table = Table::new(&HEADING);
    let proven = exhaust(threads, &mut table, &mut failures);
    let sees = random(threads, &mut table, &mut failures);
    for failure in &failures {
        anstream::println!("{}", minimal(failure));
    }
    anstream::println!("{table}");
    let seen = saboteurs(threads);
    match (failures.is_empty(), proven && seen && sees) {
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
    let mut search = |kind: &str, profile: &Profile, alphabet: &[Call], (policy, bounds)| {
        let Bounds {
            ops,
            crashes,
            faults,
            ..
        } = bounds;
        let name = format!(
            "{} {} {ops}/{crashes}/{faults}",
            profile.name,
            policy_name(policy)
        );
        let universe = Universe {
            setup: Setup::new(profile.clone(), policy),
            bounds,
            alphabet: alphabet.to_vec(),
            start: Vec::new(),
            states_max: u64::MAX,
        };
        let spinner = Spinner::new(&name);
        let outcome = explore(&universe, threads, &|counts| spinner.show(counts));
        spinner.end();
        finished &= outcome.finished || outcome.failure.is_some();
        failures.extend(outcome.failure);
        table.row(cells(&format!("{kind:<8}{name}"), outcome.counts));
    };
    for profile in honest() {
        for proof in PROOFS {
            search("all", &profile, &Call::ALPHABET, proof);
        }
    }
    for profile in [Profile::process_crash(), Profile::posix_weak()] {
        for proof in PROOFS_OF_COLLECTIONS {
            search("collect", &profile, &Call::COLLECTIONS, proof);
        }
    }
    finished
}

fn random(threads: usize, table: &mut Table, failures: &mut Vec<Failure>) -> bool {
    let mut sees = true;
    for profile in Profile::presets() {
        let spinner = Spinner::new(profile.name);
        let script = Arc::default();
        let ran = watched_campaign(SEEDS, &profile, &script, &|_| {}, threads, &|counts| {
            spinner.show(counts)
        });
        spinner.end();
        sees &= !is_blind(&profile, &ran);
        let counts = Counts {
            states: ran.counts.steps,
            ..ran.counts
        };
        table.row(cells(&format!("random  {}", profile.name), counts));
        failures.extend(ran.failures.into_iter().map(|(_, failure)| failure).take(2));
    }
    sees
}

fn saboteurs(threads: usize) -> bool {
    let mut bugs = chosen(None);
    bugs.retain(|bug| !SLOW.contains(&bug.id));
    let spinner = Spinner::new("saboteurs");
    let found = hunt_all(&bugs, Blindness::None, threads, &|bug, _| {
        spinner.say(format!("{} {}", bug.id, bug.name));
    });
    spinner.end();
    let mut table = Table::new(&["", "saboteur", "caught by", "ops/crashes/faults"]);
    for (bug, caught) in bugs.iter().zip(&found) {
        let (ops, crashes, faults) = bug.bounds;
        table.row([
            bug.id.to_string(),
            bug.name.to_owned(),
            caught
                .as_ref()
                .map_or("NOT CAUGHT".to_owned(), |(caught, _)| {
                    caught.failure.violation.obligation.to_string()
                }),
            match caught {
                Some((caught, _)) if caught.within_bounds => format!("{ops}/{crashes}/{faults}"),
                _ => String::from("seeds"),
            },
        ]);
    }
    let failures: Vec<&Failure> = found
        .iter()
        .flatten()
        .map(|(caught, _)| &caught.failure)
        .collect();
    let count = failures.len();
    anstream::println!("{table}saboteurs caught: {count} of {}", bugs.len());
    let mut noticed = true;
    for (blindness, name) in Blindness::ALL {
        let seen = failures
            .iter()
            .filter(|failure| is_seen(failure, blindness))
            .count();
        noticed &= seen < count;
        anstream::println!("  of the same runs under a blind simulator ({name}): {seen}");
    }
    count == bugs.len() && noticed
}

/// Whether the run of a saboteur still breaks a promise where the simulator is blind to something.
fn is_seen(failure: &Failure, blindness: Blindness) -> bool {
    let setup = Setup {
        blindness,
        ..failure.setup.clone()
    };
    replay(World::new(&Arc::new(setup)), &failure.steps)
        .ended
        .is_err()
}
