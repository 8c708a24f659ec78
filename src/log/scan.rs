//! Reading a log from its start, over a window that the caller refills.

use core::ops::Range;

use crate::log::{
    Expected, Found, FrameError, FrameKind, FrameLine, HEADER_LEN, Header, LineError, Sequence,
};
use crate::sabotage::Saboteur;

/// What a scanner found at the start of its window.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a step moves the scanner: what it found must be taken from the window"]
pub enum Step {
    /// The file's first line; `len` bytes are to be taken from the window.
    Header {
        #[doc = "What it says."]
        header: Header,
        #[doc = "Its length in bytes."]
        len: usize,
    },
    /// An intact frame in its right place; bytes up to its body's end are to be taken from the
    /// window.
    Frame(Frame),
    /// The window must hold at least so many bytes; the file has them.
    NeedMore(usize),
    /// The file ends here, at a border between frames.
    End,
    /// What comes next is no intact frame in its right place; the scanner stays before it.
    Bad(FrameError),
}

/// An intact frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its line.
    pub line: FrameLine,
    /// Where its line begins, in bytes from the file's start.
    pub offset: u64,
    /// Its body, as a range of the window; where it ends the next frame begins.
    pub body: Range<usize>,
}

/// Reads frame after frame of one file, from its header on.
///
/// The caller keeps a window: bytes of the file from [`Scanner::offset`] on. The scanner holds no
/// bytes itself. It never asks for more than the file has left, so that a length that lies costs
/// nothing.
///
/// ```
/// use indelible::log::{Header, Scanner, Step, encode_header};
/// use indelible::sabotage::Saboteur;
/// use indelible::units::Identity;
///
/// let mut file = Vec::new();
/// encode_header(&Header { identity: Identity(7) }, &mut file);
/// let mut scanner = Scanner::new(Saboteur::NONE);
/// let mut window = &file[..];
/// let Step::Header { header, len } = scanner.step(window, window.len() as u64) else {
///     panic!("no header");
/// };
/// assert_eq!(header.identity, Identity(7));
/// window = &window[len..];
/// assert_eq!(scanner.step(window, 0), Step::End);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanner {
    offset: u64,
    sequence: Option<Sequence>,
    saboteur: Saboteur,
}

impl Scanner {
    /// A scanner at the start of a file.
    #[must_use]
    pub const fn new(saboteur: Saboteur) -> Self {
        Self {
            offset: 0,
            sequence: None,
            saboteur,
        }
    }

    /// Where the window must begin, in bytes from the file's start: the end of the last frame.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// What the frames so far amount to; none before the header.
    #[must_use]
    pub const fn sequence(&self) -> Option<&Sequence> {
        self.sequence.as_ref()
    }

    /// Looks at what comes next, and moves behind it if it is right.
    ///
    /// `window` holds the file's bytes from [`Scanner::offset`] on; `left_in_file` says how many
    /// the file has from there on, those in the window included.
    ///
    /// # Panics
    /// If the window is longer than what is left in the file.
    pub fn step(&mut self, window: &[u8], left_in_file: u64) -> Step {
        assert!(
            window.len() as u64 <= left_in_file,
            "a window lies within its file"
        );
        let Some(sequence) = self.sequence else {
            return self.header(window, left_in_file);
        };
        if left_in_file == 0 {
            return Step::End;
        }
        let place = Place {
            window,
            start: 0,
            left: left_in_file,
            offset: self.offset,
            trust_len: self.saboteur.is(35),
        };
        let found = match place.frame(&sequence) {
            Step::Bad(error) => match self.renumbered(&place, &sequence) {
                Some(frame) => Step::Frame(frame),
                None => self.sabotaged(&place, error),
            },
            found => found,
        };
        if let Step::Frame(frame) = &found {
            if let Some(sequence) = &mut self.sequence {
                sequence.follow(&frame.line);
            }
            self.offset += frame.body.end as u64;
        }
        found
    }

    fn header(&mut self, window: &[u8], left: u64) -> Step {
        match Header::parse_prefix(window) {
            Ok(header) => {
                self.offset = HEADER_LEN as u64;
                self.sequence = Some(Sequence::new(header.identity));
                Step::Header {
                    header,
                    len: HEADER_LEN,
                }
            }
            Err(error) => need_more(window.len(), left, HEADER_LEN, error)
                .unwrap_or(Step::Bad(error.in_file(0))),
        }
    }

