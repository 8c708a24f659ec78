//! The litmus tests: small programs, and how many outcomes a crash right behind them may have.
//!
//! Two of them are Ferrite's, with the counts that its authors published: `append-chrome` (L1) has
//! 3 outcomes under sequential semantics and 7 on ext4, and 4 with `nodelalloc`, as here on XFS;
//! `create-rename` (L3) has 4 and 5.

use super::*;

const OLD: (&str, &[u8]) = ("f", b"old!");

/// Counts on: process-crash, posix-weak, ext4, xfs, btrfs.
fn expect(counts: [usize; 5], files: &[(&str, &[u8])], program: impl Fn(&mut Disk)) {
    let profiles = [
        Profile::process_crash(),
        Profile::posix_weak(),
        Profile::ext4(),
        Profile::xfs(),
        Profile::btrfs(),
    ];
    let found = profiles.map(|profile| {
        let mut disk = disk(profile, files);
        program(&mut disk);
        outcomes(&disk, TearPoints::None).len()
    });
    assert_eq!(found, counts, "process-crash, posix-weak, ext4, xfs, btrfs");
}

#[test]
fn l1_append_append() {
    expect([1, 13, 7, 4, 3], &[OLD], |disk| {
        let f = open(disk, "f");
        disk.write_at(f, 4, b"BB").unwrap();
        disk.write_at(f, 6, b"CC").unwrap();
    });
}

#[test]
fn l2_append_across_a_page() {
    let base = [b'a'; 4090];
    expect([1, 13, 5, 4, 3], &[("f", &base)], |disk| {
        let f = open(disk, "f");
        disk.write_at(f, 4090, b"0123456789ab").unwrap();
    });
}

#[test]
fn l3_create_write_rename_to_a_new_name() {
    expect([1, 9, 5, 5, 5], &[], |disk| {
        let tmp = disk.create("tmp").unwrap();
        disk.write_at(tmp, 0, b"new").unwrap();
        disk.rename("tmp", "f").unwrap();
    });
}

#[test]
fn l4_create_write_rename_over_an_old_file() {
    expect([1, 9, 4, 5, 5], &[OLD], |disk| {
        let tmp = disk.create("tmp").unwrap();
        disk.write_at(tmp, 0, b"new").unwrap();
        disk.rename("tmp", "f").unwrap();
    });
}

#[test]
fn l5_two_renames() {
    expect([1, 4, 3, 3, 3], &[("a", b"1"), ("b", b"2")], |disk| {
        disk.rename("a", "x").unwrap();
        disk.rename("b", "y").unwrap();
    });
}

#[test]
fn l6_the_sync_of_a_file_makes_no_name_durable() {
    expect([1, 2, 1, 1, 1], &[], |disk| {
        let f = disk.create("f").unwrap();
        disk.write_at(f, 0, b"new").unwrap();
        disk.sync_data(f).unwrap();
    });
}

#[test]
fn l7_rename_then_unlink_another() {
    expect([1, 4, 3, 3, 3], &[("a", b"1"), ("b", b"2")], |disk| {
        disk.rename("a", "x").unwrap();
        disk.unlink("b").unwrap();
    });
}

#[test]
fn l8_a_sync_covers_its_own_file_alone() {
    expect([1, 2, 2, 2, 2], &[OLD, ("g", b"1234")], |disk| {
        let (f, g) = (open(disk, "f"), open(disk, "g"));
        disk.write_at(f, 0, b"new?").unwrap();
        disk.write_at(g, 0, b"5678").unwrap();
        disk.sync_data(g).unwrap();
    });
}

#[test]
fn l9_truncate_append_and_sync() {
    let base: (&str, &[u8]) = ("f", b"12345678");
    let cut_and_append = |disk: &mut Disk| {
        let f = open(disk, "f");
        disk.truncate(f, 4).unwrap();
        disk.write_at(f, 4, b"ab").unwrap();
        f
    };
    expect([1, 6, 5, 4, 4], &[base], |disk| {
        cut_and_append(disk);
    });
    expect([1; 5], &[base], |disk| {
        let f = cut_and_append(disk);
        disk.sync_data(f).unwrap();
    });
}

#[test]
fn l10_a_sync_after_a_failed_one_lies() {
    expect([1, 2, 2, 2, 2], &[OLD], |disk| {
        let f = open(disk, "f");
        disk.write_at(f, 0, b"new?").unwrap();
        disk.inject(Fault::once(CallKind::SyncData, FaultKind::SyncKeepNew));
        disk.sync_data(f).unwrap_err();
        disk.sync_data(f).unwrap();
    });
}

