//! Strings against plain vectors.

use alloc::vec::Vec;

use proptest::prelude::*;

use super::super::Str;
use crate::limits::VALUE_CHUNK_LEN;

/// Lengths around the borders of chunks.
fn lengths() -> impl Strategy<Value = usize> {
    let chunk = VALUE_CHUNK_LEN;
    prop_oneof![
        0_usize..10,
        chunk - 2..chunk + 3,
        2 * chunk - 2..2 * chunk + 3,
    ]
}

fn bytes(len: usize, first: u8) -> Vec<u8> {
    (0..len).map(|at| first.wrapping_add(at as u8)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn appending_equals_joining(lens in prop::collection::vec(lengths(), 1..5), piece in 1_usize..100_000) {
        let mut joined = Vec::new();
        let mut string = Str::default();
        let mut shared = Vec::new();
        for (number, len) in lens.into_iter().enumerate() {
            let tail = bytes(len, number as u8);
            shared.push((string.clone(), joined.clone()));
            string.append(&tail);
            joined.extend_from_slice(&tail);
            prop_assert_eq!(string.len(), joined.len());
            prop_assert_eq!(&string, &Str::from(&joined[..]));
            prop_assert!(string == joined[..]);
        }
        prop_assert_eq!(string.to_vec(), joined.clone());
        prop_assert!(string.chunks().all(|chunk| chunk.len() <= VALUE_CHUNK_LEN));
        let pieces: Vec<&[u8]> = string.pieces(piece).collect();
        prop_assert!(!pieces.is_empty());
        prop_assert!(pieces.iter().all(|found| found.len() <= piece));
        prop_assert_eq!(pieces.concat(), joined);
        // Who shared it earlier sees what he shared.
        for (string, joined) in shared {
            prop_assert_eq!(string.to_vec(), joined);
        }
    }

    #[test]
    fn appending_a_string_equals_joining(left in lengths(), right in lengths()) {
        let (left, right) = (bytes(left, 1), bytes(right, 2));
        let mut string = Str::from(&left[..]);
        string.append_str(&Str::from(&right[..]));
        prop_assert_eq!(string, Str::from([left, right].concat()));
    }
}

#[test]
fn an_empty_string_is_one_empty_piece() {
    assert!(Str::default().pieces(10).eq([&[][..]]));
}
