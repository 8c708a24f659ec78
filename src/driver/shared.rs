//! What callers and the two threads share: the machine behind a lock, and who waits for what.
//!
//! Nobody performs an effect while holding the lock, so that a slow disk delays only those who
//! wait for what it does. After each call of the machine, still under the lock, [`State::settle`]
//! collects what became of it; who is concerned is woken once the lock is free.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, RwLock, RwLockWriteGuard};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};
use std::vec::Vec;

use super::clock::Clock;
use super::disk::Disk;
use super::error::StoreError;
use super::events::Subscribers;
use super::ticket::{Ending, Loss, Slot, Ticket};
use crate::command::Reply;
use crate::effect::{Effect, EffectId, Lane};
use crate::engine::{self, Batch, Engine, Event, RewriteError, SubmitError};
use crate::units::{Lsn, Millis, Now};

/// Everything behind a store's handles.
pub(super) struct Shared {
    state: RwLock<State>,
    pub(super) clock: Clock,
    /// Where effects are performed; empty once both threads have ended.
    pub(super) disk: Mutex<Option<Arc<dyn Disk>>>,
    pub(super) threads: OnceLock<[Thread; 2]>,
    running: Mutex<usize>,
    ended: Condvar,
    busy_timeout: Option<Duration>,
}

/// What the lock protects.
pub(super) struct State {
    pub(super) engine: Engine,
    pub(super) lanes: [LaneState; 2],
    pub(super) subscribers: Subscribers,
    /// There is garbage that the background thread should free.
    pub(super) more_garbage: bool,
    /// Why no call is taken any more, and the threads are to end.
    lost: Option<Loss>,
    slots: HashMap<engine::Ticket, Arc<Slot>>,
    /// Writers that wait for room, oldest first.
    waiting_for_room: VecDeque<Thread>,
}

/// What is known of a lane's thread.
#[derive(Default)]
pub(super) struct LaneState {
    /// It sleeps, or is about to, and has not been woken.
    pub(super) idle: bool,
    /// When it wakes by itself.
    pub(super) wake_at: Option<Millis>,
    /// What it finds to do when it is woken.
    pub(super) assigned: Option<(EffectId, Effect)>,
}

/// Who is to be told once the lock is free.
#[derive(Default)]
pub(super) struct Outbox {
    settled: Vec<(Arc<Slot>, Ending)>,
    wake: Vec<Thread>,
}

impl Outbox {
    pub(super) fn deliver(self) {
        for (slot, ending) in self.settled {
            slot.end(ending);
        }
        for thread in self.wake {
            thread.unpark();
        }
    }
}

std::thread_local! {
    /// The store whose update runs in this thread, by its address.
    static UPDATING: Cell<usize> = const { Cell::new(0) };
}

/// Longest sleep of a writer that waits for room before it looks again by itself.
const ROOM_LOOK: Duration = Duration::from_millis(50);

/// Whom to wake after a call of the machine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    /// Sleeping threads for which there is an effect.
    ForEffects,
    /// The log thread, which asks for its effect when it runs.
    Later,
    /// Nobody: the call asks for no effect.
    Nobody,
}

/// Index of a lane's thread.
pub(super) const fn index(lane: Lane) -> usize {
    match lane {
        Lane::Foreground => 0,
        Lane::Background => 1,
    }
}

impl Shared {
    pub(super) fn new(
        engine: Engine,
        clock: Clock,
        disk: Arc<dyn Disk>,
        busy_timeout: Option<Duration>,
    ) -> Self {
        Self {
            state: RwLock::new(State {
                engine,
                lanes: Default::default(),
                subscribers: Subscribers::default(),
                more_garbage: false,
                lost: None,
                slots: HashMap::new(),
                waiting_for_room: VecDeque::new(),
            }),
            clock,
            disk: Mutex::new(Some(disk)),
            threads: OnceLock::new(),
            running: Mutex::new(0),
            ended: Condvar::new(),
            busy_timeout,
        }
    }

    /// Looks at the machine, beside other readers.
    pub(super) fn read<T>(&self, look: impl FnOnce(&Engine, Now) -> T) -> Result<T, StoreError> {
        self.assert_not_updating();
        let state = self.state.read().map_err(|_| StoreError::Panicked)?;
        match state.lost {
            Some(loss) => Err(loss.into()),
            None => Ok(look(&state.engine, self.clock.now())),
        }
    }

