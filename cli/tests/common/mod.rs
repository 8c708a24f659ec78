//! Running the binary, and files for it to read.
#![allow(dead_code, reason = "each test file uses a part")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use indelible::log::{FrameKind, FrameMeta, Header, encode_frame, encode_header};
use indelible::resp::write_command;
use indelible::units::{Identity, Incarnation, Lsn, WallMillis};
use serde_json::Value;

pub const IDENTITY: Identity = Identity(0xfeed);

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// The one JSON document on standard output.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_indelible"));
    command.stdin(Stdio::null());
    command
}

pub fn run<S: AsRef<OsStr>>(args: &[S]) -> Run {
    let output = binary().args(args).output().expect("the binary starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let stderr = text(output.stderr);
    assert!(!stderr.contains("panicked"), "{stderr}");
    Run {
        code: output.status.code().expect("not killed"),
        stdout: text(output.stdout),
        stderr,
    }
}

/// Runs a command on a path.
pub fn run_on(command: &str, path: &Path, more: &[&str]) -> Run {
    let mut args = vec![OsStr::new(command), path.as_os_str()];
    args.extend(more.iter().map(OsStr::new));
    run(&args)
}

pub fn import(from: &Path, to: &Path) -> Run {
    run(&[
        OsStr::new("import"),
        from.as_os_str(),
        OsStr::new("--to"),
        to.as_os_str(),
        OsStr::new("--json"),
    ])
}

/// The databases of a dump.
pub fn dumped(path: &Path) -> Value {
    run_on("dump", path, &["--json"]).expect(0).json()["dbs"].take()
}

/// A directory that a real Redis wrote, and what it then held.
pub fn redis_case(case: &str) -> (PathBuf, Value) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/aof");
    let json = fs::read(data.join(format!("{case}.json"))).expect("the case's keyspace");
    let mut keyspace: Value = serde_json::from_slice(&json).expect("JSON");
    (data.join(case), keyspace["dbs"].take())
}

/// Copies the files of a directory to another.
pub fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let bytes = fs::read(entry.path()).expect("a file");
        fs::write(to.join(entry.file_name()), bytes).expect("a file");
    }
}

pub fn command(argv: &[&str]) -> Vec<u8> {
    let argv: Vec<&[u8]> = argv.iter().map(|arg| arg.as_bytes()).collect();
    let mut bytes = Vec::new();
    write_command(&mut bytes, &argv);
    bytes
}

/// A log with an empty base and then commits `SET kN vN`, a frame each, of which all before the
/// last two are known durable.
pub struct Log {
    pub bytes: Vec<u8>,
    /// Where the frame of each commit begins.
    pub frames: Vec<usize>,
}

impl Log {
    pub fn of_commits(count: u64) -> Self {
        let mut log = Self {
            bytes: Vec::new(),
            frames: Vec::new(),
        };
        encode_header(&Header { identity: IDENTITY }, &mut log.bytes);
        log.frame(FrameKind::End, 0, 0, &[]);
        log.frame(FrameKind::Open, 0, 0, &[]);
        for lsn in 1..=count {
            log.frames.push(log.bytes.len());
            let set = command(&["SET", &format!("k{lsn}"), &format!("v{lsn}")]);
            let body = [command(&["SELECT", "0"]), set].concat();
            log.frame(FrameKind::Commits, lsn, lsn.saturating_sub(2), &body);
        }
        log
    }

    /// One commit more, of one command.
    pub fn commit(&mut self, argv: &[&str]) {
        let lsn = self.frames.len() as u64 + 1;
        self.frames.push(self.bytes.len());
        self.frame(FrameKind::Commits, lsn, lsn - 1, &command(argv));
    }

    fn frame(&mut self, kind: FrameKind, lsn: u64, watermark: u64, body: &[u8]) {
        let meta = FrameMeta {
            kind,
            identity: IDENTITY,
            lsn: Lsn(lsn),
            count: u64::from(kind == FrameKind::Commits),
            keys: 0,
            incarnation: Incarnation(u64::from(kind != FrameKind::End)),
            watermark: Lsn(watermark),
            wall: WallMillis(1_700_000_000_000),
        };
        encode_frame(&meta, body, &mut self.bytes);
    }

    /// Puts it into a directory as a store has it.
    pub fn store(&self, directory: &Path) -> PathBuf {
        fs::create_dir_all(directory).expect("a directory");
        fs::write(directory.join("appendonly.aof.lock"), b"").expect("a file");
        fs::write(directory.join("appendonly.aof"), &self.bytes).expect("a file");
        directory.to_owned()
    }
}

/// Every file of a directory with its bytes, to see that nothing changed.
pub fn contents(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(directory).expect("a directory");
    let mut contents: Vec<_> = entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            let name = entry.file_name().into_string().expect("text");
            (name, fs::read(entry.path()).expect("a file"))
        })
        .collect();
    contents.sort();
    contents
}
