//! Checking frames that stream by, without holding a body.

use alloc::vec::Vec;

use crate::log::{Expected, FRAME_LINE_LEN_MAX, Found, FrameError, FrameKind, FrameLine, Sequence};
use crate::units::Lsn;

/// Checks a stretch of a log that begins at a border between frames, fed in pieces of any size.
///
/// It holds one unfinished line at most. Used to check the gap that a rewrite copied.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Verifier {
    offset: u64,
    sequence: Sequence,
    state: State,
    first: Option<Lsn>,
    border: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum State {
    /// In a line, of which these bytes came.
    Line(Vec<u8>),
    /// In a body.
    Body {
        line: FrameLine,
        left: u64,
        sum: u32,
        offset: u64,
    },
    /// It failed.
    Failed(FrameError),
}

impl Verifier {
    /// A verifier of the frames from `offset` on, of which `sequence` says what must come next.
    #[must_use]
    pub const fn new(offset: u64, sequence: Sequence) -> Self {
        Self {
            offset,
            sequence,
            state: State::Line(Vec::new()),
            first: None,
            border: offset,
        }
    }

    /// Where the next byte comes from, in bytes from the file's start.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Where the last whole frame ends, in bytes from the file's start.
    #[must_use]
    pub const fn border(&self) -> u64 {
        self.border
    }

    /// Checks the bytes that come next.
    ///
    /// # Errors
    /// As soon as they cannot be frames in their right order; from then on the same error.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), FrameError> {
        while !bytes.is_empty() {
            let taken = self.feed_some(bytes).inspect_err(|error| {
                self.state = State::Failed(*error);
            })?;
            self.offset += taken as u64;
            if self.at_border() {
                self.border = self.offset;
            }
            bytes = &bytes[taken..];
        }
        match self.state {
            State::Failed(error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether all that came are whole, intact frames.
    #[must_use]
    pub fn at_border(&self) -> bool {
        matches!(&self.state, State::Line(line) if line.is_empty())
    }

    /// The first commit in a frame that came whole, if there was one.
    #[must_use]
    pub const fn first_lsn(&self) -> Option<Lsn> {
        self.first
    }

    /// The last commit so far.
    #[must_use]
    pub const fn last_lsn(&self) -> Lsn {
        self.sequence.last_lsn()
    }

    /// What the whole frames so far amount to.
    #[must_use]
    pub const fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    /// Takes a part of `bytes`, not empty, and says how long it was.
    fn feed_some(&mut self, bytes: &[u8]) -> Result<usize, FrameError> {
        match &mut self.state {
            State::Failed(error) => Err(*error),
            State::Line(line) => {
                let taken = line_part(bytes, FRAME_LINE_LEN_MAX - line.len());
                line.extend_from_slice(&bytes[..taken]);
                if line.last() != Some(&b'\n') && line.len() < FRAME_LINE_LEN_MAX {
                    return Ok(taken);
                }
                let offset = self.offset + taken as u64 - line.len() as u64;
                let parsed = FrameLine::parse(line).map_err(|error| error.in_file(offset))?;
                self.sequence
                    .check(&parsed)
                    .map_err(|mismatch| mismatch.in_file(offset))?;
                self.state = State::Body {
                    line: parsed,
                    left: parsed.len,
                    sum: 0,
                    offset: self.offset + taken as u64,
                };
                self.end_body()?;
                Ok(taken)
            }
            State::Body { left, sum, .. } => {
                let taken = (*left).min(bytes.len() as u64) as usize;
                let mut hasher = crc32fast::Hasher::new_with_initial(*sum);
                hasher.update(&bytes[..taken]);
                *sum = hasher.finalize();
                *left -= taken as u64;
                self.end_body()?;
                Ok(taken)
            }
        }
    }

    /// Admits the frame whose body has ended, if it has.
    fn end_body(&mut self) -> Result<(), FrameError> {
        let State::Body {
            line,
            left: 0,
            sum,
            offset,
        } = self.state
        else {
            return Ok(());
        };
        if sum != line.sum {
            return Err(FrameError {
                offset,
                expected: Expected::BodyChecksum(line.sum),
                found: Found::Checksum(sum),
            });
        }
        self.sequence.follow(&line);
        if line.meta.kind == FrameKind::Commits {
            self.first.get_or_insert(line.meta.lsn);
        }
        self.state = State::Line(Vec::new());
        Ok(())
    }
}

/// How many of `bytes` belong to the line that is being read: up to its LF, at most `most`.
fn line_part(bytes: &[u8], most: usize) -> usize {
    let near = &bytes[..bytes.len().min(most)];
    match near.iter().position(|byte| *byte == b'\n') {
        Some(at) => at + 1,
        None => near.len(),
    }
}
