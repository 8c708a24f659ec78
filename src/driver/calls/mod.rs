//! The typed calls: each is defined once, as a command and the type of its reply.
//!
//! A definition is a function that makes the command. From it come a method of [`Db`], which waits
//! and gives the reply; one of [`Commands`], which collects; and, for what only reads, one of
//! [`Update`] and one of [`ReadOnly`], which look. So they cannot differ.
//!
//! Names are Redis's words. Where one item and many ask for different replies there are two calls, as
//! `del` and `del_all`; options are plain data.

use super::commands::Commands;
use super::db::Db;
use super::error::StoreError;
use super::from_reply::FromReply;
use super::read_only::ReadOnly;
use super::update::Update;
use crate::command::{Command, Reply};

/// Defines calls that may write.
macro_rules! writes {
    (
        $(#[$room:meta])*
        impl Db;
        $(
            $(#[$doc:meta])*
            fn $name:ident($($arg:ident: $type:ty),* $(,)?) -> $reply:ty $command:block
        )*
    ) => {
        $(#[$room])*
        #[expect(clippy::missing_errors_doc, reason = "said once, at the type")]
        impl $crate::driver::Db {
            $(
                $(#[$doc])*
                pub fn $name(
                    &self,
                    $($arg: $type),*
                ) -> Result<$reply, $crate::driver::StoreError> {
                    self.ask($command)
                }
            )*
        }

        impl $crate::driver::Commands {
            $(
                #[doc = concat!(
                    "[`Db::", stringify!($name), "`](crate::Db::", stringify!($name),
                    "), as a part of this commit."
                )]
                pub fn $name(&mut self, $($arg: $type),*) -> &mut Self {
                    self.collect::<$reply>($command)
                }
            )*
        }
    };
}

/// Defines calls that only read.
macro_rules! reads {
    (
        $(#[$room:meta])*
        impl Db;
        $(
            $(#[$doc:meta])*
            fn $name:ident($($arg:ident: $type:ty),* $(,)?) -> $reply:ty $command:block
        )*
    ) => {
        writes! {
            $(#[$room])*
            impl Db;
            $(
                $(#[$doc])*
                fn $name($($arg: $type),*) -> $reply $command
            )*
        }

        #[expect(clippy::missing_errors_doc, reason = "said once, at the type")]
        impl $crate::driver::Update<'_> {
            $(
                #[doc = concat!(
                    "[`Db::", stringify!($name), "`](crate::Db::", stringify!($name),
                    "), as it stood before the update."
                )]
                pub fn $name(
                    &self,
                    $($arg: $type),*
                ) -> Result<$reply, $crate::driver::StoreError> {
                    self.ask($command)
                }
            )*
        }

        #[expect(clippy::missing_errors_doc, reason = "said once, at the type")]
        impl $crate::driver::ReadOnly {
            $(
                #[doc = concat!(
                    "[`Db::", stringify!($name), "`](crate::Db::", stringify!($name),
                    "), of what was read."
                )]
                pub fn $name(
                    &self,
                    $($arg: $type),*
                ) -> Result<$reply, $crate::driver::StoreError> {
                    self.ask($command)
                }
            )*
        }
    };
}

mod argv;
mod bits;
mod expiry;
mod geo;
mod hashes;
mod hyperloglog;
mod keys;
mod lcs;
mod lists;
mod scans;
mod sets;
mod sort;
mod strings;
mod zranges;
mod zsets;
mod zstores;

pub use bits::{BitFieldOp, BitInt, BitOffset, BitOp, BitOverflow, BitRange};
pub use expiry::{Expires, Ttl};
pub use geo::{GeoAddOptions, GeoFound, GeoFrom, GeoPlace, GeoSearch, GeoUnit};
pub use keys::{CopyOptions, KeyType};
pub use lcs::{LcsMatch, LcsMatches};
pub use lists::{InsertAt, LPosOptions, ListEnd};
pub use scans::ScanPage;
pub use sort::SortOptions;
pub use zranges::{LexRange, ZRange};
pub use zsets::{ZAddOptions, ZEnd};
pub use zstores::{Aggregate, ZInputs};

/// A command, and how its reply is read.
pub(super) struct Asked<T> {
    command: Command,
    read: fn(Reply) -> Result<T, StoreError>,
}

impl<T> Asked<T> {
    /// A command whose reply is read in a way of its own.
    fn new(command: impl Into<Command>, read: fn(Reply) -> Result<T, StoreError>) -> Self {
        let command = command.into();
        Self { command, read }
    }
}

impl<T: FromReply> From<Command> for Asked<T> {
    fn from(command: Command) -> Self {
        Self {
            command,
            read: T::from_reply,
        }
    }
}

impl Db {
    fn ask<T>(&self, asked: impl Into<Asked<T>>) -> Result<T, StoreError> {
        let Asked { command, read } = asked.into();
        read(self.run(command)?)
    }
}

impl Commands {
    fn collect<T>(&mut self, asked: impl Into<Asked<T>>) -> &mut Self {
        self.push(asked.into().command)
    }
}

impl Update<'_> {
    fn ask<T>(&self, asked: impl Into<Asked<T>>) -> Result<T, StoreError> {
        let Asked { command, read } = asked.into();
        // Defined by `reads`, it cannot write.
        read(self.query(&command).ok_or(StoreError::UnexpectedReply)?)
    }
}

impl ReadOnly {
    fn ask<T>(&self, asked: impl Into<Asked<T>>) -> Result<T, StoreError> {
        let Asked { command, read } = asked.into();
        read(self.run(command))
    }
}
