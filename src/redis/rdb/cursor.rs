//! A place in a window of the file: numbers, lengths and strings from there on.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::error::{Found, RdbError};
use super::lzf;
use crate::limits::RDB_STRING_LEN_MAX;

/// Why there is nothing to give.
#[derive(Debug)]
pub(super) enum Halt {
    /// The window must hold at least so many bytes; the file has them.
    More(usize),
    /// What comes next is wrong.
    Bad(RdbError),
}

impl From<RdbError> for Halt {
    fn from(error: RdbError) -> Self {
        Self::Bad(error)
    }
}

/// What could be read, or why not.
pub(super) type Read<T> = Result<T, Halt>;

/// A length, or how a string is encoded that has none.
enum Length {
    Plain(u64),
    Special(u8),
}

/// A place in a window.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    window: &'a [u8],
    /// Where the window begins, in bytes from the file's start.
    base: u64,
    /// Bytes of the file from there on.
    left: u64,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub const fn new(window: &'a [u8], base: u64, left: u64) -> Self {
        Self {
            window,
            base,
            left,
            at: 0,
        }
    }

    /// How many bytes of the window have been read.
    pub const fn len(&self) -> usize {
        self.at
    }

    /// The place in bytes from the file's start.
    pub const fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// The next `len` bytes.
    pub fn take(&mut self, len: u64, expected: &'static str) -> Read<&'a [u8]> {
        if len > self.left - self.at as u64 {
            return Err(self.bad(expected, Found::End));
        }
        let end = usize::try_from(len).ok();
        let end = end.and_then(|len| self.at.checked_add(len));
        let end = end.ok_or_else(|| self.bad(expected, Found::Number(len)))?;
        let bytes = self.window.get(self.at..end).ok_or(Halt::More(end))?;
        self.at = end;
        Ok(bytes)
    }

    pub fn array<const N: usize>(&mut self, expected: &'static str) -> Read<[u8; N]> {
        let bytes = self.take(N as u64, expected)?;
        Ok(bytes.try_into().expect("as many as were asked for"))
    }

    pub fn byte(&mut self, expected: &'static str) -> Read<u8> {
        self.array(expected).map(|[byte]| byte)
    }

    /// A number as lengths are written.
    pub fn number(&mut self, expected: &'static str) -> Read<u64> {
        let before = self.clone();
        match self.length(expected)? {
            Length::Plain(number) => Ok(number),
            Length::Special(_) => Err(before.bad_byte(expected)),
        }
    }

    /// How many items follow, of which each takes `each` bytes or more.
    pub fn count(&mut self, each: u64, expected: &'static str) -> Read<u64> {
        let before = self.offset();
        let count = self.number(expected)?;
        let rest = self.left - self.at as u64;
        if count > rest / each {
            let found = Found::Number(count);
            return Err(bad_at(before, expected, found));
        }
        Ok(count)
    }

    /// A string of any encoding.
    pub fn string(&mut self, expected: &'static str) -> Read<Blob<'a>> {
        let start = self.offset();
        let before = self.clone();
        let bytes = match self.length(expected)? {
            Length::Plain(len) => {
                let data = self.offset();
                let bytes = self.bounded(start, len, expected)?;
                return Ok(Blob::plain(bytes, data));
            }
            Length::Special(0) => decimal(i8::from_le_bytes(self.array(expected)?).into()),
            Length::Special(1) => decimal(i16::from_le_bytes(self.array(expected)?).into()),
            Length::Special(2) => decimal(i32::from_le_bytes(self.array(expected)?).into()),
            Length::Special(3) => self.packed(start, expected)?,
            Length::Special(_) => return Err(before.bad_byte(expected)),
        };
        Ok(Blob::unpacked(bytes, start))
    }

    /// A string's bytes.
    pub fn bytes(&mut self, expected: &'static str) -> Read<Vec<u8>> {
        self.string(expected).map(Blob::into_vec)
    }

    fn packed(&mut self, start: u64, expected: &'static str) -> Read<Vec<u8>> {
        let packed = self.number("the length of a compressed string")?;
        let len = self.number("the length of a string before its compression")?;
        let lies = || bad_at(start, "a compressed string", Found::Number(len));
        let len = usize::try_from(len).map_err(|_| lies())?;
        let possible = usize::try_from(packed).is_ok_and(|packed| lzf::could_hold(packed, len));
        if !possible || len > RDB_STRING_LEN_MAX {
            return Err(lies());
        }
        let packed = self.bounded(start, packed, expected)?;
        lzf::unpack(packed, len).ok_or_else(lies)
    }

    /// A string's bytes in the file; it is not longer than any may be.
    fn bounded(&mut self, start: u64, len: u64, expected: &'static str) -> Read<&'a [u8]> {
        if len > RDB_STRING_LEN_MAX as u64 {
            return Err(bad_at(start, "a string's length", Found::Number(len)));
        }
        self.take(len, expected)
    }

    fn length(&mut self, expected: &'static str) -> Read<Length> {
        let before = self.clone();
        let first = self.byte(expected)?;
        let low = u64::from(first & 0x3f);
        Ok(match first {
            0x00..0x40 => Length::Plain(low),
            0x40..0x80 => Length::Plain(low << 8 | u64::from(self.byte(expected)?)),
            0x80 => Length::Plain(u32::from_be_bytes(self.array(expected)?).into()),
            0x81 => Length::Plain(u64::from_be_bytes(self.array(expected)?)),
            0x82..0xc0 => return Err(before.bad_byte(expected)),
            0xc0.. => Length::Special(first & 0x3f),
        })
    }

    /// What comes next is not what it should be.
    pub fn bad(&self, expected: &'static str, found: Found) -> Halt {
        bad_at(self.offset(), expected, found)
    }

    /// The next byte is not what it should be.
    pub fn bad_byte(&self, expected: &'static str) -> Halt {
        let found = self.window.get(self.at);
        self.bad(
            expected,
            found.map_or(Found::End, |byte| Found::Byte(*byte)),
        )
    }
}

/// Something is not what it should be.
pub(super) fn bad_at(offset: u64, expected: &'static str, found: Found) -> Halt {
    Halt::Bad(RdbError::Format {
        offset,
        expected,
        found,
    })
}

/// A number as text.
pub(super) fn decimal(number: i64) -> Vec<u8> {
    alloc::format!("{number}").into_bytes()
}

/// A string, and where its bytes come from.
#[derive(Clone, Debug)]
pub(super) struct Blob<'a> {
    pub bytes: Cow<'a, [u8]>,
    /// Where they begin in the file, or the string that was unpacked.
    offset: u64,
    is_plain: bool,
}

impl<'a> Blob<'a> {
    const fn plain(bytes: &'a [u8], offset: u64) -> Self {
        Self {
            bytes: Cow::Borrowed(bytes),
            offset,
            is_plain: true,
        }
    }

    const fn unpacked(bytes: Vec<u8>, offset: u64) -> Self {
        Self {
            bytes: Cow::Owned(bytes),
            offset,
            is_plain: false,
        }
    }

    pub fn into_vec(self) -> Vec<u8> {
        self.bytes.into_owned()
    }

    /// Its bytes from the first on.
    pub fn walk(&self) -> Walk<'_> {
        Walk {
            bytes: &self.bytes,
            at: 0,
            blob: (self.offset, self.is_plain),
        }
    }
}

