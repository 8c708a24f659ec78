//! Whatever the bytes are, they are read or refused, and take no more memory than they may.

use std::sync::LazyLock;

use indelible::redis::rdb::RdbError;
use proptest::prelude::*;

use crate::encodings::{Case, cases};
use crate::server::image_of;
use crate::support::{Image, read, read_in_small_windows, read_skipping};
use crate::writer::{Writer, intset, listpack, lp, string, ziplist, zl};

const CHECKED: [&str; 6] = [
    "strings",
    "strings-lfu",
    "small",
    "large",
    "plain-nodes",
    "unsupported",
];

#[test]
fn every_truncation_is_refused() {
    for case in CHECKED {
        let file = image_of(case);
        for len in 0..file.len() {
            let error = read_skipping(&file[..len]).expect_err("it is short");
            assert!(error.offset() <= len as u64, "{error}");
        }
    }
}

#[test]
fn every_flipped_byte_is_refused() {
    for case in CHECKED {
        let mut file = image_of(case);
        for at in 0..file.len() {
            for bits in [0x01, 0x80, 0xff] {
                file[at] ^= bits;
                assert!(
                    read_skipping(&file).is_err(),
                    "{case}: byte {at} ^ {bits:#x}"
                );
                file[at] ^= bits;
            }
        }
    }
}

/// An image without a checksum that holds one value.
fn unchecked(kind: u8, bytes: &[u8]) -> Vec<u8> {
    Writer::new(4).key(kind, b"k", bytes).end()
}

/// Encodings that are tried many times.
fn short_cases() -> Vec<Case> {
    let mut cases = cases();
    cases.retain(|case| case.bytes.len() < 1_000);
    cases
}

#[test]
fn every_flipped_byte_of_every_encoding_is_survived() {
    for case in short_cases() {
        let mut file = unchecked(case.kind, &case.bytes);
        for at in 9..file.len() {
            for bits in [0x01, 0x40, 0x80, 0xff] {
                file[at] ^= bits;
                same_in_any_window(&file);
                file[at] ^= bits;
            }
        }
    }
}

/// However the file is read, the same is found.
fn same_in_any_window(file: &[u8]) {
    let whole = read_skipping(file);
    let small = read_in_small_windows(file);
    assert!(same(&whole, &small), "{whole:?} {small:?}");
}

fn same(one: &Result<Image, RdbError>, two: &Result<Image, RdbError>) -> bool {
    match (one, two) {
        (Ok(one), Ok(two)) => format!("{one:?}") == format!("{two:?}"),
        (Err(one), Err(two)) => one == two,
        _ => false,
    }
}

#[test]
fn lengths_that_lie_are_refused_at_once() {
    let huge = [&[0x81][..], &(1_u64 << 60).to_be_bytes()].concat();
    let large = [0x80, 0xff, 0xff, 0xff, 0xff];
    let bomb = |packed: &[u8], len: &[u8]| [&[0xc3][..], packed, len, b"\x00x"].concat();
    for (kind, bytes) in [
        (0, huge.clone()),
        (0, large.to_vec()),
        (0, bomb(&[2], &huge)),
        (0, bomb(&[2], &large)),
        (0, bomb(&[2], &[0x7f, 0xff])),
        (0, bomb(&huge, &[3])),
        (1, huge.clone()),
        (2, large.to_vec()),
        (3, large.to_vec()),
        (4, huge.clone()),
        (5, large.to_vec()),
        (14, huge.clone()),
        (18, large.to_vec()),
        (11, string(b"\x02\0\0\0\xff\xff\xff\xff\0\0")),
        (15, huge),
    ] {
        let file = unchecked(kind, &bytes);
        let error = read_skipping(&file).expect_err("it is refused");
        assert!(matches!(error, RdbError::Format { .. }), "{kind}: {error}");
    }
}

/// Where in the value the error is said to be.
fn error_in(kind: u8, bytes: &[u8]) -> u64 {
    match read(&unchecked(kind, bytes)).expect_err("it is refused") {
        RdbError::Format { offset, .. } => offset - 12,
        other => panic!("{other}"),
    }
}

