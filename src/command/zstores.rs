//! Sorted sets: unions, intersections and differences.

use alloc::vec::Vec;

use super::call::{Argv, MANY, Result, Spec, is};
use super::kind::{bulk, int};
use super::number::{float, integer};
use super::zsets::score;
use super::{CommandError, Reply, View, Writer};
use crate::keyspace::{Set, Value, ZSet};

pub(super) static SPECS: &[Spec] = &[
    Spec::read("zdiff", 3, MANY, combined),
    Spec::write("zdiffstore", 4, MANY, combined_store),
    Spec::read("zinter", 3, MANY, combined),
    Spec::read("zintercard", 3, MANY, intercard),
    Spec::write("zinterstore", 4, MANY, combined_store),
    Spec::read("zunion", 3, MANY, combined),
    Spec::write("zunionstore", 4, MANY, combined_store),
];

/// What a set or a sorted set contributes; members of a set score 1.
#[derive(Clone, Copy)]
enum Source<'a> {
    Nothing,
    Set(&'a Set),
    ZSet(&'a ZSet),
}

impl<'a> Source<'a> {
    fn read(view: View<'a>, key: &[u8]) -> Result<Self> {
        let Some(entry) = view.live(key) else {
            return Ok(Self::Nothing);
        };
        match entry.as_collection() {
            Some(Value::Set(set)) => Ok(Self::Set(set)),
            Some(Value::ZSet(zset)) => Ok(Self::ZSet(zset)),
            _ => Err(CommandError::WrongType),
        }
    }

    fn len(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Set(set) => set.len(),
            Self::ZSet(zset) => zset.len(),
        }
    }

    fn score(self, member: &[u8]) -> Option<f64> {
        match self {
            Self::Nothing => None,
            Self::Set(set) => set.contains(member).then_some(1.0),
            Self::ZSet(zset) => zset.score(member),
        }
    }

    fn iter(self) -> impl Iterator<Item = (f64, &'a [u8])> {
        let (set, zset) = match self {
            Self::Nothing => (None, None),
            Self::Set(set) => (Some(set), None),
            Self::ZSet(zset) => (None, Some(zset)),
        };
        let members = set.into_iter().flat_map(|set| set.iter());
        let members = members.map(|member| (1.0, member));
        members.chain(zset.into_iter().flat_map(|zset| zset.iter()))
    }
}

#[derive(Clone, Copy)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn of(self, one: f64, two: f64) -> f64 {
        match self {
            Self::Min => one.min(two),
            Self::Max => one.max(two),
            // Infinities that cancel out are 0.
            Self::Sum => not_nan(one + two),
        }
    }
}

/// A number, 0 without a sign.
fn not_nan(number: f64) -> f64 {
    if number.is_nan() { 0.0 } else { number + 0.0 }
}

/// `numkeys key ... [WEIGHTS ...] [AGGREGATE ...] [WITHSCORES]`
struct Args<'a> {
    sources: Vec<(Source<'a>, f64)>,
    aggregate: Aggregate,
    with_scores: bool,
    limit: usize,
}

impl<'a> Args<'a> {
    fn parse(view: View<'a>, name: &str, store: bool, argv: &Argv) -> Result<Self> {
        let number = integer(&argv[0])?;
        if number < 1 {
            let name = alloc::string::String::from(name).to_ascii_lowercase();
            return Err(CommandError::NoInputKey { name });
        }
        let number = usize::try_from(number).map_err(|_| CommandError::Syntax)?;
        if number > argv.len() - 1 {
            return Err(CommandError::Syntax);
        }
        let (keys, options) = argv[1..].split_at(number);
        let sources: Result<Vec<_>> = keys.iter().map(|key| Source::read(view, key)).collect();
        let mut args = Self {
            sources: sources?.into_iter().map(|source| (source, 1.0)).collect(),
            aggregate: Aggregate::Sum,
            with_scores: false,
            limit: 0,
        };
        let count_only = name == "ZINTERCARD";
        let plain = name.starts_with("ZDIFF") || count_only;
        let mut rest = options;
        while let Some((option, behind)) = rest.split_first() {
            rest = match () {
                () if is(option, "weights") && !plain && behind.len() >= number => {
                    for ((_, weight), text) in args.sources.iter_mut().zip(behind) {
                        *weight = float(text).ok_or(CommandError::WeightNotAFloat)?;
                    }
                    &behind[number..]
                }
                () if is(option, "aggregate") && !plain && !behind.is_empty() => {
                    args.aggregate = match () {
                        () if is(&behind[0], "sum") => Aggregate::Sum,
                        () if is(&behind[0], "min") => Aggregate::Min,
                        () if is(&behind[0], "max") => Aggregate::Max,
                        () => return Err(CommandError::Syntax),
                    };
                    &behind[1..]
                }
                () if is(option, "withscores") && !store && !count_only => {
                    args.with_scores = true;
                    behind
                }
                () if is(option, "limit") && count_only && !behind.is_empty() => {
                    let number = integer(&behind[0]).ok();
                    let number = number.and_then(|it| usize::try_from(it).ok());
                    args.limit = number.ok_or(CommandError::Negative { name: "LIMIT" })?;
                    &behind[1..]
                }
                () => return Err(CommandError::Syntax),
            };
        }
        Ok(args)
    }

