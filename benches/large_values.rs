//! What a rewrite costs the commits that change a large value meanwhile:
//! `cargo bench --bench large_values [-- list|hash|set|zset ...] [MEMBERS ...]`.
//!
//! A list, a hash, a set and a sorted set of 20,000, 200,000 and 2,000,000 members. Members are
//! added, taken away and written over at random places, one by each commit, without a rewrite and
//! while rewrites run. Taken is the commit's own work alone: executing it, keeping what a rollback
//! and the snapshot need, queueing it. The disk is memory, and its time is not counted.
//!
//! Two measures. Allocations and their bytes are the same in every run: what a change copies is
//! newly allocated, so they say how the work grows with the size. The processor time is not: caches
//! are shared and pages come from the kernel. So the same commits are made in several machines one
//! after the other, and of each commit, and of each other step, the shortest time counts: whatever
//! is in all of them is the store's.
//!
//! The last column is the longest other step of the machine: putting a chunk of the base together,
//! taking in how an effect ended, freeing. In a store a commit waits for such a step if it comes in
//! the middle of one.

use std::time::Duration;
#[cfg(not(unix))]
use std::time::Instant;

use allocation_counter::AllocationInfo;
use indelible::command::Command;
use indelible::driver::{Files, perform};
use indelible::effect::Lane;
use indelible::engine::{AppendFsync, Batch, Engine, EngineOptions, Event};
use indelible::recover::{self, OpenOptions};
use indelible::units::{Millis, Now, WallMillis};
use indelible::vfs::MemVfs;

/// Commits that are measured, each way.
const COMMITS: usize = 10_000;
/// Machines that make the same commits.
const REPETITIONS: usize = 3;
/// Commits between two steps of the background.
const COMMITS_PER_STEP: usize = 25;
/// Members of one command while a value is filled.
const FILL: usize = 500;
const KEY: &str = "key";

fn main() {
    // A type or a number of members that is named is the only one measured.
    // `cargo test --benches` only wants to see that it works.
    let quick = !std::env::args().any(|arg| arg == "--bench");
    let (sizes, commits): (&[usize], usize) = match quick {
        true => (&[2_000], 200),
        false => (&[20_000, 200_000, 2_000_000], COMMITS),
    };
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let chosen: Vec<usize> = wanted.iter().filter_map(|arg| arg.parse().ok()).collect();
    let sizes = if chosen.is_empty() { sizes } else { &chosen };
    let names = ["list", "hash", "set", "zset"];
    let all = !wanted.iter().any(|arg| names.contains(&arg.as_str()));
    println!(
        "| value | members | | allocations, most | their bytes, most | median | 99.9 % | worst \
         | longest other step |"
    );
    println!("|---|--:|---|--:|--:|--:|--:|--:|--:|");
    for (kind, name) in [Kind::List, Kind::Hash, Kind::Set, Kind::ZSet]
        .into_iter()
        .zip(names)
    {
        if !all && !wanted.iter().any(|arg| arg == name) {
            continue;
        }
        for size in sizes {
            measure(kind, *size, commits);
        }
    }
}

/// The same commits several times, from the same beginning.
fn measure(kind: Kind, size: usize, commits: usize) {
    let mut best: Option<[Measured; 2]> = None;
    for _ in 0..REPETITIONS {
        let mut machine = Machine::filled(kind, size);
        let both = [false, true].map(|rewrites| machine.measure(commits, rewrites));
        best = Some(match best.take() {
            None => both,
            Some(mut best) => {
                best.iter_mut()
                    .zip(both)
                    .for_each(|(best, next)| best.meet(next));
                best
            }
        });
    }
    let [without, during] = best.expect("at least one repetition");
    print(kind, size, "without", without);
    print(kind, size, "during rewrites", during);
}

