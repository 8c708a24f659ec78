//! Reading beside a store that is open, written to, and rewritten all the time.

mod common;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{dumped, run_on};
use indelible::command::Command;
use indelible::driver::perform;
use indelible::effect::Lane;
use indelible::engine::{AppendFsync, Batch, EngineOptions, Event};
use indelible::recover::{self, OpenOptions, Opened};
use indelible::units::{Millis, Now, WallMillis};
use indelible::vfs::OsVfs;
use tempfile::TempDir;

/// Keys that the store holds from the beginning, so that its log has some length.
const FILLING: u64 = 500;

/// Keys that it holds at most.
const KEYS_MAX: u64 = 3_000;

/// Time from the end of a rewrite to the next; a reader must get through in between.
const BETWEEN_REWRITES: Duration = Duration::from_millis(400);

/// What a writer tells the readers.
#[derive(Default)]
struct Told {
    /// The last commit that is written.
    written: AtomicU64,
    rewrites: AtomicU64,
    end: AtomicBool,
}

/// Writes `SET kN N`, one commit each and one after the other, and rewrites all the time.
fn write(directory: &Path, told: &Told) {
    let start = Instant::now();
    let now = || Now {
        mono: Millis(start.elapsed().as_millis() as u64),
        wall: WallMillis(1_700_000_000_000),
    };
    let vfs = OsVfs::open_dir(directory).expect("the directory");
    let options = OpenOptions {
        engine: EngineOptions {
            appendfsync: AppendFsync::No,
            ..EngineOptions::default()
        },
        appendonly: true,
        now: now(),
        hash_seed: 1,
        identity_seed: 7,
    };
    let Opened {
        mut engine,
        files,
        lock,
        ..
    } = recover::open(&vfs, &options).expect("the store opens");
    let mut commit = 0;
    let mut close = None;
    let mut rewritten = Instant::now();
    while !engine.is_closed() {
        if told.end.load(Ordering::Relaxed) {
            close.get_or_insert_with(|| engine.close(now()));
        } else if commit < KEYS_MAX
            && (commit < FILLING || told.written.load(Ordering::Relaxed) == commit)
        {
            commit += 1;
            let set = Command::set(format!("k{commit:08}"), commit.to_string().as_bytes());
            let batch = Batch {
                commands: vec![(0, set)],
                appendfsync: None,
            };
            engine.submit(now(), batch).expect("room");
        }
        if commit > FILLING && close.is_none() && rewritten.elapsed() > BETWEEN_REWRITES {
            let _ = engine.rewrite(now()); // unless one runs
        }
        for lane in [Lane::Foreground, Lane::Background] {
            if let Some((id, effect)) = engine.poll_effect(now(), lane) {
                let completion = perform(&vfs, &files, &effect.action);
                engine.handle_completion(now(), id, completion);
            }
        }
        engine.handle_timeout(now());
        while let Some(event) = engine.poll_event() {
            if matches!(event, Event::Switched { .. }) {
                told.rewrites.fetch_add(1, Ordering::Relaxed);
                rewritten = Instant::now();
            }
        }
        let written = engine.stats().written_lsn.0;
        told.written.store(written, Ordering::Release);
    }
    drop(lock);
}

#[test]
fn dump_and_check_beside_a_live_store_see_all_that_was_written() {
    const DUMPS: usize = 6;
    const PATIENCE: Duration = Duration::from_secs(120);
    let dir = TempDir::new().expect("a directory");
    let (path, told) = (dir.path(), &Told::default());
    thread::scope(|scope| {
        scope.spawn(|| write(path, told));
        let end = End(told);
        let begun = Instant::now();
        let mut dumps = 0;
        while dumps < DUMPS || told.rewrites.load(Ordering::Relaxed) < 3 {
            assert!(begun.elapsed() < PATIENCE, "the store does not get on");
            let before = told.written.load(Ordering::Acquire);
            if before < FILLING {
                thread::sleep(Duration::from_millis(1));
                continue;
            }
            let dump = dumped(path);
            let keys: Vec<_> = dump["0"].as_object().expect("keys").keys().collect();
            assert!(keys.len() as u64 >= before, "{} of {before}", keys.len());
            let check = run_on("check", path, &["--json"]).expect(0).json();
            assert_eq!(check["keys"], check["lsn"], "a prefix: {check}");
            assert!(check["lsn"].as_u64() >= Some(keys.len() as u64), "{check}");
            let inspected = run_on("inspect", path, &["--json"]).expect(0).json();
            assert_eq!(
                inspected["keys"]["count"], inspected["log"]["lsn"],
                "{inspected}"
            );
            run_on("rewrite", path, &[]).expect(4);
            dumps += 1;
        }
        drop(end);
    });
    let all = told.written.load(Ordering::Acquire);
    let inspected = run_on("inspect", path, &["--json"]).expect(0).json();
    let (lsn, keys) = (&inspected["log"]["lsn"], &inspected["keys"]["count"]);
    assert_eq!((lsn, keys), (&all.into(), &all.into()));
}

/// Ends the writer, also when an assertion fails.
struct End<'a>(&'a Told);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.end.store(true, Ordering::Relaxed);
    }
}
