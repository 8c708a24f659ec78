//! One node of a tree: its items, and what lies between them.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{ITEMS_MAX, ITEMS_MIN};

#[derive(Clone, Debug)]
pub(super) struct Node<T> {
    /// Items in and below it.
    pub len: usize,
    /// Shared by copies of the node: whoever changes a child only must not copy them.
    pub items: Arc<Vec<T>>,
    /// None in a leaf, else one before each item and one behind the last.
    pub children: Vec<Child<T>>,
}

#[derive(Debug)]
pub(super) struct Child<T> {
    /// The node's length, so that a search by rank looks into no child beside its way.
    pub len: usize,
    pub node: Arc<Node<T>>,
}

/// Where a rank lies in a node.
pub(super) enum Place {
    /// It is this item.
    Item(usize),
    /// It is below this child, at this rank.
    Child(usize, usize),
}

impl<T> Clone for Child<T> {
    fn clone(&self) -> Self {
        Self {
            len: self.len,
            node: Arc::clone(&self.node),
        }
    }
}

impl<T> From<Node<T>> for Child<T> {
    fn from(node: Node<T>) -> Self {
        Self {
            len: node.len,
            node: Arc::new(node),
        }
    }
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self {
            len: 0,
            items: Arc::default(),
            children: Vec::new(),
        }
    }
}

impl<T> Node<T> {
    /// A root above two nodes and the item between them.
    pub fn joint(left: Self, middle: T, right: Self) -> Self {
        Self {
            len: left.len + 1 + right.len,
            items: Arc::new(Vec::from([middle])),
            children: Vec::from([left.into(), right.into()]),
        }
    }

    pub fn is_leaf(&self) -> bool {
        self.children.is_empty()
    }

    /// How many items lie below a child; none in a leaf.
    pub fn child_len(&self, at: usize) -> usize {
        self.children.get(at).map_or(0, |child| child.len)
    }

    /// How many items lie before a child, or before an item of a leaf.
    pub fn before(&self, at: usize) -> usize {
        let lens = self.children.iter().take(at).map(|child| child.len);
        at + lens.sum::<usize>()
    }

    /// Where a rank lies.
    pub fn place(&self, mut rank: usize) -> Place {
        for (at, child) in self.children.iter().enumerate() {
            if rank < child.len {
                return Place::Child(at, rank);
            }
            rank -= child.len;
            if rank == 0 {
                return Place::Item(at);
            }
            rank -= 1;
        }
        Place::Item(rank)
    }

    /// The child into which what gets this rank is inserted, and the rank there.
    fn gap(&self, mut rank: usize) -> (usize, usize) {
        for (at, child) in self.children.iter().enumerate() {
            if rank <= child.len {
                return (at, rank);
            }
            rank -= child.len + 1;
        }
        unreachable!("T4: a rank beyond the end")
    }

    pub fn check_invariants(&self) -> usize {
        assert!(!self.items.is_empty(), "T2: an empty node");
        assert!(self.items.len() <= ITEMS_MAX, "T2: a full node");
        let lens = self.children.iter().map(|child| child.len);
        let len = self.items.len() + lens.sum::<usize>();
        assert_eq!(self.len, len, "T4: a node's length");
        if self.is_leaf() {
            return 1;
        }
        assert_eq!(self.children.len(), self.items.len() + 1, "T3: children");
        let mut depth = None;
        for child in &self.children {
            assert_eq!(child.len, child.node.len, "T4: a child's length");
            let found = child.node.check_invariants();
            assert!(depth.is_none_or(|depth| depth == found), "T1: depth");
            depth = Some(found);
        }
        1 + depth.unwrap_or(0)
    }
}

impl<T: Clone> Node<T> {
    /// The items, to change them; there is room for one more.
    ///
    /// A copy or a node that grows gets its room at once: growing by doubling would leave nodes that
    /// stay as they are, as most do behind the tree's end, with half of it unused.
    pub fn items_mut(&mut self) -> &mut Vec<T> {
        let len = self.items.len();
        if Arc::get_mut(&mut self.items).is_none() {
            let mut copy = Vec::with_capacity(len + 1);
            copy.extend_from_slice(&self.items);
            self.items = Arc::new(copy);
        }
        let items = Arc::get_mut(&mut self.items).expect("nobody else holds the copy");
        if items.capacity() == len {
            items.reserve_exact((ITEMS_MAX + 1).saturating_sub(len).max(1));
        }
        items
    }

    /// Cuts what lies behind an item off; gives the item and that.
    fn split(&mut self, at: usize) -> (T, Self) {
        let own = self.items_mut();
        let items = own.split_off(at + 1);
        let middle = own.pop().expect("T2: an item to split at");
        own.shrink_to_fit();
        let children = match self.is_leaf() {
            true => Vec::new(),
            false => self.children.split_off(at + 1),
        };
        self.children.shrink_to_fit();
        let lens = children.iter().map(|child| child.len);
        let len = items.len() + lens.sum::<usize>();
        self.len -= len + 1;
        let right = Self {
            len,
            items: Arc::new(items),
            children,
        };
        (middle, right)
    }

    /// Inserts an item; what must go beside this node, with the item between, if it was full.
    /// Behind the tree's end nodes stay full, for more will follow.
    pub fn insert(&mut self, rank: usize, item: T, at_end: bool) -> Option<(T, Self)> {
        self.len += 1;
        if self.is_leaf() {
            self.items_mut().insert(rank, item);
        } else {
            let (at, within) = self.gap(rank);
            let child = &mut self.children[at];
            let split = Arc::make_mut(&mut child.node).insert(within, item, at_end);
            child.len = child.node.len;
            if let Some((middle, right)) = split {
                self.items_mut().insert(at, middle);
                self.children.insert(at + 1, right.into());
            }
        }
        let at = match at_end {
            true => ITEMS_MAX - 1,
            false => ITEMS_MAX / 2,
        };
        (self.items.len() > ITEMS_MAX).then(|| self.split(at))
    }

    /// Takes an item out; the node may be left with too few.
    pub fn remove(&mut self, rank: usize) -> T {
        self.len -= 1;
        if self.is_leaf() {
            return self.items_mut().remove(rank);
        }
        match self.place(rank) {
            Place::Child(at, within) => {
                let item = self.remove_below(at, within);
                self.refill(at);
                item
            }
            Place::Item(at) => {
                let last = self.children[at].len - 1;
                let before = self.remove_below(at, last);
                let item = core::mem::replace(&mut self.items_mut()[at], before);
                self.refill(at);
                item
            }
        }
    }

    fn remove_below(&mut self, at: usize, within: usize) -> T {
        let child = &mut self.children[at];
        child.len -= 1;
        Arc::make_mut(&mut child.node).remove(within)
    }

    /// Joins a child that has too few items with its neighbour; halves both if that is too many.
    fn refill(&mut self, at: usize) {
        if self.children[at].node.items.len() >= ITEMS_MIN {
            return;
        }
        let at = at.saturating_sub(1);
        let separator = self.items_mut().remove(at);
        let right = Arc::unwrap_or_clone(self.children.remove(at + 1).node);
        let child = &mut self.children[at];
        let left = Arc::make_mut(&mut child.node);
        left.len += 1 + right.len;
        let items = left.items_mut();
        items.push(separator);
        items.extend(Arc::unwrap_or_clone(right.items));
        left.children.extend(right.children);
        let count = left.items.len();
        let split = (count > ITEMS_MAX).then(|| left.split(count / 2));
        child.len = left.len;
        if let Some((middle, right)) = split {
            self.items_mut().insert(at, middle);
            self.children.insert(at + 1, right.into());
        }
    }
}
