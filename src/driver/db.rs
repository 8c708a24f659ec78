//! One database of a store: the typed calls.

use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::vec;
use std::vec::Vec;

use super::clock;
use super::commands::{self, Commands, bytes, string};
use super::error::StoreError;
use super::store::Handle;
use super::ticket::Ticket;
use super::update::Update;
use crate::command::{Command, ExpireTime, Reply, SetOptions, glob_matches, query};
use crate::engine::{AppendFsync, Batch};
use crate::keyspace::{Keyspace, ScanCursor, Str};
use crate::units::{Now, WallMillis};

/// When a key expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ttl {
    /// There is no such key.
    Missing,
    /// The key stays.
    Never,
    /// So much is left.
    Left(Duration),
}

/// A part of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanPage {
    /// Where to go on; none at the end.
    pub next: Option<ScanCursor>,
    /// The keys of this part; there may be none before the end.
    pub keys: Vec<Vec<u8>>,
}

/// One database of a store; cheap to clone, and usable from any thread.
///
/// A call that writes returns when its commit is acknowledged, as `appendfsync` says. A call that
/// reads waits for no disk: it sees every commit that was submitted, acknowledged or not.
///
/// # Errors
/// Every call may fail with [`StoreError::Closed`], [`StoreError::Dropped`] and
/// [`StoreError::Panicked`]; one that writes also with [`StoreError::Busy`],
/// [`StoreError::TooLarge`], [`StoreError::Refused`] and [`StoreError::Unknown`], and with
/// [`StoreError::Command`] for what Redis refuses.
#[derive(Clone, Debug)]
pub struct Db {
    pub(super) handle: Arc<Handle>,
    number: u32,
    appendfsync: Option<AppendFsync>,
}

impl Db {
    pub(super) fn new(handle: Arc<Handle>, number: u32) -> Self {
        Self {
            handle,
            number: commands::checked(number),
            appendfsync: None,
        }
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The same database, with commits acknowledged as `policy` says, whatever the store's is.
    #[must_use]
    pub fn with_appendfsync(&self, policy: AppendFsync) -> Self {
        Self {
            appendfsync: Some(policy),
            ..self.clone()
        }
    }
}

/// Reading.
#[expect(clippy::missing_errors_doc, reason = "said once, at the type")]
impl Db {
    fn read<T>(&self, look: impl FnOnce(&Keyspace, Now) -> T) -> Result<T, StoreError> {
        let shared = &self.handle.shared;
        shared.read(|engine, now| look(engine.keyspace(), now))
    }

    fn value(&self, key: &[u8]) -> Result<Option<Str>, StoreError> {
        self.read(|keyspace, now| live_string(keyspace, self.number, key, now.wall))
    }

    /// What `key` holds.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>, StoreError> {
        // Large values are shared under the lock and copied outside.
        Ok(self.value(key.as_ref())?.map(|value| value.to_vec()))
    }

