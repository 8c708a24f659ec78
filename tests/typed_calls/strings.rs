//! Strings.

use std::time::Duration;

use indelible::{LcsMatch, LcsMatches, SetCondition, SetExpiry, SetOptions, Ttl};

use crate::same::{NONE, Ways, bytes, end, some};
use crate::{read, refused, written};

/// 2100-01-01, in milliseconds since 1970.
const LATER: i64 = 4_102_444_800_000;

#[test]
fn strings_are_read() {
    let ways = Ways::given(&["SET a hello", "RPUSH l x"]);
    read!(ways, get("a"), "GET a", some("hello"));
    read!(ways, get("none"), "GET none", NONE);
    read!(
        ways,
        mget(["a", "l", "none"]),
        "MGET a l none",
        [some("hello"), NONE, NONE]
    );
    read!(ways, strlen("a"), "STRLEN a", 5);
    read!(ways, strlen("none"), "STRLEN none", 0);
    read!(ways, getrange("a", 1, -2), "GETRANGE a 1 -2", bytes("ell"));
    read!(
        ways,
        getrange("none", 0, -1),
        "GETRANGE none 0 -1",
        bytes("")
    );
    end(ways);
}

#[test]
fn strings_are_written() {
    let ways = Ways::given(&[]);
    written!(ways, set("a", "1"), "SET a 1", ());
    let there = SetOptions {
        condition: Some(SetCondition::Present),
        expiry: SetExpiry::At(LATER),
        get: false,
    };
    written!(
        ways,
        set_with("a", "2", there),
        "SET a 2 XX PXAT 4102444800000",
        true
    );
    written!(
        ways,
        set_with("none", "2", there),
        "SET none 2 XX PXAT 4102444800000",
        false
    );
    let keep = SetOptions {
        expiry: SetExpiry::Keep,
        ..SetOptions::default()
    };
    written!(
        ways,
        set_get("a", "3", keep),
        "SET a 3 KEEPTTL GET",
        some("2")
    );
    written!(ways, setnx("a", "4"), "SETNX a 4", false);
    written!(ways, setnx("b", "4"), "SETNX b 4", true);
    written!(ways, getset("b", "5"), "GETSET b 5", some("4"));
    written!(ways, getdel("b"), "GETDEL b", some("5"));
    written!(ways, getdel("b"), "GETDEL b", NONE);
    written!(ways, mset([("c", "1"), ("d", "2")]), "MSET c 1 d 2", ());
    written!(
        ways,
        msetnx([("d", "3"), ("e", "3")]),
        "MSETNX d 3 e 3",
        false
    );
    written!(
        ways,
        msetnx([("e", "3"), ("f", "4")]),
        "MSETNX e 3 f 4",
        true
    );
    written!(ways, append("e", "33"), "APPEND e 33", 3);
    written!(ways, setrange("e", 5, "x"), "SETRANGE e 5 x", 6);
    end(ways);
}

#[test]
fn numbers_are_counted() {
    let ways = Ways::given(&[]);
    written!(ways, incr("n"), "INCR n", 1);
    written!(ways, incr_by("n", 41), "INCRBY n 41", 42);
    written!(ways, decr("n"), "DECR n", 41);
    written!(ways, decr_by("n", -1), "DECRBY n -1", 42);
    written!(ways, incr_by_float("n", 0.1), "INCRBYFLOAT n 0.1", 42.1);
    written!(
        ways,
        incr_by_float("m", -1.5e-3),
        "INCRBYFLOAT m -1.5e-3",
        -0.0015
    );
    end(ways);
}

#[test]
fn reading_changes_an_expiry_if_it_is_told_to() {
    let ways = Ways::given(&["SET a 1"]);
    written!(
        ways,
        getex("a", SetExpiry::At(LATER)),
        "GETEX a PXAT 4102444800000",
        some("1")
    );
    written!(ways, getex("a", SetExpiry::Keep), "GETEX a", some("1"));
    written!(
        ways,
        getex("none", SetExpiry::Never),
        "GETEX none PERSIST",
        NONE
    );
    let left = |ways: &Ways| matches!(ways.handle.store.ttl("a"), Ok(Ttl::Left(_)));
    assert!(left(&ways));
    written!(
        ways,
        getex("a", SetExpiry::Never),
        "GETEX a PERSIST",
        some("1")
    );
    assert!(!left(&ways));
    refused!(
        ways,
        getex("a", SetExpiry::In(0)),
        "GETEX a PX 0",
        InvalidExpire { name: "getex" }
    );
    end(ways);
}

#[test]
fn setex_lets_a_value_expire() {
    let ways = Ways::given(&[]);
    let store = &ways.handle.store;
    store.setex("a", Duration::from_secs(60), "1").unwrap();
    let Ttl::Left(left) = store.ttl("a").unwrap() else {
        panic!("it expires");
    };
    assert!(left <= Duration::from_secs(60) && left > Duration::from_secs(50));
    let line = "PSETEX a 0 x";
    refused!(
        ways,
        setex("a", Duration::ZERO, "x"),
        line,
        InvalidExpire { name: "psetex" }
    );
}

#[test]
fn what_two_strings_have_in_common_is_read() {
    let ways = Ways::given(&["MSET a ohmytext b mynewtext", "RPUSH l x"]);
    read!(ways, lcs("a", "b"), "LCS a b", bytes("mytext"));
    read!(ways, lcs("a", "none"), "LCS a none", bytes(""));
    read!(ways, lcs_len("a", "b"), "LCS a b LEN", 6);
    let line = "LCS a b IDX MINMATCHLEN 0 WITHMATCHLEN";
    let run = |a, b, len| LcsMatch { a, b, len };
    let matches = vec![run(4, 5, 4), run(2, 0, 2)];
    read!(
        ways,
        lcs_idx("a", "b", 0),
        line,
        LcsMatches { matches, len: 6 }
    );
    let line = "LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN";
    let matches = vec![run(4, 5, 4)];
    read!(
        ways,
        lcs_idx("a", "b", 4),
        line,
        LcsMatches { matches, len: 6 }
    );
    refused!(ways, lcs("a", "l"), "LCS a l", LcsNotStrings);
    end(ways);
}

#[test]
fn what_strings_refuse_is_a_typed_error() {
    let ways = Ways::given(&["RPUSH l x", "SET text x", "SET big 9223372036854775807"]);
    refused!(ways, get("l"), "GET l", WrongType);
    refused!(ways, strlen("l"), "STRLEN l", WrongType);
    refused!(ways, append("l", "x"), "APPEND l x", WrongType);
    refused!(ways, getdel("l"), "GETDEL l", WrongType);
    refused!(ways, incr("text"), "INCR text", NotAnInteger);
    refused!(ways, incr("big"), "INCR big", Overflow);
    refused!(
        ways,
        decr_by("big", i64::MIN),
        "DECRBY big -9223372036854775808",
        DecrementOverflow
    );
    refused!(
        ways,
        incr_by_float("text", 1.0),
        "INCRBYFLOAT text 1",
        NotAFloat
    );
    refused!(
        ways,
        incr_by_float("none", f64::INFINITY),
        "INCRBYFLOAT none inf",
        NotFinite
    );
    refused!(
        ways,
        setrange("text", 1 << 29, "x"),
        "SETRANGE text 536870912 x",
        TooLong
    );
    end(ways);
}