/// A place in a string that is itself a structure.
#[derive(Clone, Debug)]
pub(super) struct Walk<'b> {
    bytes: &'b [u8],
    pub at: usize,
    blob: (u64, bool),
}

impl<'b> Walk<'b> {
    /// How long the whole is.
    pub const fn whole_len(&self) -> usize {
        self.bytes.len()
    }

    /// How much is left of it.
    pub const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The byte that comes next.
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub fn take(&mut self, len: usize, expected: &'static str) -> Read<&'b [u8]> {
        let rest = &self.bytes[self.at..];
        let bytes = rest.get(..len).ok_or_else(|| self.bad_end(expected))?;
        self.at += len;
        Ok(bytes)
    }

    pub fn array<const N: usize>(&mut self, expected: &'static str) -> Read<[u8; N]> {
        let bytes = self.take(N, expected)?;
        Ok(bytes.try_into().expect("as many as were asked for"))
    }

    pub fn byte(&mut self, expected: &'static str) -> Read<u8> {
        self.array(expected).map(|[byte]| byte)
    }

    /// A length of four bytes, the lowest first.
    pub fn len_le(&mut self, expected: &'static str) -> Read<usize> {
        let before = self.at;
        let len = u32::from_le_bytes(self.array(expected)?);
        usize::try_from(len).map_err(|_| self.bad_number(before, expected, len.into()))
    }

    /// Nothing may be left.
    pub fn end(&self) -> Read<()> {
        match self.peek() {
            None => Ok(()),
            Some(byte) => Err(self.bad(self.at, "nothing more", Found::Byte(byte))),
        }
    }

    pub fn bad_end(&self, expected: &'static str) -> Halt {
        self.bad(self.bytes.len(), expected, Found::End)
    }

    /// The byte at `at` is not what it should be.
    pub fn bad_byte(&self, at: usize, expected: &'static str) -> Halt {
        let found = self.bytes.get(at);
        let found = found.map_or(Found::End, |byte| Found::Byte(*byte));
        self.bad(at, expected, found)
    }

    pub fn bad_number(&self, at: usize, expected: &'static str, number: u64) -> Halt {
        self.bad(at, expected, Found::Number(number))
    }

    fn bad(&self, at: usize, expected: &'static str, found: Found) -> Halt {
        let (offset, is_plain) = self.blob;
        let at = if is_plain { at as u64 } else { 0 };
        bad_at(offset + at, expected, found)
    }
}
