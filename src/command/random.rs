//! Commands that draw: members, fields and keys.
//!
//! One item is found by its rank, in `O(log n)`; `n` different ones take `O(n log n)`, however many
//! there are to choose from.

use alloc::vec::Vec;

use super::call::{Argv, MANY, Result, Spec, is};
use super::dice::Dice;
use super::kind::{bulk, bulks};
use super::log::Arg;
use super::number::integer;
use super::zsets::score;
use super::{CommandError, Reply, View, Writer};
use crate::keyspace::{Fields, Set, Str, ZSet};
use crate::limits::{DRAWN_MAX, VALUE_LEN_MAX};

pub(super) static SPECS: &[Spec] = &[
    Spec::read("hrandfield", 2, MANY, hrandfield).draws(),
    Spec::read("randomkey", 1, 1, randomkey).draws(),
    Spec::write("spop", 2, MANY, spop).draws(),
    Spec::read("srandmember", 2, MANY, srandmember).draws(),
    Spec::read("zrandmember", 2, MANY, zrandmember).draws(),
];

/// Draws of a key, among which one may be expired, before all keys are looked at in turn.
const KEY_DRAWS: usize = 128;

/// How many items a command asks for.
#[derive(Clone, Copy)]
enum Count {
    /// So many different ones.
    Different(usize),
    /// So many, one perhaps several times.
    Any(usize),
}

impl Count {
    /// Reads a count: below 0 if an item may come several times.
    fn parse(text: &[u8], pairs: bool) -> Result<Self> {
        let count = integer(text)?;
        if count == i64::MIN {
            return Err(CommandError::RankMin);
        }
        if pairs && count.unsigned_abs() > i64::MAX as u64 / 2 {
            return Err(CommandError::OutOfRange);
        }
        let number = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        match count {
            0.. => Ok(Self::Different(number)),
            _ if number > DRAWN_MAX => Err(CommandError::OutOfRange),
            _ => Ok(Self::Any(number)),
        }
    }

    /// Ranks of `len` items, which are not none.
    fn ranks(self, dice: &mut Dice, len: usize) -> Vec<usize> {
        match self {
            Self::Different(count) => dice.ranks(count, len),
            Self::Any(count) => (0..count).map(|_| dice.rank(len)).collect(),
        }
    }

    /// Refuses repeats of long items that together would be longer than any value.
    fn check(self, mut lens: impl Iterator<Item = usize>) -> Result<()> {
        if let Self::Different(_) = self {
            return Ok(());
        }
        let all = lens.try_fold(0_usize, |all, len| all.checked_add(len));
        match all.is_some_and(|all| all <= VALUE_LEN_MAX) {
            true => Ok(()),
            false => Err(CommandError::OutOfRange),
        }
    }
}

/// `key [count [option]]` of `HRANDFIELD` and `ZRANDMEMBER`: the count, and whether the option is there.
fn count_and_option(argv: &Argv, option: &str) -> Result<Option<(Count, bool)>> {
    let Some(count) = argv.get(2) else {
        return Ok(None);
    };
    integer(count)?;
    let with = match &argv[3..] {
        [] => false,
        [word] if is(word, option) => true,
        _ if integer(count)? == i64::MIN => return Err(CommandError::RankMin),
        _ => return Err(CommandError::Syntax),
    };
    Ok(Some((Count::parse(count, with)?, with)))
}

fn hrandfield(view: View<'_>, argv: &Argv) -> Result {
    let count = count_and_option(argv, "withvalues")?;
    let Some(fields) = view.read::<Fields>(&argv[1])? else {
        return Ok(nothing(count.is_some()));
    };
    let mut dice = view.dice();
    let field = |rank| fields.range(rank..rank + 1).next();
    let Some((count, with_values)) = count else {
        let found = field(dice.rank(fields.len()));
        return Ok(found.map_or(Reply::Nil, |(name, _)| bulk(name)));
    };
    let found = count.ranks(&mut dice, fields.len()).into_iter();
    let found = found.filter_map(field).flat_map(|(name, value)| {
        let value = with_values.then_some(value);
        core::iter::once(name).chain(value)
    });
    let found: Vec<&[u8]> = found.collect();
    count.check(found.iter().map(|item| item.len()))?;
    Ok(bulks(found.into_iter()))
}

fn zrandmember(view: View<'_>, argv: &Argv) -> Result {
    let count = count_and_option(argv, "withscores")?;
    let Some(zset) = view.read::<ZSet>(&argv[1])? else {
        return Ok(nothing(count.is_some()));
    };
    let mut dice = view.dice();
    let Some((count, with_scores)) = count else {
        let found = zset.get(dice.rank(zset.len()));
        return Ok(found.map_or(Reply::Nil, |(_, member)| bulk(member)));
    };
    let found = count.ranks(&mut dice, zset.len()).into_iter();
    let found: Vec<(f64, &[u8])> = found.filter_map(|rank| zset.get(rank)).collect();
    count.check(found.iter().map(|(_, member)| member.len()))?;
    let replies = found.into_iter().flat_map(|(number, member)| {
        let score = with_scores.then(|| score(number));
        core::iter::once(bulk(member)).chain(score)
    });
    Ok(Reply::Array(replies.collect()))
}

