//! The machine over a file system that fails now and then: it drains once the faults end, and what
//! readers see is what the next opening finds.

mod common;

use common::faulty::FaultyVfs;
use common::{Machine, options};
use indelible::effect::Lane;
use indelible::engine::{AppendFsync, EngineOptions, Outcome, Ticket};
use indelible::units::{Millis, Now, WallMillis};

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// One life of a store under faults; returns how many commits were acknowledged.
fn one_life(seed: u64) -> usize {
    let mut random = Random(seed);
    let appendfsync =
        [AppendFsync::No, AppendFsync::EverySec, AppendFsync::Always][seed as usize % 3];
    let engine = EngineOptions {
        appendfsync,
        base_chunk_len: 64,
        ..EngineOptions::default()
    };
    let vfs = FaultyVfs::new(seed, 0);
    let mut options = options(engine);
    options.appendonly = seed % 5 != 4;
    let mut machine = Machine::open(vfs, &options);
    machine.vfs.set_one_in(4 + seed % 30);
    let mut tickets: Vec<Ticket> = Vec::new();
    for step in 0..120 {
        match random.below(20) {
            0..=7 => {
                let key = format!("k{}", random.below(6));
                tickets.push(machine.set(&key, &format!("{step}")));
            }
            8 => tickets.extend(machine.engine.rewrite(machine.now)),
            9 => tickets.push(machine.engine.sync(machine.now)),
            10 if random.below(4) == 0 => machine.engine.cancel_rewrite(machine.now),
            11 if random.below(3) == 0 => tickets.extend(machine.engine.enable(machine.now)),
            12 if random.below(6) == 0 => tickets.extend(machine.engine.rewrite_once(machine.now)),
            13 => {
                let mono = machine.now.mono.0 + random.below(400);
                machine.now = Now {
                    mono: Millis(mono),
                    wall: WallMillis(1_700_000_000_000 + mono),
                };
                machine.engine.handle_timeout(machine.now);
            }
            14..=16 => {
                machine.step(Lane::Background);
            }
            _ => {
                machine.step(Lane::Foreground);
            }
        }
        machine.engine.check_invariants();
    }
    machine.vfs.set_one_in(0);
    machine.run_for(200_000);
    for ticket in &tickets {
        assert!(
            machine.outcome(*ticket).is_some(),
            "O11: seed {seed}: {ticket:?} never ends"
        );
    }
    let closing = machine.engine.close(machine.now);
    machine.run_for(1_000);
    let closed = machine.outcome(closing);
    let log_was_on = closed == Some(Outcome::Durable);
    assert!(
        log_was_on || closed == Some(Outcome::NotPersistent),
        "O11: seed {seed}: {closed:?}"
    );
    assert!(
        machine.engine.is_closed() && machine.files.is_empty(),
        "O7: seed {seed}"
    );
    if log_was_on {
        let before = machine.engine.keyspace().clone();
        let lsn = machine.engine.stats().last_lsn;
        let Machine { vfs, lock, .. } = machine;
        drop(lock);
        let again = Machine::open(vfs, &options);
        assert_eq!(again.report.lsn, lsn, "O5: seed {seed}");
        assert!(
            again.engine.keyspace().same_content(&before),
            "O5: seed {seed}"
        );
        let acknowledged = |ticket: &&Ticket| {
            machine.events.iter().any(|event| {
                matches!(event, indelible::engine::Event::Settled { ticket: other, outcome }
                if other == *ticket && outcome.is_ok())
            })
        };
        return tickets.iter().filter(acknowledged).count();
    }
    0
}

#[test]
fn faults_end_and_everything_drains() {
    let acknowledged: usize = (0..3_000).map(one_life).sum();
    assert!(
        acknowledged > 10_000,
        "the faults leave room for work: {acknowledged}"
    );
}
