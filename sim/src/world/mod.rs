//! The world: a machine, its disk, its clients and its crashes, one step at a time.
//!
//! What runs here is what ships: [`Engine`], [`recover::open`](indelible::recover::open) and
//! [`perform`](indelible::driver::perform), over a disk that knows what a crash may leave. The
//! world decides nothing: each [`Step`] says what happens next, and whoever chooses the steps
//! decides what kind of search it is.
//!
//! * W1: a step that is not possible changes nothing that a report or a replay would show.
//! * W2: the same steps give the same world, byte for byte.
//! * W3: effects that are out are performed when they complete, so any of them may be overtaken; a
//!   sync covers what had completed when it was given out, and later changes may survive or not.
//! * W4: at a crash each effect that is out was performed, or not, or (a write) in part. Before a
//!   power loss all but the syncs count as performed: what survives is the disk's choice, so this
//!   leaves nothing out.

mod calls;
mod checks;
mod collections;
mod crash;
mod line;
pub(crate) mod opening;
mod run;
mod step;
mod trace;

use std::hash::Hash;
use std::sync::Arc;

use indelible::driver::Files;
use indelible::effect::{Action, Effect, EffectId, FileHandle, IoErrorKind, Lane};
use indelible::engine::Engine;
use indelible::units::{Millis, Now, WallMillis};
use indelible::vfs::Vfs;

use crate::digest::Hash128;
use crate::disk::{CallKind, Disk, FaultKind, HandleId, SimFile, SimVfs};
use crate::oracle::{CrashKind, Leniency, Oracle, Violation};
use crate::sabotage::driver::Memory;
use crate::setup::{Blindness, Setup};

#[cfg(test)]
pub(crate) use crash::UNTORN;
pub(crate) use crash::{Alike, limits};
pub use line::{Line, What, Wreck};
pub(crate) use opening::KEEPS;
pub use step::{Crash, Fault, Step, from_text, to_text};

use trace::Trace;

/// When every process begins, on the monotonic clock.
const MONO_START: Millis = Millis(1_000_000);
/// When every run begins, on the wall's clock.
const WALL_START: WallMillis = WallMillis(1_700_000_000_000);

/// An effect that a lane has taken and not finished.
#[derive(Clone, Debug)]
struct Out {
    id: EffectId,
    effect: Effect,
    /// The disk's sequence number when it was given out: a sync covers what came before.
    since: u64,
    /// Whether the machine was told its end already: a seeded bug of the driver.
    answered: bool,
}

/// A process that has the store open.
#[derive(Clone, Debug)]
pub(crate) struct Up {
    pub engine: Engine,
    /// The machine's numbers for files, and the disk's.
    pub files: Vec<(FileHandle, HandleId)>,
    out: Vec<Out>,
    /// Files with bytes that the background wrote and nobody synced.
    filling: Vec<FileHandle>,
    /// Files that were created under the name of a rewrite.
    rewrites: Vec<FileHandle>,
    /// Whether a close was asked for.
    closing: bool,
    /// What a driver with a seeded bug keeps in mind.
    memory: Memory,
}

/// A fault that stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Lasting {
    call: CallKind,
    index: u8,
    /// How often it struck.
    hits: u32,
}

/// How often a fault that stays strikes in an exhaustive search before it goes: without an end, no
/// state would be the last.
const LASTING_HITS_MAX: u32 = 3;

/// A machine, its disk, its clients and its crashes.
#[derive(Debug)]
pub struct World {
    pub(crate) setup: Arc<Setup>,
    pub(crate) vfs: SimVfs,
    pub(crate) up: Option<Up>,
    pub(crate) oracle: Oracle,
    pub(crate) now: Now,
    pub(crate) calls: u32,
    pub(crate) crashes: u32,
    pub(crate) faults: u32,
    /// The worst crash since an opening returned.
    down: Option<CrashKind>,
    /// What the next opening is to find, if the last one was cut. // O4
    expected: Option<opening::Expected>,
    /// Whether an opening was cut since one returned.
    cut_before: bool,
    lasting: Option<Lasting>,
    /// Openings that a disk refused which no store survives.
    pub(crate) refusals: u32,
    /// Writes that crashes have torn, as far as an exhaustive search counts them.
    pub(crate) tears: u32,
    /// Whether lasting faults end by themselves.
    bounded: bool,
    trace: Trace,
    /// The step that is being taken: a panic leaves it here, so that the run is whole.
    taking: Option<Step>,
    lines: Option<Vec<Line>>,
}

