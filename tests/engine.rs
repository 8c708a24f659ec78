//! The machine over a file system without faults, one step at a time.

mod common;

use common::{Machine, at, options};
use indelible::command::Command;
use indelible::effect::Lane;
use indelible::engine::{AppendFsync, EngineOptions, Event, Outcome};
use indelible::recover::OpenOptions;
use indelible::vfs::{MemVfs, Vfs};

fn always() -> OpenOptions {
    options(EngineOptions {
        appendfsync: AppendFsync::Always,
        ..EngineOptions::default()
    })
}

fn disabled() -> OpenOptions {
    OpenOptions {
        appendonly: false,
        ..always()
    }
}

fn names(vfs: &MemVfs) -> Vec<String> {
    let mut names = vfs.list().unwrap();
    names.sort();
    names
}

#[test]
fn a_commit_is_acknowledged_and_found_again() {
    let vfs = MemVfs::default();
    let mut machine = Machine::open(vfs.clone(), &always());
    let ticket = machine.set("a", "1");
    assert_eq!(machine.outcome(ticket), None);
    machine.run();
    assert_eq!(machine.outcome(ticket), Some(Outcome::Durable));
    drop(machine);
    let machine = Machine::open(vfs, &always());
    assert_eq!(machine.get("a"), Some(b"1".to_vec()));
    assert_eq!(machine.report.lsn.0, 1);
}

#[test]
fn every_sec_syncs_after_a_second() {
    let engine = EngineOptions {
        appendfsync: AppendFsync::EverySec,
        ..EngineOptions::default()
    };
    let mut machine = Machine::open(MemVfs::default(), &options(engine));
    let ticket = machine.set("a", "1");
    machine.run();
    assert_eq!(machine.outcome(ticket), Some(Outcome::Written));
    assert_eq!(machine.engine.stats().durable_lsn.0, 0);
    machine.run_for(1_000);
    assert_eq!(machine.engine.stats().durable_lsn.0, 1);
}

#[test]
fn a_rewrite_replaces_the_log_and_keeps_every_commit() {
    let vfs = MemVfs::default();
    let mut machine = Machine::open(vfs.clone(), &always());
    for round in 0..50 {
        machine.set("a", &round.to_string());
        machine.set(&format!("k{round}"), "v");
        machine.run();
    }
    let before = machine.engine.stats().aof_current_size;
    let ticket = machine.engine.rewrite(machine.now).unwrap();
    for round in 0..40 {
        machine.set("b", &round.to_string());
        machine.step(indelible::effect::Lane::Background);
        machine.step(indelible::effect::Lane::Foreground);
    }
    machine.run_for(100);
    assert_eq!(machine.outcome(ticket), Some(Outcome::Durable));
    assert!(machine.engine.stats().aof_base_size < before + 40 * 300);
    assert!(
        machine
            .events
            .iter()
            .any(|event| matches!(event, Event::DiffFlushed { .. }))
    );
    assert!(
        machine
            .events
            .iter()
            .any(|event| matches!(event, Event::OldFileRetired { .. }))
    );
    assert_eq!(machine.files.len(), 1);
    assert_eq!(names(&vfs), ["appendonly.aof", "appendonly.aof.lock"]);
    drop(machine);
    let machine = Machine::open(vfs, &always());
    assert_eq!(machine.report.lsn.0, 140);
    assert_eq!(machine.get("a"), Some(b"49".to_vec()));
    assert_eq!(machine.get("b"), Some(b"39".to_vec()));
    assert_eq!(machine.engine.keyspace().len(0), 52);
}

#[test]
fn close_leaves_everything_durable_and_no_handle() {
    let vfs = MemVfs::default();
    let engine = EngineOptions {
        appendfsync: AppendFsync::No,
        ..EngineOptions::default()
    };
    let mut machine = Machine::open(vfs.clone(), &options(engine));
    machine.set("a", "1");
    let ticket = machine.engine.close(machine.now);
    machine.run();
    assert_eq!(machine.outcome(ticket), Some(Outcome::Durable));
    assert!(machine.engine.is_closed() && machine.files.is_empty());
    drop(machine);
    let machine = Machine::open(vfs, &always());
    assert_eq!((machine.report.lsn.0, machine.report.evidence.0), (1, 1));
}

