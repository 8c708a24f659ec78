//! Keys that move: to another name, to another database.

use alloc::vec::Vec;

use super::call::{Argv, MANY, Result, Spec, is};
use super::kind::int;
use super::number::integer;
use super::{CommandError, Reply, View, Writer, expire_key};
use crate::limits::DATABASES_MAX;

pub(super) static SPECS: &[Spec] = &[
    Spec::write("copy", 3, MANY, copy).two_keys(),
    Spec::write("move", 3, 3, move_key),
    Spec::write("rename", 3, 3, rename).two_keys(),
    Spec::write("renamenx", 3, 3, rename).two_keys(),
    Spec::write("swapdb", 3, 3, swapdb),
    Spec::read("touch", 2, MANY, touch),
];

fn database(text: &[u8]) -> Result<u32> {
    let number = i32::try_from(integer(text)?).map_err(|_| CommandError::NotAnInteger32)?;
    let db = u32::try_from(number).ok();
    db.filter(|db| *db < DATABASES_MAX)
        .ok_or(CommandError::InvalidDb)
}

fn touch(view: View<'_>, argv: &Argv) -> Result {
    let there = argv[1..].iter().filter(|key| view.live(key).is_some());
    Ok(int(there.count()))
}

/// `RENAME` and `RENAMENX`.
fn rename(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let only_new = argv[0] == b"RENAMENX";
    let (from, to) = (&argv[1], &argv[2]);
    let entry = writer.live(from).ok_or(CommandError::NoSuchKey)?.to_entry();
    if from == to || (writer.live(to).is_some() && only_new) {
        return Ok(if only_new { Reply::Int(0) } else { Reply::Ok });
    }
    writer.keyspace.remove(writer.db, from);
    writer.keyspace.insert(writer.db, to, entry);
    writer.came(argv);
    Ok(if only_new { Reply::Int(1) } else { Reply::Ok })
}

fn copy(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let (from, to) = (&argv[1], &argv[2]);
    let (mut db, mut replace) = (writer.db, false);
    let mut options: &[Vec<u8>] = &argv[3..];
    while let Some((option, behind)) = options.split_first() {
        options = match behind {
            _ if is(option, "replace") => {
                replace = true;
                behind
            }
            [number, behind @ ..] if is(option, "db") => {
                db = database(number)?;
                behind
            }
            _ => return Err(CommandError::Syntax),
        };
    }
    if db == writer.db && from == to {
        return Err(CommandError::SameObject);
    }
    let Some(entry) = writer.live(from).map(|entry| entry.to_entry()) else {
        return Ok(Reply::Int(0));
    };
    expire_key(writer.keyspace, db, to, writer.now, writer.log);
    if writer.keyspace.get(db, to).is_some() && !replace {
        return Ok(Reply::Int(0));
    }
    writer.keyspace.insert(db, to, entry);
    writer.came(argv);
    Ok(Reply::Int(1))
}

fn move_key(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let (key, db) = (&argv[1], database(&argv[2])?);
    if db == writer.db {
        return Err(CommandError::SameObject);
    }
    let Some(entry) = writer.live(key).map(|entry| entry.to_entry()) else {
        return Ok(Reply::Int(0));
    };
    expire_key(writer.keyspace, db, key, writer.now, writer.log);
    if writer.keyspace.get(db, key).is_some() {
        return Ok(Reply::Int(0));
    }
    writer.keyspace.remove(writer.db, key);
    writer.keyspace.insert(db, key, entry);
    writer.came(argv);
    Ok(Reply::Int(1))
}

fn swapdb(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let number = |text: &[u8]| integer(text).ok().and_then(|it| i32::try_from(it).ok());
    let first = number(&argv[1]).ok_or(CommandError::InvalidSwapDb { which: "first" })?;
    let second = number(&argv[2]).ok_or(CommandError::InvalidSwapDb { which: "second" })?;
    let in_bounds = |number: i32| {
        let db = u32::try_from(number).ok();
        db.filter(|db| *db < DATABASES_MAX)
            .ok_or(CommandError::InvalidDb)
    };
    let (first, second) = (in_bounds(first)?, in_bounds(second)?);
    if first != second && writer.keyspace.swap_dbs(first, second) {
        writer.came(argv);
    }
    Ok(Reply::Ok)
}
