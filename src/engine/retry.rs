//! Growing delays between tries.

use crate::limits::{RETRY_MILLIS, RETRY_MILLIS_MAX};
use crate::units::Millis;

/// How often something failed in a row, and when it is tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Backoff {
    failures: u32,
    at: Option<Millis>,
}

impl Backoff {
    /// It failed: the next try waits twice as long as the last one.
    pub fn fail(&mut self, now: Millis) {
        let delay = RETRY_MILLIS
            .checked_shl(self.failures.min(32))
            .unwrap_or(RETRY_MILLIS_MAX);
        self.failures = self.failures.saturating_add(1);
        self.at = Some(now.plus(delay.min(RETRY_MILLIS_MAX)));
    }

    /// It succeeded.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// The next try need not wait.
    pub fn hurry(&mut self) {
        self.at = None;
    }

    /// See [`Engine::rebase_clock`](super::Engine::rebase_clock).
    pub fn rebase(&mut self, now: Millis, moved: impl Fn(Millis) -> Millis) {
        self.at = self.pending(now).map(moved);
    }

    pub fn failures(&self) -> u32 {
        self.failures
    }

    pub fn has_failed(&self) -> bool {
        self.failures > 0
    }

    pub fn is_due(&self, now: Millis) -> bool {
        self.at.is_none_or(|at| at <= now)
    }

    /// The moment before which nothing is tried, if it is yet to come.
    pub fn pending(&self, now: Millis) -> Option<Millis> {
        self.at.filter(|at| *at > now)
    }
}
