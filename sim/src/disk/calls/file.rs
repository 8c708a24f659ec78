//! Calls about files.

use std::sync::Arc;

use indelible::effect::{IoError, IoErrorKind};
use indelible::vfs::Access;

use super::super::fault::{CallKind, FaultKind, Keep};
use super::super::inode::{Inode, OpState, index};
use super::super::names::NameChange;
use super::super::profile::SyncNames;
use super::super::state::{CUT, Disk, Handle, HandleId, InodeId};
use super::super::trace::CallRecord;
use super::{Turn, late_error};

impl Disk {
    /// See [`Vfs::create`](indelible::vfs::Vfs::create).
    ///
    /// # Errors
    /// As injected; `AlreadyExists`.
    pub fn create(&mut self, name: &str) -> Result<HandleId, IoError> {
        let name = self.names.intern(name);
        let mut record = CallRecord {
            name: Some(name),
            ..CallRecord::new(CallKind::Create)
        };
        let struck = enter!(self, record);
        if self.dir.cache.get(name).is_some() {
            return self.refuse(record, IoError::new(IoErrorKind::AlreadyExists));
        }
        let inode = self.new_inode();
        record.inode = Some(inode);
        record.sequence = self.change_names(NameChange::Link(name, inode), false);
        if let Err(error) = late_error(struck) {
            return self.refuse(record, error);
        }
        let handle = self.new_handle(inode, true);
        self.leave(record, Ok(0)).map(|_| handle)
    }

    /// See [`Vfs::open`](indelible::vfs::Vfs::open).
    ///
    /// # Errors
    /// As injected; `NotFound`.
    pub fn open(&mut self, name: &str, access: Access) -> Result<HandleId, IoError> {
        let name = self.names.intern(name);
        let inode = self.dir.cache.get(name);
        let record = CallRecord {
            name: Some(name),
            inode,
            ..CallRecord::new(CallKind::Open)
        };
        enter!(self, record);
        let Some(inode) = inode else {
            return self.refuse(record, IoError::new(IoErrorKind::NotFound));
        };
        let handle = self.new_handle(inode, access == Access::ReadWrite);
        self.leave(record, Ok(0)).map(|_| handle)
    }

    /// See [`Vfs::len`](indelible::vfs::Vfs::len).
    ///
    /// # Errors
    /// As injected.
    pub fn len(&mut self, handle: HandleId) -> Result<u64, IoError> {
        let record = self.about(CallKind::Len, handle, 0, 0);
        enter!(self, record);
        let len = self.inode_of(handle).cache.len() as u64;
        self.leave(record, Ok(len))
    }