    /// What each of several keys holds, at one moment.
    pub fn mget<K: AsRef<[u8]>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let keys: Vec<K> = keys.into_iter().collect();
        let values: Vec<Option<Str>> = self.read(|keyspace, now| {
            let value = |key: &K| live_string(keyspace, self.number, key.as_ref(), now.wall);
            keys.iter().map(value).collect()
        })?;
        let copy = |value: Option<Str>| value.map(|value| value.to_vec());
        Ok(values.into_iter().map(copy).collect())
    }

    /// How long the value of `key` is, in bytes; 0 if there is none.
    pub fn strlen(&self, key: impl AsRef<[u8]>) -> Result<usize, StoreError> {
        let value = self.value(key.as_ref())?;
        Ok(value.map_or(0, |value| value.len()))
    }

    /// Whether `key` is there.
    pub fn exists(&self, key: impl AsRef<[u8]>) -> Result<bool, StoreError> {
        self.read(|keyspace, now| {
            let entry = keyspace.get_live(self.number, key.as_ref(), now.wall);
            entry.is_some()
        })
    }

    /// When `key` expires.
    pub fn ttl(&self, key: impl AsRef<[u8]>) -> Result<Ttl, StoreError> {
        self.read(|keyspace, now| ttl(keyspace, self.number, key.as_ref(), now.wall))
    }

    /// All keys that match a pattern (`*`, `?`, `[a-z]`), at one moment.
    ///
    /// Writers wait meanwhile; for large databases there is [`Db::scan`].
    pub fn keys(&self, pattern: impl AsRef<[u8]>) -> Result<Vec<Vec<u8>>, StoreError> {
        let pattern = pattern.as_ref();
        self.read(|keyspace, now| {
            keyspace
                .iter(self.number)
                .filter(|(key, entry)| entry.is_live(now.wall) && glob_matches(pattern, key))
                .map(|(key, _)| key.to_vec())
                .collect()
        })
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
    ///     users.extend(page.keys);
    ///     cursor = page.next;
    /// }
    /// assert_eq!(users, [b"user:1"]);
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    pub fn scan(
        &self,
        cursor: ScanCursor,
        pattern: impl AsRef<[u8]>,
        count: usize,
    ) -> Result<ScanPage, StoreError> {
        let pattern = pattern.as_ref();
        self.read(|keyspace, now| {
            let (entries, next) = keyspace.scan(self.number, cursor, count);
            let keys = entries
                .into_iter()
                .filter(|(key, entry)| entry.is_live(now.wall) && glob_matches(pattern, key))
                .map(|(key, _)| key.to_vec())
                .collect();
            let next = Some(next).filter(|next| next.0 != 0);
            ScanPage { next, keys }
        })
    }

    /// How many keys there are, as Redis counts: those included that have expired and are not yet
    /// removed.
    pub fn dbsize(&self) -> Result<usize, StoreError> {
        self.read(|keyspace, _| keyspace.len(self.number))
    }
}

