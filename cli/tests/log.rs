//! `indelible log`: every commit once, in order, also while a store writes and rewrites.

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::{Log, binary, command, redis_case, run_on};
use indelible::{AppendFsync, Options, Store};
use tempfile::TempDir;

#[test]
fn a_log_is_shown_as_commands_with_their_numbers_and_times() {
    let dir = TempDir::new().expect("a directory");
    let store = Store::open(dir.path(), Options::default()).expect("a store");
    store.set("a", "x\r\n\0\"").expect("a commit");
    store
        .batch(|commands| {
            commands.set("b", "1").incr_by("c", 2);
        })
        .expect("a commit");
    store.db(3).set("d", "1").expect("a commit");
    store.close().expect("closed");
    let log = run_on("log", dir.path(), &[]).expect(0).stdout;
    let lines: Vec<_> = log.lines().collect();
    let without_time = |line: &str| {
        let (lsn, rest) = line.split_once(' ').expect("a number");
        format!("{lsn} {}", rest.split_once(' ').expect("a time").1)
    };
    let lines: Vec<_> = lines.into_iter().map(without_time).collect();
    assert_eq!(
        lines,
        [
            r#"1 [0] SET "a" "x\r\n\x00\"""#,
            r#"2 [0] SET "b" "1""#,
            r#"2 [0] INCRBY "c" "2""#,
            r#"3 [3] SET "d" "1""#,
        ]
    );
    let json = run_on("log", dir.path(), &["--json", "--from-lsn", "3"])
        .expect(0)
        .json();
    assert_eq!((&json["lsn"], &json["db"]), (&3.into(), &3.into()));
    assert_eq!(json["argv"], serde_json::json!(["U0VU", "ZA==", "MQ=="]));
}

#[test]
fn a_torn_tail_is_noted_and_damage_refused() {
    let dir = TempDir::new().expect("a directory");
    let mut log = Log::of_commits(5);
    log.bytes.pop();
    let torn = run_on("log", &log.store(&dir.path().join("torn")), &[]).expect(0);
    assert_eq!(torn.stdout.lines().count(), 4);
    assert!(torn.stderr.contains("torn-tail"), "{torn:?}");
    let mut log = Log::of_commits(5);
    let at = log.frames[1] + 10;
    log.bytes[at] ^= 1;
    let damaged = run_on("log", &log.store(&dir.path().join("damaged")), &[]).expect(1);
    assert_eq!(damaged.stdout.lines().count(), 1);
}

#[test]
fn files_of_redis_are_shown_with_offsets_and_time_stamps() {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("a.aof");
    let parts = [
        command(&["SELECT", "2"]),
        command(&["SET", "a", "1"]),
        b"#TS:1700000000\r\n".to_vec(),
        command(&["DEL", "a"]),
    ];
    fs::write(&file, parts.concat()).expect("a file");
    let log = run_on("log", &file, &[]).expect(0).stdout;
    let lines = "23 - [2] SET \"a\" \"1\"\n66 2023-11-14T22:13:20.000Z [2] DEL \"a\"\n";
    assert_eq!(log, lines);
    run_on("log", &file, &["--follow"]).expect(2);
    let (case, _) = redis_case("rdb-base");
    let log = run_on("log", &case, &["--json"]).expect(0);
    assert!(log.stdout.lines().count() > 10 && log.stderr.contains("RDB image"));
}

/// The lines of a stream, as they come.
fn lines_of(stream: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            if sender.send(line.expect("text")).is_err() {
                return;
            }
        }
    });
    lines
}

#[test]
fn a_follower_shows_each_commit_once_across_rewrites_or_says_that_it_cannot() {
    const COMMITS: u64 = 4_000;
    let dir = TempDir::new().expect("a directory");
    let options = Options {
        appendfsync: AppendFsync::No,
        ..Options::default()
    };
    let store = Store::open(dir.path(), options).expect("a store");
    // So that a rewrite takes longer than the time between two looks.
    let filling = store.set("filling", vec![b'x'; 4 << 20]);
    filling.expect("a commit");
    let mut child = binary()
        .args(["log", "--follow", "--from-lsn", "2"])
        .arg(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let lines = lines_of(child.stdout.take().expect("a pipe"));
    let notes = lines_of(child.stderr.take().expect("a pipe"));
    let mut rewrite: Option<indelible::Ticket> = None;
    for lsn in 2..=COMMITS {
        store.set("key", lsn.to_string()).expect("a commit");
        if lsn % 500 == 0 {
            if let Some(ticket) = rewrite.take() {
                ticket.wait().expect("done");
            }
            rewrite = Some(store.rewrite().expect("begun"));
        }
    }
    if let Some(ticket) = rewrite.take() {
        ticket.wait().expect("done");
    }
    // No rewrite puts this one into a base: it must come.
    let last = COMMITS + 1;
    store.set("key", last.to_string()).expect("a commit");
    let mut seen = Vec::new();
    while seen.last() != Some(&last) {
        let line = lines.recv_timeout(Duration::from_secs(60)).expect("a line");
        let lsn: u64 = line
            .split(' ')
            .next()
            .expect("a number")
            .parse()
            .expect("a number");
        assert!(line.ends_with(&format!("\"key\" \"{lsn}\"")), "{line}");
        seen.push(lsn);
    }
    child.kill().expect("it still follows");
    child.wait().expect("it ends");
    let shown = seen.len();
    for note in notes
        .iter()
        .filter(|note| note.contains("in the base alone"))
    {
        let numbers = note.split(' ').filter_map(|word| word.parse::<u64>().ok());
        let numbers: Vec<_> = numbers.collect();
        seen.extend(numbers[0]..=numbers[1]);
    }
    seen.sort_unstable();
    assert!(
        seen.iter().copied().eq(2..=last),
        "each once: {shown} shown"
    );
    println!("{shown} of {COMMITS} shown");
    store.close().expect("closed");
}

#[test]
fn a_follower_whose_reader_goes_away_ends_well() {
    let dir = TempDir::new().expect("a directory");
    let store = Store::open(dir.path(), Options::default()).expect("a store");
    store.set("a", "1").expect("a commit");
    let mut child = binary()
        .args(["log", "--follow"])
        .arg(dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a line");
    drop(stdout);
    store.set("a", "2").expect("a commit");
    let ended = child.wait().expect("it ends");
    assert_eq!(ended.code(), Some(0));
    store.close().expect("closed");
}
