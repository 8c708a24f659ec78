//! Samples by a seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::Choices;

/// Samples choices by a seed; the same seed gives the same numbers in every later version.
///
/// Only `next_u64` of ChaCha8 is drawn, keyed by the seed's bytes themselves, and bounded by our
/// own multiply and shift: no other library's way of drawing can change what a seed means.
#[derive(Clone, Debug)]
pub struct Random {
    rng: ChaCha8Rng,
}

impl Random {
    /// The stream of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self {
            rng: ChaCha8Rng::from_seed(key),
        }
    }

    /// A number below `bound`, every one as likely as the others.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "C1: a choice between nothing");
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let wide = u128::from(self.rng.next_u64()) * u128::from(bound);
            let (high, low) = ((wide >> 64) as u64, wide as u64);
            if low >= threshold {
                return high;
            }
        }
    }

    /// Any number.
    pub fn next_u64(&mut self) -> u64 {
        self.rng.next_u64()
    }
}

impl Choices for Random {
    fn choose(&mut self, bound: u32) -> u32 {
        self.below(u64::from(bound)) as u32
    }

    fn choose_weighted(&mut self, weights: &[u32]) -> u32 {
        let sum: u64 = weights.iter().map(|w| u64::from(*w)).sum();
        let mut left = self.below(sum);
        for (index, weight) in (0..).zip(weights) {
            match left.checked_sub(u64::from(*weight)) {
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
    fn a_seed_means_the_same_for_ever() {
        let mut random = Random::new(42);
        let drawn: Vec<u32> = (0..8).map(|_| random.choose(1000)).collect();
        assert_eq!(drawn, [348, 285, 493, 367, 825, 67, 489, 266]);
    }

    #[test]
    fn weights_of_zero_are_never_chosen() {
        let mut random = Random::new(7);
        let mut counts = [0; 3];
        for _ in 0..3000 {
            counts[random.choose_weighted(&[2, 0, 1]) as usize] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!(counts[0] > 1800 && counts[2] > 800, "{counts:?}");
    }
}
