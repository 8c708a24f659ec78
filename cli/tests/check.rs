//! `indelible check` tells what is wrong, where, and changes nothing.

mod common;

use std::fs;
use std::path::Path;

use common::{Log, Run, command, contents, copy_dir, redis_case, run_on};
use tempfile::TempDir;

fn check(path: &Path) -> Run {
    let before = path.is_dir().then(|| contents(path));
    let plain = run_on("check", path, &[]);
    let json = run_on("check", path, &["--json"]);
    assert_eq!(plain.code, json.code, "{plain:?} {json:?}");
    let verdict = json.json()["verdict"]
        .as_str()
        .expect("a verdict")
        .to_owned();
    assert!(plain.stdout.contains(&verdict), "{plain:?}");
    assert_eq!(before, path.is_dir().then(|| contents(path)), "it changed");
    json
}

#[test]
fn whole_store_is_well() {
    let dir = TempDir::new().expect("a directory");
    let store = Log::of_commits(5).store(dir.path());
    let report = check(&store).expect(0).json();
    assert_eq!(report["verdict"], "well");
    assert_eq!(report["format"], "indelible");
    assert_eq!((&report["lsn"], &report["keys"]), (&5.into(), &5.into()));
    assert_eq!(report["evidence"], 3);
    let file = check(&store.join("appendonly.aof")).expect(0).json();
    assert_eq!(file["verdict"], "well");
}

#[test]
fn torn_tail_is_reported_and_no_problem() {
    let dir = TempDir::new().expect("a directory");
    let mut log = Log::of_commits(5);
    log.bytes.pop();
    let report = check(&log.store(dir.path())).expect(0).json();
    assert_eq!(report["verdict"], "torn-tail");
    assert_eq!(
        (&report["problem"], &report["lsn"]),
        (&false.into(), &4.into())
    );
    let finding = &report["findings"][0];
    assert!(finding["offset"].as_u64() >= Some(log.frames[4] as u64));
    assert!(finding["expected"].is_string() && finding["found"].is_string());
}

#[test]
fn damage_before_what_is_durable_says_where() {
    let dir = TempDir::new().expect("a directory");
    let mut log = Log::of_commits(5);
    let end = log.frames[2] - 3;
    log.bytes[end] ^= 1;
    let report = check(&log.store(dir.path())).expect(1).json();
    assert_eq!(report["verdict"], "damage");
    let finding = &report["findings"][0];
    let offset = finding["offset"].as_u64().expect("an offset") as usize;
    assert!((log.frames[1]..log.frames[2]).contains(&offset));
    assert!(
        finding["expected"]
            .as_str()
            .expect("text")
            .contains("checksum")
    );
}

#[test]
fn damaged_first_line_of_a_store_is_no_file_of_redis() {
    let dir = TempDir::new().expect("a directory");
    let mut log = Log::of_commits(1);
    log.bytes[0] = b'X';
    let report = check(&log.store(dir.path())).expect(1).json();
    assert_eq!(report["format"], "indelible");
    assert_eq!(
        (&report["verdict"], &report["findings"][0]["offset"]),
        (&"foreign".into(), &0.into())
    );
}

#[test]
fn newer_version_is_told_from_damage() {
    let dir = TempDir::new().expect("a directory");
    let mut log = Log::of_commits(1);
    let at = log
        .bytes
        .iter()
        .position(|byte| *byte == b'1')
        .expect("the version");
    log.bytes[at] = b'2';
    let report = check(&log.store(dir.path())).expect(1).json();
    assert_eq!(report["verdict"], "newer-version");
}

#[test]
fn lost_log_is_noticed() {
    let dir = TempDir::new().expect("a directory");
    let store = Log::of_commits(1).store(dir.path());
    fs::remove_file(store.join("appendonly.aof")).expect("a file");
    let report = check(&store).expect(1).json();
    assert_eq!(report["verdict"], "missing-file");
}

#[test]
fn empty_directory_holds_nothing_to_check() {
    let dir = TempDir::new().expect("a directory");
    assert_eq!(
        check(dir.path()).expect(1).json()["verdict"],
        "missing-file"
    );
}

#[test]
fn leftovers_of_a_store_are_noted() {
    let dir = TempDir::new().expect("a directory");
    let store = Log::of_commits(1).store(dir.path());
    fs::write(store.join("appendonly.aof.rewrite"), b"begun").expect("a file");
    let report = check(&store).expect(0).json();
    assert!(
        report["notes"][0]
            .as_str()
            .expect("a note")
            .contains("appendonly.aof.rewrite, 5 bytes")
    );
}

#[test]
fn directories_that_redis_wrote_are_well() {
    for case in ["strings-commands", "strings-rewritten"] {
        let (path, _) = redis_case(case);
        let report = check(&path).expect(0).json();
        assert_eq!(
            (&report["verdict"], &report["format"]),
            (&"well".into(), &"redis".into())
        );
        assert_eq!(report["files"].as_array().map(Vec::len), Some(2));
        let manifest = check(&path.join("appendonly.aof.manifest"))
            .expect(0)
            .json();
        assert_eq!(manifest["keys"], report["keys"]);
    }
}

/// Spoils a copy of a directory.
type Alter<'a> = &'a dyn Fn(&Path);

