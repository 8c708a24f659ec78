//! Runs that once broke a promise, each as short as it could be made. The text is what a token holds.

use std::sync::Arc;

use indelible_sim::campaign::replay;
use indelible_sim::setup::Setup;
use indelible_sim::world::{World, from_text};

fn holds(setup: &str, steps: &str) {
    let setup = Arc::new(Setup::from_text(setup).expect("a setup"));
    let steps = from_text(steps).expect("steps");
    if let Err(violation) = replay(World::new(&setup), &steps).ended {
        panic!("{violation}");
    }
}

/// Bug: a key's expiry was logged below the store's policy. Consequence: nobody asked for its sync,
/// and the timer of the mark rang every second for ever. Method: random, O11 at the drain.
#[test]
fn an_expired_key_becomes_durable_under_always() {
    holds("posix-weak always", "o E");
}

/// Bug: the evidence was taken to prove frames behind the commit that it names. Consequence: an open
/// frame whose sync had failed was never written again, and a power loss left a hole before commits
/// that were durable. Method: random, O9 at the next opening.
#[test]
fn an_open_frame_whose_sync_failed_is_written_again() {
    holds("posix-weak everysec", "o/13.e0 o N f 0 w f 0 w f x1.3 o");
    holds(
        "posix-weak everysec still=1",
        "o/13.e0 o N f 0 w f 0 w f i1 o",
    );
}

/// Bug: a machine that had stopped kept its timers. Consequence: it asked to be woken at a moment
/// that had passed, for ever. Method: random, O11 at the drain.
#[test]
fn a_stopped_machine_asks_for_no_wakeup() {
    holds("posix-weak everysec stop=1", "o N f 0e2");
}

/// Bug: disabling did not wait for a rename that was out. Consequence: the old file's last handle
/// was closed before, so the rename freed its blocks in the foreground. Method: exhaustive, O10.
#[test]
fn an_ending_waits_for_the_rename_that_is_out() {
    let steps = "o R b 0 b 0 b 0 f 0e0* w f 0 w f 0 w f T b 1 b 0";
    holds("posix-weak always still=1", steps);
}

/// Bug: a mark that found no room was cut from the stream below a gap that began behind it.
/// Consequence: a panic, "I1: beyond the stream". Method: random.
#[test]
fn a_mark_that_finds_no_room_takes_the_rewrite_with_it() {
    holds(
        "posix-weak everysec stop=1 chunk=200 out=2",
        "o N f 0 R w f 0 w b 0 b f 1e3",
    );
}

/// Bug: an invariant claimed that no new file with an error is ever renamed. But a rename that failed
/// may have been done, so the file is not given up any more, and the rename is tried again.
/// Consequence: a panic, "I7". Method: random, on mixed knobs.
#[test]
fn a_new_file_that_fails_while_its_rename_is_tried_again_goes_on() {
    let steps = "o R b 0 b 0 b 0 f 0e0 N f 0 f 0 f 0e0 w f 0 b 0 f 0 f 0 k o";
    holds("posix-weak always", steps);
}

/// Bug: the simulator wanted a sync within a second of a new file that had failed after its rename, while
/// the directory, without which nothing can heal, still refused. Consequence: a false alarm, O11.
/// Method: exhaustive, on a journal that failed.
#[test]
fn no_sync_is_owed_of_a_file_that_failed_while_its_name_is_not_durable() {
    let steps = "o R b 0 b 0 b 0 f 0 b N f 1 f w 1 f 1 w 0e1* f w b 1 w b 1 w b 1 w b 1 0";
    holds("ext4-journal everysec still=1", steps);
}
