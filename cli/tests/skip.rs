//! What is not supported is refused with its name and offset, or left out and reported.

mod common;

use std::fs;
use std::path::Path;

use common::{command, import, run, run_on};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A stream, a script, a module's command and expiring fields between what is supported, and where each begins.
fn mixed() -> (Vec<u8>, Vec<u64>) {
    let all: &[(&[&str], bool)] = &[
        (&["SELECT", "0"], false),
        (&["SET", "a", "1"], false),
        (&["XADD", "s", "1-1", "f", "v"], true),
        (&["MULTI"], false),
        (&["HSET", "h", "f", "v"], false),
        (&["hpexpireat", "h", "9", "FIELDS", "1", "f"], true),
        (&["EXEC"], false),
        (&["EVAL", "return 1", "1", "k"], true),
        (&["JSON.SET", "j", "$", "1"], true),
        (&["FUNCTION", "FLUSH"], true),
        (&["SET", "last", "2"], false),
    ];
    let (mut file, mut offsets) = (Vec::new(), Vec::new());
    for (words, unsupported) in all {
        if *unsupported {
            offsets.push(file.len() as u64);
        }
        file.extend(command(words));
    }
    (file, offsets)
}

fn written(dir: &TempDir, bytes: &[u8]) -> std::path::PathBuf {
    let path = dir.path().join("mixed.aof");
    fs::write(&path, bytes).expect("a file");
    path
}

fn items(skipped: &Value) -> Vec<(&str, &str, Option<&str>, u64)> {
    let items = skipped["items"].as_array().expect("items").iter();
    let item = items.map(|item| {
        let offset = item["offset"].as_u64().expect("an offset");
        let kind = item["kind"].as_str().expect("a kind");
        let command = item["command"].as_str().expect("a command");
        (kind, command, item["key"].as_str(), offset)
    });
    item.collect()
}

#[test]
fn first_unsupported_command_is_refused_with_its_name_and_offset() {
    let dir = TempDir::new().expect("a directory");
    let (bytes, offsets) = mixed();
    let path = written(&dir, &bytes);
    let expected = format!("offset {}: \"XADD\": a stream is not supported", offsets[0]);
    for (command, more) in [("dump", &["--json"][..]), ("inspect", &[])] {
        let run = run_on(command, &path, more).expect(1);
        assert!(run.stderr.contains(&expected), "{run:?}");
    }
    let report = run_on("check", &path, &["--json"]).expect(1).json();
    assert_eq!(report["verdict"], "unsupported");
    assert_eq!(report["findings"][0]["offset"], offsets[0]);
    assert_eq!(report["findings"][0]["text"], expected);
    assert_eq!(report["skipped"], Value::Null);
}

#[test]
fn dump_leaves_out_and_reports() {
    let dir = TempDir::new().expect("a directory");
    let (bytes, offsets) = mixed();
    let path = written(&dir, &bytes);
    let run = run_on("dump", &path, &["--json", "--skip-unsupported"]).expect(0);
    let document = run.json();
    let keys = document["dbs"]["0"].as_object().expect("keys");
    assert_eq!(
        keys.keys().collect::<Vec<_>>(),
        ["YQ==", "aA==", "bGFzdA=="]
    );
    let skipped = &document["skipped"];
    assert_eq!(
        items(skipped),
        [
            ("stream", "XADD", Some("cw=="), offsets[0]),
            ("hash-field-expiry", "hpexpireat", Some("aA=="), offsets[1]),
            ("script", "EVAL", Some("aw=="), offsets[2]),
            ("module", "JSON.SET", Some("ag=="), offsets[3]),
            ("function", "FUNCTION", None, offsets[4]),
        ]
    );
    assert_eq!(skipped["count"], 5);
    assert_eq!(skipped["kinds"]["stream"], 1);
    let note = format!(
        "offset {}: XADD: a stream under the key \"s\" was left out",
        offsets[0]
    );
    assert!(run.stderr.contains(&note), "{run:?}");
    assert!(
        run.stderr
            .contains("5 parts that are not supported were left out")
    );
    let lines = run_on("dump", &path, &["--skip-unsupported"]).expect(0);
    assert!(
        lines.stderr.contains(&note) && !lines.stdout.contains("left out"),
        "{lines:?}"
    );
}

#[test]
fn check_lists_all_and_still_finds_a_problem() {
    let dir = TempDir::new().expect("a directory");
    let (bytes, offsets) = mixed();
    let path = written(&dir, &bytes);
    let report = run_on("check", &path, &["--json", "--skip-unsupported"])
        .expect(1)
        .json();
    assert_eq!(report["verdict"], "unsupported");
    let findings = report["findings"].as_array().expect("findings").iter();
    let at: Vec<_> = findings
        .map(|it| it["offset"].as_u64().expect("an offset"))
        .collect();
    assert_eq!(at, offsets);
    assert_eq!(
        (&report["skipped"]["count"], &report["keys"]),
        (&json!(5), &json!(3))
    );
    let short = written(&dir, &bytes[..bytes.len() - 1]);
    let report = run_on("check", &short, &["--json", "--skip-unsupported"])
        .expect(1)
        .json();
    assert_eq!(
        report["verdict"], "short-read",
        "what else is wrong comes first"
    );
    let plain = run_on("check", &path, &["--skip-unsupported"])
        .expect(1)
        .stdout;
    assert!(
        plain.contains("(function 1, hash-field-expiry 1, module 1, script 1, stream 1)"),
        "{plain}"
    );
}

