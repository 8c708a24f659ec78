//! Every way in which an opening may come to its end: whole, cut by crashes, struck by faults.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use indelible::keyspace::Keyspace;
use indelible::recover::QUARANTINE_NAME;
use indelible::units::Now;

use super::counts::count;
use super::junk::without_junk;
use super::search::Search;
use crate::campaign::guarded;
use crate::digest::Hash128;
use crate::disk::{CallKind, Disk, FaultKind, SimVfs};
use crate::oracle::{CrashKind, Fold, Obligation, Violation, fold};
use crate::world::{Crash, Fault, KEEPS, Step, UNTORN, Up, faults_among, opening};

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
    fn before(step: Step, rest: &Self) -> Self {
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

    /// Whether it is one opening, whole and without a fault.
    fn is_plain(&self) -> bool {
        const PLAIN: Step = Step::Open {
            stop: None,
            fault: None,
        };
        self.0
            .as_ref()
            .is_some_and(|node| node.0 == PLAIN && node.1.0.is_none())
    }
}

impl Search<'_> {
    /// Every way in, from the disk of a machine that is down.
    pub(super) fn doors(&self, disk: &Disk, crashes: u32, faults: u32, tears: u32) -> Arc<Doors> {
        let mut hasher = Hash128::default();
        (disk, crashes, faults, tears).hash(&mut hasher);
        let key = hasher.finish128();
        if let Some(known) = self.doors.get(key) {
            return known;
        }
        let mut work = Work {
            search: self,
            disk,
            crashes,
            faults,
            tears,
            recoveries: 0,
            images: 0,
            found: Found::default(),
        };
        if let Some(doors) = work.as_without_junk() {
            let recoveries = work.recoveries;
            let (doors, first) = self.doors.insert(key, doors);
            if first {
                count(&self.tally.images_distinct, 1);
                count(&self.tally.recoveries, recoveries);
            }
            return doors;
        }
        let ended = work.all();
        let recoveries = work.recoveries;
        let images = work.images;
        let doors = ended.map(|()| work.found.entrances);
        let (doors, first) = self.doors.insert(key, self.shared(doors));
        if first {
            count(&self.tally.images_distinct, 1);
            count(&self.tally.recoveries, recoveries);
            count(&self.tally.images, images);
        }
        doors
    }
}

impl Search<'_> {
    /// One copy of what many images lead to: most open whole, and to the same state.
    fn shared(&self, doors: Doors) -> Arc<Doors> {
        let Some([one]) = doors.as_deref().ok() else {
            return Arc::new(doors);
        };
        if !one.path.is_plain() {
            return Arc::new(doors);
        }
        let mut hasher = Hash128::default();
        (one.hash, one.kind, one.crashes, one.faults, one.tears).hash(&mut hasher);
        self.interned.insert(hasher.finish128(), Arc::new(doors)).0
    }

    /// Every image of a power loss here, and whether a write is torn in it.
    pub(super) fn each_image(
        &self,
        disk: &Disk,
        tears: bool,
        images: &mut u64,
        mut look: impl FnMut(&Disk, Crash, bool) -> Ended,
    ) -> Ended {
        let mut clean = HashSet::new();
        let mut untorn = disk.images(UNTORN);
        for (index, image) in (0u32..).zip(&mut untorn) {
            *images += 1;
            clean.insert(Hash128::of(&image));
            look(&image, Crash::Clean(index), false)?;
        }
        if untorn.is_coarse() {
            self.coarse.store(true, Ordering::Relaxed);
        }
        if tears {
            for (index, image) in (0u32..).zip(disk.images(self.limits)) {
                if !clean.contains(&Hash128::of(&image)) {
                    *images += 1;
                    look(&image, Crash::Image(index), true)?;
                }
            }
        }
        Ok(())
    }
}

/// Crashes, faults, and torn writes.
type Spent = (u32, u32, u32);

/// Entrances, without those that lead to what another leads to with less.
#[derive(Default)]
pub(super) struct Found {
    pub entrances: Vec<Entrance>,
    /// By process, disk and kind of crash: what was spent on the way.
    spent: HashMap<(u128, CrashKind), Vec<Spent>>,
}

impl Found {
    fn is_new(&mut self, entrance: &Entrance, kind: CrashKind) -> bool {
        let (crashes, faults, tears) = (entrance.crashes, entrance.faults, entrance.tears);
        let spent = self.spent.entry((entrance.hash, kind)).or_default();
        let cheaper = |other: &Spent| other.0 <= crashes && other.1 <= faults && other.2 <= tears;
        if spent.iter().any(cheaper) {
            return false;
        }
        spent.push((crashes, faults, tears));
        true
    }

    fn push(&mut self, entrance: Entrance) {
        if self.is_new(&entrance, entrance.kind) {
            self.entrances.push(entrance);
        }
    }

