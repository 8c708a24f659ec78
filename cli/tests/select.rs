//! What is selected: keys, and points in time.

mod common;

use std::fs;

use common::{Log, command, dumped, run, run_on};
use serde_json::json;
use tempfile::TempDir;

#[test]
fn keys_are_selected_by_pattern_database_and_type() {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("a.aof");
    let commands = [
        command(&["SET", "user:1", "x"]),
        command(&["RPUSH", "user:2", "x"]),
        command(&["SET", "other", "x"]),
        command(&["SELECT", "3"]),
        command(&["SET", "user:1", "y"]),
    ];
    fs::write(&file, commands.concat()).expect("a file");
    let lines = |args: &[&str]| run_on("dump", &file, args).expect(0).stdout;
    assert_eq!(
        lines(&["--match", "user:*", "--db", "0", "--type", "string"]),
        "SELECT 0\nSET \"user:1\" \"x\"\n"
    );
    assert_eq!(
        lines(&["--type", "list"]),
        "SELECT 0\nRPUSH \"user:2\" \"x\"\n"
    );
    assert_eq!(lines(&["--db", "3"]), "SELECT 3\nSET \"user:1\" \"y\"\n");
    assert_eq!(lines(&["--db", "7"]), "");
    assert_eq!(
        lines(&["--json-lines", "--db", "3"]),
        "{\"db\":3,\"key\":\"dXNlcjox\",\"type\":\"string\",\"value\":\"eQ==\",\"pexpireat\":null}\n"
    );
    assert_eq!(
        lines(&["--resp", "--type", "list"]).into_bytes(),
        [
            command(&["SELECT", "0"]),
            command(&["RPUSH", "user:2", "x"])
        ]
        .concat()
    );
    let store = dir.path().join("store");
    let text = |path: &std::path::Path| path.to_str().expect("text").to_owned();
    let (from, to) = (text(&file), text(&store));
    run(&["import", &from, "--to", &to, "--match", "other"]).expect(0);
    assert_eq!(dumped(&store).as_object().expect("dbs").len(), 1);
    assert_eq!(dumped(&store)["0"].as_object().expect("keys").len(), 1);
}

#[test]
fn a_log_is_read_up_to_a_commit() {
    let dir = TempDir::new().expect("a directory");
    let store = Log::of_commits(5).store(dir.path());
    for lsn in 0..=5 {
        let dump = run_on("dump", &store, &["--json", "--at-lsn", &lsn.to_string()]);
        let dump = dump.expect(0).json()["dbs"].take();
        assert_eq!(dump["0"].as_object().map_or(0, |keys| keys.len()), lsn);
    }
    let behind = run_on("dump", &store, &["--at-lsn", "6"]).expect(2);
    assert!(behind.stderr.contains("ends with commit 5"), "{behind:?}");
    let all = run_on("dump", &store, &["--at-time", "1700000000"]).expect(0);
    assert_eq!(all.stdout.lines().count(), 6);
    let before = run_on("dump", &store, &["--at-time", "1699999999.999"]).expect(2);
    assert!(
        before.stderr.contains("the point lies before"),
        "{before:?}"
    );
    run_on("dump", &store, &["--at-lsn", "1", "--at-time", "1"]).expect(2);
}

#[test]
fn what_is_damaged_behind_the_point_is_not_looked_at() {
    let dir = TempDir::new().expect("a directory");
    let mut log = Log::of_commits(5);
    let at = log.frames[2] + 10;
    log.bytes[at] ^= 1;
    let store = log.store(dir.path());
    run_on("dump", &store, &[]).expect(1);
    let dump = run_on("dump", &store, &["--at-lsn", "2"]).expect(0);
    assert_eq!(dump.stdout.lines().count(), 3);
}

#[test]
fn files_of_redis_are_read_up_to_a_time_stamp() {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("a.aof");
    let set = |key| command(&["SET", key, "x"]);
    let parts = [
        b"#TS:1700000000\r\n".to_vec(),
        set("a"),
        b"#TS:1700000002\r\n".to_vec(),
        set("b"),
    ];
    fs::write(&file, parts.concat()).expect("a file");
    let keys = |at: &str| {
        let dump = run_on("dump", &file, &["--json", "--at-time", at]).expect(0);
        dump.json()["dbs"]["0"]
            .as_object()
            .map_or(0, |keys| keys.len())
    };
    assert_eq!((keys("1700000000"), keys("1700000001.999")), (1, 1));
    assert_eq!((keys("2023-11-14T22:13:22Z"), keys("1800000000")), (2, 2));
    let before = run_on("dump", &file, &["--at-time", "1699999999"]).expect(2);
    assert!(before.stderr.contains("1700000000 s"), "{before:?}");
    run_on("dump", &file, &["--at-lsn", "1"]).expect(2);
    fs::write(&file, set("a")).expect("a file");
    let none = run_on("dump", &file, &["--at-time", "1700000000"]).expect(2);
    assert!(none.stderr.contains("aof-timestamp-enabled"), "{none:?}");
}

#[test]
fn a_point_before_the_base_is_refused() {
    let dir = TempDir::new().expect("a directory");
    let store = indelible::Store::open(dir.path(), indelible::Options::default()).expect("a store");
    store.set("a", "1").expect("a commit");
    store.set("a", "2").expect("a commit");
    store.rewrite().expect("begun").wait().expect("done");
    store.set("a", "3").expect("a commit");
    store.close().expect("closed");
    let before = run_on("dump", dir.path(), &["--at-lsn", "1"]).expect(2);
    assert!(before.stderr.contains("after commit 2"), "{before:?}");
    let base = run_on("dump", dir.path(), &["--at-lsn", "2"]).expect(0);
    assert_eq!(base.stdout, "SELECT 0\nSET \"a\" \"2\"\n");
    let held = run_on("dump", dir.path(), &["--json"]).expect(0).json();
    assert_eq!(held["dbs"]["0"]["YQ=="]["value"], json!("Mw=="));
}
