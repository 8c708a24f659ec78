//! Sorted sets: ranges, and several at once.

use std::ops::Bound;

use indelible::{Aggregate, ZInputs, ZRange};

use crate::same::{Ways, end, scored, words};
use crate::{read, refused, written};

const FIVE: &str = "ZADD z 1 a 2 b 3 c 4 d 5 e";
const NAMES: &str = "ZADD n 0 alpha 0 beta 0 delta 0 gamma";

#[test]
fn ranges_by_rank() {
    let ways = Ways::given(&[FIVE]);
    read!(
        ways,
        zrange("z", ZRange::by_rank(1, -2)),
        "ZRANGE z 1 -2",
        words("b c d")
    );
    read!(
        ways,
        zrange("z", ZRange::by_rank(0, 1).rev()),
        "ZRANGE z 0 1 REV",
        words("e d")
    );
    read!(
        ways,
        zrange("none", ZRange::by_rank(0, -1)),
        "ZRANGE none 0 -1",
        words("")
    );
    let range = ZRange::by_rank(-2, -1);
    let expected = scored("d=4 e=5");
    read!(
        ways,
        zrange_with_scores("z", range.clone()),
        "ZRANGE z -2 -1 WITHSCORES",
        expected
    );
    end(ways);
}

#[test]
fn ranges_by_score() {
    let ways = Ways::given(&[FIVE]);
    let between = ZRange::by_score(2.0..=4.0);
    read!(
        ways,
        zrange("z", between.clone()),
        "ZRANGE z 2 4 BYSCORE",
        words("b c d")
    );
    let line = "ZRANGE z 4 2 BYSCORE REV LIMIT 1 1";
    read!(
        ways,
        zrange("z", between.clone().rev().limit(1, Some(1))),
        line,
        words("c")
    );
    let line = "ZRANGE z 2 (4 BYSCORE WITHSCORES";
    read!(
        ways,
        zrange_with_scores("z", ZRange::by_score(2.0..4.0)),
        line,
        scored("b=2 c=3")
    );
    let above = (Bound::Excluded(3.0), Bound::Unbounded);
    read!(
        ways,
        zrange("z", ZRange::by_score(above)),
        "ZRANGE z (3 +inf BYSCORE",
        words("d e")
    );
    let line = "ZRANGE z -inf +inf BYSCORE LIMIT 3 -1";
    read!(
        ways,
        zrange("z", ZRange::by_score(..).limit(3, None)),
        line,
        words("d e")
    );
    read!(ways, zcount("z", ..=2.0), "ZCOUNT z -inf 2", 2);
    read!(ways, zcount("z", above), "ZCOUNT z (3 +inf", 2);
    end(ways);
}

#[test]
fn ranges_by_name() {
    let ways = Ways::given(&[NAMES]);
    let line = "ZRANGE n [b (g BYLEX";
    read!(
        ways,
        zrange("n", ZRange::by_lex("b".."g")),
        line,
        words("beta delta")
    );
    let line = "ZRANGE n [gamma (alpha BYLEX REV";
    let range = (Bound::Excluded("alpha"), Bound::Included("gamma"));
    read!(
        ways,
        zrange("n", ZRange::by_lex(range).rev()),
        line,
        words("gamma delta beta")
    );
    let line = "ZRANGE n - + BYLEX LIMIT 1 2";
    read!(
        ways,
        zrange("n", ZRange::by_lex(..).limit(1, Some(2))),
        line,
        words("beta delta")
    );
    read!(ways, zlexcount("n", .."c"), "ZLEXCOUNT n - (c", 2);
    read!(
        ways,
        zlexcount("n", "beta"..="delta"),
        "ZLEXCOUNT n [beta [delta",
        2
    );
    read!(ways, zlexcount("n", vec![b'd']..), "ZLEXCOUNT n [d +", 2);
    read!(
        ways,
        zlexcount("n", ..=String::from("beta")),
        "ZLEXCOUNT n - [beta",
        2
    );
    end(ways);
}

#[test]
fn ranges_are_stored_and_removed() {
    let ways = Ways::given(&[FIVE, NAMES]);
    let line = "ZRANGESTORE to z 4 2 BYSCORE REV";
    written!(
        ways,
        zrangestore("to", "z", ZRange::by_score(2.0..=4.0).rev()),
        line,
        3
    );
    written!(
        ways,
        zrangestore("gone", "z", ZRange::by_rank(9, 9)),
        "ZRANGESTORE gone z 9 9",
        0
    );
    written!(
        ways,
        zremrangebyrank("z", -1, -1),
        "ZREMRANGEBYRANK z -1 -1",
        1
    );
    written!(
        ways,
        zremrangebyscore("z", ..2.0),
        "ZREMRANGEBYSCORE z -inf (2",
        1
    );
    written!(
        ways,
        zremrangebylex("n", "b".."g"),
        "ZREMRANGEBYLEX n [b (g",
        2
    );
    written!(
        ways,
        zremrangebyscore("none", ..),
        "ZREMRANGEBYSCORE none -inf +inf",
        0
    );
    end(ways);
}

