//! An opening: whole, cut by crashes, struck by faults.

use std::hash::Hash;
use std::sync::{Arc, Mutex};

use indelible::recover::QUARANTINE_NAME;
use indelible::units::Now;

use super::doors::{Doors, Ended, Entered, Entrance, Found, Lead, Path, Spent, opening};
use super::junk::without_junk;
use super::search::Search;
use super::settled::future;
use crate::campaign::guarded;
use crate::digest::Hash128;
use crate::disk::{CallKind, Cut, Disk, FaultKind, Keep, SimVfs};
use crate::oracle::{CrashKind, Fold, Obligation, Violation, fold};
use crate::world::{Crash, Fault, KEEPS, Step, Up, faults_among, opening as openings};

/// Parts of writes at which an opening is cut, if one more write may be torn.
const TORN: &[Keep] = &[KEEPS[0], KEEPS[2], KEEPS[3]];
/// And if not.
const UNTORN: &[Keep] = &[KEEPS[0]];
/// Their places in [`KEEPS`].
const KEPT: [u32; 3] = [0, 2, 3];

/// What went wrong in an opening.
#[derive(Clone, Copy)]
struct Struck {
    /// The number of the call.
    place: u32,
    fault: Fault,
    /// The worst crash that it counts as.
    worst: CrashKind,
}

/// An opening that nothing disturbs.
pub(super) const WHOLE: Step = Step::Open {
    stop: None,
    fault: None,
};

/// All openings of one disk.
pub(super) struct Work<'a> {
    search: &'a Search<'a>,
    disk: &'a Disk,
    crashes: u32,
    faults: u32,
    tears: u32,
    /// Openings that were tried.
    recoveries: u64,
    found: Found,
}

impl<'a> Work<'a> {
    pub fn begin(search: &'a Search<'a>, disk: &'a Disk, spent: Spent) -> Self {
        let (crashes, faults, tears) = spent;
        Self {
            search,
            disk,
            crashes,
            faults,
            tears,
            recoveries: 0,
            found: Found::default(),
        }
    }

    /// Every way in, and how many openings that took.
    pub fn doors(mut self) -> (Arc<Doors>, u64) {
        if let Some(doors) = self.as_without_junk() {
            return (doors, self.recoveries);
        }
        let ended = self.all();
        (
            Arc::new(ended.map(|()| self.found.entrances)),
            self.recoveries,
        )
    }

    /// What lies behind an equal disk, if that is searched and an opening of this one comes to the
    /// same.
    fn as_without_junk(&mut self) -> Option<Arc<Doors>> {
        let spent = (self.crashes, self.faults, self.tears);
        let last = self.search.is_last(spent);
        if !self.search.merges_junk || last || self.disk.pending() > 0 {
            return None;
        }
        let plain = without_junk(self.disk)?;
        let vfs = SimVfs::from_disk(self.disk.clone());
        let up = self.enter(&vfs).ok()?.ok()?;
        let here = self.keep_hash(&vfs, &up);
        let doors = self.search.doors(&plain, spent);
        let whole = doors.as_ref().as_ref().ok()?.first()?;
        (whole.path.is_plain() && whole.hash == here).then_some(doors)
    }

    fn all(&mut self) -> Ended {
        let vfs = self.watched();
        let up = self
            .enter(&vfs)
            .map_err(|violation| (violation, vec![WHOLE]))?;
        let up = match up {
            Ok(up) => up,
            Err(_) if self.search.setup.profile.weak_oracle => return self.refused(&vfs),
            Err(error) => return Err((openings::refused(&error), vec![WHOLE])),
        };
        let mut calls: Vec<CallKind> =
            vfs.with(|disk| disk.trace().iter().map(|call| call.call).collect());
        calls.pop(); // the world's own lock
        let cuts = vfs.with(|disk| {
            disk.set_tracing(false);
            disk.take_cuts()
        });
        let fold = self.keep(vfs, up, CrashKind::Process, self.faults, WHOLE);
        if self.crashes < self.search.bounds.crashes {
            let made = calls.len();
            for cut in cuts.into_iter().filter(|cut| (cut.call as usize) < made) {
                self.cut(cut, None, Some(fold))?;
            }
        }
        if self.faults < self.search.bounds.faults {
            self.strike(&calls)?;
        }
        Ok(())
    }

    /// A store that says that it will not open, where no store could keep its promises: it may on
    /// the next try, if the disk is another by now (an error that came late comes once).
    fn refused(&mut self, vfs: &SimVfs) -> Ended {
        let (cuts, left) = vfs.with(|disk| {
            disk.set_tracing(false);
            (disk.take_cuts(), disk.process_crash())
        });
        if self.crashes < self.search.bounds.crashes {
            for cut in cuts {
                self.cut(cut, None, None)?;
            }
        }
        if Hash128::of(&left) == Hash128::of(self.disk) {
            return Ok(());
        }
        let spent = (self.crashes, self.faults, self.tears);
        let doors = self.search.doors(&left, spent);
        self.found
            .extend(&doors, CrashKind::Process, &Lead::Step(WHOLE))
    }

