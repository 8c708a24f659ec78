//! What replacing a large log costs whoever waits: `cargo bench --bench retire`.
//!
//! Three ways to put a small file in the place of a log of 64 MiB, 256 MiB and 1 GiB:
//!
//! * `naive`: rename over it; the kernel frees its blocks at once, inside the call;
//! * `at once`: the old file is held open meanwhile and closed afterwards by another thread;
//! * `paced`: what the store does: a real [`Store`] rewrites its log, on a file system that only
//!   takes the time of each call. The old file is truncated in small steps with pauses, then closed.
//!
//! Beside each, a neighbour writes 4 KiB to another file and syncs it, again and again: its worst
//! sync before (idle) and from the rename until the old file is gone (meanwhile).
//!
//! `INDELIBLE_BENCH_DIRECTORY` says where (the target directory by default); a file system in memory
//! shows nothing. `INDELIBLE_BENCH_RUNS` says how often each (1); the worst counts.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indelible::effect::{IoError, Name};
use indelible::vfs::{Access, OsFile, OsLock, OsVfs, Vfs};
use indelible::{Event, Options, Store};

const MIB: u64 = 1 << 20;
const IDLE: Duration = Duration::from_secs(2);

fn main() {
    // `cargo test --benches` only wants to see that it works.
    let quick = !std::env::args().any(|arg| arg == "--bench");
    let sizes: &[u64] = if quick { &[4] } else { &[64, 256, 1_024] };
    let runs = std::env::var("INDELIBLE_BENCH_RUNS").map_or(1, |text| text.parse().expect("runs"));
    let place = std::env::var_os("INDELIBLE_BENCH_DIRECTORY")
        .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    eprintln!("in {}", place.display());
    println!("| old log | way | rename | gone after | neighbour's worst sync, idle | meanwhile |");
    println!("|--:|---|--:|--:|--:|--:|");
    for size in sizes {
        for way in [Way::Naive, Way::AtOnce, Way::Paced] {
            let measured = (0..runs).map(|_| {
                let directory = tempfile::tempdir_in(&place).expect("a directory");
                measure(directory.path(), way, size * MIB)
            });
            let worst = measured.reduce(Measured::worst).expect("at least one run");
            let Measured {
                rename,
                gone,
                idle,
                meanwhile,
            } = worst;
            println!(
                "| {size} MiB | {way:?} | {} | {} | {} | {} |",
                millis(rename),
                millis(gone),
                millis(idle),
                millis(meanwhile)
            );
        }
    }
}

fn millis(duration: Duration) -> String {
    format!("{:.3} ms", duration.as_secs_f64() * 1e3)
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Naive,
    AtOnce,
    Paced,
}

struct Measured {
    rename: Duration,
    gone: Duration,
    idle: Duration,
    meanwhile: Duration,
}

impl Measured {
    fn worst(self, other: Self) -> Self {
        Self {
            rename: self.rename.max(other.rename),
            gone: self.gone.max(other.gone),
            idle: self.idle.max(other.idle),
            meanwhile: self.meanwhile.max(other.meanwhile),
        }
    }
}

fn measure(directory: &Path, way: Way, len: u64) -> Measured {
    let vfs = Timed::new(directory);
    let store = filled(&vfs, len);
    let log = directory.join(Name::Live.as_str());
    let replaced = match way {
        Way::Paced => {
            let neighbour = Neighbour::start(directory);
            thread::sleep(IDLE);
            let (rename, gone) = rewrite(&store, &vfs);
            (neighbour, rename, gone)
        }
        Way::Naive | Way::AtOnce => {
            store.close().expect("close");
            let small = directory.join("small");
            fs::write(&small, b"small").expect("write");
            File::open(&small).expect("open").sync_all().expect("sync");
            let pin = File::open(&log).expect("open");
            let pin = Some(pin).filter(|_| matches!(way, Way::AtOnce));
            let neighbour = Neighbour::start(directory);
            thread::sleep(IDLE);
            let begun = Instant::now();
            fs::rename(&small, &log).expect("rename");
            let renamed = Instant::now();
            thread::spawn(move || drop(pin)).join().expect("no panic");
            (neighbour, (begun, renamed), Instant::now())
        }
    };
    let (neighbour, (begun, renamed), gone) = replaced;
    // What the kernel puts off comes with its next commit.
    thread::sleep(Duration::from_millis(500));
    let syncs = neighbour.stop();
    let worst = |wanted: &dyn Fn(Instant, Instant) -> bool| {
        let syncs = syncs.iter().filter(|(from, to)| wanted(*from, *to));
        syncs
            .map(|(from, to)| *to - *from)
            .max()
            .unwrap_or_default()
    };
    Measured {
        rename: renamed - begun,
        gone: gone - begun,
        idle: worst(&|_, to| to < begun),
        meanwhile: worst(&|_, to| to >= begun),
    }
}

