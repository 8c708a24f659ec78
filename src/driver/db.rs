//! One database of a store: commits, updates, and any command. Its typed calls are in `calls`.

use std::sync::Arc;
use std::vec;
use std::vec::Vec;

use super::clock;
use super::commands::{self, Commands};
use super::error::StoreError;
use super::from_reply::FromReply;
use super::store::Handle;
use super::ticket::Ticket;
use super::update::Update;
use crate::command::{Command, Reply, query};
use crate::engine::{AppendFsync, Batch};
use crate::keyspace::Keyspace;
use crate::units::Now;

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

    /// Puts several values at once (`MSET`); none is fine.
    ///
    /// # Errors
    /// As at the type.
    pub fn mset(
        &self,
        pairs: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>,
    ) -> Result<(), StoreError> {
        let command = commands::mset(pairs);
        if matches!(&command, Command::MSet { pairs } if pairs.is_empty()) {
            return Ok(());
        }
        FromReply::from_reply(self.run(command)?)
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
    /// `decide` reads the store as it stands and adds commands. If it returns none or an error, nothing
    /// is written. Returns once the commit is acknowledged.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// store.set("from", "5")?;
    /// let moved = store.update(|update| {
    ///     let from = update.get("from")?.unwrap_or_default();
    ///     let amount: i64 = str::from_utf8(&from).map_or(0, |text| text.parse().unwrap_or(0));
    ///     if amount < 3 {
    ///         return Ok(None);
    ///     }
    ///     update.incr_by("from", -3).incr_by("to", 3);
    ///     Ok(Some(3))
    /// })?;
    /// assert_eq!(moved, Some(3));
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// As at the type, and what `decide` returns.
    ///
    /// # Panics
    /// If `decide` calls this store, or panics itself; nothing is written then.
    pub fn update<T>(
        &self,
        decide: impl FnOnce(&mut Update<'_>) -> Result<Option<T>, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let (ticket, value) = self.handle.shared.commit(true, |engine, now| {
            let keyspace = engine.keyspace();
            let mut update = Update::new(keyspace, self.number, now, self.commands());
            let value = decide(&mut update);
            let commands = update.into_commands();
            let written = matches!(value, Ok(Some(_))) && !commands.is_empty();
            (written.then(|| commands.into_batch()), value)
        })?;
        if let Some(ticket) = ticket {
            ticket.wait()?;
        }
        value
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
        if !command.is_write() {
            let ask =
                |keyspace: &Keyspace, now: Now| query(keyspace, self.number, &command, now.wall);
            if let Some(reply) = self.read(ask)? {
                return Ok(reply);
            }
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

    fn read<T>(&self, look: impl FnOnce(&Keyspace, Now) -> T) -> Result<T, StoreError> {
        let shared = &self.handle.shared;
        shared.read(|engine, now| look(engine.keyspace(), now))
    }
}
