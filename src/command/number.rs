//! Numbers as Redis reads and writes them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::CommandError;
use super::hex::Hex;
use super::long::{Long, signed};
use crate::resp::parse_integer;

/// Digits behind which the same number is always read again.
const DIGITS: i32 = 17;

/// A whole number.
pub(super) fn integer(text: &[u8]) -> Result<i64, CommandError> {
    parse_integer(text).ok_or(CommandError::NotAnInteger)
}

/// A floating number as `strtod` reads it, but not NaN, and with nothing around it.
pub(super) fn float(text: &[u8]) -> Option<f64> {
    // What is too large or too small for a float is none.
    strtod(text).filter(|(_, fits)| *fits).map(|it| it.0)
}

/// A number where Redis takes what `strtod` takes: blanks before it, nothing at all for 0, and all
/// behind a zero byte ignored. With it goes whether it is not too large or too small: else it is
/// infinite, or 0.
pub(super) fn lax_float(text: &[u8]) -> Option<(f64, bool)> {
    let end = text.iter().position(|byte| *byte == 0);
    let text = &text[..end.unwrap_or(text.len())];
    if text.is_empty() {
        return Some((0.0, true));
    }
    let is_blank = |byte: &u8| matches!(byte, b'\t'..=b'\r' | b' ');
    let blanks = text.iter().take_while(|byte| is_blank(byte)).count();
    strtod(&text[blanks..])
}

/// A number that is all of the text, and whether it fits.
fn strtod(text: &[u8]) -> Option<(f64, bool)> {
    let (negative, digits) = signed(text);
    if let Some(hex) = Hex::parse(digits) {
        let number = hex.nearest();
        let fits = number.is_finite() && (number == 0.0) == (hex.mantissa == 0);
        return Some((if negative { -number } else { number } + 0.0, fits));
    }
    let text = core::str::from_utf8(text).ok()?;
    let number: f64 = text.parse().ok()?;
    let infinite = text.contains(['i', 'I']);
    let zero = !text
        .split(['e', 'E'])
        .next()?
        .contains(|digit: char| ('1'..='9').contains(&digit));
    let fits = number.is_infinite() == infinite && (number == 0.0) == (zero && !infinite);
    (!number.is_nan()).then_some((number + 0.0, fits))
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
/// Added with 64 significant bits where both can be read so, as Redis does, else with 53.
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
    let exact = Long::parse(old).zip(Long::parse(add));
    if let Some(sum) = exact.and_then(|(one, two)| one.plus(two).write()) {
        return Ok(sum);
    }
    let sum = number + by;
    if !sum.is_finite() {
        return Err(CommandError::NotFinite);
    }
    Ok(sum.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
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
            ("0x10", Some(16.0)),
            ("-0X1.8p1", Some(-3.0)),
            ("0x", None),
            ("0x1p2000", None),
            ("0x1p-2000", None),
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
}
