//! A file: as callers see it, as the disk has it, and the changes in between.

use std::sync::Arc;

use smallvec::SmallVec;

/// How sure it is that a change reaches the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum OpState {
    /// It may; the next successful sync makes sure of it.
    Dirty,
    /// It may; no sync changes that any more (a sync failed and the pages are clean).
    Limbo,
    /// It is there, on top of whatever becomes of the changes before it.
    Must,
}

/// What a call changed in a file.
#[derive(Clone, Debug, Hash)]
pub(super) enum Change {
    /// Bytes from this offset on.
    Data { offset: u64, bytes: Arc<[u8]> },
    /// The length, from one to another; `set`: by a truncation, not by a write.
    Size { from: u64, to: u64, set: bool },
}

impl Change {
    pub fn apply(&self, contents: &mut Vec<u8>) {
        match self {
            Self::Data { offset, bytes } => {
                let end = index(*offset) + bytes.len();
                if contents.len() < end {
                    contents.resize(end, 0);
                }
                contents[index(*offset)..end].copy_from_slice(bytes);
            }
            Self::Size { to, .. } => contents.resize(index(*to), 0),
        }
    }
}

/// A change of a file that is not known to be durable.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub sequence: u64,
    pub state: OpState,
    pub change: Change,
}

/// A file.
///
/// * D1: `cache` is `durable` with all of `pending` applied in order.
/// * D2: `pending` begins with a change that is not `Must`.
#[derive(Clone, Debug, Default)]
pub(super) struct Inode {
    pub cache: Arc<Vec<u8>>,
    pub durable: Arc<Vec<u8>>,
    pub pending: Vec<Pending>,
    /// Errors so far; a handle that has seen fewer has one to report.
    pub errors: u32,
    /// The next sync fails for a loss that the last one concealed.
    pub late: bool,
    /// Bytes, from and to, that the medium does not give back any more.
    pub spoiled: SmallVec<[(u64, u64); 1]>,
}

impl Inode {
    /// A file whose disk and cache agree.
    pub fn settled(contents: Vec<u8>) -> Self {
        let contents = Arc::new(contents);
        Self {
            cache: Arc::clone(&contents),
            durable: contents,
            ..Self::default()
        }
    }

    /// Writes bytes to the cache; they are pending under `sequence`.
    pub fn write(&mut self, sequence: u64, state: OpState, offset: u64, bytes: &[u8]) {
        let from = self.cache.len() as u64;
        let to = offset + bytes.len() as u64;
        self.spoiled
            .retain(|range| !(offset <= range.0 && range.1 <= to));
        let cache = Arc::make_mut(&mut self.cache);
        if to > from {
            cache.resize(index(to), 0);
        }
        cache[index(offset)..index(to)].copy_from_slice(bytes);
        self.pending.push(Pending {
            sequence,
            state,
            change: Change::Data {
                offset,
                bytes: bytes.into(),
            },
        });
        if to > from {
            self.push_size(sequence, state, from, to, false);
        }
    }

    /// Whether the medium gives these bytes back.
    pub fn is_readable(&self, offset: u64, len: usize) -> bool {
        let end = offset + len as u64;
        let touched = |range: &(u64, u64)| range.0 < end && offset < range.1;
        !self.spoiled.iter().any(touched)
    }

    /// Sets the length in the cache; returns how many bytes that freed.
    pub fn truncate(&mut self, sequence: u64, len: u64) -> u64 {
        let from = self.cache.len() as u64;
        if from != len {
            Arc::make_mut(&mut self.cache).resize(index(len), 0);
            self.push_size(sequence, OpState::Dirty, from, len, true);
        }
        from.saturating_sub(len)
    }

    fn push_size(&mut self, sequence: u64, state: OpState, from: u64, to: u64, set: bool) {
        self.pending.push(Pending {
            sequence,
            state,
            change: Change::Size { from, to, set },
        });
    }

