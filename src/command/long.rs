//! Floating numbers of 64 significant bits, as Redis adds them on its usual machines.
//!
//! They are why 0.1 and 0.2 make 0.3 there: with 17 digits behind the point what was rounded away is
//! not seen. Numbers from 2^64 on, and those with more digits, are not held here.

use alloc::format;
use alloc::vec::Vec;

use super::hex::Hex;

/// Digits behind the point that are read and written.
const DIGITS: i32 = 17;
const ONE: u128 = 10_u128.pow(DIGITS as u32);

/// `mantissa * 2^exponent`, the highest bit of the mantissa set unless it is 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Long {
    negative: bool,
    mantissa: u64,
    exponent: i32,
}

impl Long {
    /// Reads a decimal, with or without an exponent, or a hexadecimal number; none if it is none, or
    /// not held here.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (negative, digits) = signed(text);
        if let Some(hex) = Hex::parse(digits) {
            return Some(Self::full(negative, hex.mantissa, hex.exponent));
        }
        let text = core::str::from_utf8(text).ok()?;
        let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().ok()?;
        let (negative, digits) = match digits.as_bytes().first()? {
            b'-' => (true, &digits[1..]),
            b'+' => (false, &digits[1..]),
            _ => (false, digits),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let mut number: u128 = 0;
        for digit in whole.bytes().chain(part.bytes()) {
            let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
            number = number.checked_mul(10)?.checked_add(digit.into())?;
        }
        let shift = exponent.checked_add(DIGITS)?;
        let shift = shift.checked_sub(i32::try_from(part.len()).ok()?)?;
        let power = 10_u128.checked_pow(shift.unsigned_abs())?;
        let number = match shift >= 0 {
            true => number.checked_mul(power)?,
            false if number.is_multiple_of(power) => number / power,
            false => return None,
        };
        Self::of(negative, number)
    }

    /// The nearest to a number of 10^-17.
    fn of(negative: bool, number: u128) -> Option<Self> {
        let whole = u64::try_from(number / ONE).ok()?;
        if number == 0 {
            return Some(Self {
                negative,
                mantissa: 0,
                exponent: 0,
            });
        }
        // As many bits behind the point as make the mantissa full.
        let mut bits = whole.leading_zeros();
        if whole == 0 {
            while (number << bits) / ONE < 1 << 63 {
                bits += 1;
            }
            return Self::rounded(negative, number << bits, ONE, bits);
        }
        let part = divided((number % ONE) << bits, ONE);
        let mantissa = (u128::from(whole) << bits) + part;
        Some(Self::full(negative, mantissa, -(bits as i32)))
    }

    fn rounded(negative: bool, number: u128, by: u128, bits: u32) -> Option<Self> {
        let exponent = -i32::try_from(bits).ok()?;
        Some(Self::full(negative, divided(number, by), exponent))
    }

    /// Cuts a mantissa of any length to 64 bits, to the nearest, to the even one of two.
    fn full(negative: bool, mantissa: u128, exponent: i32) -> Self {
        if mantissa == 0 {
            return Self {
                negative: false,
                mantissa: 0,
                exponent: 0,
            };
        }
        let zeros = mantissa.leading_zeros();
        let (mantissa, shift) = match zeros {
            0..64 => (divided(mantissa, 1 << (64 - zeros)), 64 - zeros as i32),
            _ => (mantissa << (zeros - 64), 64 - zeros as i32),
        };
        let carried = u64::try_from(mantissa).is_err();
        Self {
            negative,
            mantissa: if carried { 1 << 63 } else { mantissa as u64 },
            exponent: exponent + shift + i32::from(carried),
        }
    }

    /// The sum, rounded.
    pub fn plus(self, other: Self) -> Self {
        let (big, small) =
            match self.mantissa != 0 && (other.mantissa == 0 || self.exponent >= other.exponent) {
                true => (self, other),
                false => (other, self),
            };
        if small.mantissa == 0 {
            return big;
        }
        /// Room for the smaller number's bits, and for the carry.
        const ROOM: i32 = 62;
        let below = big.exponent - small.exponent - ROOM;
        let one = (i128::from(big.mantissa)) << ROOM;
        let two = match below {
            ..=0 => i128::from(small.mantissa) << -below,
            1..64 => i128::from(small.mantissa >> below) | 1,
            _ => 1,
        };
        let signed = |number: i128, negative| if negative { -number } else { number };
        let sum = signed(one, big.negative) + signed(two, small.negative);
        Self::full(sum < 0, sum.unsigned_abs(), big.exponent - ROOM)
    }

    /// With at most 17 digits behind the point and no exponent; none if it is not held here.
    pub fn write(self) -> Option<Vec<u8>> {
        let mantissa = u128::from(self.mantissa);
        let (whole, part) = match self.exponent {
            0..=60 => (mantissa << self.exponent, 0),
            -127..0 => {
                let bits = self.exponent.unsigned_abs();
                let part = mantissa & ((1 << bits) - 1);
                (mantissa >> bits, divided(part * ONE, 1 << bits))
            }
            ..-127 => (0, 0),
            _ => return None,
        };
        let (whole, part) = (whole + part / ONE, part % ONE);
        let zero = whole == 0 && part == 0;
        let sign = if self.negative && !zero { "-" } else { "" };
        let text = format!("{sign}{whole}.{part:017}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        Some(text.as_bytes().to_vec())
    }
}

/// A number's sign, whether it is below 0, and what stands behind.
pub(super) fn signed(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    }
}

/// The nearest quotient, the even one of two.
pub(super) fn divided(number: u128, by: u128) -> u128 {
    let (quotient, rest) = (number / by, number % by);
    let up = rest > by - rest || (rest == by - rest && quotient % 2 == 1);
    quotient + u128::from(up)
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::Long;

    #[test]
    fn sums_are_those_of_redis() {
        for (one, two, expected) in [
            ("0.1", "0.2", "0.3"),
            ("10.50", "0.1", "10.6"),
            ("5.0e3", "2.0e2", "5200"),
            ("3", "-3", "0"),
            ("0x10", "0.1", "16.1"),
            ("-0x.8", "0x1p3", "7.5"),
            ("1", "-1.5", "-0.5"),
            ("9223372036854775804", "0.1", "9223372036854775804"),
            ("0", "0.00000000000000001", "0.00000000000000001"),
        ] {
            let [one, two] = [one, two].map(|it| Long::parse(it.as_bytes()).unwrap());
            for sum in [one.plus(two), two.plus(one)] {
                let text = String::from_utf8(sum.write().unwrap()).unwrap();
                assert_eq!(text, expected);
            }
        }
    }
}
