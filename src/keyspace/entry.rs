//! What a key holds.

use super::text::Str;
use super::values::{Fields, List, Set, ZSet};
use crate::units::WallMillis;

/// A value of any type; cloning it is `O(1)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Value {
    /// A binary-safe string.
    String(Str),
    /// Elements in order.
    List(List),
    /// Fields with values.
    Hash(Fields),
    /// Members, each once.
    Set(Set),
    /// Members in the order of their scores.
    ZSet(ZSet),
}

impl Value {
    /// Redis's name of the type, as `TYPE` says it.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::String(_) => "string",
            Self::List(_) => "list",
            Self::Hash(_) => "hash",
            Self::Set(_) => "set",
            Self::ZSet(_) => "zset",
        }
    }

    /// The length of its payload in bytes; of a small collection as it is kept.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        match self {
            Self::String(string) => string.len(),
            Self::List(list) => list.len_bytes(),
            Self::Hash(fields) => fields.len_bytes(),
            Self::Set(set) => set.len_bytes(),
            Self::ZSet(zset) => zset.len_bytes(),
        }
    }

    /// The string, if it is one.
    #[must_use]
    pub const fn as_string(&self) -> Option<&Str> {
        match self {
            Self::String(string) => Some(string),
            _ => None,
        }
    }

    /// Whether freeing it may take more than one step.
    pub(super) fn is_large(&self) -> bool {
        match self {
            Self::String(string) => string.is_large(),
            Self::List(list) => list.is_large(),
            Self::Hash(fields) => fields.is_large(),
            Self::Set(set) => set.is_large(),
            Self::ZSet(zset) => zset.is_large(),
        }
    }

    pub(super) fn check_invariants(&self) {
        match self {
            Self::String(_) => {}
            Self::List(list) => list.check_invariants(),
            Self::Hash(fields) => fields.check_invariants(),
            Self::Set(set) => set.check_invariants(),
            Self::ZSet(zset) => zset.check_invariants(),
        }
    }
}

/// What a key holds: a value, and when it expires.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The value.
    pub value: Value,
    /// The last moment at which the key is there; none: it stays.
    pub expiry: Option<WallMillis>,
}

impl Entry {
    /// A string that does not expire.
    #[must_use]
    pub fn string(string: impl Into<Str>) -> Self {
        Self {
            value: Value::String(string.into()),
            expiry: None,
        }
    }

    /// Whether it is there at that time, or has expired.
    #[must_use]
    pub fn is_live(&self, now: WallMillis) -> bool {
        self.expiry.is_none_or(|expiry| now <= expiry)
    }
}
