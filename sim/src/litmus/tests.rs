use super::*;
use crate::disk::Profile;

fn program(id: &str) -> &'static Program {
    let found = PROGRAMS.iter().find(|program| program.id == id);
    found.expect("the program exists")
}

fn count(program: &Program, profile: &Profile, moment: Moment) -> usize {
    outcomes(program, profile, moment).len()
}

/// Behind the last call: process-crash, posix-weak, ext4, ext4-journal, xfs, btrfs, posix-absurd,
/// lying-flush, nfs-like.
const AT_THE_END: [(&str, [usize; 9]); 15] = [
    ("L1", [1, 13, 7, 3, 4, 3, 13, 13, 13]),
    ("L2", [1, 13, 5, 3, 4, 3, 13, 13, 13]),
    ("L3", [1, 9, 5, 5, 5, 5, 13, 9, 9]),
    ("L4", [1, 9, 4, 4, 5, 5, 18, 9, 9]),
    ("L5", [1, 4, 3, 3, 3, 3, 16, 4, 4]),
    ("L6", [1, 2, 1, 1, 1, 1, 2, 5, 2]),
    ("L7", [1, 4, 3, 3, 3, 3, 8, 4, 4]),
    ("L8", [1, 2, 2, 2, 2, 2, 2, 4, 2]),
    ("L9", [1, 1, 1, 1, 1, 1, 1, 6, 1]),
    ("L10", [1, 2, 2, 2, 2, 2, 2, 2, 2]),
    ("L11", [1, 2, 2, 2, 2, 2, 2, 8, 2]),
    ("L12", [1, 2, 2, 2, 2, 2, 2, 3, 2]),
    ("L13", [1, 8, 6, 4, 4, 4, 8, 8, 8]),
    ("create-rename", [1, 9, 5, 5, 5, 5, 13, 9, 9]),
    ("append-chrome", [1, 40, 11, 4, 8, 4, 40, 40, 40]),
];

/// At any point; the profiles are the same.
const ANYWHERE: [(&str, [usize; 9]); 15] = [
    ("L1", [3, 13, 7, 3, 4, 3, 13, 13, 13]),
    ("L2", [2, 13, 5, 3, 4, 3, 13, 13, 13]),
    ("L3", [4, 9, 5, 5, 5, 5, 13, 9, 9]),
    ("L4", [4, 9, 4, 4, 5, 5, 18, 9, 9]),
    ("L5", [3, 4, 3, 3, 3, 3, 16, 4, 4]),
    ("L6", [3, 5, 3, 3, 3, 3, 5, 5, 5]),
    ("L7", [3, 4, 3, 3, 3, 3, 8, 4, 4]),
    ("L8", [3, 4, 4, 4, 4, 4, 4, 4, 4]),
    ("L9", [3, 6, 5, 4, 4, 4, 6, 6, 6]),
    ("L10", [2, 2, 2, 2, 2, 2, 2, 2, 2]),
    ("L11", [3, 8, 6, 4, 4, 4, 8, 8, 8]),
    ("L12", [2, 3, 3, 3, 3, 3, 3, 3, 3]),
    ("L13", [3, 8, 6, 4, 4, 4, 8, 8, 8]),
    ("create-rename", [4, 9, 5, 5, 5, 5, 13, 9, 9]),
    ("append-chrome", [3, 40, 11, 4, 8, 4, 40, 40, 40]),
];

fn counts(moment: Moment) -> Vec<(&'static str, [usize; 9])> {
    let profiles = Profile::presets();
    let of = |program: &Program| {
        let count = |at: usize| count(program, &profiles[at], moment);
        (program.id, std::array::from_fn(count))
    };
    PROGRAMS.iter().map(of).collect()
}

#[test]
fn the_counts_behind_the_last_call_are_golden() {
    assert_eq!(counts(Moment::End), AT_THE_END);
}

#[test]
fn the_counts_at_any_point_are_golden() {
    assert_eq!(counts(Moment::Anywhere), ANYWHERE);
}

#[test]
fn ferrites_counts_come_out() {
    for published in published() {
        let found = count(
            program(published.program),
            &published.profile,
            Moment::Anywhere,
        );
        let (name, profile) = (published.program, published.profile.name);
        assert_eq!(found, published.count, "{name} on {profile}");
    }
}

#[test]
fn the_preset_allows_all_that_ferrites_ext4_does() {
    for published in published() {
        let program = program(published.program);
        let theirs = outcomes(program, &published.profile, Moment::Anywhere);
        let ours = outcomes(program, &Profile::ext4(), Moment::Anywhere);
        assert!(theirs.is_subset(&ours), "{}", published.program);
    }
}

#[test]
fn posix_weak_allows_all_that_the_honest_presets_do() {
    for program in PROGRAMS.iter().filter(|program| !program.needs_a_fault()) {
        let weak = outcomes(program, &Profile::posix_weak(), Moment::Anywhere);
        for profile in Profile::presets().iter().filter(|it| !it.weak_oracle) {
            let strong = outcomes(program, profile, Moment::Anywhere);
            assert!(
                strong.is_subset(&weak),
                "{} on {}",
                program.id,
                profile.name
            );
        }
    }
}

#[test]
fn a_recovery_that_does_not_sync_its_cut_gets_the_tail_back() {
    let found = outcomes(program("L13"), &Profile::posix_weak(), Moment::End);
    assert!(found.contains(&vec![("f".to_owned(), b"old!BBCC".to_vec())]));
}

#[test]
fn a_file_unlinked_while_open_may_come_back_with_what_was_synced_since() {
    let found = outcomes(program("L12"), &Profile::posix_weak(), Moment::End);
    let back = vec![("f".to_owned(), b"new?".to_vec())];
    assert_eq!(found, [Vec::new(), back].into());
}

#[test]
fn what_is_appended_behind_a_failed_sync_is_synced() {
    for profile in [Profile::posix_weak(), Profile::ext4(), Profile::xfs()] {
        let found = outcomes(program("L11"), &profile, Moment::End);
        assert!(found.iter().all(|files| files[0].1.ends_with(b"++")));
    }
}
