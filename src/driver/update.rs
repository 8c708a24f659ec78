//! Reading and deciding under the lock, then writing as one commit.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};

use super::clock;
use super::commands::Commands;
use crate::command::{self, Command, Reply};
use crate::keyspace::Keyspace;
use crate::units::Now;

/// The inside of an [`update`](crate::Db::update): reads see the store as it stood before, writes are
/// gathered and become one commit.
///
/// Nobody else reads or writes meanwhile, so be quick. Calling the store itself from inside panics.
#[derive(Debug)]
pub struct Update<'a> {
    keyspace: &'a Keyspace,
    db: u32,
    now: Now,
    commands: Commands,
}

impl<'a> Update<'a> {
    pub(super) fn new(keyspace: &'a Keyspace, db: u32, now: Now, commands: Commands) -> Self {
        Self {
            keyspace,
            db,
            now,
            commands,
        }
    }

    pub(super) fn into_commands(self) -> Commands {
        self.commands
    }

    /// The reply of a command that only reads; none if it may write.
    #[must_use]
    pub fn query(&self, command: &Command) -> Option<Reply> {
        let mut command = Cow::Borrowed(command);
        if command.draws() {
            command.to_mut().bring_seed(clock::random);
        }
        command::query(self.keyspace, self.db, &command, self.now.wall)
    }
}

impl Deref for Update<'_> {
    type Target = Commands;

    fn deref(&self) -> &Commands {
        &self.commands
    }
}

impl DerefMut for Update<'_> {
    fn deref_mut(&mut self) -> &mut Commands {
        &mut self.commands
    }
}
