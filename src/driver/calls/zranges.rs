//! Sorted sets: ranges by rank, by score and by name.

use std::format;
use std::ops::{
    Bound, Range, RangeBounds, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive,
};
use std::string::{String, ToString};
use std::vec::Vec;

use super::argv::{Argv, float};

/// Names from one to another, by their bytes.
///
/// Made of any Rust range: `"a".."c"`, `"a"..="c"`, `.."c"`, `..`, or a pair of
/// [`Bound`]s.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LexRange {
    low: Bound<Vec<u8>>,
    high: Bound<Vec<u8>>,
}

impl LexRange {
    fn of<K: AsRef<[u8]>, R: RangeBounds<K>>(range: &R) -> Self {
        let name = |bound: Bound<&K>| bound.map(|name| name.as_ref().to_vec());
        Self {
            low: name(range.start_bound()),
            high: name(range.end_bound()),
        }
    }

    /// As Redis writes both bounds.
    fn words(&self) -> [Vec<u8>; 2] {
        let word = |bound: &Bound<Vec<u8>>, open: &[u8]| match bound {
            Bound::Included(name) => [&b"["[..], name].concat(),
            Bound::Excluded(name) => [&b"("[..], name].concat(),
            Bound::Unbounded => open.to_vec(),
        };
        [word(&self.low, b"-"), word(&self.high, b"+")]
    }
}

macro_rules! names_from {
    ($($range:ty),*) => {$(
        impl<K: AsRef<[u8]>> From<$range> for LexRange {
            fn from(range: $range) -> Self {
                Self::of::<K, _>(&range)
            }
        }
    )*};
}

names_from!(
    Range<K>,
    RangeInclusive<K>,
    RangeFrom<K>,
    RangeTo<K>,
    RangeToInclusive<K>,
    (Bound<K>, Bound<K>)
);

impl From<RangeFull> for LexRange {
    fn from(range: RangeFull) -> Self {
        Self::of::<&[u8], _>(&range)
    }
}

/// The bounds of scores as Redis writes them.
fn scores(range: &impl RangeBounds<f64>) -> [String; 2] {
    let word = |bound: Bound<&f64>, open: &str| match bound {
        Bound::Included(score) => float(*score),
        Bound::Excluded(score) => format!("({}", float(*score)),
        Bound::Unbounded => open.to_string(),
    };
    [
        word(range.start_bound(), "-inf"),
        word(range.end_bound(), "+inf"),
    ]
}

/// A range of a sorted set, in one of `ZRANGE`'s three kinds.
///
/// ```
/// use indelible::ZRange;
///
/// let all = ZRange::by_rank(0, -1);
/// let top_three = ZRange::by_rank(0, 2).rev();
/// let second_page = ZRange::by_score(10.0..).limit(20, Some(20));
/// let names = ZRange::by_lex("a".."c");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ZRange {
    by: Option<&'static str>,
    low: Vec<u8>,
    high: Vec<u8>,
    rev: bool,
    limit: Option<(u64, Option<u64>)>,
}

impl ZRange {
    fn new(by: Option<&'static str>, bounds: [impl Into<Vec<u8>>; 2]) -> Self {
        let [low, high] = bounds.map(Into::into);
        Self {
            by,
            low,
            high,
            rev: false,
            limit: None,
        }
    }

    /// Members from a rank to another, both included; below 0 counted from the end.
    #[must_use]
    pub fn by_rank(start: i64, stop: i64) -> Self {
        Self::new(None, [start.to_string(), stop.to_string()])
    }

    /// Members whose scores are in a range (`BYSCORE`).
    #[must_use]
    pub fn by_score(range: impl RangeBounds<f64>) -> Self {
        Self::new(Some("BYSCORE"), scores(&range))
    }

    /// Members that are in a range themselves (`BYLEX`); they must all have the same score.
    #[must_use]
    pub fn by_lex(range: impl Into<LexRange>) -> Self {
        Self::new(Some("BYLEX"), range.into().words())
    }

    /// From the highest to the lowest (`REV`); ranks are then counted from the highest.
    #[must_use]
    pub fn rev(mut self) -> Self {
        self.rev = true;
        self
    }

