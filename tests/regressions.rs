//! Bugs that were found, each as the smallest schedule that showed it.

mod common;

use common::{Machine, at, options};
use indelible::command::Command;
use indelible::driver::perform;
use indelible::effect::{Action, Completion, IoError, IoErrorKind, Lane};
use indelible::engine::{AppendFsync, Batch, EngineOptions, OnSyncError, Outcome};
use indelible::recover::OpenOptions;
use indelible::vfs::{MemVfs, Vfs};

fn with(appendfsync: AppendFsync) -> OpenOptions {
    options(EngineOptions {
        appendfsync,
        ..EngineOptions::default()
    })
}

const EIO: IoError = IoError::new(IoErrorKind::Io);

/// Bug: a mark or open frame counted as proved by the watermark that it states itself.
/// Consequence: a failed sync before a restart left it on no disk, and the next power loss left a
/// hole before acknowledged commits.
/// Method: a mark behind the last commit is written again at the next opening.
#[test]
fn an_opening_writes_trailing_marks_again() {
    let vfs = MemVfs::default();
    let mut machine = Machine::open(vfs.clone(), &with(AppendFsync::Always));
    machine.set("a", "1");
    machine.run_for(3_000);
    drop(machine);
    let machine = Machine::open(vfs, &with(AppendFsync::Always));
    assert!(machine.report.rewritten_len > 0);
}

/// Bug: a refusal cut what was written back to a border, and left what was durable mid-frame.
/// Consequence: bytes of the next frame counted as durable before any sync; syncs without end.
/// Method: a sync covers the first part of a frame whose rest finds no room.
#[test]
fn a_refusal_cuts_what_a_sync_covered() {
    let mut machine = Machine::open(MemVfs::default(), &with(AppendFsync::EverySec));
    let ticket = machine.set("a", "1");
    let (id, _) = machine
        .engine
        .poll_effect(machine.now, Lane::Foreground)
        .unwrap();
    machine
        .engine
        .handle_completion(machine.now, id, Completion::Wrote { len: 10 });
    let (write, _) = machine
        .engine
        .poll_effect(machine.now, Lane::Foreground)
        .unwrap();
    machine.now = at(1_000);
    machine.engine.handle_timeout(machine.now);
    let (sync, _) = machine
        .engine
        .poll_effect(machine.now, Lane::Foreground)
        .unwrap();
    machine
        .engine
        .handle_completion(machine.now, sync, Completion::Done);
    let no_room = IoError::new(IoErrorKind::NoRoom);
    machine
        .engine
        .handle_completion(machine.now, write, Completion::Failed(no_room));
    machine.engine.check_invariants();
    machine.run();
    assert_eq!(machine.outcome(ticket), Some(Outcome::Refused(no_room)));
    assert_eq!(machine.get("a"), None);
}

/// Bug: a stopped machine kept its timers.
/// Consequence: a driver that waits for them spins.
/// Method: stop at a failed write, let time pass, ask for the next moment.
#[test]
fn a_stopped_machine_waits_for_nothing() {
    let mut options = with(AppendFsync::EverySec);
    options.engine.on_sync_error = OnSyncError::Stop;
    let mut machine = Machine::open(MemVfs::default(), &options);
    let ticket = machine.set("a", "1");
    let (id, _) = machine
        .engine
        .poll_effect(machine.now, Lane::Foreground)
        .unwrap();
    machine
        .engine
        .handle_completion(machine.now, id, Completion::Failed(EIO));
    machine.now = at(5_000);
    machine.engine.handle_timeout(machine.now);
    assert_eq!(machine.engine.poll_timeout(), None);
    machine.run();
    assert_eq!(machine.outcome(ticket), Some(Outcome::Unknown(EIO)));
}

