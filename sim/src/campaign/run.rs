//! One run of a seed, or of another stream of choices.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use indelible::effect::Lane;

use super::plan::{Off, Plan};
use crate::call::Call;
use crate::choice::{Choices, Random, Recorder};
use crate::disk::Profile;
use crate::explore::Counts;
use crate::oracle::{Obligation, Violation};
use crate::setup::{ScriptCommit, Setup};
use crate::world::{Alike, Crash, Fault, Step, World};

/// Steps of one run at most.
const STEPS_MAX: u32 = 3_000;
/// Steps more for each commit of a script.
const STEPS_EACH: u32 = 16;

/// A broken promise, and the run that led to it.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What was broken.
    pub violation: Violation,
    /// Under what.
    pub setup: Setup,
    /// The steps that led to it.
    pub steps: Vec<Step>,
}

/// A run that broke nothing.
#[derive(Clone, Debug)]
pub struct Ran {
    /// What was seen.
    pub counts: Counts,
    /// The steps taken.
    pub steps: Vec<Step>,
    /// What happened, if [`Setup::traced`] asks for it.
    pub trace: String,
}

/// Runs the workload of a seed.
///
/// # Errors
/// The first promise that was broken.
pub fn run_seed(
    seed: u64,
    profile: &Profile,
    script: &Arc<Vec<ScriptCommit>>,
    adapt: &dyn Fn(&mut Setup),
) -> Result<Ran, Box<Failure>> {
    let steps_max = STEPS_MAX + STEPS_EACH * script.len() as u32;
    let mut random = Random::new(seed);
    let off = Off::draw(&mut random);
    run_without(off, random, profile, script, adapt, steps_max)
}

/// Runs the workload that `choices` say: their first are the plan, the others the run. After
/// `steps_max` steps it comes to its end, whatever is left of them.
///
/// # Errors
/// The first promise that was broken.
pub fn run_choices(
    choices: impl Choices,
    profile: &Profile,
    script: &Arc<Vec<ScriptCommit>>,
    adapt: &dyn Fn(&mut Setup),
    steps_max: u32,
) -> Result<Ran, Box<Failure>> {
    run_without(Off::default(), choices, profile, script, adapt, steps_max)
}

fn run_without(
    off: Off,
    mut choices: impl Choices,
    profile: &Profile,
    script: &Arc<Vec<ScriptCommit>>,
    adapt: &dyn Fn(&mut Setup),
    steps_max: u32,
) -> Result<Ran, Box<Failure>> {
    let mut plan = Plan::draw(&mut choices, profile, script.len() as u32).without(off);
    plan.setup.script = Arc::clone(script);
    adapt(&mut plan.setup);
    let setup = Arc::new(plan.setup.clone());
    let mut run = Run {
        world: if setup.traced {
            World::new(&setup).remembering()
        } else {
            World::new(&setup)
        },
        plan,
        random: choices,
        counts: Counts::default(),
        script: 0,
    };
    let ended = guarded(|| run.go(steps_max));
    run.counts.workloads = 1;
    let steps = run.world.steps();
    match ended {
        Ok(()) => Ok(Ran {
            counts: run.counts,
            steps,
            trace: run.world.trace_text(),
        }),
        Err(violation) => Err(Box::new(Failure {
            violation,
            setup: (*setup).clone(),
            steps,
        })),
    }
}

/// What a replay came to.
pub struct Replayed {
    /// The world at its end.
    pub world: World,
    /// The steps that were possible, without those of the drain at the end.
    pub taken: Vec<Step>,
    /// The first promise that was broken, if any.
    pub ended: Result<(), Violation>,
}

/// Takes steps as far as they are possible, then lets the world come to rest.
#[must_use]
pub fn replay(mut world: World, steps: &[Step]) -> Replayed {
    let ended = guarded(|| {
        steps
            .iter()
            .try_for_each(|step| world.apply(step).map(drop))
    });
    let taken = world.steps();
    let ended = ended.and_then(|()| guarded(|| world.drain()));
    Replayed {
        world,
        taken,
        ended,
    }
}

/// A panic of the store is a broken promise like any other.
pub(crate) fn guarded<T>(act: impl FnOnce() -> Result<T, Violation>) -> Result<T, Violation> {
    match catch_unwind(AssertUnwindSafe(act)) {
        Ok(result) => result,
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("(without a text)");
            Err(Violation::panicked(text))
        }
    }
}

struct Run<C> {
    world: World,
    plan: Plan,
    random: C,
    counts: Counts,
    script: u32,
}

impl<C: Choices> Run<C> {
    fn go(&mut self, steps_max: u32) -> Result<(), Violation> {
        for _ in 0..steps_max {
            if self.world.refusals > 0 {
                return Ok(()); // no store survives this disk, and this one says so
            }
            if !self.world.is_up() {
                self.open()?;
                continue;
            }
            let over = self.world.calls >= self.plan.calls_max;
            if over && (self.world.crashes >= self.plan.crashes_max || self.random.unlikely(30)) {
                break;
            }
            if self.world.crashes < self.plan.crashes_max
                && self.random.unlikely(self.plan.crash_odds)
            {
                self.crash()?;
            } else {
                self.step(over)?;
            }
        }
        self.end()
    }

