//! Moving the start of the monotonic clock.

use crate::units::Millis;

use super::Engine;
use super::pump::Side;

/// Moments that lie further back are all alike: nothing waits that long from a moment that passed.
const PAST_MILLIS: u64 = 2_000;

impl Engine {
    /// Moves the start of the monotonic clock so that it stands at `now`: every moment to come keeps
    /// its distance, and those that passed lose theirs.
    ///
    /// The start of such a clock means nothing; two machines with the same future are equal once
    /// theirs agree.
    pub fn rebase_clock(&mut self, now: Millis) {
        let before = self.now.mono;
        let moved = |at: Millis| {
            let at = now.0.saturating_add(at.0).saturating_sub(before.0);
            Millis(at.max(now.0.saturating_sub(PAST_MILLIS)))
        };
        self.now.mono = now;
        let by_the_wall = self.bug(47);
        self.timers.rebase(by_the_wall, moved);
        self.rewrite_backoff.rebase(before, moved);
        for side in [Side::Live, Side::Target] {
            if let Some(log) = self.log_mut(side) {
                log.backoff.rebase(before, moved);
                if let Some(sync) = &mut log.sync_out {
                    sync.started = moved(sync.started);
                }
            }
        }
        if let Some(rewrite) = &mut self.rewrite {
            rewrite.names.rebase(before, moved);
        }
        for retiring in &mut self.retiring {
            retiring.rebase(before, moved);
        }
    }
}
