//! Sorted sets: members and scores one by one.

use std::string::String;
use std::vec::Vec;

use super::Asked;
use super::argv::{Argv, float};
use super::scans::{ScanPage, scan};
use crate::command::Reply;
use crate::driver::error::StoreError;
use crate::driver::from_reply::FromReply;
use crate::keyspace::ScanCursor;

/// A member and its score.
type Scored = (Vec<u8>, f64);

/// Which members [`Db::zadd_with`](crate::Db::zadd_with) adds or changes, and what it counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ZAddOptions {
    /// Only adds; goes with none of `xx`, `gt`, `lt`.
    pub nx: bool,
    /// Only changes.
    pub xx: bool,
    /// Changes a score only if the new one is greater; adds all the same. Not with `lt`.
    pub gt: bool,
    /// Changes a score only if the new one is less; adds all the same. Not with `gt`.
    pub lt: bool,
    /// Counts members that were changed, too.
    pub ch: bool,
}

/// An end of a sorted set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ZEnd {
    /// Where scores are lowest.
    Min,
    /// Where scores are highest.
    Max,
}

reads! {
    /// Sorted sets: reading members and scores.
    ///
    /// Members come by rising scores, those of one score by their bytes. A rank is an index in this
    /// order, from 0 on.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// store.zadd("board", [(31.0, "ada"), (26.5, "charles")])?;
    /// assert_eq!(store.zscore("board", "charles")?, Some(26.5));
    /// assert_eq!(store.zrevrank("board", "ada")?, Some(0));
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// How many members a sorted set has; 0 if there is none.
    fn zcard(key: impl AsRef<[u8]>) -> u64 {
        Argv::new("ZCARD").arg(key)
    }

    /// The score of a member.
    fn zscore(key: impl AsRef<[u8]>, member: impl AsRef<[u8]>) -> Option<f64> {
        Argv::new("ZSCORE").arg(key).arg(member)
    }

    /// The scores of several members.
    fn zmscore(
        key: impl AsRef<[u8]>,
        members: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Vec<Option<f64>> {
        Argv::new("ZMSCORE").arg(key).args(members)
    }

    /// How many members are before a member.
    fn zrank(key: impl AsRef<[u8]>, member: impl AsRef<[u8]>) -> Option<u64> {
        Argv::new("ZRANK").arg(key).arg(member)
    }

    /// How many members are behind a member.
    fn zrevrank(key: impl AsRef<[u8]>, member: impl AsRef<[u8]>) -> Option<u64> {
        Argv::new("ZREVRANK").arg(key).arg(member)
    }

    /// A member, each as likely as every other.
    fn zrandmember(key: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        Argv::new("ZRANDMEMBER").arg(key)
    }

    /// Several different members, `count` at most; below 0 exactly so many, one perhaps several times.
    ///
    /// With repeats at most [`DRAWN_MAX`](crate::limits::DRAWN_MAX).
    fn zrandmember_count(key: impl AsRef<[u8]>, count: i64) -> Vec<Vec<u8>> {
        Argv::new("ZRANDMEMBER").arg(key).number(count)
    }

    /// As [`Db::zrandmember_count`](crate::Db::zrandmember_count), with the members' scores.
    fn zrandmember_with_scores(key: impl AsRef<[u8]>, count: i64) -> Vec<(Vec<u8>, f64)> {
        Argv::new("ZRANDMEMBER").arg(key).number(count).arg("WITHSCORES")
    }

    /// Looks at about `count` members from a cursor on and gives those that match, with their scores;
    /// as [`Db::scan`](crate::Db::scan). A count of 0 is refused.
    fn zscan(
        key: impl AsRef<[u8]>,
        cursor: ScanCursor,
        pattern: impl AsRef<[u8]>,
        count: usize,
    ) -> ScanPage<(Vec<u8>, f64)> {
        scan("ZSCAN", key, cursor, pattern, count)
    }
}

writes! {
    /// Sorted sets: writing members and scores.
    ///
    /// A score may be infinite, but is a number: NaN is refused
    /// ([`CommandError::NotAFloat`](crate::CommandError::NotAFloat)). A sorted set that is left empty is
    /// removed. No members where some are needed is an error, too.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// use indelible::ZAddOptions;
    ///
    /// store.zadd("best", [(31.0, "ada")])?;
    /// let better = ZAddOptions { gt: true, ch: true, ..ZAddOptions::default() };
    /// assert_eq!(store.zadd_with("best", better, [(30.0, "ada"), (9.0, "bob")])?, 1);
    /// assert_eq!(store.zincr_by("best", 0.5, "ada")?, 31.5);
    /// assert_eq!(store.zpopmax("best")?, Some((b"ada".to_vec(), 31.5)));
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// Adds members with scores, or changes their scores; how many are new.
    fn zadd(
        key: impl AsRef<[u8]>,
        members: impl IntoIterator<Item = (f64, impl AsRef<[u8]>)>,
    ) -> u64 {
        zadd(key, ZAddOptions::default()).pairs(scored(members))
    }

    /// Adds members with scores, or changes their scores, as the options say; how many are new.
    fn zadd_with(
        key: impl AsRef<[u8]>,
        options: ZAddOptions,
        members: impl IntoIterator<Item = (f64, impl AsRef<[u8]>)>,
    ) -> u64 {
        zadd(key, options).pairs(scored(members))
    }

    /// Adds a number to a member's score, if the options let it (`ZADD` with `INCR`); the sum if they
    /// did. A member that is missing counts as 0.
    fn zadd_incr(
        key: impl AsRef<[u8]>,
        options: ZAddOptions,
        by: f64,
        member: impl AsRef<[u8]>,
    ) -> Option<f64> {
        zadd(key, options).arg("INCR").float(by).arg(member)
    }

    /// Adds a number to a member's score; the sum. A member that is missing counts as 0.
    fn zincr_by(key: impl AsRef<[u8]>, by: f64, member: impl AsRef<[u8]>) -> f64 {
        Argv::new("ZINCRBY").arg(key).float(by).arg(member)
    }

    /// Removes members; how many were there.
    fn zrem(
        key: impl AsRef<[u8]>,
        members: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> u64 {
        Argv::new("ZREM").arg(key).args(members)
    }

    /// Removes the first member and gives it with its score.
    fn zpopmin(key: impl AsRef<[u8]>) -> Option<(Vec<u8>, f64)> {
        Asked::new(Argv::new("ZPOPMIN").arg(key), first)
    }

    /// Removes members from the lowest score on and gives them with their scores, `count` at most.
    fn zpopmin_count(key: impl AsRef<[u8]>, count: u64) -> Vec<(Vec<u8>, f64)> {
        Argv::new("ZPOPMIN").arg(key).number(count)
    }

    /// Removes the last member and gives it with its score.
    fn zpopmax(key: impl AsRef<[u8]>) -> Option<(Vec<u8>, f64)> {
        Asked::new(Argv::new("ZPOPMAX").arg(key), first)
    }

    /// Removes members from the highest score on and gives them with their scores, `count` at most.
    fn zpopmax_count(key: impl AsRef<[u8]>, count: u64) -> Vec<(Vec<u8>, f64)> {
        Argv::new("ZPOPMAX").arg(key).number(count)
    }

    /// Removes members from an end of the first of several sorted sets that is there, `count` at
    /// most; its key, and the members with their scores.
    fn zmpop(
        keys: impl IntoIterator<Item = impl AsRef<[u8]>>,
        end: ZEnd,
        count: u64,
    ) -> Option<(Vec<u8>, Vec<(Vec<u8>, f64)>)> {
        let end = match end {
            ZEnd::Min => "MIN",
            ZEnd::Max => "MAX",
        };
        Argv::new("ZMPOP").keys(keys).arg(end).arg("COUNT").number(count)
    }
}

fn zadd(key: impl AsRef<[u8]>, options: ZAddOptions) -> Argv {
    let argv = Argv::new("ZADD").arg(key);
    let argv = argv.word("NX", options.nx).word("XX", options.xx);
    let argv = argv.word("GT", options.gt).word("LT", options.lt);
    argv.word("CH", options.ch)
}

fn scored<M>(members: impl IntoIterator<Item = (f64, M)>) -> impl Iterator<Item = (String, M)> {
    let members = members.into_iter();
    members.map(|(score, member)| (float(score), member))
}

fn first(reply: Reply) -> Result<Option<Scored>, StoreError> {
    Ok(Vec::<Scored>::from_reply(reply)?.pop())
}
