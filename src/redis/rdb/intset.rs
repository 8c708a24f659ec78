//! Intsets: sets of integers, all of one width, in rising order.

use alloc::vec::Vec;

use super::cursor::{Blob, Read, Walk, decimal};

/// All its members, as text.
pub(super) fn members(blob: &Blob<'_>) -> Read<Vec<Vec<u8>>> {
    let mut walk = blob.walk();
    let width = walk.len_le("an intset's width")?;
    if ![2, 4, 8].contains(&width) {
        return Err(walk.bad_number(0, "an intset's width", width as u64));
    }
    let count = walk.len_le("an intset's count")?;
    if !walk.left().is_multiple_of(width) || walk.left() / width != count {
        return Err(walk.bad_number(4, "how many integers an intset has", count as u64));
    }
    let mut members = Vec::with_capacity(count);
    let mut before = None;
    while walk.left() > 0 {
        let at = walk.at;
        let number = integer(&mut walk, width)?;
        if before.is_some_and(|before| before >= number) {
            return Err(walk.bad_byte(at, "integers in rising order"));
        }
        before = Some(number);
        members.push(decimal(number));
    }
    Ok(members)
}

fn integer(walk: &mut Walk<'_>, width: usize) -> Read<i64> {
    let expected = "an integer of an intset";
    Ok(match width {
        2 => i16::from_le_bytes(walk.array(expected)?).into(),
        4 => i32::from_le_bytes(walk.array(expected)?).into(),
        _ => i64::from_le_bytes(walk.array(expected)?),
    })
}
