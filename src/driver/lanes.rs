//! The two threads that perform effects.
//!
//! ```text
//!          .----------------------------------------------------------.
//!          v                                                          |
//!   lock: completion in, timeouts, next effect out  --- effect --->  perform
//!          |            ^
//!          | none       | woken, or the timeout
//!          '--> sleep --'
//! ```
//!
//! The machine is asked for an effect only when the lane's thread is free for it, so whatever was
//! submitted while the last write or sync ran goes into the next one together: group commit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::ToString;
use std::sync::{Arc, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;
use std::{io, vec::Vec};

use super::disk::Disk;
use super::shared::{Outbox, Shared, State, Wake, index};
use super::ticket::Loss;
use crate::effect::{Completion, Effect, EffectId, Lane};
use crate::units::Now;

/// What a thread does next.
enum Step {
    Perform(EffectId, Effect),
    /// Until woken, or so long.
    Sleep(Option<Duration>),
    /// More garbage is left.
    Again,
    End,
}

/// Starts both threads.
///
/// # Errors
/// If the system gives no thread; then none of them runs on.
pub(super) fn start(shared: &Arc<Shared>) -> io::Result<()> {
    let mut threads = Vec::new();
    for (lane, name) in [
        (Lane::Foreground, "indelible-log"),
        (Lane::Background, "indelible-bg"),
    ] {
        shared.thread_begins();
        let own = Arc::clone(shared);
        let builder = thread::Builder::new().name(name.to_string());
        match builder.spawn(move || live(&own, lane)) {
            Ok(handle) => threads.push(handle.thread().clone()),
            Err(error) => {
                shared.thread_ends();
                shared.lose(Loss::Closed);
                threads.iter().for_each(Thread::unpark);
                return Err(error);
            }
        }
    }
    let threads = <[Thread; 2]>::try_from(threads).expect("two were started");
    shared.threads.set(threads).expect("started once");
    // What was to be done before they were known: they look again.
    shared.wake_threads();
    Ok(())
}

fn live(shared: &Shared, lane: Lane) {
    if catch_unwind(AssertUnwindSafe(|| run(shared, lane))).is_err() {
        shared.lose(Loss::Panicked);
    }
    shared.thread_ends();
}

fn run(shared: &Shared, lane: Lane) {
    let mut done = None;
    loop {
        match step(shared, lane, done.take()) {
            Step::Perform(id, effect) => {
                let completion = disk(shared).perform(&effect.action);
                done = Some((id, completion));
            }
            Step::Sleep(None) => thread::park(),
            Step::Sleep(Some(duration)) => thread::park_timeout(duration),
            Step::Again => thread::yield_now(),
            Step::End => return,
        }
    }
}

fn disk(shared: &Shared) -> Arc<dyn Disk> {
    let disk = shared.disk.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(disk.as_ref().expect("it stays until the threads end"))
}

fn step(shared: &Shared, lane: Lane, done: Option<(EffectId, Completion)>) -> Step {
    let Ok(mut state) = shared.lock() else {
        // Lost, or poisoned by a caller: whoever waits still is to be told.
        shared.lose(Loss::Panicked);
        return Step::End;
    };
    let now = shared.clock.now();
    state.lanes[index(lane)].idle = false;
    if let Some((id, completion)) = done {
        state.engine.handle_completion(now, id, completion);
    }
    if state
        .engine
        .poll_timeout()
        .is_some_and(|due| due <= now.mono)
    {
        state.engine.handle_timeout(now);
    }
    let step = next(&mut state, lane, now);
    let mut outbox = Outbox::default();
    shared.settle(&mut state, now, Wake::ForEffects, &mut outbox);
    drop(state);
    outbox.deliver();
    step
}

fn next(state: &mut State, lane: Lane, now: Now) -> Step {
    let own = state.lanes[index(lane)].assigned.take();
    if let Some((id, effect)) = own.or_else(|| state.engine.poll_effect(now, lane)) {
        match lane {
            // A little on the way; the background thread frees the rest.
            Lane::Foreground => hand_over_garbage(state),
            // While a rewrite keeps this thread busy nobody else does: commits drop nodes and
            // entries all the time, and the base drops what it has written.
            Lane::Background => {
                state.engine.housekeep();
            }
        }
        return Step::Perform(id, effect);
    }
    if lane == Lane::Background && state.engine.housekeep() {
        return Step::Again;
    }
    if lane == Lane::Foreground {
        hand_over_garbage(state);
    }
    let due = state.engine.poll_timeout();
    let own = &mut state.lanes[index(lane)];
    own.idle = true;
    own.wake_at = due;
    // At least one: a timeout that was handled and is still due must not spin.
    Step::Sleep(due.map(|due| Duration::from_millis(due.0.saturating_sub(now.mono.0).max(1))))
}

/// Frees one step of garbage, and wakes the background thread for the rest.
fn hand_over_garbage(state: &mut State) {
    let background = &state.lanes[index(Lane::Background)];
    if background.idle && state.engine.housekeep() {
        state.more_garbage = true;
    }
}
