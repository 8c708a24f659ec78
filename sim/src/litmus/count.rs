//! What a crash may leave of a program.

use std::collections::BTreeSet;

use indelible::effect::IoError;
use indelible::vfs::Vfs;

use crate::disk::{CallKind, Disk, Fault, FaultKind, Limits, Profile, SimVfs};

use super::run::{Running, perform, read_all};
use super::{Call, Program};

/// A directory's names and contents, by name.
pub type Outcome = Vec<(String, Vec<u8>)>;

/// When the crash comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Right behind the last call.
    End,
    /// Before the first call, between any two, or behind the last.
    Anywhere,
}

/// All distinct outcomes of a crash of this program; no write is torn inside a page.
///
/// # Panics
/// If a call of the program fails that should not.
#[must_use]
pub fn outcomes(program: &Program, profile: &Profile, moment: Moment) -> BTreeSet<Outcome> {
    let mut disk = Disk::new(profile.clone());
    for (name, bytes) in program.files {
        disk.add_file(name, bytes.to_vec());
    }
    let mut found = BTreeSet::new();
    collect(&disk, program.calls, moment, &mut found);
    found
}

/// A directory's names and contents.
///
/// # Errors
/// As the file system gives them.
pub fn contents_of<V: Vfs>(vfs: &V) -> Result<Outcome, IoError> {
    let mut outcome = Outcome::new();
    for name in vfs.list()? {
        let file = vfs.open(&name, indelible::vfs::Access::Read)?;
        outcome.push((name, read_all(vfs, &file)?));
    }
    outcome.sort();
    Ok(outcome)
}

/// Crashes `calls` before a crash of their own, and behind it from whatever that one left.
fn collect(start: &Disk, calls: &[Call], moment: Moment, found: &mut BTreeSet<Outcome>) {
    let crash = calls.iter().position(|call| *call == Call::Crash);
    let until = crash.unwrap_or(calls.len());
    let vfs = SimVfs::from_disk(start.clone());
    let mut open = Running::new();
    for call in &calls[..until] {
        if moment == Moment::Anywhere {
            found.extend(left_of(&vfs.disk()).iter().map(outcome));
        }
        if matches!(call, Call::SyncFails(_)) {
            let fault = Fault::once(CallKind::SyncData, FaultKind::SyncKeepNew);
            vfs.with(|disk| disk.inject(fault));
        }
        let done = perform(&vfs, &mut open, call);
        done.unwrap_or_else(|error| panic!("{call:?}: {error}"));
    }
    let left = left_of(&vfs.disk());
    match crash {
        None => found.extend(left.iter().map(outcome)),
        Some(crash) => {
            for disk in &left {
                collect(disk, &calls[crash + 1..], moment, found);
            }
        }
    }
}

fn left_of(disk: &Disk) -> Vec<Disk> {
    disk.images(Limits::default()).collect()
}

fn outcome(disk: &Disk) -> Outcome {
    let owned = |(name, bytes): (&str, &[u8])| (name.to_owned(), bytes.to_vec());
    let mut outcome: Outcome = disk.files().map(owned).collect();
    outcome.sort();
    outcome
}
