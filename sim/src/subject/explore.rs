//! Runs a workload once, crashes it at every call, and judges what each crash left.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::choice::Random;
use crate::disk::{CallRecord, Disk, SimVfs};

use super::finding::{Crash, Finding, Note, Scene};
use super::history::{History, Window};
use super::outcome::Outcome;
use super::plan::Plan;
use super::recovery::{Found, Verdict, barest, guarded, recover};
use super::{Promise, Subject};

/// Runs the operations once, in order, with every crash that the plan allows.
///
/// # Panics
/// If the subject fails, or reads anything but what its model says, without any crash.
pub fn explore<S: Subject>(subject: &S, ops: &[S::Op], plan: &Plan) -> Outcome {
    let mut explorer = Explorer::new(subject, ops, plan);
    let mut disk = Disk::new(plan.profile.clone());
    disk.set_tracing(true);
    disk.keep_cuts(plan.parts);
    let vfs = SimVfs::from_disk(disk);
    let mut run = Run::default();
    let opened = guarded(|| subject.open(&vfs));
    let mut store = opened.unwrap_or_else(|error| panic!("an empty directory: {error}"));
    run.note(&vfs, "opened".to_owned(), None);
    if plan.created {
        vfs.with(|disk| {
            disk.settle_all();
            disk.take_cuts();
        });
    }
    explorer.crash_in(&mut run, &vfs);
    for (number, op) in (1..).zip(ops) {
        explorer.history.submit(subject, op);
        run.note(&vfs, format!("-> {number}: {op:?}"), None);
        let promise = guarded(|| subject.step(&mut store, op));
        let promise = promise.unwrap_or_else(|error| panic!("operation {number}: {error}"));
        explorer.crash_in(&mut run, &vfs);
        explorer.history.acknowledge(promise);
        run.promised(&vfs, number, promise);
        explorer.crash_now(&run, &vfs);
    }
    let read = guarded(|| subject.read(&mut store));
    let read = read.unwrap_or_else(|error| panic!("reading without a crash: {error}"));
    let window = explorer.history.window(false);
    assert_eq!(
        explorer.history.level_of(&read, window),
        Some(ops.len()),
        "the model says something else than the store, which holds {read:?}"
    );
    let _ = guarded(|| subject.close(store));
    run.note(&vfs, "closed".to_owned(), None);
    explorer.crash_in(&mut run, &vfs);
    explorer.crash_now(&run, &vfs);
    explorer.outcome
}

/// What happened so far, but for the calls: those the disk traces.
#[derive(Default)]
pub(super) struct Run {
    pub notes: Vec<Note>,
    /// Calls before the cuts that are being kept.
    pub begin: usize,
    pub fault: Option<String>,
}

impl Run {
    pub fn note(&mut self, vfs: &SimVfs, text: String, promised: Option<usize>) {
        self.notes.push(Note {
            calls: vfs.with(|disk| disk.trace().len()),
            text,
            promised,
        });
    }

    pub fn promised(&mut self, vfs: &SimVfs, number: usize, promise: Promise) {
        let text = match promise {
            Promise::Nothing => "returned".to_owned(),
            Promise::Written => "returned: written".to_owned(),
            Promise::Durable => "returned: durable".to_owned(),
        };
        let durable = promise == Promise::Durable;
        self.note(
            vfs,
            format!("<- {number} {text}"),
            durable.then_some(number),
        );
    }
}

pub(super) struct Explorer<'a, S: Subject> {
    subject: &'a S,
    plan: &'a Plan,
    goes_on: Option<&'a S::Op>,
    pub history: History<S::State>,
    /// What images were found to hold, by hash.
    known: HashMap<u64, Rc<Found<S::State>>>,
    /// Images that were judged, under what was promised, and how deep.
    judged: HashSet<(u64, Window, u32)>,
    random: Random,
    pub outcome: Outcome,
}

impl<'a, S: Subject> Explorer<'a, S> {
    pub fn new(subject: &'a S, ops: &'a [S::Op], plan: &'a Plan) -> Self {
        Self {
            subject,
            plan,
            goes_on: ops.last().filter(|_| plan.goes_on),
            history: History::new(subject.empty()),
            known: HashMap::new(),
            judged: HashSet::new(),
            random: Random::new(plan.seed),
            outcome: Outcome {
                profile: plan.profile.name.to_owned(),
                ..Outcome::default()
            },
        }
    }

    pub const fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// Begins a run anew; what images hold stays known.
    pub fn restart(&mut self) {
        self.history = History::new(self.subject.empty());
        self.judged.clear();
    }

