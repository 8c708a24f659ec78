//! What the items of a collection are: as they lie in a tree, and as they are looked at.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::convert::TryInto;
use core::hash::{Hash, Hasher};

use super::packed::{pack_bytes, unpack_bytes};
use crate::keyspace::hash::hash;

/// The order of members and fields is that of their hashes, so that a cursor is one number. It is
/// the same everywhere; whoever makes hashes collide gains nothing, for the trees are balanced.
const SEED: u64 = 0x1d2e_51b1_e000_0001;

/// An item of a collection.
pub(in crate::keyspace) trait Record:
    Clone + Eq + Hash + core::fmt::Debug
{
    /// It, where it lies.
    type View<'a>: Copy + PartialEq;

    fn view(&self) -> Self::View<'_>;
    fn of(view: Self::View<'_>) -> Self;
    /// Bytes of payload.
    fn len(view: Self::View<'_>) -> usize;
    fn pack(view: Self::View<'_>, out: &mut Vec<u8>);
    fn unpack<'a>(rest: &mut &'a [u8]) -> Self::View<'a>;
}

/// An item that is found by its name.
pub(in crate::keyspace) trait Named: Record {
    fn name<'a>(view: Self::View<'a>) -> &'a [u8];
    fn hash_and_name(&self) -> (u64, &[u8]);
}

/// By what named items are sorted.
pub(in crate::keyspace) fn place(name: &[u8]) -> u64 {
    hash(SEED, name)
}

/// An element of a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::keyspace) struct Element(Arc<[u8]>);

/// A member of a set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::keyspace) struct Member {
    hash: u64,
    name: Arc<[u8]>,
}

/// A field of a hash, with its value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::keyspace) struct Field {
    hash: u64,
    name: Arc<[u8]>,
    value: Arc<[u8]>,
}

/// A member of a sorted set, with its score.
#[derive(Clone, Debug)]
pub(in crate::keyspace) struct Scored {
    pub score: f64,
    pub name: Arc<[u8]>,
}

/// The score of a member of a large sorted set.
#[derive(Clone, Debug)]
pub(in crate::keyspace) struct ScoreOf {
    pub hash: u64,
    pub scored: Scored,
}

impl Record for Element {
    type View<'a> = &'a [u8];

    fn view(&self) -> &[u8] {
        &self.0
    }

    fn of(view: &[u8]) -> Self {
        Self(Arc::from(view))
    }

    fn len(view: &[u8]) -> usize {
        view.len()
    }

    fn pack(view: &[u8], out: &mut Vec<u8>) {
        pack_bytes(view, out);
    }

    fn unpack<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
        unpack_bytes(rest)
    }
}

impl Record for Member {
    type View<'a> = &'a [u8];

    fn view(&self) -> &[u8] {
        &self.name
    }

    fn of(view: &[u8]) -> Self {
        Self {
            hash: place(view),
            name: Arc::from(view),
        }
    }

    fn len(view: &[u8]) -> usize {
        view.len()
    }

    fn pack(view: &[u8], out: &mut Vec<u8>) {
        pack_bytes(view, out);
    }

    fn unpack<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
        unpack_bytes(rest)
    }
}

impl Named for Member {
    fn name<'a>(view: Self::View<'a>) -> &'a [u8] {
        view
    }

    fn hash_and_name(&self) -> (u64, &[u8]) {
        (self.hash, &self.name)
    }
}

impl Record for Field {
    type View<'a> = (&'a [u8], &'a [u8]);

    fn view(&self) -> Self::View<'_> {
        (&self.name, &self.value)
    }

    fn of((name, value): Self::View<'_>) -> Self {
        Self {
            hash: place(name),
            name: Arc::from(name),
            value: Arc::from(value),
        }
    }

    fn len((name, value): Self::View<'_>) -> usize {
        name.len() + value.len()
    }

    fn pack((name, value): Self::View<'_>, out: &mut Vec<u8>) {
        pack_bytes(name, out);
        pack_bytes(value, out);
    }

    fn unpack<'a>(rest: &mut &'a [u8]) -> Self::View<'a> {
        (unpack_bytes(rest), unpack_bytes(rest))
    }
}

impl Named for Field {
    fn name<'a>((name, _): Self::View<'a>) -> &'a [u8] {
        name
    }

    fn hash_and_name(&self) -> (u64, &[u8]) {
        (self.hash, &self.name)
    }
}

/// Scores are never NaN, so that they have an order; -0 and 0 are equal in it.
pub(super) fn by_score(left: (f64, &[u8]), right: (f64, &[u8])) -> Ordering {
    let scores = left.0.partial_cmp(&right.0).expect("C3: no score is NaN");
    scores.then_with(|| left.1.cmp(right.1))
}

impl Record for Scored {
    type View<'a> = (f64, &'a [u8]);

    fn view(&self) -> Self::View<'_> {
        (self.score, &self.name)
    }

    fn of((score, name): Self::View<'_>) -> Self {
        Self {
            score,
            name: Arc::from(name),
        }
    }

    fn len((_, name): Self::View<'_>) -> usize {
        size_of::<f64>() + name.len()
    }

    fn pack((score, name): Self::View<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&score.to_le_bytes());
        pack_bytes(name, out);
    }

    fn unpack<'a>(rest: &mut &'a [u8]) -> Self::View<'a> {
        let (score, behind) = rest.split_at(size_of::<f64>());
        *rest = behind;
        let score = f64::from_le_bytes(score.try_into().expect("C1: a score"));
        (score, unpack_bytes(rest))
    }
}

impl PartialEq for Scored {
    fn eq(&self, other: &Self) -> bool {
        self.score == other.score && self.name == other.name
    }
}

impl Eq for Scored {}

impl Hash for Scored {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // -0 equals 0.
        (self.score + 0.0).to_bits().hash(state);
        self.name.hash(state);
    }
}
