//! How many commits a second, by policy and threads: `cargo bench --bench commit`.
//!
//! Each thread sets keys to 100 bytes and waits for each commit; `submit` is one thread that keeps
//! 1,024 tickets waiting. Under `Always` that shows group commit: more threads share each sync.
//!
//! `INDELIBLE_BENCH_DIRECTORY` says where (the target directory by default).

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indelible::{AppendFsync, Options, Store};

const WINDOW: usize = 1_024;

fn main() {
    // `cargo test --benches` only wants to see that it works.
    let quick = !std::env::args().any(|arg| arg == "--bench");
    let time = Duration::from_millis(if quick { 20 } else { 2_000 });
    let place = std::env::var_os("INDELIBLE_BENCH_DIRECTORY")
        .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    eprintln!("in {}", place.display());
    println!("| appendfsync | threads | commits/s | median | 99 % | worst |");
    println!("|---|--:|--:|--:|--:|--:|");
    for policy in [AppendFsync::Always, AppendFsync::EverySec, AppendFsync::No] {
        for threads in [1, 2, 4, 8, 16, 32, 64] {
            let waits = with_store(&place, policy, |store| waiting(store, threads, time));
            print(policy, &threads.to_string(), waits, time);
        }
        let waits = with_store(&place, policy, |store| submitting(store, time));
        print(policy, "submit", waits, time);
    }
    let reads = with_store(&place, AppendFsync::EverySec, |store| reading(store, time));
    println!(
        "\n{:.0} reads/s by one thread",
        reads as f64 / time.as_secs_f64()
    );
}

fn with_store<T>(place: &Path, policy: AppendFsync, run: impl FnOnce(&Store) -> T) -> T {
    let directory = tempfile::tempdir_in(place).expect("a directory");
    let options = Options {
        appendfsync: policy,
        ..Options::default()
    };
    let store = Store::open(directory.path(), options).expect("open");
    let result = run(&store);
    store.close().expect("close");
    result
}

fn waiting(store: &Store, threads: usize, time: Duration) -> Vec<Duration> {
    let end = Instant::now() + time;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || wait_each(store, thread, end)))
            .collect();
        let waits = threads.into_iter().map(|thread| thread.join());
        waits.flat_map(|waits| waits.expect("no panic")).collect()
    })
}

fn wait_each(store: &Store, thread: usize, end: Instant) -> Vec<Duration> {
    let mut waits = Vec::new();
    loop {
        let begun = Instant::now();
        if begun >= end {
            return waits;
        }
        let key = format!("{thread}:{}", waits.len() % 10_000);
        store.set(key, [b'x'; 100]).expect("set");
        waits.push(begun.elapsed());
    }
}

fn submitting(store: &Store, time: Duration) -> Vec<Duration> {
    let end = Instant::now() + time;
    let (mut waits, mut tickets) = (Vec::new(), VecDeque::new());
    let mut number = 0;
    while Instant::now() < end {
        number += 1;
        let ticket = store.submit(|it| {
            it.set(format!("{}", number % 10_000), [b'x'; 100]);
        });
        tickets.push_back((Instant::now(), ticket.expect("submit")));
        if tickets.len() == WINDOW {
            let (begun, ticket) = tickets.pop_front().expect("a full window");
            ticket.wait().expect("wait");
            waits.push(begun.elapsed());
        }
    }
    waits
}

fn reading(store: &Store, time: Duration) -> usize {
    store.set("key", [b'x'; 100]).expect("set");
    let end = Instant::now() + time;
    let mut reads = 0;
    while Instant::now() < end {
        for _ in 0..100 {
            store.get("key").expect("get");
        }
        reads += 100;
    }
    reads
}

fn print(policy: AppendFsync, threads: &str, mut waits: Vec<Duration>, time: Duration) {
    waits.sort_unstable();
    let at = |part: f64| {
        let index = (waits.len() as f64 * part) as usize;
        let wait = waits.get(index.min(waits.len().saturating_sub(1)));
        format!(
            "{:.3} ms",
            wait.copied().unwrap_or_default().as_secs_f64() * 1e3
        )
    };
    let rate = waits.len() as f64 / time.as_secs_f64();
    println!(
        "| {policy:?} | {threads} | {rate:.0} | {} | {} | {} |",
        at(0.5),
        at(0.99),
        at(1.0)
    );
}