    /// Crashes before each call since the last time, and inside each write; goes on keeping cuts.
    fn crash_in(&mut self, run: &mut Run, vfs: &SimVfs) {
        let cuts = vfs.with(Disk::take_cuts);
        let trace = vfs.with(|disk| disk.trace().to_vec());
        for cut in cuts {
            let at = run.begin + cut.call as usize;
            let scene = Scene {
                before: None,
                disk: &cut.disk,
                trace: &trace[..at],
                inside: trace.get(at).filter(|_| cut.keep > 0),
                notes: &run.notes,
                fault: None,
            };
            self.crash(&scene, 1, false);
        }
        run.begin = trace.len();
        vfs.with(|disk| disk.keep_cuts(self.plan.parts));
    }

    /// Crashes between two calls.
    pub fn crash_now(&mut self, run: &Run, vfs: &SimVfs) {
        let mut disk = vfs.disk();
        disk.take_cuts();
        let trace = disk.trace().to_vec();
        let scene = Scene {
            before: None,
            disk: &disk,
            trace: &trace,
            inside: None,
            notes: &run.notes,
            fault: run.fault.as_deref(),
        };
        self.crash(&scene, 1, false);
    }

    /// Every crash of one disk; `power`: the power has failed before.
    fn crash(&mut self, scene: &Scene<'_>, depth: u32, power: bool) {
        self.outcome.crash_points += 1;
        let left = scene.disk.process_crash();
        self.judge(scene, Crash::Process, &left, depth, power);
        // What a power loss leaves of a write that was cut is among what it leaves of all of it.
        if scene.inside.is_none() && self.plan.profile.power_loss {
            for image in self.images(scene.disk, depth) {
                self.judge(scene, Crash::Power, &image, depth, true);
            }
        }
    }

    fn images(&mut self, disk: &Disk, depth: u32) -> Vec<Disk> {
        let max = match depth {
            1 => self.plan.images_max,
            _ => self.plan.nested_images_max,
        };
        let few = disk.pending() <= self.plan.pending_max;
        let mut images = disk.images(self.plan.limits);
        let enumerated = if few { max + 1 } else { 0 };
        let mut all: Vec<Disk> = images.by_ref().take(enumerated).collect();
        if !few || all.len() > max || images.is_coarse() {
            self.outcome.sampled_points += 1;
            all.truncate(max / 2);
            all.push(barest(disk));
            let random = &mut self.random;
            all.extend((all.len()..max).map(|_| disk.power_loss(random)));
        }
        self.outcome.images += all.len() as u64;
        all
    }

    fn judge(&mut self, scene: &Scene<'_>, crash: Crash, image: &Disk, depth: u32, power: bool) {
        let window = self.history.window(power);
        let hash = image.content_hash();
        if !self.judged.insert((hash, window, depth)) {
            return;
        }
        let deeper = depth < self.plan.crashes;
        let known = self.known.get(&hash).cloned();
        if (known.is_none() || deeper) && self.outcome.recoveries >= self.plan.recoveries_max {
            self.outcome.passed_over += 1;
            return;
        }
        let (found, cut) = match known {
            Some(found) if !deeper => (found, None),
            known => {
                let parts = deeper.then_some(self.plan.parts);
                let goes_on = self.goes_on.filter(|_| known.is_none());
                let recovery = recover(self.subject, image, parts, goes_on);
                self.outcome.recoveries += 1;
                let found = known.unwrap_or_else(|| Rc::new(recovery.found));
                self.known.insert(hash, Rc::clone(&found));
                (found, deeper.then_some((recovery.cuts, recovery.disk)))
            }
        };
        let verdict = found.judge(&self.history, window);
        self.outcome.count(&verdict);
        if verdict != Verdict::Intact {
            if self.outcome.wants(&verdict, scene.at()) {
                self.outcome.keep(Finding::of(verdict, scene, crash, image));
            }
            return;
        }
        if let Some((cuts, disk)) = cut {
            let trace = disk.trace().to_vec();
            let before = Some((scene, crash, image));
            for cut in cuts {
                let at = cut.call as usize;
                let inside = trace.get(at).filter(|_| cut.keep > 0);
                self.crash_again(before, &cut.disk, &trace[..at], inside, depth + 1, power);
            }
            self.crash_again(before, &disk, &trace, None, depth + 1, power);
        }
    }

    /// Crashes a recovery.
    fn crash_again(
        &mut self,
        before: Option<(&Scene<'_>, Crash, &Disk)>,
        disk: &Disk,
        trace: &[CallRecord],
        inside: Option<&CallRecord>,
        depth: u32,
        power: bool,
    ) {
        let scene = Scene {
            before,
            disk,
            trace,
            inside,
            notes: &[],
            fault: before.and_then(|(scene, ..)| scene.fault),
        };
        self.crash(&scene, depth, power);
    }
}
