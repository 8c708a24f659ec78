//! The same programs on a real directory, where the process alone can crash.

use std::path::Path;

use indelible::effect::IoError;
use indelible::vfs::{OsVfs, Vfs};

use crate::disk::{Disk, Profile, SimVfs};
use crate::record::RecordingVfs;

use super::count::{Moment, Outcome, contents_of, outcomes};
use super::run::{Running, perform};
use super::{Call, Program};

/// The first `count` calls of a program, as a program of their own.
#[must_use]
pub fn cut_short(program: &Program, count: usize) -> Program {
    Program {
        calls: &program.calls[..count],
        ..*program
    }
}

/// Makes the files in an empty directory that the program begins with.
///
/// # Errors
/// As the file system gives them.
pub fn prepare(path: &Path, program: &Program) -> Result<(), IoError> {
    let vfs = OsVfs::create_dir(path)?;
    let mut open = Running::new();
    for (name, bytes) in program.files {
        for call in [
            Call::Create(name),
            Call::Append(name, bytes),
            Call::Sync(name),
        ] {
            perform(&vfs, &mut open, &call)?;
        }
    }
    vfs.sync_dir()
}

/// Runs the program in a prepared directory and leaves its files open, for a process that dies
/// next; returns the calls that it made of the file system, each as a line.
///
/// # Errors
/// As the file system gives them.
pub fn run(path: &Path, program: &Program) -> Result<Vec<String>, IoError> {
    let vfs = RecordingVfs::new(OsVfs::open_dir(path)?);
    calls_of(&vfs, program)
}

/// The calls that the program makes of the simulated disk, and what a process crash leaves there.
///
/// # Errors
/// None but those of a program that is wrong.
pub fn simulated(program: &Program) -> Result<(Vec<String>, Vec<Outcome>), IoError> {
    let mut disk = Disk::new(Profile::process_crash());
    for (name, bytes) in program.files {
        disk.add_file(name, bytes.to_vec());
    }
    let calls = calls_of(&RecordingVfs::new(SimVfs::from_disk(disk)), program)?;
    let allowed = outcomes(program, &Profile::process_crash(), Moment::End);
    Ok((calls, allowed.into_iter().collect()))
}

/// What is left in the directory.
///
/// # Errors
/// As the file system gives them.
pub fn left(path: &Path) -> Result<Outcome, IoError> {
    contents_of(&OsVfs::open_dir(path)?)
}

fn calls_of<V: Vfs>(vfs: &RecordingVfs<V>, program: &Program) -> Result<Vec<String>, IoError> {
    let mut open = Running::new();
    for call in program.calls {
        perform(vfs, &mut open, call)?;
    }
    let calls = vfs.records().iter().map(ToString::to_string).collect();
    // A killed process closes nothing that could still be seen to fail.
    open.into_iter()
        .for_each(|(_, file)| std::mem::forget(file));
    Ok(calls)
}