/// Bug: closing while the log is being enabled and the rename fails sealed marks without end.
/// Consequence: the close never ended and the disk filled.
/// Method: every rename fails; close after the first.
#[test]
fn a_close_while_enabling_ends_although_the_rename_fails() {
    let options = OpenOptions {
        appendonly: false,
        ..with(AppendFsync::Always)
    };
    let vfs = MemVfs::default();
    let mut machine = Machine::open(vfs.clone(), &options);
    machine.set("a", "1");
    machine.engine.enable(machine.now).unwrap();
    let mut close = None;
    for _ in 0..3_000 {
        for lane in [Lane::Foreground, Lane::Background] {
            let Some((id, effect)) = machine.engine.poll_effect(machine.now, lane) else {
                continue;
            };
            let rename = matches!(effect.action, Action::Rename { .. });
            let end = match rename {
                true => Completion::Failed(EIO),
                false => perform(&machine.vfs, &machine.files, &effect.action),
            };
            machine.engine.handle_completion(machine.now, id, end);
            if rename && close.is_none() {
                close = Some(machine.engine.close(machine.now));
            }
        }
        machine.now = at(machine.now.mono.0 + 1);
        machine.engine.handle_timeout(machine.now);
    }
    machine.run();
    assert_eq!(
        machine.outcome(close.unwrap()),
        Some(Outcome::NotPersistent)
    );
    assert!(machine.files.is_empty());
    assert!(
        !vfs.list()
            .unwrap()
            .contains(&"appendonly.aof.side".to_string())
    );
}

/// Bug: with the log disabled and none there, leftovers of a rewrite stayed.
/// Consequence: the first rewrite failed.
/// Method: a leftover, then a one-time rewrite.
#[test]
fn leftovers_go_also_where_there_is_no_log() {
    let options = OpenOptions {
        appendonly: false,
        ..with(AppendFsync::Always)
    };
    let vfs = MemVfs::default();
    vfs.create("appendonly.aof.rewrite").unwrap();
    let mut machine = Machine::open(vfs, &options);
    let ticket = machine.engine.rewrite_once(machine.now).unwrap();
    machine.run_for(100);
    assert_eq!(machine.outcome(ticket), Some(Outcome::Durable));
}

/// Bug: a cancelled rewrite that growth had begun began again at once.
/// Consequence: cancelling had no effect.
/// Method: cancel it and poll on.
#[test]
fn a_cancelled_rewrite_does_not_begin_again_at_once() {
    let mut options = with(AppendFsync::Always);
    options.engine.auto_aof_rewrite_min_size_bytes = 1;
    let mut machine = Machine::open(MemVfs::default(), &options);
    for round in 0..20 {
        machine.set("a", &round.to_string());
        machine.step(Lane::Foreground);
        machine.step(Lane::Foreground);
    }
    machine.step(Lane::Background);
    assert!(machine.engine.stats().aof_rewrite_in_progress);
    machine.engine.cancel_rewrite(machine.now);
    for _ in 0..3 {
        machine.step(Lane::Background);
    }
    assert!(!machine.engine.stats().aof_rewrite_in_progress);
}

/// Bug: a commit that asked for `EverySec` in a store with another policy was never synced.
/// Consequence: it was not durable within about a second.
/// Method: such a commit under `No`, then five seconds.
#[test]
fn a_commit_of_its_own_policy_is_synced() {
    let mut machine = Machine::open(MemVfs::default(), &with(AppendFsync::No));
    let commands = vec![(0, Command::set("a", b"1".as_slice()))];
    let batch = Batch {
        commands,
        appendfsync: Some(AppendFsync::EverySec),
    };
    machine.engine.submit(machine.now, batch).unwrap();
    machine.run_for(5_000);
    assert_eq!(machine.engine.stats().durable_lsn.0, 1);
    assert_eq!(machine.engine.poll_timeout(), None);
}

