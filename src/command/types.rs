//! Commands as values.

use alloc::vec::Vec;

use super::call::Call;
use crate::keyspace::{ScanCursor, Str};

/// When a `SET` lets its key expire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SetExpiry {
    /// Never, whatever it did before.
    #[default]
    Never,
    /// As before (`KEEPTTL`).
    Keep,
    /// So many milliseconds from now (`EX`, `PX`); at least 1.
    In(i64),
    /// At so many milliseconds since 1970 (`EXAT`, `PXAT`); at least 1.
    At(i64),
}

/// What must be true for a `SET` to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetCondition {
    /// The key is absent (`NX`).
    Absent,
    /// The key is there (`XX`).
    Present,
}

/// The options of a `SET`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SetOptions {
    /// When the key expires.
    pub expiry: SetExpiry,
    /// What must be true for it to act.
    pub condition: Option<SetCondition>,
    /// Answer the old value (`GET`).
    pub get: bool,
}

/// A time as the four `EXPIRE` commands take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExpireTime {
    /// Seconds from now (`EXPIRE`).
    Seconds(i64),
    /// Milliseconds from now (`PEXPIRE`).
    Millis(i64),
    /// Seconds since 1970 (`EXPIREAT`).
    UnixSeconds(i64),
    /// Milliseconds since 1970 (`PEXPIREAT`).
    UnixMillis(i64),
}

/// What must be true for an `EXPIRE` to act; a key that does not expire counts as infinitely late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ExpireConditions {
    /// The key does not expire; goes with no other.
    pub nx: bool,
    /// The key expires.
    pub xx: bool,
    /// The new time is later; not with `lt`.
    pub gt: bool,
    /// The new time is earlier; not with `gt`.
    pub lt: bool,
}

/// A command, as [`Command::parse`] reads it or a program builds it.
///
/// Keys and arguments are checked against their bounds when it is executed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(
    missing_docs,
    reason = "the fields are the arguments that Redis's documentation names"
)]
pub enum Command {
    /// `GET key`
    Get { key: Vec<u8> },
    /// `SET key value [options]`
    Set {
        key: Vec<u8>,
        value: Str,
        options: SetOptions,
    },
    /// `SETNX key value`
    SetNx { key: Vec<u8>, value: Str },
    /// `SETEX key seconds value`; here in milliseconds.
    SetEx {
        key: Vec<u8>,
        millis: i64,
        value: Str,
    },
    /// `PSETEX key milliseconds value`
    PSetEx {
        key: Vec<u8>,
        millis: i64,
        value: Str,
    },
    /// `GETSET key value`
    GetSet { key: Vec<u8>, value: Str },
    /// `GETDEL key`
    GetDel { key: Vec<u8> },
    /// `MGET key ...`
    MGet { keys: Vec<Vec<u8>> },
    /// `MSET key value ...`
    MSet { pairs: Vec<(Vec<u8>, Str)> },
    /// `MSETNX key value ...`
    MSetNx { pairs: Vec<(Vec<u8>, Str)> },
    /// `APPEND key value`
    Append { key: Vec<u8>, value: Str },
    /// `STRLEN key`
    StrLen { key: Vec<u8> },
    /// `INCR key`
    Incr { key: Vec<u8> },
    /// `DECR key`
    Decr { key: Vec<u8> },
    /// `INCRBY key by`
    IncrBy { key: Vec<u8>, by: i64 },
    /// `DECRBY key by`
    DecrBy { key: Vec<u8>, by: i64 },
    /// `DEL key ...`
    Del { keys: Vec<Vec<u8>> },
    /// `UNLINK key ...`
    Unlink { keys: Vec<Vec<u8>> },
    /// `EXISTS key ...`
    Exists { keys: Vec<Vec<u8>> },
    /// `TYPE key`
    Type { key: Vec<u8> },
    /// `EXPIRE`, `PEXPIRE`, `EXPIREAT`, `PEXPIREAT` `key time [conditions]`
    Expire {
        key: Vec<u8>,
        time: ExpireTime,
        conditions: ExpireConditions,
    },
    /// `PERSIST key`
    Persist { key: Vec<u8> },
    /// `TTL key`
    Ttl { key: Vec<u8> },
    /// `PTTL key`
    PTtl { key: Vec<u8> },
    /// `EXPIRETIME key`
    ExpireTime { key: Vec<u8> },
    /// `PEXPIRETIME key`
    PExpireTime { key: Vec<u8> },
    /// `KEYS pattern`
    Keys { pattern: Vec<u8> },
    /// `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]`
    Scan {
        cursor: ScanCursor,
        pattern: Option<Vec<u8>>,
        count: usize,
        type_name: Option<Vec<u8>>,
    },
    /// `DBSIZE`
    DbSize,
    /// `FLUSHDB`
    FlushDb,
    /// `FLUSHALL`
    FlushAll,
    /// `SELECT db`: only checks the number; whoever holds a connection remembers it.
    Select { db: u32 },
    /// `PING [message]`
    Ping { message: Option<Str> },
    /// `ECHO message`
    Echo { message: Str },
    /// A command on a collection, and others that are kept as their arguments.
    Call(Call),
}

