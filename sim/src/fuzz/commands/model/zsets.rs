//! Commands on sorted sets.

use std::collections::BTreeMap;

use super::super::said::Said;
use super::{Model, Result, number, span};

type ZSet = BTreeMap<Vec<u8>, f64>;

impl Model {
    pub(super) fn zset_command(&mut self, db: u32, name: &str, args: &[Vec<u8>]) -> Option<Result> {
        if !name.starts_with('Z') {
            return None;
        }
        let key = &args[0];
        let mut zset: ZSet = match self.read_or_new(db, key) {
            Ok(zset) => zset,
            Err(error) => return Some(Err(error)),
        };
        let rank = |member: &Vec<u8>, zset: &ZSet| {
            let ranked = ranked(zset);
            ranked.iter().position(|(other, _)| other == member)
        };
        let said = match name {
            "ZADD" => match add(&mut zset, &args[1..]) {
                Ok(said) => said,
                Err(error) => return Some(Err(error)),
            },
            "ZINCRBY" => {
                let new = zset.get(&args[2]).copied().unwrap_or(0.0) + float(&args[1]);
                if new.is_nan() {
                    return Some(Err(NOT_A_NUMBER));
                }
                zset.insert(args[2].clone(), new);
                Said::Score(new)
            }
            "ZREM" => {
                let removed = args[1..].iter().filter(|it| zset.remove(*it).is_some());
                Said::count(removed.count())
            }
            "ZSCORE" => zset.get(&args[1]).map_or(Said::Nil, |it| Said::Score(*it)),
            "ZCARD" => Said::count(zset.len()),
            "ZRANK" => rank(&args[1], &zset).map_or(Said::Nil, Said::count),
            "ZREVRANK" => {
                let rank = rank(&args[1], &zset);
                rank.map_or(Said::Nil, |rank| Said::count(zset.len() - 1 - rank))
            }
            "ZRANGE" => {
                let mut all = ranked(&zset);
                if args.len() > 3 {
                    all.reverse();
                }
                names(span(&all, number(&args[1]), number(&args[2])))
            }
            "ZCOUNT" => Said::count(between(&zset, args).len()),
            "ZRANGEBYSCORE" => names(between(&zset, args)),
            "ZREMRANGEBYSCORE" => {
                let gone = between(&zset, args);
                leave(&mut zset, &gone)
            }
            "ZREMRANGEBYRANK" => {
                let gone = span(&ranked(&zset), number(&args[1]), number(&args[2]));
                leave(&mut zset, &gone)
            }
            "ZPOPMIN" | "ZPOPMAX" => {
                let mut all = ranked(&zset);
                if name == "ZPOPMAX" {
                    all.reverse();
                }
                all.truncate(args.get(1).map_or(1, |count| number(count) as usize));
                leave(&mut zset, &all);
                let pairs = all.into_iter();
                let pairs = pairs.flat_map(|(name, it)| [Said::Bytes(name), Said::Score(it)]);
                Said::Many(pairs.collect())
            }
            _ => return None,
        };
        self.change(db, key, zset);
        Some(Ok(said))
    }
}

const NOT_A_NUMBER: Said = Said::Error("ERR resulting score is not a number (NaN)");

/// Members with their scores, by score and then by name.
pub fn ranked(zset: &ZSet) -> Vec<(Vec<u8>, f64)> {
    let mut all: Vec<_> = zset.clone().into_iter().collect();
    let before = |one: &f64, other: &f64| one.partial_cmp(other).expect("no score is NaN");
    all.sort_by(|one, other| before(&one.1, &other.1).then_with(|| one.0.cmp(&other.0)));
    all
}

fn add(zset: &mut ZSet, args: &[Vec<u8>]) -> Result {
    let options = args.iter().take_while(|word| word[0].is_ascii_uppercase());
    let options: Vec<&[u8]> = options.map(Vec::as_slice).collect();
    let has = |word: &[u8]| options.contains(&word);
    let (mut added, mut updated, mut last) = (0, 0, Said::Nil);
    for pair in args[options.len()..].chunks(2) {
        let (mut score, old) = (float(&pair[0]), zset.get(&pair[1]).copied());
        if (has(b"NX") && old.is_some()) || (has(b"XX") && old.is_none()) {
            continue;
        }
        if has(b"INCR") {
            score += old.unwrap_or(0.0);
        }
        if score.is_nan() {
            return Err(NOT_A_NUMBER);
        }
        let worse = |old: f64| (has(b"GT") && score <= old) || (has(b"LT") && score >= old);
        if old.is_some_and(worse) {
            continue;
        }
        added += usize::from(old.is_none());
        updated += usize::from(old.is_some_and(|old| old != score));
        last = Said::Score(score);
        zset.insert(pair[1].clone(), score);
    }
    Ok(match () {
        () if has(b"INCR") => last,
        () if has(b"CH") => Said::count(added + updated),
        () => Said::count(added),
    })
}

fn between(zset: &ZSet, args: &[Vec<u8>]) -> Vec<(Vec<u8>, f64)> {
    let (low, high) = (float(&args[1]), float(&args[2]));
    let mut all = ranked(zset);
    all.retain(|(_, score)| low <= *score && *score <= high);
    all
}

/// Takes members away, and says how many.
fn leave(zset: &mut ZSet, gone: &[(Vec<u8>, f64)]) -> Said {
    for (member, _) in gone {
        zset.remove(member);
    }
    Said::count(gone.len())
}

fn names(all: Vec<(Vec<u8>, f64)>) -> Said {
    Said::list(all.into_iter().map(|(member, _)| member))
}

fn float(text: &[u8]) -> f64 {
    let text = std::str::from_utf8(text).expect("a score");
    text.parse()
        .expect("the words hold scores where scores belong")
}
