//! Commands answer what Redis answers, byte for byte, and what they log leads to the same keys.
//!
//! Needs `redis-server` 7.0 on the PATH; says so and skips without.

#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use indelible::command::{Applied, Command, CommitLog, Replay, Reply, execute};
use indelible::keyspace::Keyspace;
use indelible::resp::{Parsed, parse_command, write_command};
use indelible::units::WallMillis;

struct Redis {
    child: Child,
    stream: BufReader<UnixStream>,
}

impl Redis {
    /// A server of its own, if there is one of the version whose words we speak.
    fn start(dir: &Path) -> Option<Self> {
        let version = Process::new("redis-server").arg("--version").output();
        let version = String::from_utf8_lossy(&version.ok()?.stdout).into_owned();
        if !version.contains("v=7.0.") {
            return None;
        }
        let socket = dir.join("redis.sock");
        let child = Process::new("redis-server")
            .args(["--port", "0", "--save", "", "--unixsocket"])
            .arg(&socket)
            .arg("--dir")
            .arg(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        let stream = (0..500).find_map(|_| {
            sleep(Duration::from_millis(20));
            UnixStream::connect(&socket).ok()
        });
        let stream = BufReader::new(stream.expect("the server serves within ten seconds"));
        Some(Self { child, stream })
    }

    /// The reply as it came.
    fn call(&mut self, argv: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_command(&mut bytes, argv);
        self.stream.get_mut().write_all(&bytes).unwrap();
        let mut reply = Vec::new();
        self.read(&mut reply);
        reply
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

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ours: a keyspace, and what a log would hold of it.
struct Ours {
    keyspace: Keyspace,
    loaded: Keyspace,
    replay: Replay,
}

impl Ours {
    fn new() -> Self {
        Self {
            keyspace: Keyspace::new(1),
            loaded: Keyspace::new(2),
            replay: Replay::new(),
        }
    }

    fn call(&mut self, argv: &[&[u8]]) -> Vec<u8> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = WallMillis(u64::try_from(now.as_millis()).unwrap());
        let mut log = CommitLog::new();
        let reply = match Command::parse(argv) {
            Ok(command) => execute(&mut self.keyspace, 0, &command, now, &mut log),
            Err(error) => Reply::Error(error),
        };
        self.keyspace.check_invariants();
        let undo = self.keyspace.take_undo();
        self.keyspace.retire(undo);
        if let Some(logged) = log.finish() {
            assert_eq!((logged.db, logged.end_db), (0, 0));
            self.load(&logged.bytes);
        }
        let mut bytes = Vec::new();
        reply.write(&mut bytes);
        bytes
    }

    fn load(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let Ok(Parsed::Complete { argv, len }) = parse_command(bytes) else {
                panic!("what is logged is whole");
            };
            let applied = self.replay.apply(&mut self.loaded, &argv).unwrap();
            if let Applied::Commit { refused, .. } = applied {
                assert_eq!(refused, 0);
            }
            bytes = &bytes[len..];
        }
        assert!(!self.replay.in_multi());
    }
}

/// Compares one call and says what differs. Several keys of a `SCAN` or `KEYS` have an order of
/// their own and do not come here.
fn compare(redis: &mut Redis, ours: &mut Ours, argv: &[&[u8]]) -> Option<String> {
    // A score of -0 is 0 to us always, to Redis only in small sets.
    let theirs = replaced(&redis.call(argv), b"$2\r\n-0\r\n", b"$1\r\n0\r\n");
    let mine = ours.call(argv);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let argv: Vec<String> = argv.iter().map(|arg| text(arg)).collect();
    // What Redis gives out in the order of its hash table has an order of our own.
    let unordered = [
        "HGETALL", "HKEYS", "HVALS", "HSCAN", "SMEMBERS", "SINTER", "SUNION", "SDIFF", "SSCAN",
        "ZSCAN",
    ];
    let unordered = unordered.contains(&argv[0].as_str()) || argv.iter().any(|arg| arg == "nosort");
    let equal = match unordered {
        true => sorted(&mine) == sorted(&theirs),
        false => mine == theirs,
    };
    (!equal).then(|| {
        let (argv, mine, theirs) = (argv.join(" "), text(&mine), text(&theirs));
        format!("{argv}\n  ours   {mine:?}\n  theirs {theirs:?}\n")
    })
}

fn replaced(text: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.windows(old.len()).position(|here| here == old) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
    }
    out.extend_from_slice(rest);
    out
}

