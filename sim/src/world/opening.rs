//! Opening the store: whole, cut short by a crash, or with a fault.

use indelible::effect::Name;
use indelible::engine::EngineOptions;
use indelible::limits::QUARANTINE_LEN_MAX;
use indelible::recover::{self, LOCK_NAME, OpenError, OpenOptions, QUARANTINE_NAME};
use indelible::sabotage::Saboteur;
use indelible::units::Now;

use super::line::What;
use super::{Crash, Fault, MONO_START, Up, World};
use crate::disk::{self, CallKind, CallRecord, Keep, SimVfs};
use crate::oracle::{CrashKind, Fold, Obligation, Violation, describe};
use crate::sabotage::driver::{self as seeded, Memory};
use crate::sabotage::opening::Opening;
use crate::setup::Setup;

/// The order of the keyspace, the same in every run.
pub(crate) const HASH_SEED: u64 = 7;
/// Bytes of commits that may wait: few, so that "busy" is seen.
const QUEUE_LEN_MAX: usize = 16 << 10;

/// Which part of a write is applied that a crash cuts, by number.
pub(crate) const KEEPS: [Keep; 4] = [Keep::Nothing, Keep::All, Keep::Half, Keep::AllButOne];

/// What an opening is to find if nothing more goes wrong: set when it is first cut short. // O4
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Expected {
    pub fold: Fold,
    /// Whether everything that it read was durable, so that no power loss can change it.
    pub firm: bool,
}

/// Bytes that an opening is to cut off, and where they begin in the log.
struct Tail {
    start: usize,
    bytes: Vec<u8>,
}

/// How the store is opened in a simulation.
pub(crate) fn options(setup: &Setup, now: Now, openings: u32) -> OpenOptions {
    OpenOptions {
        engine: EngineOptions {
            appendfsync: setup.policy,
            on_sync_error: setup.on_sync_error,
            auto_aof_rewrite_percentage: 0,
            base_chunk_len: setup.base_chunk_len,
            queue_len_max: QUEUE_LEN_MAX,
            saboteur: Saboteur::new(setup.saboteur),
            ..EngineOptions::default()
        },
        appendonly: true,
        now,
        hash_seed: HASH_SEED,
        identity_seed: 0x5eed_0000 + u64::from(openings),
    }
}

/// Opens the store: shipped code, and what the world must know of its result.
///
/// # Errors
/// As the store gives them.
pub(crate) fn enter(vfs: &SimVfs, setup: &Setup, options: &OpenOptions) -> Result<Up, OpenError> {
    seeded::before_opening(setup.saboteur, vfs);
    let opened = recover::open(&Opening::new(vfs, setup.saboteur), options)?;
    let mut up = Up {
        engine: opened.engine,
        files: Vec::new(),
        out: Vec::new(),
        filling: Vec::new(),
        rewrites: Vec::new(),
        closing: false,
        memory: Memory::default(),
    };
    up.detach(opened.files);
    drop(opened.lock);
    // The guard is bound to this disk, and the world parts: what is held is kept in the disk alone.
    vfs.with(|disk| {
        disk.clear_faults();
        disk.set_call_budget(None);
        if seeded::locks(setup.saboteur) {
            disk.lock(LOCK_NAME)
                .expect("the lock was held a moment ago");
        }
    });
    Ok(up)
}

/// The calls that an opening makes here.
pub(crate) fn calls_of_opening(
    vfs: &SimVfs,
    setup: &Setup,
    options: &OpenOptions,
) -> Vec<CallRecord> {
    let dry = SimVfs::from_disk(vfs.disk());
    dry.with(|disk| disk.set_tracing(true));
    let opened = enter(&dry, setup, options);
    drop(opened);
    let mut calls = dry.with(|disk| disk.trace().to_vec());
    if calls.last().is_some_and(|last| last.call == CallKind::Lock) && calls.len() > 1 {
        calls.pop(); // the world's own
    }
    calls
}

