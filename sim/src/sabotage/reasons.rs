//! Where a seeded bug cannot matter, and why.

use super::Sabotage;
use crate::disk::Profile;

/// Bugs, the profiles that are meant, and why.
type Row = (&'static [u32], &'static [&'static str], &'static str);

const PROCESS: &[&str] = &["process-crash"];

/// Bugs that leave bytes unsynced. Where the page cache outlives a crash it takes a sync that fails
/// besides, and drops what was never written.
const UNSYNCED: &[u32] = &[1, 2, 9, 10, 11, 12, 13, 17, 22, 42, 43, 48, 58, 59, 65];

/// Where what a profile promises rules a bug out, by an argument. It is looked for all the same.
const RULED_OUT: &[Row] = &[
    (
        &[3, 4, 7, 29, 56, 57, 64],
        PROCESS,
        "names are as they were after a process crash, and no failing sync takes one back",
    ),
    (
        &[33],
        PROCESS,
        "a process crash keeps the copy, synced or not, and no opening looks at it again",
    ),
    (
        &[34, 36],
        PROCESS,
        "what is no frame lies behind all frames: a write holds one of them, the next begins where \
         the last whole one ends, and an opening writes what a failed sync may have lost again \
         before it puts anything behind it",
    ),
    (
        &[1, 2, 13, 65],
        &["ext4"],
        "a rename over a file flushes the bytes of the new one (auto_da_alloc)",
    ),
    (
        &[4, 29, 57],
        &["ext4", "xfs", "btrfs"],
        "the sync of a file that grew persists the names that were changed before it, and the log \
         is synced before anything rests on its name",
    ),
    (
        &[19],
        &["btrfs"],
        "an error is reported to every handle that was open, so the log's own sync gets it too",
    ),
    (
        &[49, 62],
        &["ext4", "xfs"],
        "a sync that fails keeps what readers see: what is copied from there is right, and what is \
         written behind it no worse off",
    ),
    (
        &[34, 36, 38, 60, 66],
        &["btrfs"],
        "a file's size follows its bytes: no hole lies before what is intact, and a frame that is \
         there proves those before it",
    ),
];

/// Bugs, the profiles that are meant, and the bounds there in calls, crashes and faults.
type Wider = (&'static [u32], &'static [&'static str], (u32, u32, u32));

/// Where a bug takes other bounds than its own. Where files have no holes and names do not come undone it
/// takes a rename that fails, a write that finds no room after its first half, or syncs that fail
/// and drop pages.
const WIDER: &[Wider] = &[
    (&[35], &["process-crash", "btrfs"], (2, 1, 1)),
    (&[6], PROCESS, (2, 1, 1)),
    (&[60], PROCESS, (3, 1, 1)),
    (&[38, 66], PROCESS, (1, 2, 2)),
];

fn row(rows: &'static [Row], bug: u32, profile: &Profile) -> Option<&'static str> {
    let here = |(bugs, profiles, _): &&Row| bugs.contains(&bug) && profiles.contains(&profile.name);
    rows.iter().find(here).map(|(_, _, why)| *why)
}

/// Whether this bug takes other bounds than its own on this profile, which may be far.
pub(super) fn is_wider(bug: u32, profile: &Profile) -> bool {
    let here =
        |(bugs, profiles, _): &Wider| bugs.contains(&bug) && profiles.contains(&profile.name);
    WIDER.iter().any(here)
}

/// How far this bug is searched for on this profile, in calls, crashes and faults.
#[must_use]
pub fn bounds(bug: &Sabotage, profile: &Profile) -> (u32, u32, u32) {
    let here =
        |(bugs, profiles, _): &&Wider| bugs.contains(&bug.id) && profiles.contains(&profile.name);
    let (ops, crashes, faults) = match WIDER.iter().find(here) {
        Some((_, _, wider)) => *wider,
        None => bug.bounds,
    };
    let ruled_out = cannot_matter(bug.id, profile).is_some();
    let besides = !profile.power_loss && (UNSYNCED.contains(&bug.id) || ruled_out);
    (ops, crashes, faults + u32::from(besides))
}

/// Why this bug cannot matter on this profile, if it cannot.
#[must_use]
pub fn cannot_matter(bug: u32, profile: &Profile) -> Option<&'static str> {
    row(RULED_OUT, bug, profile)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sabotage::find;

    #[test]
    fn reasons_are_about_bugs_and_profiles_that_exist_and_given_once() {
        let mut pairs = Vec::new();
        for (bugs, profiles, why) in RULED_OUT {
            assert!(!why.is_empty());
            for bug in *bugs {
                assert!(find(*bug).is_some(), "{bug}");
                for profile in *profiles {
                    assert!(Profile::by_name(profile).is_some(), "{profile}");
                    pairs.push((*bug, *profile));
                }
            }
        }
        let count = pairs.len();
        pairs.sort_unstable();
        pairs.dedup();
        assert_eq!(pairs.len(), count);
    }
}
