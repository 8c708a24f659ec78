//! Hashes.

use indelible::ScanCursor;

use crate::same::{NONE, Ways, bytes, end, pairs, some, sorted, words};
use crate::{read, refused, written};

#[test]
fn hashes_are_read() {
    let ways = Ways::given(&["HSET h a 1 b 22 c 333"]);
    read!(ways, hget("h", "b"), "HGET h b", some("22"));
    read!(ways, hget("h", "x"), "HGET h x", NONE);
    read!(
        ways,
        hmget("h", ["a", "x", "c"]),
        "HMGET h a x c",
        [some("1"), NONE, some("333")]
    );
    read!(ways, hmget("none", ["a"]), "HMGET none a", [NONE]);
    read!(
        ways,
        hgetall("h"),
        "HGETALL h",
        pairs("a=1 b=22 c=333"),
        sorted
    );
    read!(ways, hgetall("none"), "HGETALL none", pairs(""));
    read!(ways, hkeys("h"), "HKEYS h", words("a b c"), sorted);
    read!(ways, hvals("h"), "HVALS h", words("1 22 333"), sorted);
    read!(ways, hlen("h"), "HLEN h", 3);
    read!(ways, hexists("h", "a"), "HEXISTS h a", true);
    read!(ways, hexists("h", "x"), "HEXISTS h x", false);
    read!(ways, hstrlen("h", "c"), "HSTRLEN h c", 3);
    end(ways);
}

#[test]
fn hashes_are_written() {
    let ways = Ways::given(&[]);
    written!(ways, hset("h", "a", "1"), "HSET h a 1", true);
    written!(ways, hset("h", "a", "2"), "HSET h a 2", false);
    written!(
        ways,
        hset_all("h", [("a", "3"), ("b", "4")]),
        "HSET h a 3 b 4",
        1
    );
    written!(ways, hsetnx("h", "a", "5"), "HSETNX h a 5", false);
    written!(ways, hsetnx("h", "c", "5"), "HSETNX h c 5", true);
    written!(ways, hincr_by("h", "a", -5), "HINCRBY h a -5", -2);
    written!(ways, hincr_by("h", "d", 7), "HINCRBY h d 7", 7);
    written!(
        ways,
        hincr_by_float("h", "d", 0.1),
        "HINCRBYFLOAT h d 0.1",
        7.1
    );
    written!(
        ways,
        hincr_by_float("h", "e", 1e-7),
        "HINCRBYFLOAT h e 1e-7",
        1e-7
    );
    written!(ways, hdel("h", ["b", "x", "c"]), "HDEL h b x c", 2);
    written!(ways, hdel("none", ["b"]), "HDEL none b", 0);
    read!(
        ways,
        hgetall("h"),
        "HGETALL h",
        pairs("a=-2 d=7.1 e=0.0000001"),
        sorted
    );
    end(ways);
}

#[test]
fn fields_are_drawn() {
    let ways = Ways::given(&["HSET one f v", "HSET h a 1 b 2 c 3"]);
    read!(ways, hrandfield("one"), "HRANDFIELD one", some("f"));
    read!(ways, hrandfield("none"), "HRANDFIELD none", NONE);
    read!(
        ways,
        hrandfield_count("h", 9),
        "HRANDFIELD h 9",
        words("a b c"),
        sorted
    );
    read!(
        ways,
        hrandfield_count("one", -3),
        "HRANDFIELD one -3",
        words("f f f")
    );
    read!(
        ways,
        hrandfield_count("none", 3),
        "HRANDFIELD none 3",
        words("")
    );
    let all = pairs("a=1 b=2 c=3");
    read!(
        ways,
        hrandfield_with_values("h", 3),
        "HRANDFIELD h 3 WITHVALUES",
        all,
        sorted
    );
    refused!(
        ways,
        hrandfield_count("h", i64::MIN),
        "HRANDFIELD h -9223372036854775808",
        RankMin
    );
    end(ways);
}

#[test]
fn a_scan_of_a_hash_gives_each_field_once() {
    let ways = Ways::given(&["HSET h a 1 b 2 c 3"]);
    let start = ScanCursor::default();
    let all = pairs("a=1 b=2 c=3");
    read!(
        ways,
        hscan("h", start, "*", 10),
        "HSCAN h 0 MATCH * COUNT 10",
        all,
        |page: indelible::ScanPage<_>| {
            assert_eq!(page.next, None);
            sorted(page.items)
        }
    );
    let store = &ways.handle.store;
    let many = (0..1_000).map(|number| (format!("f{number}"), "v"));
    store.hset_all("many", many).unwrap();
    let (mut cursor, mut found, mut calls) = (Some(start), Vec::new(), 0);
    while let Some(from) = cursor {
        let page = store.hscan("many", from, "f*", 50).unwrap();
        found.extend(page.items);
        cursor = page.next;
        calls += 1;
    }
    let found = sorted(found);
    assert_eq!(
        (found.len(), &found[0]),
        (1_000, &(bytes("f0"), bytes("v")))
    );
    assert!(calls > 5, "it comes in parts");
    refused!(
        ways,
        hscan("h", start, "*", 0),
        "HSCAN h 0 MATCH * COUNT 0",
        Syntax
    );
}

#[test]
fn what_hashes_refuse_is_a_typed_error() {
    let ways = Ways::given(&["SET s x", "HSET h text x big 9223372036854775807"]);
    refused!(ways, hget("s", "f"), "HGET s f", WrongType);
    refused!(ways, hgetall("s"), "HGETALL s", WrongType);
    refused!(ways, hset("s", "f", "v"), "HSET s f v", WrongType);
    refused!(
        ways,
        hincr_by("h", "text", 1),
        "HINCRBY h text 1",
        HashNotAnInteger
    );
    refused!(ways, hincr_by("h", "big", 1), "HINCRBY h big 1", Overflow);
    refused!(
        ways,
        hincr_by_float("h", "text", 1.0),
        "HINCRBYFLOAT h text 1",
        HashNotAFloat
    );
    refused!(
        ways,
        hincr_by_float("h", "n", f64::NAN),
        "HINCRBYFLOAT h n NaN",
        NotAFloat
    );
    refused!(
        ways,
        hincr_by_float("h", "n", f64::INFINITY),
        "HINCRBYFLOAT h n inf",
        Infinite
    );
    refused!(
        ways,
        hset_all("h", [("", ""); 0]),
        "HSET h",
        WrongArity { name: "hset" }
    );
    refused!(
        ways,
        hmget("h", [""; 0]),
        "HMGET h",
        WrongArity { name: "hmget" }
    );
    end(ways);
}
