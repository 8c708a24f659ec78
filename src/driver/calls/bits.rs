//! Strings as bits.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::Asked;
use super::argv::Argv;
use crate::command::Reply;
use crate::driver::error::StoreError;
use crate::driver::from_reply::FromReply;

/// A part of a string, both ends included; below 0 counted from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BitRange {
    /// From a byte to another (`BYTE`).
    Bytes(i64, i64),
    /// From a bit to another (`BIT`).
    Bits(i64, i64),
}

impl BitRange {
    fn write(self, argv: Argv) -> Argv {
        let (start, end, unit) = match self {
            Self::Bytes(start, end) => (start, end, "BYTE"),
            Self::Bits(start, end) => (start, end, "BIT"),
        };
        argv.number(start).number(end).arg(unit)
    }
}

/// How [`Db::bitop`](crate::Db::bitop) combines strings; shorter ones count as if zeros followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BitOp {
    /// The bits that are set in all.
    And,
    /// The bits that are set in one or another.
    Or,
    /// The bits that are set in an odd number of them.
    Xor,
    /// The bits that are not set; of one string alone.
    Not,
}

/// How a number is held in the bits of a string, the highest bit first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BitInt {
    /// Of so many bits, 1 to 64, the highest of which says that it is below 0.
    Signed(u8),
    /// Of so many bits, 1 to 63.
    Unsigned(u8),
}

impl BitInt {
    fn word(self) -> String {
        match self {
            Self::Signed(bits) => format!("i{bits}"),
            Self::Unsigned(bits) => format!("u{bits}"),
        }
    }
}

/// Where a number is in a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BitOffset {
    /// Behind so many bits.
    Bits(u64),
    /// Behind so many numbers of its own type (`#`).
    Index(u64),
}

impl BitOffset {
    fn word(self) -> String {
        match self {
            Self::Bits(bits) => bits.to_string(),
            Self::Index(index) => format!("#{index}"),
        }
    }
}

/// What becomes of a number that does not fit its bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BitOverflow {
    /// Its low bits are kept.
    #[default]
    Wrap,
    /// The nearest number that fits takes its place.
    Sat,
    /// Nothing is changed, and the answer is none.
    Fail,
}

/// A part of a [`Db::bitfield`](crate::Db::bitfield).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BitFieldOp {
    /// The number that is there.
    Get(BitInt, BitOffset),
    /// Puts a number; the one that was there.
    Set(BitInt, BitOffset, i64),
    /// Adds to the number that is there; the sum.
    IncrBy(BitInt, BitOffset, i64),
    /// How the parts behind this one take numbers that do not fit; it has no answer itself.
    Overflow(BitOverflow),
}

impl BitFieldOp {
    fn write(self, argv: Argv) -> Argv {
        let field = |argv: Argv, name, int: BitInt, offset: BitOffset| {
            argv.arg(name).arg(int.word()).arg(offset.word())
        };
        match self {
            Self::Get(int, offset) => field(argv, "GET", int, offset),
            Self::Set(int, offset, value) => field(argv, "SET", int, offset).number(value),
            Self::IncrBy(int, offset, by) => field(argv, "INCRBY", int, offset).number(by),
            Self::Overflow(overflow) => argv.arg("OVERFLOW").arg(match overflow {
                BitOverflow::Wrap => "WRAP",
                BitOverflow::Sat => "SAT",
                BitOverflow::Fail => "FAIL",
            }),
        }
    }
}

reads! {
    /// Bits: reading.
    ///
    /// Bits are counted from 0, from the highest of the first byte on. What lies behind the string is
    /// zeros.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// use indelible::BitRange;
    ///
    /// store.setbit("seen", 7, true)?;
    /// store.setbit("seen", 9, true)?;
    /// assert!(store.getbit("seen", 7)?);
    /// assert_eq!(store.bitcount("seen")?, 2);
    /// assert_eq!(store.bitpos_in("seen", true, BitRange::Bytes(1, -1))?, Some(9));
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// Whether a bit is set.
    fn getbit(key: impl AsRef<[u8]>, offset: u64) -> bool {
        Argv::new("GETBIT").arg(key).number(offset)
    }

    /// How many bits are set.
    fn bitcount(key: impl AsRef<[u8]>) -> u64 {
        Argv::new("BITCOUNT").arg(key)
    }

    /// How many bits are set in a part of the string.
    fn bitcount_in(key: impl AsRef<[u8]>, range: BitRange) -> u64 {
        range.write(Argv::new("BITCOUNT").arg(key))
    }

    /// The first bit that is set, or not set: then the one behind the string if all in it are set.
    fn bitpos(key: impl AsRef<[u8]>, bit: bool) -> Option<u64> {
        Asked::new(Argv::new("BITPOS").arg(key).number(u8::from(bit)), found)
    }

    /// The first bit that is set, or not set, in a part of the string.
    fn bitpos_in(key: impl AsRef<[u8]>, bit: bool, range: BitRange) -> Option<u64> {
        Asked::new(range.write(Argv::new("BITPOS").arg(key).number(u8::from(bit))), found)
    }

    /// Numbers held in the string's bits.
    fn bitfield_ro(
        key: impl AsRef<[u8]>,
        fields: impl IntoIterator<Item = (BitInt, BitOffset)>,
    ) -> Vec<i64> {
        let fields = fields.into_iter().map(|(int, offset)| BitFieldOp::Get(int, offset));
        fields.fold(Argv::new("BITFIELD_RO").arg(key), |argv, it| it.write(argv))
    }
}

writes! {
    /// Bits: writing.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// use indelible::{BitFieldOp, BitInt, BitOffset, BitOverflow};
    ///
    /// let hits = (BitInt::Unsigned(8), BitOffset::Index(0));
    /// let numbers = store.bitfield("counters", [
    ///     BitFieldOp::Set(hits.0, hits.1, 250),
    ///     BitFieldOp::Overflow(BitOverflow::Sat),
    ///     BitFieldOp::IncrBy(hits.0, hits.1, 10),
    /// ])?;
    /// assert_eq!(numbers, [Some(0), Some(255)]);
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// Sets or clears a bit; whether it was set.
    fn setbit(key: impl AsRef<[u8]>, offset: u64, bit: bool) -> bool {
        Argv::new("SETBIT").arg(key).number(offset).number(u8::from(bit))
    }

    /// Combines strings into a key; how long the result is, in bytes.
    fn bitop(
        operation: BitOp,
        destination: impl AsRef<[u8]>,
        keys: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> u64 {
        let operation = match operation {
            BitOp::And => "AND",
            BitOp::Or => "OR",
            BitOp::Xor => "XOR",
            BitOp::Not => "NOT",
        };
        Argv::new("BITOP").arg(operation).arg(destination).args(keys)
    }

    /// Reads and changes numbers held in the string's bits, one part after the other; what each
    /// answers, none where a change failed.
    fn bitfield(
        key: impl AsRef<[u8]>,
        operations: impl IntoIterator<Item = BitFieldOp>,
    ) -> Vec<Option<i64>> {
        let operations = operations.into_iter();
        operations.fold(Argv::new("BITFIELD").arg(key), |argv, it| it.write(argv))
    }
}

/// Redis answers -1 where there is no such bit.
fn found(reply: Reply) -> Result<Option<u64>, StoreError> {
    Ok(u64::try_from(i64::from_reply(reply)?).ok())
}
