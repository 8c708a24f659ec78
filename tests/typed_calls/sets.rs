//! Sets.

use indelible::{ScanCursor, ScanPage};

use crate::same::{NONE, Ways, end, some, sorted, words};
use crate::{read, refused, written};

#[test]
fn sets_are_read() {
    let ways = Ways::given(&["SADD s a b c"]);
    read!(ways, scard("s"), "SCARD s", 3);
    read!(ways, scard("none"), "SCARD none", 0);
    read!(ways, smembers("s"), "SMEMBERS s", words("a b c"), sorted);
    read!(ways, smembers("none"), "SMEMBERS none", words(""));
    read!(ways, sismember("s", "a"), "SISMEMBER s a", true);
    read!(ways, sismember("s", "x"), "SISMEMBER s x", false);
    read!(
        ways,
        smismember("s", ["a", "x"]),
        "SMISMEMBER s a x",
        [true, false]
    );
    end(ways);
}

#[test]
fn sets_are_combined() {
    let ways = Ways::given(&["SADD s a b c", "SADD t b c d"]);
    read!(
        ways,
        sunion(["s", "t"]),
        "SUNION s t",
        words("a b c d"),
        sorted
    );
    read!(ways, sinter(["s", "t"]), "SINTER s t", words("b c"), sorted);
    read!(
        ways,
        sdiff(["s", "t", "none"]),
        "SDIFF s t none",
        words("a")
    );
    read!(ways, sintercard(["s", "t"], 0), "SINTERCARD 2 s t", 2);
    read!(
        ways,
        sintercard(["s", "t"], 1),
        "SINTERCARD 2 s t LIMIT 1",
        1
    );
    written!(ways, sunionstore("u", ["s", "t"]), "SUNIONSTORE u s t", 4);
    written!(ways, sinterstore("i", ["s", "t"]), "SINTERSTORE i s t", 2);
    written!(ways, sdiffstore("d", ["t", "s"]), "SDIFFSTORE d t s", 1);
    written!(
        ways,
        sinterstore("u", ["s", "none"]),
        "SINTERSTORE u s none",
        0
    );
    end(ways);
}

#[test]
fn sets_are_written() {
    let ways = Ways::given(&[]);
    written!(ways, sadd("s", ["a", "b", "a"]), "SADD s a b a", 2);
    written!(ways, sadd("s", ["a"]), "SADD s a", 0);
    written!(ways, smove("s", "t", "a"), "SMOVE s t a", true);
    written!(ways, smove("s", "t", "x"), "SMOVE s t x", false);
    written!(ways, sadd("s", ["c", "d"]), "SADD s c d", 2);
    written!(ways, srem("s", ["c", "x"]), "SREM s c x", 1);
    written!(ways, spop("t"), "SPOP t", some("a"));
    written!(ways, spop("none"), "SPOP none", NONE);
    written!(ways, spop_count("s", 0), "SPOP s 0", words(""));
    written!(ways, spop_count("none", 2), "SPOP none 2", words(""));
    written!(ways, sadd("one", ["x"]), "SADD one x", 1);
    written!(ways, spop_count("one", 5), "SPOP one 5", words("x"));
    end(ways);
}

#[test]
fn members_are_drawn() {
    let ways = Ways::given(&["SADD one m", "SADD s a b c"]);
    read!(ways, srandmember("one"), "SRANDMEMBER one", some("m"));
    read!(ways, srandmember("none"), "SRANDMEMBER none", NONE);
    read!(
        ways,
        srandmember_count("s", 9),
        "SRANDMEMBER s 9",
        words("a b c"),
        sorted
    );
    read!(
        ways,
        srandmember_count("one", -2),
        "SRANDMEMBER one -2",
        words("m m")
    );
    read!(
        ways,
        srandmember_count("none", 2),
        "SRANDMEMBER none 2",
        words("")
    );
    end(ways);
}

/// What is drawn is drawn once: the log holds which, so it is gone after the next opening as well.
#[test]
fn what_is_popped_stays_popped() {
    let ways = Ways::given(&[]);
    let store = &ways.handle.store;
    store.sadd("s", (0..100).map(|it| it.to_string())).unwrap();
    let popped = store.spop_count("s", 40).unwrap();
    let left = store.smembers("s").unwrap();
    assert_eq!((popped.len(), left.len()), (40, 60));
    assert!(popped.iter().all(|member| !left.contains(member)));
    let content = ways.handle.reopened();
    let (held, _) = &content[&(0, b"s".to_vec())];
    let expected = left.into_iter().collect();
    assert_eq!(held, &crate::content::Held::Set(expected));
}

#[test]
fn a_scan_of_a_set_gives_each_member_once() {
    let ways = Ways::given(&["SADD s a b c"]);
    let start = ScanCursor::default();
    let all = |page: ScanPage<_>| {
        assert_eq!(page.next, None);
        sorted(page.items)
    };
    read!(
        ways,
        sscan("s", start, "*", 10),
        "SSCAN s 0 MATCH * COUNT 10",
        words("a b c"),
        all
    );
    read!(
        ways,
        sscan("s", start, "b", 10),
        "SSCAN s 0 MATCH b COUNT 10",
        words("b"),
        all
    );
    let store = &ways.handle.store;
    store
        .sadd("many", (0..1_000).map(|it| it.to_string()))
        .unwrap();
    let (mut cursor, mut found) = (Some(start), Vec::new());
    while let Some(from) = cursor {
        let page = store.sscan("many", from, "*", 50).unwrap();
        found.extend(page.items);
        cursor = page.next;
    }
    found = sorted(found);
    found.dedup();
    assert_eq!(found.len(), 1_000);
}

#[test]
fn what_sets_refuse_is_a_typed_error() {
    let ways = Ways::given(&["SET str x", "SADD s a"]);
    refused!(ways, smembers("str"), "SMEMBERS str", WrongType);
    refused!(ways, sadd("str", ["a"]), "SADD str a", WrongType);
    refused!(ways, sunion(["s", "str"]), "SUNION s str", WrongType);
    refused!(ways, smove("s", "str", "a"), "SMOVE s str a", WrongType);
    refused!(
        ways,
        sadd("s", [""; 0]),
        "SADD s",
        WrongArity { name: "sadd" }
    );
    refused!(
        ways,
        sinter([""; 0]),
        "SINTER",
        WrongArity { name: "sinter" }
    );
    refused!(
        ways,
        sintercard([""; 0], 0),
        "SINTERCARD 0 LIMIT 0",
        NumKeys
    );
    refused!(
        ways,
        spop_count("s", u64::MAX),
        "SPOP s 18446744073709551615",
        NotPositive
    );
    end(ways);
}
