//! Collections: lists, hashes, sets and sorted sets.
//!
//! Up to [`PACKED_COUNT_MAX`](crate::limits::PACKED_COUNT_MAX) items of together
//! [`PACKED_LEN_MAX`](crate::limits::PACKED_LEN_MAX) bytes are one allocation that is written anew
//! by every change; a larger one is a tree, and stays one. Cloning either is `O(1)`.
//!
//! # Invariants
//!
//! * **C1** a packed collection holds as many records as it says.
//! * **C2** a tree's count of bytes is right.
//! * **C3** no score is NaN.
//! * **C4** a sorted set is sorted, holds no member twice, and a large one has all members with their
//!   scores in the second tree.
//! * **C5** fields and members are sorted by hash and bytes, each of them once.

mod packed;
pub(in crate::keyspace) mod record;
mod seq;
#[cfg(test)]
mod tests;
mod zset;

use alloc::vec::Vec;
use core::ops::Range;

use super::tree::Rest;
use record::{Element, Field, Member, place};
use seq::Seq;
pub use zset::ZSet;

/// A field and its value.
pub type FieldValue<'a> = (&'a [u8], &'a [u8]);

/// Elements in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct List(Seq<Element>);

/// Fields with values: what Redis calls a hash. The order is that of the fields' hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fields(Seq<Field>);

/// Members, each once. The order is that of their hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Set(Seq<Member>);

impl List {
    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The length of its payload in bytes.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.0.len_bytes()
    }

    /// The element at an index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.0.get(index)
    }

    /// All elements in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.iter()
    }

    /// The elements of these indexes in order.
    pub fn range(&self, indexes: Range<usize>) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.range(indexes)
    }

    /// Puts an element at an index; those from there on move up.
    ///
    /// # Panics
    /// If the index is beyond the end.
    pub fn insert(&mut self, index: usize, element: &[u8]) {
        assert!(index <= self.len(), "an index within the list");
        self.0.insert(index, element);
    }

    /// Puts an element before the first.
    pub fn push_front(&mut self, element: &[u8]) {
        self.0.insert(0, element);
    }

    /// Puts an element behind the last.
    pub fn push_back(&mut self, element: &[u8]) {
        self.0.insert(self.len(), element);
    }

    /// Puts an element in the place of another.
    ///
    /// # Panics
    /// If there is none at the index.
    pub fn set(&mut self, index: usize, element: &[u8]) {
        assert!(index < self.len(), "an index within the list");
        self.0.replace(index, element);
    }

    /// Takes the element at an index out.
    ///
    /// # Panics
    /// If there is none.
    pub fn remove(&mut self, index: usize) {
        assert!(index < self.len(), "an index within the list");
        self.0.remove(index);
    }

    pub(super) const fn is_large(&self) -> bool {
        self.0.is_large()
    }

    pub(super) fn into_rest(self) -> Option<Rest<Element>> {
        self.0.into_rest()
    }

    pub(super) fn check_invariants(&self) {
        self.0.check_invariants();
    }
}

impl Fields {
    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The length of its payload in bytes.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.0.len_bytes()
    }

    /// A field's value.
    #[must_use]
    pub fn get(&self, field: &[u8]) -> Option<&[u8]> {
        self.0.find(field).map(|(_, value)| value)
    }

    /// All fields with their values.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&[u8], &[u8])> {
        self.0.iter()
    }

    /// Those of these ranks.
    pub fn range(&self, ranks: Range<usize>) -> impl DoubleEndedIterator<Item = (&[u8], &[u8])> {
        self.0.range(ranks)
    }

    /// Sets a field; true if it is new.
    pub fn put(&mut self, field: &[u8], value: &[u8]) -> bool {
        self.0.put((field, value))
    }

    /// Removes a field; true if it was there.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        self.0.remove_name(field)
    }

    /// Fields from a cursor on and the cursor that goes on, 0 at the end; a small hash at once.
    #[must_use]
    pub fn scan(&self, cursor: u64, count: usize) -> (Vec<FieldValue<'_>>, u64) {
        self.0.scan(cursor, count)
    }

    pub(super) const fn is_large(&self) -> bool {
        self.0.is_large()
    }

    pub(super) fn into_rest(self) -> Option<Rest<Field>> {
        self.0.into_rest()
    }

    pub(super) fn check_invariants(&self) {
        self.0.check_invariants();
        check_order(self.iter().map(|(field, _)| field));
    }
}

impl Set {
    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The length of its payload in bytes.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.0.len_bytes()
    }

    /// Whether it holds a member.
    #[must_use]
    pub fn contains(&self, member: &[u8]) -> bool {
        self.0.find(member).is_some()
    }

    /// All members.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.iter()
    }

    /// Those of these ranks.
    pub fn range(&self, ranks: Range<usize>) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.range(ranks)
    }

    /// Adds a member; true if it is new.
    pub fn insert(&mut self, member: &[u8]) -> bool {
        match self.0.search_name(member) {
            Ok(_) => false,
            Err(rank) => {
                self.0.insert(rank, member);
                true
            }
        }
    }

    /// Removes a member; true if it was there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        self.0.remove_name(member)
    }

    /// Members from a cursor on and the cursor that goes on, 0 at the end; a small set at once.
    #[must_use]
    pub fn scan(&self, cursor: u64, count: usize) -> (Vec<&[u8]>, u64) {
        self.0.scan(cursor, count)
    }

    pub(super) const fn is_large(&self) -> bool {
        self.0.is_large()
    }

    pub(super) fn into_rest(self) -> Option<Rest<Member>> {
        self.0.into_rest()
    }

    pub(super) fn check_invariants(&self) {
        self.0.check_invariants();
        check_order(self.iter());
    }
}

fn check_order<'a>(names: impl Iterator<Item = &'a [u8]>) {
    let sorted = names
        .map(|name| (place(name), name))
        .is_sorted_by(|a, b| a < b);
    assert!(sorted, "C5: order of names");
}
