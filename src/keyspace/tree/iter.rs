//! Going through a tree from both ends.

use core::ops::Range;

use super::Tree;

/// Items in order. Whatever node is left is found again from the root: once for about
/// [`ITEMS_MAX`](super::ITEMS_MAX) items, and no stack is kept.
#[derive(Clone, Debug)]
pub(in crate::keyspace) struct Iter<'a, T> {
    tree: &'a Tree<T>,
    ranks: Range<usize>,
    ahead: &'a [T],
    behind: &'a [T],
}

impl<'a, T> Iter<'a, T> {
    pub(super) fn new(tree: &'a Tree<T>, ranks: Range<usize>) -> Self {
        let end = ranks.end.min(tree.len());
        Self {
            tree,
            ranks: ranks.start.min(end)..end,
            ahead: &[],
            behind: &[],
        }
    }
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        let rank = self.ranks.next()?;
        if self.ahead.is_empty() {
            self.ahead = self.tree.slice_from(rank);
        }
        let (item, rest) = self.ahead.split_first()?;
        self.ahead = rest;
        Some(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ranks.size_hint()
    }
}

impl<T> DoubleEndedIterator for Iter<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let rank = self.ranks.next_back()?;
        if self.behind.is_empty() {
            self.behind = self.tree.slice_until(rank);
        }
        let (item, rest) = self.behind.split_last()?;
        self.behind = rest;
        Some(item)
    }
}

impl<T> ExactSizeIterator for Iter<'_, T> {}