#[test]
fn check_tells_short_read_bad_format_bad_manifest_missing_file_apart() {
    let (path, _) = redis_case("strings-rewritten");
    let (manifest, base) = ("appendonly.aof.manifest", "appendonly.aof.2.base.aof");
    let incr = "appendonly.aof.2.incr.aof";
    let altered = |alter: Alter<'_>| {
        let dir = TempDir::new().expect("a directory");
        copy_dir(&path, dir.path());
        alter(dir.path());
        check(dir.path()).expect(1).json()
    };
    let cut = |file: &'static str| {
        move |dir: &Path| {
            let bytes = fs::read(dir.join(file)).expect("a file");
            fs::write(dir.join(file), &bytes[..bytes.len() - 1]).expect("a file");
        }
    };
    let add = |file: &'static str, more: Vec<u8>| {
        move |dir: &Path| {
            let bytes = fs::read(dir.join(file)).expect("a file");
            fs::write(dir.join(file), [bytes, more.clone()].concat()).expect("a file");
        }
    };
    let removed =
        |file: &'static str| move |dir: &Path| fs::remove_file(dir.join(file)).expect("a file");
    let multi = [command(&["MULTI"]), command(&["SET", "a", "b"])].concat();
    let cases: [(&str, Alter<'_>); 8] = [
        ("short-read", &cut(incr)),
        ("short-read", &cut(base)),
        ("unfinished-multi", &add(incr, multi)),
        ("bad-format", &add(incr, b"*x\r\n".to_vec())),
        ("bad-command", &add(incr, command(&["FROB", "a"]))),
        ("bad-manifest", &add(manifest, b"\n".to_vec())),
        ("missing-file", &removed(incr)),
        ("missing-file", &removed(manifest)),
    ];
    for (verdict, alter) in cases {
        let report = altered(alter);
        assert_eq!(report["verdict"], verdict, "{report}");
    }
    let len = fs::metadata(path.join(incr)).expect("a file").len();
    let report = altered(&add(incr, b"*x\r\n".to_vec()));
    assert_eq!(report["findings"][0]["offset"], len + 1);
    assert!(
        report["findings"][0]["file"]
            .as_str()
            .expect("text")
            .ends_with(incr)
    );
}

#[test]
fn orphan_file_is_told_and_no_problem() {
    let (path, _) = redis_case("strings-rewritten");
    let dir = TempDir::new().expect("a directory");
    copy_dir(&path, dir.path());
    let orphan = dir.path().join("appendonly.aof.1.incr.aof");
    fs::write(orphan, command(&["SET", "old", "x"])).expect("a file");
    let report = check(dir.path()).expect(0).json();
    assert_eq!(report["verdict"], "orphan-file");
    let file = report["findings"][0]["file"].as_str().expect("a file");
    assert!(file.ends_with("appendonly.aof.1.incr.aof"));
}

#[test]
fn bytes_around_a_problem_are_shown() {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("bad.aof");
    let bytes = [command(&["SET", "a", "b"]), b"*x\r\n".to_vec()].concat();
    fs::write(&file, &bytes).expect("a file");
    let json = check(&file).expect(1).json();
    assert_eq!(json["findings"][0]["offset"], 28);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(json["findings"][0]["context"]["hex"], hex);
    let plain = run_on("check", &file, &[]).stdout;
    let row = plain
        .lines()
        .find(|line| line.trim_start().starts_with('>'));
    assert!(row.expect("a marked row").contains("[78]"), "{plain}");
}

#[test]
fn foreign_file_is_refused() {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("picture.png");
    fs::write(&file, b"\x89PNG\r\n\x1a\n").expect("a file");
    let report = check(&file).expect(1).json();
    assert_eq!(
        (&report["verdict"], &report["findings"][0]["offset"]),
        (&"foreign".into(), &0.into())
    );
    assert!(!run_on("check", &file, &[]).stdout.contains('\x1a'));
}

/// O9: nothing that a store logs is ever refused.
#[test]
fn a_command_of_ours_that_is_refused_is_damage() {
    let dir = TempDir::new().expect("a directory");
    let mut log = Log::of_commits(3);
    log.commit(&["LPUSH", "k1", "x"]);
    log.commit(&["SET", "k9", "v9"]);
    let store = log.store(&dir.path().join("store"));
    let report = check(&store).expect(1).json();
    assert_eq!(report["verdict"], "damage");
    let finding = &report["findings"][0];
    let text = command(&["LPUSH", "k1", "x"]);
    let at = log.bytes.windows(text.len()).position(|it| it == text);
    assert_eq!(finding["offset"], at.expect("it is there"));
    let found = finding["found"].as_str().expect("text");
    assert!(found.starts_with("WRONGTYPE"), "{finding}");
    let said = format!(
        "offset {}: expected a command that applies",
        finding["offset"]
    );
    for command in ["dump", "inspect"] {
        let run = run_on(command, &store, &[]).expect(1);
        assert!(run.stderr.contains(&said), "{run:?}");
        assert!(
            run.stderr.contains("'lpush' was refused: WRONGTYPE"),
            "{run:?}"
        );
    }
    let before = run_on("dump", &store, &["--at-lsn", "3", "--json"]);
    assert_eq!(
        before.expect(0).json()["dbs"]["0"]
            .as_object()
            .expect("keys")
            .len(),
        3
    );
    // A copy is of frames, whose checksums are right; it is no better than its source, and says so.
    let copy = dir.path().join("copy");
    run_on("backup", &store, &["--to", copy.to_str().expect("text")]).expect(0);
    assert_eq!(check(&copy).expect(1).json()["verdict"], "damage");
}
