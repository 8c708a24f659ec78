//! `indelible import` and `rewrite`, on stores that they make and find.

mod common;

use std::fs;

use common::{Log, command, contents, dumped, import, redis_case, run_on};
use serde_json::Value;
use tempfile::TempDir;

#[test]
fn import_reports_what_it_read_and_leaves_the_source() {
    let dir = TempDir::new().expect("a directory");
    let (path, held) = redis_case("strings-rewritten");
    let before = contents(&path);
    let store = dir.path().join("a/b/store");
    let report = import(&path, &store).expect(0).json();
    assert_eq!(
        (&report["commands"], &report["failed_commands"]),
        (&1310.into(), &0.into())
    );
    let keys = held.as_object().expect("databases").values();
    let keys: usize = keys.map(|db| db.as_object().expect("keys").len()).sum();
    assert_eq!(report["keys"], keys);
    assert_eq!(contents(&path), before);
    let names: Vec<_> = contents(&store).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["appendonly.aof", "appendonly.aof.lock"]);
    assert_eq!(
        run_on("check", &store, &["--json"]).expect(0).json()["verdict"],
        "well"
    );
}

#[test]
fn import_never_writes_over_anything() {
    let dir = TempDir::new().expect("a directory");
    let (path, _) = redis_case("strings-commands");
    fs::write(dir.path().join("precious"), b"data").expect("a file");
    import(&path, dir.path()).expect(2);
    assert_eq!(
        contents(dir.path()),
        [("precious".to_owned(), b"data".to_vec())]
    );
    import(&path, &dir.path().join("precious")).expect(2);
    let before = contents(&path);
    import(&path, &path).expect(2);
    assert_eq!(contents(&path), before);
}

#[test]
fn import_goes_on_where_one_was_cut_off() {
    let dir = TempDir::new().expect("a directory");
    fs::write(dir.path().join("appendonly.aof.lock"), b"").expect("a file");
    fs::write(
        dir.path().join("appendonly.aof.rewrite"),
        vec![b'x'; 1 << 20],
    )
    .expect("a file");
    let (path, held) = redis_case("strings-commands");
    import(&path, dir.path()).expect(0);
    assert_eq!(dumped(dir.path()), held);
    assert!(!dir.path().join("appendonly.aof.rewrite").exists());
}

#[test]
fn import_counts_commands_that_did_nothing() {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("old.aof");
    let first = command(&["SET", "a", "x"]);
    let commands = [
        &first[..],
        &command(&["INCR", "a"]),
        &command(&["SET", "b", "y"]),
    ];
    fs::write(&file, commands.concat()).expect("a file");
    let report = import(&file, &dir.path().join("store")).expect(0).json();
    assert_eq!(
        (&report["commands"], &report["failed_commands"]),
        (&3.into(), &1.into())
    );
    assert_eq!(report["failures"][0]["offset"], first.len());
    assert_eq!(report["keys"], 2);
    run_on("check", &file, &[]).expect(1);
}

#[test]
fn store_imports_into_a_store_of_another_identity() {
    let dir = TempDir::new().expect("a directory");
    let from = Log::of_commits(7).store(&dir.path().join("from"));
    let to = dir.path().join("to");
    let report = import(&from, &to).expect(0).json();
    assert_eq!(
        (&report["commits"], &report["keys"]),
        (&7.into(), &7.into())
    );
    assert_eq!(dumped(&from), dumped(&to));
    let identity = |path| run_on("inspect", path, &["--json"]).json()["log"]["identity"].take();
    assert_eq!(identity(&to), report["identity"]);
    assert_ne!(identity(&to), identity(&from));
}

#[test]
fn rewrite_does_what_inspect_said_it_would() {
    let dir = TempDir::new().expect("a directory");
    let store = Log::of_commits(500).store(dir.path());
    let before = dumped(&store);
    let inspected = run_on("inspect", &store, &["--json"]).expect(0).json();
    let size = &inspected["size"];
    let rewritten = run_on("rewrite", &store, &["--json"]).expect(0).json();
    assert_eq!(rewritten["before_len"], size["len"]);
    let (said, is) = (len(&size["live_len"]), len(&rewritten["after_len"]));
    assert!(said <= is && is <= said + 1024, "said {said}, is {is}");
    assert!(is < len(&rewritten["before_len"]) / 2);
    assert_eq!(dumped(&store), before);
    let check = run_on("check", &store, &["--json"]).expect(0).json();
    assert_eq!(
        (&check["verdict"], &check["lsn"]),
        (&"well".into(), &500.into())
    );
    assert_eq!(check["notes"], Value::Array(vec![]));
}

fn len(value: &Value) -> u64 {
    value.as_u64().expect("a length")
}

#[test]
fn rewrite_cuts_a_torn_tail_and_says_so() {
    let dir = TempDir::new().expect("a directory");
    let mut log = Log::of_commits(5);
    log.bytes.pop();
    let store = log.store(dir.path());
    let rewritten = run_on("rewrite", &store, &[]).expect(0);
    assert!(rewritten.stderr.contains("torn tail"), "{rewritten:?}");
    let check = run_on("check", &store, &["--json"]).expect(0).json();
    assert_eq!(
        (&check["verdict"], &check["lsn"]),
        (&"well".into(), &4.into())
    );
    assert!(
        check["notes"][0]
            .as_str()
            .expect("a note")
            .contains("quarantine")
    );
}
