//! String values: small ones in one piece, large ones in chunks behind shared pointers.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::iter;
use core::ops::Range;

use crate::limits::VALUE_CHUNK_LEN;

/// Chunks in a group: with the longest value there are about as many groups.
const GROUP_CHUNKS: usize = 128;

pub(super) type Chunk = Arc<[u8]>;
pub(super) type Group = Arc<Vec<Chunk>>;

/// A binary-safe string value.
///
/// Cloning shares the bytes. Up to [`VALUE_CHUNK_LEN`] bytes are one allocation; a longer string is
/// chunks of that length, the last one shorter, in groups behind shared pointers. So changing a
/// string that somebody else still holds (an undo journal, a snapshot) copies one chunk and the
/// pointers of one group, whatever its length.
#[derive(Clone)]
pub struct Str(Repr);

#[derive(Clone)]
enum Repr {
    Small(Chunk),
    Large(Arc<Chunks>),
}

#[derive(Clone, Default)]
struct Chunks {
    len: usize,
    groups: Vec<Group>,
}

impl Str {
    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Small(chunk) => chunk.len(),
            Repr::Large(chunks) => chunks.len,
        }
    }

    /// Whether it has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes, if they lie in one piece: always up to [`VALUE_CHUNK_LEN`], never beyond.
    #[must_use]
    pub fn as_slice(&self) -> Option<&[u8]> {
        match &self.0 {
            Repr::Small(chunk) => Some(chunk),
            Repr::Large(_) => None,
        }
    }

    /// The bytes in order, in chunks of at most [`VALUE_CHUNK_LEN`]; at least one, maybe empty.
    pub fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        let (small, large) = match &self.0 {
            Repr::Small(chunk) => (Some(chunk), None),
            Repr::Large(chunks) => (None, Some(chunks)),
        };
        let groups = large.into_iter().flat_map(|chunks| &chunks.groups);
        let chunks = groups.flat_map(|group| group.iter());
        small.into_iter().chain(chunks).map(|chunk| &chunk[..])
    }

    /// The chunk of a number, if there are so many; the first is always there, maybe empty.
    #[must_use]
    pub fn chunk(&self, number: usize) -> Option<&[u8]> {
        match &self.0 {
            Repr::Small(chunk) => (number == 0).then_some(chunk),
            Repr::Large(chunks) => {
                let group = chunks.groups.get(number / GROUP_CHUNKS)?;
                group.get(number % GROUP_CHUNKS).map(|chunk| &chunk[..])
            }
        }
    }

    /// A copy of a part of the bytes; less where the string ends before.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Vec<u8> {
        let end = range.end.min(self.len());
        let (mut at, mut part) = (range.start, Vec::new());
        while at < end {
            let chunk = self.chunk(at / VALUE_CHUNK_LEN).unwrap_or_default();
            let from = at % VALUE_CHUNK_LEN;
            let to = chunk.len().min(from + end - at);
            part.extend_from_slice(&chunk[from..to]);
            at += to - from;
        }
        part
    }

    /// Puts bytes in the place of others, and behind the last; zeros fill a gap. Copies them and
    /// at most two chunks that are shared.
    pub fn overwrite(&mut self, offset: usize, bytes: &[u8]) {
        while self.len() < offset {
            let room = VALUE_CHUNK_LEN - self.len() % VALUE_CHUNK_LEN;
            let zeros = Vec::from_iter(iter::repeat_n(0, room.min(offset - self.len())));
            self.append(&zeros);
        }
        let (inside, behind) = bytes.split_at(bytes.len().min(self.len() - offset));
        let (mut at, mut rest) = (offset, inside);
        while !rest.is_empty() {
            let chunk = self.chunk_mut(at / VALUE_CHUNK_LEN);
            let from = at % VALUE_CHUNK_LEN;
            let (here, there) = rest.split_at(rest.len().min(chunk.len() - from));
            chunk[from..from + here.len()].copy_from_slice(here);
            (at, rest) = (at + here.len(), there);
        }
        self.append(behind);
    }

    fn chunk_mut(&mut self, number: usize) -> &mut [u8] {
        match &mut self.0 {
            Repr::Small(chunk) => Arc::make_mut(chunk),
            Repr::Large(chunks) => {
                let group = &mut Arc::make_mut(chunks).groups[number / GROUP_CHUNKS];
                Arc::make_mut(&mut Arc::make_mut(group)[number % GROUP_CHUNKS])
            }
        }
    }

    /// The bytes in order, in pieces of at most `len_max`; at least one, maybe empty.
    ///
    /// # Panics
    /// If `len_max` is 0.
    pub fn pieces(&self, len_max: usize) -> impl Iterator<Item = &[u8]> {
        let empty = self.is_empty().then_some(&[][..]);
        let pieces = self.chunks().flat_map(move |chunk| chunk.chunks(len_max));
        empty.into_iter().chain(pieces)
    }

    /// Puts bytes behind the last; copies them and at most one chunk.
    pub fn append(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        match &mut self.0 {
            Repr::Small(chunk) if chunk.len() + bytes.len() <= VALUE_CHUNK_LEN => {
                *chunk = joined(chunk, bytes);
            }
            Repr::Small(chunk) => {
                let mut chunks = Chunks::default();
                if !chunk.is_empty() {
                    chunks.push(Arc::clone(chunk));
                }
                chunks.append(bytes);
                self.0 = Repr::Large(Arc::new(chunks));
            }
            Repr::Large(chunks) => Arc::make_mut(chunks).append(bytes),
        }
    }

    /// Puts another string behind this one.
    pub fn append_str(&mut self, tail: &Self) {
        if self.is_empty() {
            *self = tail.clone();
            return;
        }
        for chunk in tail.chunks() {
            self.append(chunk);
        }
    }

    /// A copy of all bytes in one piece.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.len());
        for chunk in self.chunks() {
            bytes.extend_from_slice(chunk);
        }
        bytes
    }

    /// What is to be freed step by step, if this was the last holder of a large string.
    pub(super) fn into_groups(self) -> Option<Vec<Group>> {
        match self.0 {
            Repr::Small(_) => None,
            Repr::Large(chunks) => Arc::into_inner(chunks).map(|chunks| chunks.groups),
        }
    }

    /// Whether freeing it may take more than one step.
    pub(super) const fn is_large(&self) -> bool {
        matches!(self.0, Repr::Large(_))
    }
}

