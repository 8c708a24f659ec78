//! `indelible backup`: a copy that opens, beside whoever writes, and never over anything.

mod common;

use std::path::Path;

use common::{Log, contents, dumped, run};
use tempfile::TempDir;

fn backup(from: &Path, to: &Path) -> common::Run {
    let text = |path: &Path| path.to_str().expect("text").to_owned();
    run(&[
        "backup".into(),
        text(from),
        "--to".into(),
        text(to),
        "--json".into(),
    ])
}

#[test]
fn backup_holds_what_the_store_holds_and_leaves_it_alone() {
    let dir = TempDir::new().expect("a directory");
    let store = Log::of_commits(50).store(&dir.path().join("store"));
    let (before, copy) = (contents(&store), dir.path().join("a/copy"));
    let made = backup(&store, &copy).expect(0).json();
    assert_eq!(made["lsn"], 50);
    assert_eq!(dumped(&copy), dumped(&store));
    assert_eq!(contents(&store), before);
    let check = common::run_on("check", &copy, &["--json"]).expect(0).json();
    assert_eq!(
        (&check["verdict"], &check["evidence"]),
        (&"well".into(), &50.into())
    );
}

#[test]
fn backup_leaves_a_torn_tail_out_and_refuses_damage() {
    let dir = TempDir::new().expect("a directory");
    let mut log = Log::of_commits(5);
    log.bytes.pop();
    let torn = log.store(&dir.path().join("torn"));
    let made = backup(&torn, &dir.path().join("copy")).expect(0).json();
    assert_eq!(made["lsn"], 4);
    let mut log = Log::of_commits(5);
    let at = log.frames[1] + 10;
    log.bytes[at] ^= 1;
    let damaged = log.store(&dir.path().join("damaged"));
    let refused = backup(&damaged, &dir.path().join("none")).expect(1);
    assert!(refused.stderr.contains("damaged"), "{refused:?}");
    common::run_on("dump", &dir.path().join("none"), &[]).expect(1);
}

#[test]
fn backup_replaces_nothing() {
    let dir = TempDir::new().expect("a directory");
    let store = Log::of_commits(5).store(&dir.path().join("store"));
    let before = contents(&store);
    backup(&store, &store).expect(2);
    assert_eq!(contents(&store), before);
    let (redis, _) = common::redis_case("commands");
    backup(&redis, &dir.path().join("copy")).expect(2);
}
