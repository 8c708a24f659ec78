//! Commands on hashes.

use std::collections::BTreeMap;

use super::super::said::Said;
use super::{Model, OVERFLOW, Result, integer, number};

type Hash = BTreeMap<Vec<u8>, Vec<u8>>;

impl Model {
    pub(super) fn hash_command(&mut self, db: u32, name: &str, args: &[Vec<u8>]) -> Option<Result> {
        if !name.starts_with('H') {
            return None;
        }
        let key = &args[0];
        let mut hash: Hash = match self.read_or_new(db, key) {
            Ok(hash) => hash,
            Err(error) => return Some(Err(error)),
        };
        let said = match name {
            "HSET" => {
                let pairs = args[1..].chunks(2);
                let new = pairs.filter(|it| hash.insert(it[0].clone(), it[1].clone()).is_none());
                Said::count(new.count())
            }
            "HSETNX" => {
                let free = !hash.contains_key(&args[1]);
                if free {
                    hash.insert(args[1].clone(), args[2].clone());
                }
                Said::truth(free)
            }
            "HGET" => Said::optional(hash.get(&args[1]).cloned()),
            "HMGET" => {
                let values = args[1..].iter().map(|field| hash.get(field).cloned());
                Said::Many(values.map(Said::optional).collect())
            }
            "HDEL" => {
                let removed = args[1..]
                    .iter()
                    .filter(|field| hash.remove(*field).is_some());
                Said::count(removed.count())
            }
            "HLEN" => Said::count(hash.len()),
            "HEXISTS" => Said::truth(hash.contains_key(&args[1])),
            "HINCRBY" => match sum(hash.get(&args[1]), number(&args[2])) {
                Ok(sum) => {
                    hash.insert(args[1].clone(), sum.to_string().into_bytes());
                    Said::Int(sum)
                }
                Err(error) => return Some(Err(error)),
            },
            "HGETALL" => {
                let pairs = hash.iter().flat_map(|(field, value)| [field, value]);
                Said::Groups(2, pairs.cloned().collect())
            }
            "HKEYS" => Said::Groups(1, hash.keys().cloned().collect()),
            _ => return None,
        };
        self.change(db, key, hash);
        Some(Ok(said))
    }
}

fn sum(old: Option<&Vec<u8>>, by: i64) -> Result<i64> {
    let old = match old {
        None => 0,
        Some(old) => integer(old).ok_or(Said::Error("ERR hash value is not an integer"))?,
    };
    old.checked_add(by).ok_or(OVERFLOW)
}