impl World {
    /// An empty directory, and nobody has opened it yet.
    #[must_use]
    pub fn new(setup: &Arc<Setup>) -> Self {
        let leniency = Leniency {
            weak: setup.blindness == Blindness::NoLowerBound || setup.profile.weak_oracle,
        };
        let keyspace = indelible::keyspace::Keyspace::new(opening::HASH_SEED);
        Self {
            setup: Arc::clone(setup),
            vfs: SimVfs::new(setup.disk_profile()),
            up: None,
            oracle: Oracle::new(keyspace, leniency),
            now: Now {
                mono: MONO_START,
                wall: WALL_START,
            },
            calls: 0,
            crashes: 0,
            faults: 0,
            down: None,
            expected: None,
            cut_before: false,
            lasting: None,
            refusals: 0,
            tears: 0,
            bounded: setup.still,
            trace: Trace::default(),
            taking: None,
            lines: None,
        }
    }

    /// Keeps what happens as text, and everything that the oracle would forget.
    #[must_use]
    pub fn remembering(mut self) -> Self {
        self.vfs.with(|disk| disk.set_tracing(true));
        self.oracle.remember();
        self.lines = Some(Vec::new());
        self
    }

    /// A world that goes its own way from here.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            setup: Arc::clone(&self.setup),
            vfs: SimVfs::from_disk(self.vfs.disk()),
            up: self.up.clone(),
            oracle: self.oracle.clone(),
            now: self.now,
            calls: self.calls,
            crashes: self.crashes,
            faults: self.faults,
            down: self.down,
            expected: self.expected,
            cut_before: self.cut_before,
            lasting: self.lasting,
            refusals: self.refusals,
            tears: self.tears,
            bounded: self.bounded,
            trace: self.trace.clone(),
            taking: None,
            lines: self.lines.clone(),
        }
    }

    /// This world, after crashes that led to this process on this disk.
    pub(crate) fn entered_as(
        &self,
        state: (Disk, Up),
        (crashes, faults, tears): (u32, u32, u32),
        path: &[Step],
    ) -> Self {
        let (disk, up) = state;
        let mut oracle = self.oracle.clone();
        oracle.reopened(up.engine.keyspace().clone());
        let mut trace = self.trace.clone();
        for step in path {
            trace.push(step.clone());
        }
        Self {
            setup: Arc::clone(&self.setup),
            vfs: SimVfs::from_disk(disk),
            up: Some(up),
            oracle,
            now: Now {
                mono: MONO_START,
                ..self.now
            },
            crashes,
            faults,
            down: None,
            expected: None,
            cut_before: false,
            lasting: None,
            trace,
            taking: None,
            lines: None,
            calls: self.calls,
            refusals: self.refusals,
            tears,
            bounded: self.bounded,
        }
    }

    /// How many steps led here.
    pub(crate) fn depth(&self) -> usize {
        self.trace.len()
    }

    /// Takes a step; false if it is not possible now.
    ///
    /// # Errors
    /// The promise that it broke.
    pub fn apply(&mut self, step: &Step) -> Result<bool, Violation> {
        self.taking = Some(step.clone());
        let taken = match step {
            Step::Call(call) => self.call(*call),
            Step::Poll(lane) => self.poll(*lane),
            Step::Complete { slot, fault } => self.complete(usize::from(*slot), *fault),
            Step::Wait => self.wait(),
            Step::Crash(crash) => self.crash(crash),
            Step::Open { stop, fault } => self.open(stop.as_ref(), *fault),
        };
        let step = self.taking.take().expect("set above");
        if !matches!(taken, Ok(false)) {
            self.trace.push(step);
        }
        taken
    }

    /// The steps that were taken, oldest first, and the one that a panic cut short.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = self.trace.steps();
        steps.extend(self.taking.clone());
        steps
    }

    /// What happened, if it was kept.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        self.lines.as_deref().unwrap_or(&[])
    }

    /// What happened as text, one line each, if it was kept.
    #[must_use]
    pub fn trace_text(&self) -> String {
        self.lines()
            .iter()
            .map(|line| format!("{:?}\n", line.what))
            .collect()
    }

    /// Whether a process has the store open.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.up.is_some()
    }

    /// How many effects are out.
    #[must_use]
    pub fn out_count(&self) -> usize {
        self.up.as_ref().map_or(0, |up| up.out.len())
    }

    /// The sort of call that the effect at this place is.
    pub(crate) fn out_kind(&self, slot: usize) -> Option<CallKind> {
        self.up
            .as_ref()?
            .out
            .get(slot)
            .map(|out| kind_of(&out.effect.action))
    }

    /// The lane of the effect at this place.
    pub(crate) fn out_lane(&self, slot: usize) -> Option<Lane> {
        let out = self.up.as_ref()?.out.get(slot);
        out.map(|out| out.effect.lane)
    }

    /// The place of an effect that is out and does nothing that any crash shows: the background closes
    /// a file (not when the store is closed, which waits for it), or truncates one that has no name,
    /// nor one that a crash may bring back. None that a fault would strike that stays.
    pub(crate) fn unseen(&self) -> Option<u8> {
        let up = self.up.as_ref()?;
        let is_struck = |call| self.lasting.is_some_and(|lasting| lasting.call == call);
        let is_unseen = |out: &Out| match &out.effect.action {
            Action::Close { .. } => {
                out.effect.lane == Lane::Background && !up.closing && !is_struck(CallKind::Close)
            }
            Action::Truncate { file, .. } if !is_struck(CallKind::Truncate) => {
                let handle = up.handle(*file);
                self.vfs.with(|disk| {
                    disk.refused_read_only().is_none() && disk.is_only_under(handle, &[])
                })
            }
            _ => false,
        };
        let slot = up.out.iter().position(is_unseen)?;
        u8::try_from(slot).ok()
    }

    /// Whether a fault that may have come to stay would strike such a call a second time.
    pub(crate) fn may_spare(&self, call: CallKind) -> bool {
        self.lasting
            .is_some_and(|lasting| lasting.call == call && lasting.hits == 1)
    }

    /// The fault that has struck once did not come to stay: nothing else would be different so far.
    pub(crate) fn spare(&mut self) {
        self.lasting = None;
        self.trace.change_last(|step| match step {
            Step::Complete {
                slot,
                fault: Some(fault @ Fault { for_ever: true, .. }),
            } => Some(Step::Complete {
                slot: *slot,
                fault: Some(Fault {
                    for_ever: false,
                    ..*fault
                }),
            }),
            _ => None,
        });
    }

    /// Whether every effect that is out is a sync: a power loss finds no more if it comes later.
    pub(crate) fn only_syncs_are_out(&self) -> bool {
        let sync = |action: &Action| matches!(action, Action::SyncData { .. } | Action::SyncDir);
        let up = self.up.as_ref();
        up.is_some_and(|up| !up.out.is_empty() && up.out.iter().all(|out| sync(&out.effect.action)))
    }

    /// What may go wrong with a call of this kind here.
    pub(crate) fn fault_count(&self, kind: CallKind) -> u8 {
        self.vfs
            .with(|disk| disk.fault_alternatives(kind).len() as u8)
    }

    /// Every fault that may strike a call of this kind here: each once, and for ever where that
    /// makes sense (signals and short writes for ever are a storm, not a fault).
    pub(crate) fn faults_of(&self, kind: CallKind) -> Vec<Fault> {
        let alternatives = self.vfs.with(|disk| disk.fault_alternatives(kind));
        faults_among(alternatives)
    }

    /// The faults stop here: what stays broken is mended.
    pub(crate) fn mend(&mut self) {
        self.lasting = None;
        self.vfs.with(Disk::remount);
    }

    /// Everything that decides the future, as one number, where [`World::crash_hash`] is known.
    pub(crate) fn state_hash_with(&self, crash_hash: u128) -> u128 {
        let mut hasher = Hash128::default();
        crash_hash.hash(&mut hasher);
        if let Some(up) = &self.up {
            up.engine.hash(&mut hasher);
            (&up.filling, &up.rewrites, up.closing, up.memory).hash(&mut hasher);
        }
        self.oracle.hash(&mut hasher);
        (
            self.now,
            self.calls,
            self.crashes,
            self.faults,
            self.down,
            self.lasting,
        )
            .hash(&mut hasher);
        (self.expected, self.cut_before, self.tears).hash(&mut hasher);
        hasher.finish128()
    }

    /// Everything that decides what a crash leaves.
    pub(crate) fn crash_hash(&self) -> u128 {
        let mut hasher = Hash128::default();
        self.vfs.with(|disk| {
            disk.hash(&mut hasher);
            let Some(up) = &self.up else { return };
            for out in &up.out {
                (&out.effect, out.answered).hash(&mut hasher);
                if let Action::SyncData { file } = &out.effect.action {
                    let covered = disk.covered(up.handle(*file), out.since);
                    covered.hash(&mut hasher);
                } else if matches!(out.effect.action, Action::SyncDir) {
                    disk.dir_covered(out.since).hash(&mut hasher);
                }
            }
            up.files.hash(&mut hasher);
        });
        hasher.finish128()
    }

    /// Everything that decides what the death of the process leaves; `last`: behind it nothing can
    /// be lost or fail any more.
    pub(crate) fn death_hash(&self, last: bool) -> u128 {
        let mut hasher = Hash128::default();
        let mut disk = self.vfs.disk();
        if last {
            disk.settle_all();
        }
        disk.hash(&mut hasher);
        if let Some(up) = &self.up {
            for out in &up.out {
                out.effect.hash(&mut hasher);
            }
            up.files.hash(&mut hasher);
        }
        hasher.finish128()
    }

    fn line(&mut self, what: What) {
        if let Some(lines) = &mut self.lines {
            lines.push(Line { what });
        }
    }
}

