//! Exit codes: 0 well, 1 a problem, 2 usage, 3 input or output, 4 locked.

mod common;

use std::fs::{self, File};
use std::path::Path;

use common::{Log, binary, contents, copy_dir, import, redis_case, run, run_on};
use indelible::recover::LOCK_NAME;
use indelible::vfs::{OsVfs, Vfs};
use tempfile::TempDir;

#[test]
fn usage_is_two_and_help_is_none() {
    run::<&str>(&[]).expect(2);
    run(&["frobnicate"]).expect(2);
    run(&["import", "somewhere"]).expect(2);
    assert!(run(&["--help"]).expect(0).stdout.contains("Exit codes"));
    run(&["--version"]).expect(0);
}

#[test]
fn what_is_not_there_is_three() {
    let nowhere = Path::new("there/is/no/such/path");
    for command in ["check", "dump", "inspect", "rewrite"] {
        let run = run_on(command, nowhere, &[]).expect(3);
        assert!(run.stderr.contains("there/is/no/such/path"), "{run:?}");
        assert!(run.stdout.is_empty());
    }
}

#[test]
fn damage_is_one_for_every_command() {
    let dir = TempDir::new().expect("a directory");
    let mut log = Log::of_commits(5);
    log.bytes[60] ^= 1;
    let store = log.store(&dir.path().join("store"));
    let before = contents(&store);
    for command in ["check", "dump", "inspect", "rewrite"] {
        run_on(command, &store, &[]).expect(1);
    }
    let target = dir.path().join("target");
    import(&store, &target).expect(1);
    assert_eq!(contents(&store), before);
    assert!(!target.exists(), "nothing is made of what cannot be read");
}

#[test]
fn locked_store_is_four_for_who_would_write() {
    let dir = TempDir::new().expect("a directory");
    let store = Log::of_commits(5).store(dir.path());
    let vfs = OsVfs::open_dir(&store).expect("the directory");
    let lock = vfs.lock(LOCK_NAME).expect("the lock");
    let before = contents(&store);
    let refused = run_on("rewrite", &store, &[]).expect(4);
    assert!(refused.stderr.contains("locked"), "{refused:?}");
    for command in ["check", "dump", "inspect"] {
        run_on(command, &store, &[]).expect(0);
    }
    assert_eq!(contents(&store), before);
    drop(lock);
    run_on("rewrite", &store, &[]).expect(0);
}

#[test]
fn import_into_a_locked_directory_is_four() {
    let dir = TempDir::new().expect("a directory");
    let vfs = OsVfs::open_dir(dir.path()).expect("the directory");
    let _lock = vfs.lock(LOCK_NAME).expect("the lock");
    import(&redis_case("strings-commands").0, dir.path()).expect(4);
}

#[test]
fn rewrite_of_redis_files_is_refused_and_writes_nothing() {
    let dir = TempDir::new().expect("a directory");
    copy_dir(&redis_case("strings-commands").0, dir.path());
    let before = contents(dir.path());
    run_on("rewrite", dir.path(), &[]).expect(2);
    assert_eq!(contents(dir.path()), before);
}

#[test]
fn rewrite_of_an_empty_directory_makes_no_store() {
    let dir = TempDir::new().expect("a directory");
    run_on("rewrite", dir.path(), &[]).expect(2);
    assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn full_device_is_three() {
    let dir = TempDir::new().expect("a directory");
    let store = Log::of_commits(5).store(dir.path());
    let full = File::options()
        .write(true)
        .open("/dev/full")
        .expect("a device");
    let status = binary().arg("dump").arg(&store).stdout(full).status();
    assert_eq!(status.expect("it starts").code(), Some(3));
    run_on("check", Path::new("/dev/null"), &[]).expect(2);
}
