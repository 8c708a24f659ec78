//! A sequence as a tree whose nodes are shared between clones.
//!
//! A B-tree by rank: every node knows how many items are below each child, so an item is found by
//! its rank in `O(log n)`, and by its key where the items are sorted. Nodes stand behind `Arc`:
//! a clone costs nothing, and a change copies the nodes on its path that somebody else still holds;
//! nodes that nobody else holds change in place. A node's items stand behind an `Arc` of their own:
//! of the path, only a node whose items change has them copied, at most [`ITEMS_MAX`], the others
//! only the pointers to their children. For what a copy costs is not its bytes but the counter of
//! each thing that it shares from then on: those lie anywhere, in a large tree in no cache. So what
//! a writer pays while a snapshot or a journal holds an old state grows with the depth alone.
//!
//! # Invariants
//!
//! * **T1** all leaves are equally deep.
//! * **T2** a node has at most [`ITEMS_MAX`] items, and none has no item but the root of an empty tree.
//! * **T3** a node that is no leaf has one child more than items.
//! * **T4** every count is right.

mod iter;
mod node;
#[cfg(test)]
mod tests;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Range;

pub(in crate::keyspace) use iter::Iter;
use node::{Node, Place};

/// Items of one node at most.
const ITEMS_MAX: usize = 16;
/// A node that falls below is joined with a neighbour.
const ITEMS_MIN: usize = ITEMS_MAX / 3;

/// A sequence of items; cloning is `O(1)`.
#[derive(Clone)]
pub(in crate::keyspace) struct Tree<T> {
    root: Arc<Node<T>>,
}

impl<T> Default for Tree<T> {
    fn default() -> Self {
        Self {
            root: Arc::new(Node::default()),
        }
    }
}

impl<T> Tree<T> {
    /// How many items there are.
    pub fn len(&self) -> usize {
        self.root.len
    }

    /// The item of a rank.
    pub fn get(&self, mut rank: usize) -> Option<&T> {
        if rank >= self.len() {
            return None;
        }
        let mut node = &*self.root;
        loop {
            match node.place(rank) {
                Place::Item(at) => return Some(&node.items[at]),
                Place::Child(at, within) => (node, rank) = (&node.children[at].node, within),
            }
        }
    }

    /// The rank of the item that `order` calls equal, or the rank at which it would be inserted;
    /// the items must be sorted by `order`.
    pub fn search(&self, mut order: impl FnMut(&T) -> Ordering) -> Result<usize, usize> {
        let (mut node, mut before) = (&*self.root, 0);
        loop {
            let found = node.items.binary_search_by(&mut order);
            let (Ok(at) | Err(at)) = found;
            before += node.before(at);
            match found {
                Ok(_) => return Ok(before + node.child_len(at)),
                Err(_) if node.is_leaf() => return Err(before),
                Err(_) => node = &node.children[at].node,
            }
        }
    }

    /// The item that `order` calls equal; the items must be sorted by it.
    pub fn find(&self, mut order: impl FnMut(&T) -> Ordering) -> Option<&T> {
        let mut node = &*self.root;
        loop {
            match node.items.binary_search_by(&mut order) {
                Ok(at) => return Some(&node.items[at]),
                Err(_) if node.is_leaf() => return None,
                Err(at) => node = &node.children[at].node,
            }
        }
    }

    /// All items in order.
    pub fn iter(&self) -> Iter<'_, T> {
        self.range(0..self.len())
    }

    /// The items of these ranks in order; it may end beyond the last.
    pub fn range(&self, ranks: Range<usize>) -> Iter<'_, T> {
        Iter::new(self, ranks)
    }

    /// The items from a rank to the end of their node, at least one.
    fn slice_from(&self, mut rank: usize) -> &[T] {
        let mut node = &*self.root;
        loop {
            match node.place(rank) {
                Place::Item(at) if node.is_leaf() => return &node.items[at..],
                Place::Item(at) => return &node.items[at..=at],
                Place::Child(at, within) => (node, rank) = (&node.children[at].node, within),
            }
        }
    }

    /// The items of a node that end with a rank, at least one.
    fn slice_until(&self, mut rank: usize) -> &[T] {
        let mut node = &*self.root;
        loop {
            match node.place(rank) {
                Place::Item(at) if node.is_leaf() => return &node.items[..=at],
                Place::Item(at) => return &node.items[at..=at],
                Place::Child(at, within) => (node, rank) = (&node.children[at].node, within),
            }
        }
    }

    /// What is to be freed step by step: the nodes that nobody else holds.
    pub fn into_rest(self) -> Rest<T> {
        Rest(Arc::into_inner(self.root).into_iter().collect())
    }

    /// Panics where an invariant is broken.
    pub fn check_invariants(&self) {
        if self.len() > 0 {
            self.root.check_invariants();
        }
    }
}

impl<T: Clone> Tree<T> {
    /// Puts an item at a rank; those from there on move up.
    ///
    /// # Panics
    /// If the rank is beyond the end.
    pub fn insert(&mut self, rank: usize, item: T) {
        assert!(rank <= self.len(), "T4: rank {rank} of {}", self.len());
        let at_end = rank == self.len();
        let root = Arc::make_mut(&mut self.root);
        if let Some((middle, right)) = root.insert(rank, item, at_end) {
            let left = core::mem::take(root);
            *root = Node::joint(left, middle, right);
        }
    }

    /// Takes the item of a rank out.
    ///
    /// # Panics
    /// If there is none.
    pub fn remove(&mut self, rank: usize) -> T {
        assert!(rank < self.len(), "T4: rank {rank} of {}", self.len());
        let root = Arc::make_mut(&mut self.root);
        let item = root.remove(rank);
        if root.items.is_empty()
            && let Some(child) = root.children.pop()
        {
            self.root = child.node;
        }
        item
    }

    /// The item of a rank, to change it; its order must stay.
    pub fn get_mut(&mut self, mut rank: usize) -> Option<&mut T> {
        if rank >= self.len() {
            return None;
        }
        let mut node = Arc::make_mut(&mut self.root);
        loop {
            match node.place(rank) {
                Place::Item(at) => return Some(&mut node.items_mut()[at]),
                Place::Child(at, within) => {
                    rank = within;
                    node = Arc::make_mut(&mut node.children[at].node);
                }
            }
        }
    }
}

/// Nodes of a tree that is no more.
#[derive(Clone, Debug)]
pub(in crate::keyspace) struct Rest<T>(Vec<Node<T>>);

impl<T> Rest<T> {
    /// Frees one node with its items; false if none was left.
    pub fn dismantle(&mut self) -> bool {
        let Some(node) = self.0.pop() else {
            return false;
        };
        let children = node.children.into_iter();
        self.0
            .extend(children.filter_map(|child| Arc::into_inner(child.node)));
        true
    }
}

impl<T: Clone> FromIterator<T> for Tree<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut tree = Self::default();
        for item in items {
            tree.insert(tree.len(), item);
        }
        tree
    }
}

impl<T: PartialEq> PartialEq for Tree<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.root, &other.root)
            || (self.len() == other.len() && self.iter().eq(other.iter()))
    }
}

impl<T: Eq> Eq for Tree<T> {}

/// By content alone: how the items are spread over nodes does not matter.
impl<T: Hash> Hash for Tree<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        for item in self.iter() {
            item.hash(state);
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Tree<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
