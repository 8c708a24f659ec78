//! Commands on strings.

use super::super::said::Said;
use super::{Model, OVERFLOW, Result, integer, number, span};

impl Model {
    pub(super) fn string_command(
        &mut self,
        db: u32,
        name: &str,
        args: &[Vec<u8>],
    ) -> Option<Result> {
        let key = args.first()?;
        Some(match name {
            "GET" => self.string(db, key).map(Said::optional),
            "SET" => self.set(db, args),
            "SETNX" => Ok(Said::truth(self.set_if_absent(db, args))),
            "PSETEX" => {
                let expiry = self.now + number(&args[1]) as u64;
                self.replace(db, key, args[2].clone(), Some(expiry));
                Ok(Said::Ok)
            }
            "GETSET" => self.string(db, key).map(|old| {
                self.replace(db, key, args[1].clone(), None);
                Said::optional(old)
            }),
            "GETDEL" => self.string(db, key).map(|old| {
                self.remove(db, key);
                Said::optional(old)
            }),
            "APPEND" => self.string(db, key).map(|old| {
                let new = [old.unwrap_or_default(), args[1].clone()].concat();
                let len = new.len();
                self.change(db, key, new);
                Said::count(len)
            }),
            "STRLEN" => {
                let old = self.string(db, key);
                old.map(|old| Said::count(old.map_or(0, |old| old.len())))
            }
            "SETRANGE" => self.set_range(db, args),
            "GETRANGE" => self.string(db, key).map(|old| {
                let old = old.unwrap_or_default();
                let (start, stop) = (number(&args[1]), number(&args[2]));
                // An end before the first byte means the first byte.
                let stop = stop.max(-(old.len() as i64));
                let backwards = number(&args[1]) < 0 && number(&args[2]) < 0;
                match backwards && number(&args[1]) > number(&args[2]) {
                    true => Said::Bytes(Vec::new()),
                    false => Said::Bytes(span(&old, start, stop)),
                }
            }),
            "INCR" => self.add(db, key, 1),
            "INCRBY" => self.add(db, key, number(&args[1])),
            "DECRBY" => match number(&args[1]).checked_neg() {
                None => Err(Said::Error("ERR decrement would overflow")),
                Some(by) => self.add(db, key, by),
            },
            "MSET" => {
                self.set_all(db, args);
                Ok(Said::Ok)
            }
            "MSETNX" => {
                let free = args.chunks(2).all(|pair| self.get(db, &pair[0]).is_none());
                if free {
                    self.set_all(db, args);
                }
                Ok(Said::truth(free))
            }
            "MGET" => {
                let values = args.iter().map(|key| self.string(db, key).ok().flatten());
                Ok(Said::Many(values.map(Said::optional).collect()))
            }
            _ => return None,
        })
    }

    fn string(&self, db: u32, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.read(db, key)
    }

    fn set_all(&mut self, db: u32, pairs: &[Vec<u8>]) {
        for pair in pairs.chunks(2) {
            self.replace(db, &pair[0], pair[1].clone(), None);
        }
    }

    fn set_if_absent(&mut self, db: u32, args: &[Vec<u8>]) -> bool {
        let free = self.get(db, &args[0]).is_none();
        if free {
            self.replace(db, &args[0], args[1].clone(), None);
        }
        free
    }

    fn set(&mut self, db: u32, args: &[Vec<u8>]) -> Result {
        let (key, value, options) = (&args[0], &args[1], &args[2..]);
        let has = |word: &[u8]| options.iter().any(|option| option == word);
        let old = match has(b"GET") {
            true => self.string(db, key)?,
            false => None,
        };
        let there = self.get(db, key).is_some();
        let met = match there {
            true => !has(b"NX"),
            false => !has(b"XX"),
        };
        if met {
            let kept = self.get(db, key).and_then(|entry| entry.expiry);
            let expiry = match options {
                [px, millis] if px == b"PX" => Some(self.now + number(millis) as u64),
                _ if has(b"KEEPTTL") => kept,
                _ => None,
            };
            self.replace(db, key, value.clone(), expiry);
        }
        Ok(match (has(b"GET"), met) {
            (true, _) => Said::optional(old),
            (false, true) => Said::Ok,
            (false, false) => Said::Nil,
        })
    }

    fn set_range(&mut self, db: u32, args: &[Vec<u8>]) -> Result {
        let (offset, new) = (number(&args[1]) as usize, &args[2]);
        let mut bytes: Vec<u8> = self.read_or_new(db, &args[0])?;
        if !new.is_empty() {
            let len = bytes.len().max(offset + new.len());
            bytes.resize(len, 0);
            bytes[offset..offset + new.len()].copy_from_slice(new);
            self.change(db, &args[0], bytes.clone());
        }
        Ok(Said::count(bytes.len()))
    }

    fn add(&mut self, db: u32, key: &[u8], by: i64) -> Result {
        let old = self.string(db, key)?.unwrap_or_else(|| b"0".to_vec());
        let old = integer(&old);
        let old = old.ok_or(Said::Error("ERR value is not an integer or out of range"))?;
        let sum = old.checked_add(by).ok_or(OVERFLOW)?;
        self.change(db, key, sum.to_string().into_bytes());
        Ok(Said::Int(sum))
    }
}
