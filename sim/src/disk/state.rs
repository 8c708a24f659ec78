//! The disk: its files, names, handles and locks, and what is set up to go wrong.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use indelible::effect::{IoError, IoErrorKind};
use smallvec::SmallVec;

use crate::hash::StableHasher;

use super::cuts::Cuts;
use super::fault::{self, CallKind, Fault, FaultKind, Keep};
use super::inode::{Change, Inode, Pending};
use super::names::{Directory, NameChange, NameId, NameTable, PendingName};
use super::profile::{Profile, SyncNames};
use super::trace::CallRecord;

/// A file's number; small, and used again once the file is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InodeId(pub u16);

/// An open handle's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HandleId(pub u16);

#[derive(Clone, Copy, Debug)]
pub(super) struct Handle {
    pub inode: InodeId,
    pub writable: bool,
    /// Errors of the file that this handle has reported or need not report.
    pub seen: u32,
    /// The next sync covers only what was changed up to this sequence number.
    pub cover: Option<u64>,
}

/// A simulated disk with one directory. See the [module](super) for the fault model.
///
/// Cheap to clone: contents are shared. Its `Hash` covers everything that can matter later (files,
/// pending changes, handles, locks, armed faults), and neither the trace, nor counters, nor the
/// numbers that files happened to get.
///
/// The calls themselves, by handle, are methods here as well; [`SimVfs`](super::SimVfs) makes a
/// [`Vfs`](indelible::vfs::Vfs) of them.
#[derive(Clone, Debug)]
pub struct Disk {
    pub(super) profile: Arc<Profile>,
    pub(super) names: NameTable,
    pub(super) dir: Directory,
    pub(super) inodes: SmallVec<[Option<Arc<Inode>>; 8]>,
    pub(super) handles: SmallVec<[Option<Handle>; 8]>,
    pub(super) locks: SmallVec<[NameId; 2]>,
    pub(super) faults: SmallVec<[Fault; 2]>,
    /// The journal failed: nothing can be changed until the next crash; how many calls were refused.
    pub(super) read_only: Option<u32>,
    pub(super) dir_cover: Option<u64>,
    pub(super) sequence: u64,
    pub(super) boot: u32,
    pub(super) budget: Option<u64>,
    pub(super) cut_keeps: Keep,
    pub(super) cut: Option<CallRecord>,
    pub(super) calls: u64,
    pub(super) last: CallRecord,
    pub(super) trace: Option<Arc<Vec<CallRecord>>>,
    pub(super) cuts: Option<Box<Cuts>>,
    /// What the file freed last held, for [`Fill::Stale`](super::Fill::Stale).
    pub(super) stale: Option<Arc<Vec<u8>>>,
}