    /// Skips the first `offset` members and gives `count` at most, or all (`LIMIT`).
    ///
    /// For ranges by score and by name: by rank a count is refused
    /// ([`CommandError::LimitByRank`](crate::CommandError::LimitByRank)) and an offset alone skips
    /// nothing, as in Redis.
    #[must_use]
    pub fn limit(mut self, offset: u64, count: Option<u64>) -> Self {
        self.limit = Some((offset, count));
        self
    }

    /// Bounds and options behind a command's keys.
    fn write(self, argv: Argv) -> Argv {
        // Redis wants the bound first from which it goes.
        let (from, to) = match self.rev && self.by.is_some() {
            true => (self.high, self.low),
            false => (self.low, self.high),
        };
        let argv = argv.arg(from).arg(to);
        let argv = argv.args(self.by).word("REV", self.rev);
        match self.limit {
            Some((offset, Some(count))) => argv.arg("LIMIT").number(offset).number(count),
            Some((offset, None)) => argv.arg("LIMIT").number(offset).number(-1),
            None => argv,
        }
    }
}

reads! {
    /// Sorted sets: ranges.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// use indelible::ZRange;
    ///
    /// store.zadd("board", [(3.0, "ada"), (1.0, "bob"), (2.0, "eve")])?;
    /// assert_eq!(store.zrange("board", ZRange::by_rank(0, 1).rev())?, [b"ada", b"eve"]);
    /// assert_eq!(store.zcount("board", 1.0..3.0)?, 2);
    /// let low = store.zrange_with_scores("board", ZRange::by_score(..=2.0).limit(0, Some(1)))?;
    /// assert_eq!(low, [(b"bob".to_vec(), 1.0)]);
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// The members in a range.
    fn zrange(key: impl AsRef<[u8]>, range: ZRange) -> Vec<Vec<u8>> {
        range.write(Argv::new("ZRANGE").arg(key))
    }

    /// The members in a range, with their scores; a range by name is refused
    /// ([`CommandError::ScoresByLex`](crate::CommandError::ScoresByLex)).
    fn zrange_with_scores(key: impl AsRef<[u8]>, range: ZRange) -> Vec<(Vec<u8>, f64)> {
        range.write(Argv::new("ZRANGE").arg(key)).arg("WITHSCORES")
    }

    /// How many members have a score in a range.
    fn zcount(key: impl AsRef<[u8]>, range: impl RangeBounds<f64>) -> u64 {
        Argv::new("ZCOUNT").arg(key).args(scores(&range))
    }

    /// How many members are in a range by name; they must all have the same score.
    fn zlexcount(key: impl AsRef<[u8]>, range: impl Into<LexRange>) -> u64 {
        Argv::new("ZLEXCOUNT").arg(key).args(range.into().words())
    }
}

writes! {
    /// Sorted sets: storing and removing ranges.
    impl Db;

    /// Puts the members in a range, with their scores, under another key; how many they are.
    fn zrangestore(
        destination: impl AsRef<[u8]>,
        source: impl AsRef<[u8]>,
        range: ZRange,
    ) -> u64 {
        range.write(Argv::new("ZRANGESTORE").arg(destination).arg(source))
    }

    /// Removes the members from a rank to another, both included; how many they were.
    fn zremrangebyrank(key: impl AsRef<[u8]>, start: i64, stop: i64) -> u64 {
        Argv::new("ZREMRANGEBYRANK").arg(key).number(start).number(stop)
    }

    /// Removes the members whose scores are in a range; how many they were.
    fn zremrangebyscore(key: impl AsRef<[u8]>, range: impl RangeBounds<f64>) -> u64 {
        Argv::new("ZREMRANGEBYSCORE").arg(key).args(scores(&range))
    }

    /// Removes the members in a range by name, who must all have the same score; how many they were.
    fn zremrangebylex(key: impl AsRef<[u8]>, range: impl Into<LexRange>) -> u64 {
        Argv::new("ZREMRANGEBYLEX").arg(key).args(range.into().words())
    }
}
