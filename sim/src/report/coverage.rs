//! What a campaign has reached: protocol state x action x fault x damage.
//!
//! A run is watched while its steps are repeated; what decides is what the machine shows to
//! everybody ([`Stats`]), the effects that are out, and what a crash took.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use indelible::effect::Lane;
use indelible::engine::Stats;

use super::event::{changes_names, verb};
use crate::call::Call;
use crate::campaign::guarded;
use crate::disk::{CallKind, Disk, Fate, FaultKind, Profile};
use crate::oracle::CrashKind;
use crate::setup::Setup;
use crate::world::{Crash, Step, What, World};

/// The machine's state, as far as it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Nobody has the store open, or somebody is opening it.
    Opening,
    /// The log is disabled.
    Disabled,
    /// Nothing special goes on.
    Idle,
    /// A sync of the live log is out.
    Syncing,
    /// A rewrite runs.
    Rewriting,
    /// A rewrite runs, and a sync of the live log is out.
    RewritingSyncing,
    /// It heals after a failed sync.
    Healing,
    /// The last write found no room.
    NoRoom,
    /// A close was asked for.
    Closing,
    /// It stopped after an error.
    Stopped,
}

/// What was done, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// No effect was out.
    Nothing,
    /// An effect of the foreground.
    Foreground(CallKind),
    /// An effect of the background.
    Background(CallKind),
    /// A call of an opening.
    Opening,
}

/// What a crash did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    /// There was none.
    None,
    /// The process died; what was out was done.
    Process,
    /// The process died; of what was out a part was done, or nothing.
    ProcessPart,
    /// The power was lost, and nothing else.
    PowerKept,
    /// Bytes were lost.
    Bytes,
    /// Names were lost.
    Names,
    /// Bytes and names were lost.
    BytesAndNames,
    /// A write was torn.
    Torn,
}

/// One cell.
pub type Cell = (Phase, Deed, &'static str, Damage);

/// The word for "no fault".
pub const NO_FAULT: &str = "none";

/// How often each cell was reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    cells: BTreeMap<Cell, u64>,
}

impl Phase {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Opening,
        Self::Disabled,
        Self::Idle,
        Self::Syncing,
        Self::Rewriting,
        Self::RewritingSyncing,
        Self::Healing,
        Self::NoRoom,
        Self::Closing,
        Self::Stopped,
    ];

    fn of(stats: &Stats, closing: bool) -> Self {
        match stats {
            Stats { stopped: true, .. } => Self::Stopped,
            _ if closing => Self::Closing,
            Stats { healing: true, .. } => Self::Healing,
            Stats { no_room: true, .. } => Self::NoRoom,
            Stats {
                aof_rewrite_in_progress: true,
                aof_pending_bio_fsync: true,
                ..
            } => Self::RewritingSyncing,
            Stats {
                aof_rewrite_in_progress: true,
                ..
            } => Self::Rewriting,
            Stats {
                aof_enabled: false, ..
            } => Self::Disabled,
            Stats {
                aof_pending_bio_fsync: true,
                ..
            } => Self::Syncing,
            _ => Self::Idle,
        }
    }
}

impl Damage {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::Process,
        Self::ProcessPart,
        Self::PowerKept,
        Self::Bytes,
        Self::Names,
        Self::BytesAndNames,
        Self::Torn,
    ];
}

impl Deed {
    /// Every one that a machine may do.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::Nothing, Self::Opening];
        all.extend(FOREGROUND.map(Self::Foreground));
        all.extend(BACKGROUND.map(Self::Background));
        all
    }

    fn call(self) -> Option<CallKind> {
        match self {
            Self::Foreground(call) | Self::Background(call) => Some(call),
            Self::Nothing | Self::Opening => None,
        }
    }
}

/// What the foreground may do: O10 keeps the rest from it.
const FOREGROUND: [CallKind; 5] = [
    CallKind::Write,
    CallKind::SyncData,
    CallKind::Truncate,
    CallKind::Rename,
    CallKind::Close,
];
const BACKGROUND: [CallKind; 11] = [
    CallKind::Create,
    CallKind::Open,
    CallKind::Read,
    CallKind::Write,
    CallKind::Copy,
    CallKind::SyncData,
    CallKind::Truncate,
    CallKind::Rename,
    CallKind::SyncDir,
    CallKind::Unlink,
    CallKind::Close,
];

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opening => "opening",
            Self::Disabled => "disabled",
            Self::Idle => "idle",
            Self::Syncing => "sync out",
            Self::Rewriting => "rewriting",
            Self::RewritingSyncing => "rewriting, sync out",
            Self::Healing => "healing",
            Self::NoRoom => "no room",
            Self::Closing => "closing",
            Self::Stopped => "stopped",
        })
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing out"),
            Self::Opening => f.write_str("opening"),
            Self::Foreground(call) => write!(f, "foreground {}", verb(*call)),
            Self::Background(call) => write!(f, "background {}", verb(*call)),
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "no crash",
            Self::Process => "process crash",
            Self::ProcessPart => "process crash, part done",
            Self::PowerKept => "power loss, all kept",
            Self::Bytes => "bytes lost",
            Self::Names => "names lost",
            Self::BytesAndNames => "bytes and names lost",
            Self::Torn => "a write torn",
        })
    }
}

