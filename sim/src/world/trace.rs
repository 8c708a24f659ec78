//! The steps that led here, shared between worlds that parted.

use std::fmt;
use std::sync::Arc;

use super::Step;

/// A list that grows at its end; clones share what they have in common.
#[derive(Clone, Default)]
pub(super) struct Trace {
    last: Option<Arc<Node>>,
    len: usize,
}

struct Node {
    step: Step,
    before: Option<Arc<Node>>,
}

impl Trace {
    pub fn push(&mut self, step: Step) {
        let before = self.last.take();
        self.last = Some(Arc::new(Node { step, before }));
        self.len += 1;
    }

    /// Puts another step in place of the last one for which there is one.
    pub fn change_last(&mut self, other: impl Fn(&Step) -> Option<Step>) {
        let mut steps = self.steps();
        let found = steps.iter().enumerate().rev();
        let found = found
            .filter_map(|(at, step)| Some((at, other(step)?)))
            .next();
        let Some((at, step)) = found else { return };
        steps[at] = step;
        *self = Self::default();
        for step in steps {
            self.push(step);
        }
    }

    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// All steps, oldest first.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut node = self.last.as_ref();
        while let Some(some) = node {
            steps.push(some.step.clone());
            node = some.before.as_ref();
        }
        steps.reverse();
        steps
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&super::step::to_text(&self.steps()))
    }
}

impl Drop for Trace {
    /// Long lists are taken apart in a loop: a recursive drop would need a deep stack.
    fn drop(&mut self) {
        let mut node = self.last.take();
        while let Some(some) = node {
            node = Arc::into_inner(some).and_then(|mut inner| inner.before.take());
        }
    }
}
