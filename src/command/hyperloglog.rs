//! Counting what is different, about: strings that hold registers as Redis stores them.
//!
//! ```text
//! string    = "HYLL" encoding:u8 3*zero:u8 cached:u64(little endian) registers
//! dense     = 16,384 registers of 6 bits, the lowest bits first
//! sparse    = *( 00nnnnnn               n+1 registers of 0
//!              / 01nnnnnn nnnnnnnn      n+1 registers of 0
//!              / 1vvvvvnn )             n+1 registers of v+1
//! ```

use alloc::vec::Vec;
use core::convert::TryInto;

use super::call::{Argv, MANY, Result, Spec};
use super::strings::string;
use super::{CommandError, Reply, Writer};
use crate::keyspace::{Entry, Str, Value};

pub(super) static SPECS: &[Spec] = &[
    Spec::write("pfadd", 2, MANY, pfadd),
    Spec::write("pfcount", 2, MANY, pfcount),
    Spec::write("pfmerge", 2, MANY, pfmerge),
];

/// Bits of a hash that choose a register.
const INDEX_BITS: u32 = 14;
const REGISTERS: usize = 1 << INDEX_BITS;
const REGISTER_BITS: usize = 6;
const HEADER_LEN: usize = 16;
const DENSE_LEN: usize = HEADER_LEN + (REGISTERS * REGISTER_BITS).div_ceil(8);
/// Sparse registers of more bytes, the header included, become dense.
const SPARSE_LEN_MAX: usize = 3_000;
/// The highest value that a sparse register can have.
const SPARSE_VALUE_MAX: u8 = 32;
const DENSE: u8 = 0;
const SPARSE: u8 = 1;
/// In the last byte of the cached count: it does not hold any more.
const STALE: u8 = 1 << 7;

/// MurmurHash64A, by Austin Appleby, as Redis uses it.
fn murmur(bytes: &[u8]) -> u64 {
    const M: u64 = 0xc6a4_a793_5bd1_e995;
    const SEED: u64 = 0xadc8_3b19;
    let mut hash = SEED ^ (bytes.len() as u64).wrapping_mul(M);
    let words = bytes.chunks_exact(8);
    let tail = words.remainder();
    for word in words {
        let mut word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
        word = word.wrapping_mul(M);
        word ^= word >> 47;
        hash = (hash ^ word.wrapping_mul(M)).wrapping_mul(M);
    }
    if !tail.is_empty() {
        let mut padded = [0; 8];
        padded[..tail.len()].copy_from_slice(tail);
        hash = (hash ^ u64::from_le_bytes(padded)).wrapping_mul(M);
    }
    hash ^= hash >> 47;
    hash = hash.wrapping_mul(M);
    hash ^ hash >> 47
}

/// The register of an element, and the value that it gets at least.
fn place(element: &[u8]) -> (usize, u8) {
    let hash = murmur(element);
    let index = hash as usize & (REGISTERS - 1);
    let rest = hash >> INDEX_BITS | 1 << (64 - INDEX_BITS);
    (index, rest.trailing_zeros() as u8 + 1)
}

/// A run of registers of one value.
#[derive(Clone, Copy)]
struct Run {
    value: u8,
    count: usize,
    /// Bytes that it takes.
    len: usize,
}

impl Run {
    fn read(bytes: &[u8]) -> Option<Self> {
        let first = *bytes.first()?;
        let (value, count, len) = match first >> 6 {
            0 => (0, usize::from(first & 0x3f) + 1, 1),
            1 => {
                let low = usize::from(*bytes.get(1)?);
                (0, (usize::from(first & 0x3f) << 8 | low) + 1, 2)
            }
            _ => ((first >> 2 & 0x1f) + 1, usize::from(first & 3) + 1, 1),
        };
        Some(Self { value, count, len })
    }

    fn write(value: u8, count: usize, out: &mut Vec<u8>) {
        match (value, count) {
            (_, 0) => {}
            (0, 1..=64) => out.push((count - 1) as u8),
            (0, _) => out.extend([0x40 | ((count - 1) >> 8) as u8, (count - 1) as u8]),
            (_, _) => out.push(0x80 | (value - 1) << 2 | (count - 1) as u8),
        }
    }
}

/// The string of a key, taken apart.
struct Registers {
    bytes: Vec<u8>,
}

impl Registers {
    fn new() -> Self {
        let mut bytes = Vec::from(*b"HYLL");
        bytes.push(SPARSE);
        bytes.resize(HEADER_LEN, 0);
        Run::write(0, REGISTERS, &mut bytes);
        Self { bytes }
    }

    fn read(string: &Str) -> Result<Self> {
        let bytes = string.part(0..DENSE_LEN + 1);
        let right = bytes.len() >= HEADER_LEN
            && bytes.starts_with(b"HYLL")
            && bytes[4] <= SPARSE
            && (bytes[4] != DENSE || bytes.len() == DENSE_LEN);
        match right {
            true => Ok(Self { bytes }),
            false => Err(CommandError::NotHyperLogLog),
        }
    }

