//! Strings: parts of them, floats, and reading with a new expiry.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::call::{Argv, MANY, Result, Spec, is};
use super::kind::{bulk, int};
use super::log::Arg;
use super::number::{float, integer, sum};
use super::strings::string;
use super::types::ExpireTime;
use super::{CommandError, Reply, View, Writer};
use crate::keyspace::{Entry, Str, Value};
use crate::limits::VALUE_LEN_MAX;
use crate::units::WallMillis;

pub(super) static SPECS: &[Spec] = &[
    Spec::write("getex", 2, MANY, getex),
    Spec::read("getrange", 4, 4, getrange),
    Spec::write("incrbyfloat", 3, 3, incrbyfloat),
    Spec::write("setrange", 4, 4, setrange),
    Spec::read("substr", 4, 4, getrange),
];

/// The bytes from one to another, both included and counted from either end; none if there are
/// none.
pub(super) fn span(start: i64, end: i64, len: usize) -> Option<(usize, usize)> {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    if (start < 0 && end < 0 && start > end) || len == 0 {
        return None;
    }
    let from_end = |number: i64| match number < 0 {
        true => (number + len).max(0),
        false => number,
    };
    let (start, end) = (from_end(start), from_end(end).min(len - 1));
    (start <= end).then_some((start as usize, end as usize))
}

fn getrange(view: View<'_>, argv: &Argv) -> Result {
    let (start, end) = (integer(&argv[2])?, integer(&argv[3])?);
    let Some(string) = string(view.live(&argv[1]))? else {
        return Ok(bulk(b""));
    };
    Ok(match span(start, end, string.len()) {
        None => bulk(b""),
        Some((start, end)) => bulk(&string.part(start..end + 1)),
    })
}

impl Writer<'_> {
    /// Overwrites a part of a string, which is made or grows as needed.
    pub(super) fn overwrite(&mut self, key: &[u8], offset: usize, bytes: &[u8]) {
        let there = self.keyspace.update(self.db, key, |entry| {
            if let Value::String(string) = &mut entry.value {
                string.overwrite(offset, bytes);
            }
        });
        if there.is_none() {
            let mut string = Str::default();
            string.overwrite(offset, bytes);
            self.keyspace.insert(self.db, key, Entry::string(string));
        }
    }
}

fn setrange(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let offset = integer(&argv[2])?;
    let offset = usize::try_from(offset).map_err(|_| CommandError::OffsetOutOfRange)?;
    let value = &argv[3];
    let len = string(writer.live(&argv[1]))?.map_or(0, |string| string.len());
    if value.is_empty() {
        return Ok(int(len));
    }
    let end = offset.checked_add(value.len());
    let end = end.filter(|end| *end <= VALUE_LEN_MAX);
    let end = end.ok_or(CommandError::TooLong)?;
    writer.overwrite(&argv[1], offset, value);
    writer.came(argv);
    Ok(int(end.max(len)))
}

fn incrbyfloat(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let old = string(writer.live(&argv[1]))?.map_or(Vec::from(b"0"), |string| string.to_vec());
    let new = sum(&old, &argv[2], CommandError::NotAFloat)?;
    if float(&new).is_none() {
        return Err(CommandError::NotFinite);
    }
    let new = Str::from(new);
    writer.store(&argv[1], &new, None, true);
    Ok(Reply::Bulk(new))
}

/// How `GETEX` changes the expiry.
enum NewExpiry {
    Kept,
    Persist,
    At(ExpireTime),
}

fn getex(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let options = &argv[2..];
    let time: Option<fn(i64) -> ExpireTime> = match options.first() {
        Some(option) if is(option, "ex") => Some(ExpireTime::Seconds),
        Some(option) if is(option, "px") => Some(ExpireTime::Millis),
        Some(option) if is(option, "exat") => Some(ExpireTime::UnixSeconds),
        Some(option) if is(option, "pxat") => Some(ExpireTime::UnixMillis),
        Some(option) if is(option, "persist") => None,
        None => None,
        Some(_) => return Err(CommandError::Syntax),
    };
    // The same option again counts instead of the first.
    let words = if time.is_some() { 2 } else { 1 };
    let same = |it: &[Vec<u8>]| it.len() == words && it[0].eq_ignore_ascii_case(&options[0]);
    if !options.chunks(words).all(same) {
        return Err(CommandError::Syntax);
    }
    let Some(value) = string(writer.live(&argv[1]))?.map(Cow::into_owned) else {
        return Ok(Reply::Nil);
    };
    let expiry = match (time, options.last()) {
        (Some(time), Some(number)) => {
            let number = integer(number)?;
            let invalid = CommandError::InvalidExpire { name: "getex" };
            if number <= 0 {
                return Err(invalid);
            }
            NewExpiry::At(time(number))
        }
        (None, Some(_)) => NewExpiry::Persist,
        (_, None) => NewExpiry::Kept,
    };
    match expiry {
        NewExpiry::Kept => {}
        NewExpiry::Persist => {
            writer.persist(&argv[1])?;
        }
        NewExpiry::At(time) => {
            let at = writer.unix_millis(time);
            let at = at.map_err(|_| CommandError::InvalidExpire { name: "getex" })?;
            if at <= writer.now_signed() {
                writer.keyspace.remove(writer.db, &argv[1]);
                writer.log.push(writer.db, "DEL", &[Arg::Bytes(&argv[1])]);
            } else {
                writer.set_expiry(&argv[1], Some(WallMillis(at.unsigned_abs())));
                let args = [Arg::Bytes(&argv[1]), Arg::Int(at)];
                writer.log.push(writer.db, "PEXPIREAT", &args);
            }
        }
    }
    Ok(Reply::Bulk(value))
}
