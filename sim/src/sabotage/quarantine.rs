//! Looks for a torn tail that is cut off and whose copy a crash takes away.
//!
//! The exhaustive search lets go of a quarantine, which no opening reads; so this enumerates by
//! itself: writes, a power loss that may tear them, an opening, and a power loss before each of its
//! calls, with each single piece of what is pending lost.

use std::collections::HashSet;
use std::sync::Arc;

use crate::campaign::{Failure, guarded};
use crate::setup::Setup;
use crate::world::{Crash, Step, World, from_text};

/// What is written before the first power loss: a frame, one that spans a sector's border, two.
const WRITTEN: [&str; 3] = ["o N f", "o L f", "o N f 0 N f"];
/// Choices of the first power loss, and values of each.
const FIRST: (usize, u32) = (6, 3);
/// Calls of an opening.
const PLACES: u32 = 24;
/// Pieces of which one is lost at the second power loss.
const PIECES: usize = 8;

/// The first run in which a promise is broken.
pub(super) fn search(setup: &Setup) -> Option<Failure> {
    let setup = Arc::new(setup.clone());
    let mut seen = HashSet::new();
    for written in WRITTEN {
        for first in firsts() {
            let mut steps = from_text(written).expect("steps");
            steps.push(Step::Crash(Crash::Drawn(first)));
            let mut world = World::new(&setup);
            for step in &steps {
                world.apply(step).ok()?;
            }
            if seen.insert(world.vfs.disk().content_hash())
                && let Some(failure) = cut(&setup, &world, &steps)
            {
                return Some(failure);
            }
        }
    }
    None
}

/// Cuts the next opening everywhere.
fn cut(setup: &Setup, world: &World, steps: &[Step]) -> Option<Failure> {
    cut_openings().find_map(|opening| {
        let mut fork = world.fork();
        let violation = guarded(|| fork.apply(&opening)).err()?;
        Some(Failure {
            violation,
            setup: setup.clone(),
            steps: [steps, &[opening]].concat(),
        })
    })
}

/// Every draw of the first power loss.
fn firsts() -> impl Iterator<Item = Vec<u32>> {
    let (len, values) = FIRST;
    (0..values.pow(len as u32)).map(move |number| {
        let digit = |at: usize| number / values.pow(at as u32) % values;
        (0..len).map(digit).collect()
    })
}

/// Openings that a power loss cuts, before each call.
fn cut_openings() -> impl Iterator<Item = Step> {
    (0..PLACES).flat_map(|place| {
        (0..PIECES).map(move |piece| {
            let mut lost = vec![0; piece];
            lost.push(1);
            Step::Open {
                stop: Some((place, Crash::Drawn(lost))),
                fault: None,
            }
        })
    })
}
