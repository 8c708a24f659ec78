//! Bug: with a write always waiting, the rename of a rewrite never had its turn.
//! Consequence: under constant load no rewrite ended, and every commit was written twice for ever.
//! Method: a commit is submitted before each time that the log's thread asks for an effect.

mod common;

use common::{Machine, options};
use indelible::effect::Lane;
use indelible::engine::{AppendFsync, EngineOptions, Event};
use indelible::vfs::MemVfs;

#[test]
fn rewrite_ends_under_constant_load() {
    for appendfsync in [AppendFsync::No, AppendFsync::EverySec, AppendFsync::Always] {
        let engine = EngineOptions {
            appendfsync,
            ..EngineOptions::default()
        };
        let mut machine = Machine::open(MemVfs::default(), &options(engine));
        machine.engine.rewrite(machine.now).expect("it begins");
        let switched = |event: &Event| matches!(event, Event::Switched { .. });
        for step in 0.. {
            assert!(step < 1_000, "{appendfsync:?}: the rewrite does not end");
            machine.set(&format!("k{step}"), "v");
            machine.step(Lane::Foreground);
            machine.step(Lane::Background);
            if machine.events.iter().any(switched) {
                break;
            }
        }
    }
}
