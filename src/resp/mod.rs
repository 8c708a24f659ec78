//! Commands as bytes: what Redis writes to a log (RESP 2), written and strictly read.
//!
//! ```text
//! command = "*" argc CRLF 1*argc( "$" len CRLF bytes CRLF )     argc >= 1
//! ```
//!
//! Numbers are decimal without sign or leading zero, so every command has exactly one encoding:
//! what [`parse_command`] accepts, [`write_command`] writes again byte for byte. No allocation is
//! made by a length that the remaining input cannot hold.

mod number;
mod parse;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

pub use number::parse_integer;
pub use parse::{Parsed, RespError, parse_command};

/// Writes a command behind what is in `out`.
pub fn write_command(out: &mut Vec<u8>, argv: &[&[u8]]) {
    write_argc(out, argv.len());
    for arg in argv {
        write_bulk(out, arg);
    }
}

/// Writes the line that says how many arguments follow.
pub fn write_argc(out: &mut Vec<u8>, argc: usize) {
    write_line(out, b'*', argc);
}

/// Writes one argument.
pub fn write_bulk(out: &mut Vec<u8>, arg: &[u8]) {
    write_bulk_pieces(out, arg.len(), core::iter::once(arg));
}

/// Writes one argument that lies in pieces, together `len` bytes.
///
/// # Panics
/// If they are not.
pub fn write_bulk_pieces<'a>(
    out: &mut Vec<u8>,
    len: usize,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) {
    write_line(out, b'$', len);
    let start = out.len();
    out.reserve(len + 2);
    for piece in pieces {
        out.extend_from_slice(piece);
    }
    assert_eq!(out.len() - start, len, "pieces and length agree");
    out.extend_from_slice(b"\r\n");
}

/// Writes a number in decimal.
pub fn write_integer(out: &mut Vec<u8>, number: i64) {
    number::write(out, number);
}

fn write_line(out: &mut Vec<u8>, kind: u8, number: usize) {
    out.push(kind);
    write_integer(out, i64::try_from(number).expect("a length fits"));
    out.extend_from_slice(b"\r\n");
}
