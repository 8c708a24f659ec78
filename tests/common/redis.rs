//! A redis-server of its own for each test, and the few words of its protocol that a test needs.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The server's version if it is 7.0 or later and the checker is there, too.
pub fn version() -> Option<u32> {
    let output = Command::new("redis-server")
        .arg("--version")
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split("v=").nth(1)?.split('.').next()?.parse().ok()?;
    Command::new("redis-check-aof")
        .arg("--version")
        .output()
        .ok()?;
    (version >= 7).then_some(version)
}

/// Whether Redis is here; says so if not.
pub fn is_here() -> bool {
    let version = version();
    if version.is_none() {
        eprintln!("skipped: no redis-server and redis-check-aof 7.0 or later on the PATH");
    }
    version.is_some()
}

/// A server on a Unix socket, killed when dropped.
pub struct Server {
    child: Child,
    socket: PathBuf,
    log: PathBuf,
}

impl Server {
    /// Starts a server that loads the append-only file of `dir`, and waits until it has.
    pub fn start(dir: &Path) -> Self {
        Self::start_with(dir, &[])
    }

    /// The same with more settings.
    pub fn start_with(dir: &Path, settings: &[&str]) -> Self {
        let (socket, log) = (dir.join("redis.sock"), dir.join("redis.log"));
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "yes"])
            .args(["--daemonize", "no"])
            .arg("--dir")
            .arg(dir)
            .arg("--unixsocket")
            .arg(&socket)
            .arg("--logfile")
            .arg(&log)
            .args(settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self { child, socket, log };
        server.wait();
        server
    }

    fn wait(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let ended = self.child.try_wait().unwrap();
            let late = Instant::now() > deadline;
            if ended.is_some() || late {
                let log = std::fs::read_to_string(&self.log).unwrap_or_default();
                panic!("redis-server does not serve ({ended:?}):\n{log}");
            }
            if let Some(mut client) = Client::connect(&self.socket)
                && client.call(&[b"PING"]) == Reply::Simple("PONG".into())
            {
                return;
            }
            sleep(Duration::from_millis(20));
        }
    }

    pub fn socket(&self) -> &Path {
        &self.socket
    }

    pub fn client(&self) -> Client {
        Client::connect(&self.socket).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    Simple(String),
    Error(String),
    Int(i64),
    Bulk(Option<Vec<u8>>),
    Array(Vec<Reply>),
}

impl Reply {
    pub fn ok() -> Self {
        Self::Simple("OK".into())
    }

    /// Its bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Bulk(Some(bytes)) => bytes,
            other => panic!("no bytes: {other:?}"),
        }
    }

    /// The bytes of each of its items.
    pub fn into_list(self) -> Vec<Vec<u8>> {
        match self {
            Self::Array(items) => items.into_iter().map(Self::into_bytes).collect(),
            other => panic!("no array: {other:?}"),
        }
    }
}

pub struct Client {
    stream: BufReader<UnixStream>,
}

impl Client {
    fn connect(socket: &Path) -> Option<Self> {
        let stream = UnixStream::connect(socket).ok()?;
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        Some(Self {
            stream: BufReader::new(stream),
        })
    }

    pub fn call(&mut self, argv: &[&[u8]]) -> Reply {
        let mut bytes = Vec::new();
        indelible::resp::write_command(&mut bytes, argv);
        self.stream.get_mut().write_all(&bytes).unwrap();
        self.reply()
    }

    /// A command of words without spaces.
    pub fn say(&mut self, words: &str) -> Reply {
        let argv: Vec<&[u8]> = words.split_whitespace().map(str::as_bytes).collect();
        self.call(&argv)
    }

    /// Sends all at once, then reads as many replies.
    pub fn pipeline(&mut self, commands: &[Vec<Vec<u8>>]) -> Vec<Reply> {
        let mut bytes = Vec::new();
        for argv in commands {
            let argv: Vec<&[u8]> = argv.iter().map(Vec::as_slice).collect();
            indelible::resp::write_command(&mut bytes, &argv);
        }
        self.stream.get_mut().write_all(&bytes).unwrap();
        commands.iter().map(|_| self.reply()).collect()
    }

    /// Rewrites the log, and waits until that has ended well.
    pub fn rewrite(&mut self) {
        self.wait_for_rewrites();
        self.say("BGREWRITEAOF");
        self.wait_for_rewrites();
        let info = String::from_utf8(self.say("INFO persistence").into_bytes()).unwrap();
        assert!(info.contains("aof_last_bgrewrite_status:ok"), "{info}");
    }

    /// Waits until no rewrite is in progress or scheduled.
    pub fn wait_for_rewrites(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let info = String::from_utf8(self.say("INFO persistence").into_bytes()).unwrap();
            let idle = ["aof_rewrite_in_progress:0", "aof_rewrite_scheduled:0"];
            if idle.iter().all(|idle| info.contains(idle)) {
                return;
            }
            assert!(Instant::now() < deadline, "a rewrite ends");
            sleep(Duration::from_millis(10));
        }
    }

    fn reply(&mut self) -> Reply {
        let line = self.line();
        let (kind, rest) = line.split_at(1);
        match kind {
            "+" => Reply::Simple(rest.into()),
            "-" => Reply::Error(rest.into()),
            ":" => Reply::Int(rest.parse().unwrap()),
            "$" | "*" if rest == "-1" => Reply::Bulk(None),
            "$" => Reply::Bulk(Some(self.bulk(rest.parse().unwrap()))),
            "*" => {
                let count: usize = rest.parse().unwrap();
                Reply::Array((0..count).map(|_| self.reply()).collect())
            }
            _ => panic!("no reply that a test asks for: {line}"),
        }
    }

    fn bulk(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len + 2];
        self.stream.read_exact(&mut bytes).unwrap();
        bytes.truncate(len);
        bytes
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().into()
    }
}
