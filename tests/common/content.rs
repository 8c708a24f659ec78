//! What a keyspace or a server holds, in a form that compares.
#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use indelible::keyspace::{Entry, Keyspace, Value};
use serde_json::{Map, Value as Json, json};

#[cfg(unix)]
use super::redis::{Client, Reply};

/// As many databases as Redis has by default.
pub const DATABASES: u32 = 16;

/// A value of any type.
#[derive(Clone, Debug, PartialEq)]
pub enum Held {
    String(Vec<u8>),
    List(Vec<Vec<u8>>),
    Set(BTreeSet<Vec<u8>>),
    Hash(BTreeMap<Vec<u8>, Vec<u8>>),
    /// Members and the bits of their scores, by rank.
    ZSet(Vec<(Vec<u8>, u64)>),
}

/// Database and key to value and expiry in milliseconds since 1970.
pub type Content = BTreeMap<(u32, Vec<u8>), (Held, Option<u64>)>;

pub fn of_keyspace(keyspace: &Keyspace) -> Content {
    let mut content = Content::new();
    for db in keyspace.databases() {
        for (key, entry) in keyspace.iter(db) {
            let expiry = entry.expiry.map(|at| at.0);
            content.insert((db, key.to_vec()), (held(&entry.to_entry()), expiry));
        }
    }
    content
}

fn held(entry: &Entry) -> Held {
    let owned = |(name, value): (&[u8], &[u8])| (name.to_vec(), value.to_vec());
    match &entry.value {
        Value::String(string) => Held::String(string.to_vec()),
        Value::List(list) => Held::List(list.iter().map(<[u8]>::to_vec).collect()),
        Value::Set(set) => Held::Set(set.iter().map(<[u8]>::to_vec).collect()),
        Value::Hash(fields) => Held::Hash(fields.iter().map(owned).collect()),
        Value::ZSet(zset) => {
            let pairs = zset.iter();
            Held::ZSet(
                pairs
                    .map(|(score, member)| (member.to_vec(), bits(score)))
                    .collect(),
            )
        }
        other => panic!("{} is not known here", other.type_name()),
    }
}

/// -0 is 0: Redis says the one or the other.
fn bits(score: f64) -> u64 {
    (score + 0.0).to_bits()
}

/// All that a server holds, read by its commands.
#[cfg(unix)]
pub fn of_server(client: &mut Client) -> Content {
    let mut content = Content::new();
    for db in 0..DATABASES {
        assert_eq!(client.say(&format!("SELECT {db}")), Reply::ok());
        for key in client.call(&[b"KEYS", b"*"]).into_list() {
            let value = held_by_server(client, &key);
            let Reply::Int(expiry) = client.call(&[b"PEXPIRETIME", &key]) else {
                panic!("an expiry");
            };
            content.insert((db, key), (value, u64::try_from(expiry).ok()));
        }
        let keys = content.range((db, Vec::new())..).count();
        assert_eq!(client.call(&[b"DBSIZE"]), Reply::Int(keys as i64));
    }
    content
}

#[cfg(unix)]
fn held_by_server(client: &mut Client, key: &[u8]) -> Held {
    let Reply::Simple(kind) = client.call(&[b"TYPE", key]) else {
        panic!("a type");
    };
    let pairs = |flat: Vec<Vec<u8>>| {
        let pairs = flat.chunks_exact(2);
        pairs
            .map(|pair| (pair[0].clone(), pair[1].clone()))
            .collect::<Vec<_>>()
    };
    let score = |text: Vec<u8>| {
        let text = String::from_utf8(text).expect("a score");
        bits(text.parse().expect("a score"))
    };
    match kind.as_str() {
        "string" => Held::String(client.call(&[b"GET", key]).into_bytes()),
        "list" => Held::List(client.call(&[b"LRANGE", key, b"0", b"-1"]).into_list()),
        "set" => {
            let members = client.call(&[b"SMEMBERS", key]).into_list();
            Held::Set(members.into_iter().collect())
        }
        "hash" => {
            let flat = client.call(&[b"HGETALL", key]).into_list();
            Held::Hash(pairs(flat).into_iter().collect())
        }
        "zset" => {
            let argv: [&[u8]; 5] = [b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"];
            let pairs = pairs(client.call(&argv).into_list()).into_iter();
            Held::ZSet(pairs.map(|(member, text)| (member, score(text))).collect())
        }
        other => panic!("{other} is not known here"),
    }
}

/// Panics with the first key that differs.
pub fn assert_same(found: &Content, expected: &Content, what: &str) {
    for ((db, key), value) in expected {
        let held = found.get(&(*db, key.clone()));
        assert!(
            held == Some(value),
            "{what}: database {db}, key {}: found {}, expected {}",
            key.escape_ascii(),
            short(&held),
            short(&value)
        );
    }
    for (db, key) in found.keys() {
        assert!(
            expected.contains_key(&(*db, key.clone())),
            "{what}: database {db} has the key {} too much",
            key.escape_ascii()
        );
    }
}

fn short(it: &impl std::fmt::Debug) -> String {
    let text = format!("{it:?}");
    text.chars().take(2_000).collect()
}

/// As `indelible dump --json` tells databases.
pub fn json(content: &Content) -> Json {
    let mut dbs = Map::new();
    for ((db, key), (held, expiry)) in content {
        let keys = dbs
            .entry(db.to_string())
            .or_insert_with(|| Json::Object(Map::new()));
        let (type_name, value) = json_of(held);
        keys[BASE64.encode(key)] = json!({"type": type_name, "value": value, "pexpireat": expiry});
    }
    Json::Object(dbs)
}

fn json_of(held: &Held) -> (&'static str, Json) {
    let text = |bytes: &Vec<u8>| BASE64.encode(bytes);
    match held {
        Held::String(string) => ("string", json!(text(string))),
        Held::List(list) => ("list", list.iter().map(text).collect()),
        Held::Set(set) => {
            let sorted: BTreeSet<_> = set.iter().map(text).collect();
            ("set", sorted.into_iter().collect())
        }
        Held::Hash(fields) => {
            let fields = fields.iter();
            let sorted: BTreeMap<_, _> = fields
                .map(|(field, value)| (text(field), text(value)))
                .collect();
            let pairs = sorted.into_iter();
            (
                "hash",
                pairs.map(|(field, value)| json!([field, value])).collect(),
            )
        }
        Held::ZSet(zset) => {
            let pairs = zset.iter();
            let pair = |(member, score): &(Vec<u8>, u64)| {
                json!([text(member), python_repr(f64::from_bits(*score))])
            };
            ("zset", pairs.map(pair).collect())
        }
    }
}

/// A number as Python spells it.
pub fn python_repr(number: f64) -> String {
    let text = format!("{number:?}");
    let Some((digits, exponent)) = text.split_once('e') else {
        return text;
    };
    let digits = digits.trim_end_matches(".0");
    let exponent: i32 = exponent.parse().unwrap();
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}
