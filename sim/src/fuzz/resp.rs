//! Arbitrary bytes as commands in RESP, executed one after the other.

use indelible::command::{Command, CommitLog, Replay, execute, query, write_select};
use indelible::keyspace::Keyspace;
use indelible::resp::{Parsed, RespError, parse_command, parse_integer, write_command};

use super::{HASH_SEED, size};
use crate::machine::at;

/// Shorter commands are read byte by byte, too.
const LEN_BY_BYTE_MAX: usize = 96;
/// Largest number that a command may say by which it takes memory or time: what Redis would do for it
/// as well is no finding.
const NUMBER_MAX: u64 = 2_000;
/// Commands that make much out of a number.
const GREEDY: [&str; 6] = [
    "setrange",
    "setbit",
    "bitfield",
    "srandmember",
    "hrandfield",
    "zrandmember",
];

/// Reads the bytes as commands and executes them, and says what came of it.
///
/// # Panics
/// If a command has two encodings, if reading it in pieces says something else than reading it whole,
/// if what is logged has another effect than what was executed, if a rolled back command leaves a
/// trace, or if a query answers another thing than the execution.
#[must_use]
pub fn resp(bytes: &[u8]) -> String {
    let mut session = Session::new();
    let mut rest = bytes;
    let ended = loop {
        if rest.is_empty() {
            break String::from("all read");
        }
        match parse_command(rest) {
            Ok(Parsed::Complete { argv, len }) => {
                complete(&rest[..len], &argv);
                session.command(&argv);
                rest = &rest[len..];
            }
            Ok(Parsed::Incomplete { needed }) => {
                assert!(needed > 0, "nothing is missing, and it is not complete");
                break format!("{needed} bytes are missing");
            }
            Err(error) => {
                refused(rest, &error);
                break error.to_string();
            }
        }
    };
    let Session {
        commands, errors, ..
    } = session;
    let held = size(&session.keyspace);
    format!("{commands} commands, {errors} refused, {held}; {ended}")
}

/// What a whole command keeps.
fn complete(bytes: &[u8], argv: &[&[u8]]) {
    let mut again = Vec::new();
    write_command(&mut again, argv);
    assert!(again == bytes, "one encoding");
    for (len, part) in prefixes(bytes) {
        match parse_command(part) {
            Ok(Parsed::Incomplete { needed }) => {
                assert!(
                    (1..=bytes.len() - len).contains(&needed),
                    "{needed} at {len}"
                );
            }
            other => panic!("{len} of {} bytes: {other:?}", bytes.len()),
        }
    }
    for arg in argv {
        if let Some(number) = parse_integer(arg) {
            assert_eq!(number.to_string().as_bytes(), *arg, "one spelling");
        }
    }
}

/// What is refused is refused as soon as it is seen, for the same reason.
fn refused(bytes: &[u8], error: &RespError) {
    assert!(error.offset <= bytes.len());
    for (len, part) in prefixes(bytes) {
        match parse_command(part) {
            Ok(Parsed::Incomplete { .. }) => {}
            Err(earlier) => assert_eq!(earlier, *error, "{len} bytes"),
            complete => panic!("{len} bytes: {complete:?}"),
        }
    }
}

/// All that is shorter, if it is short anyway.
fn prefixes(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let len = if bytes.len() > LEN_BY_BYTE_MAX {
        0
    } else {
        bytes.len()
    };
    (0..len).map(|len| (len, &bytes[..len]))
}

/// A keyspace, and another that knows it by its log alone.
struct Session {
    keyspace: Keyspace,
    logged: Keyspace,
    replay: Replay,
    db: u32,
    commands: u64,
    errors: u64,
}

impl Session {
    fn new() -> Self {
        Self {
            keyspace: Keyspace::new(HASH_SEED),
            logged: Keyspace::new(HASH_SEED),
            replay: Replay::new(),
            db: 0,
            commands: 0,
            errors: 0,
        }
    }

    fn command(&mut self, argv: &[&[u8]]) {
        self.commands += 1;
        if is_greedy(argv) {
            self.errors += 1;
            return;
        }
        let Ok(mut command) = Command::parse(argv) else {
            self.errors += 1;
            return;
        };
        command.bring_seed(|| self.commands);
        let now = at(self.commands).wall;
        let asked = query(&self.keyspace, self.db, &command, now);
        let before = self.keyspace.clone();
        let mut log = CommitLog::new();
        let reply = execute(&mut self.keyspace, self.db, &command, now, &mut log);
        if let Some(asked) = asked {
            assert_eq!(asked, reply, "{command:?}: asked and executed");
        }
        self.errors += u64::from(reply.error().is_some());
        match command {
            Command::Select { db } if reply.error().is_none() => self.db = db,
            _ => {}
        }
        self.rolled_back(&before);
        self.replayed(log);
        assert!(
            self.logged.same_content(&self.keyspace),
            "{command:?}: the log has another effect"
        );
    }

    /// The command taken back is as if it had never been.
    fn rolled_back(&mut self, before: &Keyspace) {
        let undo = self.keyspace.take_undo();
        let mut back = self.keyspace.clone();
        back.roll_back(undo.clone());
        back.check_invariants();
        assert!(back.same_content(before), "a rollback leaves a trace");
        self.keyspace.retire(undo);
        self.keyspace.collect(usize::MAX);
    }

    fn replayed(&mut self, log: CommitLog) {
        let Some(commit) = log.finish() else { return };
        let mut bytes = Vec::new();
        write_select(&mut bytes, commit.db);
        bytes.extend_from_slice(&commit.bytes);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let Ok(Parsed::Complete { argv, len }) = parse_command(rest) else {
                panic!("what is logged is no command: {}", rest.escape_ascii());
            };
            let applied = self.replay.apply(&mut self.logged, &argv);
            applied.unwrap_or_else(|error| panic!("{}: {error}", rest.escape_ascii()));
            rest = &rest[len..];
        }
        assert!(!self.replay.in_multi(), "a commit ends");
        assert_eq!(
            self.replay.db(),
            commit.end_db,
            "the log knows its database"
        );
        let undo = self.logged.take_undo();
        self.logged.retire(undo);
        self.logged.collect(usize::MAX);
    }
}

fn is_greedy(argv: &[&[u8]]) -> bool {
    let large = |arg: &&[u8]| {
        let digits = arg.strip_prefix(b"#").unwrap_or(arg);
        parse_integer(digits).is_some_and(|number| number.unsigned_abs() > NUMBER_MAX)
    };
    let name = argv[0].to_ascii_lowercase();
    GREEDY.iter().any(|greedy| greedy.as_bytes() == name) && argv.iter().any(large)
}
