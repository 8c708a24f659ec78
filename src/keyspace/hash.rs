//! The seeded hash that gives every key its position.

use core::convert::TryInto;

/// Multiplies to 128 bits and folds the halves together: every input bit reaches every output bit.
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    (product as u64) ^ ((product >> 64) as u64)
}

fn word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("eight bytes"))
}

/// The two words of a last piece of at most sixteen bytes; they may overlap.
fn tail(bytes: &[u8]) -> (u64, u64) {
    let len = bytes.len();
    if len >= 8 {
        return (word(&bytes[..8]), word(&bytes[len - 8..]));
    }
    let mut padded = [0; 8];
    padded[..len].copy_from_slice(bytes);
    (word(&padded), 0)
}

/// The hash of a key: the same on every machine, for the same seed.
///
/// Fast, not cryptographic: who knows the seed can make keys collide, so a program that takes
/// keys from strangers draws its seed at random.
pub(super) fn hash(seed: u64, key: &[u8]) -> u64 {
    const A: u64 = 0x9e37_79b9_7f4a_7c15;
    const B: u64 = 0xd1b5_4a32_d192_ed03;
    let salt = fold(seed ^ A, B) | 1;
    let mut state = seed ^ B;
    let mut rest = key;
    while rest.len() > 16 {
        state = fold(word(&rest[..8]) ^ salt, word(&rest[8..16]) ^ state);
        rest = &rest[16..];
    }
    let (first, second) = tail(rest);
    let state = fold(first ^ salt, second ^ state);
    fold(state ^ A, key.len() as u64 ^ salt ^ B)
}

/// The interval of positions that a segment stands for: the first `bits` bits of all are the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub seed: u64,
    pub bits: u32,
}

impl Span {
    /// The position of a key: its hash with the bits reversed.
    pub fn position(self, key: &[u8]) -> u64 {
        hash(self.seed, key).reverse_bits()
    }

    /// The sixteen bits of a position behind those that all have; they order like positions.
    pub const fn tag(self, position: u64) -> u16 {
        ((position << self.bits) >> 48) as u16
    }
}
