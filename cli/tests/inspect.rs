//! `indelible inspect`: the picture and the document, of all that it reads.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Log, Run, binary, command, contents, import, redis_case, run_on};
use serde_json::Value;
use tempfile::TempDir;

/// Runs it where `name` is, so that no output holds another path.
fn inspect(dir: &Path, name: &str, more: &[&str]) -> Run {
    let mut command = binary();
    command.current_dir(dir).args(["inspect", name]).args(more);
    let output = command.output().expect("the binary starts");
    Run {
        code: output.status.code().expect("not killed"),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

/// A directory as Redis 7 writes it, with all that an inspection may find.
///
/// Expiries lie in the last century or the next, so no clock changes what is seen.
fn shop(dir: &Path) -> PathBuf {
    let shop = dir.join("shop");
    fs::create_dir_all(&shop).expect("a directory");
    let mut base = Vec::new();
    for number in 1..=9 {
        let user = format!("shop:user:{number}:name");
        base.extend(command(&["SET", &user, &format!("user number {number}")]));
    }
    base.extend(command(&["RPUSH", "shop:cart:7", "a book", "a pen", "ink"]));
    base.extend(command(&["PEXPIREAT", "shop:cart:7", "4102444800000"]));
    base.extend(command(&["SET", "shop:session:1", "x", "PXAT", "86400000"]));
    let mut incremental = b"#TS:1700000000\r\n".to_vec();
    incremental.extend(command(&[
        "HSET",
        "logs/2023/11",
        "14",
        "22:13",
        "15",
        "9:00",
    ]));
    incremental.extend(command(&["ZADD", "shop.rank", "1.5", "pen", "2", "ink"]));
    incremental.extend(command(&["INCRBY", "shop:user:1:name", "1"])); // it does nothing
    incremental.extend(command(&[
        "SET",
        "<script>alert(1)</script>:&\"'",
        &"v".repeat(300),
    ]));
    incremental.extend(command(&["SELECT", "3"]));
    incremental.extend(b"*3\r\n$4\r\nSADD\r\n$5\r\n\0\xff:\r\n\r\n$1\r\nm\r\n");
    incremental.extend(b"#TS:1700003600\r\n");
    for _ in 0..20 {
        incremental.extend(command(&["SET", "counter", &"9".repeat(40)]));
    }
    let manifest = "file a.1.base.aof seq 1 type b\nfile a.1.incr.aof seq 1 type i\n";
    for (name, bytes) in [
        ("a.manifest", manifest.as_bytes()),
        ("a.1.base.aof", &base),
        ("a.1.incr.aof", &incremental),
        ("a.0.incr.aof", b"left over"),
    ] {
        fs::write(shop.join(name), bytes).expect("a file");
    }
    shop
}

#[test]
fn picture_of_a_directory_of_redis() {
    let dir = TempDir::new().expect("a directory");
    shop(dir.path());
    let run = inspect(dir.path(), "shop", &[]).expect(0);
    insta::assert_snapshot!("shop", run.stdout);
}

#[test]
fn document_of_a_directory_of_redis() {
    let dir = TempDir::new().expect("a directory");
    shop(dir.path());
    let run = inspect(dir.path(), "shop", &["--json"]).expect(0);
    insta::assert_snapshot!("shop-json", run.stdout);
}

#[test]
fn picture_of_a_store() {
    let dir = TempDir::new().expect("a directory");
    Log::of_commits(500).store(&dir.path().join("store"));
    let run = inspect(dir.path(), "store", &["--top", "3"]).expect(0);
    insta::assert_snapshot!("store", run.stdout);
}

#[test]
fn document_of_a_store() {
    let dir = TempDir::new().expect("a directory");
    Log::of_commits(5).store(&dir.path().join("store"));
    let run = inspect(dir.path(), "store", &["--top", "2", "--json"]).expect(0);
    insta::assert_snapshot!("store-json", run.stdout);
}

#[test]
fn picture_of_an_image() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/rdb");
    let run = inspect(&data, "strings.rdb", &["--top", "3", "--match", "t*"]).expect(0);
    insta::assert_snapshot!("image", run.stdout);
}

#[test]
fn recorded_directories_are_counted_as_they_are_dumped() {
    for case in ["commands", "rewritten", "rdb-base", "timestamps"] {
        let (path, held) = redis_case(case);
        let before = contents(&path);
        let found = run_on("inspect", &path, &["--json"]).expect(0).json();
        let mut all = 0;
        for (db, keys) in held.as_object().expect("databases") {
            let keys = keys.as_object().expect("keys");
            let expiring = keys.values().filter(|key| !key["pexpireat"].is_null());
            let databases = found["keys"]["databases"].as_array().expect("databases");
            let number: u32 = db.parse().expect("a number");
            let counted = databases.iter().find(|it| it["db"] == number);
            let counted = counted.unwrap_or(&Value::Null);
            assert_eq!(counted["keys"], keys.len(), "{case} {db}");
            assert_eq!(counted["expiring"], expiring.count(), "{case} {db}");
            all += keys.len();
        }
        assert_eq!(found["keys"]["count"], all, "{case}");
        assert_eq!(contents(&path), before, "{case}");
    }
}

#[test]
fn bytes_of_keys_are_those_of_a_base() {
    let dir = TempDir::new().expect("a directory");
    let (path, _) = redis_case("rewritten");
    let store = dir.path().join("store");
    import(&path, &store).expect(0);
    let found = run_on("inspect", &store, &["--json"]).expect(0).json();
    let body = |kind: &str| {
        let frames = found["log"]["frames"].as_array().expect("frames");
        let frames = frames.iter().find(|it| it["kind"] == kind);
        frames.expect("this kind")["body_len"]
            .as_u64()
            .expect("bytes")
    };
    let commands = found["commands"]["kinds"].as_array().expect("kinds");
    let select = commands.iter().find(|it| it["name"] == "SELECT");
    let selects = select.expect("each frame selects")["len"].as_u64();
    let keys = found["keys"]["len"].as_u64();
    assert_eq!(keys, Some(body("base") - selects.expect("bytes")));
    assert_eq!(found["keys"]["len"], sum(&found["prefixes"], "len"));
    assert_eq!(found["keys"]["count"], sum(&found["prefixes"], "keys"));
}

fn sum(databases: &Value, of: &str) -> u64 {
    let databases = databases.as_array().expect("databases").iter();
    databases.map(|it| it[of].as_u64().expect("a number")).sum()
}

#[test]
fn base_that_is_an_image_counts_as_dense_as_it_is() {
    let (path, _) = redis_case("rdb-base");
    let found = run_on("inspect", &path, &["--json"]).expect(0).json();
    let size = &found["size"];
    assert_eq!(size["live_as"], "rdb");
    let image = &found["files"][1];
    assert_eq!(
        (&image["role"], &image["rdb"]["keys"]),
        (&"base".into(), &220.into())
    );
    // 48,012 bytes of commands behind it changed little: mostly they are dead.
    let (live, image) = (size["live_len"].as_u64(), image["rdb"]["len"].as_u64());
    let ratio = live.expect("bytes") as f64 / image.expect("bytes") as f64;
    assert!((0.95..1.15).contains(&ratio), "{ratio}");
}

#[test]
fn selected_keys_alone_are_counted_and_the_rewrite_is_not() {
    let dir = TempDir::new().expect("a directory");
    let shop = shop(dir.path());
    let whole = run_on("inspect", &shop, &["--json"]).expect(0).json();
    let some = [
        "--json",
        "--match",
        "shop:user:*",
        "--type",
        "string",
        "--db",
        "0",
    ];
    let some = run_on("inspect", &shop, &some).expect(0).json();
    assert_eq!(some["keys"]["count"], 9);
    assert_eq!(some["keys"]["selected"], true);
    assert_eq!(some["prefixes"][0]["keys"], 9);
    assert_eq!(some["largest_keys"].as_array().map(Vec::len), Some(9));
    assert_eq!(
        some["largest_collections"].as_array().map(Vec::len),
        Some(0)
    );
    assert_eq!(some["size"], whole["size"]);
    assert_eq!(some["commands"], whole["commands"]);
}

#[test]
fn past_state_says_nothing_of_a_rewrite() {
    let dir = TempDir::new().expect("a directory");
    let store = Log::of_commits(9).store(dir.path());
    let found = run_on("inspect", &store, &["--json", "--at-lsn", "4"]).expect(0);
    let found = found.json();
    assert_eq!(found["keys"]["count"], 4);
    assert_eq!(found["size"]["live_len"], Value::Null);
}

#[test]
fn numbers_have_bounds() {
    let dir = TempDir::new().expect("a directory");
    let shop = shop(dir.path());
    for wrong in [["--top", "10001"], ["--depth", "17"], ["--depth", "x"]] {
        run_on("inspect", &shop, &wrong).expect(2);
    }
    let none = ["--top", "0", "--depth", "0", "--json"];
    let none = run_on("inspect", &shop, &none).expect(0).json();
    assert_eq!(none["largest_keys"], Value::Array(Vec::new()));
    assert_eq!(none["prefixes"][0]["children"], Value::Array(Vec::new()));
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let dir = TempDir::new().expect("a directory");
    let name = "a\x1b[31m.aof";
    let file = command(&["SET", "\x1b]0;x\x07:\r\nk", "v"]);
    fs::write(dir.path().join(name), file).expect("a file");
    let run = inspect(dir.path(), name, &[]).expect(0);
    let is_drawn = |letter: char| letter == '\n' || !letter.is_control();
    assert!(run.stdout.chars().all(is_drawn), "{:?}", run.stdout);
    assert!(run.stdout.contains(r"\x1b]0;x\x07:\r\nk"), "{}", run.stdout);
}
