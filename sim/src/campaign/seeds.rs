//! Seeds, all of a range or a shard's.

use std::ops::Range;

use super::Shard;

/// The seeds of a range that belong to a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds {
    range: Range<u64>,
    shard: Shard,
}

impl From<Range<u64>> for Seeds {
    fn from(range: Range<u64>) -> Self {
        Self::new(range, Shard::WHOLE)
    }
}

impl Seeds {
    /// Those of `range` that are in `shard`.
    #[must_use]
    pub const fn new(range: Range<u64>, shard: Shard) -> Self {
        Self { range, shard }
    }

    /// The seed at this place, if there are so many.
    #[must_use]
    pub fn get(&self, place: u64) -> Option<u64> {
        let (start, of) = (self.range.start, self.shard.of());
        let first = (self.shard.number() + of - start % of) % of;
        let seed = place
            .checked_mul(of)?
            .checked_add(first)?
            .checked_add(start)?;
        (seed < self.range.end).then_some(seed)
    }

    /// Where the range begins.
    #[must_use]
    pub const fn start(&self) -> u64 {
        self.range.start
    }

    /// Where the range ends.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.range.end
    }

    /// The same in blocks of so many seeds each, one after the other.
    pub fn blocks(self, len: u64) -> impl Iterator<Item = Self> {
        let Self { range, shard } = self;
        let step = len.saturating_mul(shard.of()).max(1);
        let mut start = range.start;
        std::iter::from_fn(move || {
            let block = start..range.end.min(start.saturating_add(step));
            start = block.end;
            (!block.is_empty()).then(|| Self::new(block, shard))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(seeds: &Seeds) -> Vec<u64> {
        (0..).map_while(|place| seeds.get(place)).collect()
    }

    #[test]
    fn shards_and_blocks_hold_each_seed_once() {
        let mut found = Vec::new();
        for number in 0..3 {
            let shard = Shard::new(number, 3).expect("a shard");
            let seeds = Seeds::new(5..38, shard);
            let mine = all(&seeds);
            assert!(mine.iter().all(|seed| seed % 3 == number), "{mine:?}");
            let blocks: Vec<Seeds> = seeds.blocks(4).collect();
            assert!(blocks.iter().all(|block| all(block).len() <= 4));
            assert_eq!(blocks.iter().flat_map(all).collect::<Vec<_>>(), mine);
            found.extend(mine);
        }
        found.sort_unstable();
        assert_eq!(found, (5..38).collect::<Vec<_>>());
        assert_eq!(all(&Seeds::from(7..9)), [7, 8]);
        assert_eq!(Seeds::from(u64::MAX - 1..u64::MAX).get(1), None);
    }
}
