//! Litmus tests: short programs of calls, and how many outcomes a crash may have on each profile.
//!
//! A program is data. [`outcomes`] runs it on the simulated disk, crashes it and collects what is
//! left; [`real`] runs the same program on a real directory. The counts are golden: a change of
//! the disk that adds or loses an outcome shows in them.

mod count;
mod ferrite;
mod programs;
#[cfg(unix)]
pub mod real;
mod run;

pub use count::{Moment, Outcome, contents_of, outcomes};
pub use ferrite::{Published, published};
pub use programs::PROGRAMS;
pub use run::{Running, perform};

/// One call of a program. A file is called by the name under which the program opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Creates a file and keeps it open.
    Create(&'static str),
    /// Opens a file for reading and writing and keeps it open.
    Open(&'static str),
    /// Writes at this offset.
    Write(&'static str, u64, &'static [u8]),
    /// Writes at the end of the file as callers see it.
    Append(&'static str, &'static [u8]),
    /// Sets the length.
    Truncate(&'static str, u64),
    /// Syncs the file, and this succeeds.
    Sync(&'static str),
    /// Syncs the file, and this fails; the pages are clean all the same.
    SyncFails(&'static str),
    /// Syncs the directory.
    SyncDir,
    /// Renames the first name over the second.
    Rename(&'static str, &'static str),
    /// Removes the name.
    Unlink(&'static str),
    /// The machine crashes; the program goes on with what is left, and all files are closed.
    Crash,
    /// Cuts the file behind the longest of these that it begins with, as a recovery does.
    Repair(&'static str, &'static [&'static [u8]]),
}

/// A program.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// Its number, as `L1`, or the name that others gave it.
    pub id: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// The files that are durable before it begins.
    pub files: &'static [(&'static str, &'static [u8])],
    /// What it calls.
    pub calls: &'static [Call],
}

impl Program {
    /// Whether a call fails on purpose, which no real file system does when asked to.
    #[must_use]
    pub fn needs_a_fault(&self) -> bool {
        let fails = |call: &Call| matches!(call, Call::SyncFails(_));
        self.calls.iter().any(fails)
    }
}

#[cfg(test)]
mod tests;
