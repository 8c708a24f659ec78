//! Commands: argv to [`Command`], its effect on the keyspace, its [`Reply`], and what to log.
//!
//! What is logged is deterministic: absolute times, an expired key as an explicit `DEL`, `SET`
//! without conditions. So loading needs no clock, and the same keyspace, command and time have the
//! same effect, reply and log, byte for byte. A reading access to an expired key sees nothing; a
//! writing one removes it first, and logs that. What a command draws comes from a seed that it brings
//! along ([`Command::bring_seed`]); logged is what was drawn, so loading never draws.

mod base;
mod bitfield;
mod bits;
mod blocking;
mod call;
mod dice;
mod error;
mod expiry;
mod geo;
mod geo_cells;
mod geo_search;
mod geo_shape;
mod glob;
mod hashes;
mod hex;
mod hyperloglog;
mod keys;
mod kind;
mod lcs;
mod lists;
mod log;
mod long;
mod lookup;
mod number;
mod parse;
mod random;
mod replay;
mod reply;
mod scan;
mod sets;
mod sort;
mod spaces;
mod strings;
mod substrings;
#[cfg(test)]
mod tests;
mod types;
mod zranges;
mod zsets;
mod zstores;

use alloc::vec::Vec;

pub use base::BasePieces;
pub use call::Call;
pub use error::CommandError;
pub use glob::glob_matches;
pub use log::{CommitLog, LoggedCommit, write_select};
pub use replay::{Applied, Refused, Replay, ReplayError};
pub use reply::Reply;
pub use types::{Command, ExpireConditions, ExpireTime, SetCondition, SetExpiry, SetOptions};

use crate::keyspace::{EntryRef, Keyspace};
use crate::limits::{ARGC_MAX, DATABASES_MAX, KEY_LEN_MAX, VALUE_LEN_MAX};
use crate::units::WallMillis;
use call::Run;
use dice::Dice;
use log::Arg;

/// Executes a command and collects what it changed.
///
/// A refused command changes nothing, except that a key that has expired may be removed, and this
/// logged.
pub fn execute(
    keyspace: &mut Keyspace,
    db: u32,
    command: &Command,
    now: WallMillis,
    log: &mut CommitLog,
) -> Reply {
    if let Err(error) = command.check_bounds(db) {
        return Reply::Error(error);
    }
    let seed = command.seed();
    let view = View {
        keyspace,
        db,
        now,
        seed,
    };
    match view.execute(command) {
        Some(reply) => reply.into(),
        None => {
            let mut writer = Writer {
                keyspace,
                db,
                now,
                seed,
                log,
            };
            writer.execute(command).into()
        }
    }
}

/// Executes a command that only reads; none if it may write.
#[must_use]
pub fn query(keyspace: &Keyspace, db: u32, command: &Command, now: WallMillis) -> Option<Reply> {
    if command.is_write() {
        return None;
    }
    if let Err(error) = command.check_bounds(db) {
        return Some(Reply::Error(error));
    }
    let view = View {
        keyspace,
        db,
        now,
        seed: command.seed(),
    };
    let reply = view.execute(command)?;
    Some(reply.into())
}

/// Removes a key if it has expired, and logs that; true if it had.
pub fn expire_key(
    keyspace: &mut Keyspace,
    db: u32,
    key: &[u8],
    now: WallMillis,
    log: &mut CommitLog,
) -> bool {
    let expired = keyspace
        .get(db, key)
        .is_some_and(|entry| !entry.is_live(now));
    if expired {
        keyspace.remove(db, key);
        log.push(db, "DEL", &[Arg::Bytes(key)]);
    }
    expired
}

/// A keyspace to read: one database at one time.
#[derive(Clone, Copy)]
struct View<'a> {
    keyspace: &'a Keyspace,
    db: u32,
    now: WallMillis,
    seed: u64,
}

impl<'a> View<'a> {
    fn live(self, key: &[u8]) -> Option<EntryRef<'a>> {
        self.keyspace.get_live(self.db, key, self.now)
    }

    /// What the command draws from.
    fn dice(self) -> Dice {
        Dice::new(self.seed)
    }

    /// Executes what only reads; none for the rest.
    fn execute(self, command: &Command) -> Option<Result<Reply, CommandError>> {
        Some(match command {
            Command::Get { key } => self.get(key),
            Command::MGet { keys } => self.mget(keys),
            Command::StrLen { key } => self.strlen(key),
            Command::Exists { keys } => self.exists(keys),
            Command::Type { key } => self.type_name(key),
            Command::Ttl { key } => self.ttl(key),
            Command::PTtl { key } => self.pttl(key),
            Command::ExpireTime { key } => self.expiretime(key),
            Command::PExpireTime { key } => self.pexpiretime(key),
            Command::Keys { pattern } => self.keys(pattern),
            Command::Scan {
                cursor,
                pattern,
                count,
                type_name,
            } => self.scan(*cursor, pattern.as_deref(), *count, type_name.as_deref()),
            Command::DbSize => self.dbsize(),
            Command::Select { db } => keys::select(*db),
            Command::Ping { message: None } => Ok(Reply::Simple("PONG")),
            Command::Ping {
                message: Some(message),
            }
            | Command::Echo { message } => Ok(Reply::Bulk(message.clone())),
            Command::Call(call) => match call.spec.run {
                Run::Read(run) => run(self, &call.argv),
                Run::Write(_) => return None,
            },
            _ => return None,
        })
    }
}

