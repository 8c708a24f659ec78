//! The frames that are sealed and not yet written everywhere, in the order of the log.

use alloc::collections::VecDeque;
use core::ops::Range;

use crate::effect::Payload;
use crate::limits::WRITE_LEN_MAX;
use crate::units::Lsn;

use super::logfile::Mark;

/// A frame with its final bytes; whoever writes it again writes the same.
#[derive(Clone, Debug, Hash)]
pub(super) struct Sealed {
    /// Where it begins, and the last commit before it.
    pub start: Mark,
    /// The last commit in it; that before it if it holds none.
    pub last: Lsn,
    pub bytes: Payload,
    /// The durable watermark that it states.
    pub watermark: Lsn,
}

impl Sealed {
    pub fn end(&self) -> Mark {
        Mark {
            position: self.start.position + self.bytes.len() as u64,
            lsn: self.last,
        }
    }
}

/// All frames since the machine began, of which the first ones are forgotten once no file needs
/// them from memory.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Stream {
    frames: VecDeque<Sealed>,
    end: Mark,
    /// Bytes held in memory.
    held: usize,
}

impl Stream {
    /// An empty stream behind this commit.
    pub fn starting_at(lsn: Lsn) -> Self {
        Self {
            frames: VecDeque::new(),
            end: Mark { position: 0, lsn },
            held: 0,
        }
    }

    pub fn end(&self) -> Mark {
        self.end
    }

    pub fn push(&mut self, bytes: Payload, last: Lsn, watermark: Lsn) {
        assert!(
            last >= self.end.lsn,
            "frames are sealed in the order of their commits"
        );
        let sealed = Sealed {
            start: self.end,
            last,
            bytes,
            watermark,
        };
        self.end = sealed.end();
        self.held += sealed.bytes.len();
        self.frames.push_back(sealed);
    }

    fn index_of(&self, position: u64) -> Option<usize> {
        let after = self
            .frames
            .partition_point(|frame| frame.start.position <= position);
        let index = after.checked_sub(1)?;
        (position < self.frames[index].end().position).then_some(index)
    }

    /// The frame that covers this position.
    pub fn frame_at(&self, position: u64) -> Option<&Sealed> {
        self.index_of(position).map(|index| &self.frames[index])
    }

    /// The next bytes to be written from this position on: at most one write, within one frame.
    pub fn piece_at(&self, position: u64) -> Option<Payload> {
        let frame = self.frame_at(position)?;
        let start = usize::try_from(position - frame.start.position).expect("within a frame");
        let end = frame.bytes.len().min(start + WRITE_LEN_MAX);
        Some(frame.bytes.slice(Range { start, end }))
    }

    /// The place `position` with the last commit that is whole before it.
    ///
    /// `before` is a known place at or before it.
    pub fn mark_at(&self, position: u64, before: Mark) -> Mark {
        let whole = self
            .frames
            .partition_point(|frame| frame.end().position <= position);
        let last = whole.checked_sub(1).map(|index| self.frames[index].last);
        let lsn = last.map_or(before.lsn, |lsn| lsn.max(before.lsn));
        Mark { position, lsn }
    }

    /// The last border of a frame at or before `position`.
    pub fn border_before(&self, position: u64) -> Mark {
        match self.frame_at(position) {
            Some(frame) => frame.start,
            None => self.end,
        }
    }

    /// The end of the last frame that holds a commit up to `lsn`; `before` without one.
    pub fn border_behind(&self, lsn: Lsn, before: Mark) -> Mark {
        let after = self.frames.partition_point(|frame| frame.start.lsn < lsn);
        let last = after.checked_sub(1).map(|index| &self.frames[index]);
        last.map_or(before, Sealed::end)
    }

    /// Forgets the frames that end at or before `position`.
    pub fn forget_before(&mut self, position: u64) {
        while let Some(frame) = self.frames.front()
            && frame.end().position <= position
        {
            self.held -= frame.bytes.len();
            self.frames.pop_front();
        }
    }

    /// Drops every frame and goes on behind this commit, which a base holds.
    pub fn skip_to(&mut self, lsn: Lsn) {
        self.frames.clear();
        self.held = 0;
        self.end.lsn = lsn;
    }

    /// Drops the frames from this border on.
    pub fn cut(&mut self, border: Mark) {
        while let Some(frame) = self.frames.back()
            && frame.start.position >= border.position
        {
            self.held -= frame.bytes.len();
            self.frames.pop_back();
        }
        self.end = border;
        let last = self.frames.back().map_or(border, Sealed::end);
        assert_eq!(
            last.position, border.position,
            "a stream is cut at a border"
        );
    }

    /// Bytes held in memory.
    pub fn held(&self) -> usize {
        self.held
    }
}
