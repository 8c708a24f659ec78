//! Schedules that once starved, hung or misled, with faults at chosen effects.

mod common;

use common::{Machine, options};
use indelible::driver::perform;
use indelible::effect::{Action, Completion, IoError, IoErrorKind, Lane};
use indelible::engine::{AppendFsync, Batch, EngineOptions, Outcome};
use indelible::vfs::MemVfs;

type Script<'a> = &'a mut dyn FnMut(&Action) -> Option<Completion>;

fn step(m: &mut Machine<MemVfs>, lane: Lane, script: Script<'_>) -> bool {
    let Some((id, effect)) = m.engine.poll_effect(m.now, lane) else {
        return false;
    };
    let completion =
        script(&effect.action).unwrap_or_else(|| perform(&m.vfs, &m.files, &effect.action));
    m.engine.handle_completion(m.now, id, completion);
    m.engine.check_invariants();
    while let Some(event) = m.engine.poll_event() {
        m.events.push(event);
    }
    true
}
fn run(m: &mut Machine<MemVfs>, script: Script<'_>) {
    while step(m, Lane::Foreground, script) || step(m, Lane::Background, script) {}
}
fn run_for(m: &mut Machine<MemVfs>, ms: u64, script: Script<'_>) {
    let end = m.now.mono.0 + ms;
    run(m, script);
    while let Some(next) = m.engine.poll_timeout().filter(|next| next.0 <= end) {
        let at = common::at(next.0.max(m.now.mono.0 + 1));
        m.now = at;
        m.engine.handle_timeout(at);
        run(m, script);
    }
}
fn eio() -> Option<Completion> {
    Some(Completion::Failed(IoError::new(IoErrorKind::Io)))
}
fn machine() -> Machine<MemVfs> {
    Machine::open(
        MemVfs::default(),
        &options(EngineOptions {
            appendfsync: AppendFsync::Always,
            ..EngineOptions::default()
        }),
    )
}

/// Bug: the error of a heal that failed was reported by a close that succeeded.
/// Consequence: a durable store looked lost.
/// Method: one failed sync, one failed create.
#[test]
fn close_after_a_second_heal_is_durable() {
    let mut m = machine();
    let set = m.set("a", "1");
    let closing = m.engine.close(m.now);
    let (mut syncs, mut creates) = (0, 0);
    run_for(&mut m, 10_000, &mut |action| match action {
        Action::SyncData { .. } => {
            syncs += 1;
            if syncs == 1 { eio() } else { None }
        }
        Action::Create { .. } => {
            creates += 1;
            if creates == 1 { eio() } else { None }
        }
        _ => None,
    });
    assert_eq!(m.outcome(set), Some(Outcome::Durable));
    assert!(m.engine.is_closed());
    assert_eq!(m.outcome(closing), Some(Outcome::Durable));
}

/// Bug: a close waited for a poisoned new file whose names could not be settled.
/// Consequence: it never ended.
/// Method: the new file's syncs and every rename fail.
#[test]
fn close_ends_although_the_new_file_is_poisoned() {
    let mut m = machine();
    m.engine.rewrite(m.now).unwrap();
    // Until the rename is out and has failed once.
    let mut renamed = false;
    while !renamed {
        let mut script = |action: &Action| {
            if matches!(action, Action::Rename { .. }) {
                renamed = true;
                eio()
            } else {
                None
            }
        };
        assert!(
            step(&mut m, Lane::Background, &mut script)
                || step(&mut m, Lane::Foreground, &mut script)
        );
    }
    m.set("a", "1");
    let closing = m.engine.close(m.now);
    run_for(&mut m, 1_000_000, &mut |action| match action {
        Action::Rename { .. } | Action::SyncDir => eio(),
        Action::SyncData { file } if file.0 == 1 => eio(),
        _ => None,
    });
    assert!(m.engine.is_closed(), "O11: {:?}", m.outcome(closing));
}

/// Bug: copies of the gap followed each other without a turn for the writes behind it.
/// Consequence: commits found the queue full while a large gap was copied.
/// Method: a background lane that always has its next effect out first.
#[test]
fn the_gap_does_not_starve_commits() {
    let mut m = Machine::open(
        MemVfs::default(),
        &options(EngineOptions {
            appendfsync: AppendFsync::No,
            queue_len_max: 1 << 20,
            auto_aof_rewrite_percentage: 0,
            ..EngineOptions::default()
        }),
    );
    m.engine.rewrite(m.now).unwrap();
    step(&mut m, Lane::Background, &mut |_| None); // Create: the snapshot is taken
    for i in 0..64 {
        // 16 MiB of gap
        m.set(&format!("k{i}"), &"x".repeat(256 << 10));
        while step(&mut m, Lane::Foreground, &mut |_| None) {}
    }
    // From now on the background is greedy; four foreground effects and one commit between two of
    // its. A commit that finds the queue full waits.
    let (mut busy, mut copies) = (0, 0);
    while m.engine.stats().aof_rewrite_in_progress {
        let background = m.engine.poll_effect(m.now, Lane::Background);
        let big = indelible::command::Command::set("z", "y".repeat(200 << 10).into_bytes());
        let batch = Batch {
            commands: vec![(0, big)],
            appendfsync: None,
        };
        busy += u32::from(m.engine.submit(m.now, batch).is_err());
        for _ in 0..4 {
            step(&mut m, Lane::Foreground, &mut |_| None);
        }
        if let Some((id, effect)) = background {
            copies += u32::from(matches!(effect.action, Action::Copy { .. }));
            let done = perform(&m.vfs, &m.files, &effect.action);
            m.engine.handle_completion(m.now, id, done);
        }
    }
    assert!(copies >= 16, "the gap was copied: {copies}");
    assert_eq!(busy, 0, "O10: commits wait for the copy of the gap");
}