/// A keyspace to change: one database at one time, and the log.
struct Writer<'a> {
    keyspace: &'a mut Keyspace,
    db: u32,
    now: WallMillis,
    seed: u64,
    log: &'a mut CommitLog,
}

impl Writer<'_> {
    /// What a key holds; if it has expired it is removed first.
    fn live(&mut self, key: &[u8]) -> Option<EntryRef<'_>> {
        expire_key(self.keyspace, self.db, key, self.now, self.log);
        self.keyspace.get(self.db, key)
    }

    fn now_signed(&self) -> i64 {
        i64::try_from(self.now.0).unwrap_or(i64::MAX)
    }

    fn execute(&mut self, command: &Command) -> Result<Reply, CommandError> {
        match command {
            Command::Set {
                key,
                value,
                options,
            } => self.set(key, value, *options),
            Command::SetNx { key, value } => self.setnx(key, value),
            Command::SetEx { key, millis, value } | Command::PSetEx { key, millis, value } => {
                self.setex(key, *millis, value, command.name())
            }
            Command::GetSet { key, value } => self.getset(key, value),
            Command::GetDel { key } => self.getdel(key),
            Command::MSet { pairs } => self.mset(pairs),
            Command::MSetNx { pairs } => self.msetnx(pairs),
            Command::Append { key, value } => self.append(key, value),
            Command::Incr { key } => self.incr(key, 1, "INCR", None),
            Command::Decr { key } => self.incr(key, -1, "DECR", None),
            Command::IncrBy { key, by } => self.incr(key, *by, "INCRBY", Some(*by)),
            Command::DecrBy { key, by } => {
                let negated = by.checked_neg().ok_or(CommandError::DecrementOverflow)?;
                self.incr(key, negated, "DECRBY", Some(*by))
            }
            Command::Del { keys } => self.del(keys, "DEL"),
            Command::Unlink { keys } => self.del(keys, "UNLINK"),
            Command::Expire {
                key,
                time,
                conditions,
            } => self.expire(key, *time, *conditions),
            Command::Persist { key } => self.persist(key),
            Command::FlushDb => self.flush_db(),
            Command::FlushAll => self.flush_all(),
            Command::Call(Call {
                spec:
                    call::Spec {
                        run: Run::Write(run),
                        ..
                    },
                argv,
                ..
            }) => run(self, argv),
            reading => unreachable!("{} only reads", reading.name()),
        }
    }
}

impl Command {
    /// What a program that builds a command itself may get wrong.
    fn check_bounds(&self, db: u32) -> Result<(), CommandError> {
        if db >= DATABASES_MAX {
            return Err(CommandError::InvalidDb);
        }
        let keys: &[Vec<u8>] = match self {
            Self::Del { keys }
            | Self::Unlink { keys }
            | Self::Exists { keys }
            | Self::MGet { keys } => keys,
            // Without pairs it would be logged, and no load would take it.
            Self::MSet { pairs } | Self::MSetNx { pairs } if pairs.is_empty() => {
                return Err(CommandError::WrongArity { name: self.name() });
            }
            Self::MSet { pairs } | Self::MSetNx { pairs } => {
                let keys = pairs.iter().all(|(key, _)| is_key(key));
                let values = pairs.iter().all(|(_, value)| value.len() <= VALUE_LEN_MAX);
                return check(1 + 2 * pairs.len(), keys, values);
            }
            Self::Set { key, value, .. }
            | Self::SetNx { key, value }
            | Self::SetEx { key, value, .. }
            | Self::PSetEx { key, value, .. }
            | Self::GetSet { key, value }
            | Self::Append { key, value } => {
                return check(3, is_key(key), value.len() <= VALUE_LEN_MAX);
            }
            Self::Incr { key }
            | Self::Decr { key }
            | Self::IncrBy { key, .. }
            | Self::DecrBy { key, .. } => return check(3, is_key(key), true),
            Self::Call(Call { spec, argv, .. }) if argv.len() < spec.argc.0 => {
                return Err(CommandError::WrongArity { name: spec.name });
            }
            Self::Call(Call { spec, argv, .. }) => {
                let keys = argv.iter().skip(1).take(spec.keys);
                let keys = keys.into_iter().all(|key| is_key(key));
                let values = argv.iter().all(|arg| arg.len() <= VALUE_LEN_MAX);
                return check(argv.len(), keys, values);
            }
            _ => return Ok(()),
        };
        check(1 + keys.len(), true, true)
    }
}

const fn is_key(key: &[u8]) -> bool {
    key.len() <= KEY_LEN_MAX
}

const fn check(argc: usize, keys_fit: bool, values_fit: bool) -> Result<(), CommandError> {
    if argc > ARGC_MAX {
        return Err(CommandError::TooManyArguments);
    }
    if !keys_fit {
        return Err(CommandError::KeyTooLong);
    }
    if !values_fit {
        return Err(CommandError::TooLong);
    }
    Ok(())
}
