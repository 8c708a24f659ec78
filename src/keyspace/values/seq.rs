//! A sequence of records: packed while it is small, a tree beyond.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::hash::{Hash, Hasher};
use core::ops::Range;

use super::packed::{self, Packed};
use super::record::{Named, Record, place};
use crate::keyspace::tree::{Rest, Tree};

/// Records in order. Cloning is `O(1)`, a change `O(log n)` or that of a small copy.
#[derive(Clone, Debug)]
pub(in crate::keyspace) enum Seq<T> {
    Packed(Packed),
    Large(Arc<Large<T>>),
}

#[derive(Clone, Debug)]
pub(in crate::keyspace) struct Large<T> {
    tree: Tree<T>,
    /// Bytes of payload.
    len_bytes: usize,
}

impl<T> Default for Seq<T> {
    fn default() -> Self {
        Self::Packed(Packed::default())
    }
}

impl<T: Record> Seq<T> {
    pub fn len(&self) -> usize {
        match self {
            Self::Packed(packed) => packed::count(packed),
            Self::Large(large) => large.tree.len(),
        }
    }

    pub fn len_bytes(&self) -> usize {
        match self {
            Self::Packed(packed) => packed.len(),
            Self::Large(large) => large.len_bytes,
        }
    }

    /// Whether freeing it may take more than one step.
    pub const fn is_large(&self) -> bool {
        matches!(self, Self::Large(_))
    }

    pub fn get(&self, rank: usize) -> Option<T::View<'_>> {
        match self {
            Self::Packed(packed) => packed::iter::<T>(packed).nth(rank),
            Self::Large(large) => large.tree.get(rank).map(T::view),
        }
    }

    /// Records of these ranks in order.
    pub fn range(&self, ranks: Range<usize>) -> impl DoubleEndedIterator<Item = T::View<'_>> {
        let (small, large) = match self {
            Self::Packed(packed) => {
                let len = ranks.end.saturating_sub(ranks.start);
                let views = packed::iter::<T>(packed).skip(ranks.start).take(len);
                (views.collect(), None)
            }
            Self::Large(large) => (Vec::new(), Some(large.tree.range(ranks).map(T::view))),
        };
        small.into_iter().chain(large.into_iter().flatten())
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = T::View<'_>> {
        self.range(0..self.len())
    }

    /// The rank of the record that `order` calls equal, or that at which it would be inserted.
    pub fn search(&self, mut order: impl FnMut(T::View<'_>) -> Ordering) -> Result<usize, usize> {
        match self {
            Self::Packed(packed) => first(packed::iter::<T>(packed).map(order)),
            Self::Large(large) => large.tree.search(|item| order(item.view())),
        }
    }

    pub fn insert(&mut self, rank: usize, view: T::View<'_>) {
        self.splice(rank..rank, Some(view));
    }

    pub fn replace(&mut self, rank: usize, view: T::View<'_>) {
        self.splice(rank..rank + 1, Some(view));
    }

    pub fn remove(&mut self, rank: usize) {
        self.splice(rank..rank + 1, None);
    }

    fn splice(&mut self, ranks: Range<usize>, new: Option<T::View<'_>>) {
        if let Self::Packed(packed) = self {
            match packed::splice::<T>(packed, ranks.clone(), new) {
                Some(packed) => {
                    *self = Self::Packed(packed);
                    return;
                }
                None => self.unpack(),
            }
        }
        let Self::Large(large) = self else {
            unreachable!("C2: unpacked just now")
        };
        let large = Arc::make_mut(large);
        large.len_bytes += new.map_or(0, |view| T::len(view));
        match (ranks.is_empty(), new) {
            (true, Some(view)) => large.tree.insert(ranks.start, T::of(view)),
            (true, None) => {}
            (false, Some(view)) => {
                let item = large.tree.get_mut(ranks.start).expect("C2: it is there");
                large.len_bytes -= T::len(item.view());
                *item = T::of(view);
            }
            (false, None) => {
                let item = large.tree.remove(ranks.start);
                large.len_bytes -= T::len(item.view());
            }
        }
    }

    fn unpack(&mut self) {
        let tree: Tree<T> = self.iter().map(T::of).collect();
        let len_bytes = self.iter().map(|view| T::len(view)).sum();
        *self = Self::Large(Arc::new(Large { tree, len_bytes }));
    }

    /// What is to be freed step by step.
    pub fn into_rest(self) -> Option<Rest<T>> {
        match self {
            Self::Packed(_) => None,
            Self::Large(large) => Arc::into_inner(large).map(|large| large.tree.into_rest()),
        }
    }

    pub fn check_invariants(&self) {
        if let Self::Large(large) = self {
            large.tree.check_invariants();
            let len_bytes: usize = self.iter().map(|view| T::len(view)).sum();
            assert_eq!(large.len_bytes, len_bytes, "C2: bytes");
        }
    }
}