    /// The seeded bugs that take a frame for the next one whatever its numbers say, or whatever
    /// opening it is of.
    fn renumbered(&self, place: &Place<'_>, sequence: &Sequence) -> Option<Frame> {
        let any_number = self.saboteur.is(31) || self.saboteur.is(40);
        let any_opening = self.saboteur.is(38);
        if !(any_number || any_opening) || !sequence.is_base_complete() {
            return None;
        }
        let (line, _) = FrameLine::parse_prefix(place.window).ok()?;
        let before = match any_number {
            true => Sequence::before(&line),
            false => {
                let (identity, last) = (sequence.identity(), sequence.last_lsn());
                Sequence::behind(identity, line.meta.incarnation, last)
            }
        };
        let Step::Frame(mut frame) = place.frame(&before) else {
            return None;
        };
        let meta = &mut frame.line.meta;
        meta.lsn = match meta.kind {
            FrameKind::Commits => sequence.last_lsn().next(),
            _ => sequence.last_lsn(),
        };
        meta.incarnation = sequence.incarnation();
        meta.watermark = sequence.watermark();
        Some(frame)
    }

    /// The seeded bugs that read on behind bytes that are no frame. Without one, `error` stands.
    fn sabotaged(&self, place: &Place<'_>, error: FrameError) -> Step {
        let zeros = place.window.iter().take_while(|byte| **byte == 0).count();
        let starts = if self.saboteur.is(34) && zeros > 0 {
            zeros..zeros + 1
        } else if self.saboteur.is(36) {
            1..place.window.len()
        } else {
            return Step::Bad(error);
        };
        if (place.window.len() as u64) < place.left {
            let more = (place.window.len() + (64 << 10)) as u64;
            return Step::NeedMore(more.min(place.left) as usize);
        }
        for start in starts {
            if start == place.window.len() {
                return Step::End;
            }
            let Ok((line, _)) = FrameLine::parse_prefix(&place.window[start..]) else {
                continue;
            };
            let frame = Place { start, ..*place }.frame(&Sequence::before(&line));
            if matches!(frame, Step::Frame(_)) {
                return frame;
            }
        }
        Step::Bad(error)
    }
}

/// A place in a file where a frame may begin.
#[derive(Clone, Copy)]
struct Place<'a> {
    window: &'a [u8],
    /// Where in the window.
    start: usize,
    /// Bytes of the file from the window's start on.
    left: u64,
    /// Where in the file the window begins.
    offset: u64,
    trust_len: bool,
}

impl Place<'_> {
    /// The frame here, if there is one that may come next.
    fn frame(&self, sequence: &Sequence) -> Step {
        let bytes = &self.window[self.start..];
        let offset = self.offset + self.start as u64;
        let left = self.left - self.start as u64;
        let (line, line_len) = match FrameLine::parse_prefix(bytes) {
            Ok(parsed) => parsed,
            Err(error) => {
                let most = crate::log::FRAME_LINE_LEN_MAX;
                return match need_more(bytes.len(), left, most, error) {
                    Some(Step::NeedMore(len)) => Step::NeedMore(self.start + len),
                    _ => Step::Bad(error.in_file(offset)),
                };
            }
        };
        if let Err(mismatch) = sequence.check(&line) {
            return Step::Bad(mismatch.in_file(offset));
        }
        let body_offset = offset + line_len as u64;
        let body_left = left - line_len as u64;
        if line.len > body_left {
            return Step::Bad(FrameError {
                offset: body_offset,
                expected: Expected::BodyLen(line.len),
                found: Found::Left(body_left),
            });
        }
        let Some(frame_len) = usize::try_from(line.len)
            .ok()
            .and_then(|len| len.checked_add(line_len))
        else {
            return Step::NeedMore(usize::MAX);
        };
        if bytes.len() < frame_len {
            return Step::NeedMore(self.start + frame_len);
        }
        let body = self.start + line_len..self.start + frame_len;
        let sum = crc32fast::hash(&self.window[body.clone()]);
        if sum != line.sum && !self.trust_len {
            return Step::Bad(FrameError {
                offset: body_offset,
                expected: Expected::BodyChecksum(line.sum),
                found: Found::Checksum(sum),
            });
        }
        Step::Frame(Frame { line, offset, body })
    }
}

/// Asks for a longer window if that could turn `error` into a line of at most `most` bytes.
fn need_more(window_len: usize, left: u64, most: usize, error: LineError) -> Option<Step> {
    let can_grow = window_len < most && (window_len as u64) < left;
    (error.found == Found::End && can_grow).then(|| Step::NeedMore(left.min(most as u64) as usize))
}
