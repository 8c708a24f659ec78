//! Strings.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::log::Arg;
use super::types::{SetCondition, SetExpiry, SetOptions};
use super::{CommandError, Reply, View, Writer};
use crate::keyspace::{Entry, EntryRef, Str, Value};
use crate::limits::VALUE_LEN_MAX;
use crate::resp::{parse_integer, write_integer};
use crate::units::WallMillis;

/// Digits of the longest 64-bit number.
const INTEGER_LEN_MAX: usize = 20;

type Result<T = Reply> = core::result::Result<T, CommandError>;

pub(super) fn string(entry: Option<EntryRef<'_>>) -> Result<Option<Cow<'_, Str>>> {
    match entry.map(|entry| entry.as_string()) {
        None => Ok(None),
        Some(string) => string.map(Some).ok_or(CommandError::WrongType),
    }
}

fn bulk(string: Option<Cow<'_, Str>>) -> Reply {
    string.map_or(Reply::Nil, |string| Reply::Bulk(string.into_owned()))
}

impl View<'_> {
    pub(super) fn get(self, key: &[u8]) -> Result {
        Ok(bulk(string(self.live(key))?))
    }

    pub(super) fn mget(self, keys: &[Vec<u8>]) -> Result {
        let reply = |key: &Vec<u8>| bulk(string(self.live(key)).ok().flatten());
        Ok(Reply::Array(keys.iter().map(reply).collect()))
    }

    pub(super) fn strlen(self, key: &[u8]) -> Result {
        let len = string(self.live(key))?.map_or(0, |string| string.len());
        Ok(Reply::Int(len as i64))
    }
}

