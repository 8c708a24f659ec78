//! Enumerates every sequence of choices.

use super::Choices;

/// Enumerates all sequences depth-first, beginning with zeros alone.
///
/// ```
/// use indelible_sim::choice::{Choices, Odometer};
/// let mut odometer = Odometer::default();
/// let mut seen = vec![];
/// loop {
///     seen.push((odometer.choose(2), odometer.choose(3)));
///     if !odometer.advance() {
///         break;
///     }
/// }
/// assert_eq!(seen, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Odometer {
    wheels: Vec<Wheel>,
    read: usize,
}

#[derive(Clone, Copy, Debug)]
struct Wheel {
    value: u32,
    bound: u32,
}

impl Odometer {
    /// Goes to the next sequence and rewinds; `false` when there is none.
    ///
    /// Wheels behind what this pass read are forgotten: the pass ended before it asked for them.
    pub fn advance(&mut self) -> bool {
        self.wheels.truncate(self.read);
        self.read = 0;
        while let Some(last) = self.wheels.last_mut() {
            if last.value + 1 < last.bound {
                last.value += 1;
                return true;
            }
            self.wheels.pop();
        }
        false
    }

    /// Gives up this pass at its present depth: what would follow is not enumerated.
    pub fn prune(&mut self) {
        self.wheels.truncate(self.read);
    }

    /// The choices that this pass has read so far.
    #[must_use]
    pub fn taken(&self) -> Vec<u32> {
        self.wheels[..self.read].iter().map(|w| w.value).collect()
    }
}

impl Choices for Odometer {
    fn choose(&mut self, bound: u32) -> u32 {
        assert!(bound > 0, "C1: a choice between nothing");
        if self.read == self.wheels.len() {
            self.wheels.push(Wheel { value: 0, bound });
        }
        let wheel = self.wheels[self.read];
        assert_eq!(wheel.bound, bound, "C3: the execution is not determined");
        self.read += 1;
        wheel.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_choices_may_depend_on_earlier_ones() {
        let mut odometer = Odometer::default();
        let mut seen = vec![];
        loop {
            let first = odometer.choose(3);
            let rest: Vec<u32> = (0..first).map(|_| odometer.choose(2)).collect();
            seen.push((first, rest));
            if !odometer.advance() {
                break;
            }
        }
        assert_eq!(seen.len(), 1 + 2 + 4);
        let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
        assert_eq!(distinct.len(), seen.len());
    }

    #[test]
    fn a_pass_without_choices_is_the_only_one() {
        assert!(!Odometer::default().advance());
    }
}
