//! `indelible repair` gives back what is outside a damaged region, and says what is not.

mod common;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{Log, Run, command, contents, copy_dir, dumped, redis_case, run};
use serde_json::{Value, json};
use tempfile::TempDir;

const COMMITS: u64 = 200;
/// Damage that swaps blocks takes these.
const BLOCK: usize = 4096;

fn repair(from: &Path, to: &Path, more: &[&str]) -> Run {
    let mut args = vec![OsStr::new("repair"), from.as_os_str()];
    args.extend([OsStr::new("--to"), to.as_os_str(), OsStr::new("--json")]);
    args.extend(more.iter().map(OsStr::new));
    run(&args)
}

/// Repairs a copy of `bytes` and gives the report and the new store's keys `kN`.
struct Case {
    dir: TempDir,
    file: PathBuf,
}

impl Case {
    fn new(bytes: &[u8]) -> Self {
        let dir = TempDir::new().expect("a directory");
        let file = dir.path().join("damaged.aof");
        fs::write(&file, bytes).expect("a file");
        Self { dir, file }
    }

    fn verdict(&self) -> String {
        let report = common::run_on("check", &self.file, &["--json"]).json();
        report["verdict"].as_str().expect("a verdict").to_owned()
    }

    fn repair(&self, more: &[&str]) -> Value {
        let to = self.dir.path().join(format!("new{}", more.len()));
        let before = fs::read(&self.file).expect("a file");
        let report = repair(&self.file, &to, more).expect(0).json();
        assert_eq!(before, fs::read(&self.file).expect("a file"), "in place");
        let kept = fs::read(to.join("repair.quarantine")).unwrap_or_default();
        assert_eq!(report["cut_len"], kept.len());
        for cut in report["cuts"].as_array().expect("cuts") {
            let at = |name: &str| cut[name].as_u64().expect("a number") as usize;
            let (offset, len, at) = (at("offset"), at("len"), at("quarantine_offset"));
            assert_eq!(before[offset..offset + len], kept[at..at + len]);
        }
        report
    }

    /// The keys that a repair with these options gives back.
    fn keys(&self, more: &[&str]) -> Vec<u64> {
        self.repair(more);
        let to = self.dir.path().join(format!("new{}", more.len()));
        common::run_on("check", &to, &[]).expect(0);
        numbers(&dumped(&to))
    }

    fn resynced(&self) -> Vec<u64> {
        self.keys(&["--resync", "--max-loss", "1000000"])
    }

    fn cut(&self) -> Vec<u64> {
        self.keys(&["--max-loss", "1000000"])
    }
}

/// N of each key `kN`, whose value must be `vN`.
fn numbers(dbs: &Value) -> Vec<u64> {
    let Some(keys) = dbs["0"].as_object() else {
        return Vec::new();
    };
    let text = |it: &str| String::from_utf8(STANDARD.decode(it).expect("base64")).expect("text");
    let mut numbers: Vec<u64> = keys
        .iter()
        .map(|(key, entry)| {
            let number = text(key)[1..].parse().expect("a number");
            let value = text(entry["value"].as_str().expect("a string"));
            assert_eq!(value.trim_end_matches('.'), format!("v{number}"));
            number
        })
        .collect();
    numbers.sort_unstable();
    numbers
}

fn all_but(without: impl Fn(u64) -> bool) -> Vec<u64> {
    (1..=COMMITS).filter(|number| !without(*number)).collect()
}

fn up_to(last: u64) -> Vec<u64> {
    (1..=last).collect()
}

/// A file of Redis with the same commands, and where each begins.
fn aof() -> (Vec<u8>, Vec<usize>) {
    let mut bytes = command(&["SELECT", "0"]);
    let mut starts = Vec::new();
    for number in 1..=COMMITS {
        starts.push(bytes.len());
        let value = format!("v{number}{}", ".".repeat(60));
        bytes.extend(command(&["SET", &format!("k{number}"), &value]));
    }
    (bytes, starts)
}

fn swap_blocks(bytes: &mut [u8], one: usize, two: usize) {
    for at in 0..BLOCK {
        bytes.swap(one + at, two + at);
    }
}

