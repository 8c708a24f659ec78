//! The search itself: states on a stack, each visited once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indelible::effect::Lane;
use indelible::units::Now;

use super::aftermath::Aftermath;
use super::counts::{Tally, count};
use super::doors::{Doors, Entered};
use super::junk::{Opening, junk_is_cut};
use super::shards::{Futures, Memo, Seen, Way, locked};
use super::twins::{Beginning, Twins};
use super::{Bounds, Merging, Outcome, Progress, Universe};
use crate::call::Call;
use crate::campaign::{Failure, guarded};
use crate::digest::Hash128;
use crate::disk::Limits;
use crate::oracle::{CrashKind, Fold, Obligation, Violation};
use crate::setup::{Setup, Tear};
use crate::world::{Fault, Step, World, limits};

/// Steps behind which a run will never end.
const DEPTH_MAX: usize = 3_000;
/// How long a thread without work waits before it looks again.
const IDLE_PAUSE: Duration = Duration::from_micros(100);
/// States that a thread keeps to itself before it shares.
const LOCAL_MAX: usize = 64;

/// A state that is yet to be gone on from.
pub(super) struct Visit {
    pub world: World,
    /// See [`World::crash_hash`].
    pub crash_hash: u128,
}

/// A search under way.
pub(super) struct Search<'a> {
    universe: &'a Universe,
    /// Whether what cannot be told apart is searched once.
    pub merges: bool,
    /// Whether disks that differ in junk alone are cut once.
    pub merges_junk: bool,
    /// Whether what shows nothing more by coming later comes at once, behind the last call too.
    pub hurries: bool,
    /// Whether of disks that no opening can tell apart one is opened.
    pub once: bool,
    /// Which logs have twins.
    pub twins_of: Twins,
    pub setup: Arc<Setup>,
    pub bounds: Bounds,
    pub limits: Limits,
    pub now: Now,
    pub tally: Tally,
    pub doors: Memo<Doors>,
    pub twins: Memo<Doors>,
    pub beginnings: Memo<Beginning>,
    pub powers: Memo<Doors>,
    pub processes: Memo<Doors>,
    pub interned: Memo<Doors>,
    pub aftermaths: Memo<Aftermath>,
    pub entered: Memo<Entered>,
    seen: Seen,
    /// Ways in that were judged, each with all that counts of a world before the crash.
    met: Seen,
    futures: Futures,
    shared: Mutex<Vec<Visit>>,
    busy: AtomicUsize,
    /// Threads that wait for work.
    idle: AtomicUsize,
    stop: AtomicBool,
    unfinished: AtomicBool,
    /// When it is given up.
    deadline: Option<Instant>,
    /// Whether a crash had more to choose from than is enumerated.
    pub coarse: AtomicBool,
    failure: Mutex<Option<Failure>>,
    /// Every verdict: what was promised, and what came back.
    #[cfg(test)]
    pub verdicts: Mutex<std::collections::HashSet<u128>>,
}