fn sorted(reply: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = reply.split(|byte| *byte == b'\n').collect();
    lines.sort_unstable();
    lines
}

/// A program, one call a line; words are split at blanks, `""` is the empty word.
const SCRIPT: &str = include_str!("redis_replies.txt");

#[test]
fn a_script_is_answered_as_redis_answers_it() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut redis) = Redis::start(dir.path()) else {
        eprintln!("skipped: no redis-server 7.0 on the PATH");
        return;
    };
    let (mut ours, mut differences) = (Ours::new(), String::new());
    for line in SCRIPT.lines().filter(|line| !line.starts_with('#')) {
        let argv: Vec<&[u8]> = line
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(|word| if word == "\"\"" { "" } else { word }.as_bytes())
            .collect();
        if !argv.is_empty() {
            differences.extend(compare(&mut redis, &mut ours, &argv));
        }
    }
    assert!(differences.is_empty(), "{differences}");
    assert!(ours.loaded.same_content(&ours.keyspace));
}

/// A small generator: the program is the same in every run.
struct Dice(u64);

impl Dice {
    /// A word that stands for `form`'s.
    fn word(&mut self, form: &str) -> String {
        let words: &[&str] = match form {
            "k" => &["a", "b", "c", "ha", "k1"],
            "h" => &["ha", "hb", "hb", "ha", "ha", "a"],
            "l" => &["la", "lb", "la", "lb", "la", "lc", "ha"],
            "s" => &["sa", "sb", "sc", "sa", "sb", "la"],
            "z" => &["za", "zb", "zc", "za", "zb", "za", "sa"],
            // Ranges by name are defined for equal scores alone.
            "q" => &["qa", "qb"],
            "p" => &["pa", "pb", "pc", "pa", "b", "ha"],
            "e" => &["a", "ha", "la", "sa", "za", "zb", "sc", "none"],
            "f" | "m" => &["a", "b", "c", "1", "2", "10", "x y"],
            "g" => return self.pick(&["1", "2", "3"]).repeat(self.below(4) + 1) + self.digits(),
            "v" => &["", "x", "7", "007", "9223372036854775806", "1.5", "foobar"],
            "n" => &["0", "1", "2", "3", "-3", "5", "x", "9223372036854775807"],
            "i" => &["0", "1", "2", "-1", "-2", "-100", "100", "7", "x", "-3"],
            "d" => &["1", "0.1", "-2.5", "1e3", "x", "0.30", "nan", "inf"],
            "x" => &[
                "1", "2", "-1.5", "0", "3e10", "inf", "-inf", "0.1", "x", "1e-7",
            ],
            "b" => &[
                "-inf", "+inf", "0", "1", "(1", "(0", "2", "-1.5", "(x", "3e10",
            ],
            "r" => &["-", "+", "[a", "(a", "[b", "(10", "[x", "a"],
            "o" => &["0", "1", "7", "8", "23", "100", "-1", "x", "4294967296"],
            "y" => &["u8", "i8", "u1", "i1", "u63", "i64", "i17", "u64", "x8"],
            "t" => &["99999999999000", "88888888888499", "99999999999"],
            word => return word.to_owned(),
        };
        self.pick(words).to_owned()
    }

    fn below(&mut self, count: usize) -> usize {
        self.pick(&["0", "1", "2", "3"]).parse::<usize>().unwrap() % count
    }

