//! What a crash right behind a small program may leave, where the numbers of outcomes alone do not
//! say enough. The programs with golden counts are in [`litmus`](crate::litmus).

use super::*;

const OLD: (&str, &[u8]) = ("f", b"old!");

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
