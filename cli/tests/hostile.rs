//! Files that nobody would write, and imports that are killed.

mod common;

use std::fs;
use std::io::Write;
use std::thread;
use std::time::Duration;

use common::{Log, binary, command, dumped, import, run_on};
use tempfile::TempDir;

/// Every command that reads, on one file; none may panic, and each says how it ended.
fn read_all_ways(path: &std::path::Path) {
    let check = run_on("check", path, &["--json"]);
    assert!([0, 1].contains(&check.code), "{check:?}");
    let problem = check.json()["problem"].as_bool().expect("a verdict");
    assert_eq!(problem, check.code == 1, "{check:?}");
    for command in ["dump", "inspect"] {
        let run = run_on(command, path, &[]);
        assert!([0, 1].contains(&run.code), "{run:?}");
    }
}

#[test]
fn log_cut_or_spoilt_anywhere_is_read_or_refused() {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("appendonly.aof");
    let log = Log::of_commits(2).bytes;
    for at in (0..log.len()).step_by(23) {
        fs::write(&file, &log[..at]).expect("a file");
        read_all_ways(&file);
        let mut spoilt = log.clone();
        spoilt[at] ^= 0x11;
        fs::write(&file, &spoilt).expect("a file");
        read_all_ways(&file);
    }
}

#[test]
fn strange_files_are_read_or_refused() {
    let dir = TempDir::new().expect("a directory");
    let huge_count = b"*2000000\r\n$1\r\na\r\n".to_vec();
    let huge_len = b"*1\r\n$536870912\r\na\r\n".to_vec();
    let select = command(&["SELECT", "99999999999"]);
    let nested = [command(&["MULTI"]), command(&["MULTI"])].concat();
    let strange = [
        ("zeros.aof", vec![0; 70_000]),
        ("line.aof", [b"#".repeat(2_000), b"\n".to_vec()].concat()),
        ("count.aof", huge_count),
        ("len.aof", huge_len),
        ("select.aof", select),
        ("nested.aof", nested),
        ("exec.aof", command(&["EXEC"])),
        ("empty.aof", Vec::new()),
        ("escape.aof", command(&["\x1b[2J", "\x1b]0;x\x07"])),
        ("rdb.aof", b"REDIS0011\xfa".to_vec()),
        ("header.aof", b"#indelible v=".to_vec()),
        ("far.manifest", b"file ../secret seq 1 type b\n".to_vec()),
        (
            "words.manifest",
            b"file \"a\\\xff\" seq 18446744073709551616 type z\n".to_vec(),
        ),
        ("none.manifest", Vec::new()),
    ];
    for (name, bytes) in strange {
        let file = dir.path().join(name);
        fs::write(&file, bytes).expect("a file");
        read_all_ways(&file);
        assert!(
            !run_on("check", &file, &[]).stdout.contains('\x1b'),
            "{name}"
        );
        let target = dir.path().join(format!("{name}.store"));
        let code = import(&file, &target).code;
        assert_eq!(target.exists(), code == 0, "{name}");
    }
}

#[test]
fn import_that_is_killed_leaves_a_whole_log_or_none() {
    const ROUNDS: u64 = 8;
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("old.aof");
    let mut out = std::io::BufWriter::new(fs::File::create(&file).expect("a file"));
    for number in 0..60_000 {
        let set = command(&["SET", &format!("key:{number}"), &"v".repeat(100)]);
        out.write_all(&set).expect("a file");
    }
    drop(out);
    let whole = dumped(&file);
    let store = dir.path().join("store");
    for round in 0..ROUNDS {
        let mut child = binary()
            .arg("import")
            .arg(&file)
            .arg("--to")
            .arg(&store)
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("the binary starts");
        thread::sleep(Duration::from_millis(150 * round));
        child.kill().expect("a signal");
        child.wait().expect("an end");
        if store.join("appendonly.aof").exists() {
            break;
        }
    }
    if !store.join("appendonly.aof").exists() {
        import(&file, &store).expect(0);
    }
    assert_eq!(dumped(&store), whole);
}