/// Writing.
#[expect(clippy::missing_errors_doc, reason = "said once, at the type")]
impl Db {
    /// Puts a value; the key no longer expires.
    pub fn set(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<(), StoreError> {
        self.set_with(key, value, SetOptions::default())?;
        Ok(())
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
    pub fn set_with(
        &self,
        key: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
        options: SetOptions,
    ) -> Result<bool, StoreError> {
        let options = SetOptions {
            get: false,
            ..options
        };
        match self.write(commands::set(key, value, options))? {
            Reply::Ok => Ok(true),
            Reply::Nil => Ok(false),
            _ => Err(StoreError::UnexpectedReply),
        }
    }

    /// Puts a value if the condition holds, and gives what the key held before.
    pub fn set_get(
        &self,
        key: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
        options: SetOptions,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let options = SetOptions {
            get: true,
            ..options
        };
        optional(self.write(commands::set(key, value, options))?)
    }

    /// Puts a value if there is none; whether it did.
    pub fn setnx(
        &self,
        key: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
    ) -> Result<bool, StoreError> {
        let (key, value) = (bytes(key), string(value));
        self.flag(Command::SetNx { key, value })
    }

    /// Puts a value and gives what the key held before.
    pub fn getset(
        &self,
        key: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let (key, value) = (bytes(key), string(value));
        optional(self.write(Command::GetSet { key, value })?)
    }

    /// Removes a key and gives what it held.
    pub fn getdel(&self, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>, StoreError> {
        let key = bytes(key);
        optional(self.write(Command::GetDel { key })?)
    }

    /// Puts several values at once.
    pub fn mset<K: AsRef<[u8]>, T: AsRef<[u8]>>(
        &self,
        pairs: impl IntoIterator<Item = (K, T)>,
    ) -> Result<(), StoreError> {
        let pair = |(key, value): (K, T)| (bytes(key), string(value));
        let pairs: Vec<_> = pairs.into_iter().map(pair).collect();
        if pairs.is_empty() {
            return Ok(());
        }
        self.write(Command::MSet { pairs })?;
        Ok(())
    }

    /// Puts bytes behind the value; its length then, in bytes.
    pub fn append(
        &self,
        key: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
    ) -> Result<i64, StoreError> {
        let (key, value) = (bytes(key), string(value));
        self.number_of(Command::Append { key, value })
    }

    /// Adds one; the sum.
    pub fn incr(&self, key: impl AsRef<[u8]>) -> Result<i64, StoreError> {
        self.incr_by(key, 1)
    }

    /// Subtracts one; the difference.
    pub fn decr(&self, key: impl AsRef<[u8]>) -> Result<i64, StoreError> {
        self.incr_by(key, -1)
    }

    /// Adds a number; the sum. A key that is missing counts as 0.
    pub fn incr_by(&self, key: impl AsRef<[u8]>, by: i64) -> Result<i64, StoreError> {
        let key = bytes(key);
        self.number_of(Command::IncrBy { key, by })
    }

    /// Removes a key; whether it was there.
    pub fn del(&self, key: impl AsRef<[u8]>) -> Result<bool, StoreError> {
        self.flag(Command::del(key.as_ref()))
    }

    /// Removes several keys at once; how many were there.
    pub fn del_all<K: AsRef<[u8]>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<i64, StoreError> {
        let keys: Vec<_> = keys.into_iter().map(bytes).collect();
        if keys.is_empty() {
            return Ok(0);
        }
        self.number_of(Command::Del { keys })
    }

    /// Removes a key; whether it was there. As [`Db::del`], which frees in the background too.
    pub fn unlink(&self, key: impl AsRef<[u8]>) -> Result<bool, StoreError> {
        let keys = vec![bytes(key)];
        self.flag(Command::Unlink { keys })
    }

    /// Lets a key expire at this time; whether it was there.
    pub fn expire_at(&self, key: impl AsRef<[u8]>, time: SystemTime) -> Result<bool, StoreError> {
        self.flag(commands::expire(key, commands::unix(time)))
    }

    /// Lets a key expire after this time; whether it was there.
    pub fn expire_in(&self, key: impl AsRef<[u8]>, time: Duration) -> Result<bool, StoreError> {
        let millis = commands::signed(super::clock::millis(time));
        self.flag(commands::expire(key, ExpireTime::Millis(millis)))
    }

    /// Lets a key stay; whether it was going to expire.
    pub fn persist(&self, key: impl AsRef<[u8]>) -> Result<bool, StoreError> {
        let key = bytes(key);
        self.flag(Command::Persist { key })
    }

    /// Removes all keys of this database; they are freed in the background.
    pub fn flush_db(&self) -> Result<(), StoreError> {
        self.write(Command::FlushDb)?;
        Ok(())
    }

    /// Removes all keys of all databases; they are freed in the background.
    pub fn flush_all(&self) -> Result<(), StoreError> {
        self.write(Command::FlushAll)?;
        Ok(())
    }
}

/// Several commands at once, and any command.
impl Db {
    /// Executes commands as one commit and gives their replies, once it is acknowledged.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// use indelible::Reply;
    ///
    /// let replies = store.batch(|commands| {
    ///     commands.set("from", "1").incr_by("to", 2);
    /// })?;
    /// assert_eq!(replies, [Reply::Ok, Reply::Int(2)]);
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// As at the type, except that a refused command is a reply.
    pub fn batch(&self, build: impl FnOnce(&mut Commands)) -> Result<Vec<Reply>, StoreError> {
        self.submit(build)?.into_replies()
    }

    /// Executes commands as one commit without waiting until it is acknowledged.
    ///
    /// # Errors
    /// As at the type.
    pub fn submit(&self, build: impl FnOnce(&mut Commands)) -> Result<Ticket, StoreError> {
        let mut commands = self.commands();
        build(&mut commands);
        self.submit_batch(commands.into_batch())
    }

    /// Reads, decides and writes as one commit; nobody else writes in between.
    ///
    /// `decide` reads the store as it stands and adds commands. If it returns none, nothing is
    /// written. Returns once the commit is acknowledged.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// store.set("from", "5")?;
    /// let moved = store.update(|update| {
    ///     let amount: i64 = String::from_utf8(update.get("from")?).ok()?.parse().ok()?;
    ///     (amount >= 3).then(|| {
    ///         update.incr_by("from", -3).incr_by("to", 3);
    ///     })
    /// })?;
    /// assert!(moved.is_some());
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// As at the type.
    ///
    /// # Panics
    /// If `decide` calls this store, or panics itself; nothing is written then.
    pub fn update<T>(
        &self,
        decide: impl FnOnce(&mut Update<'_>) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        let (ticket, value) = self.handle.shared.commit(true, |engine, now| {
            let keyspace = engine.keyspace();
            let mut update = Update::new(keyspace, self.number, now, self.commands());
            let value = decide(&mut update);
            let commands = update.into_commands();
            let written = value.is_some() && !commands.is_empty();
            (written.then(|| commands.into_batch()), value)
        })?;
        if let Some(ticket) = ticket {
            ticket.wait()?;
        }
        Ok(value)
    }

    /// Executes any command, with Redis's replies and error texts.
    ///
    /// What may write is waited for as the typed calls do. `SELECT` only checks its number: the
    /// database is that of this handle.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// let reply = store.execute(&["SET", "a", "1", "EX", "x"])?;
    /// let error = reply.error().unwrap().to_string();
    /// assert_eq!(error, "ERR value is not an integer or out of range");
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// As at the type, except that a refused command is a reply.
    pub fn execute(&self, argv: &[impl AsRef<[u8]>]) -> Result<Reply, StoreError> {
        match commands::parse(argv) {
            Ok(command) => self.run(command),
            Err(error) => Ok(Reply::Error(error)),
        }
    }

    /// Executes a command that is a value already, as [`Db::execute`] does.
    ///
    /// # Errors
    /// As [`Db::execute`].
    pub fn run(&self, mut command: Command) -> Result<Reply, StoreError> {
        command.bring_seed(clock::random);
        let read = self.read(|keyspace, now| query(keyspace, self.number, &command, now.wall))?;
        if let Some(reply) = read {
            return Ok(reply);
        }
        let batch = Batch {
            commands: vec![(self.number, command)],
            appendfsync: self.appendfsync,
        };
        let ticket = self.submit_batch(batch)?;
        if let Some(refused @ Reply::Error(_)) = ticket.replies().first() {
            return Ok(refused.clone());
        }
        let reply = ticket.into_replies()?.pop();
        Ok(reply.expect("a command has a reply"))
    }

    fn commands(&self) -> Commands {
        Commands::new(self.number, self.appendfsync)
    }

    fn submit_batch(&self, batch: Batch) -> Result<Ticket, StoreError> {
        let writes = batch.commands.iter().any(|(_, command)| command.is_write());
        let (ticket, ()) = self
            .handle
            .shared
            .commit(writes, |_, _| (Some(batch), ()))?;
        Ok(ticket.expect("there is a batch"))
    }

    fn write(&self, command: Command) -> Result<Reply, StoreError> {
        match self.run(command)? {
            Reply::Error(error) => Err(error.into()),
            reply => Ok(reply),
        }
    }

    fn number_of(&self, command: Command) -> Result<i64, StoreError> {
        match self.write(command)? {
            Reply::Int(number) => Ok(number),
            _ => Err(StoreError::UnexpectedReply),
        }
    }

    fn flag(&self, command: Command) -> Result<bool, StoreError> {
        Ok(self.number_of(command)? != 0)
    }
}

fn optional(reply: Reply) -> Result<Option<Vec<u8>>, StoreError> {
    match reply {
        Reply::Bulk(value) => Ok(Some(value.to_vec())),
        Reply::Nil => Ok(None),
        _ => Err(StoreError::UnexpectedReply),
    }
}

fn live_string(keyspace: &Keyspace, db: u32, key: &[u8], now: WallMillis) -> Option<Str> {
    keyspace.get_live(db, key, now)?.value.as_string().cloned()
}

pub(super) fn ttl(keyspace: &Keyspace, db: u32, key: &[u8], now: WallMillis) -> Ttl {
    match keyspace.get_live(db, key, now).map(|entry| entry.expiry) {
        None => Ttl::Missing,
        Some(None) => Ttl::Never,
        Some(Some(expiry)) => Ttl::Left(Duration::from_millis(expiry.0.saturating_sub(now.0))),
    }
}
