//! Lists.

use alloc::vec::Vec;
use core::ops::Range;

use super::call::{Args, Argv, MANY, Result, Spec, is};
use super::kind::{bulk, bulks, int};
use super::log::Arg;
use super::number::integer;
use super::{CommandError, Reply, View, Writer};
use crate::keyspace::List;

pub(super) static SPECS: &[Spec] = &[
    Spec::read("lindex", 3, 3, lindex),
    Spec::write("linsert", 5, 5, linsert),
    Spec::read("llen", 2, 2, llen),
    Spec::write("lmove", 5, 5, lmove).two_keys(),
    Spec::write("lmpop", 4, MANY, lmpop),
    Spec::write("lpop", 2, 3, lpop),
    Spec::read("lpos", 3, MANY, lpos),
    Spec::write("lpush", 3, MANY, push),
    Spec::write("lpushx", 3, MANY, push),
    Spec::read("lrange", 4, 4, lrange),
    Spec::write("lrem", 4, 4, lrem),
    Spec::write("lset", 4, 4, lset),
    Spec::write("ltrim", 4, 4, ltrim),
    Spec::write("rpop", 2, 3, lpop),
    Spec::write("rpoplpush", 3, 3, lmove).two_keys(),
    Spec::write("rpush", 3, MANY, push),
    Spec::write("rpushx", 3, MANY, push),
];

/// The end of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Left,
    Right,
}

impl End {
    fn parse(word: &[u8]) -> Result<Self> {
        match () {
            () if is(word, "left") => Ok(Self::Left),
            () if is(word, "right") => Ok(Self::Right),
            () => Err(CommandError::Syntax),
        }
    }

    fn push(self, list: &mut List, element: &[u8]) {
        match self {
            Self::Left => list.push_front(element),
            Self::Right => list.push_back(element),
        }
    }

    fn pop(self, list: &mut List, count: usize) -> Vec<Vec<u8>> {
        let count = count.min(list.len());
        (0..count)
            .map(|_| {
                let index = match self {
                    Self::Left => 0,
                    Self::Right => list.len() - 1,
                };
                let element = list.get(index).unwrap_or_default().to_vec();
                list.remove(index);
                element
            })
            .collect()
    }
}

/// An index as it is counted from either end.
fn index(number: i64, len: usize) -> Option<usize> {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let index = if number < 0 { number + len } else { number };
    usize::try_from(index).ok().filter(|_| index < len)
}

/// The indexes from one to another, both included and counted from either end.
pub(super) fn indexes(start: i64, stop: i64, len: usize) -> Range<usize> {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let from_end = |number: i64| if number < 0 { number + len } else { number };
    let (start, stop) = (from_end(start).max(0), from_end(stop).min(len - 1));
    if start > stop {
        return 0..0;
    }
    start as usize..stop as usize + 1
}

fn llen(view: View<'_>, argv: &Argv) -> Result {
    Ok(int(view.read::<List>(&argv[1])?.map_or(0, List::len)))
}

fn lindex(view: View<'_>, argv: &Argv) -> Result {
    let Some(list) = view.read::<List>(&argv[1])? else {
        return Ok(Reply::Nil);
    };
    let index = index(integer(&argv[2])?, list.len());
    Ok(index
        .and_then(|index| list.get(index))
        .map_or(Reply::Nil, bulk))
}

fn lrange(view: View<'_>, argv: &Argv) -> Result {
    let (start, stop) = (integer(&argv[2])?, integer(&argv[3])?);
    let Some(list) = view.read::<List>(&argv[1])? else {
        return Ok(Reply::Array(Vec::new()));
    };
    Ok(bulks(list.range(indexes(start, stop, list.len()))))
}

