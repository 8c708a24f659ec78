//! Sorted sets: unions, intersections and differences.

use std::vec::Vec;

use super::argv::Argv;
use crate::driver::commands::bytes;

/// What becomes of a member's scores when several sorted sets have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// Their sum.
    #[default]
    Sum,
    /// The least.
    Min,
    /// The greatest.
    Max,
}

/// Sorted sets that are combined, with weights by which their scores are multiplied. Members of a set
/// have the score 1.
///
/// Made of keys alone, each weighs 1 and scores are added.
///
/// ```
/// # let store = indelible::Store::in_memory(indelible::Options::default())?;
/// use indelible::{Aggregate, ZInputs};
///
/// store.zadd("week", [(5.0, "ada")])?;
/// store.zadd("month", [(9.0, "ada"), (4.0, "bob")])?;
/// let inputs = ZInputs::weighted([("week", 2.0), ("month", 1.0)]).aggregate(Aggregate::Max);
/// let all = store.zunion_with_scores(inputs)?;
/// assert_eq!(all, [(b"bob".to_vec(), 4.0), (b"ada".to_vec(), 10.0)]);
/// assert_eq!(store.zinter(["week", "month"])?, [b"ada"]);
/// # Ok::<(), indelible::StoreError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ZInputs {
    keys: Vec<Vec<u8>>,
    weights: Vec<f64>,
    aggregate: Aggregate,
}

impl ZInputs {
    /// Keys, each of weight 1.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        Self::weighted(keys.into_iter().map(|key| (key, 1.0)))
    }

    /// Keys and weights.
    #[must_use]
    pub fn weighted(keys: impl IntoIterator<Item = (impl AsRef<[u8]>, f64)>) -> Self {
        let keys = keys.into_iter().map(|(key, weight)| (bytes(key), weight));
        let (keys, weights) = keys.unzip();
        Self {
            keys,
            weights,
            aggregate: Aggregate::default(),
        }
    }

    /// What becomes of a member's scores.
    #[must_use]
    pub fn aggregate(mut self, aggregate: Aggregate) -> Self {
        self.aggregate = aggregate;
        self
    }

    fn write(self, argv: Argv) -> Argv {
        let argv = argv.keys(self.keys);
        let plain = self.weights.iter().all(|weight| *weight == 1.0);
        let argv = match plain {
            true => argv,
            false => {
                let weights = self.weights.into_iter();
                weights.fold(argv.arg("WEIGHTS"), Argv::float)
            }
        };
        match self.aggregate {
            Aggregate::Sum => argv,
            Aggregate::Min => argv.arg("AGGREGATE").arg("MIN"),
            Aggregate::Max => argv.arg("AGGREGATE").arg("MAX"),
        }
    }
}

impl<K: AsRef<[u8]>, const N: usize> From<[K; N]> for ZInputs {
    fn from(keys: [K; N]) -> Self {
        Self::new(keys)
    }
}

impl<K: AsRef<[u8]>> From<Vec<K>> for ZInputs {
    fn from(keys: Vec<K>) -> Self {
        Self::new(keys)
    }
}

impl<K: AsRef<[u8]>> From<&[K]> for ZInputs {
    fn from(keys: &[K]) -> Self {
        Self::new(keys)
    }
}

reads! {
    /// Sorted sets: combining several; sets count as well.
    impl Db;

    /// The members that one or another has, by their combined scores.
    fn zunion(inputs: impl Into<ZInputs>) -> Vec<Vec<u8>> {
        inputs.into().write(Argv::new("ZUNION"))
    }

    /// As [`Db::zunion`](crate::Db::zunion), with the scores.
    fn zunion_with_scores(inputs: impl Into<ZInputs>) -> Vec<(Vec<u8>, f64)> {
        inputs.into().write(Argv::new("ZUNION")).arg("WITHSCORES")
    }

    /// The members that all have, by their combined scores.
    fn zinter(inputs: impl Into<ZInputs>) -> Vec<Vec<u8>> {
        inputs.into().write(Argv::new("ZINTER"))
    }

    /// As [`Db::zinter`](crate::Db::zinter), with the scores.
    fn zinter_with_scores(inputs: impl Into<ZInputs>) -> Vec<(Vec<u8>, f64)> {
        inputs.into().write(Argv::new("ZINTER")).arg("WITHSCORES")
    }

    /// How many members all have; counted up to `limit`, unless that is 0.
    fn zintercard(keys: impl IntoIterator<Item = impl AsRef<[u8]>>, limit: u64) -> u64 {
        Argv::new("ZINTERCARD").keys(keys).arg("LIMIT").number(limit)
    }

    /// The members that the first has and none of the others, by its scores.
    fn zdiff(keys: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<Vec<u8>> {
        Argv::new("ZDIFF").keys(keys)
    }

    /// As [`Db::zdiff`](crate::Db::zdiff), with the scores.
    fn zdiff_with_scores(
        keys: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Vec<(Vec<u8>, f64)> {
        Argv::new("ZDIFF").keys(keys).arg("WITHSCORES")
    }
}

writes! {
    /// Sorted sets: combining several into a key.
    impl Db;

    /// Puts the members that one or another has under a key; how many they are.
    fn zunionstore(destination: impl AsRef<[u8]>, inputs: impl Into<ZInputs>) -> u64 {
        inputs.into().write(Argv::new("ZUNIONSTORE").arg(destination))
    }

    /// Puts the members that all have under a key; how many they are.
    fn zinterstore(destination: impl AsRef<[u8]>, inputs: impl Into<ZInputs>) -> u64 {
        inputs.into().write(Argv::new("ZINTERSTORE").arg(destination))
    }

    /// Puts the members that the first has and none of the others under a key; how many they are.
    fn zdiffstore(
        destination: impl AsRef<[u8]>,
        keys: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> u64 {
        Argv::new("ZDIFFSTORE").arg(destination).keys(keys)
    }
}
