//! Ziplists, as versions up to 9 wrote small collections.
//!
//! Ten bytes (its length, where the last entry begins, how many entries there are; the lowest byte
//! first), the entries, and 0xff. An entry says how long the one before it is, then how it is
//! encoded itself.

use alloc::vec::Vec;

use super::cursor::{Blob, Read, Walk, decimal};

const HEADER_LEN: usize = 10;
/// So many entries or more: they must be counted.
const COUNT_UNKNOWN: u16 = u16::MAX;
const END: u8 = 0xff;
/// The length of the entry before is in the four bytes that follow.
const PREVIOUS_IS_LONG: u8 = 0xfe;

/// All its entries, integers as text.
pub(super) fn entries(blob: &Blob<'_>) -> Read<Vec<Vec<u8>>> {
    let mut walk = blob.walk();
    if walk.len_le("a ziplist's length")? != walk.whole_len() {
        return Err(walk.bad_number(0, "the ziplist's own length", walk.whole_len() as u64));
    }
    let last = walk.len_le("where a ziplist's last entry begins")?;
    let count = u16::from_le_bytes(walk.array("a ziplist's count")?);
    let mut entries = Vec::new();
    let (mut previous, mut begin) = (0, HEADER_LEN);
    while walk.peek() != Some(END) {
        begin = walk.at;
        entries.push(entry(&mut walk, previous)?);
        previous = walk.at - begin;
    }
    walk.byte("a ziplist's end")?;
    if last != begin {
        return Err(walk.bad_number(4, "where a ziplist's last entry begins", last as u64));
    }
    if count != COUNT_UNKNOWN && usize::from(count) != entries.len() {
        return Err(walk.bad_number(8, "how many entries a ziplist has", count.into()));
    }
    walk.end()?;
    Ok(entries)
}

fn entry(walk: &mut Walk<'_>, previous: usize) -> Read<Vec<u8>> {
    let expected = "the length of the entry before";
    let at = walk.at;
    let said = match walk.byte(expected)? {
        PREVIOUS_IS_LONG => walk.len_le(expected)?,
        END => return Err(walk.bad_byte(at, expected)),
        short => usize::from(short),
    };
    if said != previous {
        return Err(walk.bad_number(at, expected, said as u64));
    }
    value(walk)
}

fn value(walk: &mut Walk<'_>) -> Read<Vec<u8>> {
    let expected = "a ziplist's entry";
    let at = walk.at;
    let first = walk.byte(expected)?;
    let low = usize::from(first & 0x3f);
    let len = match first {
        0x00..0x40 => low,
        0x40..0x80 => low << 8 | usize::from(walk.byte(expected)?),
        0x80 => u32::from_be_bytes(walk.array(expected)?) as usize,
        _ => {
            return match integer(walk, first)? {
                Some(number) => Ok(decimal(number)),
                None => Err(walk.bad_byte(at, "a ziplist entry's encoding")),
            };
        }
    };
    walk.take(len, expected).map(Vec::from)
}

fn integer(walk: &mut Walk<'_>, encoding: u8) -> Read<Option<i64>> {
    let expected = "an integer of a ziplist";
    Ok(Some(match encoding {
        0xc0 => i16::from_le_bytes(walk.array(expected)?).into(),
        0xd0 => i32::from_le_bytes(walk.array(expected)?).into(),
        0xe0 => i64::from_le_bytes(walk.array(expected)?),
        0xf0 => int24(walk.array(expected)?),
        0xfe => i8::from_le_bytes(walk.array(expected)?).into(),
        0xf1..=0xfd => i64::from(encoding & 0x0f) - 1,
        _ => return Ok(None),
    }))
}

/// A number of three bytes, the lowest first.
pub(super) fn int24([low, middle, high]: [u8; 3]) -> i64 {
    i64::from(i32::from_le_bytes([0, low, middle, high]) >> 8)
}
