//! Strings as bits.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::call::{Argv, MANY, Result, Spec, is};
use super::kind::int;
use super::log::Arg;
use super::number::integer;
use super::strings::string;
use super::substrings::span;
use super::{CommandError, Reply, View, Writer};
use crate::keyspace::{Entry, Str};
use crate::limits::VALUE_LEN_MAX;

pub(super) static SPECS: &[Spec] = &[
    Spec::read("bitcount", 2, MANY, bitcount),
    Spec::write("bitop", 4, MANY, bitop).two_keys(),
    Spec::read("bitpos", 3, MANY, bitpos),
    Spec::read("getbit", 3, 3, getbit),
    Spec::write("setbit", 4, 4, setbit),
];

/// A place of a bit, `#n` being the n-th field of so many bits.
pub(super) fn bit_offset(text: &[u8], field_bits: Option<usize>) -> Result<usize> {
    let (text, unit) = match (text, field_bits) {
        ([b'#', text @ ..], Some(bits)) => (text, bits),
        _ => (text, 1),
    };
    let number = integer(text).ok().and_then(|it| usize::try_from(it).ok());
    let offset = number.and_then(|number| number.checked_mul(unit));
    let offset = offset.filter(|offset| offset / 8 < VALUE_LEN_MAX);
    offset.ok_or(CommandError::BitOffset)
}

fn getbit(view: View<'_>, argv: &Argv) -> Result {
    let offset = bit_offset(&argv[2], None)?;
    let string = string(view.live(&argv[1]))?;
    let byte = string.and_then(|string| string.part(offset / 8..offset / 8 + 1).first().copied());
    let bit = byte.unwrap_or(0) >> (7 - offset % 8) & 1;
    Ok(Reply::Int(bit.into()))
}

fn setbit(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let offset = bit_offset(&argv[2], None)?;
    let bit = integer(&argv[3]).ok().filter(|bit| matches!(bit, 0 | 1));
    let bit = bit.ok_or(CommandError::BitValue)?;
    let at = offset / 8;
    let string = string(writer.live(&argv[1]))?;
    let byte = string.and_then(|string| string.part(at..at + 1).first().copied());
    let (byte, mask) = (byte.unwrap_or(0), 0x80 >> (offset % 8));
    let new = if bit == 1 { byte | mask } else { byte & !mask };
    writer.overwrite(&argv[1], at, &[new]);
    writer.came(argv);
    Ok(Reply::Int((byte & mask != 0).into()))
}

/// The bytes that hold bits from one to another, both included, and the first of them.
fn bits_of(string: &Str, first: usize, last: usize) -> (Vec<u8>, usize) {
    (string.part(first / 8..last / 8 + 1), first / 8 * 8)
}

/// `BYTE` or `BIT`.
fn in_bits(unit: Option<&Vec<u8>>) -> Result<bool> {
    match unit {
        None => Ok(false),
        Some(unit) if is(unit, "byte") => Ok(false),
        Some(unit) if is(unit, "bit") => Ok(true),
        Some(_) => Err(CommandError::Syntax),
    }
}

fn bitcount(view: View<'_>, argv: &Argv) -> Result {
    let Some(string) = string(view.live(&argv[1]))? else {
        return Ok(Reply::Int(0));
    };
    let len = string.len();
    let range = match argv.len() {
        2 => span(0, -1, len).map(|(start, end)| (start * 8, end * 8 + 7)),
        4 | 5 => {
            let (start, end) = (integer(&argv[2])?, integer(&argv[3])?);
            match in_bits(argv.get(4))? {
                true => span(start, end, len * 8),
                false => span(start, end, len).map(|(start, end)| (start * 8, end * 8 + 7)),
            }
        }
        _ => return Err(CommandError::Syntax),
    };
    let Some((first, last)) = range else {
        return Ok(Reply::Int(0));
    };
    let (mut bytes, _) = bits_of(&string, first, last);
    bytes[0] &= 0xff >> (first % 8);
    if let Some(byte) = bytes.last_mut() {
        *byte &= 0xff << (7 - last % 8);
    }
    let ones = bytes.iter().map(|byte| u64::from(byte.count_ones()));
    Ok(Reply::Int(ones.sum::<u64>() as i64))
}

