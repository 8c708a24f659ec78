//! The page of the kill matrix says what is so: each run on it breaks a promise with its seeded bug
//! and none without it.

use std::path::Path;
use std::sync::Arc;

use indelible_sim::campaign::{replay, silent};
use indelible_sim::disk::Profile;
use indelible_sim::sabotage::{ABSENT, ALL, barriers, find};
use indelible_sim::setup::{Blindness, Setup};
use indelible_sim::world::{World, from_text};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/kill-matrix.md");
    std::fs::read_to_string(path).expect("the page is in the repository")
}

fn ended(setup: &Setup, steps: &str) -> Result<(), indelible_sim::oracle::Violation> {
    let steps = from_text(steps).expect("steps");
    replay(World::new(&Arc::new(setup.clone())), &steps).ended
}

#[test]
fn every_run_on_the_page_needs_its_bug() {
    std::panic::set_hook(Box::new(|_| {}));
    let page = page();
    let (_, runs) = page.split_once("```text\n").expect("the runs");
    let (runs, _) = runs.split_once("```").expect("the end of the runs");
    let mut wrong = Vec::new();
    for run in runs.lines() {
        let (setup, steps) = run.split_once(" | ").expect("a setup and its steps");
        let seeded = Setup::from_text(setup).expect("a setup");
        if ended(&seeded, steps).is_ok() {
            wrong.push(format!("nothing breaks: {run}"));
        }
        let well = Setup {
            saboteur: 0,
            ..seeded
        };
        if let Err(violation) = ended(&well, steps) {
            wrong.push(format!("breaks without the bug: {run}: {violation}"));
        }
    }
    let _ = std::panic::take_hook();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(runs.lines().count(), ALL.len());
}

#[test]
fn the_page_has_a_row_for_each_bug_and_says_of_the_others_why_not() {
    let page = page();
    for bug in ALL {
        let row = format!("| {} | {} |", bug.id, bug.name);
        assert!(page.contains(&row), "no row {row:?}");
    }
    for absent in ABSENT {
        assert!(page.contains(absent.name) && find(absent.id).is_none());
    }
    assert!(!page.contains("| missed"), "a pair was not caught");
}

#[test]
fn what_leaves_a_barrier_out_is_listed() {
    for barrier in barriers().filter(|barrier| barrier.bug > 0) {
        assert!(find(barrier.bug).is_some(), "{barrier:?}");
        assert!(page().contains(barrier.what), "{barrier:?}");
    }
}

#[test]
fn canaries_are_caught_on_every_profile() {
    for profile in Profile::presets() {
        assert!(silent(&profile, &|_| {}, 7).is_empty(), "{}", profile.name);
    }
}

#[test]
fn canaries_notice_a_simulator_gone_blind() {
    let profile = Profile::posix_weak();
    let silenced = |blindness| silent(&profile, &|setup| setup.blindness = blindness, 0);
    assert!(silenced(Blindness::NoLowerBound).contains(&9));
    assert!(silenced(Blindness::CrashKeepsCache).contains(&9));
    assert!(silenced(Blindness::RenamesDurable).contains(&3));
}
