//! Random numbers from a seed that is an argument.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

/// A generator (SplitMix64): the same numbers from the same seed. Fair, not secret.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A rank of `len`, which is not 0.
    pub fn rank(&mut self, len: usize) -> usize {
        let wide = u128::from(self.number()) * len as u128;
        (wide >> 64) as usize
    }

    /// So many different ranks of `len`, rising; all of them if there are no more.
    pub fn ranks(&mut self, count: usize, len: usize) -> Vec<usize> {
        if count >= len {
            return (0..len).collect();
        }
        // Floyd: each step draws from one rank more, and takes that one if the other is taken.
        let mut taken = BTreeSet::new();
        for last in len - count..len {
            let rank = self.rank(last + 1);
            if !taken.insert(rank) {
                taken.insert(last);
            }
        }
        taken.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::Dice;

    #[test]
    fn ranks_are_different_and_each_comes_as_often() {
        let mut counts = [0_u32; 10];
        for seed in 0..3_000 {
            let ranks = Dice::new(seed).ranks(3, 10);
            assert!(ranks.len() == 3 && ranks.is_sorted_by(|one, two| one < two));
            ranks.iter().for_each(|rank| counts[*rank] += 1);
        }
        assert!(
            counts.iter().all(|it| (750..1_050).contains(it)),
            "{counts:?}"
        );
    }

    #[test]
    fn no_more_ranks_are_drawn_than_there_are() {
        assert_eq!(Dice::new(1).ranks(9, 3), [0, 1, 2]);
        assert_eq!(Dice::new(1).ranks(0, 3), Vec::<usize>::new());
    }
}