    /// Calls the machine and tells everybody what came of it.
    pub(super) fn with<T>(&self, call: impl FnOnce(&mut State, Now) -> T) -> Result<T, StoreError> {
        let alarm = Alarm(self);
        let mut state = self.lock()?;
        let now = self.clock.now();
        let result = call(&mut state, now);
        let mut outbox = Outbox::default();
        self.settle(&mut state, now, Wake::ForEffects, &mut outbox);
        drop(state);
        drop(alarm);
        outbox.deliver();
        Ok(result)
    }

    pub(super) fn lock(&self) -> Result<RwLockWriteGuard<'_, State>, StoreError> {
        self.assert_not_updating();
        let state = self.state.write().map_err(|_| StoreError::Panicked)?;
        match state.lost {
            Some(loss) => Err(loss.into()),
            None => Ok(state),
        }
    }

    fn assert_not_updating(&self) {
        let address = std::ptr::from_ref(self).addr();
        let updating = UPDATING.with(Cell::get);
        assert!(
            updating != address,
            "a store is called inside an update of its own"
        );
    }

    /// Executes the batch that `decide` makes under the lock, if it makes one.
    ///
    /// Waits for room before, if the batch `writes`. A panic in `decide` harms nobody but its
    /// caller.
    pub(super) fn commit<T>(
        &self,
        writes: bool,
        decide: impl FnOnce(&Engine, Now) -> (Option<Batch>, T),
    ) -> Result<(Option<Ticket>, T), StoreError> {
        let alarm = Alarm(self);
        let mut state = self.lock_with_room(writes)?;
        let now = self.clock.now();
        let (batch, value) = match self.undisturbed(|| decide(&state.engine, now)) {
            Ok(decided) => decided,
            Err(panic) => {
                drop(state);
                std::panic::resume_unwind(panic);
            }
        };
        let Some(batch) = batch else {
            return Ok((None, value));
        };
        let mut outbox = Outbox::default();
        let (ticket, waits) = state.submit(now, batch, &mut outbox)?;
        let wake = if waits { Wake::Later } else { Wake::Nobody };
        self.settle(&mut state, now, wake, &mut outbox);
        drop(state);
        drop(alarm);
        outbox.deliver();
        Ok((Some(ticket), value))
    }

    /// The lock, at a moment when the machine takes commits.
    fn lock_with_room(&self, writes: bool) -> Result<RwLockWriteGuard<'_, State>, StoreError> {
        let mut deadline = None;
        loop {
            let mut state = self.lock()?;
            if !writes || !state.engine.is_busy() {
                return Ok(state);
            }
            let now = Instant::now();
            let timeout = self.busy_timeout.unwrap_or(Duration::MAX);
            let deadline = *deadline.get_or_insert_with(|| now.checked_add(timeout));
            let left = deadline.map_or(ROOM_LOOK, |at| at.saturating_duration_since(now));
            if left.is_zero() {
                state.forget_waiter();
                return Err(StoreError::Busy);
            }
            state.wait_for_room();
            drop(state);
            thread::park_timeout(left.min(ROOM_LOOK));
        }
    }

    /// Runs a caller's code under the lock so that its panic does not poison the lock.
    fn undisturbed<T>(&self, code: impl FnOnce() -> T) -> thread::Result<T> {
        let before = UPDATING.replace(std::ptr::from_ref(self).addr());
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(code));
        UPDATING.set(before);
        result
    }

    /// Asks the machine for a ticket and gives the place where its end will be put.
    pub(super) fn request(
        &self,
        ask: impl FnOnce(&mut Engine, Now) -> Result<engine::Ticket, RewriteError>,
    ) -> Result<Ticket, StoreError> {
        let ticket = self.with(|state, now| {
            let ticket = ask(&mut state.engine, now)?;
            let lsn = state.engine.stats().last_lsn;
            Ok::<_, RewriteError>(state.ticket(ticket, lsn, Vec::new()))
        })?;
        Ok(ticket?)
    }

    /// Takes what came of the last call: tells subscribers, hands out effects to threads that
    /// sleep, and collects whom to wake.
    ///
    /// 1. Events: tickets end, subscribers are told, and whoever waits for room is woken, as many
    ///    as tickets have ended.
    /// 2. A sleeping thread gets its lane's next effect. Except after a commit: then the log thread
    ///    is woken without asking the machine, so that the commits that come until it looks share
    ///    its write.
    /// 3. A sleeping thread is woken if the machine's next timeout is now earlier than it knows, or
    ///    if there is more garbage for it.
    pub(super) fn settle(&self, state: &mut State, now: Now, wake: Wake, outbox: &mut Outbox) {
        state.take_events(outbox);
        let Some(threads) = self.threads.get() else {
            return;
        };
        for lane in [Lane::Foreground, Lane::Background] {
            if !state.lanes[index(lane)].idle {
                continue;
            }
            if wake == Wake::ForEffects {
                state.lanes[index(lane)].assigned = state.engine.poll_effect(now, lane);
            }
            let due = state.engine.poll_timeout();
            let sleeper = &mut state.lanes[index(lane)];
            let earlier = due.is_some_and(|due| sleeper.wake_at.is_none_or(|at| due < at));
            let asked = match lane {
                Lane::Foreground => wake == Wake::Later,
                Lane::Background => state.more_garbage,
            };
            if asked || earlier || sleeper.assigned.is_some() {
                sleeper.idle = false;
                outbox.wake.push(threads[index(lane)].clone());
            }
        }
        state.more_garbage = false;
        state.take_events(outbox);
    }

    /// Fails everybody who waits, and every call from now on.
    pub(super) fn lose(&self, loss: Loss) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let loss = *state.lost.get_or_insert(loss);
        state.subscribers.end();
        let slots: Vec<_> = state.slots.drain().map(|(_, slot)| slot).collect();
        let waiting: Vec<_> = state.waiting_for_room.drain(..).collect();
        drop(state);
        for slot in slots {
            slot.end(Ending::Lost(loss));
        }
        for thread in waiting {
            thread.unpark();
        }
        self.wake_threads();
    }

    pub(super) fn wake_threads(&self) {
        for thread in self.threads.get().into_iter().flatten() {
            thread.unpark();
        }
    }

    /// Counts a thread that begins.
    pub(super) fn thread_begins(&self) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    /// Counts a thread that ends; the last one lets go of files and lock.
    pub(super) fn thread_ends(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        *running -= 1;
        if *running == 0 {
            let disk = self
                .disk
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            drop(disk);
            self.ended.notify_all();
        }
    }

    /// Waits until both threads have ended, but not longer than this; whether they have.
    pub(super) fn join(&self, timeout: Duration) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .ended
            .wait_timeout_while(running, timeout, |running| *running > 0);
        let (running, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *running == 0
    }
}

