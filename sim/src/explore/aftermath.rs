//! What a crash leaves of a running store, and every way in from there.

use std::hash::Hash;
use std::sync::Arc;

use super::counts::count;
use super::doors::{Doors, Ended, Found, Lead, Spent, UNREAD};
use super::search::Search;
use crate::choice::Odometer;
use crate::digest::Hash128;
use crate::disk::Disk;
use crate::oracle::CrashKind;
use crate::world::{Alike, Crash, Step, World};

/// Every way in after a crash: after the death of the process, and after a power loss.
#[derive(Debug)]
pub(super) struct Aftermath {
    processes: Arc<Doors>,
    powers: Option<Arc<Doors>>,
}

impl Aftermath {
    pub fn each(&self) -> impl Iterator<Item = &Arc<Doors>> {
        std::iter::once(&self.processes).chain(&self.powers)
    }
}

impl Search<'_> {
    /// Every way in after a crash here; `crash_hash` is the world's.
    pub(super) fn aftermath(&self, world: &World, crash_hash: u128, power: bool) -> Arc<Aftermath> {
        let mut hasher = Hash128::default();
        let spent = (world.crashes + 1, world.faults, world.tears);
        (crash_hash, spent, power).hash(&mut hasher);
        let key = hasher.finish128();
        if let Some(known) = self.aftermaths.get(key) {
            return known;
        }
        let processes = self.processes(world, spent);
        let loses = power && self.setup.profile.power_loss;
        let powers = loses.then(|| self.powers(&world.left_by_power(), spent));
        let aftermath = Aftermath { processes, powers };
        self.aftermaths.insert(key, Arc::new(aftermath)).0
    }

    /// Every way in after the process died: once for all worlds with this disk and these effects
    /// out.
    fn processes(&self, world: &World, spent: Spent) -> Arc<Doors> {
        let mut hasher = Hash128::default();
        (world.death_hash(self.merges && self.is_last(spent)), spent).hash(&mut hasher);
        let key = hasher.finish128();
        if let Some(known) = self.processes.get(key) {
            return known;
        }
        let mut found = Found::default();
        let mut images = 0;
        let ended = self.each_death(world, spent, |left, torn, crash| {
            images += 1;
            let (crashes, faults, tears) = spent;
            let doors = self.doors(left, (crashes, faults, tears + u32::from(torn)));
            found.extend(&doors, CrashKind::Process, &Lead::Step(crash))
        });
        let doors = ended.map(|()| found.entrances);
        let (doors, first) = self.processes.insert(key, Arc::new(doors));
        if first {
            count(&self.tally.images, images);
        }
        doors
    }

    /// Each way in which what is out may be done when the process dies.
    fn each_death(
        &self,
        world: &World,
        spent: Spent,
        mut look: impl FnMut(&Disk, bool, Step) -> Ended,
    ) -> Ended {
        let may_tear = spent.2 < self.bounds.tears;
        let alike = Alike {
            unread: if self.merges { UNREAD } else { &[] },
            reader: self.limits.reader,
        };
        let mut odometer = Odometer::default();
        loop {
            let left = world.left_by_process(&mut odometer, alike);
            if !left.torn || may_tear {
                let crash = Step::Crash(Crash::Process(left.choices));
                look(&left.disk, left.torn, crash)?;
            }
            if !odometer.advance() {
                return Ok(());
            }
        }
    }
}
