//! Name and arguments of a command, one after the other.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::Asked;
use crate::command::Command;
use crate::driver::from_reply::FromReply;

/// A command that is being put together.
pub(super) struct Argv(Vec<Vec<u8>>);

impl Argv {
    /// A command by its name.
    pub fn new(name: &str) -> Self {
        Self(Vec::from([name.as_bytes().to_vec()]))
    }

    pub fn arg(mut self, arg: impl AsRef<[u8]>) -> Self {
        self.0.push(arg.as_ref().to_vec());
        self
    }

    pub fn args(mut self, args: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let args = args.into_iter().map(|arg| arg.as_ref().to_vec());
        self.0.extend(args);
        self
    }

    pub fn pairs(
        self,
        pairs: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>,
    ) -> Self {
        let pairs = pairs.into_iter();
        pairs.fold(self, |argv, (one, two)| argv.arg(one).arg(two))
    }

    /// How many keys follow, and the keys.
    pub fn keys(self, keys: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let at = self.0.len();
        let mut argv = self.arg("").args(keys);
        let count = argv.0.len() - at - 1;
        argv.0[at] = count.to_string().into_bytes();
        argv
    }

    /// A whole number.
    pub fn number(self, number: impl ToString) -> Self {
        self.arg(number.to_string())
    }

    pub fn float(self, number: f64) -> Self {
        self.arg(float(number))
    }

    /// A word, if it is wanted.
    pub fn word(self, word: &str, wanted: bool) -> Self {
        if wanted { self.arg(word) } else { self }
    }
}

impl From<Argv> for Command {
    fn from(argv: Argv) -> Self {
        Self::of_argv(argv.0).expect("a command of this name")
    }
}

impl<T: FromReply> From<Argv> for Asked<T> {
    fn from(argv: Argv) -> Self {
        Command::from(argv).into()
    }
}

/// A number with as many digits as tell it from every other; far from 1 with an exponent.
pub(super) fn float(number: f64) -> String {
    let plain = number == 0.0 || !number.is_finite() || (1e-5..1e17).contains(&number.abs());
    match plain {
        true => number.to_string(),
        false => format!("{number:e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::float;

    #[test]
    fn floats_are_short_and_read_the_same_again() {
        for (number, text) in [
            (0.1, "0.1"),
            (3.0, "3"),
            (-0.0, "-0"),
            (1e16, "10000000000000000"),
            (1e300, "1e300"),
            (-5e-324, "-5e-324"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(float(number), text);
            assert_eq!(text.parse(), Ok(number));
        }
    }
}