impl Coverage {
    /// Repeats a run and notes what it reaches.
    pub fn watch(&mut self, setup: &Arc<Setup>, steps: &[Step]) {
        let mut watcher = Watcher {
            world: World::new(setup).remembering(),
            coverage: self,
            told: 0,
            names: BTreeSet::new(),
            struck: NO_FAULT,
            closing: false,
        };
        for step in steps {
            if guarded(|| watcher.take(step)).is_err() {
                return;
            }
        }
    }

    /// Adds what another one reached.
    pub fn add(&mut self, other: &Self) {
        for (cell, count) in &other.cells {
            *self.cells.entry(*cell).or_default() += count;
        }
    }

    /// The cells that were reached, and how often.
    pub fn cells(&self) -> impl Iterator<Item = (&Cell, u64)> {
        self.cells.iter().map(|(cell, count)| (cell, *count))
    }

    /// How often the cells for which this holds were reached.
    #[must_use]
    pub fn count(&self, is: impl Fn(&Cell) -> bool) -> u64 {
        let counted = self.cells.iter().filter(|(cell, _)| is(cell));
        counted.map(|(_, count)| count).sum()
    }

    /// The faults that were reached, and those that these profiles have.
    #[must_use]
    pub fn faults(profiles: &[Profile]) -> Vec<&'static str> {
        let disks: Vec<Disk> = profiles.iter().cloned().map(Disk::new).collect();
        let kinds = disks.iter().flat_map(|disk| {
            BACKGROUND
                .iter()
                .flat_map(|call| disk.fault_alternatives(*call))
        });
        let words: BTreeSet<&str> = kinds.map(word).collect();
        let mut all = vec![NO_FAULT];
        all.extend(words);
        all
    }

    /// Every cell that these profiles and the machine's vocabulary allow and that was not reached.
    /// Not all of them can be: no file says which states exclude which effects.
    #[must_use]
    pub fn never(&self, profiles: &[Profile]) -> Vec<Cell> {
        let disks: Vec<Disk> = profiles.iter().cloned().map(Disk::new).collect();
        let mut never = Vec::new();
        for deed in Deed::all() {
            let of = |disk: &Disk| {
                deed.call()
                    .map_or(&[][..], |it| disk.fault_alternatives(it))
            };
            let mut faults: BTreeSet<&str> = disks.iter().flat_map(of).map(word).collect();
            faults.insert(NO_FAULT);
            for phase in Phase::ALL {
                if (phase == Phase::Opening) != (deed == Deed::Opening) {
                    continue;
                }
                for fault in &faults {
                    let cells = Damage::ALL.map(|damage| (phase, deed, *fault, damage));
                    let missed = cells.into_iter().filter(|cell| {
                        !self.cells.contains_key(cell)
                            && (cell.1 != Deed::Nothing || cell.3 != Damage::None)
                    });
                    never.extend(missed);
                }
            }
        }
        never
    }
}

/// The word for a fault.
fn word(kind: &FaultKind) -> &'static str {
    match kind {
        FaultKind::Fail(_) => "fails",
        FaultKind::FailDone(_) => "fails, done",
        FaultKind::FailPart(..) => "fails, part done",
        FaultKind::Short(_) => "short",
        FaultKind::SyncKeepNew => "sync fails, new bytes stay",
        FaultKind::SyncRevert => "sync fails, pages dropped",
        FaultKind::SyncLate => "sync fails one late",
        FaultKind::JournalFails => "journal fails",
    }
}

struct Watcher<'a> {
    world: World,
    coverage: &'a mut Coverage,
    told: usize,
    /// Sequence numbers of changes of names.
    names: BTreeSet<u64>,
    /// The last fault since the store was opened.
    struck: &'static str,
    closing: bool,
}

