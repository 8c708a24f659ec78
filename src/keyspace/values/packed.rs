//! Small collections: all records in one allocation.
//!
//! ```text
//! packed = [ count:u8 1*record ]          empty: no byte at all
//! record = 1*field                        as many as its kind has
//! field  = len:varint bytes / score:f64   little endian
//! ```

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use super::record::Record;
use crate::limits::{PACKED_COUNT_MAX, PACKED_LEN_MAX};

/// Records in one allocation; a clone shares it.
pub(super) type Packed = Arc<[u8]>;

pub(super) fn count(packed: &[u8]) -> usize {
    packed.first().map_or(0, |count| usize::from(*count))
}

/// The records in order.
pub(super) fn iter<T: Record>(packed: &[u8]) -> impl Iterator<Item = T::View<'_>> {
    let mut rest = packed.get(1..).unwrap_or_default();
    (0..count(packed)).map(move |_| T::unpack(&mut rest))
}

/// Where a record lies, in bytes; behind the last for the rank after it.
fn offset<T: Record>(packed: &[u8], rank: usize) -> usize {
    let mut rest = packed.get(1..).unwrap_or_default();
    for _ in 0..rank {
        T::unpack(&mut rest);
    }
    packed.len().max(1) - rest.len()
}

/// Puts records in the place of others; none if that is too much for one allocation.
pub(super) fn splice<'a, T: Record>(
    packed: &[u8],
    ranks: Range<usize>,
    new: Option<T::View<'a>>,
) -> Option<Packed> {
    let count = count(packed) - ranks.len() + usize::from(new.is_some());
    let len = new.map_or(0, |view| T::len(view));
    if count > PACKED_COUNT_MAX || packed.len() + len > PACKED_LEN_MAX {
        return None;
    }
    if count == 0 {
        return Some(Packed::default());
    }
    let from = offset::<T>(packed, ranks.start);
    let to = match ranks.is_empty() {
        true => from,
        false => offset::<T>(packed, ranks.end),
    };
    let mut bytes = Vec::with_capacity(packed.len() + len + 16);
    bytes.push(u8::try_from(count).expect("a small count"));
    bytes.extend_from_slice(packed.get(1..from).unwrap_or_default());
    if let Some(view) = new {
        T::pack(view, &mut bytes);
    }
    bytes.extend_from_slice(packed.get(to..).unwrap_or_default());
    Some(Packed::from(bytes))
}

/// Writes a length, seven bits a byte, the lowest first.
pub(super) fn pack_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    let mut len = bytes.len();
    while len >= 0x80 {
        out.push(len as u8 | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
    out.extend_from_slice(bytes);
}

/// Reads what [`pack_bytes`] wrote.
pub(super) fn unpack_bytes<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let (mut len, mut shift) = (0, 0);
    loop {
        let (byte, behind) = rest.split_first().expect("C1: a length");
        *rest = behind;
        len |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let (bytes, behind) = rest.split_at(len);
    *rest = behind;
    bytes
}
