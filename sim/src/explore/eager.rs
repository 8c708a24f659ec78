//! What comes at once, since coming later would show nothing more.
//!
//! * The background lane takes its next effect as soon as it is free. An effect that is out may
//!   complete at any later time, or be found half done by a crash.
//! * Behind the last call, when no fault is left, the background closes a file as soon as that is
//!   given out, and truncates one at once that has no name, nor had one that a crash may bring back.
//!   No crash shows the difference, and what is yet to happen (ends of other effects, timeouts, the
//!   closing) waits for it at most: whatever may come before it may come behind it. Before the last
//!   call it is not so: what a call finds under way counts.
//! * Behind the last call, when nothing is out, the foreground lane takes what there is for it, and
//!   where there is nothing, time passes: nothing else can happen but crashes, and those find no less
//!   behind it.
//!
//! Not so where unwritten bytes read as what a freed file held, or syncs lie.

use indelible::effect::Lane;

use super::search::Search;
use crate::oracle::Violation;
use crate::world::{Step, World};

/// How often time passes at once: a machine that does nothing but wait is not hurried for ever.
const WAITS_MAX: u32 = 8;

impl Search<'_> {
    /// Takes, behind any step, what comes at once.
    pub(super) fn hurry(&self, world: &mut World) -> Result<(), Violation> {
        take_all(world)?;
        if !self.hurries || world.calls < self.bounds.ops {
            return Ok(());
        }
        let calm = world.faults >= self.bounds.faults;
        for _ in 0..WAITS_MAX {
            while calm && let Some(slot) = world.unseen() {
                if !world.apply(&Step::Complete { slot, fault: None })? {
                    break; // a simulator that is blind to orders takes no other effect first
                }
                take_all(world)?;
            }
            if world.out_count() > 0
                || world.apply(&Step::Poll(Lane::Foreground))?
                || !world.apply(&Step::Wait)?
            {
                break;
            }
            take_all(world)?;
        }
        Ok(())
    }
}

fn take_all(world: &mut World) -> Result<(), Violation> {
    while world.apply(&Step::Poll(Lane::Background))? {}
    Ok(())
}
