//! What identifies a set of things that were seen, in whatever order.

use std::fmt;
use std::ops::AddAssign;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

/// The sum of the hashes of all things that were seen: two searches that have seen the same have
/// the same, in whatever order, and so have a whole and the sum of its parts.
///
/// It tells apart what errors and chance make differ; it is not proof against an adversary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SetHash {
    low: u64,
    high: u64,
}

impl AddAssign for SetHash {
    fn add_assign(&mut self, other: Self) {
        self.low = self.low.wrapping_add(other.low);
        self.high = self.high.wrapping_add(other.high);
    }
}

impl fmt::Display for SetHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.high, self.low)
    }
}

impl FromStr for SetHash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no hash of 32 hexadecimal digits");
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let part = |digits: &str| u64::from_str_radix(digits, 16).map_err(|_| wrong());
        Ok(Self {
            low: part(&text[16..])?,
            high: part(&text[..16])?,
        })
    }
}

/// A sum that several threads add to.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    low: AtomicU64,
    high: AtomicU64,
}

impl Gathered {
    /// One thing more that was seen, by its hash.
    pub fn add(&self, hash: u128) {
        self.low.fetch_add(hash as u64, Ordering::Relaxed);
        self.high.fetch_add((hash >> 64) as u64, Ordering::Relaxed);
    }

    /// The sum at this moment.
    pub fn read(&self) -> SetHash {
        SetHash {
            low: self.low.load(Ordering::Relaxed),
            high: self.high.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(hashes: &[u128]) -> SetHash {
        let gathered = Gathered::default();
        hashes.iter().for_each(|hash| gathered.add(*hash));
        gathered.read()
    }

    #[test]
    fn order_does_not_matter_but_each_thing_and_how_often_does() {
        let (one, two, three) = (u128::MAX - 5, 7 << 64 | u128::from(u64::MAX), 12);
        assert_eq!(of(&[one, two, three]), of(&[three, one, two]));
        assert_ne!(of(&[one, two, three]), of(&[one, two]));
        assert_ne!(of(&[one, two]), of(&[one, two, two]));
        let mut sum = of(&[one]);
        sum += of(&[two, three]);
        assert_eq!(sum, of(&[one, two, three]));
    }

    #[test]
    fn it_reads_as_it_was_written() {
        let hash = of(&[1 << 100, u128::from(u64::MAX)]);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert!("12".parse::<SetHash>().is_err());
        assert!(
            "+0000000000000000000000000000000"
                .parse::<SetHash>()
                .is_err()
        );
    }
}