impl Watcher<'_> {
    fn take(&mut self, step: &Step) -> Result<(), crate::oracle::Violation> {
        let (phase, deeds) = (self.phase(), self.out());
        let deed = match step {
            Step::Complete { slot, .. } => deeds.get(usize::from(*slot)).copied(),
            _ => None,
        };
        let fault = self.fault(step, deed);
        let taken = self.world.apply(step);
        let crashed = self.told_of_a_crash(step);
        if !matches!(taken, Ok(true)) {
            return taken.map(drop);
        }
        if let Some(fault) = fault {
            self.struck = fault;
        }
        let mut reached = |deed, fault, damage| {
            *self
                .coverage
                .cells
                .entry((phase, deed, fault, damage))
                .or_default() += 1;
        };
        match (step, deed, crashed) {
            (Step::Complete { .. }, Some(deed), _) => {
                reached(deed, fault.unwrap_or(NO_FAULT), Damage::None);
            }
            (Step::Open { .. }, _, crashed) => {
                let damage = crashed.unwrap_or(Damage::None);
                reached(Deed::Opening, fault.unwrap_or(NO_FAULT), damage);
            }
            (Step::Crash(_), _, Some(damage)) if deeds.is_empty() => {
                reached(Deed::Nothing, self.struck, damage);
            }
            (Step::Crash(_), _, Some(damage)) => {
                deeds
                    .iter()
                    .for_each(|deed| reached(*deed, self.struck, damage));
            }
            _ => {}
        }
        match step {
            Step::Call(Call::Close) => self.closing = true,
            Step::Crash(_) | Step::Open { .. } => {
                (self.closing, self.struck) = (false, NO_FAULT);
            }
            _ => {}
        }
        Ok(())
    }

    fn phase(&self) -> Phase {
        let up = self.world.up.as_ref();
        up.map_or(Phase::Opening, |up| {
            Phase::of(&up.engine.stats(), self.closing)
        })
    }

    fn out(&self) -> Vec<Deed> {
        let slots = 0..self.world.out_count();
        let deed = |slot| match (self.world.out_lane(slot)?, self.world.out_kind(slot)?) {
            (Lane::Foreground, call) => Some(Deed::Foreground(call)),
            (Lane::Background, call) => Some(Deed::Background(call)),
        };
        slots.filter_map(deed).collect()
    }

    fn fault(&self, step: &Step, deed: Option<Deed>) -> Option<&'static str> {
        match step {
            Step::Complete { fault, .. } => {
                let (fault, call) = ((*fault)?, deed?.call()?);
                let kinds = self.world.vfs.with(|disk| disk.fault_alternatives(call));
                kinds.get(usize::from(fault.index)).map(word)
            }
            Step::Open { fault: Some(_), .. } => Some("fails"),
            _ => None,
        }
    }

    /// What the crash among the new lines did, if there is one.
    fn told_of_a_crash(&mut self, step: &Step) -> Option<Damage> {
        let mut damage = None;
        for line in &self.world.lines()[self.told..] {
            match &line.what {
                What::Io { record, .. } if changes_names(record.call) => {
                    self.names.insert(record.sequence);
                }
                What::Crashed {
                    kind: CrashKind::Process,
                    ..
                } => {
                    damage = Some(of_a_process(step));
                }
                What::Crashed { fates, .. } => damage = Some(of_the_power(fates, &self.names)),
                _ => {}
            }
        }
        self.told = self.world.lines().len();
        damage
    }
}

fn of_a_process(step: &Step) -> Damage {
    match step {
        Step::Crash(Crash::Process(choices)) if choices.iter().any(|choice| *choice > 0) => {
            Damage::ProcessPart
        }
        _ => Damage::Process,
    }
}

fn of_the_power(fates: &[(u64, Fate)], names: &BTreeSet<u64>) -> Damage {
    let lost = |named: bool| {
        fates
            .iter()
            .any(|(at, fate)| *fate == Fate::Lost && names.contains(at) == named)
    };
    if fates.iter().any(|(_, fate)| *fate == Fate::Torn) {
        return Damage::Torn;
    }
    match (lost(false), lost(true)) {
        (false, false) => Damage::PowerKept,
        (true, false) => Damage::Bytes,
        (false, true) => Damage::Names,
        (true, true) => Damage::BytesAndNames,
    }
}

#[cfg(test)]
mod tests {
    use indelible::engine::AppendFsync;

    use super::*;
    use crate::world::from_text;

    #[test]
    fn a_run_reaches_what_its_steps_say() {
        let setup = Setup::new(Profile::posix_weak(), AppendFsync::Always);
        let steps = from_text("o N f 0 f c1 o N f 0e0").expect("steps");
        let mut coverage = Coverage::default();
        coverage.watch(&Arc::new(setup), &steps);
        let write = Deed::Foreground(CallKind::Write);
        let sync = Deed::Foreground(CallKind::SyncData);
        let count = |cell: Cell| coverage.count(|other| *other == cell);
        assert_eq!(count((Phase::Idle, write, NO_FAULT, Damage::None)), 1);
        assert_eq!(count((Phase::Idle, write, "fails", Damage::None)), 1);
        assert_eq!(count((Phase::Syncing, sync, NO_FAULT, Damage::Bytes)), 1);
        assert_eq!(
            count((Phase::Opening, Deed::Opening, NO_FAULT, Damage::None)),
            2
        );
        let never = coverage.never(&[Profile::posix_weak()]);
        assert!(!never.contains(&(Phase::Idle, write, "fails", Damage::None)));
        assert!(never.contains(&(Phase::Healing, write, "fails", Damage::Torn)));
    }
}
