//! Every seed of a fuzz target, and every input that once showed a bug, comes to what is written.
//!
//! `fuzz/seeds/TARGET/NAME` holds the bytes, `fuzz/seeds/TARGET.expected` a line for each:
//! `NAME: outcome`. With `FUZZ_SEEDS=write` in the environment this test writes what `make.rs` makes,
//! and the tables anew: then the difference is what is to be looked at.

mod make;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use indelible_sim::fuzz::{TARGETS, Target};

/// How many inputs each target has at least, so that none is lost unnoticed.
const SEEDS_MIN: [(&str, usize); 7] = [
    ("commands", 30),
    ("frames", 30),
    ("manifest", 30),
    ("mutate_log", 30),
    ("rdb", 30),
    ("resp", 30),
    ("world", 30),
];

fn seeds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds")
}

/// The inputs of a target by their names.
fn inputs(target: &str) -> BTreeMap<String, Vec<u8>> {
    let dir = seeds().join(target);
    let files = fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let files = files.map(|file| {
        let file = file.expect("a file");
        let name = file.file_name().into_string().expect("a plain name");
        (name, fs::read(file.path()).expect("its bytes"))
    });
    files.collect()
}

/// What each input comes to, as a table.
fn table(target: &str, run: Target) -> String {
    let lines = inputs(target).into_iter().map(|(name, bytes)| {
        let outcome = run(&bytes).replace('\n', "\\n");
        format!("{name}: {outcome}\n")
    });
    lines.collect()
}

fn is_writing() -> bool {
    std::env::var_os("FUZZ_SEEDS").is_some_and(|what| what == "write")
}

fn replay(target: &str) {
    let run = TARGETS.iter().find(|(name, _)| *name == target);
    let run = run.expect("a target of that name").1;
    let path = seeds().join(format!("{target}.expected"));
    if is_writing() {
        make::write(target, &seeds().join(target));
        fs::write(&path, table(target, run)).expect("the table is written");
    }
    let expected = fs::read_to_string(&path).expect("a table");
    let found = table(target, run);
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected, "{target}");
    }
    let (found, expected) = (found.lines().count(), expected.lines().count());
    assert_eq!(found, expected, "{target}: inputs and lines of the table");
    let least = SEEDS_MIN.iter().find(|(name, _)| *name == target);
    let least = least.expect("each target has a number of seeds").1;
    assert!(found >= least, "{target}: {found} inputs, at least {least}");
}

#[test]
fn seeds_of_commands_come_to_what_is_written() {
    replay("commands");
}

#[test]
fn seeds_of_frames_come_to_what_is_written() {
    replay("frames");
}

#[test]
fn seeds_of_manifest_come_to_what_is_written() {
    replay("manifest");
}

#[test]
fn seeds_of_mutate_log_come_to_what_is_written() {
    replay("mutate_log");
}

#[test]
fn seeds_of_rdb_come_to_what_is_written() {
    replay("rdb");
}

#[test]
fn seeds_of_resp_come_to_what_is_written() {
    replay("resp");
}

#[test]
fn seeds_of_world_come_to_what_is_written() {
    replay("world");
}

#[test]
fn each_target_has_seeds_and_a_program() {
    let targets: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(targets, SEEDS_MIN.map(|(name, _)| name));
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let programs = fs::read_dir(programs).expect("the programs");
    let names = programs.map(|file| file.expect("a file").file_name().into_string());
    let mut names: Vec<String> = names.map(|name| name.expect("a plain name")).collect();
    names.sort();
    let expected: Vec<String> = targets.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(names, expected);
}

/// A length that lies takes no memory: all seeds of these targets, lengths that lie among them, in a
/// process that may have little.
#[cfg(unix)]
#[test]
fn seeds_of_formats_replay_within_little_memory() {
    const LIMIT_KIB: u32 = 300_000;
    if is_writing() {
        return; // the tables are not all there yet
    }
    let tests = ["frames", "manifest", "mutate_log", "rdb", "resp"];
    for target in tests {
        let script = format!(
            "ulimit -v {LIMIT_KIB} && exec \"$0\" --exact --test-threads=1 \
             seeds_of_{target}_come_to_what_is_written"
        );
        let output = std::process::Command::new("sh")
            .args(["-c", &script])
            .arg(std::env::current_exe().expect("this test"))
            .env_remove("FUZZ_SEEDS")
            .output()
            .expect("a shell");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{target}: {output:?}");
        assert!(text.contains("1 passed"), "{target}: {text}");
    }
}
