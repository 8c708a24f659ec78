//! Disks that nothing can tell apart, made equal.

use std::sync::Arc;

use super::inode::Inode;
use super::names::NameChange;
use super::state::{Disk, HandleId, InodeId};

/// What stands for bytes that nobody reads.
const UNREAD: &[u8] = b"x";

impl Disk {
    /// What is pending counts as durable: the same disk to everybody, if nothing is lost or fails
    /// any more.
    pub fn settle_all(&mut self) {
        for inode in self.inodes.iter_mut().flatten() {
            if inode.pending.is_empty() || inode.late {
                continue;
            }
            let inode = Arc::make_mut(inode);
            inode.durable = Arc::clone(&inode.cache);
            inode.pending.clear();
        }
        self.dir.durable = self.dir.cache.clone();
        self.dir.pending.clear();
        self.stale = None;
        self.forget_unreachable();
    }

    /// Files that are, were and will be reachable under these names alone hold one byte, durably,
    /// or nothing if they are empty: the same disk to a program that removes them unread, whatever a
    /// crash may find of them.
    pub fn blank(&mut self, unread: &[&str]) {
        for index in 0..self.inodes.len() {
            let Some(inode) = self.inodes[index].as_deref() else {
                continue;
            };
            let blank = if inode.cache.is_empty() { b"" } else { UNREAD };
            let plain = inode.pending.is_empty() && **inode.cache == *blank;
            let id = InodeId(index as u16);
            let open = self.handles.iter().flatten().any(|h| h.inode == id);
            if !plain && !open && self.only_under(id, unread) {
                self.inodes[index] = Some(Arc::new(Inode::settled(blank.to_vec())));
            }
        }
    }

    /// This disk with other beginnings of files: `other` is given the bytes of a file that are
    /// durable and that no pending change touches, and the file's length, and says up to where a
    /// number stands for them.
    pub(crate) fn with_beginnings(
        &self,
        other: impl Fn(&[u8], usize) -> Option<(usize, u128)>,
    ) -> Self {
        let mut disk = self.clone();
        for slot in disk.inodes.iter_mut().flatten() {
            if !slot.spoiled.is_empty() {
                continue;
            }
            let firm = slot.firm_len();
            if let Some((cut, number)) = other(&slot.durable[..firm], slot.reach()) {
                Arc::make_mut(slot).begin_with(cut, &number.to_le_bytes());
            }
        }
        disk
    }

    /// Whether the file behind an open handle is, was and will be reachable under these names alone.
    pub(crate) fn is_only_under(&self, handle: HandleId, names: &[&str]) -> bool {
        self.only_under(self.handle(handle).inode, names)
    }

    fn only_under(&self, inode: InodeId, names: &[&str]) -> bool {
        let known = |name| names.contains(&self.names.text(name));
        let entries = [&self.dir.cache, &self.dir.durable];
        let mut named = entries.iter().flat_map(|entries| entries.iter());
        let mut pending = self.dir.pending.iter().map(|op| op.change);
        named.all(|(name, id)| id != inode || known(name))
            && pending.all(|change| match change {
                NameChange::Link(name, id) | NameChange::Rename(_, name, id) => {
                    id != inode || known(name)
                }
                NameChange::Unlink(_) => true,
            })
    }
}