#[test]
fn l11_what_is_appended_after_a_failed_sync_is_synced_and_what_failed_is_not() {
    expect([1, 2, 2, 2, 2], &[OLD], |disk| {
        let f = open(disk, "f");
        disk.write_at(f, 0, b"new?").unwrap();
        disk.inject(Fault::once(CallKind::SyncData, FaultKind::SyncKeepNew));
        disk.sync_data(f).unwrap_err();
        disk.write_at(f, 4, b"++").unwrap();
        disk.sync_data(f).unwrap();
        let left = contents(disk, "f").into_iter().flatten();
        assert!(left.into_iter().all(|bytes| bytes.ends_with(b"++")));
    });
}

#[test]
fn l12_an_unlinked_file_may_come_back_with_what_was_synced_after() {
    expect([1, 2, 2, 2, 2], &[OLD], |disk| {
        let f = open(disk, "f");
        disk.unlink("f").unwrap();
        disk.write_at(f, 0, b"new?").unwrap();
        disk.sync_data(f).unwrap();
    });
    let mut disk = disk(Profile::posix_weak(), &[OLD]);
    let f = open(&mut disk, "f");
    disk.unlink("f").unwrap();
    disk.write_at(f, 0, b"new?").unwrap();
    disk.sync_data(f).unwrap();
    assert_eq!(contents(&disk, "f"), [None, some(b"new?")].into());
}

#[test]
fn l13_crash_recover_append_crash() {
    let mut first = disk(Profile::posix_weak(), &[OLD]);
    let f = open(&mut first, "f");
    first.write_at(f, 4, b"BB").unwrap();
    let mut found = BTreeSet::new();
    for mut second in images(&first, TearPoints::None) {
        let torn = second.contents("f").unwrap();
        let good = if torn.ends_with(b"BB") { 6 } else { 4 };
        let f = open(&mut second, "f");
        second.truncate(f, good).unwrap();
        second.write_at(f, good, b"CC").unwrap();
        found.extend(outcomes(&second, TearPoints::None));
    }
    assert_eq!(found.len(), 8);
    let resurrected = vec![("f".to_owned(), b"old!BBCC".to_vec())];
    assert!(found.contains(&resurrected));
}

#[test]
fn a_torn_append_ends_anywhere_and_reads_as_its_prefix_zeros_or_garbage() {
    let mut disk = disk(Profile::posix_weak(), &[("f", b"")]);
    let f = open(&mut disk, "f");
    disk.write_at(f, 0, b"abcd").unwrap();
    assert_eq!(outcomes(&disk, TearPoints::None).len(), 1 + 3);
    assert_eq!(outcomes(&disk, TearPoints::Every).len(), 1 + 3 + 6 + 9);
    let after_two = TearPoints::Borders(|_| vec![2]);
    assert_eq!(outcomes(&disk, after_two).len(), 1 + 3 + 2 + 3);
}

#[test]
fn a_torn_overwrite_shows_the_old_bytes_behind_the_new() {
    let mut disk = disk(Profile::posix_weak(), &[OLD]);
    let f = open(&mut disk, "f");
    disk.write_at(f, 0, b"NEW?").unwrap();
    let found: BTreeSet<_> = images(&disk, TearPoints::Every)
        .iter()
        .map(|image| image.contents("f").unwrap().to_vec())
        .collect();
    let expected: [&[u8]; 5] = [b"NEW!", b"NEW?", b"NEd!", b"Nld!", b"old!"];
    assert_eq!(found, expected.map(<[u8]>::to_vec).into());
}

#[test]
fn a_file_never_ends_before_what_was_durable() {
    let mut disk = disk(Profile::posix_weak(), &[OLD]);
    let f = open(&mut disk, "f");
    disk.write_at(f, 2, b"123456").unwrap();
    for image in images(&disk, TearPoints::Every) {
        let left = image.contents("f").unwrap();
        assert!(left.starts_with(b"ol") && left.len() >= 4, "{left:?}");
    }
}

#[test]
fn a_write_hidden_by_a_later_one_multiplies_nothing() {
    let mut disk = disk(Profile::posix_weak(), &[OLD]);
    let f = open(&mut disk, "f");
    for bytes in [b"1111", b"2222", b"3333"] {
        disk.write_at(f, 0, bytes).unwrap();
    }
    assert_eq!(outcomes(&disk, TearPoints::None).len(), 4);
}

#[test]
fn a_rename_that_falls_apart_loses_the_target() {
    let files: [(&str, &[u8]); 2] = [OLD, ("tmp", b"new!")];
    let mut disk = disk(Profile::posix_absurd(), &files);
    disk.rename("tmp", "f").unwrap();
    let found = contents(&disk, "f");
    assert_eq!(found, [None, some(b"new!"), some(b"old!")].into());
}

#[test]
fn a_flush_that_lies_persists_nothing() {
    let mut disk = Disk::new(Profile::lying_flush());
    let f = disk.create("f").unwrap();
    disk.write_at(f, 0, b"new").unwrap();
    disk.sync_data(f).unwrap();
    disk.sync_dir().unwrap();
    assert!(contents(&disk, "f").contains(&None));
}
