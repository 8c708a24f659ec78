//! Strings as arrays of small integers.

use alloc::vec::Vec;

use super::bits::bit_offset;
use super::call::{Argv, MANY, Result, Spec, is};
use super::number::integer;
use super::strings::string;
use super::{CommandError, Reply, View, Writer};
use crate::keyspace::Str;
use crate::limits::VALUE_LEN_MAX;

pub(super) static SPECS: &[Spec] = &[
    Spec::write("bitfield", 2, MANY, bitfield),
    Spec::read("bitfield_ro", 2, MANY, bitfield_ro),
];

/// What happens to a number that does not fit.
#[derive(Clone, Copy)]
enum Overflow {
    Wrap,
    Saturate,
    Fail,
}

#[derive(Clone, Copy)]
enum Change {
    Get,
    Set(i64),
    Add(i64),
}

#[derive(Clone, Copy)]
struct Operation {
    signed: bool,
    bits: usize,
    offset: usize,
    change: Change,
    overflow: Overflow,
}

impl Operation {
    fn parse_all(argv: &[Vec<u8>]) -> Result<Vec<Self>> {
        let (mut all, mut overflow, mut rest) = (Vec::new(), Overflow::Wrap, argv);
        while let Some((word, behind)) = rest.split_first() {
            rest = match behind {
                [kind, offset, behind @ ..] if is(word, "get") => {
                    all.push(Self::parse(kind, offset, overflow, Change::Get)?);
                    behind
                }
                [kind, offset, number, behind @ ..] if is(word, "set") || is(word, "incrby") => {
                    let mut it = Self::parse(kind, offset, overflow, Change::Get)?;
                    let number = integer(number)?;
                    // Redis looks at its first bit alone, and lets a string grow beyond what it loads.
                    if it.bytes().end > VALUE_LEN_MAX {
                        return Err(CommandError::BitOffset);
                    }
                    it.change = match is(word, "set") {
                        true => Change::Set(number),
                        false => Change::Add(number),
                    };
                    all.push(it);
                    behind
                }
                [how, behind @ ..] if is(word, "overflow") => {
                    overflow = match () {
                        () if is(how, "wrap") => Overflow::Wrap,
                        () if is(how, "sat") => Overflow::Saturate,
                        () if is(how, "fail") => Overflow::Fail,
                        () => return Err(CommandError::BitFieldOverflow),
                    };
                    behind
                }
                _ => return Err(CommandError::Syntax),
            };
        }
        Ok(all)
    }

    fn parse(kind: &[u8], offset: &[u8], overflow: Overflow, change: Change) -> Result<Self> {
        let (signed, digits) = match kind {
            [b'i', digits @ ..] => (true, digits),
            [b'u', digits @ ..] => (false, digits),
            _ => return Err(CommandError::BitFieldType),
        };
        let most = if signed { 64 } else { 63 };
        let bits = integer(digits).ok().and_then(|it| usize::try_from(it).ok());
        let bits = bits.filter(|bits| (1..=most).contains(bits));
        let bits = bits.ok_or(CommandError::BitFieldType)?;
        Ok(Self {
            signed,
            bits,
            offset: bit_offset(offset, Some(bits))?,
            change,
            overflow,
        })
    }

    /// The bytes that hold it.
    fn bytes(&self) -> core::ops::Range<usize> {
        self.offset / 8..(self.offset + self.bits).div_ceil(8)
    }

    /// The number as it stands in those bytes, which may be cut short: zeros follow.
    fn load(&self, mut bytes: Vec<u8>) -> i128 {
        bytes.resize(self.bytes().len(), 0);
        let all = bytes
            .iter()
            .fold(0_u128, |all, byte| all << 8 | u128::from(*byte));
        self.wrap((all >> self.shift()) as i128)
    }

    fn store(&self, mut bytes: Vec<u8>, number: i128) -> Vec<u8> {
        bytes.resize(self.bytes().len(), 0);
        let mask = ((1_u128 << self.bits) - 1) << self.shift();
        let all = bytes
            .iter()
            .fold(0_u128, |all, byte| all << 8 | u128::from(*byte));
        let all = (all & !mask) | (((number as u128) << self.shift()) & mask);
        let skipped = size_of::<u128>() - bytes.len();
        all.to_be_bytes()[skipped..].to_vec()
    }

    /// Bits behind the number in its last byte.
    fn shift(&self) -> usize {
        self.bytes().end * 8 - self.offset - self.bits
    }

    fn wrap(&self, number: i128) -> i128 {
        let low = number & ((1 << self.bits) - 1);
        match self.signed && low >> (self.bits - 1) == 1 {
            true => low - (1 << self.bits),
            false => low,
        }
    }

    /// What is stored for a number; none if it does not fit, and that is a failure.
    fn fit(&self, number: i128) -> Option<i128> {
        let (least, most) = match self.signed {
            true => (-(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1),
            false => (0, (1 << self.bits) - 1),
        };
        if (least..=most).contains(&number) {
            return Some(number);
        }
        match self.overflow {
            Overflow::Wrap => Some(self.wrap(number)),
            Overflow::Saturate => Some(number.clamp(least, most)),
            Overflow::Fail => None,
        }
    }

    /// The number that is wanted of the old one.
    fn wanted(&self, old: i128) -> Option<i128> {
        match self.change {
            Change::Get => None,
            Change::Set(number) if self.signed => Some(number.into()),
            Change::Set(number) => Some(i128::from(number as u64)),
            Change::Add(by) => Some(old + i128::from(by)),
        }
    }
}

fn reply(number: i128) -> Reply {
    Reply::Int(number as i64)
}

fn bitfield_ro(view: View<'_>, argv: &Argv) -> Result {
    let operations = Operation::parse_all(&argv[2..])?;
    let reads = |it: &Operation| matches!(it.change, Change::Get);
    if !operations.iter().all(reads) {
        return Err(CommandError::BitFieldReadOnly);
    }
    let string = string(view.live(&argv[1]))?;
    let numbers = operations.iter().map(|it| {
        let part = |string: &Str| string.part(it.bytes());
        let bytes = string.as_deref().map_or(Vec::new(), part);
        reply(it.load(bytes))
    });
    Ok(Reply::Array(numbers.collect()))
}

fn bitfield(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let operations = Operation::parse_all(&argv[2..])?;
    let written = operations
        .iter()
        .filter(|it| !matches!(it.change, Change::Get))
        .map(|it| it.bytes().end)
        .max();
    let len = string(writer.live(&argv[1]))?.map_or(0, |string| string.len());
    if let Some(end) = written
        && end > len
    {
        // The string grows even if nothing fits.
        writer.overwrite(&argv[1], end - 1, &[0]);
    }
    let mut replies = Vec::new();
    for it in &operations {
        let string = string(writer.live(&argv[1]))?;
        let part = |string: &Str| string.part(it.bytes());
        let bytes = string.as_deref().map_or(Vec::new(), part);
        let old = it.load(bytes.clone());
        let Some(wanted) = it.wanted(old) else {
            replies.push(reply(old));
            continue;
        };
        let Some(new) = it.fit(wanted) else {
            replies.push(Reply::Nil);
            continue;
        };
        writer.overwrite(&argv[1], it.bytes().start, &it.store(bytes, new));
        replies.push(match it.change {
            Change::Add(_) => reply(new),
            _ => reply(old),
        });
    }
    if written.is_some() {
        writer.came(argv);
    }
    Ok(Reply::Array(replies))
}