impl Command {
    /// `SET key value`.
    #[must_use]
    pub fn set(key: impl Into<Vec<u8>>, value: impl Into<Str>) -> Self {
        Self::Set {
            key: key.into(),
            value: value.into(),
            options: SetOptions::default(),
        }
    }

    /// `GET key`.
    #[must_use]
    pub fn get(key: impl Into<Vec<u8>>) -> Self {
        Self::Get { key: key.into() }
    }

    /// `DEL key`.
    #[must_use]
    pub fn del(key: impl Into<Vec<u8>>) -> Self {
        Self::Del {
            keys: Vec::from([key.into()]),
        }
    }

    /// A command that is kept as its arguments ([`Command::Call`]), by its name and them; none if there
    /// is no such command. How many arguments there are is checked when it is executed.
    #[must_use]
    pub fn of_argv(argv: Vec<Vec<u8>>) -> Option<Self> {
        Call::of_argv(argv).map(Self::Call)
    }

    /// Redis's name of it, in lower case.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Get { .. } => "get",
            Self::Set { .. } => "set",
            Self::SetNx { .. } => "setnx",
            Self::SetEx { .. } => "setex",
            Self::PSetEx { .. } => "psetex",
            Self::GetSet { .. } => "getset",
            Self::GetDel { .. } => "getdel",
            Self::MGet { .. } => "mget",
            Self::MSet { .. } => "mset",
            Self::MSetNx { .. } => "msetnx",
            Self::Append { .. } => "append",
            Self::StrLen { .. } => "strlen",
            Self::Incr { .. } => "incr",
            Self::Decr { .. } => "decr",
            Self::IncrBy { .. } => "incrby",
            Self::DecrBy { .. } => "decrby",
            Self::Del { .. } => "del",
            Self::Unlink { .. } => "unlink",
            Self::Exists { .. } => "exists",
            Self::Type { .. } => "type",
            Self::Expire { time, .. } => time.command_name(),
            Self::Persist { .. } => "persist",
            Self::Ttl { .. } => "ttl",
            Self::PTtl { .. } => "pttl",
            Self::ExpireTime { .. } => "expiretime",
            Self::PExpireTime { .. } => "pexpiretime",
            Self::Keys { .. } => "keys",
            Self::Scan { .. } => "scan",
            Self::DbSize => "dbsize",
            Self::FlushDb => "flushdb",
            Self::FlushAll => "flushall",
            Self::Select { .. } => "select",
            Self::Ping { .. } => "ping",
            Self::Echo { .. } => "echo",
            Self::Call(call) => call.spec.name,
        }
    }

    /// Whether its effect or reply is drawn, as `SPOP`'s and `RANDOMKEY`'s.
    #[must_use]
    pub const fn draws(&self) -> bool {
        matches!(self, Self::Call(call) if call.spec.draws)
    }

    /// Gives it a seed to draw from, if it draws and has none yet. The same keyspace and seed draw the
    /// same; without one it is 0. A [`Store`](crate::Store) gives each command a random one.
    pub fn bring_seed(&mut self, seed: impl FnOnce() -> u64) {
        if let Self::Call(call) = self
            && call.spec.draws
        {
            call.seed.get_or_insert_with(seed);
        }
    }

    pub(super) fn seed(&self) -> u64 {
        match self {
            Self::Call(call) => call.seed.unwrap_or(0),
            _ => 0,
        }
    }

    /// Whether it may change the keyspace.
    #[must_use]
    pub const fn is_write(&self) -> bool {
        if let Self::Call(call) = self {
            return call.is_write();
        }
        matches!(
            self,
            Self::Set { .. }
                | Self::SetNx { .. }
                | Self::SetEx { .. }
                | Self::PSetEx { .. }
                | Self::GetSet { .. }
                | Self::GetDel { .. }
                | Self::MSet { .. }
                | Self::MSetNx { .. }
                | Self::Append { .. }
                | Self::Incr { .. }
                | Self::Decr { .. }
                | Self::IncrBy { .. }
                | Self::DecrBy { .. }
                | Self::Del { .. }
                | Self::Unlink { .. }
                | Self::Expire { .. }
                | Self::Persist { .. }
                | Self::FlushDb
                | Self::FlushAll
        )
    }
}

impl ExpireTime {
    pub(super) const fn command_name(self) -> &'static str {
        match self {
            Self::Seconds(_) => "expire",
            Self::Millis(_) => "pexpire",
            Self::UnixSeconds(_) => "expireat",
            Self::UnixMillis(_) => "pexpireat",
        }
    }
}