fn srandmember(view: View<'_>, argv: &Argv) -> Result {
    let count = match &argv[2..] {
        [] => None,
        [count] => Some(Count::parse(count, false)?),
        _ => return Err(CommandError::Syntax),
    };
    let Some(set) = view.read::<Set>(&argv[1])? else {
        return Ok(nothing(count.is_some()));
    };
    let mut dice = view.dice();
    let member = |rank| set.range(rank..rank + 1).next();
    let Some(count) = count else {
        return Ok(member(dice.rank(set.len())).map_or(Reply::Nil, bulk));
    };
    let found = count.ranks(&mut dice, set.len()).into_iter();
    let found: Vec<&[u8]> = found.filter_map(member).collect();
    count.check(found.iter().map(|item| item.len()))?;
    Ok(bulks(found.into_iter()))
}

/// The reply where there is no key.
fn nothing(counted: bool) -> Reply {
    match counted {
        true => Reply::Array(Vec::new()),
        false => Reply::Nil,
    }
}

/// Logged is what went: `SREM`, or `DEL` where nothing is left.
fn spop(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let count = match &argv[2..] {
        [] => None,
        [count] => {
            let count = integer(count).ok();
            let count = count.and_then(|count| usize::try_from(count).ok());
            Some(count.ok_or(CommandError::NotPositive)?)
        }
        _ => return Err(CommandError::Syntax),
    };
    let mut dice = Dice::new(writer.seed);
    let key = &argv[1];
    let Some(set) = writer.read::<Set>(key)? else {
        return Ok(nothing(count.is_some()));
    };
    let len = set.len();
    let ranks = dice.ranks(count.unwrap_or(1), len).into_iter();
    let popped = ranks.filter_map(|rank| set.range(rank..rank + 1).next());
    let popped: Vec<Vec<u8>> = popped.map(<[u8]>::to_vec).collect();
    if popped.len() == len {
        writer.keyspace.remove(writer.db, key);
        writer.log.push(writer.db, "DEL", &[Arg::Bytes(key)]);
    } else {
        writer.edit(key, |set: &mut Set| {
            for member in &popped {
                set.remove(member);
            }
        })?;
        writer.log_items("SREM", key, &popped);
    }
    Ok(match (count, popped.first()) {
        (None, Some(member)) => bulk(member),
        _ => bulks(popped.iter().map(Vec::as_slice)),
    })
}

fn randomkey(view: View<'_>, _: &Argv) -> Result {
    let mut dice = view.dice();
    let drawn = (0..KEY_DRAWS).find_map(|_| {
        let (key, entry) = view.keyspace.draw(view.db, dice.number())?;
        entry.is_live(view.now).then(|| Str::from(key))
    });
    // Nearly all have expired, or there is none.
    let first = || {
        let mut all = view.keyspace.iter(view.db);
        let live = all.find(|(_, entry)| entry.is_live(view.now));
        live.map(|(key, _)| Str::from(key))
    };
    Ok(drawn.or_else(first).map_or(Reply::Nil, Reply::Bulk))
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::super::{Command, CommandError, CommitLog, Reply, execute, query};
    use crate::keyspace::Keyspace;
    use crate::units::WallMillis;

    /// Bug: only the number of items drawn with repeats was bounded, not their bytes.
    /// Consequence: one short command on one long item took all memory.
    /// Method: more repeats than fit into the longest value, of an item of any type.
    #[test]
    fn repeats_take_no_more_than_the_longest_value() {
        let mut keyspace = Keyspace::new(1);
        let item = vec![b'x'; 1 << 20];
        for head in [
            &[&b"SADD"[..], b"s"][..],
            &[b"ZADD", b"z", b"1"],
            &[b"HSET", b"h", b"f"],
        ] {
            let argv = [head, &[&item]].concat();
            let command = Command::parse(&argv).expect("a command");
            execute(
                &mut keyspace,
                0,
                &command,
                WallMillis(1),
                &mut CommitLog::new(),
            );
        }
        let drawn = |argv: &[&[u8]]| {
            let command = Command::parse(argv).expect("a command");
            query(&keyspace, 0, &command, WallMillis(1)).expect("it reads")
        };
        let too_many = Reply::Error(CommandError::OutOfRange);
        assert_eq!(drawn(&[b"SRANDMEMBER", b"s", b"-513"]), too_many);
        assert_eq!(drawn(&[b"ZRANDMEMBER", b"z", b"-1048576"]), too_many);
        let with_values: &[&[u8]] = &[b"HRANDFIELD", b"h", b"-1048576", b"WITHVALUES"];
        assert_eq!(drawn(with_values), too_many);
        let Reply::Array(fields) = drawn(&[b"HRANDFIELD", b"h", b"-10000"]) else {
            panic!("short fields")
        };
        assert_eq!(fields.len(), 10_000);
        let Reply::Array(members) = drawn(&[b"SRANDMEMBER", b"s", b"513"]) else {
            panic!("each once")
        };
        assert_eq!(members.len(), 1);
    }
}
