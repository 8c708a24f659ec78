//! What may be learnt from bytes behind damage: how far the log was durable.

use alloc::vec::Vec;

use crate::log::{FRAME_LINE_LEN_MAX, Found, FrameLine};
use crate::units::{Identity, Incarnation, Lsn};

/// Looks for frame lines of one identity in bytes that are not trusted as frames.
///
/// A line that parses, its checksum right, tells the truth about its watermark, also where it
/// stands inside a payload, cut off from its body, or behind a hole: it was written by this history,
/// when that watermark was durable. It is never taken as a commit. Bytes are fed in pieces of any
/// size; the work is linear in their number, the memory bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    identity: Identity,
    tail: Vec<u8>,
    lines: u64,
    watermark: Lsn,
    incarnation: Incarnation,
}

impl Evidence {
    /// A search for lines of this identity.
    #[must_use]
    pub const fn new(identity: Identity) -> Self {
        Self {
            identity,
            tail: Vec::new(),
            lines: 0,
            watermark: Lsn(0),
            incarnation: Incarnation(0),
        }
    }

    /// Searches the bytes that come next.
    pub fn feed(&mut self, bytes: &[u8]) {
        let tail_len = self.tail.len();
        let joined = bytes.len().min(FRAME_LINE_LEN_MAX);
        let mut border = core::mem::take(&mut self.tail);
        border.extend_from_slice(&bytes[..joined]);
        let unfinished = if joined == bytes.len() {
            let end = border.len();
            self.search(&border, end)
                .map(|start| border.split_off(start))
        } else {
            self.search(&border, tail_len);
            self.search(bytes, bytes.len())
                .map(|start| bytes[start..].to_vec())
        };
        self.tail = unfinished.unwrap_or_default();
    }

    /// How many lines were found.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// The largest watermark in any of them; 0 without one.
    #[must_use]
    pub const fn watermark(&self) -> Lsn {
        self.watermark
    }

    /// The largest incarnation in any of them; 0 without one.
    #[must_use]
    pub const fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// Takes every line in `bytes` that begins before `end`; says where one begins that `bytes`
    /// end within.
    fn search(&mut self, bytes: &[u8], end: usize) -> Option<usize> {
        let mut at = 0;
        while let Some(found) = bytes[at..].iter().position(|byte| *byte == b'#') {
            at += found;
            match FrameLine::parse_prefix(&bytes[at..]) {
                Err(error) if error.found == Found::End => return Some(at),
                Ok((line, _)) if at < end => self.take(&line),
                _ => {}
            }
            at += 1;
        }
        None
    }

    fn take(&mut self, line: &FrameLine) {
        if line.meta.identity == self.identity {
            self.lines += 1;
            self.watermark = self.watermark.max(line.meta.watermark);
            self.incarnation = self.incarnation.max(line.meta.incarnation);
        }
    }
}
