//! Commands on lists.

use super::super::said::Said;
use super::{Model, Result, number, span};

type List = Vec<Vec<u8>>;

impl Model {
    pub(super) fn list_command(&mut self, db: u32, name: &str, args: &[Vec<u8>]) -> Option<Result> {
        let key = args.first()?;
        Some(match name {
            "RPUSH" | "LPUSH" => self.push(db, name, args),
            "LPUSHX" | "RPUSHX" => match self.read::<List>(db, key) {
                Ok(Some(_)) => self.push(db, name, args),
                Ok(None) => Ok(Said::Int(0)),
                Err(error) => Err(error),
            },
            "LPOP" | "RPOP" => self.pop(db, name, args),
            "LLEN" => self.list(db, key).map(|list| Said::count(list.len())),
            "LINDEX" => self.list(db, key).map(|list| {
                let at = index(list.len(), number(&args[1]));
                Said::optional(at.map(|at| list[at].clone()))
            }),
            "LRANGE" => self.list(db, key).map(|list| {
                let (start, stop) = (number(&args[1]), number(&args[2]));
                Said::list(span(&list, start, stop))
            }),
            "LSET" => self.set_element(db, args),
            "LINSERT" => self.insert_element(db, args),
            "LREM" => self.remove_elements(db, args),
            "LTRIM" => self.list(db, key).map(|list| {
                let (start, stop) = (number(&args[1]), number(&args[2]));
                self.change(db, key, span(&list, start, stop));
                Said::Ok
            }),
            "LMOVE" => self.move_element(db, args),
            _ => return None,
        })
    }

    fn list(&self, db: u32, key: &[u8]) -> Result<List> {
        self.read_or_new(db, key)
    }

    fn push(&mut self, db: u32, name: &str, args: &[Vec<u8>]) -> Result {
        let mut list = self.list(db, &args[0])?;
        for element in &args[1..] {
            let at = if name.starts_with('L') { 0 } else { list.len() };
            list.insert(at, element.clone());
        }
        let len = list.len();
        self.change(db, &args[0], list);
        Ok(Said::count(len))
    }

    fn pop(&mut self, db: u32, name: &str, args: &[Vec<u8>]) -> Result {
        let counted = args.get(1).map(|count| number(count) as usize);
        let Some(mut list) = self.read::<List>(db, &args[0])? else {
            return Ok(counted.map_or(Said::Nil, |_| Said::NilMany));
        };
        let mut popped = Vec::new();
        for _ in 0..counted.unwrap_or(1).min(list.len()) {
            let at = if name == "LPOP" { 0 } else { list.len() - 1 };
            popped.push(list.remove(at));
        }
        self.change(db, &args[0], list);
        Ok(match counted {
            Some(_) => Said::list(popped),
            None => Said::optional(popped.pop()),
        })
    }

    fn set_element(&mut self, db: u32, args: &[Vec<u8>]) -> Result {
        let list = self.read::<List>(db, &args[0])?;
        let mut list = list.ok_or(Said::Error("ERR no such key"))?;
        let at = index(list.len(), number(&args[1]));
        let at = at.ok_or(Said::Error("ERR index out of range"))?;
        list[at].clone_from(&args[2]);
        self.change(db, &args[0], list);
        Ok(Said::Ok)
    }

    fn insert_element(&mut self, db: u32, args: &[Vec<u8>]) -> Result {
        let Some(mut list) = self.read::<List>(db, &args[0])? else {
            return Ok(Said::Int(0));
        };
        let Some(at) = list.iter().position(|element| *element == args[2]) else {
            return Ok(Said::Int(-1));
        };
        list.insert(at + usize::from(args[1] == b"AFTER"), args[3].clone());
        let len = list.len();
        self.change(db, &args[0], list);
        Ok(Said::count(len))
    }

    fn remove_elements(&mut self, db: u32, args: &[Vec<u8>]) -> Result {
        let mut list = self.list(db, &args[0])?;
        let (count, element) = (number(&args[1]), &args[2]);
        let limit = if count == 0 { i64::MAX } else { count.abs() };
        let mut removed = 0;
        if count < 0 {
            list.reverse();
        }
        list.retain(|other| {
            let gone = other == element && removed < limit;
            removed += i64::from(gone);
            !gone
        });
        if count < 0 {
            list.reverse();
        }
        self.change(db, &args[0], list);
        Ok(Said::Int(removed))
    }

    fn move_element(&mut self, db: u32, args: &[Vec<u8>]) -> Result {
        let Some(mut from) = self.read::<List>(db, &args[0])? else {
            return Ok(Said::Nil);
        };
        let mut to = self.list(db, &args[1])?;
        let at = if args[2] == b"LEFT" {
            0
        } else {
            from.len() - 1
        };
        let element = from.remove(at);
        if args[0] == args[1] {
            to.clone_from(&from);
        }
        let at = if args[3] == b"LEFT" { 0 } else { to.len() };
        to.insert(at, element.clone());
        if args[0] != args[1] {
            self.change(db, &args[0], from);
        }
        self.change(db, &args[1], to);
        Ok(Said::Bytes(element))
    }
}

fn index(len: usize, index: i64) -> Option<usize> {
    let index = if index < 0 { index + len as i64 } else { index };
    usize::try_from(index).ok().filter(|index| *index < len)
}
