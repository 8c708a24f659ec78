//! What was expected in a log, what was found, and where.

use core::fmt;

use crate::log::FrameKind;
use crate::units::{Identity, Incarnation, Lsn};

/// Bytes of a log that are not what they must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("offset {offset}: expected {expected}, found {found}")]
pub struct FrameError {
    /// Where in the file, in bytes from its start.
    pub offset: u64,
    /// What must be there.
    pub expected: Expected,
    /// What is there.
    pub found: Found,
}

impl FrameError {
    /// Whether the file ends within a line or a body whose beginning may be right.
    #[must_use]
    pub const fn is_cut_off(&self) -> bool {
        matches!(self.found, Found::End | Found::Left(_))
    }

    /// Whether the file was written by a newer version of this format.
    #[must_use]
    pub const fn is_newer_version(&self) -> bool {
        match (self.expected, self.found) {
            (Expected::Version(known), Found::Number(version)) => version > known,
            _ => false,
        }
    }
}

/// A line that is not a header or a frame's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("byte {at} of the line: expected {expected}, found {found}")]
pub struct LineError {
    /// Where in the line, in bytes from its start.
    pub at: usize,
    /// What must be there.
    pub expected: Expected,
    /// What is there; [`Found::End`] if the bytes so far could begin a line.
    pub found: Found,
}

impl LineError {
    /// The same error, of a line that begins at `line_offset` in its file.
    #[must_use]
    pub const fn in_file(self, line_offset: u64) -> FrameError {
        FrameError {
            offset: line_offset + self.at as u64,
            expected: self.expected,
            found: self.found,
        }
    }
}

/// What must be at a place in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expected {
    /// These bytes.
    Text(&'static str),
    /// The name of a frame's kind.
    Kind,
    /// A decimal number below 2^64 without sign or leading zeros.
    Number,
    /// A hexadecimal digit in lower case.
    HexDigit,
    /// The end of the line's bytes.
    LineEnd,
    /// The checksum of the line so far.
    LineChecksum(u32),
    /// The checksum of the body.
    BodyChecksum(u32),
    /// This format version or an older one.
    Version(u64),
    /// A frame of a kind that has a body.
    Body,
    /// A body of so many bytes.
    BodyLen(u64),
    /// A frame of this kind without a body.
    NoBody(FrameKind),
    /// A count other than zero.
    CountOfCommits,
    /// A count of zero.
    CountZero(FrameKind),
    /// Commits numbered from 1 and below 2^64.
    CommitNumbers,
    /// A watermark of at most this.
    WatermarkUpTo(Lsn),
    /// A frame of this history.
    Identity(Identity),
    /// An incarnation of at least this.
    IncarnationFrom(Incarnation),
    /// This incarnation, as only an open frame may raise it.
    Incarnation(Incarnation),
    /// A frame of the base, or its end.
    BaseOrEnd,
    /// A frame behind the base.
    BehindBase,
    /// The base's chunk of this number.
    BaseChunk(u64),
    /// So many chunks in the base.
    BaseChunks(u64),
    /// A base that holds the commits up to this one.
    BaseOf(Lsn),
    /// This commit as the frame's first.
    NextCommit(Lsn),
    /// This commit as the last so far.
    LastCommit(Lsn),
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Text(text) => write!(f, "\"{}\"", text.escape_default()),
            Self::Kind => f.write_str("a frame's kind (open, base, end, commits, mark)"),
            Self::Number => f.write_str("a number below 2^64 without sign or leading zeros"),
            Self::HexDigit => f.write_str("a hexadecimal digit in lower case"),
            Self::LineEnd => f.write_str("the end of the line"),
            Self::LineChecksum(sum) => write!(f, "the line's checksum {sum:08x}"),
            Self::BodyChecksum(sum) => write!(f, "a body with the checksum {sum:08x}"),
            Self::Version(version) => write!(f, "format version {version}"),
            Self::Body => f.write_str("a frame with a body"),
            Self::BodyLen(len) => write!(f, "a body of {len} bytes"),
            Self::NoBody(kind) => write!(f, "a frame of kind {kind} without a body"),
            Self::CountOfCommits => f.write_str("at least one commit in the frame"),
            Self::CountZero(kind) => write!(f, "a frame of kind {kind} with n=0"),
            Self::CommitNumbers => f.write_str("commits numbered from 1 and below 2^64"),
            Self::WatermarkUpTo(lsn) => write!(f, "a watermark of at most {lsn}"),
            Self::Identity(identity) => write!(f, "identity {identity}"),
            Self::IncarnationFrom(incarnation) => write!(f, "incarnation {incarnation} or later"),
            Self::Incarnation(incarnation) => {
                write!(f, "incarnation {incarnation} until an open frame")
            }
            Self::BaseOrEnd => f.write_str("a frame of kind base or end"),
            Self::BehindBase => f.write_str("a frame of kind open, commits or mark"),
            Self::BaseChunk(number) => write!(f, "chunk {number} of the base"),
            Self::BaseChunks(count) => write!(f, "an end of the base after {count} chunks"),
            Self::BaseOf(lsn) => write!(f, "a base up to commit {lsn}"),
            Self::NextCommit(lsn) => write!(f, "commit {lsn}"),
            Self::LastCommit(lsn) => write!(f, "commit {lsn} as the last so far"),
        }
    }
}

/// What is at a place in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Found {
    /// Nothing: the bytes end here.
    End,
    /// So many bytes up to the end of the file.
    Left(u64),
    /// This byte.
    Byte(u8),
    /// This number.
    Number(u64),
    /// This checksum.
    Checksum(u32),
    /// This identity.
    Identity(Identity),
    /// A frame of this kind.
    Kind(FrameKind),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::End => f.write_str("the end"),
            Self::Left(len) => write!(f, "{len} bytes up to the end of the file"),
            Self::Byte(byte) => write!(f, "'{}'", byte.escape_ascii()),
            Self::Number(number) => write!(f, "{number}"),
            Self::Checksum(sum) => write!(f, "{sum:08x}"),
            Self::Identity(identity) => write!(f, "{identity}"),
            Self::Kind(kind) => write!(f, "a frame of kind {kind}"),
        }
    }
}
