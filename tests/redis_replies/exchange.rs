//! Ours on a disk, and files that go both ways.

use std::fs;
use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use indelible::command::{Command, Reply};
use indelible::driver::{Files, perform};
use indelible::effect::Lane;
use indelible::engine::{
    AppendFsync, Batch, Engine, EngineOptions, Event, Outcome, Recovered, Ticket,
};
use indelible::keyspace::Keyspace;
use indelible::recover::OpenOptions;
use indelible::units::{Identity, Incarnation, Lsn, Millis, Now, WallMillis};
use indelible::vfs::OsVfs;
use tempfile::TempDir;

use crate::common::Machine;
use crate::content::{Content, assert_same, of_keyspace, of_server};
use crate::peers::{Peer, Theirs};

/// What our log is called.
const LOG: &str = "appendonly.aof";
/// Calls between two looks of the machine at its disk.
const CALLS_AT_ONCE: u64 = 16;

/// A store in a directory.
pub struct Ours {
    dir: TempDir,
    machine: Machine<OsVfs>,
    start: Instant,
    calls: u64,
    rewrite: Option<Ticket>,
}

fn now(start: Instant) -> Now {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Now {
        mono: Millis(u64::try_from(start.elapsed().as_millis()).unwrap()),
        wall: WallMillis(u64::try_from(wall.as_millis()).unwrap()),
    }
}

/// Nothing but the tests begins a rewrite.
fn options() -> EngineOptions {
    EngineOptions {
        appendfsync: AppendFsync::No,
        auto_aof_rewrite_percentage: 0,
        ..EngineOptions::default()
    }
}

impl Ours {
    pub fn open(dir: TempDir, hash_seed: u64) -> Self {
        let start = Instant::now();
        let options = OpenOptions {
            engine: options(),
            appendonly: true,
            now: now(start),
            hash_seed,
            identity_seed: hash_seed,
        };
        let vfs = OsVfs::open_dir(dir.path()).unwrap();
        let machine = Machine::open(vfs, &options);
        Self {
            dir,
            machine,
            start,
            calls: 0,
            rewrite: None,
        }
    }

    /// A new store that holds a keyspace, by a rewrite before any log is there.
    fn import(keyspace: Keyspace, hash_seed: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (vfs, files, start) = (
            OsVfs::open_dir(dir.path()).unwrap(),
            Files::default(),
            Instant::now(),
        );
        let recovered = Recovered {
            keyspace,
            lsn: Lsn(0),
            identity: Identity(hash_seed),
            incarnation: Incarnation(1),
            log: None,
            has_directory: true,
            identity_seed: hash_seed,
        };
        let mut engine = Engine::new(options(), recovered, now(start));
        let ticket = engine.rewrite_once(now(start)).unwrap();
        let ended = loop {
            for lane in [Lane::Foreground, Lane::Background] {
                if let Some((id, effect)) = engine.poll_effect(now(start), lane) {
                    let completion = perform(&vfs, &files, &effect.action);
                    engine.handle_completion(now(start), id, completion);
                }
            }
            assert!(start.elapsed().as_secs() < 60, "an import ends");
            let settled =
                core::iter::from_fn(|| engine.poll_event()).find_map(|event| match event {
                    Event::Settled { outcome, .. } => Some(outcome),
                    _ => None,
                });
            if let Some(outcome) = settled {
                break outcome;
            }
        };
        assert_eq!(ended, Outcome::Durable, "{ticket:?}");
        Self::open(dir, hash_seed)
    }

    pub fn content(&self) -> Content {
        of_keyspace(self.machine.engine.keyspace())
    }

    /// Begins to rewrite the log; calls go on meanwhile.
    pub fn begin_rewrite(&mut self) {
        self.machine.now = now(self.start);
        let ticket = self.machine.engine.rewrite(self.machine.now).unwrap();
        assert_eq!(self.rewrite.replace(ticket), None, "one at a time");
    }

    /// Waits for a rewrite that was begun, and closes; the directory, and what was held.
    fn close(mut self) -> (TempDir, Content) {
        if let Some(ticket) = self.rewrite {
            let patience = 60_000;
            self.machine.run_for(patience);
            assert_eq!(self.machine.outcome(ticket), Some(Outcome::Durable));
        }
        let content = self.content();
        let ticket = self.machine.engine.close(self.machine.now);
        self.machine.run();
        assert_eq!(self.machine.outcome(ticket), Some(Outcome::Durable));
        (self.dir, content)
    }
}

impl Peer for Ours {
    fn call(&mut self, argv: &[&[u8]]) -> Vec<u8> {
        self.calls += 1;
        let reply = match Command::parse(argv) {
            Ok(mut command) => {
                command.bring_seed(|| self.calls);
                self.machine.now = now(self.start);
                let batch = Batch {
                    commands: vec![(0, command)],
                    appendfsync: None,
                };
                let submitted = self.machine.engine.submit(self.machine.now, batch);
                submitted.unwrap().replies.remove(0)
            }
            Err(error) => Reply::Error(error),
        };
        // A rewrite goes on step by step, between the calls.
        self.machine.step(Lane::Background);
        if self.calls.is_multiple_of(CALLS_AT_ONCE) {
            while self.machine.step(Lane::Foreground) {}
        }
        let mut bytes = Vec::new();
        reply.write(&mut bytes);
        bytes
    }
}

/// Lays our log before a server: as the plain file of old servers, or as the base of a directory.
fn lay(log: &Path, dir: &Path, plain: bool) {
    if plain {
        fs::copy(log, dir.join(LOG)).unwrap();
        return;
    }
    let files = dir.join("appendonlydir");
    fs::create_dir(&files).unwrap();
    fs::copy(log, files.join("appendonly.aof.1.base.aof")).unwrap();
    let manifest = "file appendonly.aof.1.base.aof seq 1 type b\n";
    fs::write(files.join("appendonly.aof.manifest"), manifest).unwrap();
}

/// The server goes on with our log, and our store with the server's files; both hold what they did.
pub fn exchange(redis: Theirs, ours: Ours, turn: u64) -> (Theirs, Ours) {
    let mut client = redis.server.client();
    client.wait_for_rewrites();
    let info = String::from_utf8(client.say("INFO persistence").into_bytes()).unwrap();
    assert!(info.contains("aof_last_bgrewrite_status:ok"), "{info}");
    assert!(!info.contains("aof_rewrites:0"), "{info}");
    let (dir, content) = ours.close();
    assert_same(&content, &of_server(&mut client), "ours");
    let written = redis.stop();
    let loaded = indelible::redis::load(written.path(), turn).unwrap();
    assert_eq!(loaded.report.failed(), 0, "{:?}", loaded.report.failures);
    assert_same(&of_keyspace(&loaded.keyspace), &content, "from its files");
    let ours = Ours::import(loaded.keyspace, turn);
    assert_same(&ours.content(), &content, "from the imported log");
    let again = Ours::open(dir, turn);
    assert_same(&again.content(), &content, "from our own log");
    let laid = tempfile::tempdir().unwrap();
    lay(
        &again.dir.path().join(LOG),
        laid.path(),
        turn.is_multiple_of(2),
    );
    let redis = Theirs::start_in(laid, turn % 2 == 1).expect("the server is still here");
    assert_same(
        &of_server(&mut redis.server.client()),
        &content,
        "from our log",
    );
    (redis, ours)
}
