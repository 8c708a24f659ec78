//! The smallest changes that make a failing run pass, each of them tried.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::event::{Event, verb};
use super::site::{Site, Tried};
use super::story::Story;
use crate::campaign::{guarded, replay};
use crate::disk::{CallKind, Fate};
use crate::setup::Setup;
use crate::world::{Crash, Step, World};

/// Changes of one sort that are listed.
const LISTED_MAX: usize = 4;

/// A change that makes the run pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flip {
    /// The crash keeps these changes (numbers of events) as well.
    Persist(Vec<u32>),
    /// The crash takes these changes as well.
    Drop(Vec<u32>),
    /// The process dies only when this effect, which was out, is done.
    Perform(String),
    /// The call of this event does not fail.
    NoFault(u32),
    /// One sync more, behind the event: of the file with this name, or of the directory.
    Sync {
        /// The file's name; none: the directory.
        file: Option<String>,
        /// Behind which event.
        after: u32,
        /// What became of the images then.
        tried: Tried,
        /// Whether there are images that were not tried.
        is_cut: bool,
    },
}

impl fmt::Display for Flip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Persist(numbers) => write!(f, "persist {}: passes", list(numbers)),
            Self::Drop(numbers) => write!(f, "drop {}: passes", list(numbers)),
            Self::Perform(out) => write!(f, "{out} done: passes"),
            Self::NoFault(number) => write!(f, "no fault at {number}: passes"),
            Self::Sync {
                file,
                after,
                tried,
                is_cut,
            } => {
                let what = file.as_deref().unwrap_or("the directory");
                let Tried { failing, all } = tried;
                write!(f, "sync {what} after {after}: ")?;
                match (failing, is_cut) {
                    (0, false) if *all == 1 => f.write_str("the only image passes"),
                    (0, false) => write!(f, "all {all} images pass"),
                    (0, true) => write!(f, "the first {all} images pass"),
                    _ => write!(f, "{failing} of {all} images still fail"),
                }
            }
        }
    }
}

fn list(numbers: &[u32]) -> String {
    let words: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    words.join(" and ")
}

/// The smallest sets of changes that the crash of a run would have to keep, or to take, so that the
/// rest of it passes: those that another image of the same crash shows.
#[derive(Clone, Debug, Default)]
pub struct Flips {
    /// Each set to keep; all of one size.
    pub persist: Vec<Vec<u32>>,
    /// Each set to take; all of one size.
    pub drop: Vec<Vec<u32>>,
    /// Effects that were out when the process died, each of which it would have had to do.
    pub perform: Vec<String>,
}

impl Flips {
    /// Reads them off the images that pass.
    #[must_use]
    pub fn of(story: &Story, site: &Site) -> Self {
        let (mut persist, mut drop) = (BTreeSet::new(), BTreeSet::new());
        for sibling in site.siblings.iter().filter(|one| one.broken.is_none()) {
            let Some(changed) = changes(&site.fates, &sibling.fates) else {
                continue;
            };
            let numbers = |sequences: &[u64]| -> Option<BTreeSet<u32>> {
                let number = |at: &u64| Some(story.that_changed(*at)?.number);
                sequences.iter().map(number).collect()
            };
            match (&changed.kept[..], &changed.taken[..]) {
                ([], []) => {}
                (kept, []) => persist.extend(numbers(kept)),
                ([], taken) => drop.extend(numbers(taken)),
                _ => {}
            }
        }
        Self {
            persist: smallest(persist),
            drop: smallest(drop),
            perform: Vec::new(),
        }
    }
}

/// The effects that were out at the last crash of a process and not done in full, each of which
/// makes the run pass if it is.
#[must_use]
pub fn to_perform(setup: &Arc<Setup>, steps: &[Step]) -> Vec<String> {
    let last = steps
        .iter()
        .rposition(|step| matches!(step, Step::Crash(_)));
    let Some((at, Step::Crash(Crash::Process(choices)))) = last.map(|at| (at, &steps[at])) else {
        return Vec::new();
    };
    let before = replay_to(setup, &steps[..at]);
    let mut outs = Vec::new();
    // A sync that is out asks for no choice.
    let changing = (0..before.out_count()).filter(|slot| {
        let sync = |call| {
            matches!(
                call,
                CallKind::SyncData | CallKind::SyncDir | CallKind::Close
            )
        };
        before
            .out_kind(*slot)
            .is_some_and(|call| call.changes() && !sync(call))
    });
    for (place, slot) in changing.enumerate() {
        if choices.get(place).is_none_or(|choice| *choice == 0) {
            continue;
        }
        let mut done = choices.clone();
        done[place] = 0;
        let mut changed = steps.to_vec();
        changed[at] = Step::Crash(Crash::Process(done));
        if replay(World::new(setup), &changed).ended.is_ok() {
            outs.extend(
                before
                    .out_kind(slot)
                    .map(|call| format!("the {}", verb(call))),
            );
        }
    }
    outs
}

fn replay_to(setup: &Arc<Setup>, steps: &[Step]) -> World {
    let mut world = World::new(setup);
    // What breaks on the way breaks before the crash, and then nothing is out.
    let _ = guarded(|| {
        steps
            .iter()
            .try_for_each(|step| world.apply(step).map(drop))
    });
    world
}

/// What another image keeps and takes as against the run's own; none if one is torn elsewhere.
fn changes(own: &[(u64, Fate)], other: &[(u64, Fate)]) -> Option<Changed> {
    let mut changed = Changed::default();
    for ((sequence, own), (_, other)) in own.iter().zip(other) {
        match (own, other) {
            (own, other) if own == other => {}
            (_, Fate::Durable) => changed.kept.push(*sequence),
            (_, Fate::Lost) => changed.taken.push(*sequence),
            (_, Fate::Torn) => return None,
        }
    }
    Some(changed)
}

#[derive(Default)]
struct Changed {
    kept: Vec<u64>,
    taken: Vec<u64>,
}

/// The sets of the least size, a few of them.
fn smallest(sets: BTreeSet<BTreeSet<u32>>) -> Vec<Vec<u32>> {
    let least = sets.iter().map(BTreeSet::len).min().unwrap_or(0);
    let small = sets.into_iter().filter(|set| set.len() == least);
    small
        .take(LISTED_MAX)
        .map(|set| set.into_iter().collect())
        .collect()
}

/// The events whose fault can be left out, so that the run passes.
#[must_use]
pub fn needless_faults(setup: &Arc<Setup>, steps: &[Step], story: &Story) -> Vec<u32> {
    let mut numbers = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        let Some(quiet) = without_fault(step) else {
            continue;
        };
        let mut changed = steps.to_vec();
        changed[place] = quiet;
        if replay(World::new(setup), &changed).ended.is_ok() {
            let struck =
                |event: &&Event| event.step == place && event.record().is_some_and(is_struck);
            numbers.extend(story.events.iter().find(struck).map(|event| event.number));
        }
    }
    numbers
}

fn is_struck(record: &crate::disk::CallRecord) -> bool {
    use crate::disk::CallKind::{Copy, Write};
    let short = record.result.is_ok_and(|len| len < record.len);
    record.result.is_err() || matches!(record.call, Write | Copy) && short
}

fn without_fault(step: &Step) -> Option<Step> {
    match step {
        Step::Complete {
            slot,
            fault: Some(_),
        } => Some(Step::Complete {
            slot: *slot,
            fault: None,
        }),
        Step::Open {
            stop,
            fault: Some(_),
        } => Some(Step::Open {
            stop: stop.clone(),
            fault: None,
        }),
        _ => None,
    }
}
