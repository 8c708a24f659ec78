//! The strict, incremental reader.

use alloc::vec::Vec;

use super::parse_integer;
use crate::limits::{ARGC_MAX, VALUE_LEN_MAX};

/// Bytes of the longest line that starts a command or an argument, CRLF included.
const LINE_LEN_MAX: usize = 16;
/// Bytes of the shortest argument: `$0`, CRLF, CRLF.
const ARG_LEN_MIN: usize = 6;

/// What [`parse_command`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed<'a> {
    /// A whole command.
    Complete {
        /// Its arguments, the name first; at least one.
        argv: Vec<&'a [u8]>,
        /// How many bytes it took.
        len: usize,
    },
    /// The beginning of a command.
    Incomplete {
        /// So many bytes more are needed at least.
        needed: usize,
    },
}

/// Bytes that are no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("at byte {offset}: expected {expected}")]
pub struct RespError {
    /// Where, from the first byte given.
    pub offset: usize,
    /// What should have been there.
    pub expected: &'static str,
}

/// Reads the command at the beginning of `bytes`.
///
/// # Errors
/// If no continuation of `bytes` begins with a command.
pub fn parse_command(bytes: &[u8]) -> Result<Parsed<'_>, RespError> {
    let mut reader = Reader { bytes, offset: 0 };
    match reader.command() {
        Ok(argv) => Ok(Parsed::Complete {
            argv,
            len: reader.offset,
        }),
        Err(Stop::Short(needed)) => Ok(Parsed::Incomplete { needed }),
        Err(Stop::Bad(error)) => Err(error),
    }
}

enum Stop {
    Short(usize),
    Bad(RespError),
}

struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    fn command(&mut self) -> Result<Vec<&'a [u8]>, Stop> {
        let argc = self.line(b'*', ARGC_MAX, "'*' and the number of arguments")?;
        if argc == 0 {
            return Err(bad(0, "at least one argument"));
        }
        let held = (self.bytes.len() - self.offset) / ARG_LEN_MIN;
        let mut argv = Vec::with_capacity(argc.min(held));
        for _ in 0..argc {
            argv.push(self.argument()?);
        }
        Ok(argv)
    }

    fn argument(&mut self) -> Result<&'a [u8], Stop> {
        let len = self.line(b'$', VALUE_LEN_MAX, "'$' and the length of an argument")?;
        let left = &self.bytes[self.offset..];
        if left.len() < len {
            return Err(Stop::Short(len + 2 - left.len()));
        }
        let (argument, rest) = left.split_at(len);
        self.offset += len;
        self.crlf(rest)?;
        Ok(argument)
    }

    /// A kind, a number up to `max`, CRLF.
    fn line(&mut self, kind: u8, max: usize, expected: &'static str) -> Result<usize, Stop> {
        let start = self.offset;
        let line = &self.bytes[start..];
        let line = &line[..line.len().min(LINE_LEN_MAX)];
        match line.first() {
            None => return Err(Stop::Short(4)),
            Some(first) if *first != kind => return Err(bad(start, expected)),
            Some(_) => {}
        }
        let digits = &line[1..];
        let len = digits.iter().take_while(|byte| byte.is_ascii_digit());
        let len = len.count();
        let number = match &digits[..len] {
            [] => None,
            digits => parse_integer(digits).and_then(|number| usize::try_from(number).ok()),
        };
        let ended = digits.len() > len;
        match number.filter(|number| *number <= max) {
            None if len == 0 && !ended => Err(Stop::Short(3)),
            None => Err(bad(start + 1, expected)),
            Some(number) => {
                self.offset += 1 + len;
                self.crlf(&self.bytes[self.offset..])?;
                Ok(number)
            }
        }
    }

    fn crlf(&mut self, rest: &[u8]) -> Result<(), Stop> {
        match rest {
            [b'\r', b'\n', ..] => {
                self.offset += 2;
                Ok(())
            }
            [] => Err(Stop::Short(2)),
            [b'\r'] => Err(Stop::Short(1)),
            _ => Err(bad(self.offset, "CRLF")),
        }
    }
}

fn bad(offset: usize, expected: &'static str) -> Stop {
    Stop::Bad(RespError { offset, expected })
}
