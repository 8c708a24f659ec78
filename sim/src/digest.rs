//! Hashes of 128 bits, so that millions of states can be told apart without keeping them.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::quality::{FixedState, FoldHasher};

/// Two independent 64-bit hashes of the same bytes, with fixed seeds.
#[derive(Clone)]
pub struct Hash128 {
    low: FoldHasher<'static>,
    high: FoldHasher<'static>,
}

impl Default for Hash128 {
    fn default() -> Self {
        Self {
            low: FixedState::with_seed(0x9e37_79b9_7f4a_7c15).build_hasher(),
            high: FixedState::with_seed(0xd1b5_4a32_d192_ed03).build_hasher(),
        }
    }
}

impl Hash128 {
    /// The hash of everything that was written so far.
    #[must_use]
    pub fn finish128(&self) -> u128 {
        u128::from(self.low.finish()) | u128::from(self.high.finish()) << 64
    }

    /// The hash of one value.
    #[must_use]
    pub fn of<T: Hash + ?Sized>(value: &T) -> u128 {
        let mut hasher = Self::default();
        value.hash(&mut hasher);
        hasher.finish128()
    }
}

impl Hasher for Hash128 {
    fn finish(&self) -> u64 {
        self.low.finish()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.low.write(bytes);
        self.high.write(bytes);
    }

    fn write_u8(&mut self, number: u8) {
        self.low.write_u8(number);
        self.high.write_u8(number);
    }

    fn write_u32(&mut self, number: u32) {
        self.low.write_u32(number);
        self.high.write_u32(number);
    }

    fn write_u64(&mut self, number: u64) {
        self.low.write_u64(number);
        self.high.write_u64(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.low.write_usize(number);
        self.high.write_usize(number);
    }

    fn write_u128(&mut self, number: u128) {
        self.low.write_u128(number);
        self.high.write_u128(number);
    }
}

/// A map's hasher for keys that are hashes already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only 128-bit hashes are keys");
    }

    fn write_u128(&mut self, number: u128) {
        self.0 = number as u64;
    }
}

/// Builds [`Hashed`].
pub type BuildHashed = std::hash::BuildHasherDefault<Hashed>;