/// Bug: a commit that was answered while the log was being enabled could still be refused.
/// Consequence: readers no longer saw what had been answered as done.
/// Method: a commit between rename and directory sync, and no room once the log is enabled. Found
/// by the simulator: `o T b 0 T b 0 b 0 b 0 b 0 b 0 f 0 N b 0 f 0e3`.
#[test]
fn what_was_answered_before_the_switch_is_never_refused() {
    let options = OpenOptions {
        appendonly: false,
        ..with(AppendFsync::EverySec)
    };
    let mut machine = Machine::open(MemVfs::default(), &options);
    machine.engine.enable(machine.now).unwrap();
    let sync_dir = loop {
        if machine.step(Lane::Foreground) {
            continue;
        }
        let (id, effect) = machine
            .engine
            .poll_effect(machine.now, Lane::Background)
            .unwrap();
        if effect.action == Action::SyncDir {
            break id;
        }
        let end = perform(&machine.vfs, &machine.files, &effect.action);
        machine.engine.handle_completion(machine.now, id, end);
    };
    let ticket = machine.set("a", "1");
    machine
        .engine
        .handle_completion(machine.now, sync_dir, Completion::Done);
    let (id, _) = machine
        .engine
        .poll_effect(machine.now, Lane::Foreground)
        .unwrap();
    let no_room = IoError::new(IoErrorKind::NoRoom);
    machine
        .engine
        .handle_completion(machine.now, id, Completion::Failed(no_room));
    machine.engine.check_invariants();
    machine.run_for(5_000);
    assert_eq!(machine.outcome(ticket), Some(Outcome::NotPersistent));
    assert_eq!(machine.get("a"), Some(b"1".to_vec()));
    assert_eq!(machine.engine.stats().durable_lsn.0, 1);
}

/// Bug: the timer of `EverySec` looked at the live log alone.
/// Consequence: what the new file of a rewrite was given after the timer was never synced, and the
/// switch made it the only copy; a power loss took it long after the second.
/// Method: the timer comes between the write to the live log and that to the new file, at every
/// stage of a rewrite.
#[test]
fn what_a_new_file_is_given_late_is_synced_too() {
    for stage in 0..20 {
        let mut machine = Machine::open(MemVfs::default(), &with(AppendFsync::EverySec));
        machine.set("a", "1");
        machine.run_for(3_000);
        machine.engine.rewrite(machine.now).unwrap();
        for _ in 0..stage {
            machine.step(Lane::Background);
        }
        machine.set("b", "1");
        machine.step(Lane::Foreground);
        machine.now = at(machine.now.mono.0 + 1_000);
        machine.engine.handle_timeout(machine.now);
        machine.run_for(10_000);
        let stats = machine.engine.stats();
        assert_eq!(stats.durable_lsn, stats.last_lsn, "stage {stage}");
    }
}

/// Bug: a mark that found no room was cut although a snapshot had been taken behind it.
/// Consequence: the gap of that rewrite began beyond the stream's end.
/// Method: a mark is out when the snapshot is taken, then finds no room. Found by the simulator:
/// `o N f 0 R w f 0 w b 0 b f 1e3`.
#[test]
fn a_mark_that_is_cut_takes_the_rewrite_behind_it_along() {
    let mut machine = Machine::open(MemVfs::default(), &with(AppendFsync::Always));
    machine.set("a", "1");
    machine.run();
    let ticket = machine.engine.rewrite(machine.now).unwrap();
    let (create, effect) = machine
        .engine
        .poll_effect(machine.now, Lane::Background)
        .unwrap();
    let created = perform(&machine.vfs, &machine.files, &effect.action);
    machine.now = at(1_000);
    machine.engine.handle_timeout(machine.now);
    let (mark, _) = machine
        .engine
        .poll_effect(machine.now, Lane::Foreground)
        .unwrap();
    machine
        .engine
        .handle_completion(machine.now, create, created);
    let no_room = IoError::new(IoErrorKind::NoRoom);
    machine
        .engine
        .handle_completion(machine.now, mark, Completion::Failed(no_room));
    machine.engine.check_invariants();
    machine.run_for(5_000);
    assert_eq!(machine.outcome(ticket), Some(Outcome::Cancelled));
    assert_eq!(machine.get("a"), Some(b"1".to_vec()));
}
