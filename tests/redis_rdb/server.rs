//! Images that a server wrote, compared with what it held.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use indelible::redis::rdb::{RdbError, RdbValue, Unsupported};
use serde_json::Value as Json;

use crate::support::{Image, Keys, read, read_in_small_windows, read_skipping};

fn data(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data")).join(name)
}

pub fn image_of(case: &str) -> Vec<u8> {
    fs::read(data(&format!("rdb/{case}.rdb"))).expect("an image")
}

fn bytes(json: &Json) -> Vec<u8> {
    BASE64.decode(json.as_str().expect("text")).expect("base64")
}

fn array<T>(json: &Json, each: impl Fn(&Json) -> T) -> Vec<T> {
    json.as_array()
        .expect("an array")
        .iter()
        .map(each)
        .collect()
}

/// A value as the JSON beside an image tells it; none if it is of no core type.
fn value(json: &Json) -> Option<RdbValue> {
    let held = &json["value"];
    let score = |json: &Json| json.as_str().expect("text").parse().expect("a score");
    Some(match json["type"].as_str().expect("a type") {
        "string" => RdbValue::String(bytes(held)),
        "list" => RdbValue::List(array(held, bytes)),
        "set" => RdbValue::Set(array(held, bytes)),
        "hash" => RdbValue::Hash(array(held, |pair| (bytes(&pair[0]), bytes(&pair[1])))),
        "zset" => RdbValue::ZSet(array(held, |pair| (bytes(&pair[0]), score(&pair[1])))),
        _ => return None,
    })
}

fn keys(json: &Json) -> Keys {
    let mut keys = Keys::new();
    for (db, held) in json["dbs"].as_object().expect("databases") {
        let db = db.parse().expect("a number");
        for (key, entry) in held.as_object().expect("keys") {
            let key = BASE64.decode(key).expect("base64");
            if let Some(value) = value(entry) {
                keys.insert((db, key), (entry["pexpireat"].as_u64(), sorted(value)));
            }
        }
    }
    keys
}

/// The same value, in an order that does not depend on how it was encoded.
fn sorted(mut value: RdbValue) -> RdbValue {
    match &mut value {
        RdbValue::Set(members) => members.sort(),
        RdbValue::Hash(pairs) => pairs.sort(),
        RdbValue::ZSet(pairs) => pairs.sort_by(|(member, score), (other, than)| {
            score.total_cmp(than).then_with(|| member.cmp(other))
        }),
        _ => {}
    }
    value
}

fn json(name: &str) -> Json {
    let text = fs::read_to_string(data(name)).expect("JSON");
    serde_json::from_str(&text).expect("JSON")
}

fn sorted_keys(image: &Image) -> Keys {
    let keys = image.keys.clone().into_iter();
    keys.map(|(key, (expiry, value))| (key, (expiry, sorted(value))))
        .collect()
}

fn assert_equals_the_server(case: &str) -> Image {
    let file = image_of(case);
    let image = read(&file).expect("it is read");
    assert_eq!(image.version, 10);
    let expected = keys(&json(&format!("rdb/{case}.json")));
    assert_eq!(sorted_keys(&image), expected);
    assert!(!expected.is_empty());
    assert_eq!(image.len, file.len() as u64);
    assert!(
        image
            .aux
            .contains(&(b"redis-ver".to_vec(), b"7.0.15".to_vec()))
    );
    assert_eq!(read_in_small_windows(&file).expect("it is read"), image);
    image
}

#[test]
fn strings_equal_the_server() {
    for case in ["strings", "strings-lru", "strings-lfu"] {
        assert!(assert_equals_the_server(case).checksum.is_some());
    }
}

#[test]
fn strings_without_compression_and_checksum_equal_the_server() {
    let image = assert_equals_the_server("strings-uncompressed-unchecked");
    assert_eq!(image.checksum, None);
}

#[test]
fn small_collections_equal_the_server() {
    for case in ["small", "small-uncompressed"] {
        assert_equals_the_server(case);
    }
}

#[test]
fn large_collections_equal_the_server() {
    assert_equals_the_server("large");
}

#[test]
fn nodes_of_one_element_equal_the_server() {
    assert_equals_the_server("plain-nodes");
}

#[test]
fn streams_and_functions_of_the_server_are_named_or_left_out() {
    let file = image_of("unsupported");
    let error = read(&file).expect_err("it is refused");
    let named = matches!(
        error,
        RdbError::Unsupported {
            what: Unsupported::Function,
            ..
        }
    );
    assert!(named, "{error}");
    let image = read_skipping(&file).expect("the rest is read");
    assert_eq!(image.keys, keys(&json("rdb/unsupported.json")));
    assert_eq!(image.keys.len(), 2);
    let mut what: Vec<_> = image
        .skipped
        .iter()
        .map(|(_, what, key)| (what.to_string(), key.clone().unwrap_or_default()))
        .collect();
    what.sort();
    let expected = [
        ("a library of functions", &b""[..]),
        ("a stream", b"empty"),
        ("a stream", b"stream"),
    ];
    assert_eq!(
        what,
        expected.map(|(what, key)| (what.to_owned(), key.to_vec()))
    );
    assert_eq!(read_in_small_windows(&file).expect("it is read"), image);
}

/// What no later command names is in the base as it was at the end; databases apart from 0 were
/// swapped and flushed later.
#[test]
fn base_of_a_random_workload_equals_the_server() {
    let file = fs::read(data("aof/rdb-base/appendonly.aof.3.base.rdb")).expect("a base");
    let later = fs::read(data("aof/rdb-base/appendonly.aof.3.incr.aof")).expect("commands");
    let named = |key: &[u8]| later.windows(key.len()).any(|window| window == key);
    let image = read(&file).expect("it is read");
    let (held, mut compared) = (sorted_keys(&image), 0);
    for (key, entry) in keys(&json("aof/rdb-base.json")) {
        if key.0 == 0 && !named(&key.1) {
            assert_eq!(held.get(&key), Some(&entry));
            compared += 1;
        }
    }
    assert!(compared > 50, "{compared}");
}
