//! `indelible dump` shows exactly what is there.

mod common;

use std::fs;
use std::io::Read;
use std::process::Stdio;

use common::{Log, binary, command, dumped, import, redis_case, run_on};
use tempfile::TempDir;

/// What servers wrote, and held.
const CASES: [&str; 6] = [
    "strings-commands",
    "strings-rewritten",
    "commands",
    "rewritten",
    "timestamps",
    "rdb-base",
];

#[test]
fn dump_of_redis_files_equals_what_redis_held() {
    for case in CASES {
        let (path, held) = redis_case(case);
        assert_eq!(dumped(&path), held, "{case}");
        assert_eq!(
            dumped(&path.join("appendonly.aof.manifest")),
            held,
            "{case}"
        );
    }
}

#[test]
fn dump_of_an_imported_store_equals_what_redis_held() {
    let dir = TempDir::new().expect("a directory");
    for case in CASES {
        let (path, held) = redis_case(case);
        let store = dir.path().join(case);
        import(&path, &store).expect(0);
        assert_eq!(dumped(&store), held, "{case}");
        assert_eq!(dumped(&store.join("appendonly.aof")), held, "{case}");
    }
}

#[test]
fn readable_dump_is_sorted_commands_that_redis_cli_reads() {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("old.aof");
    let commands = [
        command(&["SELECT", "3"]),
        command(&["SET", "b", "\r\n\"\x01"]),
        command(&["SET", "a", ""]),
        command(&["PEXPIREAT", "a", "1"]),
    ];
    fs::write(&file, commands.concat()).expect("a file");
    let dump = run_on("dump", &file, &[]).expect(0).stdout;
    let lines = [
        "SELECT 3",
        r#"SET "a" """#,
        r#"PEXPIREAT "a" 1"#,
        r#"SET "b" "\r\n\"\x01""#,
        "",
    ];
    assert_eq!(dump, lines.join("\n"), "no key is dropped by the clock");
}

#[test]
fn empty_log_dumps_no_database() {
    let dir = TempDir::new().expect("a directory");
    let store = Log::of_commits(0).store(dir.path());
    assert_eq!(dumped(&store), serde_json::json!({}));
}

#[test]
fn torn_tail_is_noted_on_standard_error_alone() {
    let dir = TempDir::new().expect("a directory");
    let mut log = Log::of_commits(3);
    log.bytes.pop();
    let dump = run_on("dump", &log.store(dir.path()), &[]).expect(0);
    assert_eq!(dump.stdout.lines().count(), 3, "SELECT and two keys");
    assert!(dump.stderr.contains("torn-tail"), "{dump:?}");
}

#[test]
fn large_values_are_dumped_whole() {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("large.aof");
    let value = "0123456789".repeat(30_000);
    fs::write(&file, command(&["SET", "k", &value])).expect("a file");
    let store = dir.path().join("store");
    import(&file, &store).expect(0);
    assert_eq!(dumped(&store), dumped(&file));
    let dump = run_on("dump", &store, &[]).expect(0).stdout;
    assert_eq!(dump, format!("SELECT 0\nSET \"k\" \"{value}\"\n"));
}

#[test]
fn reader_that_goes_away_is_no_error() {
    let dir = TempDir::new().expect("a directory");
    let store = Log::of_commits(20_000).store(dir.path());
    let mut child = binary()
        .arg("dump")
        .arg(&store)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdout = child.stdout.take().expect("a pipe");
    stdout.read_exact(&mut [0; 10]).expect("ten bytes");
    drop(stdout);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{output:?}");
}