/// Numbers of what touches any of these ranges; `starts` says where each begins.
fn touching(starts: &[usize], len: usize, ranges: &[(usize, usize)]) -> Vec<u64> {
    let ends = starts.iter().skip(1).copied().chain([len]);
    let spans = starts.iter().copied().zip(ends).zip(1..);
    let touches = |start: usize, end: usize| ranges.iter().any(|(a, b)| start < *b && *a < end);
    spans
        .filter(|((start, end), _)| touches(*start, *end))
        .map(|(_, number)| number)
        .collect()
}

#[test]
fn log_with_a_bit_flipped_in_the_middle() {
    let mut log = Log::of_commits(COMMITS);
    log.bytes[log.frames[99] - 3] ^= 1;
    let case = Case::new(&log.bytes);
    assert_eq!(case.verdict(), "damage");
    assert_eq!(case.cut(), up_to(98));
    assert_eq!(case.resynced(), all_but(|it| it == 99));
    let report = case_report(&log.bytes);
    assert_eq!(report["lost_commits"], json!([[99, 99]]));
}

fn case_report(bytes: &[u8]) -> Value {
    Case::new(bytes).repair(&["--resync", "--max-loss", "1000000"])
}

#[test]
fn log_with_zeros_at_the_end() {
    let mut log = Log::of_commits(COMMITS);
    log.bytes.extend([0; 5000]);
    let case = Case::new(&log.bytes);
    assert_eq!(case.verdict(), "torn-tail");
    assert_eq!(case.cut(), up_to(COMMITS));
    assert_eq!(case.resynced(), up_to(COMMITS));
}

#[test]
fn log_cut_in_a_command() {
    let log = Log::of_commits(COMMITS);
    let case = Case::new(&log.bytes[..log.bytes.len() - 4]);
    assert_eq!(case.verdict(), "torn-tail");
    assert_eq!(case.cut(), up_to(COMMITS - 1));
    assert_eq!(case.resynced(), up_to(COMMITS - 1));
}

#[test]
fn log_cut_in_a_frame_line() {
    let log = Log::of_commits(COMMITS);
    let case = Case::new(&log.bytes[..log.frames[COMMITS as usize - 1] + 20]);
    assert_eq!(case.verdict(), "torn-tail");
    assert_eq!(case.cut(), up_to(COMMITS - 1));
    assert_eq!(case.resynced(), up_to(COMMITS - 1));
}

#[test]
fn log_with_a_length_that_lies() {
    let mut log = Log::of_commits(COMMITS);
    let line = &log.bytes[log.frames[49]..];
    let at = line.windows(5).position(|it| it == b" len=").expect("len");
    log.bytes[log.frames[49] + at + 5] = b'9';
    let case = Case::new(&log.bytes);
    assert_eq!(case.verdict(), "damage");
    assert_eq!(case.cut(), up_to(49));
    assert_eq!(case.resynced(), all_but(|it| it == 50));
}

#[test]
fn log_with_swapped_blocks() {
    let mut log = Log::of_commits(COMMITS);
    let (one, two) = (2 * BLOCK, 5 * BLOCK);
    swap_blocks(&mut log.bytes, one, two);
    let case = Case::new(&log.bytes);
    assert_eq!(case.verdict(), "damage");
    // Frames within a block verify at their new place, and their numbers say where they belong.
    let edges = [one, one + BLOCK, two, two + BLOCK].map(|at| (at - 1, at + 1));
    let len = log.bytes.len();
    let torn: Vec<u64> = touching(&log.frames, len, &edges);
    let resynced = case.resynced();
    assert!(resynced.len() >= COMMITS as usize - torn.len());
    for number in all_but(|it| torn.contains(&it)) {
        assert!(resynced.contains(&number), "k{number}");
    }
}

#[test]
fn log_with_two_bases() {
    let log = Log::of_commits(COMMITS);
    let twice = [&log.bytes[..], &Log::of_commits(3).bytes].concat();
    let case = Case::new(&twice);
    assert_ne!(case.verdict(), "well");
    assert_eq!(case.cut(), up_to(COMMITS));
    assert_eq!(case.resynced(), up_to(COMMITS));
    let report = case_report(&twice);
    let why = report["cuts"][0]["why"].as_str().expect("a reason");
    assert!(why.contains("a second log begins here"), "{report}");
}