    /// See [`Vfs::read_at`](indelible::vfs::Vfs::read_at).
    ///
    /// # Errors
    /// As injected.
    pub fn read_at(
        &mut self,
        handle: HandleId,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<usize, IoError> {
        let record = self.about(CallKind::Read, handle, offset, buffer.len() as u64);
        let struck = enter!(self, record);
        let mut count = tail(self.inode_of(handle), offset).len().min(buffer.len());
        if let Some(FaultKind::Short(keep)) = struck {
            count = keep.of(count).max(count.min(1)); // 0 would mean the end of the file
        }
        if !self.inode_of(handle).is_readable(offset, count) {
            return self.refuse(record, CUT);
        }
        let bytes = tail(self.inode_of(handle), offset);
        buffer[..count].copy_from_slice(&bytes[..count]);
        self.leave(record, Ok(count as u64)).map(|_| count)
    }

    /// See [`Vfs::write_at`](indelible::vfs::Vfs::write_at).
    ///
    /// # Errors
    /// As injected; `ReadOnly` through a handle for reading.
    pub fn write_at(
        &mut self,
        handle: HandleId,
        offset: u64,
        bytes: &[u8],
    ) -> Result<usize, IoError> {
        let record = self.about(CallKind::Write, handle, offset, bytes.len() as u64);
        let written = self.write(record, handle, offset, bytes)?;
        Ok(index(written))
    }

    /// See [`Vfs::copy_range`](indelible::vfs::Vfs::copy_range).
    ///
    /// # Errors
    /// As for [`Disk::write_at`].
    pub fn copy_range(
        &mut self,
        from: HandleId,
        from_offset: u64,
        to: HandleId,
        to_offset: u64,
        len: u64,
    ) -> Result<u64, IoError> {
        let record = self.about(CallKind::Copy, to, to_offset, len);
        let source = Arc::clone(&self.inode_of(from).cache);
        let start = index(from_offset).min(source.len());
        let end = start + index(len.min((source.len() - start) as u64));
        if !self.inode_of(from).is_readable(from_offset, end - start) {
            return self.refuse(record, CUT);
        }
        self.write(record, to, to_offset, &source[start..end])
    }

    /// Applies the first `keep` bytes of a write that was given out and had not completed when the
    /// process died; counts as no call and meets no fault.
    pub fn apply_prefix(&mut self, handle: HandleId, offset: u64, bytes: &[u8], keep: usize) {
        self.put(handle, OpState::Dirty, offset, &bytes[..keep]);
    }

    /// See [`Vfs::sync_data`](indelible::vfs::Vfs::sync_data).
    ///
    /// # Errors
    /// As injected; an earlier error that this handle has yet to report.
    pub fn sync_data(&mut self, handle: HandleId) -> Result<(), IoError> {
        let record = self.about(CallKind::SyncData, handle, 0, 0);
        let cover = self.handle_mut(handle).cover.take().unwrap_or(u64::MAX);
        let struck = enter!(self, record);
        let result = match struck {
            Some(kind) => self.fail_sync(handle, kind),
            None => self.sync_well(handle, cover),
        };
        self.leave(record, result.map(|()| 0)).map(drop)
    }

    /// See [`Vfs::truncate`](indelible::vfs::Vfs::truncate).
    ///
    /// # Errors
    /// As injected; `ReadOnly` through a handle for reading.
    pub fn truncate(&mut self, handle: HandleId, len: u64) -> Result<(), IoError> {
        let mut record = self.about(CallKind::Truncate, handle, 0, len);
        let struck = enter!(self, record);
        let Handle {
            inode, writable, ..
        } = self.handle(handle);
        if !writable {
            return self.refuse(record, IoError::new(IoErrorKind::ReadOnly));
        }
        if self.inode(inode).cache.len() as u64 != len {
            record.sequence = self.next_sequence();
            record.freed = self.inode_mut(inode).truncate(record.sequence, len);
        }
        self.leave(record, late_error(struck)).map(drop)
    }

    /// See [`Vfs::close`](indelible::vfs::Vfs::close). The handle is gone in any case.
    ///
    /// # Errors
    /// As injected.
    pub fn close(&mut self, handle: HandleId) -> Result<(), IoError> {
        let mut record = self.about(CallKind::Close, handle, 0, 0);
        let inode = self.handle(handle).inode;
        let result = match self.enter(&record) {
            Turn::Well => Ok(0),
            Turn::Struck(FaultKind::Fail(kind) | FaultKind::FailDone(kind)) => {
                self.inode_mut(inode).abandon();
                Err(IoError::new(kind))
            }
            Turn::Struck(_) | Turn::Dead { .. } => Err(CUT),
        };
        record.freed = self.drop_handle(handle);
        self.leave(record, result).map(drop)
    }

    /// The handle is gone without a call (its process is, or it was dropped); returns the bytes
    /// that this freed.
    pub(in crate::disk) fn drop_handle(&mut self, handle: HandleId) -> u64 {
        let inode = self.handle(handle).inode;
        self.handles[usize::from(handle.0)] = None;
        while matches!(self.handles.last(), Some(None)) {
            self.handles.pop();
        }
        let freed = self.freed_with(inode);
        self.forget_unreachable();
        freed
    }

    fn about(&self, call: CallKind, handle: HandleId, offset: u64, len: u64) -> CallRecord {
        let inode = self.handle(handle).inode;
        let named = |(name, id)| (id == inode).then_some(name);
        CallRecord {
            inode: Some(inode),
            name: self.dir.cache.iter().find_map(named),
            offset,
            len,
            ..CallRecord::new(call)
        }
    }

    fn write(
        &mut self,
        mut record: CallRecord,
        handle: HandleId,
        offset: u64,
        bytes: &[u8],
    ) -> Result<u64, IoError> {
        let turn = self.enter(&record);
        if record.call == CallKind::Write {
            self.cut_inside(handle, offset, bytes);
        }
        let (state, keep, error) = match turn {
            Turn::Well => (OpState::Dirty, Keep::All, None),
            Turn::Dead { first: true } => (OpState::Dirty, self.cut_keeps, Some(IoErrorKind::Io)),
            Turn::Dead { first: false } => (OpState::Dirty, Keep::Nothing, Some(IoErrorKind::Io)),
            Turn::Struck(FaultKind::Short(keep)) => {
                let count = keep.of(bytes.len()).max(1);
                (OpState::Dirty, Keep::Bytes(count as u32), None)
            }
            Turn::Struck(FaultKind::Fail(kind)) => (OpState::Dirty, Keep::Nothing, Some(kind)),
            Turn::Struck(FaultKind::FailDone(kind)) => (lost(kind), Keep::All, Some(kind)),
            Turn::Struck(FaultKind::FailPart(kind, keep)) => (lost(kind), keep, Some(kind)),
            Turn::Struck(_) => (OpState::Dirty, Keep::Nothing, Some(IoErrorKind::Io)),
        };
        if !self.handle(handle).writable {
            return self.refuse(record, IoError::new(IoErrorKind::ReadOnly));
        }
        let kept = keep.of(bytes.len());
        record.sequence = self.put(handle, state, offset, &bytes[..kept]);
        let result = error.map_or(Ok(kept as u64), |kind| Err(IoError::new(kind)));
        self.leave(record, result)
    }

    fn put(&mut self, handle: HandleId, state: OpState, offset: u64, bytes: &[u8]) -> u64 {
        if bytes.is_empty() {
            return 0;
        }
        let sequence = self.next_sequence();
        let inode = self.handle(handle).inode;
        self.inode_mut(inode).write(sequence, state, offset, bytes);
        sequence
    }

    fn sync_well(&mut self, handle: HandleId, cover: u64) -> Result<(), IoError> {
        let Handle { inode, seen, .. } = self.handle(handle);
        let file = self.inode(inode);
        if file.late {
            self.inode_mut(inode).late = false;
            return Err(CUT);
        }
        if self.profile.errors_reach_all_handles && seen < file.errors {
            self.handle_mut(handle).seen = file.errors;
            return Err(CUT);
        }
        if !self.profile.honest_flush {
            return Ok(());
        }
        let all_names = match self.profile.sync_names {
            SyncNames::None | SyncNames::OwnNames => false,
            SyncNames::All => true,
            SyncNames::AllIfSizeChanged => file.size_changed(),
        };
        if !file.pending.is_empty() {
            self.inode_mut(inode).settle(cover);
        }
        if all_names {
            self.settle_names(cover);
        } else if self.profile.sync_names == SyncNames::OwnNames {
            self.settle_names_of(inode, cover);
        }
        Ok(())
    }

    fn fail_sync(&mut self, handle: HandleId, kind: FaultKind) -> Result<(), IoError> {
        if self.profile.blind.failed_sync_harmless {
            return Err(CUT);
        }
        let inode = self.handle(handle).inode;
        let file = self.inode_mut(inode);
        match kind {
            FaultKind::SyncRevert => file.revert(),
            _ => file.abandon(),
        }
        if kind == FaultKind::SyncLate {
            file.late = true;
            return Ok(());
        }
        file.errors += 1;
        let errors = file.errors;
        self.handle_mut(handle).seen = errors;
        match kind {
            FaultKind::FailDone(kind) => Err(IoError::new(kind)),
            _ => Err(CUT),
        }
    }

    /// The bytes of a file that nobody can reach any more; 0 while somebody can.
    pub(super) fn freed_with(&self, inode: InodeId) -> u64 {
        if self.in_use(inode) {
            return 0;
        }
        self.inode(inode).cache.len() as u64
    }

    pub(in crate::disk) fn new_inode(&mut self) -> InodeId {
        let fresh = Some(Arc::new(Inode::default()));
        let free = self.inodes.iter().position(Option::is_none);
        let at = free.unwrap_or_else(|| {
            self.inodes.push(None);
            self.inodes.len() - 1
        });
        self.inodes[at] = fresh;
        InodeId(at as u16)
    }

    fn new_handle(&mut self, inode: InodeId, writable: bool) -> HandleId {
        let handle = Some(Handle {
            inode,
            writable,
            seen: self.inode(inode).errors,
            cover: None,
        });
        let free = self.handles.iter().position(Option::is_none);
        let at = free.unwrap_or_else(|| {
            self.handles.push(None);
            self.handles.len() - 1
        });
        self.handles[at] = handle;
        HandleId(at as u16)
    }
}

/// What becomes of the part that was applied of a write that failed so.
fn lost(kind: IoErrorKind) -> OpState {
    match kind {
        IoErrorKind::NoRoom | IoErrorKind::Interrupted => OpState::Dirty,
        _ => OpState::Limbo,
    }
}

fn tail(inode: &Inode, offset: u64) -> &[u8] {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    inode.cache.get(start..).unwrap_or(&[])
}