    fn take(&mut self, step: &Step) -> Result<bool, Violation> {
        let taken = self.world.apply(step)?;
        self.counts.steps += u64::from(taken);
        Ok(taken)
    }

    fn step(&mut self, over: bool) -> Result<(), Violation> {
        let mut weights = self.plan.weights;
        if over {
            weights[0] = 0;
        }
        let step = match self.random.choose_weighted(&weights) {
            0 => Step::Call(self.call()),
            1 => Step::Poll(Lane::Foreground),
            2 => Step::Poll(Lane::Background),
            3 if self.world.out_count() > 0 => self.completion(),
            3 => return Ok(()),
            _ => Step::Wait,
        };
        self.take(&step).map(drop)
    }

    fn call(&mut self) -> Call {
        let weights: Vec<u32> = self.plan.calls.iter().map(|(_, weight)| *weight).collect();
        match self.plan.calls[self.random.choose_weighted(&weights) as usize].0 {
            Call::Script(_) => {
                let place = self.script;
                self.script += 1;
                Call::Script(place)
            }
            call => call,
        }
    }

    fn completion(&mut self) -> Step {
        let slot = self.random.choose(self.world.out_count() as u32) as usize;
        let kind = self.world.out_kind(slot).expect("an effect is out");
        let kinds = self.world.fault_count(kind);
        let may_fail = !self.plan.off.faults && self.world.faults < self.plan.faults_max;
        let strikes = may_fail && kinds > 0;
        let fault =
            (strikes && self.random.unlikely(self.plan.fault_odds)).then(|| self.fault(kinds));
        Step::Complete {
            slot: slot as u8,
            fault,
        }
    }

    fn fault(&mut self, kinds: u8) -> Fault {
        let index = self.random.choose(u32::from(kinds)) as u8;
        Fault {
            index,
            for_ever: self.random.unlikely(3) && !self.plan.off.lasting,
        }
    }

    fn crash(&mut self) -> Result<(), Violation> {
        let crash = self.draw_crash();
        self.counts.images += 1;
        self.take(&Step::Crash(crash)).map(drop)
    }

    /// Draws a crash, and with it what it leaves.
    fn draw_crash(&mut self) -> Crash {
        let Off { power, process, .. } = self.plan.off;
        let may_be_power = self.plan.setup.profile.power_loss && !power;
        if may_be_power && (process || self.random.choose(self.plan.power_odds) == 0) {
            let mut recorder = Recorder::new(&mut self.random);
            let _ = self.world.left_by_power().power_loss(&mut recorder);
            Crash::Drawn(recorder.taken().to_vec())
        } else {
            let mut recorder = Recorder::new(&mut self.random);
            let _ = self.world.left_by_process(&mut recorder, Alike::default());
            Crash::Process(recorder.taken().to_vec())
        }
    }

    fn open(&mut self) -> Result<(), Violation> {
        self.counts.recoveries += 1;
        let off = self.plan.off;
        let left = !off.cuts && self.world.crashes < self.plan.crashes_max;
        let stop = if left && self.random.unlikely(self.plan.cut_odds + 1) {
            self.cut()
        } else {
            None
        };
        let fault = if !off.opening_faults
            && self.world.faults < self.plan.faults_max
            && self.random.unlikely(self.plan.fault_odds / 2 + 1)
        {
            Some((self.random.choose(16), self.fault(2)))
        } else {
            None
        };
        if !self.take(&Step::Open { stop, fault })? {
            self.take(&Step::Open {
                stop: None,
                fault: None,
            })?;
        }
        Ok(())
    }

    fn cut(&mut self) -> Option<(u32, Crash)> {
        let call = self.random.choose(16);
        let Off { power, process, .. } = self.plan.off;
        let may_be_power = self.plan.setup.profile.power_loss && !power;
        if may_be_power && (process || self.random.unlikely(self.plan.power_odds)) {
            // What survives depends on where it stops: numbers that are too large mean the last.
            let drawn = (0..12).map(|_| self.random.choose(4)).collect();
            return Some((call, Crash::Drawn(drawn)));
        }
        Some((call, Crash::Process(vec![self.random.choose(4)])))
    }

    /// Comes to rest, closes, loses the power, and opens once more.
    fn end(&mut self) -> Result<(), Violation> {
        while !self.world.is_up() {
            self.world.mend();
            self.take(&Step::Open {
                stop: None,
                fault: None,
            })?;
            if self.world.refusals > 0 {
                return Ok(());
            }
        }
        self.world.drain()?;
        self.take(&Step::Call(Call::Close))?;
        self.world.drain()?;
        self.crash()?;
        self.counts.recoveries += 1;
        if !self.take(&Step::Open {
            stop: None,
            fault: None,
        })? {
            let detail = String::from("the store does not open at the end");
            return Err(Violation::new(Obligation::Progress, detail));
        }
        self.world.drain()
    }
}
