//! What a crash leaves of a running store, and every way in from there.

use std::hash::Hash;
use std::sync::Arc;

use super::counts::count;
use super::doors::{Doors, Entrance, distinct};
use super::search::Search;
use crate::choice::Odometer;
use crate::digest::Hash128;
use crate::disk::Disk;
use crate::oracle::CrashKind;
use crate::world::{Crash, Step, World};

impl Search<'_> {
    /// Every way in after a crash here; shared by all worlds with this disk and these effects out.
    pub(super) fn aftermath(&self, world: &World, power: bool) -> Arc<Doors> {
        let mut hasher = Hash128::default();
        (world.crash_hash(), world.crashes, world.faults, power).hash(&mut hasher);
        let key = hasher.finish128();
        if let Some(known) = self.aftermaths.get(key) {
            return known;
        }
        let mut images = 0;
        let mut found = Vec::new();
        let ended = self.processes(world, &mut images, &mut found);
        let power = power && self.setup.profile.power_loss;
        let powers = |()| {
            if power {
                self.powers(world, &mut images, &mut found)
            } else {
                Ok(())
            }
        };
        let ended = ended.and_then(powers);
        let doors = ended.map(|()| distinct(found));
        let (doors, first) = self.aftermaths.insert(key, doors);
        if first {
            count(&self.tally.images, images);
        }
        doors
    }

    fn processes(
        &self,
        world: &World,
        images: &mut u64,
        found: &mut Vec<Entrance>,
    ) -> Result<(), (crate::oracle::Violation, Vec<Step>)> {
        let mut odometer = Odometer::default();
        loop {
            let mut fork = world.fork();
            fork.crash_process_with(&mut odometer);
            *images += 1;
            let left = fork.vfs.with(|disk| disk.process_crash());
            let step = Step::Crash(Crash::Process(odometer.taken()));
            self.beyond(&left, world, CrashKind::Process, step, found)?;
            if !odometer.advance() {
                return Ok(());
            }
        }
    }

    fn powers(
        &self,
        world: &World,
        images: &mut u64,
        found: &mut Vec<Entrance>,
    ) -> Result<(), (crate::oracle::Violation, Vec<Step>)> {
        let mut fork = world.fork();
        fork.crash_power();
        let disk = fork.vfs.disk();
        for (index, image) in (0u32..).zip(disk.images(self.limits)) {
            *images += 1;
            let step = Step::Crash(Crash::Image(index));
            self.beyond(&image, world, CrashKind::Power, step, found)?;
        }
        Ok(())
    }

    fn beyond(
        &self,
        left: &Disk,
        world: &World,
        kind: CrashKind,
        step: Step,
        found: &mut Vec<Entrance>,
    ) -> Result<(), (crate::oracle::Violation, Vec<Step>)> {
        let doors = self.doors(left, world.crashes + 1, world.faults);
        let before = |path: &[Step]| [std::slice::from_ref(&step), path].concat();
        let doors = doors.as_ref().as_ref();
        let doors = doors.map_err(|(violation, path)| (violation.clone(), before(path)))?;
        for entrance in doors {
            let kind = kind.max(entrance.kind);
            let known = found.iter().any(|other| {
                other.hash == entrance.hash
                    && other.kind == kind
                    && other.crashes <= entrance.crashes
                    && other.faults <= entrance.faults
            });
            if !known {
                found.push(Entrance {
                    kind,
                    path: before(&entrance.path),
                    ..entrance.clone()
                });
            }
        }
        Ok(())
    }
}
