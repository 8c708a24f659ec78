//! The power loss that a run turns on: every image that it might have left, each tried.
//!
//! What is tried is the run itself, replayed by the shipped code over another image: nothing here
//! says what a store ought to do with one.

use std::sync::Arc;

use crate::campaign::{guarded, replay};
use crate::disk::{Disk, Fate, InodeId};
use crate::oracle::{CrashKind, Violation};
use crate::setup::Setup;
use crate::world::{Crash, Line, Step, What, World, Wreck, limits};

/// Images of one crash that are tried.
pub const IMAGES_MAX: usize = 400;

/// One image that the crash might have left.
#[derive(Clone, Debug)]
pub struct Sibling {
    /// Its place among the images, as in [`Crash::Image`].
    pub index: u32,
    /// What it holds of each change that was not durable.
    pub fates: Vec<(u64, Fate)>,
    /// What it breaks, if the rest of the run follows.
    pub broken: Option<Violation>,
    /// Whether it is the one of the run.
    pub chosen: bool,
    /// The disk.
    pub image: Disk,
}

/// The last power loss of a run, and its images.
#[derive(Clone, Debug)]
pub struct Site {
    /// The place of its step.
    pub step: usize,
    /// The disk before it.
    pub before: Disk,
    /// What the run's own image holds of each change that was not durable.
    pub fates: Vec<(u64, Fate)>,
    /// The images, at most 400, with everything persisted first.
    pub siblings: Vec<Sibling>,
    /// Whether there are more.
    pub is_cut: bool,
}

/// A sync that a run did not have: behind this step, of this file or of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtraSync {
    /// The place of the step.
    pub step: usize,
    /// The file; none: the directory.
    pub inode: Option<InodeId>,
}

/// How many images were tried, and how many of them break a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried {
    /// Images that break a promise.
    pub failing: usize,
    /// All.
    pub all: usize,
}

impl Site {
    /// The last power loss of this run, if it has one.
    #[must_use]
    pub fn of(setup: &Arc<Setup>, steps: &[Step]) -> Option<Self> {
        let at = last_power_loss(steps)?;
        let downed = Downed::at(setup, steps, at, None)?;
        let fates = {
            let own = World::new(setup).remembering();
            let own = replay(own, &steps[..=at]).world;
            let wreck = power_loss_of(own.lines())?;
            wreck.before().fates(wreck.image())
        };
        let (siblings, is_cut) = downed.siblings(&steps[at + 1..], &fates);
        Some(Self {
            step: at,
            before: downed.wreck.before().clone(),
            fates,
            siblings,
            is_cut,
        })
    }

    /// How many images fail.
    #[must_use]
    pub fn tried(&self) -> Tried {
        Tried {
            failing: self
                .siblings
                .iter()
                .filter(|one| one.broken.is_some())
                .count(),
            all: self.siblings.len(),
        }
    }
}

/// How many images of the last power loss fail under another profile, or with one sync more; none
/// if the run is not possible so.
#[must_use]
pub fn tried_with(setup: &Arc<Setup>, steps: &[Step], extra: Option<ExtraSync>) -> Option<Tried> {
    let at = last_power_loss(steps)?;
    let downed = Downed::at(setup, steps, at, extra)?;
    let (siblings, _) = downed.siblings(&steps[at + 1..], &[]);
    let failing = siblings.iter().filter(|one| one.broken.is_some()).count();
    let all = siblings.len();
    (all > 0).then_some(Tried { failing, all })
}

/// The place of the last step with a power loss.
#[must_use]
pub fn last_power_loss(steps: &[Step]) -> Option<usize> {
    steps.iter().rposition(|step| match step {
        Step::Crash(crash)
        | Step::Open {
            stop: Some((_, crash)),
            ..
        } => crash.is_power_loss(),
        _ => false,
    })
}

/// The same step with another crash.
#[must_use]
pub fn with_crash(step: &Step, crash: Crash) -> Step {
    match step {
        Step::Open {
            stop: Some((call, _)),
            fault,
        } => Step::Open {
            stop: Some((*call, crash)),
            fault: *fault,
        },
        _ => Step::Crash(crash),
    }
}

/// A world that a power loss has brought down, whichever image it left.
struct Downed {
    world: World,
    wreck: Wreck,
}

impl Downed {
    /// Runs up to the power loss at this place; none if a step on the way is not possible.
    fn at(setup: &Arc<Setup>, steps: &[Step], at: usize, extra: Option<ExtraSync>) -> Option<Self> {
        let mut world = World::new(setup).remembering();
        for (place, step) in steps[..=at].iter().enumerate() {
            let step = match place == at {
                true => &with_crash(step, Crash::Image(0)),
                false => step,
            };
            let taken = guarded(|| world.apply(step)).ok()?;
            if !taken {
                return None;
            }
            if let Some(extra) = extra.filter(|extra| extra.step == place && place < at) {
                world.vfs.with(|disk| disk.make_durable(extra.inode));
            }
        }
        let wreck = power_loss_of(world.lines())?;
        Some(Self { world, wreck })
    }

    /// Every image, and what the rest of the run finds on it.
    fn siblings(&self, rest: &[Step], own: &[(u64, Fate)]) -> (Vec<Sibling>, bool) {
        let before = self.wreck.before();
        let mut images = before.images(limits(self.world.setup.tear));
        let mut siblings = Vec::new();
        for (index, image) in (0..).zip(images.by_ref().take(IMAGES_MAX)) {
            let mut world = self.world.fork();
            world.vfs = crate::disk::SimVfs::from_disk(image.clone());
            let fates = before.fates(&image);
            let chosen = fates == own;
            let broken = replay(world, rest).ended.err();
            siblings.push(Sibling {
                index,
                fates,
                broken,
                chosen,
                image,
            });
        }
        let is_cut = images.next().is_some();
        (siblings, is_cut)
    }
}

/// What the last power loss among these lines was.
fn power_loss_of(lines: &[Line]) -> Option<Wreck> {
    lines.iter().rev().find_map(|line| match &line.what {
        What::Crashed {
            kind: CrashKind::Power,
            wreck,
            ..
        } => Some(wreck.clone()),
        _ => None,
    })
}
