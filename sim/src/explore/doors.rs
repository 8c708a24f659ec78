//! Every way in which an opening may come to its end: whole, cut by crashes, struck by faults.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use indelible::effect::Name;
use indelible::keyspace::Keyspace;

use super::counts::count;
use super::junk::without_junk;
use super::search::Search;
use super::settled::Future;
use super::shards::covers;
use super::work::{WHOLE, Work};
use crate::digest::{BuildHashed, Hash128};
use crate::disk::{Disk, Limits, TearPoints};
use crate::oracle::{CrashKind, Fold, Violation};
use crate::world::{Crash, Fault, Step, Up};

/// Files that no opening reads: it removes them.
pub(super) const UNREAD: &[&str] = &[Name::Rewrite.as_str(), Name::Side.as_str()];

/// A store that was opened, and how it came to that.
#[derive(Clone, Debug)]
pub(super) struct Entrance {
    /// The worst crash on the way (process if there was none).
    pub kind: CrashKind,
    pub crashes: u32,
    pub faults: u32,
    /// Writes that crashes on the way, or before, have torn.
    pub tears: u32,
    pub fold: Fold,
    /// The process and its disk, as one number.
    pub hash: u128,
    pub state: Arc<Entered>,
    /// The openings that led here.
    pub path: Path,
}

/// A process that has just opened the store, and its disk.
#[derive(Debug)]
pub(super) struct Entered {
    pub keyspace: Keyspace,
    /// Its future, shared with all that have the same; none behind the last crash.
    pub future: Option<Future>,
    /// Let go of once nothing more will begin here.
    pub state: Mutex<Option<(Disk, Up)>>,
}

/// All entrances from one disk, or the broken promise on the way.
pub(super) type Doors = Result<Vec<Entrance>, (Violation, Vec<Step>)>;

/// Steps, first one first; what leads on from different ones is shared.
#[derive(Clone, Debug, Default)]
pub(super) struct Path(Option<Arc<(Step, Path)>>);

impl Path {
    /// This step, and then those.
    pub fn before(step: Step, rest: &Self) -> Self {
        Self(Some(Arc::new((step, rest.clone()))))
    }

    /// All of them.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut path = self;
        while let Some(node) = &path.0 {
            steps.push(node.0.clone());
            path = &node.1;
        }
        steps
    }

    /// The crash that it begins with.
    fn crash(&self) -> Option<(&Crash, &Self)> {
        match self.0.as_deref() {
            Some((Step::Crash(crash), rest)) => Some((crash, rest)),
            _ => None,
        }
    }

    /// Whether it is one opening, whole and without a fault.
    pub fn is_plain(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|node| node.0 == WHOLE && node.1.0.is_none())
    }
}

impl Search<'_> {
    /// Every way in, from the disk of a machine that is down.
    pub(super) fn doors(&self, disk: &Disk, spent: Spent) -> Arc<Doors> {
        let mut plain = Cow::Borrowed(disk);
        let unread = UNREAD.iter().any(|name| disk.contents(name).is_some());
        if self.merges && (unread || disk.pending() > 0) {
            plain.to_mut().blank(UNREAD);
        }
        if self.merges && self.is_last(spent) && disk.pending() > 0 {
            plain.to_mut().settle_all();
        }
        let disk = &*plain;
        let (crashes, faults, tears) = spent;
        // Behind the last crash no write will be torn any more.
        let bound = self.bounds.tears.max(tears);
        let last = self.merges && crashes == self.bounds.crashes;
        let spent = (crashes, faults, if last { bound } else { tears });
        let key = Hash128::of(&(disk, spent));
        if let Some(known) = self.doors.get(key) {
            return known;
        }
        let (doors, tried) = match self.once.then(|| self.doors_of_twins(disk, spent)) {
            Some(doors) => doors,
            None => Work::begin(self, disk, spent).doors(),
        };
        let (doors, first) = self.doors.insert(key, self.shared(doors));
        if first {
            count(&self.tally.images_distinct, 1);
            self.tally.set.add(key);
            count(&self.tally.recoveries, tried);
        }
        doors
    }

    /// The same, worked out once for all disks that no opening can tell apart, and how many openings
    /// that took.
    fn doors_of_twins(&self, disk: &Disk, spent: Spent) -> (Arc<Doors>, u64) {
        let junk = disk.pending() == 0;
        let last = spent.0 == self.bounds.crashes;
        if let Some(plain) = junk.then(|| without_junk(disk)).flatten() {
            return (self.doors(&plain, spent), 0);
        }
        let twin = Hash128::of(&(self.twins_of.hash(disk, last, &self.beginnings), spent));
        if let Some(known) = self.twins.get(twin) {
            return (known, 0);
        }
        let (doors, tried) = Work::begin(self, disk, spent).doors();
        (self.twins.insert(twin, doors).0, tried)
    }

    /// Whether nothing can be lost or fail any more.
    pub(super) fn is_last(&self, (crashes, faults, _): Spent) -> bool {
        (crashes, faults) == (self.bounds.crashes, self.bounds.faults)
    }

    /// One copy of what many images lead to: most open whole, and to the same state.
    fn shared(&self, doors: Arc<Doors>) -> Arc<Doors> {
        let Some([one]) = doors.as_deref().ok() else {
            return doors;
        };
        if !one.path.is_plain() {
            return doors;
        }
        let mut hasher = Hash128::default();
        (one.hash, one.kind, one.crashes, one.faults, one.tears).hash(&mut hasher);
        self.interned.insert(hasher.finish128(), doors).0
    }

    /// Every way in after a power loss that finds this disk: once for all disks of which it leaves
    /// the same. `spent` is with this crash, and the paths begin with it.
    pub(super) fn powers(&self, disk: &Disk, spent: Spent) -> Arc<Doors> {
        let mut down = disk.process_crash();
        if self.merges {
            down.blank(UNREAD);
        }
        let last = spent.0 == self.bounds.crashes;
        let number = match self.once {
            true => self.twins_of.hash(&down, last, &self.beginnings),
            false => Hash128::of(&down),
        };
        let key = Hash128::of(&(number, spent));
        if let Some(known) = self.powers.get(key) {
            return known;
        }
        let (crashes, faults, tears) = spent;
        let mut found = Found::default();
        let mut images = 0;
        let may_tear = tears < self.bounds.tears;
        let ended = self.each_image(disk, may_tear, |image, crash, torn| {
            images += 1;
            let doors = self.doors(image, (crashes, faults, tears + u32::from(torn)));
            found.extend(&doors, CrashKind::Power, &Lead::Step(Step::Crash(crash)))
        });
        let doors = ended.map(|()| found.entrances);
        let (doors, first) = self.powers.insert(key, Arc::new(doors));
        if first {
            count(&self.tally.images, images);
        }
        doors
    }

    /// Every image of a power loss here, and whether a write is torn in it.
    fn each_image(
        &self,
        disk: &Disk,
        tears: bool,
        mut look: impl FnMut(&Disk, Crash, bool) -> Ended,
    ) -> Ended {
        let mut clean = HashSet::new();
        let mut untorn = disk.images(Limits {
            tears: TearPoints::None,
            ..self.limits
        });
        let mut index = 0;
        while let Some(image) = untorn.next() {
            clean.insert(untorn.last_hash());
            look(&image, Crash::Clean(index), false)?;
            index += 1;
        }
        if untorn.is_coarse() {
            self.coarse.store(true, Ordering::Relaxed);
        }
        let mut all = disk.images(self.limits);
        let mut index = 0;
        while tears && let Some(image) = all.next() {
            if !clean.contains(&all.last_hash()) {
                look(&image, Crash::Image(index), true)?;
            }
            index += 1;
        }
        Ok(())
    }
}

