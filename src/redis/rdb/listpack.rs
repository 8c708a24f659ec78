//! Listpacks, as versions from 10 on write small collections.
//!
//! Six bytes (its length, how many entries there are; the lowest byte first), the entries, and
//! 0xff. An entry says how it is encoded, and behind that how long that was.

use alloc::vec::Vec;

use super::cursor::{Blob, Read, Walk, decimal};
use super::ziplist::int24;

/// So many entries or more: they must be counted.
const COUNT_UNKNOWN: u16 = u16::MAX;
const END: u8 = 0xff;

/// All its entries, integers as text.
pub(super) fn entries(blob: &Blob<'_>) -> Read<Vec<Vec<u8>>> {
    let mut walk = blob.walk();
    if walk.len_le("a listpack's length")? != walk.whole_len() {
        return Err(walk.bad_number(0, "the listpack's own length", walk.whole_len() as u64));
    }
    let count = u16::from_le_bytes(walk.array("a listpack's count")?);
    let mut entries = Vec::new();
    while walk.peek() != Some(END) {
        let begin = walk.at;
        entries.push(value(&mut walk)?);
        let len = walk.at - begin;
        back_length(&mut walk, len)?;
    }
    walk.byte("a listpack's end")?;
    if count != COUNT_UNKNOWN && usize::from(count) != entries.len() {
        return Err(walk.bad_number(4, "how many entries a listpack has", count.into()));
    }
    walk.end()?;
    Ok(entries)
}

fn value(walk: &mut Walk<'_>) -> Read<Vec<u8>> {
    let expected = "a listpack's entry";
    let at = walk.at;
    let first = walk.byte(expected)?;
    let len = match first {
        0x80..0xc0 => usize::from(first & 0x3f),
        0xe0..0xf0 => usize::from(first & 0x0f) << 8 | usize::from(walk.byte(expected)?),
        0xf0 => walk.len_le(expected)?,
        _ => {
            return match integer(walk, first)? {
                Some(number) => Ok(decimal(number)),
                None => Err(walk.bad_byte(at, "a listpack entry's encoding")),
            };
        }
    };
    walk.take(len, expected).map(Vec::from)
}

fn integer(walk: &mut Walk<'_>, encoding: u8) -> Read<Option<i64>> {
    let expected = "an integer of a listpack";
    Ok(Some(match encoding {
        0x00..0x80 => encoding.into(),
        0xc0..0xe0 => {
            let bits = u16::from(encoding & 0x1f) << 8 | u16::from(walk.byte(expected)?);
            i64::from((bits << 3).cast_signed() >> 3)
        }
        0xf1 => i16::from_le_bytes(walk.array(expected)?).into(),
        0xf2 => int24(walk.array(expected)?),
        0xf3 => i32::from_le_bytes(walk.array(expected)?).into(),
        0xf4 => i64::from_le_bytes(walk.array(expected)?),
        _ => return Ok(None),
    }))
}

/// The length of what came before: groups of seven bits, the highest first, all but the first
/// marked by their upper bit. A group more is taken already for the largest number that fits.
fn back_length(walk: &mut Walk<'_>, len: usize) -> Read<()> {
    let expected = "the length of the entry before it";
    let groups = 1 + [128, 16_383, 2_097_151, 268_435_455]
        .iter()
        .filter(|limit| len >= **limit)
        .count();
    let at = walk.at;
    let bytes = walk.take(groups, expected)?;
    for (place, byte) in bytes.iter().enumerate() {
        let bits = (len >> (7 * (groups - 1 - place))) & 127;
        let mark = if place == 0 { 0 } else { 128 };
        if usize::from(*byte) != bits | mark {
            return Err(walk.bad_byte(at + place, expected));
        }
    }
    Ok(())
}
