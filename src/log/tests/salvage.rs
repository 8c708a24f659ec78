//! Salvage of files that somebody made so that it takes long. Each would take minutes if the work grew
//! with the square of the file's length; here all take seconds, built without optimisation too.

use super::*;
use crate::log::salvage;

const LINES: u64 = 60_000;

fn header() -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_header(&Header { identity: IDENTITY }, &mut bytes);
    bytes
}

#[test]
fn lines_that_lie_about_the_rest_of_the_file_are_passed_over() {
    let mut bytes = header();
    let commits = meta(FrameKind::Commits, 1, 1);
    for number in (1..=LINES).rev() {
        let line = FrameLine {
            meta: commits,
            len: number * 100,
            sum: 7,
        };
        line.encode(&mut bytes);
    }
    let lies_end = bytes.len();
    encode_frame(&commits, b"commit 1", &mut bytes);
    bytes.resize(bytes.len() + 100, b'x');
    let found = salvage(&bytes).unwrap();
    let offsets: Vec<_> = found.commits.iter().map(|it| it.offset).collect();
    assert_eq!(offsets, [lies_end]);
    assert_eq!(found.holes.len(), 2);
}

#[test]
fn as_many_openings_as_frames_are_put_in_order() {
    let mut bytes = header();
    for number in 1..=LINES {
        let commits = FrameMeta {
            incarnation: Incarnation(number),
            ..meta(FrameKind::Commits, number, 1)
        };
        encode_frame(&commits, b"a commit", &mut bytes);
    }
    // The last opening gives every second number again.
    let again = FrameMeta {
        incarnation: Incarnation(LINES + 1),
        ..meta(FrameKind::Open, LINES / 2, 0)
    };
    encode_frame(&again, b"", &mut bytes);
    let found = salvage(&bytes).unwrap();
    assert_eq!(found.commits.len() as u64, LINES / 2);
    assert_eq!(found.superseded, LINES / 2);
}

#[test]
fn as_many_bases_as_frames_are_told_apart() {
    let mut bytes = header();
    for number in 1..=LINES / 2 {
        encode_frame(&meta(FrameKind::Base, number, 0), b"a chunk", &mut bytes);
        // All but one lack a chunk.
        let chunks = 1 + u64::from(number != 100);
        encode_frame(&meta(FrameKind::End, number, chunks), b"", &mut bytes);
    }
    let found = salvage(&bytes).unwrap();
    assert_eq!(found.base_lsn, Lsn(100));
    assert_eq!(found.base.len(), 1);
}

#[test]
fn an_opening_behind_the_last_number_is_no_panic() {
    let mut bytes = header();
    encode_frame(&meta(FrameKind::Open, u64::MAX, 0), b"", &mut bytes);
    encode_frame(&meta(FrameKind::Commits, 3, 1), b"commit 3", &mut bytes);
    assert_eq!(salvage(&bytes).unwrap().commits.len(), 1);
}