#[test]
fn structures_that_contradict_themselves_are_refused_with_their_offset() {
    let flipped = |mut bytes: Vec<u8>, at: usize, byte| {
        bytes[at] = byte;
        string(&bytes)
    };
    let zip = || ziplist(&[zl(b"a"), zl(b"b")]);
    let pack = || listpack(&[lp(b"a"), lp(b"b")]);
    for (kind, bytes, offset) in [
        (10, flipped(zip(), 0, 9), 0),
        (10, flipped(zip(), 4, 10), 4),
        (10, flipped(zip(), 8, 1), 8),
        (10, flipped(zip(), 10, 3), 10),
        (10, flipped(zip(), 13, 4), 13),
        (10, flipped(zip(), 11, 0xff), 11),
        (18, [vec![1, 2], flipped(pack(), 4, 3)].concat(), 6),
        (20, flipped(pack(), 0, 3), 0),
        (20, flipped(pack(), 8, 3), 8),
        (20, flipped(pack(), 9, 0xf5), 9),
        (11, flipped(intset(2, &[1, 2]), 0, 3), 0),
        (11, flipped(intset(2, &[1, 2]), 4, 3), 4),
        (11, string(&intset(2, &[2, 2])), 10),
        (9, string(b"\x02\x01f\x01\x00v\xff"), 0),
        (9, string(b"\x01\x01f\xff"), 3),
    ] {
        let found = error_in(kind, &bytes);
        assert_eq!(found, offset + 1, "{kind} {bytes:?}");
    }
}

#[test]
fn odd_pairs_and_scores_that_are_none_are_refused() {
    let nan = f64::NAN.to_le_bytes();
    let not = [b"\x01\x01m".as_slice(), &nan].concat();
    for (kind, bytes) in [
        (13, string(&ziplist(&[zl(b"f")]))),
        (16, string(&listpack(&[lp(b"f")]))),
        (17, string(&listpack(&[lp(b"m"), lp(b"nan")]))),
        (17, string(&listpack(&[lp(b"m"), lp(b"")]))),
        (12, string(&ziplist(&[zl(b"m"), zl(b"1x")]))),
        (3, b"\x01\x01m\xfd".to_vec()),
        (3, b"\x01\x01m\x021 ".to_vec()),
        (5, not),
    ] {
        error_in(kind, &bytes);
    }
}

#[test]
fn other_files_are_refused_at_their_start() {
    for (file, offset) in [
        (&b""[..], 0),
        (b"RED", 0),
        (b"REDIX0009", 0),
        (b"*1\r\n$4\r\nPING\r\n", 0),
        (b"REDIS00", 5),
        (b"REDIS00-9", 5),
    ] {
        assert_eq!(read(file).expect_err("it is refused").offset(), offset);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn random_bytes_are_survived(
        version in 1_u32..=12,
        kind in any::<u8>(),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        same_in_any_window(&Writer::new(version).raw([kind, 1, b'k']).raw(&bytes).end());
        same_in_any_window(&bytes);
    }

    #[test]
    fn random_structures_are_survived(
        kind in 9_u8..=25,
        header in 0_usize..3,
        bytes in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut blob = match header {
            0 => listpack(&[]),
            1 => ziplist(&[]),
            _ => intset(2, &[]),
        };
        blob.truncate([6, 10, 8][header]);
        blob.extend(&bytes);
        blob.push(255);
        let len = blob.len() as u32;
        if header < 2 {
            blob[..4].copy_from_slice(&len.to_le_bytes());
        }
        same_in_any_window(&unchecked(kind, &string(&blob)));
    }

    #[test]
    fn changed_encodings_are_survived(
        which in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        static CASES: LazyLock<Vec<Case>> = LazyLock::new(short_cases);
        let case = which.get(&CASES);
        let mut file = unchecked(case.kind, &case.bytes);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        same_in_any_window(&file);
    }
}
