//! What is wrong with an image, and where.

use alloc::vec::Vec;
use core::fmt;

use crate::limits::{DATABASES_MAX, KEY_LEN_MAX, VALUE_LEN_MAX};

use super::RDB_VERSION_MAX;

/// An image that is not right, or holds what is not supported. Offsets are in bytes from the file's
/// start; for what lies within a compressed string, where that string begins.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum RdbError {
    /// The bytes at `offset` cannot be there.
    #[error("bad format at offset {offset}: expected {expected}, found {found}")]
    Format {
        #[doc = "Where."]
        offset: u64,
        #[doc = "What should be there."]
        expected: &'static str,
        #[doc = "What is there."]
        found: Found,
    },
    /// A newer server wrote the image.
    #[error("offset 5: expected an RDB version from 1 to {RDB_VERSION_MAX}, found {version}")]
    Version {
        #[doc = "Its version."]
        version: u32,
    },
    /// The image is not as it was written.
    #[error("offset {offset}: expected the checksum {expected:016x}, found {found:016x}")]
    Checksum {
        #[doc = "Where the checksum is."]
        offset: u64,
        #[doc = "That of the bytes before it."]
        expected: u64,
        #[doc = "What is there."]
        found: u64,
    },
    /// The image holds something of a kind that is not supported.
    #[error("offset {offset}: {what}{} is not supported", Under(.key))]
    Unsupported {
        #[doc = "Where it begins."]
        offset: u64,
        #[doc = "Of which kind it is."]
        what: Unsupported,
        #[doc = "The key that holds it, if a key does."]
        key: Option<Vec<u8>>,
    },
}

impl RdbError {
    /// Where it is, in bytes from the file's start.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        match self {
            Self::Format { offset, .. }
            | Self::Checksum { offset, .. }
            | Self::Unsupported { offset, .. } => *offset,
            Self::Version { .. } => super::MAGIC.len() as u64,
        }
    }
}

/// ` under key "k"`, or nothing.
struct Under<'a>(&'a Option<Vec<u8>>);

impl fmt::Display for Under<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(key) => write!(f, " under the key \"{}\"", key.escape_ascii()),
            None => Ok(()),
        }
    }
}

/// What is at a place where something else should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Found {
    /// This byte.
    Byte(u8),
    /// This number.
    Number(u64),
    /// The end of the file, or of what holds it.
    End,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Byte(byte) => write!(f, "byte 0x{byte:02x}"),
            Self::Number(number) => number.fmt(f),
            Self::End => f.write_str("the end"),
        }
    }
}

/// What files of Redis may hold and this crate does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unsupported {
    /// A stream.
    Stream,
    /// A hash with expiry times of fields.
    HashFieldExpiry,
    /// A value of a module.
    Module(ModuleId),
    /// What a module keeps beside the keys.
    ModuleAux(ModuleId),
    /// A library of functions.
    Function,
    /// A script, or the call of a function, as a command.
    Script,
    /// A command of a module.
    ModuleCommand,
    /// A key that is longer than [`KEY_LEN_MAX`].
    LongKey,
    /// A string that is longer than [`VALUE_LEN_MAX`], or would become so.
    LongValue,
    /// A database whose number is [`DATABASES_MAX`] or larger.
    Database,
}

impl Unsupported {
    /// Its kind in one word, as programs compare it.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::HashFieldExpiry => "hash-field-expiry",
            Self::Module(_) | Self::ModuleAux(_) | Self::ModuleCommand => "module",
            Self::Function => "function",
            Self::Script => "script",
            Self::LongKey | Self::LongValue | Self::Database => "limit",
        }
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream => f.write_str("a stream"),
            Self::HashFieldExpiry => f.write_str("a hash with expiring fields"),
            Self::Module(id) => write!(f, "a value of the module {id}"),
            Self::ModuleAux(id) => write!(f, "auxiliary data of the module {id}"),
            Self::Function => f.write_str("a library of functions"),
            Self::Script => f.write_str("a script"),
            Self::ModuleCommand => f.write_str("a command of a module"),
            Self::LongKey => write!(f, "a key of more than {KEY_LEN_MAX} bytes"),
            Self::LongValue => write!(f, "a string of more than {VALUE_LEN_MAX} bytes"),
            Self::Database => write!(f, "a database from {DATABASES_MAX} on"),
        }
    }
}

/// Which module, and of which version: nine characters of six bits each, then ten bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ModuleId(pub u64);

const MODULE_ALPHABET: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl fmt::Display for ModuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in (0..9).rev() {
            let letter = (self.0 >> (10 + 6 * place)) & 63;
            write!(f, "{}", char::from(MODULE_ALPHABET[letter as usize]))?;
        }
        write!(f, " version {}", self.0 & 1023)
    }
}
