//! Repeats what was recorded, and records.

use super::Choices;

/// Repeats a recorded sequence; past its end it answers 0 (C2).
///
/// A number that is too large for its bound (the sequence was edited) becomes the largest allowed.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    recorded: Vec<u32>,
    read: usize,
}

impl Replay {
    /// Repeats `recorded`.
    #[must_use]
    pub fn new(recorded: Vec<u32>) -> Self {
        Self { recorded, read: 0 }
    }

    /// How many choices were asked for so far, those past the end included.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.read
    }
}

impl Choices for Replay {
    fn choose(&mut self, bound: u32) -> u32 {
        assert!(bound > 0, "C1: a choice between nothing");
        let value = self.recorded.get(self.read).copied().unwrap_or(0);
        self.read += 1;
        value.min(bound - 1)
    }
}

/// Records what another reader answers.
#[derive(Clone, Debug, Default)]
pub struct Recorder<C> {
    inner: C,
    taken: Vec<u32>,
}

impl<C> Recorder<C> {
    /// Records the answers of `inner`.
    pub fn new(inner: C) -> Self {
        Self {
            inner,
            taken: Vec::new(),
        }
    }

    /// What was answered so far.
    #[must_use]
    pub fn taken(&self) -> &[u32] {
        &self.taken
    }

    /// What was answered, and who answered.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u32>, C) {
        (self.taken, self.inner)
    }
}

impl<C: Choices> Choices for Recorder<C> {
    fn choose(&mut self, bound: u32) -> u32 {
        let value = self.inner.choose(bound);
        self.taken.push(value);
        value
    }

    fn choose_weighted(&mut self, weights: &[u32]) -> u32 {
        let value = self.inner.choose_weighted(weights);
        self.taken.push(value);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::super::Random;
    use super::*;

    #[test]
    fn what_was_recorded_is_repeated() {
        let mut recorder = Recorder::new(Random::new(1));
        let first: Vec<u32> = (1..50).map(|bound| recorder.choose(bound)).collect();
        let mut replay = Replay::new(recorder.into_parts().0);
        let second: Vec<u32> = (1..50).map(|bound| replay.choose(bound)).collect();
        assert_eq!(first, second);
        assert_eq!(replay.choose(9), 0);
    }
}
