//! A plain Redis append-only file: commands and annotation lines, without frames.

use alloc::vec::Vec;
use core::fmt;

use crate::limits::LINE_LEN_MAX;
use crate::log;
use crate::redis::rdb;
use crate::resp::{Parsed, parse_command};

/// What a reader found at the start of its window.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a step moves the reader: what it found must be taken from the window"]
pub enum Step<'a> {
    /// A command; `len` bytes are to be taken from the window.
    Command {
        #[doc = "Where it begins, in bytes from the file's start."]
        offset: u64,
        #[doc = "Its name and arguments, at least one."]
        argv: Vec<&'a [u8]>,
        #[doc = "Its length in bytes."]
        len: usize,
    },
    /// A line that is no command; `len` bytes are to be taken from the window.
    Annotation {
        #[doc = "Its length in bytes, with its line feed."]
        len: usize,
        #[doc = "When what follows was written, in seconds since 1970-01-01 UTC, if it says so."]
        written: Option<u64>,
    },
    /// The window must hold at least so many bytes; the file has them.
    NeedMore(usize),
    /// The file ends here.
    End(Tail),
    /// What comes next is no command; the reader stays before it.
    Bad(AofError),
}

/// How a file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tail {
    /// With a whole command, outside any transaction.
    Whole,
    /// Within a command or an annotation, of which some bytes are missing.
    Short {
        #[doc = "Where that begins."]
        offset: u64,
        #[doc = "What counts ends here: there, or before the MULTI around it."]
        cut_at: u64,
    },
    /// With a whole command, within a transaction that has no EXEC.
    UnfinishedMulti {
        #[doc = "What counts ends here: before the MULTI."]
        cut_at: u64,
    },
}

impl fmt::Display for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("ends with a whole command"),
            Self::Short { offset, cut_at } => write!(
                f,
                "short: the file ends within what begins at offset {offset}; cut at {cut_at}"
            ),
            Self::UnfinishedMulti { cut_at } => {
                write!(f, "unfinished MULTI at the end; cut at {cut_at}, before it")
            }
        }
    }
}

/// A file that is not a plain append-only file. Offsets are in bytes from the file's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum AofError {
    /// The bytes at `offset` are no command.
    #[error("bad format at offset {offset}: expected {expected}, found {found}")]
    Format {
        #[doc = "Where."]
        offset: u64,
        #[doc = "What should be there."]
        expected: &'static str,
        #[doc = "What is there."]
        found: Found,
    },
    /// The file begins with an RDB image, which is to be read by
    /// [`RdbReader`](crate::redis::rdb::RdbReader) first.
    #[error("offset 0: expected commands, found an RDB image")]
    Rdb,
    /// The file is a log of this crate, whose frames must be checked.
    #[error("offset 0: expected a file of Redis, found a log of indelible")]
    OwnLog,
}

impl AofError {
    /// Where it is, in bytes from the file's start.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        match self {
            Self::Format { offset, .. } => *offset,
            Self::Rdb | Self::OwnLog => 0,
        }
    }
}

/// What is at a place where no command begins or goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Found {
    /// This byte.
    Byte(u8),
    /// The end of the file.
    End,
    /// An annotation line that is longer than any may be.
    LongLine,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Byte(byte) => write!(f, "'{}'", byte.escape_ascii()),
            Self::End => f.write_str("the end of the file"),
            Self::LongLine => write!(f, "more than {LINE_LEN_MAX} bytes without a line feed"),
        }
    }
}

/// Reads one file from its start, over a window that the caller refills.
///
/// The caller keeps a window: bytes of the file from [`AofReader::offset`] on. The reader holds no
/// bytes itself and never asks for more than the file has left.
///
/// ```
/// use indelible::redis::aof::{AofReader, Step, Tail};
///
/// let file = b"#TS:1700000000\r\n*1\r\n$4\r\nPING\r\n*1\r\n$5\r\nMU";
/// let mut reader = AofReader::new();
/// let mut names = Vec::new();
/// loop {
///     let window = &file[reader.offset() as usize..];
///     match reader.step(window, window.len() as u64) {
///         Step::Command { argv, .. } => names.push(argv[0]),
///         Step::Annotation { written, .. } => assert_eq!(written, Some(1_700_000_000)),
///         Step::End(tail) => break assert_eq!(tail, Tail::Short { offset: 30, cut_at: 30 }),
///         other => panic!("{other:?}"),
///     }
/// }
/// assert_eq!(names, [b"PING"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AofReader {
    offset: u64,
    /// Where the transaction begins that has no EXEC yet.
    multi: Option<u64>,
    /// Whether a log of ours counts as a file of Redis.
    listed: bool,
}

