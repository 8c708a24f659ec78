//! Statistics and events.

use std::time::Duration;

use indelible::{Event, Stats};

use crate::backends::memory;

#[test]
fn a_rewrite_is_told_step_by_step() {
    let (_, store) = memory();
    store.set("a", "1").unwrap();
    let events = store.subscribe().unwrap();
    store.rewrite().unwrap().wait().unwrap();
    let mut seen = Vec::new();
    while !matches!(seen.last(), Some(Event::OldFileRetired { .. })) {
        seen.push(events.recv_timeout(Duration::from_secs(10)).unwrap());
    }
    let place = |wanted: fn(&Event) -> bool| seen.iter().position(wanted).expect("told");
    let started = place(|event| matches!(event, Event::RewriteStarted { .. }));
    let base = place(|event| matches!(event, Event::BaseWritten { len: 1.. }));
    let diff = place(|event| matches!(event, Event::DiffFlushed { .. }));
    let switched = place(|event| matches!(event, Event::Switched { len: 1.. }));
    assert!(started < base && base < diff && diff < switched, "{seen:?}");
}

#[test]
fn a_subscription_ends_with_the_store() {
    let (_, store) = memory();
    let events = store.subscribe().unwrap();
    store.close().unwrap();
    assert_eq!(events.count(), 0);
}

#[test]
fn a_subscriber_who_sleeps_delays_nobody() {
    let (_, store) = memory();
    let events = store.subscribe().unwrap();
    while events.dropped() == 0 {
        store.rewrite().unwrap().wait().unwrap();
    }
    store.set("a", "1").unwrap();
}

#[test]
fn tickets_are_no_events() {
    let (_, store) = memory();
    let events = store.subscribe().unwrap();
    store.set("a", "1").unwrap();
    assert!(events.try_recv().is_err());
}

#[test]
fn stats_tell_how_far_the_log_is() {
    let (_, store) = memory();
    for _ in 0..10 {
        store.incr("n").unwrap();
    }
    store.sync().unwrap();
    let stats: Stats = store.stats().unwrap();
    assert!(stats.aof_enabled && stats.aof_last_write_status_ok);
    assert_eq!(stats.last_lsn.0, 10);
    assert_eq!(stats.durable_lsn, stats.last_lsn);
    assert_eq!(stats.aof_buffer_length, 0);
    assert!(stats.aof_current_size > stats.aof_base_size);
}
