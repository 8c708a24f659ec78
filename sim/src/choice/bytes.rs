//! Reads choices from bytes that a fuzzer wrote.

use super::Choices;

/// Reads choices from bytes; past their end it answers 0 (C2).
///
/// A choice takes as few bytes as its bound needs (none, one, two or four, the lowest first), and
/// what they say is taken modulo the bound. So any bytes are an execution, a byte of zero is the
/// quietest choice (C1), and a byte that a fuzzer changes, adds or takes away changes one choice
/// or shifts those behind it: nothing is ever refused.
///
/// ```
/// use indelible_sim::choice::{Bytes, Choices};
/// let mut bytes = Bytes::new(&[7, 0x34, 0x12, 1]);
/// assert_eq!(bytes.choose(1), 0); // nothing to decide takes no byte
/// assert_eq!(bytes.choose(5), 2);
/// assert_eq!(bytes.choose(10_000), 0x1234);
/// assert!(bytes.unlikely(2) && bytes.is_over());
/// assert_eq!(bytes.choose(9), 0);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Bytes<'a> {
    rest: &'a [u8],
}

impl<'a> Bytes<'a> {
    /// Reads `bytes` from their beginning.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether every answer from here on is 0.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next bytes as they are: up to `len`, fewer at the end.
    pub fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn number(&mut self, len: usize) -> u32 {
        let mut bytes = [0; 4];
        let taken = self.take(len);
        bytes[..taken.len()].copy_from_slice(taken);
        u32::from_le_bytes(bytes)
    }
}

impl Choices for Bytes<'_> {
    fn choose(&mut self, bound: u32) -> u32 {
        assert!(bound > 0, "C1: a choice between nothing");
        let len = match bound - 1 {
            0 => 0,
            1..=0xff => 1,
            0x100..=0xffff => 2,
            _ => 4,
        };
        self.number(len) % bound
    }

    /// As one that samples, so that what is impossible (a weight of 0) is never answered.
    fn choose_weighted(&mut self, weights: &[u32]) -> u32 {
        let sum = weights.iter().sum();
        let mut left = self.choose(sum);
        for (index, weight) in (0..).zip(weights) {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return index,
            }
        }
        unreachable!("a number below the sum falls into one of the weights")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_the_end_everything_is_quiet() {
        let mut bytes = Bytes::new(&[0xff]);
        assert_eq!(bytes.choose(70_000), 0xff, "what is missing is zeros");
        assert_eq!(bytes.choose(3), 0);
        assert_eq!(bytes.choose_weighted(&[0, 2, 1]), 1);
        assert!(!bytes.unlikely(1_000));
    }

    #[test]
    fn weights_of_zero_are_never_chosen() {
        for byte in 0..=u8::MAX {
            let chosen = Bytes::new(&[byte]).choose_weighted(&[2, 0, 1]);
            assert_eq!(chosen, if byte % 3 == 2 { 2 } else { 0 });
        }
    }
}