#[test]
fn a_log_is_enabled_and_disabled_at_run_time() {
    let vfs = MemVfs::default();
    let mut machine = Machine::open(vfs.clone(), &disabled());
    let ticket = machine.set("a", "1");
    machine.run();
    assert_eq!(machine.outcome(ticket), Some(Outcome::NotPersistent));
    let enabled = machine.engine.enable(machine.now).unwrap();
    for round in 0..30 {
        machine.set("b", &round.to_string());
        machine.step(indelible::effect::Lane::Background);
        machine.step(indelible::effect::Lane::Foreground);
    }
    machine.run_for(100);
    assert_eq!(machine.outcome(enabled), Some(Outcome::Durable));
    let durable = machine.set("c", "1");
    machine.run();
    assert_eq!(machine.outcome(durable), Some(Outcome::Durable));
    let disabling = machine.engine.disable(machine.now).unwrap();
    machine.run();
    assert_eq!(machine.outcome(disabling), Some(Outcome::Durable));
    assert!(machine.files.is_empty());
    machine.set("d", "lost");
    machine.run();
    assert_eq!(names(&vfs), ["appendonly.aof", "appendonly.aof.lock"]);
    drop(machine);
    let machine = Machine::open(vfs, &always());
    assert_eq!(machine.get("c"), Some(b"1".to_vec()));
    assert_eq!(machine.get("b"), Some(b"29".to_vec()));
    assert_eq!(machine.get("d"), None);
}

#[test]
fn a_one_time_rewrite_leaves_a_complete_log() {
    let vfs = MemVfs::default();
    let mut machine = Machine::open(vfs.clone(), &always());
    machine.set("old", "1");
    machine.run();
    drop(machine);
    let mut machine = Machine::open(vfs.clone(), &disabled());
    assert_eq!(machine.get("old"), Some(b"1".to_vec()));
    machine.set("a", "1");
    let ticket = machine.engine.rewrite_once(machine.now).unwrap();
    machine.set("b", "1");
    machine.run_for(100);
    assert_eq!(machine.outcome(ticket), Some(Outcome::Durable));
    assert!(machine.files.is_empty());
    drop(machine);
    let machine = Machine::open(vfs, &always());
    assert_eq!(machine.get("a"), Some(b"1".to_vec()));
    assert_eq!(machine.get("old"), Some(b"1".to_vec()));
    assert_eq!(machine.now, at(0));
}

#[test]
fn keys_that_nobody_reads_expire() {
    let mut machine = Machine::open(MemVfs::default(), &always());
    let soon = machine.now.wall.0 + 50;
    let argv: Vec<Vec<u8>> = [
        b"SET".to_vec(),
        b"k".to_vec(),
        b"v".to_vec(),
        b"PXAT".to_vec(),
        soon.to_string().into(),
    ]
    .into();
    let argv: Vec<&[u8]> = argv.iter().map(Vec::as_slice).collect();
    machine.submit(vec![indelible::command::Command::parse(&argv).unwrap()]);
    machine.run_for(10);
    assert_eq!(machine.engine.keyspace().len(0), 1);
    machine.run_for(500);
    assert_eq!(machine.engine.keyspace().len(0), 0);
    assert_eq!(machine.engine.stats().expired_keys, 1);
}

/// Calls that make, or go on to change, one large collection of each type.
fn calls_on_collections(number: usize) -> Vec<Command> {
    [
        format!("HSET hash field:{number} {number}"),
        format!("RPUSH list {number}"),
        "LPOP list".to_owned(),
        format!("LPUSH list {number} {number}"),
        format!("SADD set {number}"),
        format!("ZADD zset {number} member:{}", number % 2_000),
    ]
    .iter()
    .map(|call| {
        let argv: Vec<&[u8]> = call.split(' ').map(str::as_bytes).collect();
        Command::parse(&argv).unwrap()
    })
    .collect()
}

#[test]
fn large_collections_survive_a_rewrite_under_writes_to_them() {
    let vfs = MemVfs::default();
    let mut options = always();
    options.engine.base_chunk_len = 4 << 10;
    let mut machine = Machine::open(vfs.clone(), &options);
    let all: Vec<Command> = (0..3_000).flat_map(calls_on_collections).collect();
    machine.submit(all);
    machine.run();
    let ticket = machine.engine.rewrite(machine.now).unwrap();
    for number in 3_000..3_030 {
        machine.submit(calls_on_collections(number));
        while machine.step(Lane::Foreground) {}
        machine.step(Lane::Background);
        machine.engine.housekeep();
    }
    assert_eq!(
        machine.outcome(ticket),
        None,
        "the base is still being written"
    );
    machine.run_for(100);
    assert_eq!(machine.outcome(ticket), Some(Outcome::Durable));
    let before = machine.engine.keyspace().clone();
    machine.engine.close(machine.now);
    machine.run();
    drop(machine);
    let machine = Machine::open(vfs, &always());
    machine.engine.keyspace().check_invariants();
    assert!(machine.engine.keyspace().same_content(&before));
}