fn lpos(view: View<'_>, argv: &Argv) -> Result {
    let (mut rank, mut count, mut len_max) = (1, None, 0);
    for option in argv[3..].chunks(2) {
        let [name, number] = option else {
            return Err(CommandError::Syntax);
        };
        match () {
            () if is(name, "rank") => {
                rank = integer(number)?;
                if rank == 0 {
                    return Err(CommandError::RankZero);
                }
                if rank == i64::MIN {
                    return Err(CommandError::RankMin);
                }
            }
            () if is(name, "count") => {
                let number = integer(number).ok().and_then(|it| usize::try_from(it).ok());
                count = Some(number.ok_or(CommandError::Negative { name: "COUNT" })?);
            }
            () if is(name, "maxlen") => {
                let number = integer(number).ok().and_then(|it| usize::try_from(it).ok());
                len_max = number.ok_or(CommandError::Negative { name: "MAXLEN" })?;
            }
            () => return Err(CommandError::Syntax),
        }
    }
    let list = view.read::<List>(&argv[1])?;
    let wanted = match count {
        None => 1,
        Some(0) => usize::MAX,
        Some(count) => count,
    };
    let found = list.map_or(Vec::new(), |list| {
        positions(list, &argv[2], rank, wanted, len_max)
    });
    let mut found = found.into_iter().map(int);
    Ok(match count {
        Some(_) => Reply::Array(found.collect()),
        None => found.next().unwrap_or(Reply::Nil),
    })
}

fn positions(list: &List, element: &[u8], rank: i64, count: usize, len_max: usize) -> Vec<usize> {
    let compared = if len_max == 0 { usize::MAX } else { len_max };
    let skipped = usize::try_from(rank.unsigned_abs() - 1).unwrap_or(usize::MAX);
    let len = list.len();
    let matches = |(_, other): &(usize, &[u8])| *other == element;
    if rank > 0 {
        let found = list.iter().enumerate().take(compared).filter(matches);
        let found = found.skip(skipped).take(count);
        return found.map(|(at, _)| at).collect();
    }
    let back = list.iter().rev().enumerate().take(compared).filter(matches);
    let back = back.skip(skipped).take(count);
    back.map(|(at, _)| len - 1 - at).collect()
}

/// `LPUSH`, `RPUSH`, and with an X if the list is there.
fn push(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let end = match argv[0][0] {
        b'L' => End::Left,
        _ => End::Right,
    };
    let only_there = argv[0].ends_with(b"X");
    if writer.read::<List>(&argv[1])?.is_none() && only_there {
        return Ok(Reply::Int(0));
    }
    let len = writer.edit(&argv[1], |list: &mut List| {
        argv[2..].iter().for_each(|element| end.push(list, element));
        list.len()
    })?;
    writer.came(argv);
    Ok(int(len))
}

/// `LPOP` and `RPOP`.
fn lpop(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let end = match argv[0][0] {
        b'L' => End::Left,
        _ => End::Right,
    };
    let count = match argv.get(2) {
        None => None,
        Some(count) => {
            let count = integer(count).ok();
            let count = count.and_then(|count| usize::try_from(count).ok());
            Some(count.ok_or(CommandError::NotPositive)?)
        }
    };
    if writer.read::<List>(&argv[1])?.is_none() {
        return Ok(match count {
            None => Reply::Nil,
            Some(_) => Reply::NilArray,
        });
    }
    if count == Some(0) {
        return Ok(Reply::Array(Vec::new()));
    }
    let popped = writer.edit(&argv[1], |list: &mut List| {
        end.pop(list, count.unwrap_or(1))
    })?;
    writer.came(argv);
    Ok(match count {
        None => popped.first().map_or(Reply::Nil, |it| bulk(it)),
        Some(_) => bulks(popped.iter().map(Vec::as_slice)),
    })
}

/// `numkeys key ... LEFT|RIGHT [COUNT count]`, and the same with `MIN|MAX`.
pub(super) fn pop_args<T>(
    argv: &Argv,
    parse: fn(&[u8]) -> Result<T>,
) -> Result<(Args<'_>, T, usize)> {
    let number = integer(&argv[1])
        .ok()
        .and_then(|it| usize::try_from(it).ok());
    let number = number.filter(|number| *number > 0);
    let number = number.ok_or(CommandError::NumKeys)?;
    let behind = number.checked_add(2).ok_or(CommandError::Syntax)?;
    let end = parse(argv.get(behind).ok_or(CommandError::Syntax)?)?;
    let mut count = None;
    for option in argv[behind + 1..].chunks(2) {
        match option {
            [name, number] if is(name, "count") && count.is_none() => {
                let number = integer(number).ok().and_then(|it| usize::try_from(it).ok());
                let number = number.filter(|number| *number > 0);
                count = Some(number.ok_or(CommandError::CountZero)?);
            }
            _ => return Err(CommandError::Syntax),
        }
    }
    Ok((&argv[2..behind], end, count.unwrap_or(1)))
}