/// Wakes the threads if the lock was poisoned, for they see to those who wait.
///
/// It is made before the lock is taken, so that it acts after the lock is free.
struct Alarm<'a>(&'a Shared);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.wake_threads();
        }
    }
}

impl State {
    /// Executes a batch; with its ticket, whether its end is still to come.
    fn submit(
        &mut self,
        now: Now,
        batch: Batch,
        outbox: &mut Outbox,
    ) -> Result<(Ticket, bool), SubmitError> {
        let submitted = self.engine.submit(now, batch)?;
        let (id, lsn) = (submitted.ticket, submitted.lsn);
        let ticket = self.ticket(id, lsn, submitted.replies);
        self.take_events(outbox);
        Ok((ticket, self.slots.contains_key(&id)))
    }

    pub(super) fn ticket(&mut self, id: engine::Ticket, lsn: Lsn, replies: Vec<Reply>) -> Ticket {
        let slot = Arc::new(Slot::default());
        self.slots.insert(id, Arc::clone(&slot));
        Ticket::new(slot, lsn, replies)
    }

    fn take_events(&mut self, outbox: &mut Outbox) {
        let before = outbox.settled.len();
        while let Some(event) = self.engine.poll_event() {
            match event {
                Event::Settled { ticket, outcome } => {
                    if let Some(slot) = self.slots.remove(&ticket) {
                        outbox.settled.push((slot, Ending::Settled(outcome)));
                    }
                }
                event => self.subscribers.tell(event),
            }
        }
        let ended = outbox.settled.len() - before;
        let woken = ended.min(self.waiting_for_room.len());
        outbox.wake.extend(self.waiting_for_room.drain(..woken));
    }

    fn wait_for_room(&mut self) {
        self.forget_waiter();
        self.waiting_for_room.push_back(thread::current());
    }

    fn forget_waiter(&mut self) {
        let me = thread::current().id();
        self.waiting_for_room.retain(|thread| thread.id() != me);
    }
}

/// How long dropping the last handle waits for effects that are out.
pub(super) const DROP_WAIT: Duration = Duration::from_secs(1);
