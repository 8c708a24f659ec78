//! What a rewrite costs the commits that change a large value meanwhile:
//! `cargo bench --bench large_values`.
//!
//! A list, a hash, a set and a sorted set of 20,000, 200,000 and 2,000,000 members. Members are
//! added, taken away and written over at random places, one by each commit, without a rewrite and
//! while rewrites run. Taken is the processor time of the commit's own work alone: executing it,
//! keeping what a rollback and the snapshot need, queueing it. The disk is memory, and its time is
//! not counted.
//!
//! The last column is the longest other step of the machine during the rewrites: putting a chunk of
//! the base together, taking in how an effect ended, freeing. In a store a commit waits for such a
//! step if it comes in the middle of one.

use std::time::Duration;
#[cfg(not(unix))]
use std::time::Instant;

use indelible::command::Command;
use indelible::driver::{Files, perform};
use indelible::effect::Lane;
use indelible::engine::{AppendFsync, Batch, Engine, EngineOptions, Event};
use indelible::recover::{self, OpenOptions};
use indelible::units::{Millis, Now, WallMillis};
use indelible::vfs::MemVfs;

/// Commits that are measured, each way.
const COMMITS: usize = 40_000;
/// Commits between two steps of the background.
const COMMITS_PER_STEP: usize = 25;
/// Members of one command while a value is filled.
const FILL: usize = 500;
const KEY: &str = "key";

fn main() {
    // `cargo test --benches` only wants to see that it works.
    let quick = !std::env::args().any(|arg| arg == "--bench");
    let (sizes, commits): (&[usize], usize) = match quick {
        true => (&[2_000], 200),
        false => (&[20_000, 200_000, 2_000_000], COMMITS),
    };
    println!("| value | members | | median | 99.9 % | worst | longest other step |");
    println!("|---|--:|---|--:|--:|--:|--:|");
    for kind in [Kind::List, Kind::Hash, Kind::Set, Kind::ZSet] {
        for size in sizes {
            let mut machine = Machine::filled(kind, *size);
            let without = machine.measure(commits, false);
            print(kind, *size, "without", without);
            let during = machine.measure(commits, true);
            print(kind, *size, "during rewrites", during);
        }
    }
}

fn print(kind: Kind, size: usize, way: &str, mut measured: Measured) {
    measured.commits.sort_unstable();
    let at = |share: f64| {
        let index = (measured.commits.len() as f64 * share) as usize;
        micros(measured.commits[index.min(measured.commits.len() - 1)])
    };
    println!(
        "| {kind:?} | {size} | {way} | {} | {} | {} | {} |",
        at(0.5),
        at(0.999),
        at(1.0),
        micros(measured.other),
    );
}

fn micros(duration: Duration) -> String {
    format!("{:.1} us", duration.as_secs_f64() * 1e6)
}

#[derive(Default)]
struct Measured {
    commits: Vec<Duration>,
    other: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    List,
    Hash,
    Set,
    ZSet,
}

impl Kind {
    /// Adds these members.
    fn fill(self, members: std::ops::Range<usize>) -> Vec<String> {
        let name = ["RPUSH", "HSET", "SADD", "ZADD"][self as usize];
        let mut argv = vec![name.to_owned(), KEY.to_owned()];
        for number in members {
            match self {
                Self::List | Self::Set => argv.push(member(number)),
                Self::Hash => argv.extend([member(number), format!("value {number:010}")]),
                Self::ZSet => argv.extend([number.to_string(), member(number)]),
            }
        }
        argv
    }

    /// One change; so many of them leave about as many members as there were.
    fn change(self, number: usize, size: usize) -> Vec<String> {
        // A member goes, and the next change brings it back.
        let at = mix(number / 2) as usize % size;
        let (value, odd) = (format!("new {number:012}"), number % 2 == 1);
        let (name, rest) = match (self, number % 4) {
            (Self::List, 0) => ("LPUSH", vec![value]),
            (Self::List, 1) => ("RPOP", vec![]),
            (Self::List, _) => ("LSET", vec![at.to_string(), value]),
            (Self::Hash, 0) => ("HDEL", vec![member(at)]),
            (Self::Hash, _) => ("HSET", vec![member(at), value]),
            (Self::Set, _) if odd => ("SADD", vec![member(at)]),
            (Self::Set, _) => ("SREM", vec![member(at)]),
            (Self::ZSet, 0) => ("ZREM", vec![member(at)]),
            (Self::ZSet, _) => ("ZADD", vec![number.to_string(), member(at)]),
        };
        let head = [name.to_owned(), KEY.to_owned()];
        head.into_iter().chain(rest).collect()
    }
}

fn member(number: usize) -> String {
    format!("member {number:09}")
}

