//! A single-threaded driver: what the product's threads do, one step at a time.
//!
//! For tests and fuzz targets that want an engine on a file system without threads, where the
//! [world](crate::world) would decide too much. It runs what ships: the engine, `recover::open` and
//! `perform`.

use indelible::command::Command;
use indelible::driver::{Files, perform};
use indelible::effect::Lane;
use indelible::engine::{Batch, Engine, EngineOptions, Event, Outcome, Ticket};
use indelible::recover::{self, OpenError, OpenOptions, OpenReport};
use indelible::units::{Millis, Now, WallMillis};
use indelible::vfs::Vfs;

/// An engine on a file system, and its clock.
pub struct Machine<V: Vfs> {
    /// The directory.
    pub vfs: V,
    /// The engine.
    pub engine: Engine,
    /// Its files.
    pub files: Files<V>,
    /// Held until dropped.
    pub lock: V::Lock,
    /// What the opening found and did.
    pub report: OpenReport,
    /// The time.
    pub now: Now,
    /// What the engine told so far.
    pub events: Vec<Event>,
}

/// How a store is opened: with its log, at the [beginning of time](at), seeds fixed.
#[must_use]
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

/// So many milliseconds after the beginning of time.
#[must_use]
pub fn at(millis: u64) -> Now {
    Now {
        mono: Millis(millis),
        wall: WallMillis(1_700_000_000_000 + millis),
    }
}

impl<V: Vfs> Machine<V> {
    /// Opens the store in a directory where nothing is wrong.
    ///
    /// # Panics
    /// If it does not open.
    pub fn open(vfs: V, options: &OpenOptions) -> Self {
        Self::try_open(vfs, options).expect("the store opens")
    }

    /// Opens the store in a directory.
    ///
    /// # Errors
    /// As [`recover::open`].
    pub fn try_open(vfs: V, options: &OpenOptions) -> Result<Self, OpenError> {
        let opened = recover::open(&vfs, options)?;
        let (engine, files, lock) = (opened.engine, opened.files, opened.lock);
        let (report, now) = (opened.report, options.now);
        Ok(Self {
            vfs,
            engine,
            files,
            lock,
            report,
            now,
            events: Vec::new(),
        })
    }

    /// Commits commands of database 0 at once.
    ///
    /// # Panics
    /// If there is no room in the queue.
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

    /// Commits a string.
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

    /// How a commit ended, if it has.
    pub fn outcome(&self, ticket: Ticket) -> Option<Outcome> {
        self.events.iter().find_map(|event| match event {
            Event::Settled {
                ticket: other,
                outcome,
            } if *other == ticket => Some(*outcome),
            _ => None,
        })
    }

    /// The string under a key of database 0.
    ///
    /// # Panics
    /// If it is no string.
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
