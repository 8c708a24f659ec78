//! A universe in parts that are searched apart, on one machine or on many.
//!
//! A part is all workloads that begin with the same calls: a prefix of the stream of choices. Which
//! parts there are follows from the universe alone, never from how many search it; each is searched
//! by one thread, so that what it counts depends on nothing else. States that several parts pass
//! through before their workloads differ are seen, and counted, in each of them.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::counts::Counts;
use super::search::Search;
use super::{Bounds, Outcome, Progress, Universe, repeatable};
use crate::call::Call;

/// Calls from which on a part's workloads share the first three: what a part remembers fits memory.
const THREE_CALLS_FROM: u32 = 5;
/// Calls from which on they do if there are faults.
const THREE_CALLS_FAULTY_FROM: u32 = 4;
/// Calls from which on they share the first two.
const TWO_CALLS_FROM: u32 = 4;
/// Calls from which on they do if there are faults, or several crashes.
const TWO_CALLS_ROUGH_FROM: u32 = 3;
/// Calls from which on they share the first.
const ONE_CALL_FROM: u32 = 2;

/// A part that was searched.
#[derive(Clone, Debug)]
pub struct Part {
    /// The calls that its workloads begin with.
    pub start: Vec<Call>,
    /// What the search came to.
    pub outcome: Outcome,
    /// How long it took, on one thread.
    pub took: Duration,
}

/// How many calls the workloads of one part share.
const fn prefix_len(bounds: Bounds) -> u32 {
    let rough = bounds.faults > 0 || bounds.crashes > 1;
    match bounds.ops {
        THREE_CALLS_FROM.. => 3,
        THREE_CALLS_FAULTY_FROM.. if bounds.faults > 0 => 3,
        TWO_CALLS_FROM.. => 2,
        TWO_CALLS_ROUGH_FROM.. if rough => 2,
        ONE_CALL_FROM.. => 1,
        _ => 0,
    }
}

/// The parts of a universe, by the calls that their workloads begin with; part i belongs to shard
/// i modulo the number of shards.
#[must_use]
pub fn parts(universe: &Universe) -> Vec<Vec<Call>> {
    let mut starts = vec![universe.start.clone()];
    while (starts[0].len() as u32) < prefix_len(universe.bounds) {
        let longer = starts.iter().flat_map(|start| {
            let one_more = |call: &Call| [start.as_slice(), &[*call]].concat();
            universe.alphabet.iter().map(one_more)
        });
        starts = longer.collect();
    }
    starts
}

/// Searches one part, on this thread, at most until the deadline.
#[must_use]
pub fn explore_part(
    universe: &Universe,
    start: &[Call],
    deadline: Option<Instant>,
    progress: Progress<'_>,
) -> Part {
    let began = Instant::now();
    let part = Universe {
        start: start.to_vec(),
        ..universe.clone()
    };
    let outcome = repeatable(universe, |merging| {
        let search = Search::new(&part, merging).until(deadline);
        search.run(1, progress)
    });
    Part {
        start: part.start,
        outcome,
        took: began.elapsed(),
    }
}

/// Searches these parts, each on one thread, until one breaks a promise or the deadline is there;
/// `done` is told of each that has come to its end.
pub fn explore_parts(
    universe: &Universe,
    starts: &[Vec<Call>],
    threads: usize,
    deadline: Option<Instant>,
    progress: Progress<'_>,
    done: &mut (dyn FnMut(Part) + Send),
) {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let told = Mutex::new((Counts::default(), done));
    let counted = || {
        let told = told.lock().unwrap_or_else(PoisonError::into_inner);
        told.0
    };
    let work = || {
        while !stop.load(Ordering::SeqCst) {
            let Some(start) = starts.get(next.fetch_add(1, Ordering::SeqCst)) else {
                return;
            };
            let shown = |counts| progress(counted() + counts);
            let part = explore_part(universe, start, deadline, &shown);
            let late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            if late || part.outcome.failure.is_some() {
                stop.store(true, Ordering::SeqCst);
            }
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            told.0 += part.outcome.counts;
            (told.1)(part);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, starts.len().max(1)) {
            scope.spawn(work);
        }
    });
}

#[cfg(test)]
mod tests {
    use indelible::engine::AppendFsync;

    use super::*;
    use crate::disk::Profile;
    use crate::setup::Setup;

    fn universe(ops: u32, crashes: u32, alphabet: &[Call]) -> Universe {
        Universe {
            setup: Setup::new(Profile::posix_weak(), AppendFsync::Always),
            bounds: Bounds::new(ops, crashes, 0),
            alphabet: alphabet.to_vec(),
            start: Vec::new(),
            states_max: u64::MAX,
        }
    }

    /// What was searched, by start: counts, set, and whether finished.
    fn searched(
        universe: &Universe,
        starts: &[Vec<Call>],
        threads: usize,
    ) -> Vec<(Vec<Call>, Counts, super::super::SetHash, bool)> {
        let mut found = Vec::new();
        explore_parts(
            universe,
            starts,
            threads,
            None,
            &|_| (),
            &mut |part: Part| {
                let Outcome {
                    counts,
                    set,
                    finished,
                    ..
                } = part.outcome;
                found.push((part.start, counts, set, finished));
            },
        );
        found.sort_by(|one, other| one.0.cmp(&other.0));
        found
    }

    #[test]
    fn parts_are_all_beginnings_each_once() {
        let letters = &Call::ALPHABET;
        assert_eq!(parts(&universe(1, 1, letters)), [vec![]]);
        assert_eq!(parts(&universe(3, 1, letters)).len(), 7);
        let mut pairs = parts(&universe(3, 2, letters));
        assert_eq!(pairs[8], [Call::Overwrite, Call::Overwrite]);
        pairs.sort();
        pairs.dedup();
        assert_eq!(pairs.len(), 49);
    }

    #[test]
    fn what_parts_come_to_depends_neither_on_threads_nor_on_who_searches_what() {
        let universe = universe(2, 1, &[Call::New, Call::Del]);
        let starts = parts(&universe);
        let whole = searched(&universe, &starts, 1);
        assert!(whole.iter().all(|(.., finished)| *finished));
        // Nothing can be deleted first: that part ends at once.
        let depths: Vec<u64> = whole.iter().map(|(_, counts, ..)| counts.depth).collect();
        assert!(depths[0] > 5 && depths[1] < depths[0], "{depths:?}");
        assert_ne!(whole[0].2, whole[1].2);
        assert_eq!(whole, searched(&universe, &starts, 2));
        let apart = starts
            .iter()
            .flat_map(|start| searched(&universe, std::slice::from_ref(start), 1));
        assert_eq!(whole, apart.collect::<Vec<_>>());
    }

    #[test]
    fn behind_the_deadline_nothing_counts_as_finished() {
        let universe = universe(2, 1, &[Call::New, Call::Del]);
        let mut ended = Vec::new();
        let now = Some(Instant::now());
        let starts = parts(&universe);
        explore_parts(&universe, &starts, 1, now, &|_| (), &mut |part: Part| {
            ended.push(part.outcome.finished);
        });
        assert_eq!(ended, [false]);
    }
}
