//! Sorting.

use std::vec::Vec;

use super::argv::Argv;

/// How [`Db::sort`](crate::Db::sort) sorts, and what it gives.
///
/// In a pattern the first `*` stands for the element; the pattern names a key, or with `->` behind it a
/// field of a hash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SortOptions {
    /// Sorts by what this pattern leads to, not by the elements; without a `*` not at all (`BY`).
    pub by: Option<Vec<u8>>,
    /// Skips so many and gives so many at most, or all (`LIMIT`).
    pub limit: Option<(u64, Option<u64>)>,
    /// Gives what these patterns lead to, `#` being the element itself (`GET`).
    pub get: Vec<Vec<u8>>,
    /// From the greatest to the least (`DESC`).
    pub desc: bool,
    /// By bytes, not as numbers (`ALPHA`).
    pub alpha: bool,
}

impl SortOptions {
    fn write(self, argv: Argv) -> Argv {
        let argv = match self.by {
            Some(pattern) => argv.arg("BY").arg(pattern),
            None => argv,
        };
        let argv = match self.limit {
            Some((offset, Some(count))) => argv.arg("LIMIT").number(offset).number(count),
            Some((offset, None)) => argv.arg("LIMIT").number(offset).number(-1),
            None => argv,
        };
        let get = self.get.into_iter();
        let argv = get.fold(argv, |argv, pattern| argv.arg("GET").arg(pattern));
        argv.word("DESC", self.desc).word("ALPHA", self.alpha)
    }
}

reads! {
    /// Sorting.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// use indelible::SortOptions;
    ///
    /// store.rpush("ids", ["2", "10", "1"])?;
    /// store.mset([("name:1", "ada"), ("name:2", "bob")])?;
    /// let names = SortOptions {
    ///     get: vec!["name:*".into()],
    ///     ..SortOptions::default()
    /// };
    /// let found = store.sort("ids", names)?;
    /// assert_eq!(found, [Some(b"ada".to_vec()), Some(b"bob".to_vec()), None]);
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// The elements of a list, a set or a sorted set in order, or what patterns lead to from them.
    fn sort(key: impl AsRef<[u8]>, options: SortOptions) -> Vec<Option<Vec<u8>>> {
        options.write(Argv::new("SORT_RO").arg(key))
    }
}

writes! {
    /// Sorting into a key.
    impl Db;

    /// Puts what [`Db::sort`](crate::Db::sort) gives under a key, as a list, with nothing as an empty
    /// element; how many they are.
    fn sort_store(
        key: impl AsRef<[u8]>,
        destination: impl AsRef<[u8]>,
        options: SortOptions,
    ) -> u64 {
        options.write(Argv::new("SORT").arg(key)).arg("STORE").arg(destination)
    }
}
