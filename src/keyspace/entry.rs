//! What a key holds.

use alloc::borrow::Cow;
use core::hash::{Hash, Hasher};

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

impl<'a> From<&'a Entry> for EntryRef<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self::of(entry)
    }
}

/// What a key holds, to look at: a short string lies packed among others, and is copied by those
/// calls that give out a [`Str`], a [`Value`] or an [`Entry`]; whatever is large is shared.
#[derive(Clone, Copy, Debug)]
pub struct EntryRef<'a> {
    /// The last moment at which the key is there; none: it stays.
    pub expiry: Option<WallMillis>,
    held: Held<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Held<'a> {
    /// A string's bytes; not more than one chunk.
    Bytes(&'a [u8]),
    Value(&'a Value),
}

impl<'a> EntryRef<'a> {
    pub(super) const fn of(entry: &'a Entry) -> Self {
        let (expiry, held) = (entry.expiry, Held::Value(&entry.value));
        Self { expiry, held }
    }

    pub(super) const fn of_bytes(bytes: &'a [u8], expiry: Option<WallMillis>) -> Self {
        let held = Held::Bytes(bytes);
        Self { expiry, held }
    }

    /// Whether it is there at that time, or has expired.
    #[must_use]
    pub fn is_live(&self, now: WallMillis) -> bool {
        self.expiry.is_none_or(|expiry| now <= expiry)
    }

    /// Redis's name of the type, as `TYPE` says it.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self.held {
            Held::Bytes(_) => "string",
            Held::Value(value) => value.type_name(),
        }
    }

    /// The length of its payload in bytes, as [`Value::len_bytes`] says it.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        match self.held {
            Held::Bytes(bytes) => bytes.len(),
            Held::Value(value) => value.len_bytes(),
        }
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> Cow<'a, Value> {
        match self.held {
            Held::Bytes(bytes) => Cow::Owned(Value::String(Str::from(bytes))),
            Held::Value(value) => Cow::Borrowed(value),
        }
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_string(&self) -> Option<Cow<'a, Str>> {
        match self.held {
            Held::Bytes(bytes) => Some(Cow::Owned(Str::from(bytes))),
            Held::Value(value) => value.as_string().map(Cow::Borrowed),
        }
    }

    /// The value, if it is no string.
    #[must_use]
    pub const fn as_collection(&self) -> Option<&'a Value> {
        match self.held {
            Held::Bytes(_) | Held::Value(Value::String(_)) => None,
            Held::Value(value) => Some(value),
        }
    }

    /// All of it.
    #[must_use]
    pub fn to_entry(&self) -> Entry {
        let (value, expiry) = (self.value().into_owned(), self.expiry);
        Entry { value, expiry }
    }

    /// The bytes of a string that is one piece.
    fn piece(&self) -> Option<&'a [u8]> {
        match self.held {
            Held::Bytes(bytes) => Some(bytes),
            Held::Value(Value::String(string)) => string.as_slice(),
            Held::Value(_) => None,
        }
    }
}

impl PartialEq for EntryRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.expiry == other.expiry
            && match (self.held, other.held) {
                (Held::Value(one), Held::Value(other)) => one == other,
                _ => self.piece().is_some() && self.piece() == other.piece(),
            }
    }
}

impl Eq for EntryRef<'_> {}

impl PartialEq<Entry> for EntryRef<'_> {
    fn eq(&self, other: &Entry) -> bool {
        *self == EntryRef::of(other)
    }
}

/// By content: where the bytes of a string lie does not matter.
impl Hash for EntryRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.expiry.hash(state);
        match (self.piece(), self.held) {
            (Some(bytes), _) => (0_u8, bytes).hash(state),
            (None, Held::Value(value)) => (1_u8, value).hash(state),
            (None, Held::Bytes(_)) => unreachable!("bytes are one piece"),
        }
    }
}
