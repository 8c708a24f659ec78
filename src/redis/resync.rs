//! Where commands go on behind a damaged place.

use crate::command::Command;
use crate::limits::LINE_LEN_MAX;
use crate::resp::{Parsed, parse_command};

/// So many commands in a row are no accident.
const IN_A_ROW: usize = 3;

/// The first place from `from` on where a file of Redis goes on with commands that can be trusted.
///
/// Three commands in a row must parse strictly and have a known name and arity; fewer if the file ends
/// with them. Bytes inside a value that look the same cannot be told apart: a file without
/// checksums does not allow more.
#[must_use]
pub fn resync(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == b'*')?;
        if goes_on(&bytes[at..]) {
            return Some(at);
        }
        at += 1;
    }
}

fn goes_on(mut rest: &[u8]) -> bool {
    let mut commands = 0;
    while commands < IN_A_ROW {
        if rest.is_empty() {
            return commands > 0;
        }
        if rest.starts_with(b"#") && commands > 0 {
            let near = &rest[..rest.len().min(LINE_LEN_MAX)];
            let Some(end) = near.iter().position(|byte| *byte == b'\n') else {
                return false;
            };
            rest = &rest[end + 1..];
            continue;
        }
        match parse_command(rest) {
            Ok(Parsed::Complete { argv, len }) if is_known(&argv) => rest = &rest[len..],
            Ok(Parsed::Incomplete { .. }) => return commands + 1 >= IN_A_ROW,
            _ => return false,
        }
        commands += 1;
    }
    true
}

fn is_known(argv: &[&[u8]]) -> bool {
    let is_border =
        |name: &[u8]| name.eq_ignore_ascii_case(b"multi") || name.eq_ignore_ascii_case(b"exec");
    let is_restore = |name: &[u8]| name.eq_ignore_ascii_case(b"restore");
    matches!(argv, [name] if is_border(name))
        || matches!(argv, [name, _, _, _, ..] if is_restore(name))
        || Command::parse(argv).is_ok()
}
