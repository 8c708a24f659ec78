//! Sorted sets: members and scores one by one.

use alloc::vec::Vec;

use super::call::{Argv, MANY, Result, Spec, is};
use super::kind::{bulk, int};
use super::lists::pop_args;
use super::log::Arg;
use super::number::{float, integer, write_float};
use super::scan::ScanArgs;
use super::{CommandError, Reply, View, Writer};
use crate::keyspace::ZSet;

pub(super) static SPECS: &[Spec] = &[
    Spec::write("zadd", 4, MANY, zadd),
    Spec::read("zcard", 2, 2, zcard),
    Spec::write("zincrby", 4, 4, zincrby),
    Spec::write("zmpop", 4, MANY, zmpop),
    Spec::read("zmscore", 3, MANY, zmscore),
    Spec::write("zpopmax", 2, 3, zpop),
    Spec::write("zpopmin", 2, 3, zpop),
    Spec::read("zrank", 3, 3, zrank),
    Spec::write("zrem", 3, MANY, zrem),
    Spec::read("zrevrank", 3, 3, zrank),
    Spec::read("zscan", 3, MANY, zscan),
    Spec::read("zscore", 3, 3, zscore),
];

pub(super) fn score(number: f64) -> Reply {
    bulk(&write_float(number))
}

fn zcard(view: View<'_>, argv: &Argv) -> Result {
    Ok(int(view.read::<ZSet>(&argv[1])?.map_or(0, ZSet::len)))
}

fn zscore(view: View<'_>, argv: &Argv) -> Result {
    let zset = view.read::<ZSet>(&argv[1])?;
    let found = zset.and_then(|zset| zset.score(&argv[2]));
    Ok(found.map_or(Reply::Nil, score))
}

fn zmscore(view: View<'_>, argv: &Argv) -> Result {
    let zset = view.read::<ZSet>(&argv[1])?;
    let found = argv[2..].iter().map(|member| {
        let found = zset.and_then(|zset| zset.score(member));
        found.map_or(Reply::Nil, score)
    });
    Ok(Reply::Array(found.collect()))
}

/// `ZRANK` and `ZREVRANK`.
fn zrank(view: View<'_>, argv: &Argv) -> Result {
    let Some(zset) = view.read::<ZSet>(&argv[1])? else {
        return Ok(Reply::Nil);
    };
    let reverse = argv[0] == b"ZREVRANK";
    let rank = zset.rank(&argv[2]).map(|rank| match reverse {
        true => zset.len() - 1 - rank,
        false => rank,
    });
    Ok(rank.map_or(Reply::Nil, int))
}

fn zscan(view: View<'_>, argv: &Argv) -> Result {
    let cursor = ScanArgs::cursor(&argv[2])?;
    let Some(zset) = view.read::<ZSet>(&argv[1])? else {
        return Ok(ScanArgs::nothing());
    };
    let args = ScanArgs::parse(&argv[3..])?;
    let (found, next) = zset.scan(cursor, args.count);
    let found = found.into_iter().filter(|(_, member)| args.matches(member));
    let found = found.flat_map(|(number, member)| [bulk(member), score(number)]);
    Ok(ScanArgs::reply(next, found.collect()))
}

#[derive(Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are the options as they stand in the command"
)]
struct AddOptions {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
    ch: bool,
    incr: bool,
}

impl AddOptions {
    /// The options, and where the scores begin.
    fn parse(argv: &Argv) -> (Self, usize) {
        let mut options = Self::default();
        let mut at = 2;
        while let Some(word) = argv.get(at) {
            let option = match () {
                () if is(word, "nx") => &mut options.nx,
                () if is(word, "xx") => &mut options.xx,
                () if is(word, "gt") => &mut options.gt,
                () if is(word, "lt") => &mut options.lt,
                () if is(word, "ch") => &mut options.ch,
                () if is(word, "incr") => &mut options.incr,
                () => break,
            };
            *option = true;
            at += 1;
        }
        (options, at)
    }

    fn check(&self, args: usize) -> Result<()> {
        if args == 0 || !args.is_multiple_of(2) {
            return Err(CommandError::Syntax);
        }
        if self.nx && self.xx {
            return Err(CommandError::NxXx);
        }
        if (self.gt && (self.nx || self.lt)) || (self.lt && self.nx) {
            return Err(CommandError::GtLtNx);
        }
        if self.incr && args > 2 {
            return Err(CommandError::IncrPairs);
        }
        Ok(())
    }

    /// What becomes of a member's score; none if it stays as it is, or absent.
    fn new_score(&self, old: Option<f64>, score: f64) -> Result<Option<f64>> {
        let Some(old) = old else {
            return Ok((!self.xx).then_some(score));
        };
        if self.nx {
            return Ok(None);
        }
        let new = if self.incr { old + score } else { score };
        if new.is_nan() {
            return Err(CommandError::ScoreNotANumber);
        }
        let kept = (self.lt && new >= old) || (self.gt && new <= old);
        Ok((!kept).then_some(new))
    }
}

