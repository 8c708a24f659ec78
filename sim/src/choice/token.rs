//! An execution as a short text.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const PREFIX: &str = "v1:";

/// An execution: the options that it ran under, opaque here, and its choices.
///
/// As text it is `v1:` and the base64url of: length of the options, the options, each choice; all
/// numbers are LEB128. Zeros at the end of the choices are left out (C2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Token {
    /// Whatever the simulation needs besides the choices.
    pub options: Vec<u8>,
    /// The choices.
    pub choices: Vec<u32>,
}

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// It does not begin with `v1:`.
    Version,
    /// What follows is not base64url.
    Base64,
    /// A number is cut off or too large.
    Number,
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "a token begins with \"v1:\"",
            Self::Base64 => "the token is not base64url",
            Self::Number => "the token is cut off or damaged",
        })
    }
}

impl std::error::Error for TokenError {}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(self.options.len() + self.choices.len() + 2);
        put(&mut bytes, self.options.len() as u64);
        bytes.extend_from_slice(&self.options);
        let len = self.choices.iter().rposition(|c| *c != 0);
        for choice in &self.choices[..len.map_or(0, |last| last + 1)] {
            put(&mut bytes, u64::from(*choice));
        }
        write!(f, "{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let encoded = text
            .trim()
            .strip_prefix(PREFIX)
            .ok_or(TokenError::Version)?;
        let bytes = URL_SAFE_NO_PAD
            .decode(encoded)
            .map_err(|_| TokenError::Base64)?;
        let mut rest = &bytes[..];
        let len = usize::try_from(take(&mut rest)?).map_err(|_| TokenError::Number)?;
        if len > rest.len() {
            return Err(TokenError::Number);
        }
        let (options, mut rest) = rest.split_at(len);
        let mut choices = Vec::new();
        while !rest.is_empty() {
            choices.push(u32::try_from(take(&mut rest)?).map_err(|_| TokenError::Number)?);
        }
        Ok(Self {
            options: options.to_vec(),
            choices,
        })
    }
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take(rest: &mut &[u8]) -> Result<u64, TokenError> {
    let mut number = 0u64;
    for shift in (0..63).step_by(7) {
        let (first, tail) = rest.split_first().ok_or(TokenError::Number)?;
        *rest = tail;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(TokenError::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_what_it_was_made_of() {
        let token = Token {
            options: b"profile=posix-weak".to_vec(),
            choices: vec![0, 1, 127, 128, u32::MAX, 3],
        };
        assert_eq!(token.to_string().parse(), Ok(token));
    }

    #[test]
    fn zeros_at_the_end_are_left_out() {
        let quiet = Token {
            options: vec![],
            choices: vec![1, 0, 0],
        };
        assert_eq!(quiet.to_string(), "v1:AAE");
        assert_eq!("v1:AAE".parse::<Token>().unwrap().choices, [1]);
    }

    #[test]
    fn damage_is_refused() {
        assert_eq!("v2:AA".parse::<Token>(), Err(TokenError::Version));
        assert_eq!("v1:A*".parse::<Token>(), Err(TokenError::Base64));
        assert_eq!("v1:BQ".parse::<Token>(), Err(TokenError::Number));
        assert_eq!("v1:AIA".parse::<Token>(), Err(TokenError::Number));
    }
}
