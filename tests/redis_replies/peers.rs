//! A server of Redis and ours, which are asked the same.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Command as Process;
use std::time::{SystemTime, UNIX_EPOCH};

use indelible::command::{Applied, Command, CommitLog, Replay, Reply, execute};
use indelible::keyspace::Keyspace;
use indelible::resp::{Parsed, parse_command, write_command};
use indelible::units::WallMillis;
use tempfile::TempDir;

use crate::redis::Server;

/// Somebody who answers.
pub trait Peer {
    /// The reply as it came.
    fn call(&mut self, argv: &[&[u8]]) -> Vec<u8>;
}

/// Redis: replies as they came.
pub struct Theirs {
    pub server: Server,
    stream: BufReader<UnixStream>,
    dir: TempDir,
}

impl Theirs {
    /// A server of its own, if there is one of the version whose words we speak; else says so.
    pub fn start() -> Option<Self> {
        Self::start_in(tempfile::tempdir().unwrap(), true)
    }

    /// The same in a directory, where it may find files, with or without images in those it writes.
    pub fn start_in(dir: TempDir, preamble: bool) -> Option<Self> {
        let version = Process::new("redis-server").arg("--version").output();
        let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        if !version.is_ok_and(|version| version.contains("v=7.0.")) {
            eprintln!("skipped: no redis-server 7.0 on the PATH");
            return None;
        }
        // Only the tests ask for rewrites, and what was answered is written.
        let settings = [
            ["--auto-aof-rewrite-percentage", "0"],
            ["--appendfsync", "no"],
            [
                "--aof-use-rdb-preamble",
                if preamble { "yes" } else { "no" },
            ],
        ];
        let server = Server::start_with(dir.path(), settings.as_flattened());
        let stream = BufReader::new(UnixStream::connect(server.socket()).unwrap());
        Some(Self {
            server,
            stream,
            dir,
        })
    }

    /// Ends the server; its directory.
    pub fn stop(self) -> TempDir {
        drop(self.server);
        self.dir
    }

    fn read(&mut self, reply: &mut Vec<u8>) {
        let start = reply.len();
        self.stream.read_until(b'\n', reply).unwrap();
        let line = String::from_utf8_lossy(&reply[start..]).into_owned();
        let number = line[1..].trim_end().parse().unwrap_or(-1);
        match line.as_bytes()[0] {
            b'$' if number >= 0 => {
                let mut bytes = vec![0; usize::try_from(number).unwrap() + 2];
                self.stream.read_exact(&mut bytes).unwrap();
                reply.extend(bytes);
            }
            b'*' => (0..number).for_each(|_| self.read(reply)),
            _ => {}
        }
    }
}

impl Peer for Theirs {
    fn call(&mut self, argv: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_command(&mut bytes, argv);
        self.stream.get_mut().write_all(&bytes).unwrap();
        let mut reply = Vec::new();
        self.read(&mut reply);
        reply
    }
}

/// Ours: a keyspace, and what a log would hold of it.
pub struct Ours {
    pub keyspace: Keyspace,
    pub loaded: Keyspace,
    replay: Replay,
    seed: u64,
}

impl Ours {
    pub fn new() -> Self {
        Self {
            keyspace: Keyspace::new(1),
            loaded: Keyspace::new(2),
            replay: Replay::new(),
            seed: 0,
        }
    }

    fn load(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let Ok(Parsed::Complete { argv, len }) = parse_command(bytes) else {
                panic!("what is logged is whole");
            };
            let applied = self.replay.apply(&mut self.loaded, &argv).unwrap();
            if let Applied::Commit { refused, .. } = applied {
                assert_eq!(refused, []);
            }
            bytes = &bytes[len..];
        }
        assert!(!self.replay.in_multi());
    }
}

impl Peer for Ours {
    fn call(&mut self, argv: &[&[u8]]) -> Vec<u8> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = WallMillis(u64::try_from(now.as_millis()).unwrap());
        let mut log = CommitLog::new();
        self.seed += 1;
        let reply = match Command::parse(argv) {
            Ok(mut command) => {
                command.bring_seed(|| self.seed);
                execute(&mut self.keyspace, 0, &command, now, &mut log)
            }
            Err(error) => Reply::Error(error),
        };
        self.keyspace.check_invariants();
        let undo = self.keyspace.take_undo();
        self.keyspace.retire(undo);
        if let Some(logged) = log.finish() {
            assert_eq!(logged.db, 0);
            self.load(&logged.bytes);
            if logged.end_db != 0 {
                self.replay
                    .apply(&mut self.loaded, &[b"SELECT", b"0"])
                    .unwrap();
            }
        }
        let mut bytes = Vec::new();
        reply.write(&mut bytes);
        bytes
    }
}