pub(super) fn zadd(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let (options, from) = AddOptions::parse(argv);
    options.check(argv.len() - from)?;
    let pairs = argv[from..].chunks_exact(2);
    let scores: Option<Vec<f64>> = pairs.clone().map(|pair| float(&pair[0])).collect();
    let scores = scores.ok_or(CommandError::NotAFloat)?;
    let members = pairs.map(|pair| pair[1].as_slice());
    let pairs: Vec<_> = scores.into_iter().zip(members).collect();
    if options.xx && writer.read::<ZSet>(&argv[1])?.is_none() {
        return Ok(match options.incr {
            true => Reply::Nil,
            false => Reply::Int(0),
        });
    }
    let (added, updated, last) = writer.edit(&argv[1], |zset: &mut ZSet| {
        let (mut added, mut updated, mut last) = (0, 0, None);
        for (score, member) in pairs {
            let old = zset.score(member);
            last = options.new_score(old, score)?;
            if let Some(new) = last {
                zset.put(member, new);
                added += usize::from(old.is_none());
                updated += usize::from(old.is_some_and(|old| old != new));
            }
        }
        Ok((added, updated, last))
    })??;
    if added + updated > 0 {
        writer.came(argv);
    }
    Ok(match options {
        AddOptions { incr: true, .. } => last.map_or(Reply::Nil, score),
        AddOptions { ch: true, .. } => int(added + updated),
        _ => int(added),
    })
}

fn zincrby(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let by = float(&argv[2]).ok_or(CommandError::NotAFloat)?;
    let zset = writer.read::<ZSet>(&argv[1])?;
    let old = zset.and_then(|zset| zset.score(&argv[3]));
    let new = old.unwrap_or(0.0) + by;
    if new.is_nan() {
        return Err(CommandError::ScoreNotANumber);
    }
    writer.edit(&argv[1], |zset: &mut ZSet| zset.put(&argv[3], new))?;
    if old != Some(new) {
        writer.came(argv);
    }
    Ok(score(new))
}

fn zrem(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    if writer.read::<ZSet>(&argv[1])?.is_none() {
        return Ok(Reply::Int(0));
    }
    let removed = writer.edit(&argv[1], |zset: &mut ZSet| {
        let found = argv[2..].iter().filter(|it| zset.remove(it).is_some());
        found.count()
    })?;
    if removed > 0 {
        writer.came(argv);
    }
    Ok(int(removed))
}

fn pop(zset: &mut ZSet, max: bool, count: usize) -> Vec<(f64, Vec<u8>)> {
    let count = count.min(zset.len());
    let owned = |(score, member): (f64, &[u8])| (score, member.to_vec());
    let popped: Vec<_> = match max {
        true => zset.iter().rev().take(count).map(owned).collect(),
        false => zset.range(0..count).map(owned).collect(),
    };
    for (_, member) in &popped {
        zset.remove(member);
    }
    popped
}

/// `ZPOPMIN` and `ZPOPMAX`.
fn zpop(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let max = argv[0] == b"ZPOPMAX";
    let count = match argv.get(2) {
        None => 1,
        Some(count) => {
            let count = integer(count).ok();
            let count = count.and_then(|count| usize::try_from(count).ok());
            count.ok_or(CommandError::NotPositive)?
        }
    };
    if writer.read::<ZSet>(&argv[1])?.is_none() || count == 0 {
        return Ok(Reply::Array(Vec::new()));
    }
    let popped = writer.edit(&argv[1], |zset: &mut ZSet| pop(zset, max, count))?;
    writer.came(argv);
    let replies = popped
        .iter()
        .flat_map(|(number, member)| [bulk(member), score(*number)]);
    Ok(Reply::Array(replies.collect()))
}

fn zmpop(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let (keys, max, count) = pop_args(argv, |end| match () {
        () if is(end, "min") => Ok(false),
        () if is(end, "max") => Ok(true),
        () => Err(CommandError::Syntax),
    })?;
    for key in keys {
        if writer.read::<ZSet>(key)?.is_none() {
            continue;
        }
        let popped = writer.edit(key, |zset: &mut ZSet| pop(zset, max, count))?;
        let name = if max { "ZPOPMAX" } else { "ZPOPMIN" };
        let args = [Arg::Bytes(key), Arg::Int(popped.len() as i64)];
        writer.log.push(writer.db, name, &args);
        let pair = |(number, member): &(f64, Vec<u8>)| {
            Reply::Array(Vec::from([bulk(member), score(*number)]))
        };
        let popped = Reply::Array(popped.iter().map(pair).collect());
        return Ok(Reply::Array(Vec::from([bulk(key), popped])));
    }
    Ok(Reply::NilArray)
}
