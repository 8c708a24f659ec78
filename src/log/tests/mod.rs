//! Tests of the log, and the small file that they share.

mod evidence;
mod line;
mod proptests;
mod salvage;
mod scan;
mod sequence;
mod verify;

use alloc::vec;
use alloc::vec::Vec;

use crate::log::{
    FrameKind, FrameLine, FrameMeta, Header, Scanner, Step, encode_frame, encode_header,
};
use crate::sabotage::Saboteur;
use crate::units::{Identity, Incarnation, Lsn, WallMillis};

const IDENTITY: Identity = Identity(0x0123_4567_89ab_cdef);

/// A frame of the first incarnation, written when nothing was known durable.
fn meta(kind: FrameKind, lsn: u64, count: u64) -> FrameMeta {
    FrameMeta {
        kind,
        identity: IDENTITY,
        lsn: Lsn(lsn),
        count,
        keys: 0,
        incarnation: Incarnation(1),
        watermark: Lsn(0),
        wall: WallMillis(1_700_000_000_000),
    }
}

/// A file with a base up to commit 4, two openings, and commits up to 9.
struct SmallLog {
    bytes: Vec<u8>,
    lines: Vec<FrameLine>,
    /// Where each frame begins, and the end.
    borders: Vec<u64>,
}

fn small_log() -> SmallLog {
    let mut bytes = Vec::new();
    encode_header(&Header { identity: IDENTITY }, &mut bytes);
    let second = |frame: FrameMeta, watermark| FrameMeta {
        incarnation: Incarnation(2),
        watermark: Lsn(watermark),
        ..frame
    };
    let end = FrameMeta {
        keys: 2,
        ..meta(FrameKind::End, 4, 2)
    };
    let frames: Vec<(FrameMeta, &[u8])> = vec![
        (meta(FrameKind::Base, 4, 0), b"base, chunk 0\r\n"),
        (meta(FrameKind::Base, 4, 1), b"base, chunk 1\r\n"),
        (end, b""),
        (meta(FrameKind::Commits, 5, 1), b"commit 5"),
        (meta(FrameKind::Commits, 6, 2), b"commits 6 and 7\r\n"),
        (second(meta(FrameKind::Open, 7, 0), 4), b""),
        (second(meta(FrameKind::Mark, 7, 0), 7), b""),
        (second(meta(FrameKind::Commits, 8, 2), 7), b"#~commits 8, 9"),
        (second(meta(FrameKind::Mark, 9, 0), 8), b""),
    ];
    let mut lines = Vec::new();
    let mut borders = vec![bytes.len() as u64];
    for (meta, body) in frames {
        lines.push(encode_frame(&meta, body, &mut bytes));
        borders.push(bytes.len() as u64);
    }
    SmallLog {
        bytes,
        lines,
        borders,
    }
}

/// Scans a whole file, with windows that hold what was asked for and `extra` bytes more, and
/// returns the lines of its frames and how it ended.
fn scan(file: &[u8], extra: usize) -> (Vec<FrameLine>, Step) {
    let mut scanner = Scanner::new(Saboteur::NONE);
    let mut lines = Vec::new();
    let mut window_len = 0;
    loop {
        let left = &file[scanner.offset() as usize..];
        let window = &left[..left.len().min(window_len)];
        match scanner.step(window, left.len() as u64) {
            Step::Header { .. } => {}
            Step::Frame(frame) => lines.push(frame.line),
            Step::NeedMore(len) => {
                assert!(len > window.len(), "asks for more than it has");
                assert!(len <= left.len(), "asks for no more than there is");
                window_len = len + extra;
            }
            end => return (lines, end),
        }
    }
}
