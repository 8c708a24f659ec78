//! The rules that one frame after the other keeps.

use crate::log::{Expected, Found, FrameError, FrameKind, FrameLine};
use crate::units::{Identity, Incarnation, Lsn};

/// Why a frame, intact by itself, cannot come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mismatch {
    /// What must come next.
    pub expected: Expected,
    /// What the frame has.
    pub found: Found,
}

impl Mismatch {
    /// The same as an error of the frame at `offset` in its file.
    #[must_use]
    pub const fn in_file(self, offset: u64) -> FrameError {
        FrameError {
            offset,
            expected: self.expected,
            found: self.found,
        }
    }
}

/// Where in a file the next frame stands, and what it must therefore be.
///
/// * S1: every frame has the file's identity.
/// * S2: the incarnation never falls, and only an `open` frame raises it.
/// * S3: a file begins with its base: chunks from 0, contiguous, all of one commit; then one end
///   that counts them. No other frame comes before that end, none of these after it.
/// * S4: commits are contiguous from the one behind the base's.
/// * S5: `open` and `mark` carry the number of the last commit so far.
/// * S6: no watermark is beyond the last commit so far (each line's own rules see to it, with S4
///   and S5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sequence {
    identity: Identity,
    incarnation: Option<Incarnation>,
    place: Place,
    last: Lsn,
    watermark: Lsn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// In the base, behind so many chunks.
    Base { chunks: u64 },
    /// Behind the base.
    Log,
}

impl Sequence {
    /// The start of a file, behind its header.
    #[must_use]
    pub const fn new(identity: Identity) -> Self {
        Self {
            identity,
            incarnation: None,
            place: Place::Base { chunks: 0 },
            last: Lsn(0),
            watermark: Lsn(0),
        }
    }

    /// A border between two frames behind the base, where `last` is the last commit so far.
    #[must_use]
    pub const fn behind(identity: Identity, incarnation: Incarnation, last: Lsn) -> Self {
        Self {
            identity,
            incarnation: Some(incarnation),
            place: Place::Log,
            last,
            watermark: Lsn(0),
        }
    }

    /// The file's identity.
    #[must_use]
    pub const fn identity(&self) -> Identity {
        self.identity
    }

    /// The incarnation of the last frame; 0 before the first.
    #[must_use]
    pub const fn incarnation(&self) -> Incarnation {
        match self.incarnation {
            Some(incarnation) => incarnation,
            None => Incarnation(0),
        }
    }

    /// The last commit so far; within a base the one that the base holds.
    #[must_use]
    pub const fn last_lsn(&self) -> Lsn {
        self.last
    }

    /// The evidence so far: the largest watermark admitted, or the base's commit once it has ended.
    #[must_use]
    pub const fn watermark(&self) -> Lsn {
        self.watermark
    }

    /// Whether the end of the base was admitted.
    #[must_use]
    pub const fn is_base_complete(&self) -> bool {
        matches!(self.place, Place::Log)
    }

    /// Whether `line` may come next.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self, line: &FrameLine) -> Result<(), Mismatch> {
        let meta = &line.meta;
        if meta.identity != self.identity {
            let found = Found::Identity(meta.identity);
            return mismatch(Expected::Identity(self.identity), found); // S1
        }
        self.check_incarnation(line)?;
        let found_lsn = Found::Number(meta.lsn.0);
        match (self.place, meta.kind) {
            (Place::Base { chunks }, FrameKind::Base | FrameKind::End) => {
                if chunks > 0 && meta.lsn != self.last {
                    return mismatch(Expected::BaseOf(self.last), found_lsn); // S3
                }
                if meta.count != chunks {
                    let expected = match meta.kind {
                        FrameKind::Base => Expected::BaseChunk(chunks),
                        _ => Expected::BaseChunks(chunks),
                    };
                    return mismatch(expected, Found::Number(meta.count)); // S3
                }
            }
            (Place::Log, FrameKind::Commits) => {
                let next = self.last.next();
                if meta.lsn != next {
                    return mismatch(Expected::NextCommit(next), found_lsn); // S4
                }
            }
            (Place::Log, FrameKind::Open | FrameKind::Mark) => {
                if meta.lsn != self.last {
                    return mismatch(Expected::LastCommit(self.last), found_lsn); // S5
                }
            }
            (Place::Base { .. }, kind) => {
                return mismatch(Expected::BaseOrEnd, Found::Kind(kind)); // S3
            }
            (Place::Log, kind) => {
                return mismatch(Expected::BehindBase, Found::Kind(kind)); // S3
            }
        }
        Ok(())
    }

    /// Checks `line` and goes on behind its frame.
    ///
    /// # Errors
    /// As [`Sequence::check`]; nothing has changed then.
    pub fn admit(&mut self, line: &FrameLine) -> Result<(), Mismatch> {
        self.check(line)?;
        self.follow(line);
        Ok(())
    }

    /// Goes on behind the frame of `line`, whatever it is.
    pub(super) fn follow(&mut self, line: &FrameLine) {
        let meta = &line.meta;
        self.incarnation = Some(meta.incarnation);
        self.last = meta.last_lsn();
        self.watermark = self.watermark.max(meta.watermark);
        self.place = match meta.kind {
            FrameKind::Base => Place::Base {
                chunks: meta.count.saturating_add(1),
            },
            _ => Place::Log,
        };
        if meta.kind == FrameKind::End {
            self.watermark = self.watermark.max(meta.lsn);
        }
    }

    /// A place where `line` may come next, whatever it is; for seeded bugs alone.
    pub(super) fn before(line: &FrameLine) -> Self {
        let meta = &line.meta;
        let place = match meta.kind {
            FrameKind::Base | FrameKind::End => Place::Base { chunks: meta.count },
            _ => Place::Log,
        };
        let last = match meta.kind {
            FrameKind::Commits => Lsn(meta.lsn.0 - 1),
            _ => meta.lsn,
        };
        Self {
            place,
            ..Self::behind(meta.identity, meta.incarnation, last)
        }
    }

    fn check_incarnation(&self, line: &FrameLine) -> Result<(), Mismatch> {
        let Some(last) = self.incarnation else {
            return Ok(());
        };
        let now = line.meta.incarnation;
        let found = Found::Number(now.0);
        if now < last {
            return mismatch(Expected::IncarnationFrom(last), found); // S2
        }
        if now > last && line.meta.kind != FrameKind::Open {
            return mismatch(Expected::Incarnation(last), found); // S2
        }
        Ok(())
    }
}

const fn mismatch(expected: Expected, found: Found) -> Result<(), Mismatch> {
    Err(Mismatch { expected, found })
}
