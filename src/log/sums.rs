//! The checksum of any range of a file, without reading the range.
//!
//! CRC-32 is linear: `crc(ab) = shift(crc(a), len(b)) ^ crc(b)`, where `shift` is what so many zero
//! bytes do to a checksum. So the checksum of a range follows from those of two prefixes.

use alloc::vec::Vec;
use core::ops::Range;

/// Bytes between two prefixes whose checksums are kept.
const STEP: usize = 256;
/// The polynomial, its lowest power in the highest bit.
const POLYNOMIAL: u32 = 0xedb8_8320;
/// Lengths have at most so many bits.
const LEN_BITS: usize = 48;

/// What some zero bytes do to a checksum: the image of each bit.
type Operator = [u32; 32];

/// For each power of two, what so many zero bytes do.
static POWERS: [Operator; LEN_BITS] = powers();

/// The checksums of a file's prefixes.
#[derive(Clone, Debug)]
pub(super) struct Sums<'a> {
    bytes: &'a [u8],
    /// That of each multiple of [`STEP`].
    prefixes: Vec<u32>,
}

impl<'a> Sums<'a> {
    /// Reads all bytes once.
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut hasher = crc32fast::Hasher::new();
        let mut prefixes = Vec::with_capacity(bytes.len() / STEP + 1);
        prefixes.push(0);
        for piece in bytes.chunks_exact(STEP) {
            hasher.update(piece);
            prefixes.push(hasher.clone().finalize());
        }
        Self { bytes, prefixes }
    }

    /// The checksum of a range; reads at most two steps of it.
    ///
    /// # Panics
    /// If it is no range of the bytes.
    pub fn of(&self, range: Range<usize>) -> u32 {
        let (first, last) = (range.start.div_ceil(STEP), range.end / STEP);
        if first >= last {
            return crc32fast::hash(&self.bytes[range]);
        }
        let (start, end) = (first * STEP, last * STEP);
        let head = crc32fast::hash(&self.bytes[range.start..start]);
        let middle = self.prefixes[last] ^ shift(self.prefixes[first], end - start);
        let tail = crc32fast::hash(&self.bytes[end..range.end]);
        let head = shift(head, end - start) ^ middle;
        shift(head, range.end - end) ^ tail
    }
}

fn shift(mut sum: u32, len: usize) -> u32 {
    let mut left = len;
    while left > 0 {
        sum = image(&POWERS[left.trailing_zeros() as usize], sum);
        left &= left - 1;
    }
    sum
}

const fn image(operator: &Operator, mut sum: u32) -> u32 {
    let mut found = 0;
    while sum != 0 {
        found ^= operator[sum.trailing_zeros() as usize];
        sum &= sum - 1;
    }
    found
}

const fn twice(operator: &Operator) -> Operator {
    let (mut square, mut bit) = ([0; 32], 0);
    while bit < 32 {
        square[bit] = image(operator, operator[bit]);
        bit += 1;
    }
    square
}

const fn powers() -> [Operator; LEN_BITS] {
    let (mut one_bit, mut bit) = ([POLYNOMIAL; 32], 1);
    while bit < 32 {
        one_bit[bit] = 1 << (bit - 1);
        bit += 1;
    }
    let one_byte = twice(&twice(&twice(&one_bit)));
    let (mut powers, mut at) = ([one_byte; LEN_BITS], 1);
    while at < LEN_BITS {
        powers[at] = twice(&powers[at - 1]);
        at += 1;
    }
    powers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_has_the_checksum_of_its_bytes() {
        let bytes: Vec<u8> = (0..5_000_u32).map(|it| ((it * it) >> 3) as u8).collect();
        let sums = Sums::new(&bytes);
        for start in (0..bytes.len()).step_by(37).chain([255, 256, 257]) {
            for end in (start..=bytes.len()).step_by(53).chain([bytes.len()]) {
                let range = start..end;
                let expected = crc32fast::hash(&bytes[range.clone()]);
                assert_eq!(sums.of(range.clone()), expected, "{range:?}");
            }
        }
    }
}
