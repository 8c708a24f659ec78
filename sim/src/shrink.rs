//! Makes a failing run small: fewer steps, quieter choices, fewer faults.
//!
//! 1. Runs of steps are left out, long ones first, then single ones.
//! 2. Calls become the plainest ones, faults go, choices go to zero.
//! 3. Again, until nothing gets smaller or the tries are used up.
//!
//! Whatever is tried is a run (steps that have become impossible are skipped), so any answer of
//! the judge is true of a run that can be replayed.

use crate::call::Call;
use crate::world::{Crash, Step};

/// Runs a candidate: the steps that it really took up to the same violation, or none if it passes.
pub trait Judge {
    /// Runs `steps`.
    fn fails(&mut self, steps: &[Step]) -> Option<Vec<Step>>;
}

impl<F: FnMut(&[Step]) -> Option<Vec<Step>>> Judge for F {
    fn fails(&mut self, steps: &[Step]) -> Option<Vec<Step>> {
        self(steps)
    }
}

/// The smallest failing run that was found from `steps`, which fails, within so many tries.
pub fn shrink(steps: Vec<Step>, tries_max: usize, judge: &mut impl Judge) -> Vec<Step> {
    let mut shrinker = Shrinker {
        best: steps,
        tries_left: tries_max,
        judge,
    };
    let whole = shrinker.best.clone();
    shrinker.attempt(&whole);
    loop {
        let before = shrinker.best.clone();
        shrinker.leave_out_runs();
        shrinker.leave_out_pairs();
        shrinker.quieten();
        if shrinker.best == before || shrinker.tries_left == 0 {
            return shrinker.best;
        }
    }
}

struct Shrinker<'a, J> {
    best: Vec<Step>,
    tries_left: usize,
    judge: &'a mut J,
}

impl<J: Judge> Shrinker<'_, J> {
    /// Takes `candidate` if it fails and is simpler.
    fn attempt(&mut self, candidate: &[Step]) -> bool {
        if self.tries_left == 0 {
            return false;
        }
        self.tries_left -= 1;
        match self.judge.fails(candidate) {
            Some(taken) if weight(&taken) < weight(&self.best) => {
                self.best = taken;
                true
            }
            _ => false,
        }
    }

    fn leave_out_runs(&mut self) {
        let mut len = self.best.len() / 2;
        while len > 0 {
            let mut at = 0;
            while at < self.best.len() {
                let end = (at + len).min(self.best.len());
                let mut candidate = self.best.clone();
                candidate.drain(at..end);
                if !self.attempt(&candidate) {
                    at += len;
                }
            }
            len /= 2;
        }
    }

    /// A step and a later one that only together can go: a call and the completion of its effect.
    fn leave_out_pairs(&mut self) {
        const REACH: usize = 8;
        let mut at = 0;
        while at < self.best.len() {
            let shorter = (at + 1..self.best.len().min(at + REACH)).any(|other| {
                let mut candidate = self.best.clone();
                candidate.remove(other);
                candidate.remove(at);
                self.attempt(&candidate)
            });
            if !shorter {
                at += 1;
            }
        }
    }

    fn quieten(&mut self) {
        let mut at = 0;
        while at < self.best.len() {
            for quieter in quieter(&self.best[at]) {
                let mut candidate = self.best.clone();
                if at < candidate.len() {
                    candidate[at] = quieter;
                    self.attempt(&candidate);
                }
            }
            at += 1;
        }
    }
}

/// What is smaller: fewer calls, then fewer crashes, then fewer faults, then fewer steps, then
/// smaller choices.
fn weight(steps: &[Step]) -> (usize, usize, usize, usize, u64) {
    let mut weight = (0, 0, 0, steps.len(), 0);
    for step in steps {
        match step {
            Step::Call(call) => {
                weight.0 += 1;
                weight.4 += u64::from(*call != Call::New);
            }
            Step::Crash(crash) => {
                weight.1 += 1;
                weight.4 += loudness(crash);
            }
            Step::Open { stop, fault } => {
                weight.1 += usize::from(stop.is_some());
                weight.2 += usize::from(fault.is_some());
                weight.4 += stop.as_ref().map_or(0, |(_, crash)| loudness(crash));
            }
            Step::Complete { slot, fault } => {
                weight.2 += usize::from(fault.is_some());
                weight.4 += u64::from(*slot) + u64::from(fault.is_some_and(|f| f.for_ever));
            }
            Step::Poll(_) | Step::Wait => {}
        }
    }
    weight
}

