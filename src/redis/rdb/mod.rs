//! An RDB image: the whole keyspace at one moment, as versions 1 to 12 write it.
//!
//! It begins with `REDIS` and a version of four digits. Then come opcodes of one byte with what
//! belongs to them, and keys: a byte that says how the value is encoded, the key, the value. Behind
//! the last opcode, from version 5 on, stand eight bytes of checksum over all before them, or zeros.
//!
//! A file may go on behind the image with commands; see [`aof`](super::aof).

mod cursor;
mod error;
mod intset;
mod kind;
mod listpack;
mod lzf;
mod opaque;
mod payload;
mod reader;
mod value;
mod ziplist;
mod zipmap;

use alloc::vec::Vec;

pub use error::{Found, ModuleId, RdbError, Unsupported};
pub use payload::read_payload;
pub use reader::{RdbReader, Step};

/// The first bytes of an image.
pub const MAGIC: &[u8] = b"REDIS";
/// The newest version that is read.
pub const RDB_VERSION_MAX: u32 = 12;

/// A value of any core type, as it stands in an image: nothing is sorted, and what occurs twice is
/// there twice. Integers are text, as Redis gives them to its clients.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RdbValue {
    /// A binary-safe string.
    String(Vec<u8>),
    /// Elements from the head to the tail.
    List(Vec<Vec<u8>>),
    /// Members.
    Set(Vec<Vec<u8>>),
    /// Fields and their values.
    Hash(Vec<(Vec<u8>, Vec<u8>)>),
    /// Members and their scores; no score is NaN.
    ZSet(Vec<(Vec<u8>, f64)>),
}

impl RdbValue {
    /// Redis's name of the type, as `TYPE` says it.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::String(_) => "string",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Hash(_) => "hash",
            Self::ZSet(_) => "zset",
        }
    }
}
