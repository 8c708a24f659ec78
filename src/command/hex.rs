//! Hexadecimal floating numbers, as `strtod` reads them beside decimal ones: `0x1.8p3` is 12.

use libm::ldexp;

use super::long::divided;

/// Digits that are kept, in four bits each; of the others it is kept whether they are all 0.
const DIGITS: u32 = 31;
/// Powers of two beyond which every number is infinite, or 0.
const EXPONENT_MAX: i64 = 1 << 20;

/// `mantissa * 2^exponent`, without its sign; the last bit of a mantissa of all digits may stand for
/// what was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hex {
    pub mantissa: u128,
    pub exponent: i32,
}

impl Hex {
    /// Reads digits behind `0x`, a point within them, and a power of two behind a `p`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let digits = text.strip_prefix(b"0x").or(text.strip_prefix(b"0X"))?;
        let mut parts = digits.splitn(2, |byte| byte.eq_ignore_ascii_case(&b'p'));
        let digits = parts.next()?;
        let power = parts.next().map_or(Some(0), power)?;
        let (mut mantissa, mut kept, mut exponent) = (0, 0, power);
        let (mut count, mut point) = (0, false);
        for byte in digits {
            if *byte == b'.' && !point {
                point = true;
                continue;
            }
            let digit = char::from(*byte).to_digit(16)?;
            count += 1;
            match kept == DIGITS {
                true => mantissa |= u128::from(digit > 0),
                false => mantissa = mantissa << 4 | u128::from(digit),
            }
            exponent += 4 * (i64::from(kept == DIGITS) - i64::from(point));
            kept += u32::from(kept < DIGITS && mantissa > 0);
        }
        let exponent = exponent.clamp(-EXPONENT_MAX, EXPONENT_MAX) as i32;
        (count > 0).then_some(Self { mantissa, exponent })
    }

    /// The nearest number, the even one of two; infinite or 0 if it is too large or too small.
    pub fn nearest(self) -> f64 {
        if self.mantissa == 0 {
            return 0.0;
        }
        let bits = 128 - self.mantissa.leading_zeros() as i32;
        let top = self.exponent + bits - 1;
        // Below the smallest normal number bits are lost, one by one.
        let held = 53 - (-1022 - top).max(0);
        match (top, bits - held) {
            (1024.., _) => f64::INFINITY,
            (..-1075, _) => 0.0,
            (_, ..=0) => ldexp(self.mantissa as f64, self.exponent),
            (_, dropped) => {
                let mantissa = divided(self.mantissa, 1 << dropped);
                ldexp(mantissa as f64, self.exponent + dropped)
            }
        }
    }
}

/// A power of two with its sign.
fn power(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let mut power = 0_i64;
    for digit in digits {
        let digit = char::from(*digit).to_digit(10)?;
        power = (power * 10 + i64::from(digit)).min(1 << 40);
    }
    Some(if negative { -power } else { power })
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::Hex;

    fn read(text: &str) -> Option<f64> {
        Hex::parse(text.as_bytes()).map(Hex::nearest)
    }

    #[test]
    fn numbers_are_those_of_strtod() {
        for (text, expected) in [
            ("0x10", 16.0),
            ("0XfF.8", 255.5),
            ("0x.4p1", 0.5),
            ("0x1.P-2", 0.25),
            ("0x0", 0.0),
            ("0x0p99999999999999999999", 0.0),
            ("0x1.fffffffffffffp1023", f64::MAX),
            ("0x1.fffffffffffff7p1023", f64::MAX),
            ("0x1.fffffffffffff8p1023", f64::INFINITY),
            ("0x1p99999999999999999999", f64::INFINITY),
            ("0x1p-1022", f64::MIN_POSITIVE),
            ("0x1p-1074", 5e-324),
            ("0x1p-1075", 0.0),
            ("0x1.8p-1075", 5e-324),
            ("0x3p-1075", 1e-323),
            ("0x1p-1076", 0.0),
            ("0x20000000000001", 9_007_199_254_740_992.0),
            (
                "0x20000000000001.00000000000000000000000000000001",
                9_007_199_254_740_994.0,
            ),
            ("0x20000000000003", 9_007_199_254_740_996.0),
        ] {
            let found = read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(found.to_bits(), expected.to_bits(), "{text}: {found}");
        }
        let zeros = "0".repeat(100);
        assert_eq!(read(&format!("0x{zeros}1{zeros}p-400")), Some(1.0));
        assert_eq!(read(&format!("0x.{zeros}1p404")), Some(1.0));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "", "10", "0x", "0x.", "0xg", "0x1p", "0x1p-", "0x1p1.", "0x1..", "x1", "0x 1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
