//! The two kinds of annotation line, and their one encoding.

use alloc::vec::Vec;
use core::fmt;

use crate::limits;
use crate::log::text::{Cursor, write_checksum_and_end, write_decimal, write_hex};
use crate::log::{Expected, Found, LineError};
use crate::units::{Identity, Incarnation, Lsn, WallMillis};

/// The format version that is written; a newer one is refused.
pub const VERSION: u64 = 1;
/// Bytes of a header line, its CRLF included.
pub const HEADER_LEN: usize = 49;
/// Longest frame line, its CRLF included, in bytes.
pub const FRAME_LINE_LEN_MAX: usize = 256;

const _: () = assert!(
    FRAME_LINE_LEN_MAX <= limits::LINE_LEN_MAX,
    "Redis skips any line of ours"
);

const HEADER_START: &str = "#indelible v=";

/// The first line of a file: its format version and whose history it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// The history.
    pub identity: Identity,
}

impl Header {
    /// Reads the header at the start of `bytes`; it is [`HEADER_LEN`] long.
    ///
    /// # Errors
    /// At the first byte that no header has there; [`Found::End`] if more bytes are needed.
    pub fn parse_prefix(bytes: &[u8]) -> Result<Self, LineError> {
        let mut cursor = Cursor::new(bytes);
        cursor.text(HEADER_START)?;
        let at = cursor.at();
        let version = cursor.number()?;
        if version != VERSION && !cursor.rest().is_empty() {
            return Err(LineError {
                at,
                expected: Expected::Version(VERSION),
                found: Found::Number(version),
            });
        }
        cursor.text(" id=")?;
        let identity = Identity(cursor.hex::<16>()?);
        cursor.checksum_and_end()?;
        Ok(Self { identity })
    }
}

/// Whether a file that begins with `bytes` calls itself a log of this crate.
#[must_use]
pub fn is_log(bytes: &[u8]) -> bool {
    bytes.starts_with(HEADER_START.as_bytes())
}

/// Appends `header` to `out`.
pub fn encode_header(header: &Header, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(HEADER_START.as_bytes());
    write_decimal(out, VERSION);
    out.extend_from_slice(b" id=");
    write_hex::<16>(out, header.identity.0);
    write_checksum_and_end(out, start);
    assert_eq!(out.len() - start, HEADER_LEN, "a header has one length");
}

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// An opening of the file began: its incarnation is durable before its first commit.
    Open,
    /// One chunk of the keyspace as it was after a commit.
    Base,
    /// The base is complete.
    End,
    /// Commits, contiguous.
    Commits,
    /// Nothing but a newer watermark.
    Mark,
}

impl FrameKind {
    const ALL: [Self; 5] = [Self::Open, Self::Base, Self::End, Self::Commits, Self::Mark];

    /// Its name in a frame's line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Base => "base",
            Self::End => "end",
            Self::Commits => "commits",
            Self::Mark => "mark",
        }
    }

    /// Whether frames of this kind cover bytes.
    #[must_use]
    pub const fn has_body(self) -> bool {
        matches!(self, Self::Base | Self::Commits)
    }

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, LineError> {
        let rest = cursor.rest();
        for kind in Self::ALL {
            if rest.starts_with(kind.as_str().as_bytes()) {
                cursor.text(kind.as_str())?;
                return Ok(kind);
            }
        }
        let unfinished = |kind: Self| kind.as_str().as_bytes().starts_with(rest);
        Err(LineError {
            found: match rest.first() {
                Some(byte) if !Self::ALL.into_iter().any(unfinished) => Found::Byte(*byte),
                _ => Found::End,
            },
            ..cursor.unexpected(Expected::Kind)
        })
    }
}

impl fmt::Display for FrameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a writer says about a frame; length and checksum follow from its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameMeta {
    /// What the frame is for.
    pub kind: FrameKind,
    /// Whose history it belongs to.
    pub identity: Identity,
    /// `commits`: the first one's number. `base`, `end`: the last commit that the base holds.
    /// `open`, `mark`: the last commit so far.
    pub lsn: Lsn,
    /// `commits`: how many, at least 1. `base`: the chunk's number, from 0. `end`: how many chunks.
    /// Otherwise 0.
    pub count: u64,
    /// `end`: how many keys the base holds. Otherwise 0.
    pub keys: u64,
    /// The opening in which the frame was written.
    pub incarnation: Incarnation,
    /// Up to which commit all were known durable when the frame was written; less than any commit
    /// in it.
    pub watermark: Lsn,
    /// When it was written.
    pub wall: WallMillis,
}

impl FrameMeta {
    /// The last commit once this frame is in the log.
    #[must_use]
    pub const fn last_lsn(&self) -> Lsn {
        match self.kind {
            FrameKind::Commits => Lsn(self.lsn.0.saturating_add(self.count.saturating_sub(1))),
            _ => self.lsn,
        }
    }

