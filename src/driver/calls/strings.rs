//! Strings.

use std::time::Duration;
use std::vec::Vec;

use super::argv::Argv;
use crate::command::{Command, SetExpiry, SetOptions};
use crate::driver::clock;
use crate::driver::commands::{all, bytes, signed, string};

reads! {
    /// Strings: reading.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// use indelible::{CommandError, StoreError};
    ///
    /// store.set("greeting", "hello")?;
    /// assert_eq!(store.get("greeting")?.as_deref(), Some(&b"hello"[..]));
    /// assert_eq!(store.getrange("greeting", 1, -2)?, b"ell");
    ///
    /// store.execute(&["RPUSH", "list", "a"])?;
    /// let refused = store.get("list");
    /// assert!(matches!(refused, Err(StoreError::Command(CommandError::WrongType))));
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// What `key` holds.
    fn get(key: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        Command::Get { key: bytes(key) }
    }

    /// What each of several keys holds, at one moment; nothing for one that holds no string.
    fn mget(keys: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<Option<Vec<u8>>> {
        Command::MGet { keys: all(keys) }
    }

    /// How long the value of `key` is, in bytes; 0 if there is none.
    fn strlen(key: impl AsRef<[u8]>) -> u64 {
        Command::StrLen { key: bytes(key) }
    }

    /// The bytes of the value from one to another, both included; below 0 counted from the end.
    fn getrange(key: impl AsRef<[u8]>, start: i64, end: i64) -> Vec<u8> {
        Argv::new("GETRANGE").arg(key).number(start).number(end)
    }
}

writes! {
    /// Strings: writing.
    impl Db;

    /// Puts a value; the key no longer expires.
    fn set(key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> () {
        set(key, value, SetOptions::default())
    }

    /// Puts a value if the condition holds; whether it did.
    ///
    /// ```
    /// use indelible::{SetCondition, SetExpiry, SetOptions};
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    ///
    /// let lock = SetOptions {
    ///     condition: Some(SetCondition::Absent),
    ///     expiry: SetExpiry::In(30_000),
    ///     ..SetOptions::default()
    /// };
    /// assert!(store.set_with("lock", "me", lock)?);
    /// assert!(!store.set_with("lock", "you", lock)?);
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    fn set_with(key: impl AsRef<[u8]>, value: impl AsRef<[u8]>, options: SetOptions) -> bool {
        set(key, value, SetOptions { get: false, ..options })
    }

    /// Puts a value if the condition holds, and gives what the key held before.
    fn set_get(
        key: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
        options: SetOptions,
    ) -> Option<Vec<u8>> {
        set(key, value, SetOptions { get: true, ..options })
    }

    /// Puts a value if there is none; whether it did.
    fn setnx(key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> bool {
        Command::SetNx { key: bytes(key), value: string(value) }
    }

    /// Puts a value that expires after this time, in whole milliseconds and at least one.
    fn setex(key: impl AsRef<[u8]>, time: Duration, value: impl AsRef<[u8]>) -> () {
        let millis = signed(clock::millis(time));
        Command::PSetEx { key: bytes(key), millis, value: string(value) }
    }

    /// Puts a value and gives what the key held before.
    fn getset(key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        Command::GetSet { key: bytes(key), value: string(value) }
    }

    /// Removes a key and gives what it held.
    fn getdel(key: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        Command::GetDel { key: bytes(key) }
    }

    /// Gives what a key holds, and changes when it expires.
    fn getex(key: impl AsRef<[u8]>, expiry: SetExpiry) -> Option<Vec<u8>> {
        let argv = Argv::new("GETEX").arg(key);
        match expiry {
            SetExpiry::Never => argv.arg("PERSIST"),
            SetExpiry::Keep => argv,
            SetExpiry::In(millis) => argv.arg("PX").number(millis),
            SetExpiry::At(millis) => argv.arg("PXAT").number(millis),
        }
    }

    /// Puts several values at once, if none of the keys is there; whether it did.
    fn msetnx(pairs: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>) -> bool {
        let pair = |(key, value)| (bytes(key), string(value));
        Command::MSetNx { pairs: pairs.into_iter().map(pair).collect() }
    }

    /// Puts bytes behind the value; its length then, in bytes.
    fn append(key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> u64 {
        Command::Append { key: bytes(key), value: string(value) }
    }

    /// Overwrites a part of the value from an offset on, with zeros before it where there was
    /// nothing; the value's length then, in bytes.
    fn setrange(key: impl AsRef<[u8]>, offset: u64, value: impl AsRef<[u8]>) -> u64 {
        Argv::new("SETRANGE").arg(key).number(offset).arg(value)
    }

    /// Adds one; the sum.
    fn incr(key: impl AsRef<[u8]>) -> i64 {
        Command::Incr { key: bytes(key) }
    }

    /// Subtracts one; the difference.
    fn decr(key: impl AsRef<[u8]>) -> i64 {
        Command::Decr { key: bytes(key) }
    }

    /// Adds a number; the sum. A key that is missing counts as 0.
    fn incr_by(key: impl AsRef<[u8]>, by: i64) -> i64 {
        Command::IncrBy { key: bytes(key), by }
    }

    /// Subtracts a number; the difference. A key that is missing counts as 0.
    fn decr_by(key: impl AsRef<[u8]>, by: i64) -> i64 {
        Command::DecrBy { key: bytes(key), by }
    }

    /// Adds a floating number; the sum. A key that is missing counts as 0.
    fn incr_by_float(key: impl AsRef<[u8]>, by: f64) -> f64 {
        Argv::new("INCRBYFLOAT").arg(key).float(by)
    }
}

fn set(key: impl AsRef<[u8]>, value: impl AsRef<[u8]>, options: SetOptions) -> Command {
    Command::Set {
        key: bytes(key),
        value: string(value),
        options,
    }
}