/// Arms what is to go wrong with the call at this place among those of an opening; false if
/// nothing like that can go wrong with it.
pub(crate) fn arm(
    vfs: &SimVfs,
    calls: &[CallRecord],
    place: u32,
    fault: Fault,
) -> Option<disk::FaultKind> {
    let call = calls.get(place as usize)?.call;
    let skip = calls[..place as usize]
        .iter()
        .filter(|other| other.call == call)
        .count();
    vfs.with(|disk| {
        let kind = *disk
            .fault_alternatives(call)
            .get(usize::from(fault.index))?;
        disk.inject(disk::Fault {
            call,
            skip: skip as u32,
            kind,
            forever: fault.for_ever,
        });
        Some(kind)
    })
}

impl World {
    pub(super) fn open(
        &mut self,
        stop: Option<&(u32, Crash)>,
        fault: Option<(u32, Fault)>,
    ) -> Result<bool, Violation> {
        if self.up.is_some() {
            return Ok(false);
        }
        self.now.mono = MONO_START;
        match stop {
            Some((call, crash)) => self.open_cut(*call, crash, fault),
            None => self.open_whole(fault),
        }
    }

    fn options(&self) -> OpenOptions {
        options(&self.setup, self.now, self.crashes + self.faults)
    }

    fn arm(&mut self, fault: Option<(u32, Fault)>) -> bool {
        let Some((place, fault)) = fault else {
            return true;
        };
        let calls = calls_of_opening(&self.vfs, &self.setup, &self.options());
        let Some(kind) = arm(&self.vfs, &calls, place, fault) else {
            return false;
        };
        if kind == disk::FaultKind::SyncRevert {
            self.oracle.pages_dropped();
        }
        // What an error made of the pages is no longer what the first opening read.
        self.expected = None;
        self.faults += 1;
        true
    }

    fn open_whole(&mut self, fault: Option<(u32, Fault)>) -> Result<bool, Violation> {
        let options = self.options();
        if !self.arm(fault) {
            return Ok(false);
        }
        let opened = enter(&self.vfs, &self.setup, &options);
        self.note_calls();
        match opened {
            Ok(up) => self.entered(up).map(|()| true),
            Err(error) => {
                self.line(What::Refused {
                    error: error.to_string(),
                });
                self.vfs.with(|disk| {
                    disk.clear_faults();
                    *disk = disk.process_crash();
                });
                if fault.is_some() {
                    return Ok(true);
                }
                if self.setup.profile.weak_oracle {
                    self.refusals += 1;
                    return Ok(true);
                }
                Err(refused(&error))
            }
        }
    }

    fn open_cut(
        &mut self,
        call: u32,
        crash: &Crash,
        fault: Option<(u32, Fault)>,
    ) -> Result<bool, Violation> {
        let options = self.options();
        let calls = calls_of_opening(&self.vfs, &self.setup, &options).len();
        let keep = match crash {
            Crash::Process(choices) => choices.first().copied().unwrap_or(0) as usize,
            _ => 1,
        };
        if call as usize >= calls || keep >= KEEPS.len() || !self.can_lose(crash) {
            return Ok(false);
        }
        self.expect_the_same(fault.is_some());
        let tail = match fault {
            None => self.torn_tail(crash.is_power_loss()),
            Some(_) => None,
        };
        if !self.arm(fault) {
            return Ok(false);
        }
        self.vfs.with(|disk| {
            disk.set_call_budget(Some(u64::from(call)));
            disk.set_cut_keeps(KEEPS[keep]);
        });
        seeded::before_opening(self.setup.saboteur, &self.vfs);
        let vfs = self.vfs.clone();
        let seen = Opening::new(&vfs, self.setup.saboteur);
        let opened = recover::open(&seen, &options).ok();
        self.note_calls();
        self.crashes += 1;
        self.vfs.with(|disk| disk.set_call_budget(None));
        drop(opened);
        let went = self.goes_down(crash);
        tail.map_or(Ok(went), |tail| self.keeps(&tail).map(|()| went))
    }

    /// The torn tail that an opening would cut here, if nothing but that opening can take it away.
    fn torn_tail(&self, power: bool) -> Option<Tail> {
        let firm = !power || self.vfs.with(|disk| disk.pending() == 0);
        if self.bounded || self.setup.profile.weak_oracle || !firm {
            return None;
        }
        let whole = SimVfs::from_disk(self.vfs.disk());
        let report = recover::open(&whole, &self.options()).ok()?.report;
        let len = usize::try_from(report.cut_len)
            .ok()
            .filter(|len| *len > 0)?;
        self.vfs.with(|disk| {
            let bytes = disk.contents(Name::Live.as_str())?;
            let start = bytes.len() - len;
            let bytes = bytes[start..].to_vec();
            Some(Tail { start, bytes })
        })
    }

