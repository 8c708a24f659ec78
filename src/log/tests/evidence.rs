use alloc::vec::Vec;

use super::{IDENTITY, meta, small_log};
use crate::log::{Evidence, FrameKind, FrameMeta, encode_frame};
use crate::units::{Identity, Incarnation, Lsn};

fn search(bytes: &[u8], piece_len: usize) -> (u64, Lsn) {
    let mut evidence = Evidence::new(IDENTITY);
    for piece in bytes.chunks(piece_len) {
        evidence.feed(piece);
    }
    (evidence.lines(), evidence.watermark())
}

#[test]
fn every_line_is_found_once_in_pieces_of_any_size() {
    let log = small_log();
    for piece_len in (1..600).chain([1 << 20]) {
        assert_eq!(
            search(&log.bytes, piece_len),
            (9, Lsn(8)),
            "pieces of {piece_len}"
        );
    }
}

#[test]
fn line_counts_without_its_body_and_wherever_it_begins() {
    let log = small_log();
    let line_start = log.borders[7] as usize;
    let body_len = log.lines[7].len as usize;
    let line = &log.bytes[line_start..log.borders[8] as usize - body_len];
    let mut bytes = Vec::from(&b"garbage without an end#~##~com"[..]);
    bytes.extend_from_slice(line);
    bytes.extend_from_slice(&[0; 9]);
    for piece_len in 1..300 {
        assert_eq!(search(&bytes, piece_len), (1, Lsn(7)));
    }
    assert_eq!(search(&bytes[..bytes.len() - 11], 64), (0, Lsn(0)));
}

#[test]
fn lines_of_another_history_do_not_count() {
    let mut bytes = Vec::new();
    let other = FrameMeta {
        identity: Identity(8),
        watermark: Lsn(90),
        ..meta(FrameKind::Mark, 90, 0)
    };
    encode_frame(&other, b"", &mut bytes);
    assert_eq!(search(&bytes, 1_000), (0, Lsn(0)));
}

#[test]
fn base_seen_outside_its_place_proves_its_watermark_alone() {
    let mut bytes = Vec::new();
    let end = FrameMeta {
        watermark: Lsn(3),
        incarnation: Incarnation(6),
        ..meta(FrameKind::End, 8, 0)
    };
    encode_frame(&end, b"", &mut bytes);
    let mut evidence = Evidence::new(IDENTITY);
    evidence.feed(&bytes);
    assert_eq!(evidence.watermark(), Lsn(3));
    assert_eq!(evidence.incarnation(), Incarnation(6));
}