    /// The rules that a frame keeps by itself.
    fn check(&self, len: u64) -> Result<(), LineError> {
        let refuse = |expected, number| Err(Cursor::refuse(expected, Found::Number(number)));
        match self.kind {
            FrameKind::Open | FrameKind::Mark if self.count != 0 => {
                return refuse(Expected::CountZero(self.kind), self.count);
            }
            FrameKind::Commits if self.count == 0 => {
                return refuse(Expected::CountOfCommits, self.count);
            }
            FrameKind::Commits
                if self.lsn.0 == 0 || self.lsn.0.checked_add(self.count).is_none() =>
            {
                return refuse(Expected::CommitNumbers, self.lsn.0);
            }
            _ => {}
        }
        if self.kind.has_body() && len == 0 {
            return refuse(Expected::Body, len);
        }
        if !self.kind.has_body() && len != 0 {
            return refuse(Expected::NoBody(self.kind), len);
        }
        let watermark_max = match self.kind {
            FrameKind::Commits => Lsn(self.lsn.0 - 1),
            _ => self.lsn,
        };
        if self.watermark > watermark_max {
            return refuse(Expected::WatermarkUpTo(watermark_max), self.watermark.0);
        }
        Ok(())
    }
}

/// A frame's line: what the writer said, and the length and checksum of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameLine {
    /// What the writer said.
    pub meta: FrameMeta,
    /// Bytes of the body.
    pub len: u64,
    /// CRC-32 of the body.
    pub sum: u32,
}

impl FrameLine {
    /// The line of a frame with this body.
    ///
    /// # Panics
    /// If `meta` breaks a rule that its fields state, or its kind and the body do not fit.
    #[must_use]
    pub fn new(meta: FrameMeta, body: &[u8]) -> Self {
        Self::of_body(meta, body.len() as u64, crc32fast::hash(body))
    }

    /// The line of a frame whose body is `len` bytes long and has the CRC-32 `sum`.
    ///
    /// # Panics
    /// As [`FrameLine::new`].
    #[must_use]
    pub fn of_body(meta: FrameMeta, len: u64, sum: u32) -> Self {
        if let Err(error) = meta.check(len) {
            panic!("a frame that cannot be read back: {error}");
        }
        assert!(
            meta.kind == FrameKind::End || meta.keys == 0,
            "only the end of a base counts keys"
        );
        Self { meta, len, sum }
    }

    /// Appends the line to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let meta = &self.meta;
        let start = out.len();
        out.extend_from_slice(b"#~");
        out.extend_from_slice(meta.kind.as_str().as_bytes());
        out.extend_from_slice(b" id=");
        write_hex::<16>(out, meta.identity.0);
        out.extend_from_slice(b" lsn=");
        write_decimal(out, meta.lsn.0);
        out.extend_from_slice(b" n=");
        write_decimal(out, meta.count);
        if meta.kind == FrameKind::End {
            out.extend_from_slice(b" keys=");
            write_decimal(out, meta.keys);
        }
        out.extend_from_slice(b" len=");
        write_decimal(out, self.len);
        out.extend_from_slice(b" inc=");
        write_decimal(out, meta.incarnation.0);
        out.extend_from_slice(b" wm=");
        write_decimal(out, meta.watermark.0);
        out.extend_from_slice(b" ts=");
        write_decimal(out, meta.wall.0);
        out.extend_from_slice(b" sum=");
        write_hex::<8>(out, u64::from(self.sum));
        write_checksum_and_end(out, start);
    }

    /// Reads a line, its CRLF included.
    ///
    /// # Errors
    /// At the first byte that no frame's line has there, or that comes after its end.
    pub fn parse(line: &[u8]) -> Result<Self, LineError> {
        let (parsed, len) = Self::parse_prefix(line)?;
        match line.get(len) {
            None => Ok(parsed),
            Some(byte) => Err(LineError {
                at: len,
                expected: Expected::LineEnd,
                found: Found::Byte(*byte),
            }),
        }
    }

    /// Reads the line at the start of `bytes` and says how long it is, its CRLF included.
    ///
    /// # Errors
    /// At the first byte that no frame's line has there; [`Found::End`] if more bytes are needed,
    /// which is never so when there are [`FRAME_LINE_LEN_MAX`].
    pub fn parse_prefix(bytes: &[u8]) -> Result<(Self, usize), LineError> {
        let mut cursor = Cursor::new(bytes);
        cursor.text("#~")?;
        let kind = FrameKind::parse(&mut cursor)?;
        cursor.text(" id=")?;
        let identity = Identity(cursor.hex::<16>()?);
        cursor.text(" lsn=")?;
        let lsn = Lsn(cursor.number()?);
        cursor.text(" n=")?;
        let count = cursor.number()?;
        let mut keys = 0;
        if kind == FrameKind::End {
            cursor.text(" keys=")?;
            keys = cursor.number()?;
        }
        cursor.text(" len=")?;
        let len = cursor.number()?;
        cursor.text(" inc=")?;
        let incarnation = Incarnation(cursor.number()?);
        cursor.text(" wm=")?;
        let watermark = Lsn(cursor.number()?);
        cursor.text(" ts=")?;
        let wall = WallMillis(cursor.number()?);
        cursor.text(" sum=")?;
        let sum = cursor.hex::<8>()? as u32;
        cursor.checksum_and_end()?;
        let meta = FrameMeta {
            kind,
            identity,
            lsn,
            count,
            keys,
            incarnation,
            watermark,
            wall,
        };
        meta.check(len)?;
        Ok((Self { meta, len, sum }, cursor.at()))
    }
}

/// Appends a frame to `out`: its line, then `body`.
///
/// # Panics
/// As [`FrameLine::new`].
pub fn encode_frame(meta: &FrameMeta, body: &[u8], out: &mut Vec<u8>) -> FrameLine {
    let line = FrameLine::new(*meta, body);
    out.reserve(FRAME_LINE_LEN_MAX + body.len());
    line.encode(out);
    out.extend_from_slice(body);
    line
}