#[test]
fn log_with_a_damaged_base_is_given_back_with_a_warning() {
    let mut log = Log::of_commits(COMMITS);
    log.bytes[60] ^= 1;
    let case = Case::new(&log.bytes);
    assert_eq!(case.verdict(), "damage");
    let to = case.dir.path().join("refused");
    let refused = repair(&case.file, &to, &["--max-loss", "1000000"]).expect(1);
    assert!(
        refused.stderr.contains("its base is damaged"),
        "{refused:?}"
    );
    assert!(!to.exists());
    let report = case.repair(&["--resync", "--max-loss", "1000000"]);
    let note = report["notes"][0].as_str().expect("a warning");
    assert!(note.contains("the end of the base is lost"), "{report}");
    assert_eq!(case_keys(&case), up_to(COMMITS));
}

fn case_keys(case: &Case) -> Vec<u64> {
    numbers(&dumped(&case.dir.path().join("new3")))
}

#[test]
fn aof_with_a_bit_flipped_in_the_middle() {
    let (mut bytes, starts) = aof();
    bytes[starts[99]] ^= 1;
    let case = Case::new(&bytes);
    assert_eq!(case.verdict(), "bad-format");
    assert_eq!(case.cut(), up_to(99));
    assert_eq!(case.resynced(), all_but(|it| it == 100));
}

#[test]
fn aof_with_zeros_at_the_end() {
    let (mut bytes, _) = aof();
    bytes.extend([0; 5000]);
    let case = Case::new(&bytes);
    assert_eq!(case.verdict(), "bad-format");
    assert_eq!(case.cut(), up_to(COMMITS));
    assert_eq!(case.resynced(), up_to(COMMITS));
}

#[test]
fn aof_cut_in_a_command() {
    let (bytes, _) = aof();
    let case = Case::new(&bytes[..bytes.len() - 5]);
    assert_eq!(case.verdict(), "short-read");
    assert_eq!(case.cut(), up_to(COMMITS - 1));
    assert_eq!(case.resynced(), up_to(COMMITS - 1));
}

#[test]
fn aof_cut_in_an_annotation() {
    let (mut bytes, _) = aof();
    bytes.extend(b"#TS:17000");
    let case = Case::new(&bytes);
    assert_eq!(case.verdict(), "short-read");
    assert_eq!(case.cut(), up_to(COMMITS));
    assert_eq!(case.resynced(), up_to(COMMITS));
}

#[test]
fn aof_with_a_length_that_lies() {
    for lie in ["$500000000", "$900"] {
        let (mut bytes, starts) = aof();
        let at = starts[49] + "*3\r\n".len();
        bytes.splice(at..at + 2, lie.bytes());
        let case = Case::new(&bytes);
        assert_ne!(case.verdict(), "well");
        assert_eq!(case.cut(), up_to(49));
        assert_eq!(case.resynced(), all_but(|it| it == 50));
    }
}

#[test]
fn aof_with_swapped_blocks() {
    let (mut bytes, starts) = aof();
    let (one, two) = (BLOCK, 3 * BLOCK);
    swap_blocks(&mut bytes, one, two);
    let case = Case::new(&bytes);
    assert_eq!(case.verdict(), "bad-format");
    let blocks = [(one, one + BLOCK), (two, two + BLOCK)];
    let torn = touching(&starts, bytes.len(), &blocks);
    let report = case.repair(&["--resync", "--max-loss", "1000000"]);
    // Without checksums an edge within a value joins two commands to one that parses.
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("two commands may have become one"),
        "{report}"
    );
    let dbs = dumped(&case.dir.path().join("new3"));
    for number in all_but(|it| torn.contains(&it)) {
        let key = STANDARD.encode(format!("k{number}"));
        let value = STANDARD.encode(format!("v{number}{}", ".".repeat(60)));
        assert_eq!(dbs["0"][&key]["value"], value, "k{number}");
    }
}

