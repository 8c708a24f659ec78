//! A failure that people can read: the missing edge in words, changes that were tried, files that
//! the real backend opens, a test to paste.

use std::sync::Arc;

use indelible::engine::EngineOptions;
use indelible::recover;
use indelible::units::{Millis, Now, WallMillis};
use indelible::vfs::OsVfs;
use indelible_sim::campaign::replay;
use indelible_sim::disk::Fate;
use indelible_sim::report::{
    Case, Explained, Flip, closest, last_image, regression, screen, signature, traces, write_files,
};
use indelible_sim::sabotage::find;
use indelible_sim::setup::Setup;
use indelible_sim::world::{Crash, Step, World, to_text};

/// The smallest trace of a seeded bug, explained.
fn seeded(bug: u32) -> (Case, Explained) {
    let traces = traces();
    let trace = traces.iter().find(|trace| trace.setup.saboteur == bug);
    let case = trace.and_then(|trace| trace.case());
    let case = case.unwrap_or_else(|| panic!("the trace of seeded bug {bug} breaks nothing"));
    let explained = Explained::of(&case);
    (case, explained)
}

#[test]
fn every_kept_trace_breaks_what_its_bug_breaks() {
    let all = traces();
    assert!(all.len() > 40, "{} traces", all.len());
    for trace in all {
        let bug = find(trace.setup.saboteur).expect("a bug that is listed");
        assert!(
            trace.case().is_some(),
            "{} {}: {}",
            bug.id,
            bug.name,
            to_text(&trace.steps)
        );
    }
}

#[test]
fn the_missing_edge_stands_in_words() {
    for (bug, words) in [
        (
            1,
            "must be durable before rename@14: no sync of appendonly.aof.rewrite",
        ),
        (
            3,
            "rename@15 must be durable before truncate@16: no directory sync",
        ),
        (
            6,
            "rename@16 must be durable before unlink@15: no directory sync",
        ),
        (
            9,
            "write@12 must be durable before ACK@13: no sync of appendonly.aof",
        ),
        (
            10,
            "write@12 must be durable before ACK@13: no sync of appendonly.aof",
        ),
        (14, "write@12 must be durable before ACK@14: sync@13 failed"),
        (
            18,
            "sync@14 failed, and sync@15 says nothing of what it left",
        ),
        (
            34,
            "may be lost while write@15 is kept, for nothing promised it yet",
        ),
        (
            57,
            "rename@6 must be durable before OPENED@12: syncdir@9 covers nothing of it",
        ),
        (
            68,
            "the write, out when the process died at 14, must be done before ACK@13",
        ),
    ] {
        let (case, explained) = seeded(bug);
        let text = screen(&case, &explained);
        assert!(text.contains(words), "{bug} {words}\n{text}");
        assert!(text.lines().count() <= 45, "{bug} is one screen\n{text}");
    }
}

#[test]
fn what_flips_a_failure_was_tried_and_does() {
    let (case, explained) = seeded(6);
    assert!(
        explained.flips.contains(&Flip::Persist(vec![16])),
        "{:?}",
        explained.flips
    );
    assert!(
        explained.flips.contains(&Flip::Drop(vec![15])),
        "{:?}",
        explained.flips
    );
    assert_eq!(explained.passes, ["ext4", "xfs", "btrfs"]);
    let site = explained.site.as_ref().expect("a power loss");
    let own: Vec<_> = site.siblings.iter().filter(|one| one.chosen).collect();
    assert!(own.len() == 1 && own[0].broken.as_ref() == Some(&case.violation));
    let (_, explained) = seeded(1);
    let synced = |flip: &Flip| match flip {
        Flip::Sync {
            file, after, tried, ..
        } => {
            file.as_deref() == Some("appendonly.aof.rewrite") && *after == 13 && tried.failing == 0
        }
        _ => false,
    };
    assert!(explained.flips.iter().any(synced), "{:?}", explained.flips);
    let (_, explained) = seeded(14);
    assert!(
        explained.flips.contains(&Flip::NoFault(13)),
        "{:?}",
        explained.flips
    );
}

#[test]
fn bugs_that_lack_the_same_edge_are_alike() {
    let (case, explained) = seeded(9);
    assert!(
        explained.alike.saboteurs.contains(&10),
        "{:?}",
        explained.alike
    );
    assert!(
        !explained.alike.saboteurs.contains(&9),
        "{:?}",
        explained.alike
    );
    assert!(
        !explained.alike.saboteurs.contains(&6),
        "{:?}",
        explained.alike
    );
    let (other, why) = seeded(10);
    assert_eq!(
        signature(case.violation.obligation, &explained.why),
        signature(other.violation.obligation, &why.why)
    );
}

