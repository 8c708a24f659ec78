//! Tests that every [`Vfs`] must pass, as functions: for the backends here, and for yours.
//!
//! They show what a running process sees. What a power loss leaves cannot be tested from inside
//! a process; the simulator's disk is for that.
//!
//! ```
//! use indelible::vfs::{MemVfs, conformance};
//!
//! conformance::check(MemVfs::default);
//! ```

use std::vec;
use std::vec::Vec;

use crate::effect::IoErrorKind;
use crate::vfs::{Access, Vfs};

/// Runs every case, each in an empty directory that `new` makes.
///
/// # Panics
/// If a case fails; the message names it.
pub fn check<V: Vfs>(mut new: impl FnMut() -> V) {
    for (name, case) in cases() {
        std::eprintln!("conformance: {name}");
        case(&new());
    }
}

/// A test: takes an empty directory, panics if the backend does not conform.
pub type Case<V> = fn(&V);

macro_rules! cases {
    ($($name:ident,)*) => {
        /// Every case under its name, for harnesses that run them one by one.
        #[must_use]
        pub fn cases<V: Vfs>() -> Vec<(&'static str, Case<V>)> {
            vec![$((stringify!($name), $name::<V>),)*]
        }
    };
}

cases! {
    a_new_file_is_empty,
    creating_a_name_that_exists_is_refused,
    opening_a_name_that_is_missing_is_refused,
    what_was_written_is_read,
    a_read_is_cut_at_the_end,
    a_read_at_the_end_is_empty,
    writing_nothing_changes_nothing,
    writing_behind_the_end_leaves_zeros,
    overwriting_keeps_the_rest,
    handles_of_one_file_see_each_other,
    a_handle_for_reading_does_not_write,
    truncating_cuts,
    truncating_extends_with_zeros,
    what_was_cut_does_not_come_back,
    a_copy_may_land_anywhere,
    a_copy_ends_with_its_source,
    a_copy_at_the_end_of_its_source_is_empty,
    syncs_succeed,
    renaming_moves_a_name,
    renaming_replaces_a_name,
    a_replaced_file_stays_readable_by_its_handle,
    renaming_a_missing_name_is_refused,
    unlinking_removes_a_name,
    unlinking_a_missing_name_is_refused,
    an_unlinked_file_stays_usable_by_its_handle,
    a_name_can_be_created_again,
    the_list_holds_every_name,
    a_lock_excludes_another,
    a_lock_is_let_go_by_dropping_it,
    a_lock_outlives_a_rename_beside_it,
}

fn filled<V: Vfs>(vfs: &V, name: &str, bytes: &[u8]) -> V::File {
    let file = vfs.create(name).expect("create");
    write(vfs, &file, 0, bytes);
    file
}

fn write<V: Vfs>(vfs: &V, file: &V::File, offset: u64, bytes: &[u8]) {
    let mut done = 0;
    while done < bytes.len() {
        let len = vfs.write_at(file, offset + done as u64, &bytes[done..]);
        let len = len.expect("write");
        assert!(len > 0, "a write goes on");
        done += len;
    }
}

fn read<V: Vfs>(vfs: &V, file: &V::File, offset: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0xaa; len];
    let mut done = 0;
    while done < len {
        let read = vfs.read_at(file, offset + done as u64, &mut bytes[done..]);
        match read.expect("read") {
            0 => break,
            read => done += read,
        }
    }
    bytes.truncate(done);
    bytes
}

fn content<V: Vfs>(vfs: &V, file: &V::File) -> Vec<u8> {
    let len = vfs.len(file).expect("len");
    read(vfs, file, 0, usize::try_from(len).expect("short"))
}

fn copy<V: Vfs>(vfs: &V, from: (&V::File, u64), to: (&V::File, u64), len: u64) -> u64 {
    let mut done = 0;
    while done < len {
        let copied = vfs.copy_range(from.0, from.1 + done, to.0, to.1 + done, len - done);
        match copied.expect("copy") {
            0 => break,
            copied => done += copied,
        }
    }
    done
}

fn kind<T>(result: Result<T, crate::effect::IoError>) -> Option<IoErrorKind> {
    result.err().map(|error| error.kind)
}

fn a_new_file_is_empty<V: Vfs>(vfs: &V) {
    let file = vfs.create("a").expect("create");
    assert_eq!(vfs.len(&file), Ok(0));
    assert_eq!(content(vfs, &file), b"");
}

fn creating_a_name_that_exists_is_refused<V: Vfs>(vfs: &V) {
    let file = filled(vfs, "a", b"old");
    assert_eq!(kind(vfs.create("a")), Some(IoErrorKind::AlreadyExists));
    assert_eq!(content(vfs, &file), b"old");
}