impl Disk {
    /// An empty directory on a disk of this kind.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        assert!(!profile.fills.is_empty() && profile.tear_unit > 0 && profile.page_len > 0);
        Self {
            profile: Arc::new(profile),
            names: NameTable::default(),
            dir: Directory::default(),
            inodes: SmallVec::new(),
            handles: SmallVec::new(),
            locks: SmallVec::new(),
            faults: SmallVec::new(),
            read_only: None,
            dir_cover: None,
            sequence: 0,
            boot: 0,
            budget: None,
            cut_keeps: Keep::Nothing,
            cut: None,
            calls: 0,
            last: CallRecord::new(CallKind::List),
            trace: None,
            cuts: None,
            stale: None,
        }
    }

    /// The kind of file system.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Changes the kind of file system; what is pending stays so.
    pub fn set_profile(&mut self, profile: Profile) {
        self.profile = Arc::new(profile);
    }

    /// Arms a fault.
    pub fn inject(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Disarms all faults; a file system that one of them turned read-only stays so.
    pub fn disarm(&mut self) {
        self.faults.clear();
    }

    /// Disarms all faults and makes the file system writable again.
    pub fn clear_faults(&mut self) {
        self.disarm();
        self.remount();
    }

    /// How many calls were refused since a failed journal turned the file system read-only; `None`:
    /// it is writable.
    #[must_use]
    pub fn refused_read_only(&self) -> Option<u32> {
        self.read_only
    }

    /// The file system is mounted again for writing, and no program was ended for it.
    pub fn remount(&mut self) {
        self.read_only = None;
    }

    /// Whether a fault is armed, those that strike for ever included.
    #[must_use]
    pub fn fault_is_armed(&self) -> bool {
        !self.faults.is_empty()
    }

    /// What may go wrong in a call of this kind here.
    #[must_use]
    pub fn fault_alternatives(&self, call: CallKind) -> &'static [FaultKind] {
        match call {
            CallKind::SyncData => self.profile.sync_failures,
            CallKind::SyncDir => self.profile.dir_sync_failures,
            CallKind::Close => self.profile.close_failures,
            _ => fault::alternatives(call),
        }
    }

    /// After `calls` more calls every call fails with [`IoErrorKind::Io`] and does nothing, as if
    /// the process had been killed; `None`: never.
    pub fn set_call_budget(&mut self, calls: Option<u64>) {
        self.budget = calls;
        self.cut = None;
    }

    /// Which part of a write is applied that is the first call behind the budget.
    pub fn set_cut_keeps(&mut self, keep: Keep) {
        self.cut_keeps = keep;
    }

    /// Whether a call came after the budget was spent.
    #[must_use]
    pub fn budget_hit(&self) -> bool {
        self.cut.is_some()
    }

    /// The first call behind the budget: if it was a write, `len` says how long.
    #[must_use]
    pub fn cut_call(&self) -> Option<&CallRecord> {
        self.cut.as_ref()
    }

    /// Calls so far, those that failed included; it goes on over crashes.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// The number of the last change; a change made from now on has a larger one.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The next sync through this handle covers only what was changed up to `sequence` (its value
    /// when the sync was given out); later changes stay dirty and may reach the disk or not.
    pub fn set_sync_cover(&mut self, handle: HandleId, sequence: u64) {
        self.handle_mut(handle).cover = Some(sequence);
    }

    /// As [`Disk::set_sync_cover`], for the next sync of the directory.
    pub fn set_dir_sync_cover(&mut self, sequence: u64) {
        self.dir_cover = Some(sequence);
    }

    /// How many pending changes of the handle's file, and of names if it persists them, a sync given
    /// out at `sequence` covers: what a state's hash should hold in place of a sequence number.
    #[must_use]
    pub fn covered(&self, handle: HandleId, sequence: u64) -> (usize, usize) {
        let pending = &self.inode_of(handle).pending;
        let names = match self.profile.sync_names {
            SyncNames::None => 0,
            _ => self.dir_covered(sequence),
        };
        let covered = pending.iter().filter(|op| op.sequence <= sequence);
        (covered.count(), names)
    }

    /// The length of the handle's file as callers see it: no call.
    #[must_use]
    pub fn cached_len(&self, handle: HandleId) -> u64 {
        self.inode_of(handle).cache.len() as u64
    }

    /// Whether the size of the handle's file is not durable.
    #[must_use]
    pub fn size_is_pending(&self, handle: HandleId) -> bool {
        self.inode_of(handle).size_changed()
    }

    /// As [`Disk::covered`], for a sync of the directory.
    #[must_use]
    pub fn dir_covered(&self, sequence: u64) -> usize {
        let pending = &self.dir.pending;
        pending.iter().filter(|op| op.sequence <= sequence).count()
    }

    /// What the last call did.
    #[must_use]
    pub fn last_call(&self) -> &CallRecord {
        &self.last
    }

    /// Starts (with nothing) or stops keeping a record of every call.
    pub fn set_tracing(&mut self, on: bool) {
        self.trace = on.then(Arc::default);
    }

    /// The calls since tracing was switched on.
    #[must_use]
    pub fn trace(&self) -> &[CallRecord] {
        self.trace.as_ref().map_or(&[], |trace| &trace[..])
    }

    /// The text of a name.
    #[must_use]
    pub fn name(&self, name: NameId) -> &str {
        self.names.text(name)
    }

    /// The files as callers see them, by name, in a fixed order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let file = |(name, inode)| (self.names.text(name), &self.inode(inode).cache[..]);
        self.dir.cache.iter().map(file)
    }

    /// A file's bytes as callers see them.
    #[must_use]
    pub fn contents(&self, name: &str) -> Option<&[u8]> {
        let inode = self.dir.cache.get(self.names.find(name)?)?;
        Some(&self.inode(inode).cache)
    }

    /// The file that a name refers to, for callers.
    #[must_use]
    pub fn inode_named(&self, name: &str) -> Option<InodeId> {
        self.dir.cache.get(self.names.find(name)?)
    }

    /// Puts a durable file into the directory, in place of one that has the name.
    pub fn add_file(&mut self, name: &str, contents: Vec<u8>) {
        let name = self.names.intern(name);
        let inode = self.new_inode();
        self.inodes[usize::from(inode.0)] = Some(Arc::new(Inode::settled(contents)));
        self.dir.cache.set(name, Some(inode));
        self.dir.durable.set(name, Some(inode));
        self.forget_unreachable();
    }

    /// Gives a file of which nothing is pending other bytes, in the cache and on the disk.
    ///
    /// # Panics
    /// If there is no such file, or something of it is pending.
    pub fn set_settled(&mut self, name: &str, contents: Vec<u8>) {
        let inode = self.inode_named(name).expect("the file exists");
        let inode = self.inode_mut(inode);
        assert!(inode.pending.is_empty(), "D1: nothing of it is pending");
        inode.cache = Arc::new(contents);
        inode.durable = Arc::clone(&inode.cache);
    }

    /// Takes a name away, as if it had never been there: changes of names that concern it alone are
    /// no longer pending, nothing else is any surer than it was.
    pub fn forget(&mut self, name: &str) {
        let Some(name) = self.names.find(name) else {
            return;
        };
        self.dir.cache.set(name, None);
        self.dir.durable.set(name, None);
        self.dir.pending.retain(|op| match op.change {
            NameChange::Link(linked, _) => linked != name,
            NameChange::Unlink(unlinked) => unlinked != name,
            NameChange::Rename(..) => true,
        });
        self.forget_unreachable();
    }

    /// Damages the medium: changes a byte of a file, in the cache and on the disk.
    ///
    /// # Panics
    /// If there is no such file or byte.
    pub fn flip(&mut self, name: &str, offset: u64, mask: u8) {
        let inode = self.inode_named(name).expect("the file exists");
        let inode = self.inode_mut(inode);
        let at = super::inode::index(offset);
        Arc::make_mut(&mut inode.cache)[at] ^= mask;
        if let Some(byte) = Arc::make_mut(&mut inode.durable).get_mut(at) {
            *byte ^= mask;
        }
    }

    /// Damages the medium: what is durable of these bytes of a file can no longer be read, until
    /// something is written over it. Readers get [`IoErrorKind::Io`].
    ///
    /// # Panics
    /// If there is no such file.
    pub fn spoil(&mut self, name: &str, offset: u64, len: u64) {
        let inode = self.inode_named(name).expect("the file exists");
        self.inode_mut(inode).spoiled.push((offset, offset + len));
    }

    /// How many handles are open.
    #[must_use]
    pub fn open_handles(&self) -> usize {
        self.handles.iter().flatten().count()
    }

    /// How many changes are not known to be durable, names and bytes together.
    #[must_use]
    pub fn pending(&self) -> usize {
        let in_files = self
            .inodes
            .iter()
            .flatten()
            .map(|inode| inode.pending.len());
        in_files.sum::<usize>() + self.dir.pending.len()
    }

    /// A hash of the disk that is the same in every run.
    #[must_use]
    pub fn content_hash(&self) -> u64 {
        let mut hasher = StableHasher::default();
        self.hash(&mut hasher);
        hasher.finish()
    }

    pub(super) fn inode(&self, id: InodeId) -> &Inode {
        self.inodes[usize::from(id.0)].as_ref().expect("D3: alive")
    }

    pub(super) fn inode_mut(&mut self, id: InodeId) -> &mut Inode {
        let slot = self.inodes[usize::from(id.0)].as_mut();
        Arc::make_mut(slot.expect("D3: alive"))
    }

    pub(super) fn handle(&self, handle: HandleId) -> Handle {
        self.handles[usize::from(handle.0)].expect("O7: the handle is open")
    }

    pub(super) fn handle_mut(&mut self, handle: HandleId) -> &mut Handle {
        let slot = self.handles[usize::from(handle.0)].as_mut();
        slot.expect("O7: the handle is open")
    }

    pub(super) fn inode_of(&self, handle: HandleId) -> &Inode {
        self.inode(self.handle(handle).inode)
    }

    /// How many pending changes of a file become durable with this change of its name.
    fn flushed_with(&self, op: &PendingName) -> usize {
        let before = |change: &&Pending| change.sequence <= op.sequence;
        let pending = |id| self.inode(id).pending.iter().filter(before).count();
        op.change.inode().map_or(0, pending)
    }

    pub(super) fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Whether callers can still reach the file.
    pub(super) fn in_use(&self, inode: InodeId) -> bool {
        let open = self.handles.iter().flatten().any(|h| h.inode == inode);
        open || self.dir.cache.refers_to(inode)
    }

    /// Forgets files that neither callers nor a crash can reach (D3).
    pub(super) fn forget_unreachable(&mut self) {
        for index in 0..self.inodes.len() {
            let id = InodeId(index as u16);
            let linked = |op: &PendingName| op.change.inode() == Some(id);
            if self.inodes[index].is_some()
                && !self.in_use(id)
                && !self.dir.durable.refers_to(id)
                && !self.dir.pending.iter().any(linked)
            {
                self.stale = self.inodes[index]
                    .take()
                    .map(|inode| Arc::clone(&inode.cache));
            }
        }
        if !self.profile.fills.contains(&super::Fill::Stale) {
            self.stale = None;
        }
    }

    pub(super) fn record(&mut self, record: CallRecord) {
        self.last = record;
        if let Some(trace) = &mut self.trace {
            Arc::make_mut(trace).push(record);
        }
    }
}

