//! Numbers as Redis reads and writes them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::CommandError;
use crate::resp::parse_integer;

/// Digits behind which the same number is always read again.
const DIGITS: i32 = 17;

/// A whole number.
pub(super) fn integer(text: &[u8]) -> Result<i64, CommandError> {
    parse_integer(text).ok_or(CommandError::NotAnInteger)
}

/// A floating number as `strtod` reads it, but not NaN, and with nothing around it.
pub(super) fn float(text: &[u8]) -> Option<f64> {
    let text = core::str::from_utf8(text).ok()?;
    let number: f64 = text.parse().ok()?;
    let infinite = text.contains(['i', 'I']);
    let zero = !text
        .split(['e', 'E'])
        .next()?
        .contains(|digit: char| ('1'..='9').contains(&digit));
    // What is too large or too small for a float is none.
    let fits = number.is_infinite() == infinite && (number == 0.0) == (zero && !infinite);
    (fits && !number.is_nan()).then_some(number + 0.0)
}

/// A score as Redis 7.0 answers it: `%.17g`, `inf`, `-inf`.
pub(super) fn write_float(number: f64) -> Vec<u8> {
    if number.is_infinite() {
        return Vec::from(if number > 0.0 { &b"inf"[..] } else { b"-inf" });
    }
    general(&format!("{:.*e}", DIGITS as usize - 1, number + 0.0)).into_bytes()
}

/// A score with as many digits as tell it from every other.
pub(super) fn write_score(number: f64) -> Vec<u8> {
    if number.is_infinite() {
        return write_float(number);
    }
    general(&format!("{:e}", number + 0.0)).into_bytes()
}

/// Digits and an exponent in the shape of `%g`.
fn general(scientific: &str) -> String {
    let (digits, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits),
    };
    let digits = digits.replace('.', "");
    let digits = digits.trim_end_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    if !(-4..DIGITS).contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let minus = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{point}{rest}e{minus}{:02}", exponent.abs());
    }
    if exponent < 0 {
        let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = exponent as usize + 1;
    if digits.len() <= whole {
        return format!("{sign}{digits}{}", "0".repeat(whole - digits.len()));
    }
    let (whole, rest) = digits.split_at(whole);
    format!("{sign}{whole}.{rest}")
}

/// The sum of two numbers, written with at most 17 digits behind the point and no exponent.
///
/// Added exactly where both are spelt in decimal below 10^20, else as floats.
///
/// # Errors
/// If the first is no float, or the sum is none.
pub(super) fn sum(
    old: &[u8],
    add: &[u8],
    not_a_float: CommandError,
) -> Result<Vec<u8>, CommandError> {
    let by = float(add).ok_or(CommandError::NotAFloat)?;
    let number = float(old).ok_or(not_a_float)?;
    if let (Some(one), Some(two)) = (fixed(old), fixed(add)) {
        return Ok(write_fixed(one + two));
    }
    let sum = number + by;
    if !sum.is_finite() {
        return Err(CommandError::NotFinite);
    }
    Ok(sum.to_string().into_bytes())
}

/// A decimal times 10^17, if it is small enough, and exact.
fn fixed(text: &[u8]) -> Option<i128> {
    let text = core::str::from_utf8(text).ok()?;
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().ok()?;
    let (negative, digits) = match digits.as_bytes().first()? {
        b'-' => (true, &digits[1..]),
        b'+' => (false, &digits[1..]),
        _ => (false, digits),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let mut number: i128 = 0;
    for digit in whole.bytes().chain(part.bytes()) {
        let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
        number = number.checked_mul(10)?.checked_add(digit.into())?;
    }
    let shift = exponent.checked_add(DIGITS)?;
    let shift = shift.checked_sub(i32::try_from(part.len()).ok()?)?;
    let power = 10_i128.checked_pow(shift.unsigned_abs())?;
    let number = match shift >= 0 {
        true => number.checked_mul(power)?,
        false if number % power == 0 => number / power,
        false => return None,
    };
    let small = number < 10_i128.pow(37);
    small.then_some(if negative { -number } else { number })
}

fn write_fixed(number: i128) -> Vec<u8> {
    let one = 10_u128.pow(DIGITS as u32);
    let (whole, part) = (number.unsigned_abs() / one, number.unsigned_abs() % one);
    let sign = if number < 0 { "-" } else { "" };
    let text = format!("{sign}{whole}.{part:017}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    #[test]
    fn scores_are_written_as_redis_writes_them() {
        for (number, long, short) in [
            (0.1, "0.10000000000000001", "0.1"),
            (3.0, "3", "3"),
            (-2.5, "-2.5", "-2.5"),
            (1e16, "10000000000000000", "10000000000000000"),
            (1e17, "1e+17", "1e+17"),
            (1e-5, "1.0000000000000001e-05", "1e-05"),
            (1e-4, "0.0001", "0.0001"),
            (1.5e-300, "1.5000000000000001e-300", "1.5e-300"),
            (f64::INFINITY, "inf", "inf"),
            (-0.0, "0", "0"),
        ] {
            assert_eq!(write_float(number), long.as_bytes());
            assert_eq!(write_score(number), short.as_bytes());
        }
    }

    #[test]
    fn floats_are_read_as_redis_reads_them() {
        for (text, expected) in [
            ("1", Some(1.0)),
            ("+1.5e3", Some(1500.0)),
            (".5", Some(0.5)),
            ("0e5", Some(0.0)),
            ("-inf", Some(f64::NEG_INFINITY)),
            ("1e400", None),
            ("1e-400", None),
            ("nan", None),
            ("", None),
            (" 1", None),
            ("1 ", None),
        ] {
            assert_eq!(float(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn sums_are_exact_in_decimal() {
        for (old, add, expected) in [
            ("0.1", "0.2", "0.3"),
            ("10.50", "0.1", "10.6"),
            ("5.0e3", "2.0e2", "5200"),
            ("3", "-3", "0"),
            ("1", "-1.5", "-0.5"),
        ] {
            let sum = sum(old.as_bytes(), add.as_bytes(), CommandError::NotAFloat);
            assert_eq!(String::from_utf8(sum.unwrap()).unwrap(), expected);
        }
    }
}