fn opening_a_name_that_is_missing_is_refused<V: Vfs>(vfs: &V) {
    for access in [Access::Read, Access::ReadWrite] {
        assert_eq!(kind(vfs.open("a", access)), Some(IoErrorKind::NotFound));
    }
    assert_eq!(vfs.list().expect("list"), Vec::<&str>::new());
}

fn what_was_written_is_read<V: Vfs>(vfs: &V) {
    let bytes: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    let file = filled(vfs, "a", &bytes);
    assert_eq!(vfs.len(&file), Ok(bytes.len() as u64));
    assert_eq!(content(vfs, &file), bytes);
    assert_eq!(read(vfs, &file, 70_001, 5_000), bytes[70_001..75_001]);
}

fn a_read_is_cut_at_the_end<V: Vfs>(vfs: &V) {
    let file = filled(vfs, "a", b"12345");
    assert_eq!(read(vfs, &file, 3, 100), b"45");
}

fn a_read_at_the_end_is_empty<V: Vfs>(vfs: &V) {
    let file = filled(vfs, "a", b"12345");
    assert_eq!(vfs.read_at(&file, 5, &mut [0; 8]), Ok(0));
    assert_eq!(vfs.read_at(&file, 99, &mut [0; 8]), Ok(0));
    assert_eq!(vfs.read_at(&file, 0, &mut []), Ok(0));
}

fn writing_nothing_changes_nothing<V: Vfs>(vfs: &V) {
    let file = filled(vfs, "a", b"12345");
    assert_eq!(vfs.write_at(&file, 99, b""), Ok(0));
    assert_eq!(content(vfs, &file), b"12345");
}

fn writing_behind_the_end_leaves_zeros<V: Vfs>(vfs: &V) {
    let file = filled(vfs, "a", b"12");
    write(vfs, &file, 5, b"34");
    assert_eq!(content(vfs, &file), b"12\0\0\x0034");
}

fn overwriting_keeps_the_rest<V: Vfs>(vfs: &V) {
    let file = filled(vfs, "a", b"123456");
    write(vfs, &file, 2, b"xy");
    assert_eq!(content(vfs, &file), b"12xy56");
}

fn handles_of_one_file_see_each_other<V: Vfs>(vfs: &V) {
    let writer = filled(vfs, "a", b"1");
    let reader = vfs.open("a", Access::Read).expect("open");
    let other = vfs.open("a", Access::ReadWrite).expect("open");
    write(vfs, &writer, 1, b"2");
    write(vfs, &other, 2, b"3");
    assert_eq!(content(vfs, &reader), b"123");
}

fn a_handle_for_reading_does_not_write<V: Vfs>(vfs: &V) {
    let file = filled(vfs, "a", b"123");
    let reader = vfs.open("a", Access::Read).expect("open");
    assert!(vfs.write_at(&reader, 0, b"x").is_err());
    assert!(vfs.truncate(&reader, 0).is_err());
    assert_eq!(content(vfs, &file), b"123");
}

fn truncating_cuts<V: Vfs>(vfs: &V) {
    let file = filled(vfs, "a", b"12345");
    vfs.truncate(&file, 2).expect("truncate");
    assert_eq!(vfs.len(&file), Ok(2));
    assert_eq!(content(vfs, &file), b"12");
}

fn truncating_extends_with_zeros<V: Vfs>(vfs: &V) {
    let file = filled(vfs, "a", b"12");
    vfs.truncate(&file, 4).expect("truncate");
    assert_eq!(content(vfs, &file), b"12\0\0");
}

fn what_was_cut_does_not_come_back<V: Vfs>(vfs: &V) {
    let file = filled(vfs, "a", b"12345");
    vfs.truncate(&file, 2).expect("truncate");
    write(vfs, &file, 4, b"x");
    assert_eq!(content(vfs, &file), b"12\0\0x");
}

fn a_copy_may_land_anywhere<V: Vfs>(vfs: &V) {
    let bytes: Vec<u8> = (0..100_000_u32).map(|n| (n % 241) as u8).collect();
    let from = filled(vfs, "a", &bytes);
    let to = filled(vfs, "b", b"xy");
    assert_eq!(copy(vfs, (&from, 11), (&to, 7), 90_000), 90_000);
    assert_eq!(read(vfs, &to, 0, 7), b"xy\0\0\0\0\0");
    assert_eq!(read(vfs, &to, 7, 100_000), bytes[11..90_011]);
    assert_eq!(content(vfs, &from), bytes);
}

fn a_copy_ends_with_its_source<V: Vfs>(vfs: &V) {
    let from = filled(vfs, "a", b"12345");
    let to = vfs.create("b").expect("create");
    assert_eq!(copy(vfs, (&from, 2), (&to, 0), 100), 3);
    assert_eq!(content(vfs, &to), b"345");
}