fn lmpop(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let (keys, end, count) = pop_args(argv, End::parse)?;
    for key in keys {
        if writer.read::<List>(key)?.is_none() {
            continue;
        }
        let popped = writer.edit(key, |list: &mut List| end.pop(list, count))?;
        let name = if end == End::Left { "LPOP" } else { "RPOP" };
        let args = [Arg::Bytes(key), Arg::Int(popped.len() as i64)];
        writer.log.push(writer.db, name, &args);
        let popped = bulks(popped.iter().map(Vec::as_slice));
        return Ok(Reply::Array(Vec::from([bulk(key), popped])));
    }
    Ok(Reply::NilArray)
}

fn lset(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let list = writer.read::<List>(&argv[1])?;
    let len = list.ok_or(CommandError::NoSuchKey)?.len();
    let index = index(integer(&argv[2])?, len).ok_or(CommandError::IndexOutOfRange)?;
    writer.edit(&argv[1], |list: &mut List| list.set(index, &argv[3]))?;
    writer.came(argv);
    Ok(Reply::Ok)
}

fn ltrim(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let (start, stop) = (integer(&argv[2])?, integer(&argv[3])?);
    if writer.read::<List>(&argv[1])?.is_none() {
        return Ok(Reply::Ok);
    }
    writer.edit(&argv[1], |list: &mut List| {
        let kept = indexes(start, stop, list.len());
        if kept.is_empty() {
            *list = List::default();
            return;
        }
        (kept.end..list.len()).rev().for_each(|at| list.remove(at));
        (0..kept.start).for_each(|_| list.remove(0));
    })?;
    writer.came(argv);
    Ok(Reply::Ok)
}

fn lrem(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let count = integer(&argv[2])?;
    let Some(list) = writer.read::<List>(&argv[1])? else {
        return Ok(Reply::Int(0));
    };
    let wanted = match count {
        0 => usize::MAX,
        count => usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX),
    };
    let rank = if count < 0 { -1 } else { 1 };
    let mut found = positions(list, &argv[3], rank, wanted, 0);
    if found.is_empty() {
        return Ok(Reply::Int(0));
    }
    found.sort_unstable();
    writer.edit(&argv[1], |list: &mut List| {
        found.iter().rev().for_each(|at| list.remove(*at));
    })?;
    writer.came(argv);
    Ok(int(found.len()))
}

fn linsert(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let behind = match () {
        () if is(&argv[2], "after") => 1,
        () if is(&argv[2], "before") => 0,
        () => return Err(CommandError::Syntax),
    };
    let Some(list) = writer.read::<List>(&argv[1])? else {
        return Ok(Reply::Int(0));
    };
    let Some(at) = list.iter().position(|element| element == argv[3]) else {
        return Ok(Reply::Int(-1));
    };
    let len = writer.edit(&argv[1], |list: &mut List| {
        list.insert(at + behind, &argv[4]);
        list.len()
    })?;
    writer.came(argv);
    Ok(int(len))
}

/// `LMOVE` and `RPOPLPUSH`.
fn lmove(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let (from, to) = match argv {
        [_, _, _, from, to] => (End::parse(from)?, End::parse(to)?),
        _ => (End::Right, End::Left),
    };
    if writer.read::<List>(&argv[1])?.is_none() {
        return Ok(Reply::Nil);
    }
    writer.read::<List>(&argv[2])?;
    let popped = writer.edit(&argv[1], |list: &mut List| {
        let popped = from.pop(list, 1);
        // The list must not vanish, with its expiry, in between.
        if argv[1] == argv[2] {
            popped.iter().for_each(|element| to.push(list, element));
        }
        popped
    })?;
    let element = popped.first().ok_or(CommandError::NoSuchKey)?;
    if argv[1] != argv[2] {
        writer.edit(&argv[2], |list: &mut List| to.push(list, element))?;
    }
    writer.came(argv);
    Ok(bulk(element))
}