impl Writer<'_> {
    pub(super) fn set(&mut self, key: &[u8], value: &Str, options: SetOptions) -> Result {
        let expiry = self.expiry_of(options.expiry, "set")?;
        let old = self.live(key);
        let found = old.is_some();
        let reply = if options.get {
            bulk(string(old)?)
        } else {
            Reply::Ok
        };
        let met = match options.condition {
            None => true,
            Some(SetCondition::Absent) => !found,
            Some(SetCondition::Present) => found,
        };
        if !met {
            return Ok(if options.get { reply } else { Reply::Nil });
        }
        let keep = options.expiry == SetExpiry::Keep;
        self.store(key, value, expiry, keep);
        Ok(reply)
    }

    pub(super) fn setnx(&mut self, key: &[u8], value: &Str) -> Result {
        if self.live(key).is_some() {
            return Ok(Reply::Int(0));
        }
        self.store(key, value, None, false);
        Ok(Reply::Int(1))
    }

    pub(super) fn setex(
        &mut self,
        key: &[u8],
        millis: i64,
        value: &Str,
        name: &'static str,
    ) -> Result {
        let expiry = self.expiry_of(SetExpiry::In(millis), name)?;
        self.live(key);
        self.store(key, value, expiry, false);
        Ok(Reply::Ok)
    }

    pub(super) fn getset(&mut self, key: &[u8], value: &Str) -> Result {
        let reply = bulk(string(self.live(key))?);
        self.store(key, value, None, false);
        Ok(reply)
    }

    pub(super) fn getdel(&mut self, key: &[u8]) -> Result {
        let reply = bulk(string(self.live(key))?);
        if reply != Reply::Nil {
            self.keyspace.remove(self.db, key);
            self.log.push(self.db, "DEL", &[Arg::Bytes(key)]);
        }
        Ok(reply)
    }

    pub(super) fn mset(&mut self, pairs: &[(Vec<u8>, Str)]) -> Result {
        for (key, _) in pairs {
            self.live(key);
        }
        self.store_all(pairs);
        Ok(Reply::Ok)
    }

    pub(super) fn msetnx(&mut self, pairs: &[(Vec<u8>, Str)]) -> Result {
        for (key, _) in pairs {
            if self.live(key).is_some() {
                return Ok(Reply::Int(0));
            }
        }
        self.store_all(pairs);
        Ok(Reply::Int(1))
    }

    pub(super) fn append(&mut self, key: &[u8], value: &Str) -> Result {
        let old = string(self.live(key))?.map(|string| string.len());
        let len = old.unwrap_or(0) + value.len();
        if len > VALUE_LEN_MAX {
            return Err(CommandError::TooLong);
        }
        if old.is_none() {
            let entry = Entry::string(value.clone());
            self.keyspace.insert(self.db, key, entry);
        } else {
            self.keyspace.update(self.db, key, |entry| {
                if let Value::String(string) = &mut entry.value {
                    string.append_str(value);
                }
            });
        }
        let args = [Arg::Bytes(key), Arg::Str(value)];
        self.log.push(self.db, "APPEND", &args);
        Ok(Reply::Int(len as i64))
    }

    /// Adds to a number; `name` and `by` are logged as they came.
    pub(super) fn incr(&mut self, key: &[u8], add: i64, name: &str, by: Option<i64>) -> Result {
        let old = integer(string(self.live(key))?.as_deref())?;
        let sum = old.checked_add(add).ok_or(CommandError::Overflow)?;
        let mut digits = Vec::with_capacity(INTEGER_LEN_MAX);
        write_integer(&mut digits, sum);
        let new = Str::from(digits);
        let value = Value::String(new.clone());
        let updated = self.keyspace.update(self.db, key, |entry| {
            entry.value = value;
        });
        if updated.is_none() {
            self.keyspace.insert(self.db, key, Entry::string(new));
        }
        match by {
            None => self.log.push(self.db, name, &[Arg::Bytes(key)]),
            Some(by) => {
                let args = [Arg::Bytes(key), Arg::Int(by)];
                self.log.push(self.db, name, &args);
            }
        }
        Ok(Reply::Int(sum))
    }

    /// The absolute time at which a key that is set now expires.
    fn expiry_of(&self, expiry: SetExpiry, name: &'static str) -> Result<Option<WallMillis>> {
        let at = match expiry {
            SetExpiry::Never | SetExpiry::Keep => return Ok(None),
            SetExpiry::At(at) => Some(at),
            SetExpiry::In(millis) if millis > 0 => self.now_signed().checked_add(millis),
            SetExpiry::In(_) => None,
        };
        let at = at.filter(|at| *at > 0);
        let at = at.ok_or(CommandError::InvalidExpire { name })?;
        Ok(Some(WallMillis(at.unsigned_abs())))
    }

    /// Puts a string under a key, whatever was there, and logs it.
    pub(super) fn store(
        &mut self,
        key: &[u8],
        value: &Str,
        expiry: Option<WallMillis>,
        keep: bool,
    ) {
        let kept = self.keyspace.get(self.db, key).filter(|_| keep);
        let kept = kept.and_then(|entry| entry.expiry);
        let mut entry = Entry::string(value.clone());
        entry.expiry = expiry.or(kept);
        self.keyspace.insert(self.db, key, entry);
        let (key, value) = (Arg::Bytes(key), Arg::Str(value));
        match expiry {
            Some(at) => {
                let args = [key, value, Arg::Bytes(b"PXAT"), Arg::Int(at.0 as i64)];
                self.log.push(self.db, "SET", &args);
            }
            None if kept.is_some() => {
                let args = [key, value, Arg::Bytes(b"KEEPTTL")];
                self.log.push(self.db, "SET", &args);
            }
            None => self.log.push(self.db, "SET", &[key, value]),
        }
    }

    fn store_all(&mut self, pairs: &[(Vec<u8>, Str)]) {
        self.log.begin(self.db, 1 + 2 * pairs.len(), "MSET");
        for (key, value) in pairs {
            let entry = Entry::string(value.clone());
            self.keyspace.insert(self.db, key, entry);
            self.log.arg(Arg::Bytes(key));
            self.log.arg(Arg::Str(value));
        }
    }
}

fn integer(string: Option<&Str>) -> Result<i64> {
    let Some(string) = string else {
        return Ok(0);
    };
    let digits = string
        .as_slice()
        .filter(|digits| digits.len() <= INTEGER_LEN_MAX);
    let number = digits.and_then(parse_integer);
    number.ok_or(CommandError::NotAnInteger)
}
