//! What is not supported is read over, so that what follows can be read.

use super::ModuleId;
use super::cursor::{Cursor, Read, bad_at};
use super::error::{Found, RdbError, Unsupported};
use super::kind::Opaque;

/// A stream's entry is named by so many bytes.
const STREAM_ID_LEN: u64 = 16;
const TIME_LEN: u64 = 8;

/// What a module's next item is.
const MODULE_END: u64 = 0;
const MODULE_SIGNED: u64 = 1;
const MODULE_UNSIGNED: u64 = 2;
const MODULE_FLOAT: u64 = 3;
const MODULE_DOUBLE: u64 = 4;
const MODULE_STRING: u64 = 5;

/// Which thing a value is, of which nothing but its module's number is read.
pub(super) fn what(cursor: &Cursor<'_>, opaque: Opaque) -> Read<Unsupported> {
    let id = match opaque {
        Opaque::Module1 | Opaque::Module2 => cursor.clone().number("a module's number")?,
        _ => 0,
    };
    Ok(opaque.what(ModuleId(id)))
}

/// Reads over a value; `refused` is why not, if its length cannot be known.
pub(super) fn value(cursor: &mut Cursor<'_>, opaque: Opaque, refused: RdbError) -> Read<()> {
    match opaque {
        Opaque::Module1 => Err(refused.into()),
        Opaque::Module2 => {
            cursor.number("a module's number")?;
            module(cursor)
        }
        Opaque::Stream(form) => stream(cursor, form),
        Opaque::HashTable(timed) => hash_table(cursor, timed),
        Opaque::HashListpack(timed) => {
            if timed {
                cursor.take(TIME_LEN, "the earliest expiry of a field")?;
            }
            string(cursor, "a listpack")
        }
    }
}

/// Reads over what a module keeps beside the keys, its number aside.
pub(super) fn module_aux(cursor: &mut Cursor<'_>) -> Read<()> {
    let at = cursor.offset();
    let opcode = cursor.number("when a module wants it")?;
    if opcode != MODULE_UNSIGNED {
        return Err(bad_at(at, "when a module wants it", Found::Number(opcode)));
    }
    cursor.number("when a module wants it")?;
    module(cursor)
}

fn module(cursor: &mut Cursor<'_>) -> Read<()> {
    let expected = "an item of a module";
    loop {
        let at = cursor.offset();
        match cursor.number(expected)? {
            MODULE_END => return Ok(()),
            MODULE_SIGNED | MODULE_UNSIGNED => drop(cursor.number(expected)?),
            MODULE_FLOAT => drop(cursor.take(4, expected)?),
            MODULE_DOUBLE => drop(cursor.take(8, expected)?),
            MODULE_STRING => string(cursor, expected)?,
            other => return Err(bad_at(at, expected, Found::Number(other))),
        }
    }
}

fn stream(cursor: &mut Cursor<'_>, form: u8) -> Read<()> {
    for _ in 0..cursor.count(2, "how many nodes a stream has")? {
        string(cursor, "a stream's node")?;
        string(cursor, "a listpack")?;
    }
    // How many entries, the last one's two numbers; then the first one's, those of the greatest
    // that was deleted, and how many were ever added.
    for _ in 0..if form >= 2 { 8 } else { 3 } {
        cursor.number("a stream's numbers")?;
    }
    for _ in 0..cursor.count(4, "how many groups a stream has")? {
        group(cursor, form)?;
    }
    Ok(())
}

fn group(cursor: &mut Cursor<'_>, form: u8) -> Read<()> {
    string(cursor, "a group's name")?;
    for _ in 0..if form >= 2 { 3 } else { 2 } {
        cursor.number("a group's numbers")?;
    }
    for _ in 0..cursor.count(STREAM_ID_LEN + TIME_LEN + 1, "how many entries are pending")? {
        cursor.take(STREAM_ID_LEN + TIME_LEN, "a pending entry")?;
        cursor.number("how often it was delivered")?;
    }
    for _ in 0..cursor.count(2 + TIME_LEN, "how many consumers a group has")? {
        string(cursor, "a consumer's name")?;
        let times = if form >= 3 { 2 } else { 1 };
        cursor.take(times * TIME_LEN, "a consumer's times")?;
        let pending = cursor.count(STREAM_ID_LEN, "how many entries are pending")?;
        cursor.take(pending * STREAM_ID_LEN, "pending entries")?;
    }
    Ok(())
}

fn hash_table(cursor: &mut Cursor<'_>, timed: bool) -> Read<()> {
    if timed {
        cursor.take(TIME_LEN, "the earliest expiry of a field")?;
    }
    for _ in 0..cursor.count(3, "how many fields there are")? {
        cursor.number("a field's expiry")?;
        string(cursor, "a field")?;
        string(cursor, "a field's value")?;
    }
    Ok(())
}

fn string(cursor: &mut Cursor<'_>, expected: &'static str) -> Read<()> {
    cursor.string(expected).map(drop)
}