impl Up {
    fn handle(&self, file: FileHandle) -> HandleId {
        let found = self.files.iter().find(|(handle, _)| *handle == file);
        found
            .unwrap_or_else(|| panic!("O7: {file:?} is not open"))
            .1
    }

    /// The files as product code has them, attached to this disk.
    fn attached(&mut self, vfs: &SimVfs) -> Files<SimVfs> {
        let files = Files::default();
        for (handle, id) in self.files.drain(..) {
            files.insert(handle, vfs.attach(id));
        }
        files
    }

    fn detach<V: Vfs<File = SimFile>>(&mut self, files: Files<V>) {
        self.files.extend(
            files
                .into_open()
                .map(|(handle, file)| (handle, file.forget())),
        );
    }
}

/// Each of these faults once, and for ever where that makes sense.
pub(crate) fn faults_among(alternatives: &[FaultKind]) -> Vec<Fault> {
    let passing = |kind: &FaultKind| {
        matches!(
            kind,
            FaultKind::Short(_) | FaultKind::FailPart(IoErrorKind::Interrupted, _)
        )
    };
    let numbered = (0u8..).zip(alternatives);
    numbered
        .flat_map(|(index, kind)| {
            let often: &[bool] = if passing(kind) {
                &[false]
            } else {
                &[false, true]
            };
            often.iter().map(move |for_ever| Fault {
                index,
                for_ever: *for_ever,
            })
        })
        .collect()
}

/// The sort of call that performs an action.
pub(crate) const fn kind_of(action: &Action) -> CallKind {
    match action {
        Action::Create { .. } => CallKind::Create,
        Action::Open { .. } => CallKind::Open,
        Action::Write { .. } => CallKind::Write,
        Action::Copy { .. } => CallKind::Copy,
        Action::Read { .. } => CallKind::Read,
        Action::SyncData { .. } => CallKind::SyncData,
        Action::Truncate { .. } => CallKind::Truncate,
        Action::Rename { .. } => CallKind::Rename,
        Action::SyncDir => CallKind::SyncDir,
        Action::Unlink { .. } => CallKind::Unlink,
        Action::Close { .. } => CallKind::Close,
    }
}