    /// Every register's value.
    fn values(&self) -> Result<Vec<u8>> {
        let body = &self.bytes[HEADER_LEN..];
        if self.bytes[4] == DENSE {
            return Ok((0..REGISTERS).map(|index| dense_get(body, index)).collect());
        }
        let (mut values, mut rest) = (Vec::new(), body);
        while let Some(run) = Run::read(rest) {
            if values.len() + run.count > REGISTERS {
                break;
            }
            values.resize(values.len() + run.count, run.value);
            rest = &rest[run.len..];
        }
        match values.len() == REGISTERS && rest.is_empty() {
            true => Ok(values),
            false => Err(CommandError::CorruptHyperLogLog),
        }
    }

    /// Raises a register; true if it was lower.
    fn raise(&mut self, index: usize, value: u8) -> Result<bool> {
        if self.bytes[4] == SPARSE {
            if let Some(raised) = self.raise_sparse(index, value)? {
                return Ok(raised);
            }
            self.make_dense()?;
        }
        let body = &mut self.bytes[HEADER_LEN..];
        let lower = dense_get(body, index) < value;
        if lower {
            dense_set(body, index, value);
        }
        Ok(lower)
    }

    /// The same in the sparse form; none if it does not fit that.
    fn raise_sparse(&mut self, index: usize, value: u8) -> Result<Option<bool>> {
        if value > SPARSE_VALUE_MAX {
            return Ok(None);
        }
        let (mut first, mut at, mut before) = (0, HEADER_LEN, HEADER_LEN);
        let run = loop {
            let run = Run::read(&self.bytes[at..]).ok_or(CommandError::CorruptHyperLogLog)?;
            if index < first + run.count {
                break run;
            }
            first += run.count;
            before = at;
            at += run.len;
        };
        if run.value >= value {
            return Ok(Some(false));
        }
        let mut new = Vec::new();
        Run::write(run.value, index - first, &mut new);
        Run::write(value, 1, &mut new);
        Run::write(run.value, first + run.count - 1 - index, &mut new);
        if self.bytes.len() + new.len() - run.len > SPARSE_LEN_MAX && new.len() > run.len {
            return Ok(None);
        }
        self.bytes.splice(at..at + run.len, new);
        self.join(before);
        Ok(Some(true))
    }

    /// Joins neighbouring runs of one value, as far as a raised register may have made some.
    fn join(&mut self, mut at: usize) {
        const LOOKED_AT: usize = 5;
        const RUN_MAX: usize = 4;
        for _ in 0..LOOKED_AT {
            let Some(run) = Run::read(&self.bytes[at..]) else {
                return;
            };
            if run.value > 0
                && let Some(next) = Run::read(&self.bytes[at + run.len..])
                && next.value == run.value
                && run.count + next.count <= RUN_MAX
            {
                let mut joined = Vec::new();
                Run::write(run.value, run.count + next.count, &mut joined);
                self.bytes.splice(at..at + run.len + next.len, joined);
                continue;
            }
            at += run.len;
        }
    }

    fn make_dense(&mut self) -> Result<()> {
        let values = self.values()?;
        self.bytes[4] = DENSE;
        self.bytes.truncate(HEADER_LEN);
        self.bytes.resize(DENSE_LEN, 0);
        for (index, value) in values.into_iter().enumerate() {
            dense_set(&mut self.bytes[HEADER_LEN..], index, value);
        }
        Ok(())
    }

    fn forget_count(&mut self) {
        self.bytes[HEADER_LEN - 1] |= STALE;
    }

    fn cached(&self) -> Option<u64> {
        let cached = &self.bytes[8..HEADER_LEN];
        let fresh = self.bytes[HEADER_LEN - 1] & STALE == 0;
        fresh.then(|| u64::from_le_bytes(cached.try_into().expect("eight bytes")))
    }
}

fn dense_get(body: &[u8], index: usize) -> u8 {
    let (at, shift) = (index * REGISTER_BITS / 8, index * REGISTER_BITS % 8);
    let next = body.get(at + 1).copied().unwrap_or(0);
    let pair = u16::from(body[at]) | u16::from(next) << 8;
    (pair >> shift & 0x3f) as u8
}

fn dense_set(body: &mut [u8], index: usize, value: u8) {
    let (at, shift) = (index * REGISTER_BITS / 8, index * REGISTER_BITS % 8);
    let (mask, bits) = (0x3f_u16 << shift, u16::from(value) << shift);
    body[at] = body[at] & !mask as u8 | bits as u8;
    if let Some(next) = body.get_mut(at + 1) {
        *next = *next & !(mask >> 8) as u8 | (bits >> 8) as u8;
    }
}