fn a_copy_at_the_end_of_its_source_is_empty<V: Vfs>(vfs: &V) {
    let from = filled(vfs, "a", b"12345");
    let to = filled(vfs, "b", b"x");
    assert_eq!(vfs.copy_range(&from, 5, &to, 0, 10), Ok(0));
    assert_eq!(vfs.copy_range(&from, 9, &to, 0, 10), Ok(0));
    assert_eq!(content(vfs, &to), b"x");
}

fn syncs_succeed<V: Vfs>(vfs: &V) {
    let file = filled(vfs, "a", b"1");
    assert_eq!(vfs.sync_data(&file), Ok(()));
    assert_eq!(vfs.sync_dir(), Ok(()));
    assert_eq!(vfs.close(file), Ok(()));
}

fn renaming_moves_a_name<V: Vfs>(vfs: &V) {
    let file = filled(vfs, "a", b"1");
    vfs.rename("a", "b").expect("rename");
    assert_eq!(
        kind(vfs.open("a", Access::Read)),
        Some(IoErrorKind::NotFound)
    );
    write(vfs, &file, 1, b"2");
    let again = vfs.open("b", Access::Read).expect("open");
    assert_eq!(content(vfs, &again), b"12");
}

fn renaming_replaces_a_name<V: Vfs>(vfs: &V) {
    filled(vfs, "a", b"new");
    filled(vfs, "b", b"old");
    vfs.rename("a", "b").expect("rename");
    let file = vfs.open("b", Access::Read).expect("open");
    assert_eq!(content(vfs, &file), b"new");
    assert_eq!(vfs.list().expect("list"), ["b"]);
}

fn a_replaced_file_stays_readable_by_its_handle<V: Vfs>(vfs: &V) {
    filled(vfs, "a", b"new");
    let old = filled(vfs, "b", b"old");
    vfs.rename("a", "b").expect("rename");
    assert_eq!(content(vfs, &old), b"old");
    vfs.truncate(&old, 0).expect("truncate");
    let file = vfs.open("b", Access::Read).expect("open");
    assert_eq!(content(vfs, &file), b"new");
}

fn renaming_a_missing_name_is_refused<V: Vfs>(vfs: &V) {
    let file = filled(vfs, "b", b"old");
    assert_eq!(kind(vfs.rename("a", "b")), Some(IoErrorKind::NotFound));
    assert_eq!(content(vfs, &file), b"old");
    assert_eq!(vfs.list().expect("list"), ["b"]);
}

fn unlinking_removes_a_name<V: Vfs>(vfs: &V) {
    filled(vfs, "a", b"1");
    vfs.unlink("a").expect("unlink");
    assert_eq!(
        kind(vfs.open("a", Access::Read)),
        Some(IoErrorKind::NotFound)
    );
}

fn unlinking_a_missing_name_is_refused<V: Vfs>(vfs: &V) {
    assert_eq!(kind(vfs.unlink("a")), Some(IoErrorKind::NotFound));
}

fn an_unlinked_file_stays_usable_by_its_handle<V: Vfs>(vfs: &V) {
    let file = filled(vfs, "a", b"1");
    vfs.unlink("a").expect("unlink");
    write(vfs, &file, 1, b"2");
    assert_eq!(content(vfs, &file), b"12");
    assert_eq!(vfs.sync_data(&file), Ok(()));
    assert_eq!(vfs.close(file), Ok(()));
}

fn a_name_can_be_created_again<V: Vfs>(vfs: &V) {
    let old = filled(vfs, "a", b"old");
    vfs.unlink("a").expect("unlink");
    let new = filled(vfs, "a", b"new");
    assert_eq!(content(vfs, &old), b"old");
    assert_eq!(content(vfs, &new), b"new");
}

fn the_list_holds_every_name<V: Vfs>(vfs: &V) {
    for name in ["b", "a", "c.d"] {
        vfs.create(name).expect("create");
    }
    let mut names = vfs.list().expect("list");
    names.sort_unstable();
    assert_eq!(names, ["a", "b", "c.d"]);
}

fn a_lock_excludes_another<V: Vfs>(vfs: &V) {
    let _held = vfs.lock("lock").expect("lock");
    assert_eq!(kind(vfs.lock("lock")), Some(IoErrorKind::Locked));
}

fn a_lock_is_let_go_by_dropping_it<V: Vfs>(vfs: &V) {
    for _ in 0..3 {
        let held = vfs.lock("lock").expect("lock");
        drop(held);
    }
}

fn a_lock_outlives_a_rename_beside_it<V: Vfs>(vfs: &V) {
    let _held = vfs.lock("lock").expect("lock");
    filled(vfs, "a", b"new");
    filled(vfs, "b", b"old");
    vfs.rename("a", "b").expect("rename");
    assert_eq!(kind(vfs.lock("lock")), Some(IoErrorKind::Locked));
}