/// The error of calls behind the budget.
pub(super) const CUT: IoError = IoError::new(IoErrorKind::Io);

impl Hash for Disk {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut order = Numbering::default();
        for entries in [&self.dir.cache, &self.dir.durable] {
            let named = |(name, inode)| (self.names.text(name), inode);
            let mut entries: SmallVec<[_; 8]> = entries.iter().map(named).collect();
            entries.sort_unstable();
            for (name, inode) in entries {
                name.hash(state);
                order.number(inode).hash(state);
            }
            0xffu8.hash(state);
        }
        for op in &self.dir.pending {
            (op.state, op.flushes).hash(state);
            std::mem::discriminant(&op.change).hash(state);
            let (first, second) = match op.change {
                NameChange::Link(name, _) | NameChange::Unlink(name) => (name, None),
                NameChange::Rename(from, to, _) => (from, Some(to)),
            };
            self.names.text(first).hash(state);
            second.map(|name| self.names.text(name)).hash(state);
            op.change.inode().map(|id| order.number(id)).hash(state);
            op.flushes.then(|| self.flushed_with(op)).hash(state);
        }
        for handle in &self.handles {
            let rest = |h: &Handle| (order.number(h.inode), h.writable, h.seen);
            handle.as_ref().map(rest).hash(state);
        }
        for inode in &order.0 {
            hash_inode(self.inode(*inode), state);
        }
        for name in &self.locks {
            self.names.text(*name).hash(state);
        }
        self.faults.hash(state);
        self.read_only.hash(state);
        self.budget.hash(state);
        self.stale.hash(state);
    }
}

/// Numbers files in the order in which they are met, so that a hash forgets what they were called.
#[derive(Default)]
struct Numbering(SmallVec<[InodeId; 8]>);

impl Numbering {
    fn number(&mut self, inode: InodeId) -> usize {
        let known = self.0.iter().position(|known| *known == inode);
        known.unwrap_or_else(|| {
            self.0.push(inode);
            self.0.len() - 1
        })
    }
}

fn hash_inode<H: Hasher>(inode: &Inode, state: &mut H) {
    inode.cache.hash(state);
    (inode.errors, inode.late, inode.pending.len()).hash(state);
    inode.spoiled.hash(state);
    if inode.pending.is_empty() {
        return; // D1: the disk has what the cache has.
    }
    inode.durable.hash(state);
    for op in &inode.pending {
        op.state.hash(state);
        match &op.change {
            Change::Data { offset, bytes } => (0u8, offset, bytes).hash(state),
            Change::Size { from, to, set } => (1u8, from, to, set).hash(state),
        }
    }
}
