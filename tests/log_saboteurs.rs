//! The log's seeded bugs do what their names say; each needs the hidden feature.
#![cfg(feature = "sabotage")]

use indelible::log::{FrameKind, FrameMeta, Header, Scanner, Step, encode_frame, encode_header};
use indelible::sabotage::Saboteur;
use indelible::units::{Identity, Incarnation, Lsn, WallMillis};

/// A header, the end of an empty base, and three commits; and where each of these begins.
fn file() -> (Vec<u8>, Vec<usize>) {
    let identity = Identity(5);
    let mut bytes = Vec::new();
    encode_header(&Header { identity }, &mut bytes);
    let mut starts = Vec::new();
    for lsn in 0..4 {
        let meta = FrameMeta {
            kind: if lsn == 0 {
                FrameKind::End
            } else {
                FrameKind::Commits
            },
            identity,
            lsn: Lsn(lsn),
            count: lsn.min(1),
            keys: 0,
            incarnation: Incarnation(1),
            watermark: Lsn(0),
            wall: WallMillis(0),
        };
        starts.push(bytes.len());
        let body: &[u8] = if lsn == 0 {
            b""
        } else {
            b"*1\r\n$4\r\nPING\r\n"
        };
        encode_frame(&meta, body, &mut bytes);
    }
    starts.push(bytes.len());
    (bytes, starts)
}

/// The commits that a scanner with this seeded bug lets pass.
fn commits(bytes: &[u8], saboteur: u32) -> Vec<u64> {
    let mut scanner = Scanner::new(Saboteur::new(saboteur));
    let mut lsns = Vec::new();
    loop {
        let window = &bytes[scanner.offset() as usize..];
        match scanner.step(window, window.len() as u64) {
            Step::Header { .. } => {}
            Step::Frame(frame) => lsns.push(frame.line.meta.lsn.0),
            _ => return lsns,
        }
    }
}

#[test]
fn a_stale_frame_is_taken_for_the_next() {
    let (mut bytes, starts) = file();
    bytes.extend_from_within(starts[1]..starts[2]);
    assert_eq!(commits(&bytes, 0), [0, 1, 2, 3]);
    assert_eq!(commits(&bytes, 31), [0, 1, 2, 3, 4]);
}

#[test]
fn zeros_are_skipped() {
    let (mut bytes, starts) = file();
    bytes[starts[2]..starts[3]].fill(0);
    assert_eq!(commits(&bytes, 0), [0, 1]);
    assert_eq!(commits(&bytes, 34), [0, 1, 3]);
}

#[test]
fn length_is_trusted_before_the_checksum() {
    let (mut bytes, starts) = file();
    bytes[starts[3] - 1] = 0;
    assert_eq!(commits(&bytes, 0), [0, 1]);
    assert_eq!(commits(&bytes, 35), [0, 1, 2, 3]);
}

#[test]
fn scan_goes_on_at_the_next_header() {
    let (mut bytes, starts) = file();
    bytes[starts[2] + 7] ^= 1;
    assert_eq!(commits(&bytes, 0), [0, 1]);
    assert_eq!(commits(&bytes, 36), [0, 1, 3]);
}