    /// Takes over what lies behind a crash of this kind, or a fault, that `step` stands for.
    pub fn extend(&mut self, doors: &Doors, kind: CrashKind, step: &Step) -> Ended {
        let before = |path: &[Step]| [std::slice::from_ref(step), path].concat();
        let doors = doors.as_ref();
        let doors = doors.map_err(|(violation, path)| (violation.clone(), before(path)))?;
        for entrance in doors {
            let kind = kind.max(entrance.kind);
            if self.is_new(entrance, kind) {
                self.entrances.push(Entrance {
                    kind,
                    path: Path::before(step.clone(), &entrance.path),
                    ..entrance.clone()
                });
            }
        }
        Ok(())
    }
}

struct Work<'a> {
    search: &'a Search<'a>,
    disk: &'a Disk,
    crashes: u32,
    faults: u32,
    tears: u32,
    recoveries: u64,
    images: u64,
    found: Found,
}

pub(super) type Ended = Result<(), (Violation, Vec<Step>)>;

impl Work<'_> {
    /// What lies behind an equal disk, if that is searched and an opening of this one comes to the
    /// same.
    fn as_without_junk(&mut self) -> Option<Arc<Doors>> {
        let bounds = self.search.bounds;
        if !self.search.merges || (self.crashes, self.faults) == (bounds.crashes, bounds.faults) {
            return None;
        }
        let plain = without_junk(self.disk)?;
        let vfs = SimVfs::from_disk(self.disk.clone());
        let up = self.enter(&vfs).ok()?.ok()?;
        let here = self.keep_hash(&vfs, &up);
        let doors = self
            .search
            .doors(&plain, self.crashes, self.faults, self.tears);
        let whole = doors.as_ref().as_ref().ok()?.first()?;
        (whole.path.is_plain() && whole.hash == here).then_some(doors)
    }

    fn all(&mut self) -> Ended {
        let whole = Step::Open {
            stop: None,
            fault: None,
        };
        let vfs = SimVfs::from_disk(self.disk.clone());
        vfs.with(|disk| disk.set_tracing(true));
        let up = self
            .enter(&vfs)
            .map_err(|violation| (violation, vec![whole.clone()]))?;
        let up = up.map_err(|error| (opening::refused(&error), vec![whole.clone()]))?;
        let mut calls: Vec<CallKind> =
            vfs.with(|disk| disk.trace().iter().map(|call| call.call).collect());
        calls.pop(); // the world's own lock
        vfs.with(|disk| disk.set_tracing(false));
        let fold = self.keep(vfs, up, CrashKind::Process, self.faults, whole);
        if self.crashes < self.search.bounds.crashes {
            self.cut(&calls, fold)?;
        }
        if self.faults < self.search.bounds.faults {
            self.strike(&calls)?;
        }
        Ok(())
    }

    fn may_tear(&self) -> bool {
        self.tears < self.search.bounds.tears
    }

    fn now(&self) -> Now {
        self.search.now
    }

    fn enter(
        &mut self,
        vfs: &SimVfs,
    ) -> Result<Result<Up, indelible::recover::OpenError>, Violation> {
        self.recoveries += 1;
        let setup = &self.search.setup;
        let options = opening::options(setup, self.now(), self.crashes + self.faults);
        guarded(|| Ok(opening::enter(vfs, setup, &options)))
    }

    /// The process and its disk, as one number; its quarantine is removed.
    fn keep_hash(&self, vfs: &SimVfs, up: &Up) -> u128 {
        opening::forget_quarantine(vfs);
        let mut hasher = Hash128::default();
        // Behind the last crash a state is let go of once it was seen: told apart from others.
        let last = self.crashes >= self.search.bounds.crashes;
        (vfs.disk(), &up.engine, last).hash(&mut hasher);
        hasher.finish128()
    }

    fn keep(&mut self, vfs: SimVfs, up: Up, kind: CrashKind, faults: u32, step: Step) -> Fold {
        let hash = self.keep_hash(&vfs, &up);
        let fold = fold(up.engine.keyspace(), self.now().wall);
        let disk = vfs.disk();
        let state = self.search.entered.get(hash).unwrap_or_else(|| {
            let keyspace = up.engine.keyspace().clone();
            let state = Mutex::new(Some((disk, up)));
            let entered = Arc::new(Entered { keyspace, state });
            self.search.entered.insert(hash, entered).0
        });
        let (crashes, path) = (self.crashes, Path::before(step, &Path::default()));
        self.found.push(Entrance {
            kind,
            crashes,
            faults,
            tears: self.tears,
            fold,
            hash,
            state,
            path,
        });
        fold
    }

    /// The process dies before each call that changes something, or inside a write.
    fn cut(&mut self, calls: &[CallKind], whole: Fold) -> Ended {
        let firm = self.disk.pending() == 0;
        for (call, kind) in (0u32..).zip(calls) {
            if !changes(*kind) {
                continue;
            }
            let parts = *kind == CallKind::Write && self.may_tear();
            let keeps: &[u32] = if parts { &[0, 2, 3] } else { &[0] };
            for keep in keeps {
                let left = self.cut_at(call, *keep)?;
                let crash = Crash::Process(vec![*keep]);
                let torn = *keep > 0;
                self.beyond(&left.process_crash(), call, crash, torn, Some(whole))?;
            }
            let syncs = matches!(kind, CallKind::SyncData | CallKind::SyncDir);
            if syncs && self.disk.profile().power_loss {
                let left = self.cut_at(call, 0)?;
                let same = firm.then_some(whole);
                let (search, tears) = (self.search, self.may_tear());
                let mut images = 0;
                search.each_image(&left, tears, &mut images, |image, crash, torn| {
                    self.beyond(image, call, crash, torn, same)
                })?;
                self.images += images;
            }
        }
        Ok(())
    }

    fn cut_at(&mut self, call: u32, keep: u32) -> Result<Disk, (Violation, Vec<Step>)> {
        let vfs = SimVfs::from_disk(self.disk.clone());
        vfs.with(|disk| {
            disk.set_call_budget(Some(u64::from(call)));
            disk.set_cut_keeps(KEEPS[keep as usize]);
        });
        let stop = Some((call, Crash::Process(vec![keep])));
        self.enter(&vfs)
            .map(drop)
            .map_err(|violation| (violation, vec![Step::Open { stop, fault: None }]))?;
        let mut left = vfs.disk();
        left.set_call_budget(None);
        left.forget(QUARANTINE_NAME);
        Ok(left)
    }

    /// What comes after a crash inside this opening.
    fn beyond(
        &mut self,
        disk: &Disk,
        call: u32,
        crash: Crash,
        torn: bool,
        whole: Option<Fold>,
    ) -> Ended {
        let kind = if crash.is_power_loss() {
            CrashKind::Power
        } else {
            CrashKind::Process
        };
        let step = Step::Open {
            stop: Some((call, crash)),
            fault: None,
        };
        let doors = {
            let tears = self.tears + u32::from(torn);
            self.search
                .doors(disk, self.crashes + 1, self.faults, tears)
        };
        for entrance in doors.iter().flatten() {
            let differs = whole.is_some_and(|whole| whole != entrance.fold);
            let firm = kind == CrashKind::Power || entrance.kind == CrashKind::Process;
            let calm = entrance.faults == self.faults && !self.search.setup.profile.weak_oracle;
            if differs && firm && calm {
                let detail =
                    "an opening that was cut by a crash found something else the second time";
                let path = Path::before(step, &entrance.path).steps();
                return Err((Violation::new(Obligation::Idempotent, detail.into()), path));
            }
        }
        self.found.extend(&doors, kind, &step)
    }

    /// Each call fails in each way.
    fn strike(&mut self, calls: &[CallKind]) -> Ended {
        for (place, kind) in (0u32..).zip(calls) {
            let skip = calls[..place as usize]
                .iter()
                .filter(|other| *other == kind)
                .count() as u32;
            let alternatives = self.disk.fault_alternatives(*kind);
            for fault in faults_among(alternatives) {
                let what = alternatives[usize::from(fault.index)];
                self.struck(place, *kind, skip, fault, what)?;
            }
        }
        Ok(())
    }

    fn struck(
        &mut self,
        place: u32,
        call: CallKind,
        skip: u32,
        fault: Fault,
        kind: FaultKind,
    ) -> Ended {
        let vfs = SimVfs::from_disk(self.disk.clone());
        vfs.with(|disk| {
            disk.inject(crate::disk::Fault {
                call,
                skip,
                kind,
                forever: fault.for_ever,
            });
        });
        let step = Step::Open {
            stop: None,
            fault: Some((place, fault)),
        };
        let dropped = kind == FaultKind::SyncRevert;
        let worst = if dropped {
            CrashKind::Power
        } else {
            CrashKind::Process
        };
        let entered = self
            .enter(&vfs)
            .map_err(|violation| (violation, vec![step.clone()]))?;
        if let Ok(up) = entered {
            self.keep(vfs, up, worst, self.faults + 1, step);
            return Ok(());
        }
        let left = vfs.with(|disk| {
            disk.clear_faults();
            disk.process_crash()
        });
        let doors = self
            .search
            .doors(&left, self.crashes, self.faults + 1, self.tears);
        self.found.extend(&doors, worst, &step)
    }
}

const fn changes(kind: CallKind) -> bool {
    matches!(
        kind,
        CallKind::Create
            | CallKind::Write
            | CallKind::Copy
            | CallKind::SyncData
            | CallKind::Truncate
            | CallKind::Rename
            | CallKind::SyncDir
            | CallKind::Unlink
    )
}
