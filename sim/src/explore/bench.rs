//! How fast images are judged: one workload, in one order, crashed at each of its steps.

use std::time::{Duration, Instant};

use indelible::effect::Lane;

use super::search::Search;
use super::work::WHOLE;
use super::{Bounds, Merging, Universe};
use crate::call::Call;
use crate::campaign::Failure;
use crate::setup::Setup;
use crate::world::{Step, World};

/// Ten SETs, and a rewrite between them.
const WORKLOAD: [Call; 11] = [
    Call::New,
    Call::New,
    Call::New,
    Call::New,
    Call::New,
    Call::Rewrite,
    Call::New,
    Call::New,
    Call::New,
    Call::New,
    Call::New,
];

/// What was judged, and in which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// States of the workload at which it was crashed.
    pub states: u64,
    /// What the crashes left.
    pub images: u64,
    /// Disks that differ from each other; the store was opened on each of them, to the end, and the
    /// oracle said what it thinks of what came back.
    pub opened: u64,
    /// How long that took.
    pub took: Duration,
}

/// Judges all images of the workload, on one thread, with nothing left out: junk is not merged, and
/// nothing is known beforehand.
///
/// # Errors
/// The promise that was broken.
pub fn judge(setup: &Setup) -> Result<Judged, Box<Failure>> {
    let universe = Universe {
        setup: setup.clone(),
        bounds: Bounds::new(WORKLOAD.len() as u32, 1, 0),
        alphabet: vec![Call::New],
        start: WORKLOAD.to_vec(),
        states_max: u64::MAX,
    };
    let search = Search::new(&universe, Merging::Nothing);
    let begun = Instant::now();
    let states = search.one_order(&WORKLOAD)?;
    let counts = search.tally.read();
    Ok(Judged {
        states,
        images: counts.images,
        opened: counts.recoveries,
        took: begun.elapsed(),
    })
}

impl Search<'_> {
    /// Takes the calls one after the other, and each effect as soon as it is there; how many states
    /// that makes, at each of which the process dies and the power is lost.
    fn one_order(&self, calls: &[Call]) -> Result<u64, Box<Failure>> {
        let mut world = World::new(&self.setup);
        let mut states = 0;
        self.take(&mut world, &WHOLE)?;
        for call in calls {
            self.take(&mut world, &Step::Call(*call))?;
            loop {
                while self.take(&mut world, &Step::Poll(Lane::Background))?
                    || self.take(&mut world, &Step::Poll(Lane::Foreground))?
                {}
                self.crash_here(&world)?;
                states += 1;
                let completed = Step::Complete {
                    slot: 0,
                    fault: None,
                };
                let goes_on = world.out_count() > 0 && self.take(&mut world, &completed)?;
                if !goes_on && !self.take(&mut world, &Step::Wait)? {
                    break;
                }
            }
        }
        Ok(states)
    }

    fn take(&self, world: &mut World, step: &Step) -> Result<bool, Box<Failure>> {
        world
            .apply(step)
            .map_err(|violation| self.failure(world, &[], violation))
    }

    fn crash_here(&self, world: &World) -> Result<(), Box<Failure>> {
        for doors in self.aftermath(world, world.crash_hash(), true).each() {
            self.judge_all(world, doors)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use indelible::engine::AppendFsync;

    use super::*;
    use crate::disk::Profile;

    #[test]
    fn every_distinct_image_is_opened_and_judged() {
        let mut setup = Setup::new(Profile::posix_weak(), AppendFsync::Always);
        let judged = judge(&setup).expect("no promise is broken");
        assert!(judged.states > 50 && judged.opened > 500, "{judged:?}");
        assert!(judged.opened <= judged.images, "{judged:?}");
        setup.saboteur = 9;
        assert!(judge(&setup).is_err(), "acknowledged before the sync");
    }
}
