//! Zipmaps, as versions up to 3 wrote small hashes.
//!
//! A count, then for each field its length and bytes, its value's length, how many bytes behind the
//! value are unused, the value and those bytes; 0xff at the end.

use alloc::vec::Vec;

use super::cursor::{Blob, Read, Walk};

/// So many fields or more: they must be counted.
const COUNT_UNKNOWN: u8 = 254;
/// The length is in the four bytes that follow.
const LONG: u8 = 254;
const END: u8 = 0xff;

/// All its fields with their values.
pub(super) fn pairs(blob: &Blob<'_>) -> Read<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut walk = blob.walk();
    let count = walk.byte("a zipmap's count")?;
    let mut pairs = Vec::new();
    while walk.peek() != Some(END) {
        let len = length(&mut walk)?;
        let field = walk.take(len, "a zipmap's field")?.to_vec();
        let len = length(&mut walk)?;
        let unused = walk.byte("a zipmap's number of unused bytes")?;
        let value = walk.take(len, "a zipmap's value")?.to_vec();
        walk.take(unused.into(), "a zipmap's unused bytes")?;
        pairs.push((field, value));
    }
    walk.byte("a zipmap's end")?;
    if count < COUNT_UNKNOWN && usize::from(count) != pairs.len() {
        return Err(walk.bad_number(0, "how many fields a zipmap has", count.into()));
    }
    walk.end()?;
    Ok(pairs)
}

fn length(walk: &mut Walk<'_>) -> Read<usize> {
    let at = walk.at;
    match walk.byte("a zipmap's length")? {
        LONG => walk.len_le("a zipmap's length"),
        END => Err(walk.bad_byte(at, "a zipmap's length")),
        len => Ok(len.into()),
    }
}
