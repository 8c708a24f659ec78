//! Keys, whatever they hold.

use std::vec;
use std::vec::Vec;

use super::Asked;
use super::argv::Argv;
use super::scans::ScanPage;
use crate::command::{Command, Reply};
use crate::driver::commands::{all, bytes};
use crate::driver::error::StoreError;
use crate::driver::from_reply::unexpected;
use crate::keyspace::ScanCursor;

/// What a key may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyType {
    /// A string.
    String,
    /// A list.
    List,
    /// A hash.
    Hash,
    /// A set.
    Set,
    /// A sorted set.
    ZSet,
}

impl KeyType {
    /// Redis's name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::List => "list",
            Self::Hash => "hash",
            Self::Set => "set",
            Self::ZSet => "zset",
        }
    }
}

fn key_type(reply: Reply) -> Result<Option<KeyType>, StoreError> {
    match reply {
        Reply::Simple("none") => Ok(None),
        Reply::Simple("string") => Ok(Some(KeyType::String)),
        Reply::Simple("list") => Ok(Some(KeyType::List)),
        Reply::Simple("hash") => Ok(Some(KeyType::Hash)),
        Reply::Simple("set") => Ok(Some(KeyType::Set)),
        Reply::Simple("zset") => Ok(Some(KeyType::ZSet)),
        other => Err(unexpected(other)),
    }
}

/// How [`Db::copy`](crate::Db::copy) acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CopyOptions {
    /// The database to copy to (`DB`); none for the same.
    pub db: Option<u32>,
    /// Whether to replace a key that is there (`REPLACE`).
    pub replace: bool,
}

reads! {
    /// Keys: reading.
    impl Db;

    /// Whether `key` is there.
    fn exists(key: impl AsRef<[u8]>) -> bool {
        Command::Exists { keys: vec![bytes(key)] }
    }

    /// How many of several keys are there; one that is named twice counts twice.
    fn exists_all(keys: impl IntoIterator<Item = impl AsRef<[u8]>>) -> u64 {
        Command::Exists { keys: all(keys) }
    }

    /// How many of several keys are there; as [`Db::exists_all`](crate::Db::exists_all), for nothing
    /// is evicted here.
    fn touch(keys: impl IntoIterator<Item = impl AsRef<[u8]>>) -> u64 {
        Argv::new("TOUCH").args(keys)
    }

    /// What type of value `key` holds (`TYPE`); none if there is no such key.
    fn key_type(key: impl AsRef<[u8]>) -> Option<KeyType> {
        Asked::new(Command::Type { key: bytes(key) }, key_type)
    }

    /// All keys that match a pattern (`*`, `?`, `[a-z]`), at one moment.
    ///
    /// Writers wait meanwhile; for large databases there is [`Db::scan`](crate::Db::scan).
    fn keys(pattern: impl AsRef<[u8]>) -> Vec<Vec<u8>> {
        Command::Keys { pattern: bytes(pattern) }
    }

    /// Looks at about `count` keys from a cursor on and gives those that match.
    ///
    /// Begin with [`ScanCursor::default`] and go on with [`ScanPage::next`]. A key that is there from
    /// the first call to the last is given exactly once, whatever else is written meanwhile.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// store.set("user:1", "Ada")?;
    /// let (mut cursor, mut users) = (Some(Default::default()), Vec::new());
    /// while let Some(from) = cursor {
    ///     let page = store.scan(from, "user:*", 100)?;
    ///     users.extend(page.items);
    ///     cursor = page.next;
    /// }
    /// assert_eq!(users, [b"user:1"]);
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    fn scan(
        cursor: ScanCursor,
        pattern: impl AsRef<[u8]>,
        count: usize,
    ) -> ScanPage<Vec<u8>> {
        Command::Scan { cursor, pattern: Some(bytes(pattern)), count, type_name: None }
    }

    /// As [`Db::scan`](crate::Db::scan), of one type alone.
    fn scan_type(
        cursor: ScanCursor,
        pattern: impl AsRef<[u8]>,
        count: usize,
        key_type: KeyType,
    ) -> ScanPage<Vec<u8>> {
        let type_name = Some(bytes(key_type.name()));
        Command::Scan { cursor, pattern: Some(bytes(pattern)), count, type_name }
    }

    /// A key, each as likely as every other; none if there is none.
    fn randomkey() -> Option<Vec<u8>> {
        Argv::new("RANDOMKEY")
    }

    /// How many keys there are, as Redis counts: those included that have expired and are not yet
    /// removed.
    fn dbsize() -> u64 {
        Command::DbSize
    }
}

writes! {
    /// Keys: writing.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// use indelible::CopyOptions;
    ///
    /// store.set("draft", "hello")?;
    /// store.copy("draft", "kept", CopyOptions { db: Some(1), replace: false })?;
    /// store.rename("draft", "letter")?;
    /// assert!(store.del("letter")? && !store.exists("draft")?);
    /// assert_eq!(store.db(1).get("kept")?.as_deref(), Some(&b"hello"[..]));
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// Removes a key; whether it was there.
    fn del(key: impl AsRef<[u8]>) -> bool {
        Command::del(key.as_ref())
    }

    /// Removes several keys at once; how many were there.
    fn del_all(keys: impl IntoIterator<Item = impl AsRef<[u8]>>) -> u64 {
        Command::Del { keys: all(keys) }
    }

    /// Removes a key; whether it was there. As [`Db::del`](crate::Db::del), which frees in the
    /// background too.
    fn unlink(key: impl AsRef<[u8]>) -> bool {
        Command::Unlink { keys: vec![bytes(key)] }
    }

    /// Removes several keys at once, as [`Db::unlink`](crate::Db::unlink); how many were there.
    fn unlink_all(keys: impl IntoIterator<Item = impl AsRef<[u8]>>) -> u64 {
        Command::Unlink { keys: all(keys) }
    }

    /// Gives a key another name, replacing what is there.
    ///
    /// A key that is missing is an error ([`CommandError::NoSuchKey`](crate::CommandError::NoSuchKey)).
    fn rename(key: impl AsRef<[u8]>, to: impl AsRef<[u8]>) -> () {
        Argv::new("RENAME").arg(key).arg(to)
    }

    /// Gives a key another name, if no key has it; whether it did.
    fn renamenx(key: impl AsRef<[u8]>, to: impl AsRef<[u8]>) -> bool {
        Argv::new("RENAMENX").arg(key).arg(to)
    }

    /// Copies a key with its expiry; whether it did, which it does not if the other is there, unless
    /// it may be replaced.
    fn copy(key: impl AsRef<[u8]>, to: impl AsRef<[u8]>, options: CopyOptions) -> bool {
        let argv = Argv::new("COPY").arg(key).arg(to);
        let argv = match options.db {
            Some(db) => argv.arg("DB").number(db),
            None => argv,
        };
        argv.word("REPLACE", options.replace)
    }

    /// Moves a key to another database (`MOVE`), if it is not there; whether it did.
    fn move_key(key: impl AsRef<[u8]>, db: u32) -> bool {
        Argv::new("MOVE").arg(key).number(db)
    }

    /// Exchanges two databases, whichever this one is.
    fn swapdb(one: u32, other: u32) -> () {
        Argv::new("SWAPDB").number(one).number(other)
    }

    /// Removes all keys of this database; they are freed in the background.
    fn flush_db() -> () {
        Command::FlushDb
    }

    /// Removes all keys of all databases; they are freed in the background.
    fn flush_all() -> () {
        Command::FlushAll
    }
}