    /// Whether every machine that computes it anew comes to the same bits. A sum of three depends on
    /// the order of adding, and one of products on whether they are rounded before.
    fn is_exact(&self) -> bool {
        let plain = self.sources.iter().all(|(_, weight)| *weight == 1.0);
        !matches!(self.aggregate, Aggregate::Sum) || (plain && self.sources.len() < 3)
    }

    fn combine(mut self, name: &str) -> ZSet {
        let mut found = ZSet::default();
        if name.starts_with("ZDIFF") {
            let (first, others) = self.sources.split_first().expect("a key at least");
            for (score, member) in first.0.iter() {
                if others.iter().all(|(it, _)| it.score(member).is_none()) {
                    found.put(member, score);
                }
            }
            return found;
        }
        // As Redis adds them: the smallest first.
        self.sources.sort_by_key(|(source, _)| source.len());
        if name.starts_with("ZINTER") {
            let (first, others) = self.sources.split_first().expect("a key at least");
            for (score, member) in first.0.iter() {
                let mut sum = Some(not_nan(first.1 * score));
                for (source, weight) in others {
                    // Only the first product is made a number, as in Redis.
                    let score = source.score(member).map(|score| weight * score);
                    sum = sum.zip(score).map(|(one, two)| self.aggregate.of(one, two));
                }
                if let Some(score) = sum {
                    found.put(member, score + 0.0);
                }
            }
            return found;
        }
        for (source, weight) in &self.sources {
            for (score, member) in source.iter() {
                let score = not_nan(weight * score);
                let sum = match found.score(member) {
                    None => score,
                    Some(old) => self.aggregate.of(old, score),
                };
                found.put(member, sum);
            }
        }
        found
    }
}

/// `ZUNION`, `ZINTER` and `ZDIFF`.
fn combined(view: View<'_>, argv: &Argv) -> Result {
    let name = core::str::from_utf8(&argv[0]).unwrap_or_default();
    let args = Args::parse(view, name, false, &argv[1..])?;
    let with_scores = args.with_scores;
    let found = args.combine(name);
    let replies = found.iter().flat_map(|(number, member)| {
        let score = with_scores.then(|| score(number));
        core::iter::once(bulk(member)).chain(score)
    });
    Ok(Reply::Array(replies.collect()))
}

/// The same into a key.
fn combined_store(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let name = core::str::from_utf8(&argv[0]).unwrap_or_default();
    let args = Args::parse(writer.view(&argv[1..]), name, true, &argv[2..])?;
    let exact = args.is_exact();
    let found = args.combine(name);
    let len = found.len();
    let replaced = writer.live(&argv[1]).is_some();
    if writer.store_kind(&argv[1], found) {
        match exact && len > 0 {
            true => writer.came(argv),
            false => writer.log_entry(&argv[1], replaced),
        }
    }
    Ok(int(len))
}

fn intercard(view: View<'_>, argv: &Argv) -> Result {
    let args = Args::parse(view, "ZINTERCARD", false, &argv[1..])?;
    let limit = if args.limit == 0 {
        usize::MAX
    } else {
        args.limit
    };
    let mut sources = args.sources;
    sources.sort_by_key(|(source, _)| source.len());
    let (first, others) = sources.split_first().expect("a key at least");
    let (first, _) = first;
    let common = first.iter().filter(|(_, member)| {
        let mut others = others.iter();
        others.all(|(source, _)| source.score(member).is_some())
    });
    Ok(int(common.take(limit).count()))
}
