//! Sets.

use alloc::vec::Vec;

use super::call::{Args, Argv, MANY, Result, Spec, is};
use super::kind::{bulk, bulks, int};
use super::log::Arg;
use super::number::integer;
use super::scan::ScanArgs;
use super::{CommandError, Reply, View, Writer};
use crate::keyspace::Set;

pub(super) static SPECS: &[Spec] = &[
    Spec::write("sadd", 3, MANY, sadd),
    Spec::read("scard", 2, 2, scard),
    Spec::read("sdiff", 2, MANY, combined),
    Spec::write("sdiffstore", 3, MANY, combined_store),
    Spec::read("sinter", 2, MANY, combined),
    Spec::read("sintercard", 3, MANY, sintercard),
    Spec::write("sinterstore", 3, MANY, combined_store),
    Spec::read("sismember", 3, 3, sismember),
    Spec::read("smembers", 2, 2, smembers),
    Spec::read("smismember", 3, MANY, smismember),
    Spec::write("smove", 4, 4, smove).two_keys(),
    Spec::write("srem", 3, MANY, srem),
    Spec::read("sscan", 3, MANY, sscan),
    Spec::read("sunion", 2, MANY, combined),
    Spec::write("sunionstore", 3, MANY, combined_store),
];

fn scard(view: View<'_>, argv: &Argv) -> Result {
    Ok(int(view.read::<Set>(&argv[1])?.map_or(0, Set::len)))
}

fn smembers(view: View<'_>, argv: &Argv) -> Result {
    let set = view.read::<Set>(&argv[1])?;
    Ok(bulks(set.into_iter().flat_map(Set::iter)))
}

fn sismember(view: View<'_>, argv: &Argv) -> Result {
    let set = view.read::<Set>(&argv[1])?;
    let found = set.is_some_and(|set| set.contains(&argv[2]));
    Ok(Reply::Int(found.into()))
}

fn smismember(view: View<'_>, argv: &Argv) -> Result {
    let set = view.read::<Set>(&argv[1])?;
    let found = |member: &Vec<u8>| set.is_some_and(|set| set.contains(member));
    let found = argv[2..].iter().map(|it| Reply::Int(found(it).into()));
    Ok(Reply::Array(found.collect()))
}

fn sscan(view: View<'_>, argv: &Argv) -> Result {
    let cursor = ScanArgs::cursor(&argv[2])?;
    let Some(set) = view.read::<Set>(&argv[1])? else {
        return Ok(ScanArgs::nothing());
    };
    let args = ScanArgs::parse(&argv[3..])?;
    let (found, next) = set.scan(cursor, args.count);
    let found = found.into_iter().filter(|member| args.matches(member));
    Ok(ScanArgs::reply(next, found.map(bulk).collect()))
}

fn sadd(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let added = writer.edit(&argv[1], |set: &mut Set| {
        argv[2..].iter().filter(|it| set.insert(it)).count()
    })?;
    if added > 0 {
        writer.came(argv);
    }
    Ok(int(added))
}

fn srem(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    if writer.read::<Set>(&argv[1])?.is_none() {
        return Ok(Reply::Int(0));
    }
    let removed = writer.edit(&argv[1], |set: &mut Set| {
        argv[2..].iter().filter(|it| set.remove(it)).count()
    })?;
    if removed > 0 {
        writer.came(argv);
    }
    Ok(int(removed))
}

fn smove(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let member = &argv[3];
    let Some(set) = writer.read::<Set>(&argv[1])? else {
        return Ok(Reply::Int(0));
    };
    let found = set.contains(member);
    writer.read::<Set>(&argv[2])?;
    if !found || argv[1] == argv[2] {
        return Ok(Reply::Int(found.into()));
    }
    writer.edit(&argv[1], |set: &mut Set| set.remove(member))?;
    writer.edit(&argv[2], |set: &mut Set| set.insert(member))?;
    writer.came(argv);
    Ok(Reply::Int(1))
}

/// Members by what the command's name says of several sets.
fn combine<'a>(view: View<'a>, name: &[u8], keys: &[Vec<u8>]) -> Result<Vec<&'a [u8]>> {
    let sets: Result<Vec<Option<&Set>>> = keys.iter().map(|key| view.read(key)).collect();
    let sets = sets?;
    if name.starts_with(b"SUNION") {
        let mut union = Set::default();
        let all = sets.into_iter().flatten().flat_map(Set::iter);
        return Ok(all.filter(|member| union.insert(member)).collect());
    }
    if name.starts_with(b"SINTER") {
        return Ok(intersect(&sets, usize::MAX));
    }
    let (first, others) = sets.split_first().expect("a key at least");
    let others: Vec<&Set> = others.iter().copied().flatten().collect();
    let members = first.iter().flat_map(|set| set.iter());
    let alone = |member: &&[u8]| others.iter().all(|set| !set.contains(member));
    Ok(members.filter(alone).collect())
}

fn intersect<'a>(sets: &[Option<&'a Set>], limit: usize) -> Vec<&'a [u8]> {
    let sets: Option<Vec<&Set>> = sets.iter().copied().collect();
    let Some(mut sets) = sets else {
        return Vec::new();
    };
    sets.sort_by_key(|set| set.len());
    let (smallest, others) = sets.split_first().expect("a key at least");
    let common = smallest
        .iter()
        .filter(|member| others.iter().all(|set| set.contains(member)));
    common.take(limit).collect()
}

/// `SUNION`, `SINTER` and `SDIFF`.
fn combined(view: View<'_>, argv: &Argv) -> Result {
    let members = combine(view, &argv[0], &argv[1..])?;
    Ok(bulks(members.into_iter()))
}

/// The same into a key.
fn combined_store(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let mut set = Set::default();
    for member in combine(writer.view(&argv[1..]), &argv[0], &argv[2..])? {
        set.insert(member);
    }
    let len = set.len();
    if writer.store_kind(&argv[1], set) {
        match len {
            0 => writer.log.push(writer.db, "DEL", &[Arg::Bytes(&argv[1])]),
            _ => writer.came(argv),
        }
    }
    Ok(int(len))
}

/// `numkeys key ...`; what is behind them.
pub(super) fn num_keys(argv: &Argv) -> Result<(Args<'_>, Args<'_>)> {
    let number = integer(&argv[1])
        .ok()
        .and_then(|it| usize::try_from(it).ok());
    let number = number.filter(|number| *number > 0);
    let number = number.ok_or(CommandError::NumKeys)?;
    if number > argv.len() - 2 {
        return Err(CommandError::TooManyKeys);
    }
    Ok(argv[2..].split_at(number))
}

fn sintercard(view: View<'_>, argv: &Argv) -> Result {
    let (keys, options) = num_keys(argv)?;
    let mut limit = 0;
    for option in options.chunks(2) {
        match option {
            [name, number] if is(name, "limit") => {
                let number = integer(number).ok().and_then(|it| usize::try_from(it).ok());
                limit = number.ok_or(CommandError::Negative { name: "LIMIT" })?;
            }
            _ => return Err(CommandError::Syntax),
        }
    }
    let limit = if limit == 0 { usize::MAX } else { limit };
    let sets: Result<Vec<Option<&Set>>> = keys.iter().map(|key| view.read(key)).collect();
    Ok(int(intersect(&sets?, limit).len()))
}
