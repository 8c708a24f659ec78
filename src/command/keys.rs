//! Keys and databases.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::glob::glob_matches;
use super::log::Arg;
use super::{CommandError, Reply, View, Writer};
use crate::keyspace::{EntryRef, ScanCursor, Str};
use crate::limits::DATABASES_MAX;

type Result<T = Reply> = core::result::Result<T, CommandError>;

impl View<'_> {
    pub(super) fn exists(self, keys: &[Vec<u8>]) -> Result {
        let count = keys.iter().filter(|key| self.live(key).is_some()).count();
        Ok(Reply::Int(count as i64))
    }

    pub(super) fn type_name(self, key: &[u8]) -> Result {
        let name = self.live(key).map(|entry| entry.type_name());
        Ok(Reply::Simple(name.unwrap_or("none")))
    }

    pub(super) fn keys(self, pattern: &[u8]) -> Result {
        let all = self.keyspace.iter(self.db);
        let keys = all.filter(|(key, entry)| entry.is_live(self.now) && glob_matches(pattern, key));
        let keys = keys.map(|(key, _)| Reply::Bulk(Str::from(key)));
        Ok(Reply::Array(keys.collect()))
    }

    pub(super) fn scan(
        self,
        cursor: ScanCursor,
        pattern: Option<&[u8]>,
        count: usize,
        type_name: Option<&[u8]>,
    ) -> Result {
        let (found, next) = self.keyspace.scan(self.db, cursor, count);
        let wanted = |(key, entry): &(&[u8], EntryRef<'_>)| {
            entry.is_live(self.now)
                && pattern.is_none_or(|pattern| glob_matches(pattern, key))
                && type_name.is_none_or(|name| entry.type_name().as_bytes() == name)
        };
        let keys = found.into_iter().filter(wanted);
        let keys = keys.map(|(key, _)| Reply::Bulk(Str::from(key)));
        let next = Str::from(next.0.to_string());
        Ok(Reply::Array(Vec::from([
            Reply::Bulk(next),
            Reply::Array(keys.collect()),
        ])))
    }

    pub(super) fn dbsize(self) -> Result {
        Ok(Reply::Int(self.keyspace.len(self.db) as i64))
    }
}

pub(super) const fn select(db: u32) -> Result {
    if db < DATABASES_MAX {
        Ok(Reply::Ok)
    } else {
        Err(CommandError::InvalidDb)
    }
}

impl Writer<'_> {
    /// Removes keys; logs, under the command's own name, those that were there.
    pub(super) fn del(&mut self, keys: &[Vec<u8>], name: &str) -> Result {
        let mut removed: Vec<&[u8]> = Vec::new();
        for key in keys {
            if self.live(key).is_some() {
                self.keyspace.remove(self.db, key);
                removed.push(key);
            }
        }
        if !removed.is_empty() {
            self.log.begin(self.db, 1 + removed.len(), name);
            for key in &removed {
                self.log.arg(Arg::Bytes(key));
            }
        }
        Ok(Reply::Int(removed.len() as i64))
    }

    pub(super) fn flush_db(&mut self) -> Result {
        if self.keyspace.flush_db(self.db) {
            self.log.push(self.db, "FLUSHDB", &[]);
        }
        Ok(Reply::Ok)
    }

    pub(super) fn flush_all(&mut self) -> Result {
        if self.keyspace.flush_all() {
            self.log.push(self.db, "FLUSHALL", &[]);
        }
        Ok(Reply::Ok)
    }
}