/// Records that are sorted by their names' hashes.
impl<T: Named> Seq<T> {
    pub fn search_name(&self, name: &[u8]) -> Result<usize, usize> {
        match self {
            Self::Packed(packed) => {
                let mut names = packed::iter::<T>(packed).map(|view| T::name(view));
                if let Some(at) = names.position(|other| other == name) {
                    return Ok(at);
                }
                let wanted = (place(name), name);
                let names = packed::iter::<T>(packed).map(|view| T::name(view));
                first(names.map(|name| (place(name), name).cmp(&wanted)))
            }
            Self::Large(large) => {
                let wanted = (place(name), name);
                large.tree.search(|item| item.hash_and_name().cmp(&wanted))
            }
        }
    }

    pub fn find(&self, name: &[u8]) -> Option<T::View<'_>> {
        match self {
            Self::Packed(packed) => packed::iter::<T>(packed).find(|view| T::name(*view) == name),
            Self::Large(large) => {
                let wanted = (place(name), name);
                let found = large.tree.find(|item| item.hash_and_name().cmp(&wanted));
                found.map(T::view)
            }
        }
    }

    /// Puts a record under its name; true if there was none.
    pub fn put(&mut self, view: T::View<'_>) -> bool {
        match self.search_name(T::name(view)) {
            Ok(rank) => self.replace(rank, view),
            Err(rank) => {
                self.insert(rank, view);
                return true;
            }
        }
        false
    }

    /// Removes a name; true if it was there.
    pub fn remove_name(&mut self, name: &[u8]) -> bool {
        let found = self.search_name(name);
        if let Ok(rank) = found {
            self.remove(rank);
        }
        found.is_ok()
    }

    /// Records from a cursor on and the cursor that goes on, 0 at the end; a small one at once.
    pub fn scan(&self, cursor: u64, count: usize) -> (Vec<T::View<'_>>, u64) {
        let Self::Large(large) = self else {
            return (self.iter().collect(), 0);
        };
        let order = |item: &T| match item.hash_and_name().0 < cursor {
            true => Ordering::Less,
            false => Ordering::Greater,
        };
        let (Ok(from) | Err(from)) = large.tree.search(order);
        let (mut found, mut last) = (Vec::new(), None);
        for item in large.tree.range(from..usize::MAX) {
            let hash = item.hash_and_name().0;
            if found.len() >= count && last != Some(hash) {
                return (found, hash);
            }
            last = Some(hash);
            found.push(item.view());
        }
        (found, 0)
    }
}

/// Where orders, which rise, are equal, or are not less any more.
fn first(orders: impl Iterator<Item = Ordering>) -> Result<usize, usize> {
    let mut less = 0;
    for order in orders {
        match order {
            Ordering::Less => less += 1,
            Ordering::Equal => return Ok(less),
            Ordering::Greater => break,
        }
    }
    Err(less)
}

impl<T: Record> PartialEq for Seq<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Large(one), Self::Large(two)) => one.tree == two.tree,
            _ => self.len() == other.len() && self.iter().eq(other.iter()),
        }
    }
}

impl<T: Record> Eq for Seq<T> {}

/// By content alone: packed or not does not matter.
impl<T: Record> Hash for Seq<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        match self {
            Self::Packed(packed) => {
                packed::iter::<T>(packed).for_each(|view| T::of(view).hash(state));
            }
            Self::Large(large) => large.tree.iter().for_each(|item| item.hash(state)),
        }
    }
}
