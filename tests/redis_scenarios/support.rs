//! A store on a real directory, one step at a time, and files in another.

use std::fs;
use std::path::Path;

use indelible::command::{Command, Reply};
use indelible::engine::{AppendFsync, Batch, EngineOptions, Outcome};
use indelible::redis::{LoadError, Loaded, load};
use indelible::resp::write_command;
use indelible::vfs::OsVfs;
use tempfile::TempDir;

use crate::common::{Machine, options};
use crate::content::{Content, of_keyspace};

pub struct Store {
    pub machine: Machine<OsVfs>,
}

impl Store {
    pub fn open(dir: &Path) -> Self {
        let engine = EngineOptions {
            appendfsync: AppendFsync::No,
            auto_aof_rewrite_percentage: 0,
            ..EngineOptions::default()
        };
        let vfs = OsVfs::open_dir(dir).expect("a directory");
        Self {
            machine: Machine::open(vfs, &options(engine)),
        }
    }

    /// Executes a command of database 0.
    pub fn call(&mut self, argv: &[&[u8]]) -> Reply {
        let command = Command::parse(argv).unwrap_or_else(|error| panic!("{error}"));
        let batch = Batch {
            commands: vec![(0, command)],
            appendfsync: None,
        };
        let machine = &mut self.machine;
        let mut submitted = machine.engine.submit(machine.now, batch).expect("room");
        submitted.replies.remove(0)
    }

    /// The same in words without spaces.
    pub fn say(&mut self, words: &str) -> Reply {
        let argv: Vec<&[u8]> = words.split(' ').map(str::as_bytes).collect();
        self.call(&argv)
    }

    pub fn content(&self) -> Content {
        of_keyspace(self.machine.engine.keyspace())
    }

    pub fn close(mut self) -> Content {
        let content = self.content();
        let ticket = self.machine.engine.close(self.machine.now);
        self.machine.run();
        assert_eq!(self.machine.outcome(ticket), Some(Outcome::Durable));
        content
    }
}

/// Executes commands, and gives what was logged of them, a line each, and what is there when the
/// store is opened again.
pub fn logged(commands: &[&str]) -> (Vec<String>, Content) {
    let dir = TempDir::new().expect("a directory");
    let mut store = Store::open(dir.path());
    for words in commands {
        let reply = store.say(words);
        assert!(!matches!(reply, Reply::Error(_)), "{words}: {reply:?}");
    }
    let content = store.close();
    let bytes = fs::read(dir.path().join("appendonly.aof")).expect("the log");
    let found = Store::open(dir.path()).content();
    assert_eq!(found, content);
    (lines(&bytes), found)
}

/// The commands of a log as lines of words.
fn lines(mut bytes: &[u8]) -> Vec<String> {
    use indelible::resp::{Parsed, parse_command};
    let mut lines = Vec::new();
    while let Some(first) = bytes.first() {
        if *first == b'#' {
            let end = bytes
                .iter()
                .position(|byte| *byte == b'\n')
                .expect("a line");
            bytes = &bytes[end + 1..];
            continue;
        }
        let Ok(Parsed::Complete { argv, len }) = parse_command(bytes) else {
            panic!("a command");
        };
        let words = argv.iter().map(|word| word.escape_ascii().to_string());
        lines.push(words.collect::<Vec<_>>().join(" "));
        bytes = &bytes[len..];
    }
    lines
}

/// Commands as Redis writes them.
pub fn commands(all: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for words in all {
        let argv: Vec<&[u8]> = words.split(' ').map(str::as_bytes).collect();
        write_command(&mut bytes, &argv);
    }
    bytes
}

/// A directory with these files.
pub fn directory(files: &[(&str, &[u8])]) -> TempDir {
    let directory = TempDir::new().expect("a directory");
    for (name, bytes) in files {
        fs::write(directory.path().join(name), bytes).expect("a file");
    }
    directory
}

pub fn loaded(files: &[(&str, &[u8])]) -> Loaded {
    load(directory(files).path(), 1).unwrap_or_else(|error| panic!("{error}"))
}

pub fn refused(files: &[(&str, &[u8])]) -> LoadError {
    load(directory(files).path(), 1).expect_err("it is refused")
}

/// What a string of database 0 holds.
pub fn string(loaded: &Loaded, key: &str) -> Option<Vec<u8>> {
    let entry = loaded.keyspace.get(0, key.as_bytes())?;
    entry.as_string().map(|string| string.to_vec())
}
