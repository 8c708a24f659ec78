//! Who reads what a crash leaves, and what that reader cannot tell apart.

use std::fmt::Debug;

/// A program's way of reading the files that a crash leaves, as far as it lets images be left out:
/// of contents that it, and whatever it does next, cannot tell apart one is enough.
pub trait Reader: Debug + Sync {
    /// Given the first bytes of a file, which nothing pending touches: the last place among them
    /// (or their end) from which on [`blank`](Reader::blank) can be told what follows; `None` if it
    /// cannot.
    fn border(&self, before: &[u8]) -> Option<usize>;

    /// Makes alike, in bytes that begin at a border, what is alike to the reader whatever may come
    /// to stand behind the first `firm` of them, which stay as they are.
    fn blank(&self, bytes: &mut [u8], firm: usize);

    /// As [`blank`](Reader::blank), for all that there is to the file's end, which may move.
    fn end(&self, bytes: Vec<u8>) -> Vec<u8>;

    /// Whether [`thin`](Reader::thin) leaves anything out: then bytes that were never written read
    /// as the profile's first fill alone.
    fn thins(&self) -> bool;

    /// Given a write that reaches into nothing but new room, and places at which it may be cut, in
    /// rising order: those that stand for all.
    fn thin(&self, write: &[u8], cuts: Vec<usize>) -> Vec<usize>;
}
