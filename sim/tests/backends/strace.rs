//! The calls that the real backend records are the system calls that it makes: under strace, where
//! that is installed.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::ThreadId;

use indelible::AppendFsync;
use indelible::recover::LOCK_NAME;
use indelible::vfs::OsVfs;
use indelible_sim::disk::CallKind;
use indelible_sim::record::{Recorded, RecordingVfs};

use super::script::run;

/// Where the traced process works; what it recorded goes to a file beside it.
const DIRECTORY: &str = "INDELIBLE_TRACED_DIRECTORY";
const CALLS: &str = "openat,pread64,pwrite64,copy_file_range,fdatasync,fsync,ftruncate,renameat,\
                     renameat2,unlinkat,close";

fn recorded_file(directory: &Path) -> PathBuf {
    directory.with_extension("recorded")
}

/// What is compared of a call, as a line; none of those that are not traced.
fn line_of(record: &Recorded) -> Option<String> {
    let Recorded { file, other, .. } = record;
    let (offset, len) = (record.offset, record.len);
    let done = record.result.unwrap_or(0);
    Some(match record.call {
        CallKind::Create => format!("create {file}"),
        CallKind::Open => format!("open {file}"),
        CallKind::Lock => format!("lock {file}"),
        CallKind::Read => format!("read {len} @{offset} = {done}"),
        CallKind::Write => format!("write {len} @{offset} = {done}"),
        CallKind::Copy => format!("copy = {done}"),
        CallKind::SyncData => "fdatasync".into(),
        CallKind::SyncDir => "fsync of the directory".into(),
        CallKind::Truncate => format!("truncate {len}"),
        CallKind::Rename => format!("rename {file} {other}"),
        CallKind::Unlink => format!("unlink {file}"),
        CallKind::Close => "close".into(),
        CallKind::Len | CallKind::List => return None,
    })
}

/// A line of strace's, told which directory is meant, as [`line_of`] would write it.
fn line_of_trace(line: &str, directory: &str) -> Option<String> {
    let (call, rest) = line.split_once('(')?;
    let (arguments, result) = rest
        .rsplit_once(") = ")
        .or_else(|| rest.rsplit_once(" = "))?;
    let arguments = arguments.trim_end().trim_end_matches(')');
    let result = result.split([' ', '<']).next()?;
    let (_, path) = arguments.split_once('<')?;
    let path = path.strip_prefix(directory)?;
    let about_directory = path.starts_with('>');
    if !about_directory && !path.starts_with('/') {
        return None;
    }
    let arguments: Vec<&str> = arguments.split(", ").collect();
    let name = |at: usize| arguments[at].trim_matches('"');
    let number = |from_end: usize| arguments[arguments.len() - from_end];
    Some(match (call, about_directory) {
        ("openat", true) if result.starts_with('-') || name(1) == "." => return None,
        ("openat", true) if arguments[2].contains("O_EXCL") => format!("create {}", name(1)),
        ("openat", true) if arguments[2].contains("O_CREAT") => format!("lock {}", name(1)),
        ("openat", true) => format!("open {}", name(1)),
        ("renameat" | "renameat2", true) => format!("rename {} {}", name(1), name(3)),
        ("unlinkat", true) => format!("unlink {}", name(1)),
        ("fsync", true) => "fsync of the directory".into(),
        ("pread64", false) => format!("read {} @{} = {result}", number(2), number(1)),
        ("pwrite64", false) => format!("write {} @{} = {result}", number(2), number(1)),
        ("copy_file_range", false) => format!("copy = {result}"),
        ("ftruncate", false) => format!("truncate {}", number(1)),
        ("fdatasync", false) => "fdatasync".into(),
        ("close", false) if path[1..].starts_with(LOCK_NAME) => return None,
        ("close", false) => "close".into(),
        ("close", true) => return None,
        (other, _) => format!("{other} that nobody asked for"),
    })
}

/// The sequences of all threads that made any call, smallest first.
fn sequences(threads: impl IntoIterator<Item = Vec<String>>) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = threads.into_iter().filter(|it| !it.is_empty()).collect();
    all.sort();
    all
}

/// Runs the workload where a tracer says, or in a directory of its own.
#[test]
fn the_traced_workload() {
    let own = tempfile::tempdir().unwrap();
    let told = std::env::var_os(DIRECTORY).map(PathBuf::from);
    let directory = told.clone().unwrap_or_else(|| own.path().to_path_buf());
    let vfs = RecordingVfs::new(OsVfs::open_dir(&directory).unwrap());
    run(&vfs, AppendFsync::Always);
    let mut threads: HashMap<ThreadId, Vec<String>> = HashMap::new();
    for record in vfs.records() {
        let lines = threads.entry(record.thread).or_default();
        lines.extend(line_of(&record));
    }
    assert!(threads.len() > 1, "the store has threads of its own");
    if told.is_some() {
        let threads: Vec<String> = threads.values().map(|lines| lines.join("\n")).collect();
        fs::write(recorded_file(&directory), threads.join("\n\n")).unwrap();
    }
}

#[test]
fn the_system_calls_are_those_that_are_recorded() {
    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("skipped: strace is not installed");
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().canonicalize().unwrap().join("store");
    fs::create_dir(&directory).unwrap();
    let status = Command::new("strace")
        .args(["-ff", "-y", "-s", "0", "-e"])
        .arg(format!("trace={CALLS}"))
        .arg("-o")
        .arg(scratch.path().join("trace"))
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "strace::the_traced_workload"])
        .env(DIRECTORY, &directory)
        .status()
        .unwrap();
    if !status.success() && !recorded_file(&directory).exists() {
        eprintln!("skipped: strace may not trace here");
        return;
    }
    assert!(status.success());
    let recorded = fs::read_to_string(recorded_file(&directory)).unwrap();
    let lines = |text: &str| text.lines().map(str::to_owned).collect();
    let recorded = sequences(recorded.split("\n\n").map(lines));
    let directory = directory.to_str().unwrap();
    let traces = fs::read_dir(scratch.path())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let traces = traces.filter(|path| path.file_stem().is_some_and(|stem| stem == "trace"));
    let traced = sequences(traces.map(|path| {
        let text = fs::read_to_string(path).unwrap();
        let lines = text.lines();
        lines
            .filter_map(|line| line_of_trace(line, directory))
            .collect()
    }));
    assert_eq!(recorded, traced);
}

#[test]
fn a_line_of_strace_is_understood() {
    let of = |line: &str| line_of_trace(line, "/d");
    let create = r#"openat(5</d>, "a", O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC, 0644) = 7</d/a>"#;
    assert_eq!(of(create).unwrap(), "create a");
    let write = r#"pwrite64(7</d/a>, ""..., 120, 49) = 120"#;
    assert_eq!(of(write).unwrap(), "write 120 @49 = 120");
    let rename = r#"renameat(5</d>, "a", 5</d>, "b") = 0"#;
    assert_eq!(of(rename).unwrap(), "rename a b");
    assert_eq!(
        of("fsync(5</d>)                            = 0").unwrap(),
        "fsync of the directory"
    );
    assert_eq!(
        of("close(7</d/b>)                          = 0").unwrap(),
        "close"
    );
    assert_eq!(of("fsync(5</other>) = 0"), None);
    let stray = of("fsync(7</d/a>) = 0");
    assert_eq!(stray.unwrap(), "fsync that nobody asked for");
}
