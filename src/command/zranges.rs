//! Sorted sets: ranges by rank, by score and by name.

use alloc::vec::Vec;
use core::ops::Range;

use super::call::{Argv, MANY, Result, Spec, is};
use super::kind::{bulk, int};
use super::lists::indexes;
use super::number::{integer, lax_float};
use super::zsets::score;
use super::{CommandError, Reply, View, Writer};
use crate::keyspace::ZSet;

pub(super) static SPECS: &[Spec] = &[
    Spec::read("zcount", 4, 4, count),
    Spec::read("zlexcount", 4, 4, count),
    Spec::read("zrange", 4, MANY, range),
    Spec::read("zrangebylex", 4, MANY, range),
    Spec::read("zrangebyscore", 4, MANY, range),
    Spec::write("zrangestore", 5, MANY, store).two_keys(),
    Spec::write("zremrangebylex", 4, 4, remove),
    Spec::write("zremrangebyrank", 4, 4, remove),
    Spec::write("zremrangebyscore", 4, 4, remove),
    Spec::read("zrevrange", 4, MANY, range),
    Spec::read("zrevrangebylex", 4, MANY, range),
    Spec::read("zrevrangebyscore", 4, MANY, range),
];

/// By what a range is bounded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Lex,
}

/// The lower and the upper bound.
enum Bounds {
    Ranks(i64, i64),
    /// With whether the bound itself is left out.
    Scores((f64, bool), (f64, bool)),
    Names(Edge, Edge),
}

/// A bound by name.
enum Edge {
    Lowest,
    Highest,
    At(Vec<u8>),
    /// The name itself left out.
    Beside(Vec<u8>),
}

impl Bounds {
    fn parse(by: By, low: &[u8], high: &[u8]) -> Result<Self> {
        match by {
            By::Rank => Ok(Self::Ranks(integer(low)?, integer(high)?)),
            By::Score => {
                let bounds = score_bound(low).zip(score_bound(high));
                let (low, high) = bounds.ok_or(CommandError::BoundNotAFloat)?;
                Ok(Self::Scores(low, high))
            }
            By::Lex => {
                let bounds = Edge::parse(low).zip(Edge::parse(high));
                let (low, high) = bounds.ok_or(CommandError::BoundNotAName)?;
                Ok(Self::Names(low, high))
            }
        }
    }

    /// Whether it does not matter how the ranks are found: by name they are in order only as long
    /// as all scores are equal.
    fn is_defined(&self, zset: &ZSet) -> bool {
        let score = |rank| zset.get(rank).map(|(score, _)| score);
        !matches!(self, Self::Names(..)) || score(0) == score(zset.len().saturating_sub(1))
    }

    /// The ranks between the bounds.
    fn ranks(&self, zset: &ZSet, reverse: bool) -> Range<usize> {
        let len = zset.len();
        let (from, to) = match self {
            Self::Ranks(start, stop) => {
                let range = indexes(*start, *stop, len);
                return match reverse && !range.is_empty() {
                    true => len - range.end..len - range.start,
                    false => range,
                };
            }
            Self::Scores((low, above), (high, below)) => (
                zset.partition(|score, _| score < *low || (*above && score == *low)),
                zset.partition(|score, _| score < *high || (!*below && score == *high)),
            ),
            Self::Names(low, high) => (
                zset.partition(|_, name| low.is_above(name, true)),
                zset.partition(|_, name| high.is_above(name, false)),
            ),
        };
        from..to.max(from)
    }
}

fn score_bound(text: &[u8]) -> Option<(f64, bool)> {
    match text {
        [b'(', rest @ ..] => Some((lax_float(rest)?.0, true)),
        _ => Some((lax_float(text)?.0, false)),
    }
}

impl Edge {
    fn parse(text: &[u8]) -> Option<Self> {
        match text {
            [b'-'] => Some(Self::Lowest),
            [b'+'] => Some(Self::Highest),
            [b'[', name @ ..] => Some(Self::At(name.to_vec())),
            [b'(', name @ ..] => Some(Self::Beside(name.to_vec())),
            _ => None,
        }
    }

    /// Whether a name lies before the range that begins here, or within the one that ends here.
    fn is_above(&self, name: &[u8], begins: bool) -> bool {
        match self {
            Self::Lowest => false,
            Self::Highest => true,
            Self::At(edge) if begins => name < &edge[..],
            Self::At(edge) => name <= &edge[..],
            Self::Beside(edge) if begins => name <= &edge[..],
            Self::Beside(edge) => name < &edge[..],
        }
    }
}

/// `ZCOUNT` and `ZLEXCOUNT`.
fn count(view: View<'_>, argv: &Argv) -> Result {
    let by = match argv[0] == b"ZCOUNT" {
        true => By::Score,
        false => By::Lex,
    };
    let bounds = Bounds::parse(by, &argv[2], &argv[3])?;
    let zset = view.read::<ZSet>(&argv[1])?;
    Ok(int(zset.map_or(0, |zset| bounds.ranks(zset, false).len())))
}

