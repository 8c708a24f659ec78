//! What a search has seen, as numbers.

use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::sync::atomic::{AtomicU64, Ordering};

use super::set_hash::Gathered;

/// What a search has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize, serde::Deserialize))]
pub struct Counts {
    /// Sequences of calls (exhaustive), or runs (random).
    pub workloads: u64,
    /// Steps taken.
    pub steps: u64,
    /// States that differ from each other.
    pub states: u64,
    /// What crashes left, each way of each crash.
    pub images: u64,
    /// Of those, the ones that differ from each other.
    pub images_distinct: u64,
    /// Openings after a crash.
    pub recoveries: u64,
    /// Broken promises.
    pub violations: u64,
    /// Steps of the longest run; that of a sum is the longest of all.
    pub depth: u64,
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            workloads: self.workloads + other.workloads,
            steps: self.steps + other.steps,
            states: self.states + other.states,
            images: self.images + other.images,
            images_distinct: self.images_distinct + other.images_distinct,
            recoveries: self.recoveries + other.recoveries,
            violations: self.violations + other.violations,
            depth: self.depth.max(other.depth),
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Add::add)
    }
}

/// Counts that several threads add to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub workloads: AtomicU64,
    pub steps: AtomicU64,
    pub states: AtomicU64,
    pub images: AtomicU64,
    pub images_distinct: AtomicU64,
    pub recoveries: AtomicU64,
    pub violations: AtomicU64,
    pub depth: AtomicU64,
    pub set: Gathered,
}

impl Tally {
    /// The counts at this moment.
    pub fn read(&self) -> Counts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            workloads: read(&self.workloads),
            steps: read(&self.steps),
            states: read(&self.states),
            images: read(&self.images),
            images_distinct: read(&self.images_distinct),
            recoveries: read(&self.recoveries),
            violations: read(&self.violations),
            depth: read(&self.depth),
        }
    }
}

/// One more, or several.
pub(crate) fn count(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}