    /// A sync succeeded: what was dirty up to `cover` is durable.
    pub fn settle(&mut self, cover: u64) {
        let mut all = true;
        for op in &mut self.pending {
            if op.sequence <= cover && op.state == OpState::Dirty {
                op.state = OpState::Must;
            }
            all &= op.state == OpState::Must;
        }
        if all {
            self.pending.clear();
            self.durable = Arc::clone(&self.cache);
        } else {
            self.collapse();
        }
    }

    /// A sync failed and the pages are clean: nothing more is known of what was dirty.
    pub fn abandon(&mut self) {
        for op in &mut self.pending {
            if op.state == OpState::Dirty {
                op.state = OpState::Limbo;
            }
        }
    }

    /// A sync failed and the pages are gone: readers see what the disk has.
    pub fn revert(&mut self) {
        self.pending.retain(|op| op.state == OpState::Must);
        self.collapse();
        assert!(self.pending.is_empty(), "D2: what must be durable is");
        self.cache = Arc::clone(&self.durable);
    }

    /// Decides for each call whose changes are in limbo whether the disk has them, and reads the
    /// file again from there.
    pub fn resolve_limbo(&mut self, mut has: impl FnMut() -> bool) {
        let mut last = None;
        self.pending.retain_mut(|op| {
            if op.state != OpState::Limbo {
                return true;
            }
            let kept = match last {
                Some((sequence, kept)) if sequence == op.sequence => kept,
                _ => has(),
            };
            last = Some((op.sequence, kept));
            op.state = OpState::Must;
            kept
        });
        self.collapse();
        let mut cache = Vec::clone(&self.durable);
        for op in &self.pending {
            op.change.apply(&mut cache);
        }
        self.cache = Arc::new(cache);
    }

    /// How many of the first bytes are durable and touched by no pending change.
    pub fn firm_len(&self) -> usize {
        let touched = |op: &Pending| match op.change {
            Change::Data { offset, .. } => index(offset),
            Change::Size { from, to, .. } => index(from.min(to)),
        };
        let first = self.pending.iter().map(touched).min();
        first.unwrap_or(usize::MAX).min(self.durable.len())
    }

    /// The largest length that a crash may leave.
    pub fn reach(&self) -> usize {
        let ends = self.pending.iter().map(|op| match &op.change {
            Change::Data { offset, bytes } => index(*offset) + bytes.len(),
            Change::Size { from, to, .. } => index(*from.max(to)),
        });
        ends.chain([self.cache.len(), self.durable.len()])
            .max()
            .expect("two at least")
    }

    /// Replaces the first bytes, of which all are firm, by others; what follows moves along.
    pub fn begin_with(&mut self, cut: usize, bytes: &[u8]) {
        let begun = |contents: &Vec<u8>| Arc::new([bytes, &contents[cut..]].concat());
        (self.cache, self.durable) = (begun(&self.cache), begun(&self.durable));
        let moved = |at: &mut u64| *at = *at - cut as u64 + bytes.len() as u64;
        for op in &mut self.pending {
            match &mut op.change {
                Change::Data { offset, .. } => moved(offset),
                Change::Size { from, to, .. } => {
                    moved(from);
                    moved(to);
                }
            }
        }
    }

    fn collapse(&mut self) {
        let certain = |op: &&Pending| op.state == OpState::Must;
        let ready = self.pending.iter().take_while(certain).count();
        if ready == 0 {
            return;
        }
        let durable = Arc::make_mut(&mut self.durable);
        for op in self.pending.drain(..ready) {
            op.change.apply(durable);
        }
    }

    /// Whether a size that is not durable yet is among the changes.
    pub fn size_changed(&self) -> bool {
        let size = |op: &Pending| matches!(op.change, Change::Size { .. });
        self.pending.iter().any(size)
    }
}

/// An offset in a file that fits memory.
pub(super) fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("simulated files fit memory")
}
