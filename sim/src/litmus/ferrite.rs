//! The counts that the authors of Ferrite published, and the disks that reproduce them.
//!
//! Bornholt et al., "Specifying and Checking File System Crash-Consistency Models", ASPLOS 2016.
//! Their outcome is what a crash at any point leaves under the names, after any reordering that
//! their model of a file system allows. Two of its rules are stronger than the presets here: writes
//! to one block keep their order, and a newly allocated block waits for all earlier bytes of its
//! file. With these two rules as knobs the counts are theirs. The preset `ext4` does without them:
//! the sectors of a page reach the disk apart, and a store should not build on the second.

use crate::disk::{Profile, SizeOrder};

/// A count that Ferrite's authors published.
#[derive(Clone, Debug)]
pub struct Published {
    /// The program.
    pub program: &'static str,
    /// Their file system, as a profile.
    pub profile: Profile,
    /// How many outcomes they found.
    pub count: usize,
}

/// Their counts.
#[must_use]
pub fn published() -> Vec<Published> {
    let sequential = Profile {
        name: "ferrite-sequential",
        ..Profile::process_crash()
    };
    let ext4 = Profile {
        name: "ferrite-ext4",
        size_order: SizeOrder::AllocAfterData,
        page_order: true,
        ..Profile::ext4()
    };
    let nodelalloc = Profile {
        name: "ferrite-nodelalloc",
        size_order: SizeOrder::AfterData,
        page_order: true,
        ..Profile::ext4()
    };
    let count = |program, profile: &Profile, count| Published {
        program,
        profile: profile.clone(),
        count,
    };
    vec![
        count("create-rename", &sequential, 4),
        count("create-rename", &ext4, 5),
        count("append-chrome", &sequential, 3),
        count("append-chrome", &ext4, 7),
        count("append-chrome", &nodelalloc, 4),
    ]
}