/// What all the commands that give a range out have in common.
struct RangeArgs {
    bounds: Bounds,
    reverse: bool,
    with_scores: bool,
    /// Members skipped, and given out at most.
    limit: Option<(i64, i64)>,
}

impl RangeArgs {
    /// Reads `low high [options]`; the command's name may say by what, and in which direction.
    fn parse(name: &[u8], argv: &[Vec<u8>]) -> Result<Self> {
        let plain = name == b"ZRANGE" || name == b"ZRANGESTORE";
        let mut by = match () {
            () if name.ends_with(b"BYSCORE") => By::Score,
            () if name.ends_with(b"BYLEX") => By::Lex,
            () => By::Rank,
        };
        let mut reverse = name.starts_with(b"ZREV");
        let (mut with_scores, mut limit) = (false, None);
        let mut options = argv[2..].iter();
        while let Some(option) = options.next() {
            match () {
                () if is(option, "withscores") && name != b"ZRANGESTORE" => with_scores = true,
                () if is(option, "limit") && options.len() >= 2 => {
                    let mut number = || integer(options.next().map_or(b"", |it| it));
                    limit = Some((number()?, number()?));
                }
                () if is(option, "rev") && plain => reverse = true,
                () if is(option, "byscore") && plain => by = By::Score,
                () if is(option, "bylex") && plain => by = By::Lex,
                () => return Err(CommandError::Syntax),
            }
        }
        if limit.is_some_and(|(_, count)| count != -1) && by == By::Rank {
            return Err(CommandError::LimitByRank);
        }
        if with_scores && by == By::Lex {
            return Err(CommandError::ScoresByLex);
        }
        let (low, high) = match reverse && by != By::Rank {
            true => (&argv[1], &argv[0]),
            false => (&argv[0], &argv[1]),
        };
        Ok(Self {
            bounds: Bounds::parse(by, low, high)?,
            reverse,
            with_scores,
            limit,
        })
    }

    /// The members in the order in which they are given out.
    fn members<'a>(&self, zset: &'a ZSet) -> Vec<(f64, &'a [u8])> {
        let ranks = self.bounds.ranks(zset, self.reverse);
        let by_rank = matches!(self.bounds, Bounds::Ranks(..));
        let (offset, count) = self.limit.filter(|_| !by_rank).unwrap_or((0, -1));
        let Ok(offset) = usize::try_from(offset) else {
            return Vec::new();
        };
        let offset = offset.min(ranks.len());
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let count = count.min(ranks.len() - offset);
        match self.reverse {
            true => {
                let end = ranks.end - offset;
                zset.range(end - count..end).rev().collect()
            }
            false => {
                let start = ranks.start + offset;
                zset.range(start..start + count).collect()
            }
        }
    }
}

fn range(view: View<'_>, argv: &Argv) -> Result {
    let args = RangeArgs::parse(&argv[0], &argv[2..])?;
    let Some(zset) = view.read::<ZSet>(&argv[1])? else {
        return Ok(Reply::Array(Vec::new()));
    };
    let members = args.members(zset).into_iter();
    Ok(Reply::Array(match args.with_scores {
        true => members
            .flat_map(|(number, member)| [bulk(member), score(number)])
            .collect(),
        false => members.map(|(_, member)| bulk(member)).collect(),
    }))
}

fn store(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let args = RangeArgs::parse(&argv[0], &argv[3..])?;
    let (mut found, mut defined) = (ZSet::default(), true);
    if let Some(zset) = writer.view(&argv[1..3]).read::<ZSet>(&argv[2])? {
        defined = args.bounds.is_defined(zset);
        for (score, member) in args.members(zset) {
            found.put(member, score);
        }
    }
    let len = found.len();
    let replaced = writer.live(&argv[1]).is_some();
    if writer.store_kind(&argv[1], found) {
        match defined && len > 0 {
            true => writer.came(argv),
            false => writer.log_entry(&argv[1], replaced),
        }
    }
    Ok(int(len))
}

/// `ZREMRANGEBYRANK`, `ZREMRANGEBYSCORE` and `ZREMRANGEBYLEX`.
fn remove(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let by = match () {
        () if argv[0].ends_with(b"SCORE") => By::Score,
        () if argv[0].ends_with(b"LEX") => By::Lex,
        () => By::Rank,
    };
    let bounds = Bounds::parse(by, &argv[2], &argv[3])?;
    let Some(zset) = writer.read::<ZSet>(&argv[1])? else {
        return Ok(Reply::Int(0));
    };
    let ranks = bounds.ranks(zset, false);
    if ranks.is_empty() {
        return Ok(Reply::Int(0));
    }
    let defined = bounds.is_defined(zset);
    let members = zset.range(ranks).map(|(_, member)| member.to_vec());
    let members: Vec<Vec<u8>> = members.collect();
    writer.edit(&argv[1], |zset: &mut ZSet| {
        for member in &members {
            zset.remove(member);
        }
    })?;
    match defined {
        true => writer.came(argv),
        false => writer.log_items("ZREM", &argv[1], &members),
    }
    Ok(int(members.len()))
}
