//! Every place at which a run of calls may be cut, kept while the run goes on.
//!
//! A process that dies before a call leaves what the calls before it have done. So one run, with a
//! copy of the disk taken before each call that changes something, shows what all runs leave that
//! are cut short by a budget ([`Disk::set_call_budget`]).

use super::fault::{CallKind, Keep};
use super::state::{Disk, HandleId};

/// The disk at one such place.
#[derive(Clone, Debug)]
pub struct Cut {
    /// How many calls came before.
    pub call: u32,
    /// The call that is cut.
    pub kind: CallKind,
    /// Which part of it was done, as an index of those that were asked for; 0: nothing.
    pub keep: usize,
    /// What is left.
    pub disk: Disk,
}

/// Places found so far.
#[derive(Clone, Debug)]
pub(super) struct Cuts {
    /// Calls made before the first that counts.
    begin: u64,
    /// Parts of writes that are kept.
    keeps: &'static [Keep],
    found: Vec<Cut>,
}

impl Disk {
    /// Keeps the disk before each call that changes something from now on, and with these parts of
    /// each write done (the first of them: nothing).
    pub fn keep_cuts(&mut self, keeps: &'static [Keep]) {
        assert_eq!(keeps.first(), Some(&Keep::Nothing));
        self.cuts = Some(Box::new(Cuts {
            begin: self.calls,
            keeps,
            found: Vec::new(),
        }));
    }

    /// What was kept since, oldest first; nothing more is.
    pub fn take_cuts(&mut self) -> Vec<Cut> {
        self.cuts.take().map_or_else(Vec::new, |cuts| cuts.found)
    }

    /// A call of this kind begins: counted already, and nothing of it done.
    pub(super) fn cut_before(&mut self, kind: CallKind) {
        if !kind.changes() {
            return;
        }
        if let Some(mut cuts) = self.cuts.take() {
            let disk = self.clone();
            cuts.push(self.calls, kind, 0, disk);
            self.cuts = Some(cuts);
        }
    }

    /// A write begins: parts of it may be done.
    pub(super) fn cut_inside(&mut self, handle: HandleId, offset: u64, bytes: &[u8]) {
        if let Some(mut cuts) = self.cuts.take() {
            for (place, keep) in cuts.keeps.iter().enumerate().skip(1) {
                let mut disk = self.clone();
                disk.apply_prefix(handle, offset, bytes, keep.of(bytes.len()));
                cuts.push(self.calls, CallKind::Write, place, disk);
            }
            self.cuts = Some(cuts);
        }
    }
}

impl Cuts {
    fn push(&mut self, calls: u64, kind: CallKind, keep: usize, mut disk: Disk) {
        disk.set_tracing(false);
        let call = u32::try_from(calls - self.begin - 1).expect("an opening makes few calls");
        self.found.push(Cut {
            call,
            kind,
            keep,
            disk,
        });
    }
}
