//! Commands on sets.

use std::collections::BTreeSet;

use super::super::said::Said;
use super::{Model, Result};

type Set = BTreeSet<Vec<u8>>;

impl Model {
    pub(super) fn set_command(&mut self, db: u32, name: &str, args: &[Vec<u8>]) -> Option<Result> {
        let key = args.first()?;
        Some(match name {
            "SADD" | "SREM" => self.set_at(db, key).map(|mut set| {
                let members = args[1..].iter().filter(|member| match name {
                    "SADD" => set.insert((*member).clone()),
                    _ => set.remove(*member),
                });
                let count = members.count();
                self.change(db, key, set);
                Said::count(count)
            }),
            "SISMEMBER" => {
                let set = self.set_at(db, key);
                set.map(|set| Said::truth(set.contains(&args[1])))
            }
            "SCARD" => self.set_at(db, key).map(|set| Said::count(set.len())),
            "SMEMBERS" => self.set_at(db, key).map(members),
            "SMOVE" => self.move_member(db, args),
            "SUNION" | "SINTER" | "SDIFF" => self.combined(db, name, args).map(members),
            "SUNIONSTORE" | "SINTERSTORE" | "SDIFFSTORE" => {
                self.combined(db, name, &args[1..]).map(|set| {
                    let len = set.len();
                    self.replace(db, key, set, None);
                    Said::count(len)
                })
            }
            _ => return None,
        })
    }

    fn set_at(&self, db: u32, key: &[u8]) -> Result<Set> {
        self.read_or_new(db, key)
    }

    fn combined(&self, db: u32, name: &str, keys: &[Vec<u8>]) -> Result<Set> {
        let sets: Result<Vec<Set>> = keys.iter().map(|key| self.set_at(db, key)).collect();
        let combined = sets?.into_iter().reduce(|one, other| match &name[..4] {
            "SUNI" => &one | &other,
            "SINT" => &one & &other,
            _ => &one - &other,
        });
        Ok(combined.unwrap_or_default())
    }

    fn move_member(&mut self, db: u32, args: &[Vec<u8>]) -> Result {
        let Some(mut from) = self.read::<Set>(db, &args[0])? else {
            return Ok(Said::Int(0));
        };
        let mut to = self.set_at(db, &args[1])?;
        let found = from.contains(&args[2]);
        if found && args[0] != args[1] {
            from.remove(&args[2]);
            to.insert(args[2].clone());
            self.change(db, &args[0], from);
            self.change(db, &args[1], to);
        }
        Ok(Said::truth(found))
    }
}

fn members(set: Set) -> Said {
    Said::Groups(1, set.into_iter().collect())
}