fn bitpos(view: View<'_>, argv: &Argv) -> Result {
    let bit = integer(&argv[2])?;
    if !matches!(bit, 0 | 1) {
        return Err(CommandError::BitArgument);
    }
    let Some(string) = string(view.live(&argv[1]))? else {
        return Ok(Reply::Int(if bit == 1 { -1 } else { 0 }));
    };
    let len = string.len();
    let range = match argv.len() {
        3 => span(0, -1, len).map(|(start, end)| (start * 8, end * 8 + 7)),
        4..=6 => {
            let start = integer(&argv[3])?;
            let bits = in_bits(argv.get(5))?;
            let end = argv.get(4).map_or(Ok(-1), |end| integer(end))?;
            match bits {
                true => clamped(start, end, len * 8),
                false => clamped(start, end, len).map(|(start, end)| (start * 8, end * 8 + 7)),
            }
        }
        _ => return Err(CommandError::Syntax),
    };
    let Some((first, last)) = range else {
        return Ok(Reply::Int(-1));
    };
    let (bytes, offset) = bits_of(&string, first, last);
    let full = if bit == 1 { 0 } else { 0xff };
    let found = (first..=last).find(|at| {
        let byte = bytes[(at - offset) / 8];
        byte != full && i64::from(byte >> (7 - at % 8) & 1) == bit
    });
    Ok(match found {
        Some(at) => int(at),
        // Without an end there are zeros behind the string.
        None if bit == 0 && argv.len() < 5 => int(len * 8),
        None => Reply::Int(-1),
    })
}

/// As [`span`], but with what lies before the beginning moved to it at both ends.
fn clamped(start: i64, end: i64, len: usize) -> Option<(usize, usize)> {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let from_end = |number: i64| match number < 0 {
        true => (number + len).max(0),
        false => number,
    };
    let (start, end) = (from_end(start), from_end(end).min(len - 1));
    (start <= end).then_some((start as usize, end as usize))
}

fn bitop(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let (operation, target, keys) = (&argv[1], &argv[2], &argv[3..]);
    let combine: fn(u8, u8) -> u8 = match () {
        () if is(operation, "and") => |one, two| one & two,
        () if is(operation, "or") => |one, two| one | two,
        () if is(operation, "xor") => |one, two| one ^ two,
        () if is(operation, "not") => |one, _| one,
        () => return Err(CommandError::Syntax),
    };
    if is(operation, "not") && keys.len() != 1 {
        return Err(CommandError::BitOpNot);
    }
    let view = writer.view(&argv[2..]);
    let sources: Result<Vec<_>> = keys.iter().map(|key| string(view.live(key))).collect();
    let sources = sources?;
    let lens = sources.iter().flatten().map(|source| source.len());
    let len = lens.max().unwrap_or(0);
    // One copy at a time: a key may be named a million times.
    let bytes = |source: &Option<Cow<'_, Str>>| {
        let mut bytes = source.as_ref().map_or(Vec::new(), |it| it.to_vec());
        bytes.resize(len, 0);
        bytes
    };
    let mut result = bytes(&sources[0]);
    for source in &sources[1..] {
        for (byte, other) in result.iter_mut().zip(bytes(source)) {
            *byte = combine(*byte, other);
        }
    }
    if is(operation, "not") {
        result.iter_mut().for_each(|byte| *byte = !*byte);
    }
    if result.is_empty() {
        if writer.keyspace.remove(writer.db, target) {
            writer.log.push(writer.db, "DEL", &[Arg::Bytes(target)]);
        }
        return Ok(Reply::Int(0));
    }
    writer
        .keyspace
        .insert(writer.db, target, Entry::string(result));
    writer.came(argv);
    Ok(int(len))
}