    fn digits(&mut self) -> &'static str {
        self.pick(&["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let at = usize::try_from(self.0 >> 33).unwrap() % words.len();
        words[at]
    }
}

/// Forms of calls: `k` a key, `v` a value, `n` a number, `t` a time far ahead or long past.
const FORMS: &[&str] = &[
    "GET k",
    "SET k v",
    "SET k n",
    "SET k v NX",
    "SET k v XX",
    "SET k v GET",
    "SET k v XX GET",
    "SET k v NX GET",
    "SET k v KEEPTTL",
    "SET k v PXAT t",
    "SET k v EXAT t",
    "SETNX k v",
    "SET k v XX KEEPTTL GET",
    "GETSET k v",
    "GETDEL k",
    "MGET k k k",
    "MSET k v k v",
    "MSETNX k v k v",
    "APPEND k v",
    "STRLEN k",
    "INCR k",
    "DECR k",
    "INCRBY k n",
    "DECRBY k n",
    "DEL k k",
    "UNLINK k k",
    "EXISTS k k k",
    "TYPE k",
    "PEXPIREAT k t",
    "PEXPIREAT k t NX",
    "PEXPIREAT k t XX",
    "PEXPIREAT k t GT",
    "PEXPIREAT k t LT",
    "PEXPIREAT k t XX GT",
    "EXPIREAT k t",
    "EXPIREAT k t NX XX",
    "EXPIREAT k t GT LT",
    "PERSIST k",
    "EXPIRETIME k",
    "PEXPIRETIME k",
    "EXPIRE k n",
    "SET k v EX n",
    "SET k v PX n",
    "SETEX k n v",
    "PSETEX k n v",
];

#[test]
fn random_commands_are_answered_as_redis_answers_them() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut redis) = Redis::start(dir.path()) else {
        eprintln!("skipped: no redis-server 7.0 on the PATH");
        return;
    };
    let (mut ours, mut dice) = (Ours::new(), Dice(42));
    for _ in 0..20_000 {
        let form = dice.pick(FORMS).split(' ');
        // Relative times are tested by the script: two servers do not share a millisecond.
        let relative = form
            .clone()
            .any(|word| matches!(word, "EX" | "PX" | "SETEX" | "PSETEX"))
            || form.clone().next() == Some("EXPIRE");
        let argv: Vec<&[u8]> = form
            .map(|word| match word {
                "k" => dice.pick(&["a", "b", "c", "d"]),
                "v" => dice.pick(&["", "x", "7", "007", "9223372036854775806"]),
                "n" if relative => dice.pick(&["0", "-1", "x", "9223372036854775807", "-0"]),
                "n" => dice.pick(&["0", "1", "-3", "+1", "x", "9223372036854775807", "1 "]),
                "t" => dice.pick(&[
                    "99999999999000",
                    "88888888888499",
                    "1",
                    "1000",
                    "99999999999",
                ]),
                word => word,
            })
            .map(str::as_bytes)
            .collect();
        let difference = compare(&mut redis, &mut ours, &argv);
        assert_eq!(difference, None);
    }
    assert!(ours.loaded.same_content(&ours.keyspace));
}

/// The forms of calls on all types; single letters stand for words as [`Dice::word`] draws them.
const TYPED_FORMS: &str = include_str!("redis_replies_forms.txt");

#[test]
fn random_commands_on_all_types_are_answered_as_redis_answers_them() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut redis) = Redis::start(dir.path()) else {
        eprintln!("skipped: no redis-server 7.0 on the PATH");
        return;
    };
    let forms: Vec<&str> = TYPED_FORMS.lines().collect();
    let (mut ours, mut dice) = (Ours::new(), Dice(7));
    let mut differences = String::new();
    for _ in 0..40_000 {
        let form = dice.pick(&forms);
        let argv: Vec<String> = form.split(' ').map(|word| dice.word(word)).collect();
        let argv: Vec<&[u8]> = argv.iter().map(String::as_bytes).collect();
        differences.extend(compare(&mut redis, &mut ours, &argv));
        assert!(differences.is_empty(), "{differences}");
    }
    for key in [
        "a", "b", "c", "k1", "ha", "hb", "la", "lb", "lc", "sa", "sb", "sc", "za", "zb",
    ] {
        for whole in [
            "TYPE k",
            "PEXPIRETIME k",
            "GET k",
            "HGETALL k",
            "LRANGE k 0 -1",
            "SMEMBERS k",
            "ZRANGE k 0 -1 WITHSCORES",
        ] {
            let argv = whole
                .split(' ')
                .map(|word| if word == "k" { key } else { word });
            let argv: Vec<&[u8]> = argv.map(str::as_bytes).collect();
            differences.extend(compare(&mut redis, &mut ours, &argv));
        }
    }
    assert!(differences.is_empty(), "{differences}");
    assert!(ours.loaded.same_content(&ours.keyspace));
}
