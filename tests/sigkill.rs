//! Real process, real disk: a child writes from several threads and rewrites all the time, the
//! parent kills it with SIGKILL at random moments, opens what it left, and checks
//!
//! * O1: what is found is the fold of the first commits, and holds every one that was acknowledged;
//! * O2: what an opening returned is never taken back by a later crash;
//! * O7: one live log, no orphan file, no leaked handle.
//!
//! `INDELIBLE_SIGKILL_ROUNDS` says how often (6 by default, the three policies in turn),
//! `INDELIBLE_SIGKILL_SEED` repeats the moments of a run as far as a kernel lets them be repeated.
//!
//! Power losses are not tested here: no process can test them. The simulator does.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

use indelible::{AppendFsync, Options, Store};
use tempfile::TempDir;

const THREADS: usize = 4;
/// So many of the last commits are told in order.
const RING: u64 = 512;
/// Each thread overwrites so many keys in turn.
const SLOTS: u64 = 40;
const POLICIES: [AppendFsync; 3] = [AppendFsync::Always, AppendFsync::EverySec, AppendFsync::No];

fn options(policy: usize) -> Options {
    Options {
        appendfsync: POLICIES[policy],
        ..Options::default()
    }
}

/// Commit number `number` of a thread: counts itself, tells its place in the order of all commits,
/// and overwrites a key, all or nothing.
fn commit(store: &Store, thread: usize) -> u64 {
    let counted = store.update(|it| {
        let number = |key: &str| -> u64 {
            let value = it
                .get(key)
                .expect("a string")
                .unwrap_or_else(|| b"0".to_vec());
            String::from_utf8(value).unwrap().parse().unwrap()
        };
        let (all, own) = (number("all") + 1, number(&format!("own:{thread}")) + 1);
        it.set("all", all.to_string());
        it.set(format!("own:{thread}"), own.to_string());
        it.set(format!("order:{}", all % RING), format!("{thread}:{own}"));
        it.set(format!("slot:{thread}:{}", own % SLOTS), value(own));
        Ok(Some(own))
    });
    counted.expect("the child's disk works").expect("always")
}

/// Of many lengths, so that frames end anywhere.
fn value(number: u64) -> String {
    let len = usize::try_from(number * 7_919 % 3_001).unwrap();
    format!("{number}:{}", "x".repeat(len))
}

/// What a directory was found to hold.
#[derive(Clone, Debug, Default, PartialEq)]
struct Found {
    all: u64,
    own: [u64; THREADS],
}

/// Checks everything that commits keep true of each other: any prefix of them has it. // O1
fn check(store: &Store) -> Found {
    let text = |key: String| -> Option<String> {
        let value = store.get(key).expect("the store works");
        value.map(|value| String::from_utf8(value).unwrap())
    };
    let number = |key: String| text(key).map_or(0, |text| text.parse().unwrap());
    let found = Found {
        all: number("all".into()),
        own: std::array::from_fn(|thread| number(format!("own:{thread}"))),
    };
    assert_eq!(
        found.all,
        found.own.iter().sum::<u64>(),
        "O1: a part of a commit"
    );
    let mut own = found.own;
    for place in (found.all.saturating_sub(RING) + 1..=found.all).rev() {
        let told = text(format!("order:{}", place % RING)).expect("O1: a hole in the order");
        let (thread, number) = told.split_once(':').unwrap();
        let last = &mut own[thread.parse::<usize>().unwrap()];
        assert_eq!(number.parse(), Ok(*last), "O1: commit {place} of all");
        *last -= 1;
    }
    for (thread, last) in found.own.iter().enumerate() {
        for number in last.saturating_sub(SLOTS) + 1..=*last {
            let slot = text(format!("slot:{thread}:{}", number % SLOTS));
            assert_eq!(slot, Some(value(number)), "O1, O3: thread {thread}");
        }
    }
    found
}

