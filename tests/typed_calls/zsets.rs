//! Sorted sets: members and scores.

use indelible::{ScanCursor, ScanPage, ZAddOptions, ZEnd};

use crate::same::{NONE, Ways, bytes, end, scored, some, sorted, words};
use crate::{read, refused, written};

const INF: f64 = f64::INFINITY;

#[test]
fn sorted_sets_are_read() {
    let ways = Ways::given(&["ZADD z 1 a 2.5 b 2.5 c inf d"]);
    read!(ways, zcard("z"), "ZCARD z", 4);
    read!(ways, zcard("none"), "ZCARD none", 0);
    read!(ways, zscore("z", "b"), "ZSCORE z b", Some(2.5));
    read!(ways, zscore("z", "d"), "ZSCORE z d", Some(INF));
    read!(ways, zscore("z", "x"), "ZSCORE z x", None);
    read!(
        ways,
        zmscore("z", ["a", "x"]),
        "ZMSCORE z a x",
        [Some(1.0), None]
    );
    read!(ways, zrank("z", "c"), "ZRANK z c", Some(2));
    read!(ways, zrevrank("z", "c"), "ZREVRANK z c", Some(1));
    read!(ways, zrank("z", "x"), "ZRANK z x", None);
    end(ways);
}

#[test]
fn scores_are_written() {
    let ways = Ways::given(&[]);
    let plain = ZAddOptions::default();
    written!(
        ways,
        zadd("z", [(1.0, "a"), (0.1, "b")]),
        "ZADD z 1 a 0.1 b",
        2
    );
    written!(
        ways,
        zadd("z", [(-INF, "b"), (1e300, "c")]),
        "ZADD z -inf b 1e300 c",
        1
    );
    let nx = ZAddOptions { nx: true, ..plain };
    written!(
        ways,
        zadd_with("z", nx, [(5.0, "a"), (5.0, "d")]),
        "ZADD z NX 5 a 5 d",
        1
    );
    let gt_ch = ZAddOptions {
        gt: true,
        ch: true,
        ..plain
    };
    written!(
        ways,
        zadd_with("z", gt_ch, [(2.0, "a"), (4.0, "d")]),
        "ZADD z GT CH 2 a 4 d",
        1
    );
    let xx_lt = ZAddOptions {
        xx: true,
        lt: true,
        ..plain
    };
    written!(
        ways,
        zadd_with("z", xx_lt, [(3.0, "d"), (3.0, "e")]),
        "ZADD z XX LT 3 d 3 e",
        0
    );
    written!(
        ways,
        zadd_incr("z", plain, 0.5, "a"),
        "ZADD z INCR 0.5 a",
        Some(2.5)
    );
    written!(
        ways,
        zadd_incr("z", nx, 0.5, "a"),
        "ZADD z NX INCR 0.5 a",
        None
    );
    written!(ways, zincr_by("z", -1.25, "a"), "ZINCRBY z -1.25 a", 1.25);
    written!(ways, zincr_by("z", 3.0, "f"), "ZINCRBY z 3 f", 3.0);
    written!(ways, zrem("z", ["d", "x"]), "ZREM z d x", 1);
    read!(
        ways,
        zmscore("z", ["a", "b", "c", "d", "e", "f"]),
        "ZMSCORE z a b c d e f",
        [Some(1.25), Some(-INF), Some(1e300), None, None, Some(3.0)]
    );
    end(ways);
}

#[test]
fn members_are_popped() {
    let ways = Ways::given(&["ZADD z 1 a 2 b 3 c 4 d 5 e 6 f", "ZADD y 1.5 x"]);
    written!(ways, zpopmin("z"), "ZPOPMIN z", Some((bytes("a"), 1.0)));
    written!(ways, zpopmax("z"), "ZPOPMAX z", Some((bytes("f"), 6.0)));
    written!(ways, zpopmin("none"), "ZPOPMIN none", None);
    written!(
        ways,
        zpopmin_count("z", 2),
        "ZPOPMIN z 2",
        scored("b=2 c=3")
    );
    written!(ways, zpopmax_count("z", 0), "ZPOPMAX z 0", scored(""));
    written!(ways, zpopmax_count("none", 2), "ZPOPMAX none 2", scored(""));
    let popped = Some((bytes("z"), scored("e=5 d=4")));
    written!(
        ways,
        zmpop(["none", "z"], ZEnd::Max, 9),
        "ZMPOP 2 none z MAX COUNT 9",
        popped
    );
    let popped = Some((bytes("y"), scored("x=1.5")));
    written!(ways, zmpop(["y"], ZEnd::Min, 1), "ZMPOP 1 y MIN", popped);
    written!(ways, zmpop(["y"], ZEnd::Min, 1), "ZMPOP 1 y MIN", None);
    end(ways);
}

