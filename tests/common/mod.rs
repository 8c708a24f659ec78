//! A single-threaded driver for tests: what the product's threads do, one step at a time.
#![allow(dead_code)]

pub mod faulty;

use indelible::command::Command;
use indelible::driver::{Files, perform};
use indelible::effect::Lane;
use indelible::engine::{Batch, Engine, EngineOptions, Event, Outcome, Ticket};
use indelible::recover::{self, OpenOptions, OpenReport};
use indelible::units::{Millis, Now, WallMillis};
use indelible::vfs::Vfs;

/// An engine on a file system, and its clock.
pub struct Machine<V: Vfs> {
    pub vfs: V,
    pub engine: Engine,
    pub files: Files<V>,
    pub lock: V::Lock,
    pub report: OpenReport,
    pub now: Now,
    pub events: Vec<Event>,
}

pub fn options(engine: EngineOptions) -> OpenOptions {
    let now = at(0);
    OpenOptions {
        engine,
        appendonly: true,
        now,
        hash_seed: 1,
        identity_seed: 7,
    }
}

pub fn at(millis: u64) -> Now {
    Now {
        mono: Millis(millis),
        wall: WallMillis(1_700_000_000_000 + millis),
    }
}

impl<V: Vfs> Machine<V> {
    pub fn open(vfs: V, options: &OpenOptions) -> Self {
        let opened = recover::open(&vfs, options).expect("the store opens");
        let (engine, files, lock) = (opened.engine, opened.files, opened.lock);
        let (report, now) = (opened.report, options.now);
        Self {
            vfs,
            engine,
            files,
            lock,
            report,
            now,
            events: Vec::new(),
        }
    }

    pub fn submit(&mut self, commands: Vec<Command>) -> Ticket {
        let commands = commands.into_iter().map(|command| (0, command)).collect();
        let batch = Batch {
            commands,
            appendfsync: None,
        };
        self.engine
            .submit(self.now, batch)
            .expect("room in the queue")
            .ticket
    }

    pub fn set(&mut self, key: &str, value: &str) -> Ticket {
        self.submit(vec![Command::set(key, value.as_bytes())])
    }

    /// One effect of one lane, if there is any.
    pub fn step(&mut self, lane: Lane) -> bool {
        let Some((id, effect)) = self.engine.poll_effect(self.now, lane) else {
            return false;
        };
        let completion = perform(&self.vfs, &self.files, &effect.action);
        self.engine.handle_completion(self.now, id, completion);
        self.after();
        true
    }

    fn after(&mut self) {
        self.engine.check_invariants();
        while let Some(event) = self.engine.poll_event() {
            self.events.push(event);
        }
    }

    /// All effects until nothing is to be done without time passing.
    pub fn run(&mut self) {
        while self.step(Lane::Foreground) || self.step(Lane::Background) {}
        self.after();
    }

    /// Effects and timeouts for so many milliseconds.
    pub fn run_for(&mut self, millis: u64) {
        let end = self.now.mono.0 + millis;
        self.run();
        while let Some(next) = self.engine.poll_timeout().filter(|next| next.0 <= end) {
            self.now = later(self.now, next.0.max(self.now.mono.0 + 1));
            self.engine.handle_timeout(self.now);
            self.run();
        }
        self.now = later(self.now, end);
    }

    pub fn outcome(&self, ticket: Ticket) -> Option<Outcome> {
        self.events.iter().find_map(|event| match event {
            Event::Settled {
                ticket: other,
                outcome,
            } if *other == ticket => Some(*outcome),
            _ => None,
        })
    }

    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        let entry = self.engine.keyspace().get(0, key.as_bytes())?;
        Some(entry.as_string().expect("a string").to_vec())
    }
}

fn later(now: Now, mono: u64) -> Now {
    let passed = mono - now.mono.0;
    Now {
        mono: Millis(mono),
        wall: WallMillis(now.wall.0 + passed),
    }
}