impl<'a> Search<'a> {
    pub fn new(universe: &'a Universe, merging: Merging) -> Self {
        let setup = Arc::new(Setup {
            still: true,
            ..universe.setup.clone()
        });
        let merges = merging > Merging::Nothing;
        let merges_junk = merges && junk_is_cut(&setup.profile);
        let once = merging == Merging::Openings && merges_junk;
        // Every byte means every byte.
        let reader: &'static Opening = match setup.tear {
            Tear::Points => &Opening { thins: true },
            Tear::Bytes => &Opening { thins: false },
        };
        Self {
            universe,
            merges,
            merges_junk,
            hurries: merges_junk,
            once,
            twins_of: Twins::new(&setup.profile, &universe.alphabet),
            bounds: universe.bounds,
            limits: Limits {
                reader: once.then_some(reader),
                any_order: once,
                ..limits(setup.tear)
            },
            now: World::new(&setup).now,
            setup,
            tally: Tally::default(),
            doors: Memo::default(),
            twins: Memo::default(),
            beginnings: Memo::default(),
            powers: Memo::default(),
            processes: Memo::default(),
            interned: Memo::default(),
            aftermaths: Memo::default(),
            entered: Memo::default(),
            seen: Seen::default(),
            met: Seen::default(),
            futures: Futures::default(),
            shared: Mutex::default(),
            busy: AtomicUsize::new(0),
            idle: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            unfinished: AtomicBool::new(false),
            deadline: None,
            coarse: AtomicBool::new(false),
            failure: Mutex::default(),
            #[cfg(test)]
            verdicts: Mutex::default(),
        }
    }

    /// Gives up at this moment, unfinished.
    pub fn until(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    pub fn run(&self, threads: usize, progress: Progress<'_>) -> Outcome {
        let root = World::new(&self.setup);
        let doors = self.doors(&root.vfs.disk(), (0, 0, 0));
        if let Err(failure) = self.begin(&root, &doors) {
            self.fail(*failure);
        }
        self.busy.store(threads, Ordering::SeqCst);
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let search = self;
                scope.spawn(move || search.work(thread == 0, progress));
            }
        });
        let failure = locked(&self.failure).take();
        let mut counts = self.tally.read();
        let letters = self.universe.alphabet.len() as u64;
        let free = self
            .bounds
            .ops
            .saturating_sub(self.universe.start.len() as u32);
        counts.workloads = letters.pow(free);
        counts.violations = u64::from(failure.is_some());
        let cut = self.unfinished.load(Ordering::SeqCst) || self.coarse.load(Ordering::SeqCst);
        let finished = failure.is_none() && !cut;
        Outcome {
            counts,
            failure,
            finished,
            set: self.tally.set.read(),
        }
    }

    /// Every way in for the first time.
    fn begin(&self, root: &World, doors: &Doors) -> Result<(), Box<Failure>> {
        self.judge_all(root, doors)?;
        self.enter_all(root, doors, &mut locked(&self.shared))
    }

    fn work(&self, reports: bool, progress: Progress<'_>) {
        let mut local: Vec<Visit> = Vec::new();
        let mut expanded = 0u64;
        while !self.stop.load(Ordering::Relaxed) {
            let Some(visit) = local.pop().or_else(|| self.wait_for_work()) else {
                return;
            };
            let expanding = guarded(|| Ok(self.expand(&visit, &mut local)));
            let ended =
                expanding.unwrap_or_else(|panic| Err(self.failure(&visit.world, &[], panic)));
            if let Err(failure) = ended {
                self.fail(*failure);
                return;
            }
            expanded += 1;
            let wanted = local.len() > 1 && self.idle.load(Ordering::Relaxed) > 0;
            if local.len() > LOCAL_MAX || wanted {
                // The oldest lead furthest.
                let half = local.len() / 2;
                locked(&self.shared).extend(local.drain(..half));
            }
            if reports && expanded.is_multiple_of(1024) {
                progress(self.tally.read());
            }
            let late = || {
                self.deadline
                    .is_some_and(|deadline| Instant::now() >= deadline)
            };
            if self.tally.read().states > self.universe.states_max || late() {
                self.unfinished.store(true, Ordering::SeqCst);
                self.stop.store(true, Ordering::SeqCst);
            }
        }
    }

    fn wait_for_work(&self) -> Option<Visit> {
        if let Some(world) = locked(&self.shared).pop() {
            return Some(world);
        }
        self.idle.fetch_add(1, Ordering::SeqCst);
        self.busy.fetch_sub(1, Ordering::SeqCst);
        let found = loop {
            if self.busy.load(Ordering::SeqCst) == 0 || self.stop.load(Ordering::Relaxed) {
                break None;
            }
            let mut shared = locked(&self.shared);
            if let Some(world) = shared.pop() {
                self.busy.fetch_add(1, Ordering::SeqCst);
                break Some(world);
            }
            drop(shared);
            std::thread::sleep(IDLE_PAUSE);
        };
        self.idle.fetch_sub(1, Ordering::SeqCst);
        found
    }

    fn fail(&self, failure: Failure) {
        self.stop.store(true, Ordering::SeqCst);
        locked(&self.failure).get_or_insert(failure);
    }

    pub(super) fn failure(
        &self,
        world: &World,
        more: &[Step],
        violation: Violation,
    ) -> Box<Failure> {
        let steps = [world.steps(), more.to_vec()].concat();
        Box::new(Failure {
            violation,
            setup: (*self.setup).clone(),
            steps,
        })
    }

    fn expand(&self, visit: &Visit, next: &mut Vec<Visit>) -> Result<(), Box<Failure>> {
        let world = &visit.world;
        if world.depth() > DEPTH_MAX {
            let detail = format!("no rest after {DEPTH_MAX} steps");
            return Err(self.failure(world, &[], Violation::new(Obligation::Progress, detail)));
        }
        self.calls(world, next)?;
        let polled = self.follow(world, &Step::Poll(Lane::Foreground), next)?;
        let completed = self.completions(world, next)?;
        if polled {
            return Ok(()); // the same disk, and what a crash finds half done besides
        }
        let moves = completed | self.follow(world, &Step::Wait, next)?;
        if !moves {
            world
                .at_rest()
                .map_err(|violation| self.failure(world, &[], violation))?;
            if world.calls == self.bounds.ops {
                self.follow(world, &Step::Call(Call::Close), next)?;
            }
        }
        if world.crashes < self.bounds.crashes {
            let power = !moves || world.only_syncs_are_out();
            for doors in self.aftermath(world, visit.crash_hash, power).each() {
                self.meet(world, doors, next)?;
            }
        }
        Ok(())
    }

    fn calls(&self, world: &World, next: &mut Vec<Visit>) -> Result<(), Box<Failure>> {
        if world.calls < self.bounds.ops {
            let Universe {
                start, alphabet, ..
            } = self.universe;
            let given = start.get(world.calls as usize).map(std::slice::from_ref);
            for call in given.unwrap_or(alphabet) {
                self.follow(world, &Step::Call(*call), next)?;
            }
        }
        Ok(())
    }

    /// Each effect that is out completes, well or in one of the ways in which it may fail. Whether a
    /// fault has come to stay is seen when there is such a call again: only then do the ways part.
    fn completions(&self, world: &World, next: &mut Vec<Visit>) -> Result<bool, Box<Failure>> {
        for slot in 0..world.out_count() {
            let complete = |fault| Step::Complete {
                slot: slot as u8,
                fault,
            };
            self.follow(world, &complete(None), next)?;
            let kind = world.out_kind(slot).expect("an effect is out");
            if self.merges && world.may_spare(kind) {
                let mut spared = world.fork();
                spared.spare();
                self.follow(&spared, &complete(None), next)?;
            }
            if world.faults < self.bounds.faults {
                let faults = world.faults_of(kind);
                let stays = |index| {
                    let other = |fault: &Fault| fault.index == index && fault.for_ever;
                    self.merges && faults.iter().any(other)
                };
                for fault in &faults {
                    if fault.for_ever || !stays(fault.index) {
                        self.follow(world, &complete(Some(*fault)), next)?;
                    }
                }
            }
        }
        Ok(world.out_count() > 0)
    }

    /// Takes a step on a fork; whether it was possible.
    fn follow(
        &self,
        world: &World,
        step: &Step,
        next: &mut Vec<Visit>,
    ) -> Result<bool, Box<Failure>> {
        if !world.may_take(step) {
            return Ok(false);
        }
        let mut fork = world.fork();
        let taken = guarded(|| {
            let taken = fork.apply(step)?;
            if taken {
                self.hurry(&mut fork)?;
            }
            Ok(taken)
        });
        match taken {
            Ok(false) => Ok(false),
            Ok(true) => {
                count(&self.tally.steps, 1);
                self.push(fork, next);
                Ok(true)
            }
            Err(violation) => Err(self.failure(&fork, &[], violation)),
        }
    }

    fn push(&self, world: World, next: &mut Vec<Visit>) {
        let depth = world.depth() as u64;
        self.tally.depth.fetch_max(depth, Ordering::Relaxed);
        let crash_hash = world.crash_hash();
        if self.seen.insert(world.state_hash_with(crash_hash)) {
            count(&self.tally.states, 1);
            next.push(Visit { world, crash_hash });
        }
    }

    /// Judges every way in and goes on from there, unless that was done for all that counts of this
    /// world: what was promised, the next call, and the time.
    fn meet(
        &self,
        world: &World,
        doors: &Arc<Doors>,
        next: &mut Vec<Visit>,
    ) -> Result<(), Box<Failure>> {
        // What is remembered once is kept to the end: its address is its number.
        let number = (Arc::as_ptr(doors) as usize, world.calls, world.now);
        let met = Hash128::of(&(number, &world.oracle));
        if self.merges && !self.setup.profile.weak_oracle && !self.met.insert(met) {
            return Ok(());
        }
        self.judge_all(world, doors)?;
        self.enter_all(world, doors, next)
    }

    /// The verdicts: what came back against what was promised here.
    pub(super) fn judge_all(&self, world: &World, doors: &Doors) -> Result<(), Box<Failure>> {
        if let Err((violation, path)) = doors {
            return Err(self.failure(world, path, violation.clone()));
        }
        let mut judged: Vec<(CrashKind, Fold)> = Vec::new();
        let promised = Hash128::of(&world.oracle);
        for entrance in doors.iter().flatten() {
            if judged.contains(&(entrance.kind, entrance.fold)) {
                continue;
            }
            judged.push((entrance.kind, entrance.fold));
            let verdict = Hash128::of(&(promised, entrance.kind, entrance.fold));
            self.tally.set.add(verdict);
            #[cfg(test)]
            locked(&self.verdicts).insert(verdict);
            let keyspace = &entrance.state.keyspace;
            if let Err(violation) = world.oracle.judge(entrance.kind, keyspace) {
                return Err(self.failure(world, &entrance.path.steps(), violation));
            }
        }
        Ok(())
    }

    /// Goes on from every way in; behind the last crash in one order alone.
    fn enter_all(
        &self,
        world: &World,
        doors: &Doors,
        next: &mut Vec<Visit>,
    ) -> Result<(), Box<Failure>> {
        for entrance in doors.iter().flatten() {
            let spent = (entrance.crashes, entrance.faults, entrance.tears);
            let last = entrance.crashes > 0 && entrance.crashes >= self.bounds.crashes;
            // Behind the last crash it does not matter which call would be next.
            let calls = if last { u32::MAX } else { world.calls };
            let is_new = match entrance.state.future.filter(|_| !last) {
                Some(future) => {
                    let again = self.bounds.crashes - entrance.crashes > 1;
                    let again = again.then_some(future.unproved_len);
                    let number = Hash128::of(&(future.number, calls));
                    self.futures.is_new(number, Way { spent, again })
                }
                None => {
                    let spent = if last { (0, 0, 0) } else { spent };
                    self.seen
                        .insert(Hash128::of(&(entrance.hash, calls, spent)))
                }
            };
            if !is_new {
                continue;
            }
            let mut held = locked(&entrance.state.state);
            let state = if last { held.take() } else { held.clone() };
            drop(held);
            let Some(state) = state else { continue };
            let path = entrance.path.steps();
            let mut entered = world.entered_as(state, spent, &path);
            if !last {
                self.push(entered, next);
            } else {
                count(&self.tally.states, 1);
                let ended = guarded(|| {
                    entered.apply(&Step::Call(Call::New))?;
                    entered.drain()
                });
                ended.map_err(|violation| self.failure(&entered, &[], violation))?;
            }
        }
        Ok(())
    }
}