/// How far a crash is from silence: everything is kept.
fn loudness(crash: &Crash) -> u64 {
    match crash {
        Crash::Process(choices) => sum(choices),
        Crash::Drawn(choices) => 1 + sum(choices),
        Crash::Image(index) | Crash::Clean(index) => 1 + u64::from(*index),
    }
}

fn sum(choices: &[u32]) -> u64 {
    choices
        .iter()
        .map(|choice| u64::from(*choice > 0) * 1000 + u64::from(*choice))
        .sum()
}

/// Quieter forms of a step, the quietest first.
fn quieter(step: &Step) -> Vec<Step> {
    match step {
        Step::Call(Call::New) | Step::Poll(_) | Step::Wait => Vec::new(),
        Step::Call(_) => vec![Step::Call(Call::New)],
        Step::Complete {
            slot,
            fault: Some(fault),
        } => {
            let mut quieter = vec![Step::Complete {
                slot: *slot,
                fault: None,
            }];
            if fault.for_ever {
                let once = crate::world::Fault {
                    for_ever: false,
                    ..*fault
                };
                quieter.push(Step::Complete {
                    slot: *slot,
                    fault: Some(once),
                });
            }
            quieter
        }
        Step::Complete { .. } => Vec::new(),
        Step::Crash(crash) => quieter_crashes(crash)
            .into_iter()
            .map(Step::Crash)
            .collect(),
        Step::Open { stop, fault } => {
            let mut steps = Vec::new();
            if stop.is_some() {
                steps.push(Step::Open {
                    stop: None,
                    fault: *fault,
                });
            }
            if fault.is_some() {
                steps.push(Step::Open {
                    stop: stop.clone(),
                    fault: None,
                });
            }
            if let Some((call, crash)) = stop {
                let quieter = quieter_crashes(crash).into_iter();
                steps.extend(quieter.map(|crash| Step::Open {
                    stop: Some((*call, crash)),
                    fault: *fault,
                }));
            }
            steps
        }
    }
}

fn quieter_crashes(crash: &Crash) -> Vec<Crash> {
    match crash {
        Crash::Process(choices) => quieter_choices(choices)
            .into_iter()
            .map(Crash::Process)
            .collect(),
        Crash::Drawn(choices) => {
            let drawn = quieter_choices(choices).into_iter().map(Crash::Drawn);
            [Crash::Process(Vec::new())]
                .into_iter()
                .chain(drawn)
                .collect()
        }
        Crash::Image(index) | Crash::Clean(index) => {
            let images = (0..(*index).min(8)).map(Crash::Clean);
            [Crash::Process(Vec::new())]
                .into_iter()
                .chain(images)
                .collect()
        }
    }
}

fn quieter_choices(choices: &[u32]) -> Vec<Vec<u32>> {
    let mut all = Vec::new();
    if choices.iter().any(|choice| *choice > 0) {
        all.push(Vec::new());
    }
    for place in 0..choices.len() {
        for value in [0, 1, choices[place] / 2, choices[place].saturating_sub(1)] {
            if value < choices[place] {
                let mut quieter = choices.to_vec();
                quieter[place] = value;
                all.push(quieter);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{from_text, to_text};

    #[test]
    fn what_does_not_matter_goes() {
        let steps = from_text("o N f 0 O b R 0e1* f w 1 x3.7.2 o C").unwrap();
        let mut judge = |steps: &[Step]| {
            let calls = steps.iter().any(|step| matches!(step, Step::Call(_)));
            let loud = steps.iter().any(
                |step| matches!(step, Step::Crash(Crash::Drawn(drawn)) if drawn.get(1) > Some(&2)),
            );
            (calls && loud).then(|| steps.to_vec())
        };
        assert_eq!(to_text(&shrink(steps, 10_000, &mut judge)), "x0.3 N");
    }

    #[test]
    fn tries_are_bounded() {
        let steps = from_text("N N N N N N N N").unwrap();
        let mut tries = 0;
        let mut judge = |steps: &[Step]| {
            tries += 1;
            Some(steps.to_vec())
        };
        shrink(steps, 3, &mut judge);
        assert_eq!(tries, 3);
    }
}
