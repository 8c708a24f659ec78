//! The value of a key as the type that a command asks for.

use alloc::vec::Vec;

use super::call::{Argv, Result};
use super::log::Arg;
use super::{BasePieces, CommandError, Reply, View, Writer};
use crate::keyspace::{Entry, EntryRef, Fields, List, Set, Str, Value, ZSet};
use crate::limits::BASE_PIECE_ITEMS;

/// A collection that a value may be.
pub(super) trait Kind: Default {
    fn of(value: &Value) -> Option<&Self>;
    fn of_mut(value: &mut Value) -> Option<&mut Self>;
    fn into_value(self) -> Value;
    fn is_empty(&self) -> bool;
}

macro_rules! kind {
    ($kind:ident, $variant:ident) => {
        impl Kind for $kind {
            fn of(value: &Value) -> Option<&Self> {
                match value {
                    Value::$variant(it) => Some(it),
                    _ => None,
                }
            }

            fn of_mut(value: &mut Value) -> Option<&mut Self> {
                match value {
                    Value::$variant(it) => Some(it),
                    _ => None,
                }
            }

            fn into_value(self) -> Value {
                Value::$variant(self)
            }

            fn is_empty(&self) -> bool {
                $kind::is_empty(self)
            }
        }
    };
}

kind!(List, List);
kind!(Fields, Hash);
kind!(Set, Set);
kind!(ZSet, ZSet);

pub(super) fn kind_of<T: Kind>(entry: Option<EntryRef<'_>>) -> Result<Option<&T>> {
    match entry.map(|entry| entry.as_collection().and_then(T::of)) {
        None => Ok(None),
        Some(it) => it.map(Some).ok_or(CommandError::WrongType),
    }
}

pub(super) fn bulk(bytes: &[u8]) -> Reply {
    Reply::Bulk(Str::from(bytes))
}

pub(super) fn int(number: usize) -> Reply {
    Reply::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

pub(super) fn bulks<'a>(all: impl Iterator<Item = &'a [u8]>) -> Reply {
    Reply::Array(all.map(bulk).collect())
}

impl<'a> View<'a> {
    /// What a key holds, if it is there and of this type.
    pub(super) fn read<T: Kind>(self, key: &[u8]) -> Result<Option<&'a T>> {
        kind_of(self.live(key))
    }
}

impl Writer<'_> {
    /// The same to read, after keys that have expired were removed.
    pub(super) fn view(&mut self, keys: &[Vec<u8>]) -> View<'_> {
        for key in keys {
            self.live(key);
        }
        View {
            keyspace: self.keyspace,
            db: self.db,
            now: self.now,
            seed: self.seed,
        }
    }

    pub(super) fn read<T: Kind>(&mut self, key: &[u8]) -> Result<Option<&T>> {
        kind_of(self.live(key))
    }

    /// Changes a collection, or makes it; one that is left empty is removed.
    pub(super) fn edit<T: Kind, R>(
        &mut self,
        key: &[u8],
        change: impl FnOnce(&mut T) -> R,
    ) -> Result<R> {
        if self.read::<T>(key)?.is_none() {
            let mut it = T::default();
            let result = change(&mut it);
            if !it.is_empty() {
                let (value, expiry) = (it.into_value(), None);
                self.keyspace.insert(self.db, key, Entry { value, expiry });
            }
            return Ok(result);
        }
        let result = self.keyspace.update(self.db, key, |entry| {
            T::of_mut(&mut entry.value).map(|it| {
                let result = change(it);
                (result, it.is_empty())
            })
        });
        let (result, empty) = result.flatten().ok_or(CommandError::WrongType)?;
        if empty {
            self.keyspace.remove(self.db, key);
        }
        Ok(result)
    }

    /// Puts a collection under a key, whatever was there; an empty one removes it. True if
    /// anything was, or is now, there.
    pub(super) fn store_kind<T: Kind>(&mut self, key: &[u8], it: T) -> bool {
        if it.is_empty() {
            return self.keyspace.remove(self.db, key);
        }
        let (value, expiry) = (it.into_value(), None);
        self.keyspace.insert(self.db, key, Entry { value, expiry });
        true
    }

    /// Logs what is under a key now, which does not expire, where perhaps something else was: not
    /// as it came, where a load could come to something else.
    pub(super) fn log_entry(&mut self, key: &[u8], replaced: bool) {
        if replaced {
            self.log.push(self.db, "DEL", &[Arg::Bytes(key)]);
        }
        let Some(entry) = self.keyspace.get(self.db, key) else {
            return;
        };
        let (entry, mut pieces) = (entry.to_entry(), BasePieces::default());
        loop {
            let mut command = Vec::new();
            let done = pieces.write(&mut command, key, &entry, 0);
            self.log.push_written(self.db, &command);
            if done {
                return;
            }
        }
    }

    /// Logs a command on items in pieces.
    pub(super) fn log_items(&mut self, name: &str, key: &[u8], items: &[Vec<u8>]) {
        for items in items.chunks(BASE_PIECE_ITEMS) {
            self.log.begin(self.db, 2 + items.len(), name);
            self.log.arg(Arg::Bytes(key));
            items.iter().for_each(|item| self.log.arg(Arg::Bytes(item)));
        }
    }

    /// Logs the command as it came.
    pub(super) fn came(&mut self, argv: &Argv) {
        let name = core::str::from_utf8(&argv[0]).expect("a command's name");
        self.log.begin(self.db, argv.len(), name);
        for arg in &argv[1..] {
            self.log.arg(Arg::Bytes(arg));
        }
    }
}
