//! Where commands go on behind a damaged place.

use crate::command::Command;
use crate::limits::LINE_LEN_MAX;
use crate::resp::{Parsed, parse_command};

/// So many commands in a row are no accident.
const IN_A_ROW: usize = 3;
/// Bytes that places which turn out wrong may make the search read, for each byte of the file.
const WASTE_FACTOR: u64 = 16;
/// Bytes of waste that every file allows.
const WASTE_MIN: u64 = 1 << 20;
/// Once the waste is spent, commands are believed only if all of them are within so many bytes.
const NEAR: usize = 1_024;

/// Finds where a damaged file of Redis goes on with commands.
///
/// A file can be made so that each of very many places looks like the beginning of a long command. So
/// the search has a budget for the whole file: once it is spent, only short commands count. Files that
/// nobody made for it spend next to nothing.
#[derive(Clone, Debug)]
pub struct Resync<'a> {
    bytes: &'a [u8],
    /// Bytes that may be wasted yet.
    left: u64,
}

impl<'a> Resync<'a> {
    /// For all damaged places of a file.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        let left = WASTE_FACTOR * bytes.len() as u64 + WASTE_MIN;
        Self { bytes, left }
    }

    /// The first place from `from` on where commands can be trusted.
    ///
    /// Three commands in a row must parse strictly and have a known name and arity; fewer if the file
    /// ends with them. Bytes inside a value that look the same cannot be told apart: a file without
    /// checksums does not allow more.
    #[must_use]
    pub fn next(&mut self, from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            at += self
                .bytes
                .get(at..)?
                .iter()
                .position(|byte| *byte == b'*')?;
            let rest = &self.bytes[at..];
            let near = match self.left {
                0 => &rest[..rest.len().min(NEAR)],
                _ => rest,
            };
            match goes_on(near, near.len() == rest.len()) {
                Ok(()) => return Some(at),
                Err(wasted) => self.left = self.left.saturating_sub(wasted as u64),
            }
            at += 1;
        }
    }
}

/// Whether commands begin here; if not, how many bytes were read to know it.
fn goes_on(bytes: &[u8], up_to_the_end: bool) -> Result<(), usize> {
    let (mut at, mut commands) = (0, 0);
    while commands < IN_A_ROW {
        let rest = &bytes[at..];
        if rest.is_empty() {
            return (commands > 0 && up_to_the_end).then_some(()).ok_or(at);
        }
        if rest.starts_with(b"#") && commands > 0 {
            let near = &rest[..rest.len().min(LINE_LEN_MAX)];
            let end = near.iter().position(|byte| *byte == b'\n');
            at += end.ok_or(at + near.len())? + 1;
            continue;
        }
        match parse_command(rest) {
            Ok(Parsed::Complete { argv, len }) => {
                at += len;
                if !is_known(&argv) {
                    return Err(at);
                }
            }
            Ok(Parsed::Incomplete { .. }) if up_to_the_end && commands + 1 >= IN_A_ROW => {
                return Ok(());
            }
            Ok(Parsed::Incomplete { .. }) => return Err(at + walked(rest)),
            Err(error) => return Err(at + walked(rest).min(error.offset)),
        }
        commands += 1;
    }
    Ok(())
}

/// What it costs at most to look at all arguments of a command, in bytes; they themselves are not read.
fn walked(command: &[u8]) -> usize {
    const ARGUMENT: usize = 16;
    let digits = command.iter().skip(1).take_while(|it| it.is_ascii_digit());
    let argc = digits
        .take(8)
        .fold(0, |argc, digit| argc * 10 + usize::from(digit - b'0'));
    (argc * ARGUMENT).min(command.len())
}
fn is_known(argv: &[&[u8]]) -> bool {
    let is_border =
        |name: &[u8]| name.eq_ignore_ascii_case(b"multi") || name.eq_ignore_ascii_case(b"exec");
    let is_restore = |name: &[u8]| name.eq_ignore_ascii_case(b"restore");
    matches!(argv, [name] if is_border(name))
        || matches!(argv, [name, _, _, _, ..] if is_restore(name))
        || Command::parse(argv).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::write_command;
    use alloc::format;
    use alloc::vec::Vec;

    fn sets() -> Vec<u8> {
        let mut bytes = Vec::new();
        for key in [b"a", b"b", b"c"] {
            write_command(&mut bytes, &[b"SET", key, b"1"]);
        }
        bytes
    }

    /// Would take minutes if each place were followed to its end.
    #[test]
    fn places_that_look_like_a_command_with_the_rest_as_arguments_are_passed_over() {
        let mut bytes = b"x".to_vec();
        for _ in 0..40_000 {
            bytes.extend_from_slice(b"$16\r\n*2000000\r\n$2\r\nab\r\n");
        }
        bytes.extend_from_slice(b"!");
        let end = bytes.len();
        bytes.extend(sets());
        assert_eq!(Resync::new(&bytes).next(0), Some(end));
    }

    /// Would copy the rest for each of them.
    #[test]
    fn commands_within_values_of_commands_are_passed_over() {
        const PLACES: usize = 150_000;
        let mut starts = Vec::new();
        let mut inner = 1_usize;
        for _ in 0..PLACES {
            let start = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${inner}\r\n");
            inner += start.len() + 2;
            starts.push(start);
        }
        let mut bytes = b"x".to_vec();
        starts.iter().rev().for_each(|it| bytes.extend(it.bytes()));
        bytes.push(b'v');
        bytes.extend(b"\r\n".repeat(PLACES));
        bytes.extend_from_slice(b"!");
        let end = bytes.len();
        bytes.extend(sets());
        assert_eq!(Resync::new(&bytes).next(0), Some(end));
    }

    #[test]
    fn long_commands_are_believed_in_a_file_that_nobody_made_for_it() {
        let mut bytes = b"x\0*3\r\n$9999\r\nab*2\r\n".to_vec();
        let begin = bytes.len();
        let long: Vec<&[u8]> = core::iter::once(&b"RPUSH"[..])
            .chain(core::iter::repeat_n(&b"element"[..], 5_000))
            .collect();
        for _ in 0..3 {
            write_command(&mut bytes, &long);
        }
        assert_eq!(Resync::new(&bytes).next(0), Some(begin));
    }
}