    /// The disk, with every call that an opening makes kept, and what would be left before it.
    fn watched(&self) -> SimVfs {
        let vfs = SimVfs::from_disk(self.disk.clone());
        let bounds = self.search.bounds;
        let may_tear = self.tears < bounds.tears;
        let (cut, struck) = (self.crashes < bounds.crashes, self.faults < bounds.faults);
        vfs.with(|disk| {
            disk.set_tracing(cut || struck);
            if cut {
                disk.keep_cuts(if may_tear { TORN } else { UNTORN });
            }
        });
        vfs
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
        let options = openings::options(setup, self.now(), self.crashes + self.faults);
        guarded(|| Ok(openings::enter(vfs, setup, &options)))
    }

    /// The process and its disk, as one number; its quarantine is removed.
    fn keep_hash(&self, vfs: &SimVfs, up: &Up) -> u128 {
        openings::forget_quarantine(vfs);
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
            let goes_on = self.search.merges && self.crashes < self.search.bounds.crashes;
            let future = goes_on
                .then(|| future(&disk, &up, self.search.twins_of))
                .flatten();
            let state = Mutex::new(Some((disk, up)));
            let entered = Arc::new(Entered {
                keyspace,
                future,
                state,
            });
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

    /// The process dies at this place of an opening, and perhaps the power is lost with it.
    fn cut(&mut self, cut: Cut, struck: Option<Struck>, same: Option<Fold>) -> Ended {
        let fault = struck.map(|struck| (struck.place, struck.fault));
        let faults = self.faults + u32::from(struck.is_some());
        let worst = struck.map_or(CrashKind::Process, |struck| struck.worst);
        let mut left = cut.disk;
        left.forget(QUARANTINE_NAME);
        let (keep, search) = (KEPT[cut.keep], self.search);
        let (crashes, tears) = (self.crashes + 1, self.tears);

        let torn = tears + u32::from(cut.keep > 0);
        let doors = search.doors(&left.process_crash(), (crashes, faults, torn));
        let step = opening(cut.call, &Crash::Process(vec![keep]), fault);
        let lead = Lead::Step(step);
        self.is_same(&doors, CrashKind::Process, same, &lead)?;
        self.found.extend(&doors, worst, &lead)?;

        let syncs = matches!(cut.kind, CallKind::SyncData | CallKind::SyncDir);
        if syncs && self.disk.profile().power_loss {
            let doors = search.powers(&left, (crashes, faults, tears));
            let lead = Lead::Cut(cut.call, fault);
            self.is_same(&doors, CrashKind::Power, same, &lead)?;
            self.found.extend(&doors, CrashKind::Power, &lead)?;
        }
        Ok(())
    }

    /// Behind a crash of this kind that cut an opening, others find what it would have found.
    fn is_same(&self, doors: &Doors, kind: CrashKind, same: Option<Fold>, lead: &Lead) -> Ended {
        let Some(whole) = same else { return Ok(()) };
        let firm = kind == CrashKind::Process || self.disk.pending() == 0;
        for entrance in doors.iter().flatten().filter(|_| firm) {
            let sure = kind == CrashKind::Power || entrance.kind == CrashKind::Process;
            let calm = entrance.faults == self.faults && !self.search.setup.profile.weak_oracle;
            if whole != entrance.fold && sure && calm {
                let detail =
                    "an opening that was cut by a crash found something else the second time";
                let path = lead.path(&entrance.path).steps();
                return Err((Violation::new(Obligation::Idempotent, detail.into()), path));
            }
        }
        Ok(())
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
                let worst = if what == FaultKind::SyncRevert {
                    CrashKind::Power
                } else {
                    CrashKind::Process
                };
                let struck = Struck {
                    place,
                    fault,
                    worst,
                };
                let injected = crate::disk::Fault {
                    call: *kind,
                    skip,
                    kind: what,
                    forever: fault.for_ever,
                };
                self.struck(struck, injected)?;
            }
        }
        Ok(())
    }

    /// One fault, and crashes behind it.
    fn struck(&mut self, struck: Struck, injected: crate::disk::Fault) -> Ended {
        let vfs = self.watched();
        vfs.with(|disk| disk.inject(injected));
        let step = Step::Open {
            stop: None,
            fault: Some((struck.place, struck.fault)),
        };
        let entered = self
            .enter(&vfs)
            .map_err(|violation| (violation, vec![step.clone()]))?;
        let made = vfs.with(|disk| disk.trace().len() - usize::from(entered.is_ok()));
        let cuts = vfs.with(|disk| {
            disk.set_tracing(false);
            disk.take_cuts()
        });
        if self.crashes < self.search.bounds.crashes {
            let after = |cut: &Cut| cut.call > struck.place && (cut.call as usize) < made;
            for cut in cuts.into_iter().filter(after) {
                self.cut(cut, Some(struck), None)?;
            }
        }
        if let Ok(up) = entered {
            self.keep(vfs, up, struck.worst, self.faults + 1, step);
            return Ok(());
        }
        let left = vfs.with(|disk| {
            disk.clear_faults();
            disk.process_crash()
        });
        let spent = (self.crashes, self.faults + 1, self.tears);
        let doors = self.search.doors(&left, spent);
        self.found.extend(&doors, struck.worst, &Lead::Step(step))
    }
}
