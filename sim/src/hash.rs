//! A fast hash that is the same in every run and under every version of Rust.

use std::hash::Hasher;

/// Hashes states: fast on long byte strings, not proof against an adversary.
///
/// ```
/// use std::hash::Hasher;
/// let mut hasher = indelible_sim::hash::StableHasher::default();
/// hasher.write(b"state");
/// assert_eq!(hasher.finish(), 0x8b15_59eb_2b5f_7b5b);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct StableHasher(u64);

const START: u64 = 0x243f_6a88_85a3_08d3;
const ROUND: u64 = 0x9e37_79b9_7f4a_7c15;
const END: u64 = 0xa409_3822_299f_31d1;

impl Default for StableHasher {
    fn default() -> Self {
        Self(START)
    }
}

impl StableHasher {
    fn mix(&mut self, word: u64) {
        self.0 = fold(self.0 ^ word, ROUND).wrapping_add(word.rotate_left(32));
    }
}

impl Hasher for StableHasher {
    fn finish(&self) -> u64 {
        fold(self.0 ^ START, END)
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.mix(u64::from_le_bytes(word.try_into().expect("eight bytes")));
        }
        let mut last = [0; 8];
        let rest = words.remainder();
        last[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(last) ^ (bytes.len() as u64) << 56);
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(u64::from(number));
    }

    fn write_u16(&mut self, number: u16) {
        self.mix(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }
}

fn fold(a: u64, b: u64) -> u64 {
    let wide = u128::from(a) * u128::from(b);
    (wide >> 64) as u64 ^ wide as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_matters() {
        let mut seen = std::collections::HashSet::new();
        for len in 0..40usize {
            for bit in 0..len * 8 {
                let mut bytes = vec![0; len];
                bytes[bit / 8] |= 1 << (bit % 8);
                let mut hasher = StableHasher::default();
                hasher.write(&bytes);
                assert!(seen.insert(hasher.finish()), "{len} bytes, bit {bit}");
            }
        }
    }
}