/// SplitMix64.
fn mix(number: usize) -> u64 {
    let mut mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The machine with one large value, driven by one thread.
struct Machine {
    engine: Engine,
    vfs: MemVfs,
    files: Files<MemVfs>,
    now: Now,
    kind: Kind,
    size: usize,
    changes: usize,
    /// The longest step that was no commit.
    other: Duration,
    rewritten: bool,
}

impl Machine {
    fn filled(kind: Kind, size: usize) -> Self {
        let now = Now {
            mono: Millis(0),
            wall: WallMillis(1_700_000_000_000),
        };
        let engine = EngineOptions {
            appendfsync: AppendFsync::No,
            auto_aof_rewrite_percentage: 0,
            ..EngineOptions::default()
        };
        let options = OpenOptions {
            engine,
            appendonly: true,
            now,
            hash_seed: 1,
            identity_seed: 1,
        };
        let vfs = MemVfs::default();
        let opened = recover::open(&vfs, &options).expect("open");
        let mut machine = Self {
            engine: opened.engine,
            vfs,
            files: opened.files,
            now,
            kind,
            size,
            changes: 0,
            other: Duration::ZERO,
            rewritten: false,
        };
        for from in (0..size).step_by(FILL) {
            let upto = (from + FILL).min(size);
            machine.submit(&kind.fill(from..upto));
            machine.log();
        }
        machine
    }

    /// So many changes; while rewrites run, as many of them as it takes.
    fn measure(&mut self, commits: usize, rewrites: bool) -> Measured {
        let mut measured = Vec::with_capacity(commits);
        self.other = Duration::ZERO;
        while measured.len() < commits {
            if rewrites && !self.engine.stats().aof_rewrite_in_progress {
                self.settle();
                self.engine.rewrite(self.now).expect("a rewrite");
            }
            for _ in 0..COMMITS_PER_STEP {
                let change = self.kind.change(self.changes, self.size);
                self.changes += 1;
                measured.push(self.submit(&change));
                self.log();
            }
            self.step(Lane::Background);
        }
        let other = self.other;
        self.finish();
        Measured {
            commits: measured,
            other,
        }
    }

    /// The processor time of one commit's own work.
    fn submit(&mut self, argv: &[String]) -> Duration {
        let argv: Vec<&[u8]> = argv.iter().map(String::as_bytes).collect();
        let batch = Batch {
            commands: vec![(0, Command::parse(&argv).expect("a command"))],
            appendfsync: None,
        };
        let begun = busy();
        let submitted = self.engine.submit(self.now, batch);
        let took = busy() - begun;
        submitted.expect("there is room");
        took
    }

    /// The log's thread writes what there is.
    fn log(&mut self) {
        while self.step(Lane::Foreground) {}
    }

    /// One effect of a lane, if there is any, and a step of housekeeping.
    fn step(&mut self, lane: Lane) -> bool {
        let (now, mut other) = (self.now, Duration::ZERO);
        let mut timed = |engine: &mut Engine, work: &mut dyn FnMut(&mut Engine)| {
            let begun = busy();
            work(engine);
            other = other.max(busy() - begun);
        };
        let mut polled = None;
        timed(&mut self.engine, &mut |engine| {
            polled = engine.poll_effect(now, lane);
        });
        let any = polled.is_some();
        if let Some((id, effect)) = polled {
            let mut completion = Some(perform(&self.vfs, &self.files, &effect.action));
            timed(&mut self.engine, &mut |engine| {
                let completion = completion.take().expect("once");
                engine.handle_completion(now, id, completion);
            });
        }
        timed(&mut self.engine, &mut |engine| {
            engine.housekeep();
        });
        self.other = self.other.max(other);
        while let Some(event) = self.engine.poll_event() {
            self.rewritten |= matches!(event, Event::Switched { .. });
        }
        any
    }

    /// Everything up to the end of a rewrite, and of what it leaves to be freed.
    fn finish(&mut self) {
        while self.engine.stats().aof_rewrite_in_progress {
            self.step(Lane::Background);
            self.log();
        }
        self.settle();
    }

    /// The old log goes, time passing between its steps, and garbage does.
    fn settle(&mut self) {
        while self.step(Lane::Background) || self.engine.housekeep() || self.wait() {}
    }

    /// Lets the time of the next timeout come, if it is near.
    fn wait(&mut self) -> bool {
        const NEAR: u64 = 100;
        let due = self.engine.poll_timeout();
        let due = due.filter(|due| due.0 <= self.now.mono.0 + NEAR);
        let Some(due) = due else { return false };
        self.now.mono = Millis(due.0.max(self.now.mono.0 + 1));
        self.engine.handle_timeout(self.now);
        true
    }
}

/// The processor time of this thread so far: what others do on the same cores does not count.
#[cfg(unix)]
fn busy() -> Duration {
    use nix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID);
    time.expect("a clock for each thread").into()
}

#[cfg(not(unix))]
fn busy() -> Duration {
    static BEGUN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    BEGUN.elapsed()
}
