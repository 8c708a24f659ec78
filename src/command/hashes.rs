//! Hashes.

use alloc::vec::Vec;

use super::call::{Argv, MANY, Result, Spec};
use super::kind::{bulk, bulks, int};
use super::log::Arg;
use super::number::{float, integer, sum};
use super::scan::ScanArgs;
use super::{CommandError, Reply, View, Writer};
use crate::keyspace::Fields;
use crate::resp::{parse_integer, write_integer};

pub(super) static SPECS: &[Spec] = &[
    Spec::write("hdel", 3, MANY, hdel),
    Spec::read("hexists", 3, 3, hexists),
    Spec::read("hget", 3, 3, hget),
    Spec::read("hgetall", 2, 2, hgetall),
    Spec::write("hincrby", 4, 4, hincrby),
    Spec::write("hincrbyfloat", 4, 4, hincrbyfloat),
    Spec::read("hkeys", 2, 2, hkeys),
    Spec::read("hlen", 2, 2, hlen),
    Spec::read("hmget", 3, MANY, hmget),
    Spec::write("hmset", 4, MANY, hset),
    Spec::read("hscan", 3, MANY, hscan),
    Spec::write("hset", 4, MANY, hset),
    Spec::write("hsetnx", 4, 4, hsetnx),
    Spec::read("hstrlen", 3, 3, hstrlen),
    Spec::read("hvals", 2, 2, hvals),
];

fn optional(value: Option<&[u8]>) -> Reply {
    value.map_or(Reply::Nil, bulk)
}

fn hget(view: View<'_>, argv: &Argv) -> Result {
    let fields = view.read::<Fields>(&argv[1])?;
    Ok(optional(fields.and_then(|fields| fields.get(&argv[2]))))
}

fn hmget(view: View<'_>, argv: &Argv) -> Result {
    let fields = view.read::<Fields>(&argv[1])?;
    let value = |field: &Vec<u8>| optional(fields.and_then(|fields| fields.get(field)));
    Ok(Reply::Array(argv[2..].iter().map(value).collect()))
}

fn hgetall(view: View<'_>, argv: &Argv) -> Result {
    let fields = view.read::<Fields>(&argv[1])?;
    let all = fields.into_iter().flat_map(Fields::iter);
    Ok(bulks(all.flat_map(|(field, value)| [field, value])))
}

fn hkeys(view: View<'_>, argv: &Argv) -> Result {
    let fields = view.read::<Fields>(&argv[1])?;
    let all = fields.into_iter().flat_map(Fields::iter);
    Ok(bulks(all.map(|(field, _)| field)))
}

fn hvals(view: View<'_>, argv: &Argv) -> Result {
    let fields = view.read::<Fields>(&argv[1])?;
    let all = fields.into_iter().flat_map(Fields::iter);
    Ok(bulks(all.map(|(_, value)| value)))
}

fn hlen(view: View<'_>, argv: &Argv) -> Result {
    Ok(int(view.read::<Fields>(&argv[1])?.map_or(0, Fields::len)))
}

fn hexists(view: View<'_>, argv: &Argv) -> Result {
    let fields = view.read::<Fields>(&argv[1])?;
    let found = fields.is_some_and(|fields| fields.get(&argv[2]).is_some());
    Ok(Reply::Int(found.into()))
}

fn hstrlen(view: View<'_>, argv: &Argv) -> Result {
    let fields = view.read::<Fields>(&argv[1])?;
    let value = fields.and_then(|fields| fields.get(&argv[2]));
    Ok(int(value.map_or(0, <[u8]>::len)))
}

fn hscan(view: View<'_>, argv: &Argv) -> Result {
    let cursor = ScanArgs::cursor(&argv[2])?;
    let Some(fields) = view.read::<Fields>(&argv[1])? else {
        return Ok(ScanArgs::nothing());
    };
    let args = ScanArgs::parse(&argv[3..])?;
    let (found, next) = fields.scan(cursor, args.count);
    let found = found.into_iter().filter(|(field, _)| args.matches(field));
    let found = found.flat_map(|(field, value)| [bulk(field), bulk(value)]);
    Ok(ScanArgs::reply(next, found.collect()))
}

/// `HSET` answers how many fields are new, `HMSET` just OK.
fn hset(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let (fixed, count) = (argv[0] == b"HMSET", argv.len());
    if !count.is_multiple_of(2) {
        let name = if fixed { "hmset" } else { "hset" };
        return Err(CommandError::WrongArity { name });
    }
    let new = writer.edit(&argv[1], |fields: &mut Fields| {
        let pairs = argv[2..].chunks_exact(2);
        pairs.filter(|pair| fields.put(&pair[0], &pair[1])).count()
    })?;
    writer.came(argv);
    Ok(if fixed { Reply::Ok } else { int(new) })
}

fn hsetnx(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let fields = writer.read::<Fields>(&argv[1])?;
    if fields.is_some_and(|fields| fields.get(&argv[2]).is_some()) {
        return Ok(Reply::Int(0));
    }
    writer.edit(&argv[1], |fields: &mut Fields| {
        fields.put(&argv[2], &argv[3])
    })?;
    writer.came(argv);
    Ok(Reply::Int(1))
}

fn hdel(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    if writer.read::<Fields>(&argv[1])?.is_none() {
        return Ok(Reply::Int(0));
    }
    let removed = writer.edit(&argv[1], |fields: &mut Fields| {
        argv[2..].iter().filter(|name| fields.remove(name)).count()
    })?;
    if removed > 0 {
        writer.came(argv);
    }
    Ok(int(removed))
}

fn hincrby(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let by = integer(&argv[3])?;
    let fields = writer.read::<Fields>(&argv[1])?;
    let old = match fields.and_then(|fields| fields.get(&argv[2])) {
        None => 0,
        Some(old) => parse_integer(old).ok_or(CommandError::HashNotAnInteger)?,
    };
    let sum = old.checked_add(by).ok_or(CommandError::Overflow)?;
    let mut digits = Vec::new();
    write_integer(&mut digits, sum);
    writer.edit(&argv[1], |fields: &mut Fields| {
        fields.put(&argv[2], &digits)
    })?;
    writer.came(argv);
    Ok(Reply::Int(sum))
}

fn hincrbyfloat(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let by = float(&argv[3]).ok_or(CommandError::NotAFloat)?;
    if by.is_infinite() {
        return Err(CommandError::Infinite);
    }
    let fields = writer.read::<Fields>(&argv[1])?;
    let old = fields.and_then(|fields| fields.get(&argv[2]));
    let sum = sum(old.unwrap_or(b"0"), &argv[3], CommandError::HashNotAFloat)?;
    writer.edit(&argv[1], |fields: &mut Fields| fields.put(&argv[2], &sum))?;
    let args = [&argv[1], &argv[2], &sum].map(|arg| Arg::Bytes(arg));
    writer.log.push(writer.db, "HSET", &args);
    Ok(bulk(&sum))
}
