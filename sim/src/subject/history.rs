//! The oracle: what was submitted, what was acknowledged, and what may therefore come back.

use super::{Promise, Subject};

/// All states that the operations have passed through.
///
/// * H1: level `n` holds what the store may hold after `n` operations; more than one state only
///   after an operation that failed, which may have happened or not.
/// * H2: `durable <= written < levels.len()`.
#[derive(Clone, Debug)]
pub(super) struct History<T> {
    levels: Vec<Vec<T>>,
    durable: usize,
    written: usize,
}

/// Which levels a crash may bring back: those from `floor` on, up to `submitted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Window {
    pub floor: usize,
    pub submitted: usize,
}

impl<T: Clone + PartialEq> History<T> {
    pub fn new(empty: T) -> Self {
        Self {
            levels: vec![vec![empty]],
            durable: 0,
            written: 0,
        }
    }

    /// The operation is given out.
    pub fn submit<S: Subject<State = T>>(&mut self, subject: &S, op: &S::Op) {
        let mut next = self.levels.last().expect("H1: level 0").clone();
        next.iter_mut().for_each(|state| subject.model(state, op));
        self.levels.push(next);
    }

    /// The last operation given out has returned.
    pub fn acknowledge(&mut self, promise: Promise) {
        let now = self.submitted();
        match promise {
            Promise::Nothing => {}
            Promise::Written => self.written = now,
            Promise::Durable => (self.written, self.durable) = (now, now),
        }
    }

    /// The last operation given out has failed.
    pub fn fail(&mut self) {
        let now = self.submitted();
        let (before, after) = self.levels.split_at_mut(now);
        let without = &before[now - 1];
        let news = without.iter().filter(|state| !after[0].contains(state));
        let news: Vec<T> = news.cloned().collect();
        after[0].extend(news);
    }

    pub fn submitted(&self) -> usize {
        self.levels.len() - 1
    }

    /// What a crash of this kind may bring back.
    pub fn window(&self, power_loss: bool) -> Window {
        Window {
            floor: if power_loss {
                self.durable
            } else {
                self.written
            },
            submitted: self.submitted(),
        }
    }

    /// The newest level up to the submitted one that has this state.
    pub fn level_of(&self, state: &T, window: Window) -> Option<usize> {
        let levels = &self.levels[..=window.submitted];
        levels.iter().rposition(|level| level.contains(state))
    }
}
