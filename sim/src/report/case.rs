//! One broken promise on one screen: what was promised, what came back, and why.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::closest::closest;
use super::explained::Explained;
use super::screen::screen;
use super::story::Story;
use crate::campaign::{Failure, replay};
use crate::choice::Token;
use crate::hash::StableHasher;
use crate::oracle::Violation;
use crate::setup::Setup;
use crate::shrink::shrink;
use crate::world::{Step, World, from_text, to_text};

/// Tries of the shrinker.
const TRIES_MAX: usize = 4_000;

/// A broken promise, and the run that shows it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What was broken.
    pub violation: Violation,
    /// Under what.
    pub setup: Arc<Setup>,
    /// The run.
    pub steps: Vec<Step>,
    /// How many steps and crashes it had when it was found.
    pub from: (usize, usize),
}

/// The smallest run that was found from a failing one and breaks the same promise.
#[must_use]
pub fn minimal(failure: &Failure) -> Case {
    let setup = Arc::new(failure.setup.clone());
    let obligation = failure.violation.obligation;
    let broken_by = |steps: &[Step]| {
        let replayed = replay(World::new(&setup), steps);
        let same = replayed
            .ended
            .is_err_and(|violation| violation.obligation == obligation);
        same.then_some(replayed.taken)
    };
    let mut judge = |steps: &[Step]| {
        let taken = broken_by(steps)?;
        // A call that is refused counts as no step; a bug may do something in it all the same.
        match taken.len() == steps.len() || broken_by(&taken).is_some() {
            true => Some(taken),
            false => Some(steps.to_vec()),
        }
    };
    let steps = shrink(failure.steps.clone(), TRIES_MAX, &mut judge);
    let steps = closest(&setup, steps, obligation);
    let ended = replay(World::new(&setup).remembering(), &steps).ended;
    let violation = ended.err().unwrap_or_else(|| failure.violation.clone());
    let from = (failure.steps.len(), crashes(&failure.steps));
    Case {
        violation,
        setup,
        steps,
        from,
    }
}

fn crashes(steps: &[Step]) -> usize {
    let is = |step: &&Step| matches!(step, Step::Crash(_) | Step::Open { stop: Some(_), .. });
    steps.iter().filter(is).count()
}

impl Case {
    /// The failing run as it was found.
    #[must_use]
    pub fn whole(failure: &Failure) -> Self {
        Self {
            violation: failure.violation.clone(),
            setup: Arc::new(failure.setup.clone()),
            steps: failure.steps.clone(),
            from: (failure.steps.len(), crashes(&failure.steps)),
        }
    }

    /// How many crashes it has.
    #[must_use]
    pub fn crashes(&self) -> usize {
        crashes(&self.steps)
    }

    /// The text that [`Case::from_token`] reads.
    #[must_use]
    pub fn token(&self) -> String {
        let options = format!("{}\n{}", self.setup, to_text(&self.steps)).into_bytes();
        Token {
            options,
            choices: Vec::new(),
        }
        .to_string()
    }

    /// The setup and the steps that a token stands for.
    #[must_use]
    pub fn from_token(token: &str) -> Option<(Setup, Vec<Step>)> {
        let token: Token = token.parse().ok()?;
        let text = String::from_utf8(token.options).ok()?;
        let (setup, steps) = text.split_once('\n')?;
        Some((Setup::from_text(setup)?, from_text(steps)?))
    }

    /// The run, line by line.
    #[must_use]
    pub fn trace(&self) -> String {
        Self::trace_of(&self.setup, &self.steps)
    }

    /// Any run, line by line.
    #[must_use]
    pub fn trace_of(setup: &Arc<Setup>, steps: &[Step]) -> String {
        Story::of(setup, steps).text(&[])
    }

    /// A short name that tells this case from others, the same in every run.
    #[must_use]
    pub fn short(&self) -> String {
        let mut hasher = StableHasher::default();
        self.token().hash(&mut hasher);
        format!("{:08x}", hasher.finish() as u32)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&screen(self, &Explained::of(self)))
    }
}
