//! Sets.

use std::vec::Vec;

use super::argv::Argv;
use super::scans::{ScanPage, scan};
use crate::keyspace::ScanCursor;

reads! {
    /// Sets: reading.
    ///
    /// Members come in the order of their hashes, which says nothing.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// store.sadd("ada", ["maths", "music"])?;
    /// store.sadd("charles", ["maths", "engines"])?;
    /// assert!(store.sismember("ada", "music")?);
    /// assert_eq!(store.sinter(["ada", "charles"])?, [b"maths"]);
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// How many members a set has; 0 if there is none.
    fn scard(key: impl AsRef<[u8]>) -> u64 {
        Argv::new("SCARD").arg(key)
    }

    /// All members; none if there is no set.
    fn smembers(key: impl AsRef<[u8]>) -> Vec<Vec<u8>> {
        Argv::new("SMEMBERS").arg(key)
    }

    /// Whether a set has a member.
    fn sismember(key: impl AsRef<[u8]>, member: impl AsRef<[u8]>) -> bool {
        Argv::new("SISMEMBER").arg(key).arg(member)
    }

    /// Whether a set has each of several members.
    fn smismember(
        key: impl AsRef<[u8]>,
        members: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Vec<bool> {
        Argv::new("SMISMEMBER").arg(key).args(members)
    }

    /// A member, each as likely as every other.
    fn srandmember(key: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        Argv::new("SRANDMEMBER").arg(key)
    }

    /// Several different members, `count` at most; below 0 exactly so many, one perhaps several times.
    ///
    /// With repeats at most [`DRAWN_MAX`](crate::limits::DRAWN_MAX).
    fn srandmember_count(key: impl AsRef<[u8]>, count: i64) -> Vec<Vec<u8>> {
        Argv::new("SRANDMEMBER").arg(key).number(count)
    }

    /// The members that one set or another has.
    fn sunion(keys: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<Vec<u8>> {
        Argv::new("SUNION").args(keys)
    }

    /// The members that all sets have.
    fn sinter(keys: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<Vec<u8>> {
        Argv::new("SINTER").args(keys)
    }

    /// How many members all sets have; counted up to `limit`, unless that is 0.
    fn sintercard(keys: impl IntoIterator<Item = impl AsRef<[u8]>>, limit: u64) -> u64 {
        Argv::new("SINTERCARD").keys(keys).arg("LIMIT").number(limit)
    }

    /// The members that the first set has and none of the others.
    fn sdiff(keys: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<Vec<u8>> {
        Argv::new("SDIFF").args(keys)
    }

    /// Looks at about `count` members from a cursor on and gives those that match; as
    /// [`Db::scan`](crate::Db::scan). A count of 0 is refused.
    fn sscan(
        key: impl AsRef<[u8]>,
        cursor: ScanCursor,
        pattern: impl AsRef<[u8]>,
        count: usize,
    ) -> ScanPage<Vec<u8>> {
        scan("SSCAN", key, cursor, pattern, count)
    }
}

writes! {
    /// Sets: writing.
    ///
    /// A set that is left empty is removed. No members or keys where some are needed is an error
    /// ([`CommandError::WrongArity`](crate::CommandError::WrongArity)).
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// assert_eq!(store.sadd("waiting", ["ada", "charles"])?, 2);
    /// store.update(|update| {
    ///     if !update.sismember("waiting", "ada")? {
    ///         return Ok(None);
    ///     }
    ///     update.smove("waiting", "served", "ada").incr_by("served:count", 1);
    ///     Ok(Some(()))
    /// })?;
    /// assert_eq!(store.spop("waiting")?.as_deref(), Some(&b"charles"[..]));
    /// assert!(!store.exists("waiting")?);
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// Adds members; how many are new.
    fn sadd(
        key: impl AsRef<[u8]>,
        members: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> u64 {
        Argv::new("SADD").arg(key).args(members)
    }

    /// Removes members; how many were there.
    fn srem(
        key: impl AsRef<[u8]>,
        members: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> u64 {
        Argv::new("SREM").arg(key).args(members)
    }

    /// Moves a member to another set; whether it was there.
    fn smove(
        source: impl AsRef<[u8]>,
        destination: impl AsRef<[u8]>,
        member: impl AsRef<[u8]>,
    ) -> bool {
        Argv::new("SMOVE").arg(source).arg(destination).arg(member)
    }

    /// Removes a member, each as likely as every other, and gives it.
    fn spop(key: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        Argv::new("SPOP").arg(key)
    }

    /// Removes several members and gives them, `count` at most.
    fn spop_count(key: impl AsRef<[u8]>, count: u64) -> Vec<Vec<u8>> {
        Argv::new("SPOP").arg(key).number(count)
    }

    /// Puts the members that one set or another has under a key; how many they are.
    fn sunionstore(
        destination: impl AsRef<[u8]>,
        keys: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> u64 {
        Argv::new("SUNIONSTORE").arg(destination).args(keys)
    }

    /// Puts the members that all sets have under a key; how many they are.
    fn sinterstore(
        destination: impl AsRef<[u8]>,
        keys: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> u64 {
        Argv::new("SINTERSTORE").arg(destination).args(keys)
    }

    /// Puts the members that the first set has and none of the others under a key; how many they are.
    fn sdiffstore(
        destination: impl AsRef<[u8]>,
        keys: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> u64 {
        Argv::new("SDIFFSTORE").arg(destination).args(keys)
    }
}