/// The child's part: it ends by being killed. Without its environment it has nothing to do.
#[test]
fn the_child_that_is_killed() {
    let Ok(directory) = std::env::var("INDELIBLE_SIGKILL_DIRECTORY") else {
        return;
    };
    let policy = std::env::var("INDELIBLE_SIGKILL_POLICY").unwrap();
    let store = Store::open(directory, options(policy.parse().unwrap())).unwrap();
    say("opened\n");
    for thread in 0..THREADS {
        let store = store.clone();
        thread::spawn(move || {
            loop {
                let number = commit(&store, thread);
                say(&format!("ack {thread} {number}\n"));
            }
        });
    }
    let rewriter = store.clone();
    thread::spawn(move || {
        loop {
            rewriter.rewrite().unwrap().wait().unwrap();
        }
    });
    // If nobody kills it, it must not stay for ever.
    thread::sleep(Duration::from_secs(60));
    std::process::exit(1);
}

/// One line, in one write: what was said before a kill is received.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    if out
        .write_all(line.as_bytes())
        .and_then(|()| out.flush())
        .is_err()
    {
        std::process::exit(1);
    }
}

fn spawn(directory: &Path, policy: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_child_that_is_killed", "--nocapture"])
        .env("INDELIBLE_SIGKILL_DIRECTORY", directory)
        .env("INDELIBLE_SIGKILL_POLICY", policy.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The last acknowledged commit of each thread; a line that the kill cut short does not count.
fn acknowledged(out: ChildStdout) -> [u64; THREADS] {
    let mut last = [0; THREADS];
    let mut lines = BufReader::new(out);
    let mut line = String::new();
    while lines.read_line(&mut line).is_ok_and(|len| len > 0) {
        if let Some(ack) = line
            .strip_suffix('\n')
            .and_then(|it| it.strip_prefix("ack "))
        {
            let (thread, number) = ack.split_once(' ').unwrap();
            last[thread.parse::<usize>().unwrap()] = number.parse().unwrap();
        }
        line.clear();
    }
    last
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

fn number_from(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is no number")),
    )
}

fn open_handles() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Kills a child at a random moment; what it acknowledged before.
fn kill_one(directory: &Path, policy: usize, random: &mut Random) -> [u64; THREADS] {
    let mut child = spawn(directory, policy);
    let out = child.stdout.take().unwrap();
    let reader = thread::spawn(move || acknowledged(out));
    // Most die at work, some while they open.
    let micros = if random.below(4) == 0 {
        random.below(20_000)
    } else {
        random.below(250_000)
    };
    thread::sleep(Duration::from_micros(micros));
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let rounds = number_from("INDELIBLE_SIGKILL_ROUNDS").unwrap_or(6);
    let seed = number_from("INDELIBLE_SIGKILL_SEED").unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        u64::from(since.unwrap().subsec_nanos())
    });
    println!("seed {seed}, {rounds} rounds");
    let mut random = Random(seed);
    let directories: [TempDir; 3] = std::array::from_fn(|_| TempDir::new().unwrap());
    let mut before: [Found; 3] = Default::default();
    let handles = open_handles();
    for round in 0..rounds {
        let policy = usize::try_from(round % 3).unwrap();
        let directory = directories[policy].path();
        let acknowledged = kill_one(directory, policy, &mut random);
        let store = Store::open(directory, options(policy)).unwrap();
        let found = check(&store);
        println!(
            "{round}: {:?}: {acknowledged:?} {found:?}",
            POLICIES[policy]
        );
        for (thread, acknowledged) in acknowledged.iter().enumerate() {
            let floor = (*acknowledged).max(before[policy].own[thread]);
            assert!(
                found.own[thread] >= floor,
                "O1, O2: thread {thread}, {floor}"
            );
            let ceiling = floor + 1;
            assert!(
                found.own[thread] <= ceiling,
                "O3: thread {thread}, {ceiling}"
            );
        }
        assert_eq!(
            names(directory),
            ["appendonly.aof", "appendonly.aof.lock"],
            "O7"
        );
        if random.below(2) == 0 {
            store.close().unwrap();
        } else {
            drop(store);
        }
        before[policy] = found;
    }
    assert_eq!(open_handles(), handles, "O7: handles");
}

/// All but the quarantine of torn tails, which may be there.
fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "appendonly.aof.quarantine")
        .collect();
    names.sort_unstable();
    names
}
