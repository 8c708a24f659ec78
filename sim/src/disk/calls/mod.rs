//! The calls, by handle: first the budget and the faults, then what the call does.

use indelible::effect::{IoError, IoErrorKind};

use super::fault::FaultKind;
use super::state::Disk;
use super::trace::CallRecord;

/// How a call goes on after the budget and the faults were looked at.
pub(super) enum Turn {
    Well,
    Struck(FaultKind),
    Dead { first: bool },
}

/// What a call that fails for certain returns, or goes on if it is struck afterwards.
macro_rules! enter {
    ($disk:expr, $record:expr) => {
        match $disk.enter(&$record) {
            Turn::Well => None,
            Turn::Struck(FaultKind::Fail(kind)) => {
                return $disk.refuse($record, IoError::new(kind));
            }
            Turn::Struck(kind) => Some(kind),
            Turn::Dead { .. } => return $disk.refuse($record, CUT),
        }
    };
}

mod dir;
mod file;

impl Disk {
    pub(super) fn enter(&mut self, record: &CallRecord) -> Turn {
        self.calls += 1;
        self.cut_before(record.call);
        match &mut self.budget {
            Some(0) => {
                let first = self.cut.is_none();
                self.cut.get_or_insert(*record);
                return Turn::Dead { first };
            }
            Some(left) => *left -= 1,
            None => {}
        }
        let mut struck = None;
        for fault in self.faults.iter_mut().filter(|f| f.call == record.call) {
            match fault.skip.checked_sub(1) {
                Some(left) => fault.skip = left,
                None if struck.is_none() => struck = Some(*fault),
                None => {}
            }
        }
        let Some(fault) = struck else {
            return match &mut self.read_only {
                Some(refused) if record.call.changes() => {
                    *refused += 1;
                    Turn::Struck(FaultKind::Fail(IoErrorKind::ReadOnly))
                }
                _ => Turn::Well,
            };
        };
        if !fault.forever {
            let at = self.faults.iter().position(|f| *f == fault);
            self.faults.remove(at.expect("the fault that struck"));
        }
        if fault.kind == FaultKind::JournalFails {
            self.read_only = Some(0);
            return Turn::Struck(FaultKind::Fail(IoErrorKind::Io));
        }
        Turn::Struck(fault.kind)
    }

    /// Records how a call ended, and ends it so.
    pub(super) fn leave(
        &mut self,
        record: CallRecord,
        result: Result<u64, IoError>,
    ) -> Result<u64, IoError> {
        self.record(CallRecord { result, ..record });
        result
    }

    /// Records that a call failed, and ends it so.
    pub(super) fn refuse<T>(&mut self, record: CallRecord, error: IoError) -> Result<T, IoError> {
        self.record(CallRecord {
            result: Err(error),
            ..record
        });
        Err(error)
    }
}

/// The result of a call that was done whatever struck it.
pub(super) fn late_error(struck: Option<FaultKind>) -> Result<u64, IoError> {
    match struck {
        Some(FaultKind::FailDone(kind)) => Err(IoError::new(kind)),
        _ => Ok(0),
    }
}
