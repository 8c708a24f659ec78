//! Hashes.

use std::vec::Vec;

use super::argv::Argv;
use super::scans::{ScanPage, scan};
use crate::keyspace::ScanCursor;

reads! {
    /// Hashes: reading.
    ///
    /// Fields come in the order of their hashes, which says nothing.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// store.hset_all("user:1", [("name", "Ada"), ("born", "1815")])?;
    /// assert_eq!(store.hget("user:1", "name")?.as_deref(), Some(&b"Ada"[..]));
    /// assert_eq!(store.hmget("user:1", ["born", "died"])?, [Some(b"1815".to_vec()), None]);
    /// for (field, value) in store.hgetall("user:1")? {
    ///     println!("{}: {}", field.escape_ascii(), value.escape_ascii());
    /// }
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// The value of a field.
    fn hget(key: impl AsRef<[u8]>, field: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        Argv::new("HGET").arg(key).arg(field)
    }

    /// The values of several fields.
    fn hmget(
        key: impl AsRef<[u8]>,
        fields: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Vec<Option<Vec<u8>>> {
        Argv::new("HMGET").arg(key).args(fields)
    }

    /// All fields and their values; none if there is no hash.
    fn hgetall(key: impl AsRef<[u8]>) -> Vec<(Vec<u8>, Vec<u8>)> {
        Argv::new("HGETALL").arg(key)
    }

    /// All fields.
    fn hkeys(key: impl AsRef<[u8]>) -> Vec<Vec<u8>> {
        Argv::new("HKEYS").arg(key)
    }

    /// All values.
    fn hvals(key: impl AsRef<[u8]>) -> Vec<Vec<u8>> {
        Argv::new("HVALS").arg(key)
    }

    /// How many fields a hash has; 0 if there is none.
    fn hlen(key: impl AsRef<[u8]>) -> u64 {
        Argv::new("HLEN").arg(key)
    }

    /// Whether a field is there.
    fn hexists(key: impl AsRef<[u8]>, field: impl AsRef<[u8]>) -> bool {
        Argv::new("HEXISTS").arg(key).arg(field)
    }

    /// How long the value of a field is, in bytes; 0 if there is none.
    fn hstrlen(key: impl AsRef<[u8]>, field: impl AsRef<[u8]>) -> u64 {
        Argv::new("HSTRLEN").arg(key).arg(field)
    }

    /// A field, each as likely as every other.
    fn hrandfield(key: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        Argv::new("HRANDFIELD").arg(key)
    }

    /// Several different fields, `count` at most; below 0 exactly so many, one perhaps several times.
    ///
    /// With repeats at most [`DRAWN_MAX`](crate::limits::DRAWN_MAX).
    fn hrandfield_count(key: impl AsRef<[u8]>, count: i64) -> Vec<Vec<u8>> {
        Argv::new("HRANDFIELD").arg(key).number(count)
    }

    /// As [`Db::hrandfield_count`](crate::Db::hrandfield_count), with the fields' values.
    fn hrandfield_with_values(key: impl AsRef<[u8]>, count: i64) -> Vec<(Vec<u8>, Vec<u8>)> {
        Argv::new("HRANDFIELD").arg(key).number(count).arg("WITHVALUES")
    }

    /// Looks at about `count` fields from a cursor on and gives those that match, with their values;
    /// as [`Db::scan`](crate::Db::scan). A count of 0 is refused.
    fn hscan(
        key: impl AsRef<[u8]>,
        cursor: ScanCursor,
        pattern: impl AsRef<[u8]>,
        count: usize,
    ) -> ScanPage<(Vec<u8>, Vec<u8>)> {
        scan("HSCAN", key, cursor, pattern, count)
    }
}

writes! {
    /// Hashes: writing.
    ///
    /// A hash that is left empty is removed. No fields where some are needed is an error
    /// ([`CommandError::WrongArity`](crate::CommandError::WrongArity)).
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// assert!(store.hset("user:1", "name", "Ada")?);
    /// assert_eq!(store.hincr_by("user:1", "visits", 1)?, 1);
    ///
    /// // In an update: read, decide, write.
    /// store.update(|update| {
    ///     if update.hget("user:1", "name")?.is_none() {
    ///         return Ok(None);
    ///     }
    ///     update.hset("user:1", "known", "yes").hdel("user:1", ["visits"]);
    ///     Ok(Some(()))
    /// })?;
    /// assert_eq!(store.hlen("user:1")?, 2);
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// Puts a field's value; whether the field is new.
    fn hset(
        key: impl AsRef<[u8]>,
        field: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
    ) -> bool {
        Argv::new("HSET").arg(key).arg(field).arg(value)
    }

    /// Puts several fields' values at once; how many fields are new.
    fn hset_all(
        key: impl AsRef<[u8]>,
        pairs: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>,
    ) -> u64 {
        Argv::new("HSET").arg(key).pairs(pairs)
    }

    /// Puts a field's value if there is none; whether it did.
    fn hsetnx(
        key: impl AsRef<[u8]>,
        field: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
    ) -> bool {
        Argv::new("HSETNX").arg(key).arg(field).arg(value)
    }

    /// Removes fields; how many were there.
    fn hdel(
        key: impl AsRef<[u8]>,
        fields: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> u64 {
        Argv::new("HDEL").arg(key).args(fields)
    }

    /// Adds a number to a field; the sum. A field that is missing counts as 0.
    fn hincr_by(key: impl AsRef<[u8]>, field: impl AsRef<[u8]>, by: i64) -> i64 {
        Argv::new("HINCRBY").arg(key).arg(field).number(by)
    }

    /// Adds a floating number to a field; the sum. A field that is missing counts as 0.
    fn hincr_by_float(key: impl AsRef<[u8]>, field: impl AsRef<[u8]>, by: f64) -> f64 {
        Argv::new("HINCRBYFLOAT").arg(key).arg(field).float(by)
    }
}