#[test]
fn members_are_drawn() {
    let ways = Ways::given(&["ZADD one 2 m", "ZADD z 1 a 2 b"]);
    read!(ways, zrandmember("one"), "ZRANDMEMBER one", some("m"));
    read!(ways, zrandmember("none"), "ZRANDMEMBER none", NONE);
    read!(
        ways,
        zrandmember_count("z", 5),
        "ZRANDMEMBER z 5",
        words("a b"),
        sorted
    );
    read!(
        ways,
        zrandmember_count("one", -2),
        "ZRANDMEMBER one -2",
        words("m m")
    );
    let all = scored("a=1 b=2");
    read!(
        ways,
        zrandmember_with_scores("z", 2),
        "ZRANDMEMBER z 2 WITHSCORES",
        all
    );
    end(ways);
}

#[test]
fn a_scan_of_a_sorted_set_gives_each_member_once() {
    let ways = Ways::given(&["ZADD z 1 a 2 b"]);
    let start = ScanCursor::default();
    let all = |page: ScanPage<(Vec<u8>, f64)>| {
        assert_eq!(page.next, None);
        let mut items = page.items;
        items.sort_by(|one, two| one.1.total_cmp(&two.1));
        items
    };
    read!(
        ways,
        zscan("z", start, "*", 9),
        "ZSCAN z 0 MATCH * COUNT 9",
        scored("a=1 b=2"),
        all
    );
    let store = &ways.handle.store;
    let many = (0..1_000).map(|number| (f64::from(number), number.to_string()));
    store.zadd("many", many).unwrap();
    let (mut cursor, mut sum) = (Some(start), 0.0);
    while let Some(from) = cursor {
        let page = store.zscan("many", from, "*", 50).unwrap();
        sum += page.items.iter().map(|(_, score)| score).sum::<f64>();
        cursor = page.next;
    }
    assert_eq!(sum, 499_500.0);
}

#[test]
fn what_sorted_sets_refuse_is_a_typed_error() {
    let ways = Ways::given(&["SET str x", "ZADD z 1 a inf b"]);
    let plain = ZAddOptions::default();
    refused!(ways, zscore("str", "a"), "ZSCORE str a", WrongType);
    refused!(ways, zadd("str", [(1.0, "a")]), "ZADD str 1 a", WrongType);
    refused!(
        ways,
        zadd("z", [(f64::NAN, "a")]),
        "ZADD z NaN a",
        NotAFloat
    );
    refused!(
        ways,
        zincr_by("z", -INF, "b"),
        "ZINCRBY z -inf b",
        ScoreNotANumber
    );
    let nx_xx = ZAddOptions {
        nx: true,
        xx: true,
        ..plain
    };
    refused!(
        ways,
        zadd_with("z", nx_xx, [(1.0, "a")]),
        "ZADD z NX XX 1 a",
        NxXx
    );
    let gt_lt = ZAddOptions {
        gt: true,
        lt: true,
        ..plain
    };
    refused!(
        ways,
        zadd_with("z", gt_lt, [(1.0, "a")]),
        "ZADD z GT LT 1 a",
        GtLtNx
    );
    refused!(
        ways,
        zadd("z", [(0.0, ""); 0]),
        "ZADD z",
        WrongArity { name: "zadd" }
    );
    let ch = ZAddOptions { ch: true, ..plain };
    refused!(
        ways,
        zadd_with("zz", ch, [(0.0, ""); 0]),
        "ZADD zz CH",
        WrongArity { name: "zadd" }
    );
    refused!(
        ways,
        zmpop(["z"], ZEnd::Min, 0),
        "ZMPOP 1 z MIN COUNT 0",
        CountZero
    );
    end(ways);
}