impl Chunks {
    fn push(&mut self, chunk: Chunk) {
        self.len += chunk.len();
        match self.groups.last_mut() {
            Some(group) if group.len() < GROUP_CHUNKS => Arc::make_mut(group).push(chunk),
            _ => self.groups.push(Arc::new(Vec::from([chunk]))),
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        let used = self.len % VALUE_CHUNK_LEN;
        let room = if used == 0 { 0 } else { VALUE_CHUNK_LEN - used };
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        if !first.is_empty() {
            let group = self.groups.last_mut().expect("a started chunk has a group");
            let last = Arc::make_mut(group).last_mut().expect("no group is empty");
            *last = joined(last, first);
            self.len += first.len();
        }
        for chunk in rest.chunks(VALUE_CHUNK_LEN) {
            self.push(Arc::from(chunk));
        }
    }
}

fn joined(left: &[u8], right: &[u8]) -> Chunk {
    let mut bytes = Vec::with_capacity(left.len() + right.len());
    bytes.extend_from_slice(left);
    bytes.extend_from_slice(right);
    Arc::from(bytes)
}

impl Default for Str {
    fn default() -> Self {
        Self(Repr::Small(Arc::from([])))
    }
}

impl From<&[u8]> for Str {
    fn from(bytes: &[u8]) -> Self {
        if bytes.len() <= VALUE_CHUNK_LEN {
            return Self(Repr::Small(Arc::from(bytes)));
        }
        let mut chunks = Chunks::default();
        chunks.append(bytes);
        Self(Repr::Large(Arc::new(chunks)))
    }
}

impl<const N: usize> From<&[u8; N]> for Str {
    fn from(bytes: &[u8; N]) -> Self {
        Self::from(&bytes[..])
    }
}

impl From<Vec<u8>> for Str {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from(&bytes[..])
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Self::from(text.as_bytes())
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        Self::from(text.as_bytes())
    }
}

impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        // Chunks have fixed borders, so equal strings have equal chunks.
        self.len() == other.len() && iter::zip(self.chunks(), other.chunks()).all(|(a, b)| a == b)
    }
}

impl Eq for Str {}

impl PartialEq<[u8]> for Str {
    fn eq(&self, other: &[u8]) -> bool {
        self.len() == other.len()
            && iter::zip(self.chunks(), other.chunks(VALUE_CHUNK_LEN)).all(|(a, b)| a == b)
    }
}

impl PartialEq<&[u8]> for Str {
    fn eq(&self, other: &&[u8]) -> bool {
        *self == **other
    }
}

impl Hash for Str {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        for chunk in self.chunks() {
            state.write(chunk);
        }
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 64;
        let first = self.chunks().next().unwrap_or_default();
        let text: Cow<'_, str> = String::from_utf8_lossy(&first[..first.len().min(SHOWN)]);
        write!(f, "{text:?}")?;
        if self.len() > SHOWN {
            write!(f, "... ({} bytes)", self.len())?;
        }
        Ok(())
    }
}