impl Writer<'_> {
    fn registers(&mut self, key: &[u8]) -> Result<Option<Registers>> {
        let string = string(self.live(key))?;
        string.as_deref().map(Registers::read).transpose()
    }

    /// Keeps the expiry, as a change in place does.
    fn put_registers(&mut self, key: &[u8], registers: Registers) {
        let value = Str::from(registers.bytes);
        let new = Value::String(value.clone());
        let there = self
            .keyspace
            .update(self.db, key, |entry| entry.value = new);
        if there.is_none() {
            self.keyspace.insert(self.db, key, Entry::string(value));
        }
    }
}

fn pfadd(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let old = writer.registers(&argv[1])?;
    let mut changed = old.is_none();
    let mut registers = old.unwrap_or_else(Registers::new);
    for element in &argv[2..] {
        let (index, value) = place(element);
        changed |= registers.raise(index, value)?;
    }
    if changed {
        registers.forget_count();
        writer.put_registers(&argv[1], registers);
        writer.came(argv);
    }
    Ok(Reply::Int(changed.into()))
}

/// The highest value of each register of several keys, and whether one of them is dense.
fn merged(writer: &mut Writer<'_>, keys: &[Vec<u8>]) -> Result<(Vec<u8>, bool)> {
    let (mut all, mut dense) = (Vec::from_iter([0; REGISTERS]), false);
    for key in keys {
        if let Some(registers) = writer.registers(key)? {
            dense |= registers.bytes[4] == DENSE;
            for (highest, value) in all.iter_mut().zip(registers.values()?) {
                *highest = value.max(*highest);
            }
        }
    }
    Ok((all, dense))
}

fn pfmerge(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let (all, dense) = merged(writer, &argv[1..])?;
    let old = writer.registers(&argv[1])?;
    let mut registers = old.unwrap_or_else(Registers::new);
    if dense && registers.bytes[4] == SPARSE {
        registers.make_dense()?;
    }
    for (index, value) in all.into_iter().enumerate() {
        if value > 0 {
            registers.raise(index, value)?;
        }
    }
    registers.forget_count();
    writer.put_registers(&argv[1], registers);
    writer.came(argv);
    Ok(Reply::Ok)
}

/// Remembers the count of a single key in it, as Redis does; what is logged is the command.
fn pfcount(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let [_, key] = argv else {
        let (all, _) = merged(writer, &argv[1..])?;
        return Ok(Reply::Int(estimate(&all) as i64));
    };
    let Some(mut registers) = writer.registers(key)? else {
        return Ok(Reply::Int(0));
    };
    if let Some(count) = registers.cached() {
        return Ok(Reply::Int(count as i64));
    }
    let count = estimate(&registers.values()?);
    registers.bytes[8..HEADER_LEN].copy_from_slice(&count.to_le_bytes());
    writer.put_registers(key, registers);
    writer.came(argv);
    Ok(Reply::Int(count as i64))
}

/// The count by Otmar Ertl's estimator.
fn estimate(values: &[u8]) -> u64 {
    const HIGHEST: usize = 64 - INDEX_BITS as usize;
    const ALPHA: f64 = 0.721_347_520_444_481_7;
    let mut histogram = [0_u32; 64];
    for value in values {
        histogram[usize::from(*value)] += 1;
    }
    let m = REGISTERS as f64;
    let full = f64::from(histogram[HIGHEST + 1]);
    let mut z = m * tau((m - full) / m);
    for count in histogram[1..=HIGHEST].iter().rev() {
        z = (z + f64::from(*count)) * 0.5;
    }
    z += m * sigma(f64::from(histogram[0]) / m);
    rounded(ALPHA * m * m / z)
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if before == z {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = square_root(x);
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if before == z {
            return z / 3.0;
        }
    }
}

/// Of a number between 0 and 1, by Newton's method from above, until it falls no more.
fn square_root(x: f64) -> f64 {
    let mut root = 1.0;
    loop {
        let next = 0.5 * (root + x / root);
        if next >= root {
            return root;
        }
        root = next;
    }
}

fn rounded(number: f64) -> u64 {
    (number + 0.5) as u64
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn registers_are_the_same_sparse_and_dense() {
        let (mut sparse, mut dense) = (Registers::new(), Registers::new());
        dense.make_dense().unwrap();
        for number in 0..400 {
            let (index, value) = place(format!("{number}").as_bytes());
            let raised = sparse.raise(index, value).unwrap();
            assert_eq!(raised, dense.raise(index, value).unwrap());
        }
        assert_eq!(sparse.bytes[4], SPARSE);
        assert_eq!(sparse.values(), dense.values());
        let count = estimate(&dense.values().unwrap());
        assert!((390..=410).contains(&count), "{count}");
    }
}