#[test]
fn import_leaves_out_and_reports() {
    let dir = TempDir::new().expect("a directory");
    let path = written(&dir, &mixed().0);
    let text = |path: &Path| path.to_str().expect("text").to_owned();
    let store = dir.path().join("store");
    let args = [text(&path), "--to".into(), text(&store), "--json".into()];
    let refused = run(&[&["import".to_owned()], &args[..]].concat());
    refused.expect(1);
    assert!(!store.exists(), "nothing is written");
    let skip = "--skip-unsupported".to_owned();
    let made = run(&[&["import".to_owned()], &args[..], &[skip]].concat())
        .expect(0)
        .json();
    assert_eq!(
        (&made["keys"], &made["skipped"]["count"]),
        (&json!(3), &json!(5))
    );
    assert_eq!(run_on("check", &store, &[]).code, 0);
    let ours = run_on("dump", &store, &["--json", "--skip-unsupported"])
        .expect(0)
        .json();
    assert_eq!(ours["skipped"]["count"], 0);
}

#[test]
fn parts_of_an_image_are_left_out_and_reported() {
    let image = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/rdb/unsupported.rdb");
    run_on("dump", &image, &[]).expect(1);
    let report = run_on("dump", &image, &["--json", "--skip-unsupported"])
        .expect(0)
        .json();
    let skipped = &report["skipped"];
    assert_eq!(skipped["kinds"], json!({ "function": 1, "stream": 2 }));
    assert_eq!(skipped["items"][0]["command"], Value::Null);
    assert_eq!(run_on("check", &image, &["--skip-unsupported"]).code, 1);
}

#[test]
fn many_are_counted_and_the_first_described() {
    let dir = TempDir::new().expect("a directory");
    let path = written(&dir, &command(&["XADD", "s", "*", "f", "v"]).repeat(100));
    let report = run_on("check", &path, &["--json", "--skip-unsupported"])
        .expect(1)
        .json();
    assert_eq!(report["skipped"]["count"], 100);
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(64));
    assert!(
        report["notes"][0]
            .as_str()
            .expect("a note")
            .contains("100 parts")
    );
}

#[test]
fn what_no_server_knows_is_refused_all_the_same() {
    let dir = TempDir::new().expect("a directory");
    for bytes in [
        command(&["FROB", "a"]),
        command(&["SET", "a"]),
        b"*x\r\n".to_vec(),
    ] {
        let path = written(&dir, &bytes);
        run_on("dump", &path, &["--skip-unsupported"]).expect(1);
    }
}

/// Redis holds keys of up to 512 MiB.
#[test]
fn a_key_beyond_the_limit_is_not_lost_without_a_word() {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("old.aof");
    let first = command(&["SET", "a", "1"]);
    let long = command(&["SET", &"k".repeat(70_000), "1"]);
    let last = command(&["SET", "b", "1"]);
    fs::write(&file, [&first[..], &long, &last].concat()).expect("a file");
    let said = format!(
        "offset {}: \"SET\": a key of more than 65536 bytes",
        first.len()
    );
    let to = |name: &str| dir.path().join(name);
    let refused = import(&file, &to("no")).expect(1);
    assert!(refused.stderr.contains(&said), "{refused:?}");
    assert!(!to("no").exists(), "nothing is written");
    let found = run_on("check", &file, &["--json"]).expect(1).json();
    assert_eq!(found["verdict"], "unsupported");
    let store = to("store");
    let more = [
        "--to",
        store.to_str().expect("text"),
        "--skip-unsupported",
        "--json",
    ];
    let left = run_on("import", &file, &more).expect(0);
    assert_eq!(left.json()["keys"], 2);
    assert_eq!(left.json()["skipped"]["kinds"]["limit"], 1);
    assert_eq!(left.json()["skipped"]["items"][0]["offset"], first.len());
    assert!(
        left.stderr
            .contains("a key of more than 65536 bytes was left out")
    );
    let mended = to("mended");
    let mut more = vec!["--to", mended.to_str().expect("text"), "--json"];
    let refused = run_on("repair", &file, &more).expect(1);
    assert!(refused.stderr.contains("--skip-unsupported"), "{refused:?}");
    more.push("--skip-unsupported");
    let report = run_on("repair", &file, &more).expect(0).json();
    assert_eq!(
        (&report["keys"], &report["cut_len"]),
        (&2.into(), &0.into())
    );
    assert_eq!(report["skipped"]["kinds"]["limit"], 1);
}

#[test]
fn repair_leaves_a_stream_out_and_what_is_damaged_still_counts() {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("old.aof");
    let stream = command(&["XADD", "s", "1-1", "f", "v"]);
    let set = |key: &str| command(&["SET", key, "1"]);
    let whole = [set("a"), stream.clone(), set("b")].concat();
    fs::write(&file, [&whole[..], b"*x"].concat()).expect("a file");
    let to = |name: &str| dir.path().join(name);
    let (one, other) = (to("one"), to("other"));
    let report = run_on(
        "repair",
        &file,
        &["--to", one.to_str().expect("text"), "--json"],
    );
    let report = report.expect(0).json();
    assert_eq!(report["keys"], 1, "all behind the stream is cut: {report}");
    let more = [
        "--to",
        other.to_str().expect("text"),
        "--json",
        "--skip-unsupported",
    ];
    let report = run_on("repair", &file, &more).expect(0).json();
    assert_eq!(
        (&report["keys"], &report["cut_len"]),
        (&2.into(), &2.into())
    );
    assert_eq!(report["skipped"]["kinds"]["stream"], 1);
    let item = report["skipped"]["items"][0].as_str().expect("text");
    assert!(
        item.ends_with(&format!("offset {}: XADD: a stream", set("a").len())),
        "{item}"
    );
}
