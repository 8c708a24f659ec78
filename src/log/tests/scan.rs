use alloc::string::ToString;
use alloc::vec::Vec;

use super::{scan, small_log};
use crate::log::{Expected, Found, FrameError, FrameLine, HEADER_LEN, Scanner, Step};
use crate::sabotage::Saboteur;
use crate::units::Lsn;

#[test]
fn whole_file_is_read_to_its_end_through_windows_of_any_size() {
    let log = small_log();
    for extra in [0, 1, 7, 100, 1 << 20] {
        assert_eq!(scan(&log.bytes, extra), (log.lines.clone(), Step::End));
    }
}

#[test]
fn frame_says_where_it_is() {
    let log = small_log();
    let mut scanner = Scanner::new(Saboteur::NONE);
    let mut window = &log.bytes[..];
    assert!(matches!(
        scanner.step(window, window.len() as u64),
        Step::Header {
            len: HEADER_LEN,
            ..
        }
    ));
    window = &window[HEADER_LEN..];
    for (line, border) in log.lines.iter().zip(&log.borders) {
        let Step::Frame(frame) = scanner.step(window, window.len() as u64) else {
            panic!("no frame at {border}");
        };
        assert_eq!((frame.line, frame.offset), (*line, *border));
        let body = &window[frame.body.clone()];
        assert_eq!(
            (body.len() as u64, crc32fast::hash(body)),
            (line.len, line.sum)
        );
        window = &window[frame.body.end..];
    }
    let sequence = scanner.sequence().expect("a header was read");
    assert_eq!(sequence.last_lsn(), Lsn(9));
    assert_eq!(sequence.watermark(), Lsn(8));
}

#[test]
fn cut_anywhere_yields_the_whole_frames_before_it() {
    let log = small_log();
    for len in 0..log.bytes.len() {
        let (lines, end) = scan(&log.bytes[..len], 0);
        let whole = log.borders[1..]
            .iter()
            .filter(|end| **end <= len as u64)
            .count();
        assert_eq!(lines, log.lines[..whole], "cut at {len}");
        match end {
            Step::End => assert!(log.borders.contains(&(len as u64)), "cut at {len}"),
            Step::Bad(error) => assert!(error.is_cut_off(), "cut at {len}: {error}"),
            other => panic!("cut at {len}: {other:?}"),
        }
    }
}

#[test]
fn flipped_byte_is_noticed_in_its_frame() {
    let log = small_log();
    for at in 0..log.bytes.len() {
        let whole = log.borders[1..]
            .iter()
            .filter(|end| **end <= at as u64)
            .count();
        for flip in [0x01, 0x20, 0x80, 0xff] {
            let mut bytes = log.bytes.clone();
            bytes[at] ^= flip;
            let (lines, end) = scan(&bytes, 0);
            assert_eq!(lines, log.lines[..whole], "byte {at} flipped by {flip}");
            assert!(matches!(end, Step::Bad(_)), "byte {at}: {end:?}");
        }
    }
}

#[test]
fn zeros_behind_a_frame_are_bad_at_their_first_byte() {
    let mut log = small_log();
    let end = log.bytes.len() as u64;
    log.bytes.resize(log.bytes.len() + 5_000, 0);
    let (lines, bad) = scan(&log.bytes, 0);
    assert_eq!(lines, log.lines);
    let error = FrameError {
        offset: end,
        expected: Expected::Text("#~"),
        found: Found::Byte(0),
    };
    assert_eq!(bad, Step::Bad(error));
}

#[test]
fn length_that_lies_costs_nothing() {
    let log = small_log();
    let mut bytes = log.bytes.clone();
    let line = FrameLine {
        len: u64::MAX,
        ..log.lines[3]
    };
    bytes.truncate(log.borders[3] as usize);
    line.encode(&mut bytes);
    let body_offset = bytes.len() as u64;
    bytes.extend_from_slice(b"commit 5");
    let (lines, bad) = scan(&bytes, 0);
    assert_eq!(lines, log.lines[..3]);
    let Step::Bad(error) = bad else {
        panic!("{bad:?}");
    };
    assert_eq!((error.offset, error.found), (body_offset, Found::Left(8)));
    assert!(error.is_cut_off());
    assert!(
        error
            .to_string()
            .ends_with("found 8 bytes up to the end of the file")
    );
}

#[test]
fn scanner_stays_before_what_is_bad() {
    let log = small_log();
    let cut = log.bytes.len() - 1;
    let mut scanner = Scanner::new(Saboteur::NONE);
    let mut ends = Vec::new();
    for _ in 0..14 {
        let window = &log.bytes[scanner.offset() as usize..cut];
        if let Step::Bad(error) = scanner.step(window, window.len() as u64) {
            ends.push((error, scanner.offset()));
        }
    }
    assert_eq!(ends.len(), 14 - log.lines.len());
    assert!(ends.iter().all(|(_, offset)| *offset == log.borders[8]));
}

#[test]
fn repeated_frame_is_refused() {
    let log = small_log();
    let repeat = log.bytes[log.borders[7] as usize..log.borders[8] as usize].to_vec();
    let mut bytes = log.bytes.clone();
    bytes.extend_from_slice(&repeat);
    let (lines, bad) = scan(&bytes, 0);
    assert_eq!(lines, log.lines);
    let error = FrameError {
        offset: log.bytes.len() as u64,
        expected: Expected::NextCommit(Lsn(10)),
        found: Found::Number(8),
    };
    assert_eq!(bad, Step::Bad(error));
}

#[test]
fn empty_file_has_no_header() {
    let (lines, bad) = scan(b"", 0);
    assert_eq!(lines, []);
    assert!(matches!(bad, Step::Bad(error) if error.offset == 0 && error.is_cut_off()));
}