#[test]
fn several_are_combined() {
    let ways = Ways::given(&["ZADD x 1 a 2 b", "ZADD y 10 b 20 c", "SADD s b"]);
    read!(ways, zunion(["x", "y"]), "ZUNION 2 x y", words("a b c"));
    let all = scored("a=1 b=12 c=20");
    read!(
        ways,
        zunion_with_scores(["x", "y"]),
        "ZUNION 2 x y WITHSCORES",
        all
    );
    let weighted = || ZInputs::weighted([("x", 2.0), ("y", 0.5)]).aggregate(Aggregate::Max);
    let line = "ZUNION 2 x y WEIGHTS 2 0.5 AGGREGATE MAX WITHSCORES";
    read!(
        ways,
        zunion_with_scores(weighted()),
        line,
        scored("a=2 b=5 c=10")
    );
    read!(
        ways,
        zinter(vec!["x", "y", "s"]),
        "ZINTER 3 x y s",
        words("b")
    );
    let line = "ZINTER 2 x s AGGREGATE MIN WITHSCORES";
    let least = ZInputs::new(["x", "s"]).aggregate(Aggregate::Min);
    read!(ways, zinter_with_scores(least.clone()), line, scored("b=1"));
    read!(ways, zintercard(["x", "y"], 0), "ZINTERCARD 2 x y", 1);
    read!(
        ways,
        zintercard(["y", "y"], 1),
        "ZINTERCARD 2 y y LIMIT 1",
        1
    );
    read!(ways, zdiff(["x", "y"]), "ZDIFF 2 x y", words("a"));
    read!(
        ways,
        zdiff_with_scores(["y", "x"]),
        "ZDIFF 2 y x WITHSCORES",
        scored("c=20")
    );
    written!(
        ways,
        zunionstore("u", &["x", "y"][..]),
        "ZUNIONSTORE u 2 x y",
        3
    );
    let line = "ZINTERSTORE i 2 x y WEIGHTS 2 0.5 AGGREGATE MAX";
    written!(ways, zinterstore("i", weighted()), line, 1);
    written!(ways, zdiffstore("d", ["x", "y"]), "ZDIFFSTORE d 2 x y", 1);
    written!(ways, zdiffstore("u", ["x", "x"]), "ZDIFFSTORE u 2 x x", 0);
    end(ways);
}

#[test]
fn what_ranges_refuse_is_a_typed_error() {
    let ways = Ways::given(&["SET str x", FIVE]);
    refused!(
        ways,
        zrange("str", ZRange::by_rank(0, 1)),
        "ZRANGE str 0 1",
        WrongType
    );
    let limited = ZRange::by_rank(0, 1).limit(0, Some(1));
    refused!(
        ways,
        zrange("z", limited.clone()),
        "ZRANGE z 0 1 LIMIT 0 1",
        LimitByRank
    );
    let line = "ZRANGE z - + BYLEX WITHSCORES";
    refused!(
        ways,
        zrange_with_scores("z", ZRange::by_lex(..)),
        line,
        ScoresByLex
    );
    refused!(
        ways,
        zcount("z", f64::NAN..),
        "ZCOUNT z NaN +inf",
        BoundNotAFloat
    );
    refused!(ways, zunion(["z", "str"]), "ZUNION 2 z str", WrongType);
    let nan = ZInputs::weighted([("z", f64::NAN)]);
    refused!(
        ways,
        zunion(nan.clone()),
        "ZUNION 1 z WEIGHTS NaN",
        WeightNotAFloat
    );
    refused!(
        ways,
        zdiffstore("d", [""; 0]),
        "ZDIFFSTORE d 0",
        WrongArity { name: "zdiffstore" }
    );
    let none: [&str; 0] = [];
    refused!(
        ways,
        zunionstore("d", ZInputs::new(none).aggregate(Aggregate::Min)),
        "ZUNIONSTORE d 0 AGGREGATE MIN",
        NoInputKey {
            name: "zunionstore".into()
        }
    );
    end(ways);
}
