//! What a key holds.

use super::text::Str;
use crate::units::WallMillis;

/// A value of any type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Value {
    /// A binary-safe string.
    String(Str),
}

impl Value {
    /// Redis's name of the type, as `TYPE` says it.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::String(_) => "string",
        }
    }

    /// The length of its payload in bytes.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        match self {
            Self::String(string) => string.len(),
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
