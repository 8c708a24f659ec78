//! Commands on keys of any type.

use super::super::said::Said;
use super::{Entry, Model, Result, Value, number};

impl Model {
    pub(super) fn key_command(&mut self, db: u32, name: &str, args: &[Vec<u8>]) -> Option<Result> {
        Some(Ok(match name {
            "DEL" | "UNLINK" => {
                let removed = args.iter().filter(|key| self.remove(db, key).is_some());
                Said::count(removed.count())
            }
            "EXISTS" => Said::count(
                args.iter()
                    .filter(|key| self.get(db, key).is_some())
                    .count(),
            ),
            "TYPE" => Said::Word(self.get(db, &args[0]).map_or("none", type_name)),
            "KEYS" => {
                let keys = self.keys().filter(|(other, _)| *other == db);
                Said::Groups(1, keys.map(|(_, key)| key.to_vec()).collect())
            }
            "PEXPIRE" => self.expire_at(db, &args[0], self.now as i64 + number(&args[1])),
            "PEXPIREAT" => self.expire_at(db, &args[0], number(&args[1])),
            "PERSIST" => {
                let entry = self.entries.get_mut(&(db, args[0].clone()));
                Said::truth(entry.is_some_and(|entry| entry.expiry.take().is_some()))
            }
            "PTTL" => Said::Int(match self.get(db, &args[0]) {
                None => -2,
                Some(Entry { expiry: None, .. }) => -1,
                Some(Entry {
                    expiry: Some(at), ..
                }) => (at - self.now) as i64,
            }),
            "RENAME" | "RENAMENX" => return Some(self.rename(db, name, args)),
            "COPY" => return Some(self.copy(db, args)),
            "MOVE" => return Some(self.move_key(db, args)),
            "SWAPDB" => {
                let (one, other) = (number(&args[0]) as u32, number(&args[1]) as u32);
                let swapped = |db| match db {
                    db if db == one => other,
                    db if db == other => one,
                    db => db,
                };
                let entries = std::mem::take(&mut self.entries).into_iter();
                self.entries = entries
                    .map(|((db, key), entry)| ((swapped(db), key), entry))
                    .collect();
                Said::Ok
            }
            "FLUSHDB" => {
                self.entries.retain(|(other, _), _| *other != db);
                Said::Ok
            }
            "FLUSHALL" => {
                self.entries.clear();
                Said::Ok
            }
            _ => return None,
        }))
    }

    fn expire_at(&mut self, db: u32, key: &[u8], at: i64) -> Said {
        let Some(entry) = self.entries.get_mut(&(db, key.to_vec())) else {
            return Said::Int(0);
        };
        if at > self.now as i64 {
            entry.expiry = Some(at as u64);
        } else {
            self.remove(db, key);
        }
        Said::Int(1)
    }

    fn rename(&mut self, db: u32, name: &str, args: &[Vec<u8>]) -> Result {
        let (from, to) = (&args[0], &args[1]);
        let entry = self.get(db, from).cloned();
        let entry = entry.ok_or(Said::Error("ERR no such key"))?;
        if name == "RENAMENX" && self.get(db, to).is_some() {
            return Ok(Said::Int(0));
        }
        self.remove(db, from);
        self.insert(db, to, entry);
        Ok(if name == "RENAMENX" {
            Said::Int(1)
        } else {
            Said::Ok
        })
    }

    fn copy(&mut self, db: u32, args: &[Vec<u8>]) -> Result {
        let (from, to, options) = (&args[0], &args[1], &args[2..]);
        // Either nothing, or `DB number REPLACE`.
        let (to_db, replace) = match options {
            [_, number_of_db, _] => (number(number_of_db) as u32, true),
            _ => (db, false),
        };
        if (db, from) == (to_db, to) {
            return Err(SAME);
        }
        let Some(entry) = self.get(db, from).cloned() else {
            return Ok(Said::Int(0));
        };
        if self.get(to_db, to).is_some() && !replace {
            return Ok(Said::Int(0));
        }
        self.insert(to_db, to, entry);
        Ok(Said::Int(1))
    }

    fn move_key(&mut self, db: u32, args: &[Vec<u8>]) -> Result {
        let (key, to_db) = (&args[0], number(&args[1]) as u32);
        if db == to_db {
            return Err(SAME);
        }
        if self.get(to_db, key).is_some() {
            return Ok(Said::Int(0));
        }
        let Some(entry) = self.remove(db, key) else {
            return Ok(Said::Int(0));
        };
        self.insert(to_db, key, entry);
        Ok(Said::Int(1))
    }
}

const SAME: Said = Said::Error("ERR source and destination objects are the same");

fn type_name(entry: &Entry) -> &'static str {
    match entry.value {
        Value::String(_) => "string",
        Value::List(_) => "list",
        Value::Hash(_) => "hash",
        Value::Set(_) => "set",
        Value::ZSet(_) => "zset",
    }
}
