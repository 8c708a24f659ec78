//! Names and the directory.

use std::sync::Arc;

use smallvec::SmallVec;

use super::inode::OpState;
use super::state::InodeId;

/// A name, interned: the same number means the same name within one disk and its images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub u16);

/// Names by number. The store's own come first, so that their numbers depend on no history.
#[derive(Clone, Debug)]
pub(super) struct NameTable(Arc<Vec<Box<str>>>);

const WELL_KNOWN: [&str; 4] = [
    "appendonly.aof",
    "appendonly.aof.rewrite",
    "appendonly.aof.side",
    "appendonly.aof.lock",
];

impl Default for NameTable {
    fn default() -> Self {
        Self(Arc::new(WELL_KNOWN.map(Into::into).to_vec()))
    }
}

impl NameTable {
    pub fn find(&self, name: &str) -> Option<NameId> {
        let position = self.0.iter().position(|known| **known == *name)?;
        Some(NameId(u16::try_from(position).expect("few names")))
    }

    pub fn intern(&mut self, name: &str) -> NameId {
        self.find(name).unwrap_or_else(|| {
            Arc::make_mut(&mut self.0).push(name.into());
            NameId(u16::try_from(self.0.len() - 1).expect("few names"))
        })
    }

    pub fn text(&self, name: NameId) -> &str {
        &self.0[usize::from(name.0)]
    }
}

/// Which file each name refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Entries(SmallVec<[Option<InodeId>; 8]>);

impl Entries {
    pub fn get(&self, name: NameId) -> Option<InodeId> {
        self.0.get(usize::from(name.0)).copied().flatten()
    }

    pub fn set(&mut self, name: NameId, inode: Option<InodeId>) {
        let index = usize::from(name.0);
        if index >= self.0.len() {
            if inode.is_none() {
                return;
            }
            self.0.resize(index + 1, None);
        }
        self.0[index] = inode;
        while self.0.last() == Some(&None) {
            self.0.pop();
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (NameId, InodeId)> + '_ {
        (0..)
            .zip(&self.0)
            .filter_map(|(index, inode)| inode.map(|inode| (NameId(index), inode)))
    }

    pub fn refers_to(&self, inode: InodeId) -> bool {
        self.0.contains(&Some(inode))
    }
}

/// One change of names, atomic for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum NameChange {
    /// The name refers to the file.
    Link(NameId, InodeId),
    /// The name is gone.
    Unlink(NameId),
    /// The first name is gone, and the second refers to the file.
    Rename(NameId, NameId, InodeId),
}

impl NameChange {
    pub fn apply(self, entries: &mut Entries) {
        match self {
            Self::Link(name, inode) => entries.set(name, Some(inode)),
            Self::Unlink(name) => entries.set(name, None),
            Self::Rename(from, to, inode) => {
                entries.set(from, None);
                entries.set(to, Some(inode));
            }
        }
    }

    /// The file that it links.
    pub fn inode(self) -> Option<InodeId> {
        match self {
            Self::Link(_, inode) | Self::Rename(_, _, inode) => Some(inode),
            Self::Unlink(_) => None,
        }
    }

    /// Whether the change shows in `entries`.
    pub fn shows_in(self, entries: &Entries) -> bool {
        match self {
            Self::Link(name, inode) | Self::Rename(_, name, inode) => {
                entries.get(name) == Some(inode)
            }
            Self::Unlink(name) => entries.get(name).is_none(),
        }
    }
}

/// A change of names that is not known to be durable.
#[derive(Clone, Copy, Debug)]
pub(super) struct PendingName {
    pub sequence: u64,
    pub state: OpState,
    pub change: NameChange,
    /// It becomes durable only after the bytes that its file had then.
    pub flushes: bool,
}

/// The directory: as callers see it, as the disk has it, and the changes in between.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    pub cache: Entries,
    pub durable: Entries,
    pub pending: SmallVec<[PendingName; 4]>,
}

impl Directory {
    /// Moves what must be durable, and waits for nothing, to the durable entries.
    pub fn collapse(&mut self) {
        let ready = self
            .pending
            .iter()
            .take_while(|op| op.state == OpState::Must)
            .count();
        for op in self.pending.drain(..ready) {
            op.change.apply(&mut self.durable);
        }
    }
}
