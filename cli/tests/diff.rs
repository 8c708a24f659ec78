//! `indelible diff` says what two states hold differently, whatever files they are in.

mod common;

use std::fs;
use std::path::Path;

use common::{command, import, redis_case, run};
use tempfile::TempDir;

fn diff(a: &Path, b: &Path, more: &[&str]) -> common::Run {
    let text = |path: &Path| path.to_str().expect("text").to_owned();
    let mut args = vec!["diff".to_owned(), text(a), text(b)];
    args.extend(more.iter().map(|it| (*it).to_owned()));
    run(&args)
}

#[test]
fn every_difference_is_named() {
    let dir = TempDir::new().expect("a directory");
    let (a, b) = (dir.path().join("a.aof"), dir.path().join("b.aof"));
    let file = |path: &Path, commands: &[&[&str]]| {
        let bytes: Vec<u8> = commands.iter().flat_map(|argv| command(argv)).collect();
        fs::write(path, bytes).expect("a file");
    };
    let common: [&[&str]; 2] = [&["SET", "same", "x"], &["SADD", "equal", "x", "y"]];
    let of_a: [&[&str]; 9] = [
        &["SET", "gone", "x"],
        &["SET", "kind", "x"],
        &["SET", "string", "abc"],
        &["RPUSH", "list", "x", "y\r\n"],
        &["HSET", "hash", "f", "1"],
        &["SADD", "set", "x"],
        &["ZADD", "zset", "1.5", "m"],
        &["SET", "expiring", "x"],
        &["PEXPIREAT", "expiring", "4102444800000"],
    ];
    let of_b: [&[&str]; 9] = [
        &["RPUSH", "kind", "x"],
        &["SET", "string", "abd"],
        &["RPUSH", "list", "x"],
        &["HSET", "hash", "f", "2"],
        &["SADD", "set", "x", "y"],
        &["ZADD", "zset", "2", "m"],
        &["SET", "expiring", "x"],
        &["SELECT", "3"],
        &["SET", "new", "x"],
    ];
    file(&a, &[&common[..], &of_a[..]].concat());
    file(&b, &[&common[..], &of_b[..]].concat());
    let lines = [
        "db 0: 1 only in A",
        r#"- "gone" string"#,
        "db 0: 7 differing",
        r#"! "expiring" expiry: 4102444800000 in A, none in B"#,
        r#"! "hash" hash: field "f": "1" in A, "2" in B"#,
        r#"! "kind" type: string in A, list in B"#,
        r#"! "list" list: element 1: "y\r\n" in A, none in B"#,
        r#"! "set" set: member "y" in B alone"#,
        r#"! "string" string: from byte 2 on; 3 bytes in A, 3 in B"#,
        r#"! "zset" zset: member "m": score 1.5 in A, 2 in B"#,
        "db 3: 1 only in B",
        r#"+ "new" string"#,
        "",
    ];
    assert_eq!(diff(&a, &b, &[]).expect(1).stdout, lines.join("\n"));
    let json = diff(&a, &b, &["--json", "--limit", "1"]).expect(1).json();
    assert_eq!(json["equal"], false);
    assert_eq!(json["dbs"]["0"]["differing"]["count"], 7);
    assert_eq!(
        json["dbs"]["0"]["differing"]["keys"]
            .as_array()
            .expect("keys")
            .len(),
        1
    );
}

#[test]
fn files_of_redis_and_a_store_made_of_them_do_not_differ() {
    let dir = TempDir::new().expect("a directory");
    let (redis, _) = redis_case("commands");
    let store = dir.path().join("store");
    import(&redis, &store).expect(0);
    assert_eq!(diff(&redis, &store, &[]).expect(0).stdout, "");
    assert_eq!(
        diff(&store, &redis, &["--json"]).expect(0).json()["equal"],
        true
    );
    let (other, _) = redis_case("rewritten");
    diff(&store, &other, &[]).expect(1);
    diff(&store, &dir.path().join("nowhere"), &[]).expect(3);
}