/// Crashes, faults, and torn writes.
pub(super) type Spent = (u32, u32, u32);

/// Entrances, without those that lead to what another leads to with less.
#[derive(Default)]
pub(super) struct Found {
    pub entrances: Vec<Entrance>,
    /// By process, disk and kind of crash: what was spent on the way.
    spent: HashMap<u128, Vec<(CrashKind, Spent)>, BuildHashed>,
}

impl Found {
    fn is_new(&mut self, entrance: &Entrance, kind: CrashKind) -> bool {
        let this = (entrance.crashes, entrance.faults, entrance.tears);
        let ways = self.spent.entry(entrance.hash).or_default();
        let is_as_good = |(other, spent): &(_, _)| *other == kind && covers(*spent, this);
        if ways.iter().any(is_as_good) {
            return false;
        }
        ways.push((kind, this));
        true
    }

    pub fn push(&mut self, entrance: Entrance) {
        if self.is_new(&entrance, entrance.kind) {
            self.entrances.push(entrance);
        }
    }

    /// Takes over what lies behind a crash of this kind, or a fault, that `lead` leads to.
    pub fn extend(&mut self, doors: &Doors, kind: CrashKind, lead: &Lead) -> Ended {
        let doors = doors.as_ref();
        let doors = doors.map_err(|(violation, path)| (violation.clone(), lead.steps(path)))?;
        for entrance in doors {
            let kind = kind.max(entrance.kind);
            if self.is_new(entrance, kind) {
                self.entrances.push(Entrance {
                    kind,
                    path: lead.path(&entrance.path),
                    ..entrance.clone()
                });
            }
        }
        Ok(())
    }
}

/// What leads to a disk from which the ways in are known.
pub(super) enum Lead {
    /// A step.
    Step(Step),
    /// The power loss with which those begin; it cuts an opening before the call of this number,
    /// perhaps behind a fault.
    Cut(u32, Option<(u32, Fault)>),
}

impl Lead {
    /// All of the way.
    pub fn path(&self, path: &Path) -> Path {
        match self {
            Self::Step(step) => Path::before(step.clone(), path),
            Self::Cut(call, fault) => {
                let (crash, rest) = path.crash().expect("a power loss comes first");
                Path::before(opening(*call, crash, *fault), rest)
            }
        }
    }

    fn steps(&self, path: &[Step]) -> Vec<Step> {
        match (self, path) {
            (Self::Cut(call, fault), [Step::Crash(crash), rest @ ..]) => {
                [&[opening(*call, crash, *fault)], rest].concat()
            }
            (Self::Step(step), rest) => [std::slice::from_ref(step), rest].concat(),
            (Self::Cut(..), rest) => rest.to_vec(),
        }
    }
}

/// An opening that a crash cuts.
pub(super) fn opening(call: u32, crash: &Crash, fault: Option<(u32, Fault)>) -> Step {
    Step::Open {
        stop: Some((call, crash.clone())),
        fault,
    }
}

pub(super) type Ended = Result<(), (Violation, Vec<Step>)>;
