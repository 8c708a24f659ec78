//! Canonical text: the one way to write a number, and a cursor that accepts no other.

use alloc::vec::Vec;

use crate::log::{Expected, Found, LineError};

/// Appends `number` in decimal.
pub(super) fn write_decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends the low `N` hexadecimal digits of `number`, in lower case.
pub(super) fn write_hex<const N: usize>(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0_u8; N];
    for (at, digit) in digits.iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[(number >> (4 * at)) as usize & 15];
    }
    out.extend_from_slice(&digits);
}

/// Reads a line from its start; every error says at which byte.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes were accepted.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// The bytes accepted so far.
    pub(super) fn accepted(&self) -> &'a [u8] {
        &self.bytes[..self.at]
    }

    /// The bytes not accepted yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// Accepts exactly `text`.
    pub(super) fn text(&mut self, text: &'static str) -> Result<(), LineError> {
        if self.rest().starts_with(text.as_bytes()) {
            self.at += text.len();
            return Ok(());
        }
        let same = self.rest().iter().zip(text.as_bytes());
        self.at += same.take_while(|(a, b)| a == b).count();
        Err(self.unexpected(Expected::Text(text)))
    }

    /// Accepts a canonical decimal number.
    pub(super) fn number(&mut self) -> Result<u64, LineError> {
        let start = self.at;
        let mut number = 0_u64;
        while let Some(digit @ b'0'..=b'9') = self.bytes.get(self.at) {
            let next = number
                .checked_mul(10)
                .and_then(|tens| tens.checked_add(u64::from(digit - b'0')));
            let leading_zero = self.at > start && number == 0;
            let (Some(next), false) = (next, leading_zero) else {
                return Err(self.unexpected(Expected::Number));
            };
            number = next;
            self.at += 1;
        }
        if self.at == start {
            return Err(self.unexpected(Expected::Number));
        }
        Ok(number)
    }

    /// Accepts `N` hexadecimal digits in lower case.
    pub(super) fn hex<const N: usize>(&mut self) -> Result<u64, LineError> {
        let mut number = 0;
        for _ in 0..N {
            let digit = match self.bytes.get(self.at) {
                Some(digit @ b'0'..=b'9') => digit - b'0',
                Some(digit @ b'a'..=b'f') => digit - b'a' + 10,
                _ => return Err(self.unexpected(Expected::HexDigit)),
            };
            number = number << 4 | u64::from(digit);
            self.at += 1;
        }
        Ok(number)
    }

    /// Accepts ` crc=`, the checksum of everything before its digits, and the end of the line.
    pub(super) fn checksum_and_end(&mut self) -> Result<(), LineError> {
        self.text(" crc=")?;
        let at = self.at;
        let expected = crc32fast::hash(self.accepted());
        let found = self.hex::<8>()? as u32;
        if found != expected {
            return Err(LineError {
                at,
                expected: Expected::LineChecksum(expected),
                found: Found::Checksum(found),
            });
        }
        self.text("\r\n")
    }

    /// The error of the byte that comes next.
    pub(super) fn unexpected(&self, expected: Expected) -> LineError {
        let found = match self.bytes.get(self.at) {
            Some(byte) => Found::Byte(*byte),
            None => Found::End,
        };
        LineError {
            at: self.at,
            expected,
            found,
        }
    }

    /// An error of the line as a whole.
    pub(super) const fn refuse(expected: Expected, found: Found) -> LineError {
        LineError {
            at: 0,
            expected,
            found,
        }
    }
}

/// Appends ` crc=`, the checksum of the line that starts at `start` in `out`, and its end.
pub(super) fn write_checksum_and_end(out: &mut Vec<u8>, start: usize) {
    out.extend_from_slice(b" crc=");
    let sum = crc32fast::hash(&out[start..]);
    write_hex::<8>(out, u64::from(sum));
    out.extend_from_slice(b"\r\n");
}