/// A store whose log is so long, on the disk.
fn filled(vfs: &Timed, len: u64) -> Store {
    let options = Options {
        auto_aof_rewrite_percentage: 0,
        ..Options::default()
    };
    let store = Store::open_with(vfs.clone(), options).expect("open");
    let value = vec![b'x'; 256 << 10];
    for _ in 0..len.div_ceil(value.len() as u64) {
        let ticket = store.submit(|it| {
            it.set("key", &value);
        });
        drop(ticket.expect("submit"));
    }
    store.sync().expect("sync");
    store
}

/// Rewrites the log: when the rename began and ended, and when the old file was gone.
fn rewrite(store: &Store, vfs: &Timed) -> ((Instant, Instant), Instant) {
    let events = store.subscribe().expect("subscribe");
    store.rewrite().expect("rewrite").wait().expect("rewrite");
    while !matches!(events.recv(), Ok(Event::OldFileRetired { .. })) {}
    let gone = Instant::now();
    let renamed = vfs.renamed.lock().expect("no panic").expect("renamed");
    (renamed, gone)
}

/// Writes and syncs a file of its own until it is told to stop.
struct Neighbour {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<(Instant, Instant)>>,
}

impl Neighbour {
    fn start(directory: &Path) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let file = File::create(directory.join("neighbour")).expect("create");
        let thread = thread::spawn(move || {
            let mut syncs = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                let offset = syncs.len() as u64 % 1_024 * 4_096;
                file.write_all_at(&[b'n'; 4_096], offset).expect("write");
                let begun = Instant::now();
                file.sync_data().expect("sync");
                syncs.push((begun, Instant::now()));
                thread::sleep(Duration::from_micros(200));
            }
            syncs
        });
        Self { stop, thread }
    }

    fn stop(self) -> Vec<(Instant, Instant)> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("no panic")
    }
}

/// The file system that ships, and when its last rename over the live log began and ended.
#[derive(Clone)]
struct Timed {
    inner: OsVfs,
    renamed: Arc<Mutex<Option<(Instant, Instant)>>>,
}

impl Timed {
    fn new(directory: &Path) -> Self {
        Self {
            inner: OsVfs::open_dir(directory).expect("a directory"),
            renamed: Arc::default(),
        }
    }
}

impl Vfs for Timed {
    type File = OsFile;
    type Lock = OsLock;

    fn create(&self, name: &str) -> Result<OsFile, IoError> {
        self.inner.create(name)
    }

    fn open(&self, name: &str, access: Access) -> Result<OsFile, IoError> {
        self.inner.open(name, access)
    }

    fn len(&self, file: &OsFile) -> Result<u64, IoError> {
        self.inner.len(file)
    }

    fn read_at(&self, file: &OsFile, offset: u64, buffer: &mut [u8]) -> Result<usize, IoError> {
        self.inner.read_at(file, offset, buffer)
    }

    fn write_at(&self, file: &OsFile, offset: u64, bytes: &[u8]) -> Result<usize, IoError> {
        self.inner.write_at(file, offset, bytes)
    }

    fn copy_range(
        &self,
        from: &OsFile,
        from_offset: u64,
        to: &OsFile,
        to_offset: u64,
        len: u64,
    ) -> Result<u64, IoError> {
        self.inner.copy_range(from, from_offset, to, to_offset, len)
    }

    fn sync_data(&self, file: &OsFile) -> Result<(), IoError> {
        self.inner.sync_data(file)
    }

    fn truncate(&self, file: &OsFile, len: u64) -> Result<(), IoError> {
        self.inner.truncate(file, len)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), IoError> {
        let begun = Instant::now();
        let result = self.inner.rename(from, to);
        *self.renamed.lock().expect("no panic") = Some((begun, Instant::now()));
        result
    }

    fn sync_dir(&self) -> Result<(), IoError> {
        self.inner.sync_dir()
    }

    fn unlink(&self, name: &str) -> Result<(), IoError> {
        self.inner.unlink(name)
    }

    fn close(&self, file: OsFile) -> Result<(), IoError> {
        self.inner.close(file)
    }

    fn list(&self) -> Result<Vec<String>, IoError> {
        self.inner.list()
    }

    fn lock(&self, name: &str) -> Result<OsLock, IoError> {
        self.inner.lock(name)
    }
}
