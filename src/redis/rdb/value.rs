//! Values of the core types, in every encoding.

use alloc::vec::Vec;

use super::cursor::{Blob, Cursor, Halt, Read, bad_at};
use super::error::Found;
use super::kind::Encoding;
use super::{RdbValue, intset, listpack, ziplist, zipmap};

/// How a node of a quicklist holds its elements: one as it is, or several in a listpack.
const NODE_PLAIN: u64 = 1;
const NODE_PACKED: u64 = 2;

/// A value, whole.
pub(super) fn read(cursor: &mut Cursor<'_>, encoding: Encoding) -> Read<RdbValue> {
    use RdbValue as V;
    Ok(match encoding {
        Encoding::String => V::String(cursor.bytes("a string")?),
        Encoding::List => V::List(strings(cursor, "a list's element")?),
        Encoding::Set => V::Set(strings(cursor, "a set's member")?),
        Encoding::Hash => V::Hash(table(cursor)?),
        Encoding::ZSetText => V::ZSet(scores(cursor, 2, text_score)?),
        Encoding::ZSetBinary => V::ZSet(scores(cursor, 9, binary_score)?),
        Encoding::HashZipmap => V::Hash(zipmap::pairs(&cursor.string("a zipmap")?)?),
        Encoding::ListZiplist => V::List(ziplist::entries(&cursor.string("a ziplist")?)?),
        Encoding::SetIntset => V::Set(intset::members(&cursor.string("an intset")?)?),
        Encoding::SetListpack => V::Set(listpack::entries(&cursor.string("a listpack")?)?),
        Encoding::HashZiplist => V::Hash(paired(cursor, "a ziplist", ziplist::entries)?),
        Encoding::HashListpack => V::Hash(paired(cursor, "a listpack", listpack::entries)?),
        Encoding::ZSetZiplist => V::ZSet(ranked(cursor, "a ziplist", ziplist::entries)?),
        Encoding::ZSetListpack => V::ZSet(ranked(cursor, "a listpack", listpack::entries)?),
        Encoding::ListQuicklist1 => V::List(quicklist1(cursor)?),
        Encoding::ListQuicklist2 => V::List(quicklist2(cursor)?),
    })
}

fn strings(cursor: &mut Cursor<'_>, expected: &'static str) -> Read<Vec<Vec<u8>>> {
    let count = cursor.count(1, "how many elements there are")?;
    (0..count).map(|_| cursor.bytes(expected)).collect()
}

fn table(cursor: &mut Cursor<'_>) -> Read<Vec<(Vec<u8>, Vec<u8>)>> {
    let count = cursor.count(2, "how many fields there are")?;
    let mut pair = |_| Ok((cursor.bytes("a field")?, cursor.bytes("a field's value")?));
    (0..count).map(&mut pair).collect()
}

/// Members, each with what `score` reads; both take `each` bytes at least.
fn scores(
    cursor: &mut Cursor<'_>,
    each: u64,
    score: fn(&mut Cursor<'_>) -> Read<f64>,
) -> Read<Vec<(Vec<u8>, f64)>> {
    let count = cursor.count(each, "how many members there are")?;
    let mut pair = |_| Ok((cursor.bytes("a member")?, score(cursor)?));
    (0..count).map(&mut pair).collect()
}

/// A score as its length and text; three lengths that none has are infinities, or no number.
fn text_score(cursor: &mut Cursor<'_>) -> Read<f64> {
    let expected = "a score";
    let before = cursor.clone();
    match cursor.byte(expected)? {
        253 => Err(before.bad_byte(expected)),
        254 => Ok(f64::INFINITY),
        255 => Ok(f64::NEG_INFINITY),
        len => {
            let text = cursor.take(len.into(), expected)?;
            parse_score(text).ok_or_else(|| before.bad_byte(expected))
        }
    }
}

fn binary_score(cursor: &mut Cursor<'_>) -> Read<f64> {
    let expected = "a score";
    let at = cursor.offset();
    let bits = u64::from_le_bytes(cursor.array(expected)?);
    let score = f64::from_bits(bits);
    match score.is_nan() {
        true => Err(bad_at(at, expected, Found::Number(bits))),
        false => Ok(score),
    }
}

fn parse_score(text: &[u8]) -> Option<f64> {
    let score: f64 = core::str::from_utf8(text).ok()?.parse().ok()?;
    (!score.is_nan()).then_some(score)
}

type Entries = fn(&Blob<'_>) -> Read<Vec<Vec<u8>>>;

/// Fields and values in turn.
fn paired(
    cursor: &mut Cursor<'_>,
    expected: &'static str,
    entries: Entries,
) -> Read<Vec<(Vec<u8>, Vec<u8>)>> {
    let at = cursor.offset();
    let entries = entries(&cursor.string(expected)?)?;
    if !entries.len().is_multiple_of(2) {
        let found = Found::Number(entries.len() as u64);
        return Err(bad_at(at, "an even number of entries", found));
    }
    let mut entries = entries.into_iter();
    let pair = || Some((entries.next()?, entries.next()?));
    Ok(core::iter::from_fn(pair).collect())
}

/// Members and scores in turn.
fn ranked(
    cursor: &mut Cursor<'_>,
    expected: &'static str,
    entries: Entries,
) -> Read<Vec<(Vec<u8>, f64)>> {
    let at = cursor.offset();
    let score = |text: &[u8]| {
        let first = text.first();
        let found = first.map_or(Found::End, |byte| Found::Byte(*byte));
        parse_score(text).ok_or_else(|| bad_at(at, "a score", found))
    };
    let pairs = paired(cursor, expected, entries)?;
    let pairs = pairs.into_iter();
    pairs
        .map(|(member, text)| Ok((member, score(&text)?)))
        .collect()
}

fn quicklist1(cursor: &mut Cursor<'_>) -> Read<Vec<Vec<u8>>> {
    let mut list = Vec::new();
    for _ in 0..cursor.count(1, "how many nodes there are")? {
        list.append(&mut ziplist::entries(&cursor.string("a ziplist")?)?);
    }
    Ok(list)
}

fn quicklist2(cursor: &mut Cursor<'_>) -> Read<Vec<Vec<u8>>> {
    let mut list = Vec::new();
    for _ in 0..cursor.count(2, "how many nodes there are")? {
        let at = cursor.offset();
        match cursor.number("a node's form")? {
            NODE_PLAIN => list.push(cursor.bytes("a node's element")?),
            NODE_PACKED => list.append(&mut listpack::entries(&cursor.string("a listpack")?)?),
            other => return Err::<_, Halt>(bad_at(at, "a node's form", Found::Number(other))),
        }
    }
    Ok(list)
}
