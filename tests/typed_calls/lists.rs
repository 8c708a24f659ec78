//! Lists.

use indelible::{InsertAt, LPosOptions, ListEnd};

use crate::same::{NONE, Ways, bytes, end, some, words};
use crate::{read, refused, written};

#[test]
fn lists_are_read() {
    let ways = Ways::given(&["RPUSH l a b c a b a", "SET s x"]);
    read!(ways, llen("l"), "LLEN l", 6);
    read!(ways, llen("none"), "LLEN none", 0);
    read!(ways, lindex("l", 1), "LINDEX l 1", some("b"));
    read!(ways, lindex("l", -1), "LINDEX l -1", some("a"));
    read!(ways, lindex("l", 6), "LINDEX l 6", NONE);
    read!(ways, lrange("l", 1, -4), "LRANGE l 1 -4", words("b c"));
    read!(ways, lrange("none", 0, -1), "LRANGE none 0 -1", words(""));
    end(ways);
}

#[test]
fn positions_are_found() {
    let ways = Ways::given(&["RPUSH l a b c a b a"]);
    let first = LPosOptions::default();
    read!(ways, lpos("l", "a", first), "LPOS l a", Some(0));
    read!(ways, lpos("l", "x", first), "LPOS l x", None);
    let second = LPosOptions { rank: 2, ..first };
    read!(ways, lpos("l", "a", second), "LPOS l a RANK 2", Some(3));
    let last = LPosOptions {
        rank: -1,
        maxlen: 1,
    };
    read!(
        ways,
        lpos("l", "b", last),
        "LPOS l b RANK -1 MAXLEN 1",
        None
    );
    read!(
        ways,
        lpos_count("l", "a", 0, first),
        "LPOS l a COUNT 0",
        [0, 3, 5]
    );
    read!(
        ways,
        lpos_count("l", "a", 2, LPosOptions { rank: -1, ..first }),
        "LPOS l a RANK -1 COUNT 2",
        [5, 3]
    );
    read!(
        ways,
        lpos_count("none", "a", 2, first),
        "LPOS none a COUNT 2",
        [0; 0]
    );
    let zeroth = LPosOptions { rank: 0, ..first };
    refused!(ways, lpos("l", "a", zeroth), "LPOS l a RANK 0", RankZero);
    end(ways);
}

#[test]
fn lists_are_written() {
    let ways = Ways::given(&[]);
    written!(ways, rpush("l", ["b", "c"]), "RPUSH l b c", 2);
    written!(ways, lpush("l", ["a", "z"]), "LPUSH l a z", 4);
    written!(ways, rpushx("l", vec![bytes("d")]), "RPUSHX l d", 5);
    written!(ways, lpushx("l", [b"y"]), "LPUSHX l y", 6);
    written!(ways, rpushx("none", ["x"]), "RPUSHX none x", 0);
    written!(ways, lpushx("none", ["x"]), "LPUSHX none x", 0);
    written!(
        ways,
        linsert("l", InsertAt::Before, "b", "1"),
        "LINSERT l BEFORE b 1",
        Some(7)
    );
    written!(
        ways,
        linsert("l", InsertAt::After, "b", "2"),
        "LINSERT l AFTER b 2",
        Some(8)
    );
    written!(
        ways,
        linsert("l", InsertAt::After, "x", "2"),
        "LINSERT l AFTER x 2",
        None
    );
    written!(
        ways,
        linsert("none", InsertAt::After, "x", "2"),
        "LINSERT none AFTER x 2",
        None
    );
    written!(ways, lset("l", -1, "e"), "LSET l -1 e", ());
    written!(ways, lrem("l", 1, "1"), "LREM l 1 1", 1);
    written!(ways, lrem("l", 0, "x"), "LREM l 0 x", 0);
    written!(ways, ltrim("l", 1, -2), "LTRIM l 1 -2", ());
    read!(
        ways,
        lrange("l", 0, -1),
        "LRANGE l 0 -1",
        words("z a b 2 c")
    );
    end(ways);
}

#[test]
fn elements_are_taken_and_moved() {
    let ways = Ways::given(&["RPUSH l a b c d e f g h", "RPUSH m x"]);
    written!(ways, lpop("l"), "LPOP l", some("a"));
    written!(ways, rpop("l"), "RPOP l", some("h"));
    written!(ways, lpop("none"), "LPOP none", NONE);
    written!(ways, rpop("none"), "RPOP none", NONE);
    written!(ways, lpop_count("l", 2), "LPOP l 2", words("b c"));
    written!(ways, rpop_count("l", 2), "RPOP l 2", words("g f"));
    written!(ways, lpop_count("l", 0), "LPOP l 0", words(""));
    written!(ways, lpop_count("none", 2), "LPOP none 2", words(""));
    let (left, right) = (ListEnd::Left, ListEnd::Right);
    written!(
        ways,
        lmove("l", "m", left, right),
        "LMOVE l m LEFT RIGHT",
        some("d")
    );
    written!(
        ways,
        lmove("m", "m", right, left),
        "LMOVE m m RIGHT LEFT",
        some("d")
    );
    written!(
        ways,
        lmove("none", "m", right, left),
        "LMOVE none m RIGHT LEFT",
        NONE
    );
    written!(ways, rpoplpush("l", "m"), "RPOPLPUSH l m", some("e"));
    let popped = Some((bytes("m"), words("x d")));
    written!(
        ways,
        lmpop(["none", "m"], right, 2),
        "LMPOP 2 none m RIGHT COUNT 2",
        popped
    );
    written!(ways, lmpop(["none"], left, 1), "LMPOP 1 none LEFT", None);
    end(ways);
}

#[test]
fn what_lists_refuse_is_a_typed_error() {
    let ways = Ways::given(&["SET s x", "RPUSH l a"]);
    refused!(ways, lrange("s", 0, -1), "LRANGE s 0 -1", WrongType);
    refused!(ways, rpush("s", ["a"]), "RPUSH s a", WrongType);
    refused!(ways, lset("none", 0, "a"), "LSET none 0 a", NoSuchKey);
    refused!(ways, lset("l", 1, "a"), "LSET l 1 a", IndexOutOfRange);
    refused!(
        ways,
        rpush("l", [""; 0]),
        "RPUSH l",
        WrongArity { name: "rpush" }
    );
    refused!(
        ways,
        lmpop(["l"], ListEnd::Left, 0),
        "LMPOP 1 l LEFT COUNT 0",
        CountZero
    );
    refused!(
        ways,
        lmpop([""; 0], ListEnd::Left, 1),
        "LMPOP 0 LEFT COUNT 1",
        NumKeys
    );
    refused!(
        ways,
        lpop_count("l", u64::MAX),
        "LPOP l 18446744073709551615",
        NotPositive
    );
    end(ways);
}