#[test]
fn the_real_backend_finds_in_the_files_what_the_simulated_one_found() {
    for bug in [1, 3, 6, 9, 57] {
        let (case, explained) = seeded(bug);
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("cex");
        write_files(last_image(&explained).expect("an image"), &path).expect("files");
        let vfs = OsVfs::open_dir(&path).expect("the directory");
        let options = recover::OpenOptions {
            engine: EngineOptions::default(),
            appendonly: true,
            now: Now {
                mono: Millis(1_000_000),
                wall: WallMillis(1_700_000_000_000),
            },
            hash_seed: 7,
            identity_seed: 7,
        };
        match recover::open(&vfs, &options) {
            Err(error) => assert!(
                case.violation.detail.ends_with(&error.to_string()),
                "{bug}: {error}"
            ),
            Ok(opened) => {
                assert!(
                    case.violation.detail.contains("recovered k=0"),
                    "{}",
                    case.violation
                );
                assert_eq!(opened.engine.keyspace().len(0), 0, "{bug}");
            }
        }
        let again = write_files(last_image(&explained).expect("an image"), &path);
        assert!(again.is_err(), "files that are there are not written over");
    }
}

#[test]
fn of_the_images_that_fail_the_one_that_lost_least_is_shown() {
    let lost = |fates: &[(u64, Fate)]| fates.iter().filter(|it| it.1 != Fate::Durable).count();
    let (case, explained) = seeded(6);
    let site = explained.site.as_ref().expect("a power loss");
    let failing = site.siblings.iter().filter(|one| one.broken.is_some());
    let most = failing
        .clone()
        .max_by_key(|one| lost(&one.fates))
        .expect("one fails");
    let least = failing
        .min_by_key(|one| lost(&one.fates))
        .expect("one fails");
    assert!(lost(&least.fates) < lost(&most.fates), "there is a choice");
    let mut steps = case.steps.clone();
    steps[site.step] = Step::Crash(Crash::Image(most.index));
    let nearer = closest(&case.setup, steps, case.violation.obligation);
    let wanted = Step::Crash(Crash::Image(least.index));
    assert_eq!(nearer[site.step], wanted, "{}", to_text(&nearer));
}

/// Bug: a step in which the store panicked was not among the steps of its run. Consequence: the
/// shrinker and the report replayed a run that broke nothing. Method: seeded bug 632, whose kept
/// trace passed.
#[test]
fn a_step_that_panics_is_part_of_its_run() {
    let setup = Setup::from_text("posix-weak always still=1 bug=632").expect("a setup");
    let traces = traces();
    let trace = traces.iter().find(|trace| trace.setup.saboteur == 632);
    let case = trace
        .and_then(|trace| trace.case())
        .expect("it breaks a promise");
    assert!(
        case.violation.detail.contains("panicked"),
        "{}",
        case.violation
    );
    let replayed = replay(World::new(&Arc::new(setup)), &case.steps);
    assert_eq!(replayed.taken, case.steps);
    assert_eq!(replayed.ended.expect_err("broken"), case.violation);
}

/// What follows is what a report printed, pasted.
///
/// Bug: write@12 must be durable before ACK@13: no sync of appendonly.aof.
/// Consequence: O1, acknowledged k=1   recovered k=0   lost: SET k0=v0.
/// Method: seeded bug 9.
#[test]
fn prefix_write_before_ack() {
    let setup =
        indelible_sim::setup::Setup::from_text("posix-weak always still=1 bug=9").expect("a setup");
    let steps = indelible_sim::world::from_text("o N f 0 c1 o").expect("steps");
    let world = indelible_sim::world::World::new(&std::sync::Arc::new(setup));
    let ended = indelible_sim::campaign::replay(world, &steps).ended;
    let violation = ended.expect_err("the seeded bug is seen");
    assert_eq!(violation.obligation.to_string(), "O1");
}

#[test]
fn the_pasted_test_is_the_printed_one() {
    let dense = |text: &str| -> String {
        let dense: String = text.split_whitespace().collect();
        dense.replace(",)", ")")
    };
    let (case, explained) = seeded(9);
    let printed = regression(&case, &explained);
    let here = dense(include_str!("failures.rs"));
    assert!(here.contains(&dense(&printed)), "{printed}");
}