    /// O9: what is cut off is in the quarantine first, durably.
    fn keeps(&self, tail: &Tail) -> Result<(), Violation> {
        let len = tail.bytes.len();
        let kept = len.min(usize::try_from(QUARANTINE_LEN_MAX).unwrap_or(usize::MAX));
        let (there, copied) = self.vfs.with(|disk| {
            let live = disk.contents(Name::Live.as_str());
            let there = live.and_then(|live| live.get(tail.start..tail.start + len));
            let copy = disk.contents(QUARANTINE_NAME);
            (
                there == Some(&tail.bytes[..]),
                copy.is_some_and(|copy| copy.starts_with(&tail.bytes[..kept])),
            )
        });
        if there || copied {
            return Ok(());
        }
        let detail =
            format!("a torn tail of {len} bytes was cut off, and no quarantine has its bytes");
        Err(Violation::new(Obligation::Damage, detail))
    }

    /// Keeps in mind what this opening would find if it were not cut. // O4
    fn expect_the_same(&mut self, faulty: bool) {
        if faulty {
            self.expected = None;
            return;
        }
        if self.expected.is_some() || self.cut_before {
            return;
        }
        self.cut_before = true;
        let whole = SimVfs::from_disk(self.vfs.disk());
        let firm = self.vfs.with(|disk| disk.pending() == 0);
        if let Ok(up) = enter(&whole, &self.setup, &self.options()) {
            let fold = self.oracle.fold_of(up.engine.keyspace());
            self.expected = Some(Expected { fold, firm });
        }
    }

    /// An opening returned: what it found is judged, and history begins anew.
    fn entered(&mut self, up: Up) -> Result<(), Violation> {
        let found = describe(up.engine.keyspace());
        self.line(What::Opened { found });
        let kind = self.down.unwrap_or(CrashKind::Process);
        self.oracle.judge(kind, up.engine.keyspace())?;
        if let Some(expected) = self.expected {
            let fold = self.oracle.fold_of(up.engine.keyspace());
            if fold != expected.fold && !self.setup.profile.weak_oracle {
                let detail = String::from(
                    "an opening that was cut by a crash found something else the second time",
                );
                return Err(Violation::new(Obligation::Idempotent, detail));
            }
        }
        up.engine.check_invariants();
        self.oracle.reopened(up.engine.keyspace().clone());
        self.down = None;
        self.expected = None;
        self.cut_before = false;
        if self.bounded {
            forget_quarantine(&self.vfs);
        }
        self.up = Some(up);
        self.settle()
    }

    /// Another process tries to open the store, and must be told that it is open.
    pub(super) fn second_opener(&mut self) -> Result<bool, Violation> {
        if self.up.is_none() {
            return Ok(false);
        }
        let options = self.options();
        if !seeded::locks(self.setup.saboteur) {
            if let Ok(mut second) = enter(&self.vfs, &self.setup, &options) {
                drop(second.attached(&self.vfs));
            }
            return Ok(true);
        }
        match recover::open(&self.vfs, &options) {
            Err(OpenError::Locked) => Ok(true),
            Err(error) => Err(Violation::new(
                Obligation::Tidy,
                format!("a second opener was told: {error}"),
            )),
            Ok(_) => Err(Violation::new(
                Obligation::Tidy,
                String::from("a second opener was let in"),
            )),
        }
    }
}

/// No crash and no fault that was injected explains that the store will not open.
pub(crate) fn refused(error: &OpenError) -> Violation {
    Violation::new(
        Obligation::Damage,
        format!("the store does not open: {error}"),
    )
}

/// An operator removes what was quarantined: it is never read, and keeping it would tell apart
/// states that have the same future.
pub(crate) fn forget_quarantine(vfs: &SimVfs) {
    vfs.with(|disk| {
        if disk.contents(QUARANTINE_NAME).is_some() {
            disk.unlink(QUARANTINE_NAME).expect("no fault is armed");
            disk.sync_dir().expect("no fault is armed");
        }
    });
}
