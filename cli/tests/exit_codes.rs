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

/// To open a pipe is to wait for whoever writes to it.
#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_file_is_refused_at_once() {
    let dir = TempDir::new().expect("a directory");
    let pipe = |path: &Path| {
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.expect("mkfifo is there").success());
    };
    let place = |name: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(&path).expect("a directory");
        path
    };
    let single = place("single");
    pipe(&single.join("appendonly.aof"));
    let manifest = place("manifest/appendonlydir");
    pipe(&manifest.join("appendonly.aof.manifest"));
    let part = place("part");
    fs::write(part.join("a.manifest"), "file a seq 1 type i\n").expect("a file");
    pipe(&part.join("a"));
    let directory = place("directory");
    fs::write(directory.join("a.manifest"), "file a seq 1 type i\n").expect("a file");
    place("directory/a");
    let target = dir.path().join("target");
    let to = ["--to", target.to_str().expect("text")];
    for path in [single, dir.path().join("manifest"), part, directory] {
        for command in ["check", "dump", "inspect", "log", "repair", "import"] {
            let more = match command {
                "repair" | "import" => &to[..],
                _ => &[],
            };
            let run = run_on(command, &path, more).expect(2);
            assert!(
                run.stderr.contains("expected a file, found something else"),
                "{run:?}"
            );
        }
    }
    assert!(!target.exists());
}

#[test]
fn what_is_no_file_of_redis_is_not_repaired_into_nothing() {
    let dir = TempDir::new().expect("a directory");
    let (file, target) = (dir.path().join("notes.txt"), dir.path().join("target"));
    fs::write(&file, "hello world\n").expect("a file");
    for more in [&[][..], &["--resync"]] {
        let to = [&["--to", target.to_str().expect("text")], more].concat();
        let run = run_on("repair", &file, &to).expect(1);
        assert!(run.stderr.contains("nothing in it can be read"), "{run:?}");
        assert!(!target.exists());
    }
}
