//! The stream of choices: everything that is not determined is one sequence of bounded numbers.
//!
//! A simulation asks [`Choices`] whenever more than one thing may happen next. Who answers decides
//! what kind of search it is. There are five readers: [`Odometer`] enumerates, [`Random`] samples by
//! a seed, [`Replay`] repeats, the [shrinker](crate::shrink) repeats less and less of it, and
//! [`Bytes`] reads what a fuzzer wrote. [`Recorder`] keeps what another said. A recorded sequence *is*
//! the execution: it shrinks, travels as a [`Token`], and is replayed.
//!
//! * C1: choice 0 is always the quietest alternative (no fault, no crash, everything persisted), so
//!   that shrinking towards zero shrinks towards silence.
//! * C2: every sequence is an execution; what lies past its end is 0.
//! * C3: the same sequence gives the same execution, byte for byte.

mod bytes;
mod odometer;
mod random;
mod replay;
mod token;

pub use bytes::Bytes;
pub use odometer::Odometer;
pub use random::Random;
pub use replay::{Recorder, Replay};
pub use token::{Token, TokenError};

/// Answers bounded questions, one after the other.
pub trait Choices {
    /// A number below `bound`; 0 is the quietest (C1).
    ///
    /// # Panics
    /// If `bound` is 0.
    fn choose(&mut self, bound: u32) -> u32;

    /// A number below `weights.len()`; a reader that samples prefers heavy ones, one that
    /// enumerates or replays treats all alike.
    ///
    /// # Panics
    /// If there are no weights, or if their sum is 0 or does not fit `u32`.
    fn choose_weighted(&mut self, weights: &[u32]) -> u32 {
        self.choose(u32::try_from(weights.len()).expect("fewer than 2^32 weights"))
    }

    /// Whether something unlikely happens: sampled as one in `one_in`, enumerated both ways.
    ///
    /// # Panics
    /// If `one_in` is 0.
    fn unlikely(&mut self, one_in: u32) -> bool {
        assert!(one_in > 0, "C1: odds of one in zero");
        self.choose_weighted(&[one_in - 1, 1]) == 1
    }

    /// Swarm testing: switches each of `count` features on or off for a whole run, so that runs
    /// differ in kind and no feature drowns another.
    fn swarm(&mut self, count: u32) -> Vec<bool> {
        (0..count).map(|_| self.choose(2) == 1).collect()
    }
}

impl<C: Choices + ?Sized> Choices for &mut C {
    fn choose(&mut self, bound: u32) -> u32 {
        (**self).choose(bound)
    }
    fn choose_weighted(&mut self, weights: &[u32]) -> u32 {
        (**self).choose_weighted(weights)
    }
}

impl<C: Choices + ?Sized> Choices for Box<C> {
    fn choose(&mut self, bound: u32) -> u32 {
        (**self).choose(bound)
    }
    fn choose_weighted(&mut self, weights: &[u32]) -> u32 {
        (**self).choose_weighted(weights)
    }
}
