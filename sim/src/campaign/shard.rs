//! One share of work that is split among machines.

use std::fmt;
use std::str::FromStr;

/// The share K of N: of things that are numbered, those whose number modulo N is K.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard {
    number: u64,
    of: u64,
}

impl Shard {
    /// All there is.
    pub const WHOLE: Self = Self { number: 0, of: 1 };

    /// The share `number` of `of`; none if there is no such share.
    #[must_use]
    pub const fn new(number: u64, of: u64) -> Option<Self> {
        if number < of {
            Some(Self { number, of })
        } else {
            None
        }
    }

    /// Which it is, from 0.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.number
    }

    /// How many there are, at least 1.
    #[must_use]
    pub const fn of(self) -> u64 {
        self.of
    }

    /// Whether the thing of this number is in it.
    #[must_use]
    pub const fn holds(self, number: u64) -> bool {
        number % self.of == self.number
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = |number: &str| number.parse::<u64>().ok();
        let parts = text.split_once('/');
        let parts = parts.and_then(|(number, of)| Some((parse(number)?, parse(of)?)));
        parts
            .and_then(|(number, of)| Self::new(number, of))
            .ok_or_else(|| format!("{text:?} is no shard, as in 0/8 to 7/8"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_hold_each_number_once() {
        let shards: Vec<Shard> = (0..3).filter_map(|number| Shard::new(number, 3)).collect();
        for number in 0..20 {
            let holders = shards.iter().filter(|shard| shard.holds(number));
            assert_eq!(holders.count(), 1, "{number}");
        }
        assert!(Shard::WHOLE.holds(17));
    }

    #[test]
    fn a_shard_reads_as_it_was_written() {
        assert_eq!("7/8".parse(), Ok(Shard::new(7, 8).unwrap()));
        assert_eq!(Shard::new(7, 8).unwrap().to_string(), "7/8");
        for wrong in ["8/8", "0/0", "1", "-1/2", "1/2/3", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
