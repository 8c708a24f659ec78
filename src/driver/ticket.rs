//! Waiting for the end of a commit: one place for each waiter, so that nobody wakes for another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};
use std::vec::Vec;

use super::error::{Durability, StoreError, durability};
use crate::command::Reply;
use crate::engine::Outcome;
use crate::units::Lsn;

/// How waiting ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    /// The machine said so.
    Settled(Outcome),
    /// Nobody will say any more.
    Lost(Loss),
}

/// Why a store takes no more calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    Closed,
    Dropped,
    Panicked,
}

impl From<Loss> for StoreError {
    fn from(loss: Loss) -> Self {
        match loss {
            Loss::Closed => Self::Closed,
            Loss::Dropped => Self::Dropped,
            Loss::Panicked => Self::Panicked,
        }
    }
}

/// Where one ticket's end is put, and who is to be woken then.
#[derive(Debug, Default)]
pub(super) struct Slot {
    state: Mutex<SlotState>,
}

#[derive(Debug, Default)]
struct SlotState {
    ending: Option<Ending>,
    waiter: Option<Thread>,
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, SlotState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the end there and wakes who waits for it.
    pub(super) fn end(&self, ending: Ending) {
        let waiter = {
            let mut state = self.lock();
            state.ending.get_or_insert(ending);
            state.waiter.take()
        };
        if let Some(waiter) = waiter {
            waiter.unpark();
        }
    }

    fn ending(&self) -> Option<Ending> {
        self.lock().ending
    }

    fn wait_until(&self, deadline: Option<Instant>) -> Option<Ending> {
        loop {
            {
                let mut state = self.lock();
                if state.ending.is_some() {
                    return state.ending;
                }
                state.waiter = Some(thread::current());
            }
            match deadline {
                None => thread::park(),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        self.lock().waiter = None;
                        return self.ending();
                    }
                    thread::park_timeout(left);
                }
            }
        }
    }
}

/// A commit, or another request, whose end is still to come.
///
/// The commit was executed already and everybody reads it; what is to come is how safe it is.
/// Dropping the ticket changes nothing but that nobody is told.
///
/// ```
/// use indelible::Store;
///
/// let store = Store::in_memory(Default::default())?;
/// let ticket = store.submit(|commands| {
///     commands.set("a", "1").incr_by("b", 2);
/// })?;
/// assert_eq!(ticket.replies().len(), 2);
/// ticket.wait()?;
/// # Ok::<(), indelible::StoreError>(())
/// ```
#[derive(Debug)]
#[must_use = "until the ticket has ended nothing is promised"]
pub struct Ticket {
    slot: Arc<Slot>,
    lsn: Lsn,
    replies: Vec<Reply>,
}

impl Ticket {
    pub(super) fn new(slot: Arc<Slot>, lsn: Lsn, replies: Vec<Reply>) -> Self {
        Self { slot, lsn, replies }
    }

    /// The replies of the commit's commands, in order; empty for other requests.
    #[must_use]
    pub fn replies(&self) -> &[Reply] {
        &self.replies
    }

    /// The number of the commit, or of the last one that it may have seen if it changed nothing.
    #[must_use]
    pub fn lsn(&self) -> Lsn {
        self.lsn
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// What became of the commit: [`StoreError::Refused`], [`StoreError::Unknown`],
    /// [`StoreError::Cancelled`], [`StoreError::Dropped`] or [`StoreError::Panicked`].
    pub fn wait(self) -> Result<Durability, StoreError> {
        self.wait_here()
    }

    /// Waits for the end, and gives the replies if it is good.
    ///
    /// # Errors
    /// As [`Ticket::wait`].
    pub fn into_replies(self) -> Result<Vec<Reply>, StoreError> {
        self.wait_here()?;
        Ok(self.replies)
    }

    /// The end, if it has come.
    ///
    /// # Errors
    /// As [`Ticket::wait`].
    pub fn try_wait(&self) -> Option<Result<Durability, StoreError>> {
        self.slot.ending().map(result)
    }

    /// Waits for the end, but not longer than this.
    ///
    /// # Errors
    /// As [`Ticket::wait`].
    pub fn wait_timeout(&self, timeout: Duration) -> Option<Result<Durability, StoreError>> {
        let deadline = Instant::now().checked_add(timeout);
        self.slot.wait_until(deadline).map(result)
    }

    fn wait_here(&self) -> Result<Durability, StoreError> {
        let ending = self.slot.wait_until(None);
        result(ending.expect("without a deadline there is an end"))
    }
}

fn result(ending: Ending) -> Result<Durability, StoreError> {
    match ending {
        Ending::Settled(outcome) => durability(outcome),
        Ending::Lost(loss) => Err(loss.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket() -> (Arc<Slot>, Ticket) {
        let slot = Arc::new(Slot::default());
        (Arc::clone(&slot), Ticket::new(slot, Lsn(1), Vec::new()))
    }

    #[test]
    fn an_end_that_came_first_is_not_waited_for() {
        let (slot, ticket) = ticket();
        slot.end(Ending::Settled(Outcome::Durable));
        assert_eq!(ticket.wait().unwrap(), Durability::Durable);
    }

    #[test]
    fn a_waiter_is_woken() {
        let (slot, ticket) = ticket();
        let waiter = thread::spawn(move || ticket.wait().unwrap());
        thread::sleep(Duration::from_millis(10));
        slot.end(Ending::Settled(Outcome::Written));
        assert_eq!(waiter.join().unwrap(), Durability::Written);
    }

    #[test]
    fn the_first_end_counts() {
        let (slot, ticket) = ticket();
        slot.end(Ending::Settled(Outcome::Written));
        slot.end(Ending::Lost(Loss::Dropped));
        assert_eq!(ticket.try_wait().unwrap().unwrap(), Durability::Written);
    }

    #[test]
    fn a_timeout_leaves_the_ticket_waiting() {
        let (slot, ticket) = ticket();
        assert!(ticket.try_wait().is_none());
        assert!(ticket.wait_timeout(Duration::from_millis(1)).is_none());
        slot.end(Ending::Lost(Loss::Panicked));
        let ended = ticket.wait_timeout(Duration::MAX).unwrap();
        assert!(matches!(ended, Err(StoreError::Panicked)));
    }
}
