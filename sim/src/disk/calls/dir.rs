//! Calls about names.

use indelible::effect::{IoError, IoErrorKind};
use smallvec::SmallVec;

use super::super::fault::{CallKind, FaultKind};
use super::super::inode::OpState;
use super::super::names::{NameChange, NameId, PendingName};
use super::super::state::{CUT, Disk, InodeId};
use super::super::trace::CallRecord;
use super::{Turn, late_error};

impl Disk {
    /// See [`Vfs::rename`](indelible::vfs::Vfs::rename).
    ///
    /// # Errors
    /// As injected; `NotFound`.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<(), IoError> {
        let (from, to) = (self.names.intern(from), self.names.intern(to));
        let mut record = CallRecord {
            name: Some(from),
            to: Some(to),
            inode: self.dir.cache.get(from),
            ..CallRecord::new(CallKind::Rename)
        };
        let struck = enter!(self, record);
        let Some(inode) = record.inode else {
            return self.refuse(record, IoError::new(IoErrorKind::NotFound));
        };
        let old = self.dir.cache.get(to);
        if old != Some(inode) {
            record.sequence = self.rename_entries(from, to, inode, old.is_some());
            record.freed = old.map_or(0, |old| self.freed_with(old));
            self.forget_unreachable();
        }
        self.leave(record, late_error(struck)).map(drop)
    }

    /// See [`Vfs::sync_dir`](indelible::vfs::Vfs::sync_dir).
    ///
    /// # Errors
    /// As injected.
    pub fn sync_dir(&mut self) -> Result<(), IoError> {
        let cover = self.dir_cover.take().unwrap_or(u64::MAX);
        let record = CallRecord::new(CallKind::SyncDir);
        match self.enter(&record) {
            Turn::Well => {
                if self.profile.honest_flush {
                    self.settle_names(cover);
                }
                self.leave(record, Ok(0)).map(drop)
            }
            Turn::Struck(kind) => {
                if self.profile.dir_sync_lies {
                    for op in self
                        .dir
                        .pending
                        .iter_mut()
                        .filter(|op| op.state == OpState::Dirty)
                    {
                        op.state = OpState::Limbo;
                    }
                }
                let kind = match kind {
                    FaultKind::Fail(kind) | FaultKind::FailDone(kind) => kind,
                    _ => IoErrorKind::Io,
                };
                self.leave(record, Err(IoError::new(kind))).map(drop)
            }
            Turn::Dead { .. } => self.leave(record, Err(CUT)).map(drop),
        }
    }

    /// See [`Vfs::unlink`](indelible::vfs::Vfs::unlink).
    ///
    /// # Errors
    /// As injected; `NotFound`.
    pub fn unlink(&mut self, name: &str) -> Result<(), IoError> {
        let name = self.names.intern(name);
        let mut record = CallRecord {
            name: Some(name),
            inode: self.dir.cache.get(name),
            ..CallRecord::new(CallKind::Unlink)
        };
        let struck = enter!(self, record);
        let Some(inode) = record.inode else {
            return self.refuse(record, IoError::new(IoErrorKind::NotFound));
        };
        record.sequence = self.change_names(NameChange::Unlink(name), false);
        record.freed = self.freed_with(inode);
        self.forget_unreachable();
        self.leave(record, late_error(struck)).map(drop)
    }

    /// See [`Vfs::list`](indelible::vfs::Vfs::list).
    ///
    /// # Errors
    /// As injected.
    pub fn list(&mut self) -> Result<Vec<String>, IoError> {
        let record = CallRecord::new(CallKind::List);
        enter!(self, record);
        self.leave(record, Ok(0))?;
        Ok(self.files().map(|(name, _)| name.to_owned()).collect())
    }

    /// See [`Vfs::lock`](indelible::vfs::Vfs::lock). The file that it creates is durable at once: a
    /// lock's file has no content, and whether its name survives matters to nobody.
    ///
    /// # Errors
    /// As injected; `Locked`.
    pub fn lock(&mut self, name: &str) -> Result<NameId, IoError> {
        let name = self.names.intern(name);
        let record = CallRecord {
            name: Some(name),
            ..CallRecord::new(CallKind::Lock)
        };
        enter!(self, record);
        if self.locks.contains(&name) {
            return self.refuse(record, IoError::new(IoErrorKind::Locked));
        }
        if self.dir.cache.get(name).is_none() {
            let inode = self.new_inode();
            self.dir.cache.set(name, Some(inode));
            self.dir.durable.set(name, Some(inode));
        }
        self.locks.push(name);
        self.leave(record, Ok(0)).map(|_| name)
    }

    /// Lets go of a lock.
    pub fn unlock(&mut self, name: NameId) {
        self.locks.retain(|held| *held != name);
    }

    fn rename_entries(&mut self, from: NameId, to: NameId, inode: InodeId, over: bool) -> u64 {
        if self.profile.rename_atomic {
            let flushes = over && self.profile.rename_flushes;
            return self.change_names(NameChange::Rename(from, to, inode), flushes);
        }
        self.change_names(NameChange::Unlink(to), false);
        self.change_names(NameChange::Unlink(from), false);
        self.change_names(NameChange::Link(to, inode), false)
    }

    pub(super) fn change_names(&mut self, change: NameChange, flushes: bool) -> u64 {
        let sequence = self.next_sequence();
        change.apply(&mut self.dir.cache);
        let at_once =
            self.profile.blind.renames_durable && matches!(change, NameChange::Rename(..));
        self.dir.pending.push(PendingName {
            sequence,
            state: if at_once {
                OpState::Must
            } else {
                OpState::Dirty
            },
            change,
            flushes,
        });
        self.dir.collapse();
        sequence
    }

    pub(in crate::disk) fn settle_names(&mut self, cover: u64) {
        self.settle_names_if(cover, |_| true);
    }

    pub(super) fn settle_names_of(&mut self, inode: InodeId, cover: u64) {
        self.settle_names_if(cover, |op| op.change.inode() == Some(inode));
    }

    /// Names become durable, and with a rename that flushes the bytes of the renamed file.
    fn settle_names_if(&mut self, cover: u64, is_meant: impl Fn(&PendingName) -> bool) {
        let mut flushed: SmallVec<[(InodeId, u64); 2]> = SmallVec::new();
        for op in &mut self.dir.pending {
            if op.sequence <= cover && op.state == OpState::Dirty && is_meant(op) {
                op.state = OpState::Must;
                let inode = op.change.inode().filter(|_| op.flushes);
                flushed.extend(inode.map(|inode| (inode, op.sequence)));
            }
        }
        for (inode, sequence) in flushed {
            self.inode_mut(inode).settle(sequence);
        }
        self.dir.collapse();
        self.forget_unreachable();
    }
}
