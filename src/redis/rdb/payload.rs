//! One value by itself, as `DUMP` gives it out and `RESTORE` takes it.

use super::cursor::{Cursor, Halt, Read, bad_at};
use super::error::{Found, RdbError};
use super::kind::Kind;
use super::reader::checksum_of;
use super::{RDB_VERSION_MAX, RdbValue, opaque, value};

const VERSION_LEN: usize = 2;
const CHECKSUM_LEN: usize = 8;

/// Reads a value from its payload: a byte that says how it is encoded, the value, the version of two
/// bytes and the checksum of eight over all before it. Nothing may stand between them.
///
/// # Errors
/// What is wrong with it; offsets are in bytes from the payload's start.
pub fn read_payload(payload: &[u8]) -> Result<RdbValue, RdbError> {
    match read(payload) {
        Ok(value) => Ok(value),
        Err(Halt::Bad(error)) => Err(error),
        Err(Halt::More(_)) => unreachable!("the window holds all that is left"),
    }
}

fn read(payload: &[u8]) -> Read<RdbValue> {
    let body = body(payload)?;
    let mut cursor = Cursor::new(body, 0, body.len() as u64);
    let before = cursor.clone();
    let value = match Kind::from_byte(cursor.byte("a value")?) {
        None => return Err(before.bad_byte("a value")),
        Some(Kind::Known(encoding)) => value::read(&mut cursor, encoding)?,
        Some(Kind::Opaque(kind)) => {
            let (what, key) = (opaque::what(&cursor, kind)?, None);
            let offset = 0;
            return Err(RdbError::Unsupported { offset, what, key }.into());
        }
    };
    match cursor.len() == body.len() {
        true => Ok(value),
        false => Err(cursor.bad_byte("the end of the value")),
    }
}

/// What stands before version and checksum, which are right.
fn body(payload: &[u8]) -> Read<&[u8]> {
    let short = || bad_at(payload.len() as u64, "a version and a checksum", Found::End);
    let (rest, checksum) = payload
        .split_last_chunk::<CHECKSUM_LEN>()
        .ok_or_else(short)?;
    let (body, version) = rest.split_last_chunk::<VERSION_LEN>().ok_or_else(short)?;
    let (expected, found) = (checksum_of(rest), u64::from_le_bytes(*checksum));
    if found != expected {
        let offset = rest.len() as u64;
        return Err(RdbError::Checksum {
            offset,
            expected,
            found,
        }
        .into());
    }
    let version = u16::from_le_bytes(*version).into();
    if !(1..=RDB_VERSION_MAX).contains(&version) {
        let (at, found) = (body.len() as u64, Found::Number(version.into()));
        return Err(bad_at(at, "an RDB version that is read", found));
    }
    Ok(body)
}
