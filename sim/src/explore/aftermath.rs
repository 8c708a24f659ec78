//! What a crash leaves of a running store, and every way in from there.

use std::hash::Hash;
use std::sync::Arc;

use super::counts::count;
use super::doors::{Doors, Ended, Found};
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
        let spent = (world.crashes, world.faults, world.tears);
        (world.crash_hash(), spent, power).hash(&mut hasher);
        let key = hasher.finish128();
        if let Some(known) = self.aftermaths.get(key) {
            return known;
        }
        let mut after = After {
            search: self,
            world,
            images: 0,
            found: Found::default(),
        };
        let mut ended = after.processes();
        if power && self.setup.profile.power_loss {
            ended = ended.and_then(|()| after.powers());
        }
        let images = after.images;
        let doors = ended.map(|()| after.found.entrances);
        let (doors, first) = self.aftermaths.insert(key, Arc::new(doors));
        if first {
            count(&self.tally.images, images);
        }
        doors
    }
}

struct After<'a> {
    search: &'a Search<'a>,
    world: &'a World,
    images: u64,
    found: Found,
}

impl After<'_> {
    fn processes(&mut self) -> Ended {
        let mut odometer = Odometer::default();
        loop {
            let mut fork = self.world.fork();
            let parts = fork.crash_process_with(&mut odometer);
            if !parts || self.may_tear() {
                self.images += 1;
                let left = fork.vfs.with(|disk| disk.process_crash());
                let crash = Crash::Process(odometer.taken());
                let tears = self.world.tears + u32::from(parts);
                self.beyond(&left, CrashKind::Process, crash, tears)?;
            }
            if !odometer.advance() {
                return Ok(());
            }
        }
    }

    fn powers(&mut self) -> Ended {
        let mut fork = self.world.fork();
        fork.crash_power();
        let disk = fork.vfs.disk();
        let (search, tears, before) = (self.search, self.may_tear(), self.world.tears);
        let mut images = 0;
        search.each_image(&disk, tears, &mut images, |image, crash, torn| {
            self.beyond(image, CrashKind::Power, crash, before + u32::from(torn))
        })?;
        self.images += images;
        Ok(())
    }

    fn may_tear(&self) -> bool {
        self.world.tears < self.search.bounds.tears
    }

    fn beyond(&mut self, left: &Disk, kind: CrashKind, crash: Crash, tears: u32) -> Ended {
        let world = self.world;
        let doors = self
            .search
            .doors(left, world.crashes + 1, world.faults, tears);
        self.found.extend(&doors, kind, &Step::Crash(crash))
    }
}
