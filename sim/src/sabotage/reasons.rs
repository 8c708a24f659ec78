//! Where a seeded bug cannot matter, and why.

use crate::disk::Profile;

/// Bugs, the profiles on which they cannot matter, and why.
type Row = (&'static [u32], &'static [&'static str], &'static str);

const CACHE: &str = "a process crash keeps the page cache: what was written is there, synced or \
                     not, and names are as they were";
const NAMES: &str = "the sync of a file that grew persists the names that were changed before it, \
                     and the log is synced before anything rests on its name";
const PROCESS: &[&str] = &["process-crash"];

const ROWS: &[Row] = &[
    (
        &[
            1, 2, 3, 4, 6, 7, 9, 10, 11, 12, 13, 17, 22, 29, 33, 38, 42, 43, 48, 56, 57, 58, 59,
            60, 64, 65, 66,
        ],
        PROCESS,
        CACHE,
    ),
    (
        &[34, 35, 36],
        PROCESS,
        "a process crash tears a write at its end alone: no zeros, no noise, and no hole before \
         what is intact",
    ),
    (
        &[1, 2, 65],
        &["ext4"],
        "a rename over a file flushes the bytes of the new one (auto_da_alloc)",
    ),
    (&[4, 29, 57], &["ext4", "xfs", "btrfs"], NAMES),
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
    (
        &[33],
        &["xfs", "btrfs"],
        "not shown, and not shown to be harmless: neither the runs that are enumerated nor 1,500 \
         random ones find it; a tail that is torn and durable before the opening is rare there",
    ),
    (
        &[35],
        &["xfs", "btrfs"],
        "a size covers no bytes that were never written, but for whole pages: it takes frames of \
         several pages, which no workload within the bounds has",
    ),
];

/// Why this bug cannot matter on this profile, if it cannot.
#[must_use]
pub fn cannot_matter(bug: u32, profile: &Profile) -> Option<&'static str> {
    let here = |(bugs, profiles, _): &&Row| bugs.contains(&bug) && profiles.contains(&profile.name);
    ROWS.iter().find(here).map(|(_, _, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sabotage::find;

    #[test]
    fn reasons_are_about_bugs_and_profiles_that_exist_and_given_once() {
        let mut pairs = Vec::new();
        for (bugs, profiles, why) in ROWS {
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
