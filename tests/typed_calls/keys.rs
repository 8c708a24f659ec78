//! Keys and their expiry.

use std::time::{Duration, SystemTime};

use indelible::{CopyOptions, ExpireConditions, Expires, KeyType, ScanCursor, ScanPage, Ttl};

use crate::same::{NONE, Ways, end, some, sorted, words};
use crate::{read, refused, written};

/// One of each type.
const EACH: &[&str] = &[
    "SET string x",
    "RPUSH list x",
    "HSET hash f v",
    "SADD set x",
    "ZADD zset 1 x",
];

fn later() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(4_102_444_800_000)
}

#[test]
fn keys_are_read() {
    let ways = Ways::given(EACH);
    read!(ways, exists("set"), "EXISTS set", true);
    read!(ways, exists("none"), "EXISTS none", false);
    read!(
        ways,
        exists_all(["set", "none", "set"]),
        "EXISTS set none set",
        2
    );
    read!(ways, touch(["set", "none"]), "TOUCH set none", 1);
    read!(ways, keys("?set"), "KEYS ?set", words("zset"));
    read!(ways, dbsize(), "DBSIZE", 5);
    for (key, expected) in [
        ("string", Some(KeyType::String)),
        ("list", Some(KeyType::List)),
        ("hash", Some(KeyType::Hash)),
        ("set", Some(KeyType::Set)),
        ("zset", Some(KeyType::ZSet)),
        ("none", None),
    ] {
        read!(ways, key_type(key), &format!("TYPE {key}"), expected);
        assert!(expected.is_none_or(|it| it.name() == key));
    }
    end(ways);
}

#[test]
fn scans_give_keys_of_a_pattern_and_a_type() {
    let ways = Ways::given(EACH);
    let start = ScanCursor::default();
    let all = |page: ScanPage<_>| {
        assert_eq!(page.next, None);
        sorted(page.items)
    };
    read!(
        ways,
        scan(start, "*set", 50),
        "SCAN 0 MATCH *set COUNT 50",
        words("set zset"),
        all
    );
    let line = "SCAN 0 MATCH * COUNT 50 TYPE zset";
    read!(
        ways,
        scan_type(start, "*", 50, KeyType::ZSet),
        line,
        words("zset"),
        all
    );
}

#[test]
fn a_key_is_drawn() {
    let ways = Ways::given(&["SET a 1"]);
    read!(ways, randomkey(), "RANDOMKEY", some("a"));
    let store = &ways.handle.store;
    assert_eq!(store.db(1).randomkey().unwrap(), NONE);
}

#[test]
fn keys_are_removed_and_named() {
    let ways = Ways::given(EACH);
    written!(ways, del("string"), "DEL string", true);
    written!(ways, del("string"), "DEL string", false);
    written!(ways, del_all(["list", "none"]), "DEL list none", 1);
    written!(ways, unlink("hash"), "UNLINK hash", true);
    written!(ways, unlink_all(["hash", "none"]), "UNLINK hash none", 0);
    written!(ways, rename("set", "s"), "RENAME set s", ());
    written!(ways, renamenx("s", "zset"), "RENAMENX s zset", false);
    written!(ways, renamenx("s", "t"), "RENAMENX s t", true);
    refused!(ways, rename("none", "x"), "RENAME none x", NoSuchKey);
    end(ways);
}

#[test]
fn keys_go_to_other_databases() {
    let ways = Ways::given(EACH);
    let plain = CopyOptions::default();
    written!(ways, copy("set", "zset", plain), "COPY set zset", false);
    let replace = CopyOptions {
        replace: true,
        ..plain
    };
    written!(
        ways,
        copy("set", "zset", replace),
        "COPY set zset REPLACE",
        true
    );
    let other = CopyOptions {
        db: Some(3),
        ..plain
    };
    written!(ways, copy("set", "set", other), "COPY set set DB 3", true);
    written!(ways, move_key("hash", 3), "MOVE hash 3", true);
    written!(ways, move_key("hash", 3), "MOVE hash 3", false);
    written!(ways, swapdb(3, 4), "SWAPDB 3 4", ());
    assert!(ways.handle.store.db(4).exists("hash").unwrap());
    written!(ways, flush_db(), "FLUSHDB", ());
    assert!(ways.handle.store.db(4).exists("hash").unwrap());
    refused!(ways, copy("a", "a", plain), "COPY a a", SameObject);
    refused!(ways, move_key("a", 0), "MOVE a 0", SameObject);
    refused!(ways, move_key("a", 16_384), "MOVE a 16384", InvalidDb);
    refused!(ways, swapdb(0, 16_384), "SWAPDB 0 16384", InvalidDb);
    end(ways);
}

#[test]
fn flush_all_leaves_nothing() {
    let ways = Ways::given(EACH);
    ways.handle.store.db(9).set("a", "1").unwrap();
    written!(ways, flush_all(), "FLUSHALL", ());
    assert_eq!(ways.handle.store.db(9).dbsize().unwrap(), 0);
    end(ways);
}

#[test]
fn expiry_is_read_and_written() {
    let ways = Ways::given(&["SET a 1", "SET b 1"]);
    written!(
        ways,
        expire_at("a", later()),
        "PEXPIREAT a 4102444800000",
        true
    );
    written!(
        ways,
        expire_at("none", later()),
        "PEXPIREAT none 4102444800000",
        false
    );
    read!(ways, expiretime("a"), "PEXPIRETIME a", Expires::At(later()));
    read!(ways, expiretime("b"), "PEXPIRETIME b", Expires::Never);
    read!(
        ways,
        expiretime("none"),
        "PEXPIRETIME none",
        Expires::Missing
    );
    let xx = ExpireConditions {
        xx: true,
        ..ExpireConditions::default()
    };
    written!(
        ways,
        expire_at_with("b", later(), xx),
        "PEXPIREAT b 4102444800000 XX",
        false
    );
    let nx = ExpireConditions {
        nx: true,
        ..ExpireConditions::default()
    };
    written!(
        ways,
        expire_at_with("b", later(), nx),
        "PEXPIREAT b 4102444800000 NX",
        true
    );
    written!(ways, persist("b"), "PERSIST b", true);
    written!(ways, persist("b"), "PERSIST b", false);
    let both = ExpireConditions { xx: true, ..nx };
    let line = "PEXPIREAT b 4102444800000 NX XX";
    refused!(ways, expire_at_with("b", later(), both), line, ExclusiveNx);
    end(ways);
}

#[test]
fn time_that_is_left_is_read() {
    let ways = Ways::given(&["SET a 1", "SET b 1"]);
    let store = &ways.handle.store;
    let minute = Duration::from_secs(60);
    assert!(store.expire_in("a", minute).unwrap());
    let left = |ttl| match ttl {
        Ttl::Left(left) => left,
        other => panic!("{other:?}"),
    };
    let seen = store.update(|it| it.ttl("a").map(Some)).unwrap().unwrap();
    assert!(left(seen) <= minute && left(seen) > minute / 2);
    assert!(left(store.ttl("a").unwrap()) <= left(seen), "it gets less");
    let gt = ExpireConditions {
        gt: true,
        ..ExpireConditions::default()
    };
    assert!(!store.expire_in_with("a", minute / 2, gt).unwrap());
    assert!(store.expire_in_with("a", minute * 2, gt).unwrap());
    read!(ways, ttl("b"), "PTTL b", Ttl::Never);
    read!(ways, ttl("none"), "PTTL none", Ttl::Missing);
    written!(ways, expire_in("b", Duration::ZERO), "PEXPIRE b 0", true);
    read!(ways, exists("b"), "EXISTS b", false);
}