impl AofReader {
    /// A reader at the start of a file.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            offset: 0,
            multi: None,
            listed: false,
        }
    }

    /// A reader at the start of a file that a manifest lists.
    ///
    /// It may have been a log of ours, which Redis has taken over and goes on with. Then commands of
    /// Redis may stand behind our frames, or in a file behind it, and it is read as Redis reads it.
    #[must_use]
    pub const fn listed() -> Self {
        Self {
            listed: true,
            ..Self::new()
        }
    }

    /// A reader behind an RDB image that ends at `offset`, in bytes from the file's start.
    #[must_use]
    pub const fn behind_image(offset: u64) -> Self {
        Self {
            offset,
            ..Self::new()
        }
    }

    /// Where the window must begin, in bytes from the file's start.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Up to where the file counts if it ends at [`AofReader::offset`].
    #[must_use]
    pub fn cut_at(&self) -> u64 {
        self.multi.unwrap_or(self.offset)
    }

    /// Looks at what comes next, and moves behind it if it is right.
    ///
    /// `window` holds the file's bytes from [`AofReader::offset`] on; `left_in_file` says how many
    /// the file has from there on, those in the window included.
    ///
    /// # Panics
    /// If the window is longer than what is left in the file.
    pub fn step<'a>(&mut self, window: &'a [u8], left_in_file: u64) -> Step<'a> {
        assert!(
            window.len() as u64 <= left_in_file,
            "a window lies within its file"
        );
        match window.first() {
            None if left_in_file == 0 => Step::End(
                self.multi
                    .map_or(Tail::Whole, |cut_at| Tail::UnfinishedMulti { cut_at }),
            ),
            None => Step::NeedMore(1),
            Some(b'#') => self.annotation(window, left_in_file),
            Some(b'R') if self.offset == 0 => self.preamble(window, left_in_file),
            Some(_) => self.command(window, left_in_file),
        }
    }

    fn annotation(&mut self, window: &[u8], left: u64) -> Step<'static> {
        let near = &window[..window.len().min(LINE_LEN_MAX)];
        let Some(end) = near.iter().position(|byte| *byte == b'\n') else {
            if near.len() == LINE_LEN_MAX {
                return Step::Bad(AofError::Format {
                    offset: self.offset,
                    expected: "an annotation line",
                    found: Found::LongLine,
                });
            }
            return self.need_more(window, left, LINE_LEN_MAX);
        };
        let line = &window[..=end];
        if self.offset == 0 && !self.listed && log::is_log(line) {
            return Step::Bad(AofError::OwnLog);
        }
        self.offset += line.len() as u64;
        Step::Annotation {
            len: line.len(),
            written: timestamp(line),
        }
    }

    fn preamble(&mut self, window: &[u8], left: u64) -> Step<'static> {
        if window.starts_with(rdb::MAGIC) {
            return Step::Bad(AofError::Rdb);
        }
        if rdb::MAGIC.starts_with(window) && (window.len() as u64) < left {
            return self.need_more(window, left, rdb::MAGIC.len());
        }
        Step::Bad(format_error(0, "'*' or '#'", window, 0))
    }

    fn command<'a>(&mut self, window: &'a [u8], left: u64) -> Step<'a> {
        match parse_command(window) {
            Ok(Parsed::Complete { argv, len }) => {
                let offset = self.offset;
                if let [name] = argv[..] {
                    if name.eq_ignore_ascii_case(b"MULTI") {
                        self.multi.get_or_insert(offset);
                    } else if name.eq_ignore_ascii_case(b"EXEC") {
                        self.multi = None;
                    }
                }
                self.offset += len as u64;
                Step::Command { offset, argv, len }
            }
            Ok(Parsed::Incomplete { needed }) => {
                let needed = window.len().saturating_add(needed);
                // Twice as much each time: a long command is not parsed again for every argument.
                self.need_more(window, left, needed.max(window.len().saturating_mul(2)))
            }
            Err(error) => Step::Bad(format_error(
                self.offset,
                error.expected,
                window,
                error.offset,
            )),
        }
    }

    /// Asks for a window of about `len` bytes, or says that the file ends too early.
    fn need_more(&self, window: &[u8], left: u64, len: usize) -> Step<'static> {
        if window.len() as u64 == left {
            return Step::End(Tail::Short {
                offset: self.offset,
                cut_at: self.cut_at(),
            });
        }
        Step::NeedMore(usize::try_from(left).map_or(len, |left| left.min(len)))
    }
}

/// The error at byte `at` of a window that begins at `offset`.
fn format_error(offset: u64, expected: &'static str, window: &[u8], at: usize) -> AofError {
    AofError::Format {
        offset: offset + at as u64,
        expected,
        found: match window.get(at) {
            Some(byte) => Found::Byte(*byte),
            None => Found::End,
        },
    }
}

/// The seconds in a line `#TS:<seconds>`.
fn timestamp(line: &[u8]) -> Option<u64> {
    let digits = line.strip_prefix(b"#TS:")?.trim_ascii_end();
    let digits = core::str::from_utf8(digits).ok()?;
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| all_digits)
}

#[cfg(test)]
mod tests;
