//! Exhaustive search within bounds: every workload, interleaving, crash and fault, and nothing
//! sampled.
//!
//! States are told apart by a hash of 128 bits and visited once. What a crash leaves of a disk, and
//! what opening makes of that, is worked out once for each disk and shared by all states that have
//! it; only the verdict depends on what was acknowledged.
//!
//! What is left out, and why nothing is lost by it:
//!
//! 1. What comes at once, since coming later would show nothing more: see `eager.rs`.
//! 2. Before a power loss every effect that is out counts as performed, but for the syncs: the disk
//!    may then still lose it, whole or in part.
//! 3. An opening is cut by a power loss before each of its syncs (and by the next crash behind its
//!    last): what an earlier cut could leave is among what these leave.
//! 4. A quarantine file is gone once the opening has returned, or is cut: no opening reads it.
//! 5. Time passes while the foreground lane has nothing to take, as long as what is behind a timeout
//!    is new.
//! 6. Behind the last crash there is nothing that another crash could show: the store is opened,
//!    judged, takes one commit more and comes to rest, in one order.
//! 7. The wall clock stands still, and a fault that stays goes when it has struck three times: the
//!    search must end.
//!
//! And what is worked out once for many, and why they are the same:
//!
//! 8. What a leftover of a rewrite holds is not told apart, nor torn: an opening removes it unread.
//! 9. Behind the last crash, when no fault is left, what the cache has counts as durable: nobody
//!    will see the difference.
//! 10. An opening runs once, and the disk is kept before each of its calls: a crash there leaves
//!     what the calls before have done.
//! 11. Disks that differ in junk alone are cut and struck once for all: see `junk.rs`. Where
//!     workloads have fewer than three calls, each of them is opened all the same, and must come to
//!     the same process and disk; where they have more, one of them stands for all: of the cuts of a
//!     write that leave such disks one is made, and such contents of a file are worked out as one.
//! 12. Stores that were just opened, all of whose log is durable and intact, go on as one if they hold
//!     the same: see `settled.rs`.
//! 13. Where workloads have three calls or more, disks whose logs begin with what amounts to the same
//!     are opened once for all, and what a power loss leaves of them is enumerated once: see
//!     `twins.rs`.
//! 14. Whether a fault came to stay is decided when there is such a call again.
//! 15. Ways in are judged, and gone on from, once for all worlds that were promised the same, have the
//!     same time, and go on with the same call.
//!
//! A test searches the same universe without 8, 9, 11 to 15 and what comes at once behind the last
//! call, and compares all verdicts.
//!
//! At one crash one write is torn, as the disk model has it; how many crashes of a run tear one is
//! a bound like those of calls, crashes and faults.

mod aftermath;
mod bench;
mod counts;
mod doors;
mod eager;
mod junk;
mod parts;
mod search;
mod set_hash;
mod settled;
mod shards;
#[cfg(test)]
mod tests;
mod twins;
mod work;

use std::sync::Arc;

use crate::call::Call;
use crate::campaign::{Failure, replay};
use crate::setup::Setup;
use crate::world::World;

pub use bench::{Judged, judge};
pub use counts::Counts;
pub use parts::{Part, explore_part, explore_parts, parts};
pub use set_hash::SetHash;

/// How far a search goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Calls of clients.
    pub ops: u32,
    /// Crashes, those inside openings included.
    pub crashes: u32,
    /// Faults.
    pub faults: u32,
    /// Writes that crashes tear: one each at most.
    pub tears: u32,
}

impl Bounds {
    /// These many calls, crashes and faults; one crash of each run may tear a write.
    #[must_use]
    pub const fn new(ops: u32, crashes: u32, faults: u32) -> Self {
        Self {
            ops,
            crashes,
            faults,
            tears: 1,
        }
    }
}

/// Everything that is searched.
#[derive(Clone, Debug)]
pub struct Universe {
    /// What all runs are run under.
    pub setup: Setup,
    /// How far it goes.
    pub bounds: Bounds,
    /// The calls that workloads are made of.
    pub alphabet: Vec<Call>,
    /// The first calls of all workloads; behind them any of the alphabet.
    pub start: Vec<Call>,
    /// States at most; behind them the search is not finished.
    pub states_max: u64,
}

/// What a search came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What it has seen.
    pub counts: Counts,
    /// The broken promise that was met first, if any.
    pub failure: Option<Failure>,
    /// Whether all of the universe was seen.
    pub finished: bool,
    /// Every image that was opened and every verdict, as one number.
    pub set: SetHash,
}

/// Told now and then how far a search is.
pub type Progress<'a> = &'a (dyn Fn(Counts) + Sync);

/// Calls from which on workloads are searched apart by their first call: what each part remembers
/// fits memory, and is let go of.
const APART_OPS_MIN: u32 = 3;

/// Calls from which on disks that no opening can tell apart are opened once for all.
pub(crate) const ONCE_OPS_MIN: u32 = 3;

/// What is worked out once for many, each with what those before it have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Merging {
    /// Nothing but what is the same bit by bit.
    Nothing,
    /// What differs in nothing that anybody reads, and stores with one future. Each disk is opened.
    Futures,
    /// And of disks that no opening can tell apart one is opened.
    Openings,
}

impl Merging {
    /// As far as it goes in this universe: that openings come to the same is seen where workloads are
    /// shorter.
    fn of(universe: &Universe) -> Self {
        if universe.bounds.ops >= ONCE_OPS_MIN {
            Self::Openings
        } else {
            Self::Futures
        }
    }
}

/// Searches all of a universe, or up to the first broken promise.
#[must_use]
pub fn explore(universe: &Universe, threads: usize, progress: Progress<'_>) -> Outcome {
    repeatable(universe, |merging| {
        search_parts(universe, threads.max(1), merging, progress)
    })
}

/// What a search comes to. The images of equal disks have other numbers: where a run that failed
/// does not repeat, it merges less.
fn repeatable(universe: &Universe, search: impl Fn(Merging) -> Outcome) -> Outcome {
    let most = Merging::of(universe);
    let first = search(most);
    let broken = |outcome: &Outcome| outcome.failure.as_ref().is_some_and(|it| !repeats(it));
    if !broken(&first) {
        return first;
    }
    for merging in [Merging::Futures, Merging::Nothing] {
        let again = search(merging);
        if again.failure.is_some() && !broken(&again) {
            return again;
        }
    }
    first
}

/// Whether the steps of a failure, taken one by one, fail again.
fn repeats(failure: &Failure) -> bool {
    let setup = Arc::new(failure.setup.clone());
    replay(World::new(&setup), &failure.steps).ended.is_err()
}

fn search_parts(
    universe: &Universe,
    threads: usize,
    merging: Merging,
    progress: Progress<'_>,
) -> Outcome {
    if universe.bounds.ops < APART_OPS_MIN
        || universe.bounds.crashes < 2
        || !universe.start.is_empty()
    {
        return search::Search::new(universe, merging).run(threads, progress);
    }
    let mut whole = Outcome {
        counts: Counts::default(),
        failure: None,
        finished: true,
        set: SetHash::default(),
    };
    for first in &universe.alphabet {
        let part = Universe {
            start: vec![*first],
            ..universe.clone()
        };
        let before = whole.counts;
        let search = search::Search::new(&part, merging);
        let outcome = search.run(threads, &|counts| progress(before + counts));
        whole.counts += outcome.counts;
        whole.finished &= outcome.finished;
        whole.set += outcome.set;
        whole.failure = outcome.failure;
        if whole.failure.is_some() {
            break;
        }
    }
    whole
}
