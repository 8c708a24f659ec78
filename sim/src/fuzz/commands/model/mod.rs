//! A store as one would write it in an afternoon: maps and vectors, copied at every turn.
//!
//! It shares nothing with the store but the words of the commands. What it does not know is not in
//! the table of words.

mod hashes;
mod keys;
mod lists;
mod sets;
mod strings;
mod zsets;

use std::collections::{BTreeMap, BTreeSet};

pub use zsets::ranked;

use super::said::Said;

pub const WRONG_TYPE: Said =
    Said::Error("WRONGTYPE Operation against a key holding the wrong kind of value");
pub const OVERFLOW: Said = Said::Error("ERR increment or decrement would overflow");

/// What a command says; as an error that which ends it early.
pub type Result<T = Said> = std::result::Result<T, Said>;

/// What a key holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    String(Vec<u8>),
    List(Vec<Vec<u8>>),
    Hash(BTreeMap<Vec<u8>, Vec<u8>>),
    Set(BTreeSet<Vec<u8>>),
    ZSet(BTreeMap<Vec<u8>, f64>),
}

/// What a key holds, and until when.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub value: Value,
    /// In milliseconds since 1970.
    pub expiry: Option<u64>,
}

/// All keys by their databases.
#[derive(Clone, Debug, Default)]
pub struct Model {
    entries: BTreeMap<(u32, Vec<u8>), Entry>,
    /// The time in milliseconds since 1970.
    pub now: u64,
}

/// A type of values.
pub trait Kind: Clone + Default {
    /// The value, if it is of this type.
    fn of(value: &Value) -> Option<&Self>;
    /// Itself as a value; none if it is empty and so is not kept.
    fn kept(self) -> Option<Value>;
}

macro_rules! kinds {
    ($($variant:ident($type:ty), $vanishes:expr;)*) => {$(
        impl Kind for $type {
            fn of(value: &Value) -> Option<&Self> {
                match value {
                    Value::$variant(it) => Some(it),
                    _ => None,
                }
            }

            fn kept(self) -> Option<Value> {
                (!$vanishes || !self.is_empty()).then_some(Value::$variant(self))
            }
        }
    )*};
}

kinds! {
    String(Vec<u8>), false;
    List(Vec<Vec<u8>>), true;
    Hash(BTreeMap<Vec<u8>, Vec<u8>>), true;
    Set(BTreeSet<Vec<u8>>), true;
    ZSet(BTreeMap<Vec<u8>, f64>), true;
}

impl Model {
    /// Executes a command.
    pub fn execute(&mut self, db: u32, argv: &[Vec<u8>]) -> Said {
        self.expire();
        let name = std::str::from_utf8(&argv[0]).expect("a name");
        let rooms = [
            Self::key_command,
            Self::string_command,
            Self::list_command,
            Self::hash_command,
            Self::set_command,
            Self::zset_command,
        ];
        for room in rooms {
            if let Some(said) = room(self, db, name, &argv[1..]) {
                return said.unwrap_or_else(|error| error);
            }
        }
        panic!("the model does not know {name}");
    }

    /// Keys whose time has passed are gone; at that very moment they are still there, as in Redis.
    pub fn expire(&mut self) {
        let now = self.now;
        let live = |entry: &Entry| entry.expiry.is_none_or(|at| at >= now);
        self.entries.retain(|_, entry| live(entry));
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// All keys.
    pub fn keys(&self) -> impl Iterator<Item = (u32, &[u8])> {
        self.entries.keys().map(|(db, key)| (*db, &key[..]))
    }

    /// What a key holds.
    pub fn get(&self, db: u32, key: &[u8]) -> Option<&Entry> {
        self.entries.get(&(db, key.to_vec()))
    }

    fn remove(&mut self, db: u32, key: &[u8]) -> Option<Entry> {
        self.entries.remove(&(db, key.to_vec()))
    }

    fn insert(&mut self, db: u32, key: &[u8], entry: Entry) {
        self.entries.insert((db, key.to_vec()), entry);
    }

    /// A copy of what a key holds, if that is of this type.
    fn read<T: Kind>(&self, db: u32, key: &[u8]) -> Result<Option<T>> {
        match self.get(db, key) {
            None => Ok(None),
            Some(entry) => T::of(&entry.value).cloned().map(Some).ok_or(WRONG_TYPE),
        }
    }

    /// A copy of what a key holds, or an empty one.
    fn read_or_new<T: Kind>(&self, db: u32, key: &[u8]) -> Result<T> {
        Ok(self.read(db, key)?.unwrap_or_default())
    }

    /// Puts a value under a key that keeps its expiry; an empty collection takes the key away.
    fn change<T: Kind>(&mut self, db: u32, key: &[u8], it: T) {
        let expiry = self.get(db, key).and_then(|entry| entry.expiry);
        self.replace(db, key, it, expiry);
    }

    /// Puts a value under a key, whatever was there.
    fn replace<T: Kind>(&mut self, db: u32, key: &[u8], it: T, expiry: Option<u64>) {
        match it.kept() {
            Some(value) => self.insert(db, key, Entry { value, expiry }),
            None => drop(self.remove(db, key)),
        }
    }
}

/// A number in an argument.
pub fn number(text: &[u8]) -> i64 {
    integer(text).expect("the words hold numbers where numbers belong")
}

/// A number as Redis spells it: no plus, no leading zeros.
pub fn integer(text: &[u8]) -> Option<i64> {
    let number: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (number.to_string().as_bytes() == text).then_some(number)
}

/// The items from one index to another, both included and counted from either end.
pub fn span<T: Clone>(items: &[T], start: i64, stop: i64) -> Vec<T> {
    let len = items.len() as i64;
    let from_end = |index: i64| if index < 0 { index + len } else { index };
    let (start, stop) = (from_end(start).max(0), from_end(stop));
    let indexes = (0..).zip(items);
    let within = indexes.filter(|(index, _)| (start..=stop).contains(index));
    within.map(|(_, item)| item.clone()).collect()
}
