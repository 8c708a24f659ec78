//! The shipped engine, driven by one thread until one thing is done.

use std::hash::{BuildHasher, RandomState};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use indelible::driver::{Files, perform};
use indelible::effect::{Action, Completion, IoError, Lane};
use indelible::engine::{Engine, Event, Outcome, Ticket};
use indelible::units::{Millis, Now, WallMillis};
use indelible::vfs::Vfs;

/// Without a completed effect for so long, waiting is given up.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Longest sleep before the engine is asked again.
const NAP: Duration = Duration::from_millis(100);

/// Now, for an engine that was started at `start`.
pub fn now_since(start: Instant) -> Now {
    let wall = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Now {
        mono: Millis(millis(start.elapsed())),
        wall: WallMillis(millis(wall)),
    }
}

/// A random number, as good as those that hash maps are seeded with.
pub fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// An engine, its files, and what it said.
pub struct Machine<'a, V: Vfs> {
    pub engine: Engine,
    vfs: &'a V,
    files: Files<V>,
    start: Instant,
    settled: Vec<(Ticket, Outcome)>,
    /// Why the last rewrite was given up.
    pub rewrite_error: Option<IoError>,
    /// Bytes written to files so far.
    written: u64,
}

/// Nothing moved for too long.
#[derive(Debug)]
pub struct Stuck;

impl<'a, V: Vfs> Machine<'a, V> {
    /// `start` is where the engine's monotonic clock began.
    pub fn new(vfs: &'a V, engine: Engine, files: Files<V>, start: Instant) -> Self {
        Self {
            engine,
            vfs,
            files,
            start,
            settled: Vec::new(),
            rewrite_error: None,
            written: 0,
        }
    }

    pub fn now(&self) -> Now {
        now_since(self.start)
    }

    /// Performs effects until the ticket has ended, telling `watch` how many bytes were written.
    pub fn settle(&mut self, ticket: Ticket, watch: &mut dyn FnMut(u64)) -> Result<Outcome, Stuck> {
        let mut moved = Instant::now();
        loop {
            self.take_events();
            if let Some((_, outcome)) = self.settled.iter().find(|(other, _)| *other == ticket) {
                return Ok(*outcome);
            }
            if self.perform_one() {
                watch(self.written);
                moved = Instant::now();
            } else if moved.elapsed() > PATIENCE {
                return Err(Stuck);
            } else {
                self.wait();
            }
        }
    }

    /// One effect; whether it was done. Foreground comes first, as commits would wait for it.
    fn perform_one(&mut self) -> bool {
        for lane in [Lane::Foreground, Lane::Background] {
            let now = self.now();
            let Some((id, effect)) = self.engine.poll_effect(now, lane) else {
                continue;
            };
            let completion = perform(self.vfs, &self.files, &effect.action);
            if let (Action::Write { .. }, Completion::Wrote { len }) = (&effect.action, &completion)
            {
                self.written += len;
            }
            let failed = matches!(completion, Completion::Failed(_));
            let now = self.now();
            self.engine.handle_completion(now, id, completion);
            if !failed {
                return true;
            }
        }
        false
    }

    /// Sleeps until the engine has something to do, or looks again a little later.
    fn wait(&mut self) {
        let now = self.now();
        let due = self.engine.poll_timeout().map(|due| {
            let millis = due.0.saturating_sub(now.mono.0);
            Duration::from_millis(millis.max(1))
        });
        thread::sleep(due.map_or(NAP, |due| due.min(NAP)));
        let now = self.now();
        if self
            .engine
            .poll_timeout()
            .is_some_and(|due| due <= now.mono)
        {
            self.engine.handle_timeout(now);
        }
    }

    fn take_events(&mut self) {
        while let Some(event) = self.engine.poll_event() {
            match event {
                Event::Settled { ticket, outcome } => self.settled.push((ticket, outcome)),
                Event::RewriteFailed { error } => self.rewrite_error = error,
                _ => {}
            }
        }
    }
}