fn print(kind: Kind, size: usize, way: &str, mut measured: Measured) {
    measured.commits.sort_unstable();
    let at = |share: f64| {
        let index = (measured.commits.len() as f64 * share) as usize;
        micros(measured.commits[index.min(measured.commits.len() - 1)])
    };
    println!(
        "| {kind:?} | {size} | {way} | {} | {} | {} | {} | {} | {} |",
        measured.allocations,
        measured.bytes,
        at(0.5),
        at(0.999),
        at(1.0),
        micros(measured.others.iter().copied().max().unwrap_or_default()),
    );
}

fn micros(duration: Duration) -> String {
    format!("{:.1} us", duration.as_secs_f64() * 1e6)
}

#[derive(Default)]
struct Measured {
    /// The time of each commit.
    commits: Vec<Duration>,
    /// The time of each other step.
    others: Vec<Duration>,
    /// Allocations of one commit, at most.
    allocations: u64,
    /// Bytes of them, at most.
    bytes: u64,
}

impl Measured {
    /// The shorter time of each commit and step.
    ///
    /// # Panics
    /// If they are not the same commits.
    fn meet(&mut self, other: Self) {
        assert_eq!(self.allocations, other.allocations, "the same commits");
        assert_eq!(self.bytes, other.bytes, "the same commits");
        for (mine, others) in [
            (&mut self.commits, other.commits),
            (&mut self.others, other.others),
        ] {
            assert_eq!(mine.len(), others.len(), "the same steps");
            for (mine, other) in mine.iter_mut().zip(others) {
                *mine = other.min(*mine);
            }
        }
    }
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
    /// The time of each step that was no commit, unless it is counted nowhere.
    others: Vec<Duration>,
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
            others: Vec::new(),
            rewritten: false,
        };
        for from in (0..size).step_by(FILL) {
            let upto = (from + FILL).min(size);
            machine.submit(&kind.fill(from..upto));
            machine.log();
        }
        machine.settle();
        machine
    }

    /// So many changes; while rewrites run, as many of them as it takes.
    fn measure(&mut self, commits: usize, rewrites: bool) -> Measured {
        let mut measured = Measured::default();
        self.others.clear();
        while measured.commits.len() < commits {
            if rewrites && !self.engine.stats().aof_rewrite_in_progress {
                self.settle();
                self.engine.rewrite(self.now).expect("a rewrite");
            }
            for _ in 0..COMMITS_PER_STEP {
                let change = self.kind.change(self.changes, self.size);
                self.changes += 1;
                let (took, allocated) = self.submit(&change);
                measured.commits.push(took);
                measured.allocations = measured.allocations.max(allocated.count_total);
                measured.bytes = measured.bytes.max(allocated.bytes_total);
                self.log();
            }
            self.step(Lane::Background);
        }
        measured.others = std::mem::take(&mut self.others);
        self.finish();
        measured
    }

    /// What one commit's own work takes: processor time, and allocations.
    fn submit(&mut self, argv: &[String]) -> (Duration, AllocationInfo) {
        let argv: Vec<&[u8]> = argv.iter().map(String::as_bytes).collect();
        let batch = Batch {
            commands: vec![(0, Command::parse(&argv).expect("a command"))],
            appendfsync: None,
        };
        let (mut submitted, mut took) = (None, Duration::ZERO);
        let allocated = allocation_counter::measure(|| {
            let begun = busy();
            submitted = Some(self.engine.submit(self.now, batch));
            took = busy() - begun;
        });
        submitted.expect("it was called").expect("there is room");
        (took, allocated)
    }

    /// The log's thread writes what there is.
    fn log(&mut self) {
        while self.step(Lane::Foreground) {}
    }

    /// One effect of a lane, if there is any, and a step of housekeeping.
    fn step(&mut self, lane: Lane) -> bool {
        let now = self.now;
        let others = &mut self.others;
        let mut timed = |engine: &mut Engine, work: &mut dyn FnMut(&mut Engine)| {
            let begun = busy();
            work(engine);
            others.push(busy() - begun);
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