#[test]
fn aof_directory_with_two_bases() {
    let (from, _) = redis_case("strings-rewritten");
    let dir = TempDir::new().expect("a directory");
    let source = dir.path().join("source");
    copy_dir(&from, &source);
    let expected = dumped(&source);
    let manifest = source.join("appendonly.aof.manifest");
    let text = fs::read_to_string(&manifest).expect("a manifest");
    let other = "file appendonly.aof.1.base.aof seq 1 type b\n";
    fs::write(&manifest, format!("{other}{text}")).expect("a file");
    fs::write(
        source.join("appendonly.aof.1.base.aof"),
        command(&["SET", "old", "x"]),
    )
    .expect("a file");
    let before = contents(&source);
    let check = common::run_on("check", &source, &["--json"])
        .expect(1)
        .json();
    assert_eq!(check["verdict"], "bad-manifest");
    let to = dir.path().join("new");
    repair(&source, &to, &[]).expect(1);
    let report = repair(&source, &to, &["--resync"]).expect(0).json();
    let note = report["notes"][0].as_str().expect("a warning");
    assert!(note.contains("appendonly.aof.1.base.aof"), "{report}");
    assert_eq!(dumped(&to), expected);
    assert_eq!(before, contents(&source), "in place");
}

#[test]
fn assumed_database_and_dependent_commands_are_said() {
    let mut bytes = [command(&["SELECT", "2"]), command(&["SET", "n", "1"])].concat();
    bytes.extend(b"*garbage\r\n");
    for _ in 0..4 {
        bytes.extend(command(&["INCR", "n"]));
    }
    let report = case_report(&bytes);
    let note = report["notes"][0].as_str().expect("a warning");
    assert!(
        note.contains("4 commands were applied to database 2"),
        "{report}"
    );
    assert_eq!(report["dependent_commands"], json!({ "INCR": 4 }));
}

#[test]
fn transaction_that_never_ends_is_left_out_whole() {
    let bytes = [
        command(&["SET", "k1", "v1"]),
        command(&["MULTI"]),
        command(&["SET", "k2", "v2"]),
    ]
    .concat();
    let case = Case::new(&bytes);
    assert_eq!(case.verdict(), "unfinished-multi");
    assert_eq!(case.cut(), [1]);
    assert_eq!(case.resynced(), [1]);
}

#[test]
fn more_than_the_largest_loss_is_refused_and_nothing_written() {
    let (mut bytes, starts) = aof();
    bytes[starts[99]] ^= 1;
    let case = Case::new(&bytes);
    let to = case.dir.path().join("new");
    let refused = repair(&case.file, &to, &[]).expect(1);
    assert!(refused.stderr.contains("--max-loss"), "{refused:?}");
    assert_eq!(refused.json()["outcome"], "refused");
    assert!(!to.exists());
    repair(&case.file, &to, &["--resync", "--dry-run"]).expect(0);
    assert!(!to.exists());
    repair(&case.file, &to, &["--resync"]).expect(0);
    assert!(to.exists());
}

/// Redis's own tool cuts the file at the first bad place; all that follows is lost.
#[test]
fn redis_check_aof_drops_what_resync_gives_back() {
    let (mut bytes, starts) = aof();
    bytes[starts[99]] ^= 1;
    let case = Case::new(&bytes);
    let theirs = case.dir.path().join("theirs.aof");
    fs::write(&theirs, &bytes).expect("a file");
    let script = format!("yes | redis-check-aof --fix '{}'", theirs.display());
    let found = Command::new("redis-check-aof").arg("--version").output();
    if found.is_err() {
        println!("skipped: redis-check-aof is not on PATH");
        return;
    }
    let fixed = Command::new("sh").arg("-c").arg(script).output();
    assert!(fixed.expect("a shell").status.success());
    assert_eq!(numbers(&dumped(&theirs)), up_to(99));
    assert_eq!(case.resynced(), all_but(|it| it == 100));
}

#[test]
fn repair_keeps_what_was_cut() {
    let (bytes, starts) = aof();
    let short = &bytes[..bytes.len() - 5];
    let log = Log::of_commits(COMMITS);
    let torn = &log.bytes[..log.bytes.len() - 4];
    let last = (
        starts[COMMITS as usize - 1],
        log.frames[COMMITS as usize - 1],
    );
    for (damaged, border) in [(short, last.0), (torn, last.1)] {
        let case = Case::new(damaged);
        let report = case.repair(&[]);
        let kept = case.dir.path().join("new0").join("repair.quarantine");
        let kept = fs::read(kept).expect("what was cut");
        assert!(!kept.is_empty());
        assert_eq!(kept, damaged[damaged.len() - kept.len()..]);
        assert_eq!(report["cut_len"], damaged.len() - border);
    }
}
