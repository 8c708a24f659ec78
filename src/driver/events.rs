//! Telling programs what happens, without ever waiting for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{
    Receiver, RecvError, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel,
};
use std::time::Duration;
use std::vec::Vec;

use crate::engine::Event;
use crate::limits;

/// What happens in a store, from the moment of subscribing on.
///
/// At most [`EVENTS_MAX`](limits::EVENTS_MAX) events wait to be received; what comes then is dropped
/// and counted. Iterating over it ends when the store is closed.
#[derive(Debug)]
pub struct Subscription {
    receiver: Receiver<Event>,
    dropped: Arc<AtomicU64>,
}

impl Subscription {
    /// Waits for the next event.
    ///
    /// # Errors
    /// When the store is closed and all events have been received.
    pub fn recv(&self) -> Result<Event, RecvError> {
        self.receiver.recv()
    }

    /// Waits for the next event, but not longer than this.
    ///
    /// # Errors
    /// When none came in time, or the store is closed.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<Event, RecvTimeoutError> {
        self.receiver.recv_timeout(timeout)
    }

    /// The next event, if there is one.
    ///
    /// # Errors
    /// When there is none, or the store is closed.
    pub fn try_recv(&self) -> Result<Event, TryRecvError> {
        self.receiver.try_recv()
    }

    /// How many events were dropped because too many waited.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl Iterator for Subscription {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.receiver.recv().ok()
    }
}

/// Everybody who wants to be told.
#[derive(Debug, Default)]
pub(super) struct Subscribers {
    all: Vec<Subscriber>,
}

#[derive(Debug)]
struct Subscriber {
    sender: SyncSender<Event>,
    dropped: Arc<AtomicU64>,
}

impl Subscribers {
    pub(super) fn add(&mut self) -> Subscription {
        let (sender, receiver) = sync_channel(limits::EVENTS_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        self.all.push(Subscriber {
            sender,
            dropped: Arc::clone(&dropped),
        });
        Subscription { receiver, dropped }
    }

    pub(super) fn tell(&mut self, event: Event) {
        trace(&event);
        self.all
            .retain(|subscriber| match subscriber.sender.try_send(event) {
                Ok(()) => true,
                Err(TrySendError::Full(_)) => {
                    subscriber.dropped.fetch_add(1, Ordering::Relaxed);
                    true
                }
                Err(TrySendError::Disconnected(_)) => false,
            });
    }

    /// Ends every subscription.
    pub(super) fn end(&mut self) {
        self.all.clear();
    }
}

#[cfg(not(feature = "tracing"))]
fn trace(_: &Event) {}

#[cfg(feature = "tracing")]
fn trace(event: &Event) {
    match *event {
        Event::Settled { .. } => {}
        Event::RewriteStarted { lsn } => tracing::info!(%lsn, "rewrite started"),
        Event::BaseWritten { len } => tracing::info!(len, "base written"),
        Event::DiffFlushed { len } => tracing::info!(len, "diff flushed"),
        Event::Switched { len } => tracing::info!(len, "switched to the new log"),
        Event::OldFileRetired { len } => tracing::info!(len, "old file retired"),
        Event::RewriteFailed { error: Some(error) } => tracing::warn!(%error, "rewrite failed"),
        Event::RewriteFailed { error: None } => tracing::info!("rewrite cancelled"),
        Event::Healing { error } => tracing::error!(%error, "log poisoned, healing"),
        Event::Healed => tracing::info!("healed"),
        Event::NoRoom => tracing::warn!("no room left for the log"),
        Event::Room => tracing::info!("room for the log again"),
        Event::SlowSync { millis } => tracing::warn!(millis, "slow sync"),
        Event::Stopped { error } => tracing::error!(%error, "stopped"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_arrive_in_order() {
        let mut subscribers = Subscribers::default();
        let subscription = subscribers.add();
        subscribers.tell(Event::NoRoom);
        subscribers.tell(Event::Room);
        subscribers.end();
        assert_eq!(
            subscription.collect::<Vec<_>>(),
            [Event::NoRoom, Event::Room]
        );
    }

    #[test]
    fn what_nobody_receives_is_dropped_and_counted() {
        let mut subscribers = Subscribers::default();
        let subscription = subscribers.add();
        for _ in 0..limits::EVENTS_MAX + 3 {
            subscribers.tell(Event::NoRoom);
        }
        assert_eq!(subscription.dropped(), 3);
    }

    #[test]
    fn a_dropped_subscription_is_forgotten() {
        let mut subscribers = Subscribers::default();
        drop(subscribers.add());
        subscribers.tell(Event::NoRoom);
        assert!(subscribers.all.is_empty());
    }
}
