//! Counting what is different, about.

use super::argv::Argv;

writes! {
    /// HyperLogLog: counting what is different, about, in at most 12 KiB.
    ///
    /// A count is off by 0.81 % on average. It is kept in the key, so counting writes.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// store.pfadd("monday", ["ada", "bob", "ada"])?;
    /// store.pfadd("tuesday", ["ada", "eve"])?;
    /// assert_eq!(store.pfcount(["monday", "tuesday"])?, 3);
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// Adds elements; whether that may have changed the count. Without any it makes the key.
    fn pfadd(
        key: impl AsRef<[u8]>,
        elements: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> bool {
        Argv::new("PFADD").arg(key).args(elements)
    }

    /// How many different elements the keys have together, about.
    fn pfcount(keys: impl IntoIterator<Item = impl AsRef<[u8]>>) -> u64 {
        Argv::new("PFCOUNT").args(keys)
    }

    /// Adds all that the keys have to another.
    fn pfmerge(
        destination: impl AsRef<[u8]>,
        keys: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> () {
        Argv::new("PFMERGE").arg(destination).args(keys)
    }
}
