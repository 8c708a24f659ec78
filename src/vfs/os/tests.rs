use std::thread;

use tempfile::TempDir;

use super::*;
use crate::vfs::conformance;

fn scratch() -> (TempDir, OsVfs) {
    let directory = TempDir::new().unwrap();
    let vfs = OsVfs::open_dir(directory.path()).unwrap();
    (directory, vfs)
}

fn filled(vfs: &OsVfs, name: &str, bytes: &[u8]) -> OsFile {
    let file = vfs.create(name).unwrap();
    assert_eq!(vfs.write_at(&file, 0, bytes), Ok(bytes.len()));
    file
}

fn content(vfs: &OsVfs, file: &OsFile) -> Vec<u8> {
    let mut bytes = vec![0; vfs.len(file).unwrap() as usize];
    assert_eq!(vfs.read_at(file, 0, &mut bytes), Ok(bytes.len()));
    bytes
}

#[test]
fn a_unix_directory_conforms() {
    let mut directories = Vec::new();
    conformance::check(|| {
        let (directory, vfs) = scratch();
        directories.push(directory);
        vfs
    });
}

#[test]
fn a_missing_directory_is_not_created_by_opening_it() {
    let directory = TempDir::new().unwrap();
    let error = OsVfs::open_dir(directory.path().join("none")).unwrap_err();
    assert_eq!(error.kind, IoErrorKind::NotFound);
}

#[test]
fn missing_ancestors_are_created() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a/b/c");
    OsVfs::create_dir(&path).unwrap().create("x").unwrap();
    assert!(path.join("x").is_file());
    OsVfs::create_dir(&path).expect("twice is fine");
}

#[test]
fn a_file_is_no_directory() {
    let (directory, vfs) = scratch();
    filled(&vfs, "x", b"");
    assert!(OsVfs::open_dir(directory.path().join("x")).is_err());
}

#[test]
fn the_directory_may_be_renamed_under_the_store() {
    let directory = TempDir::new().unwrap();
    let vfs = OsVfs::create_dir(directory.path().join("a")).unwrap();
    fs::rename(directory.path().join("a"), directory.path().join("b")).unwrap();
    filled(&vfs, "x", b"ink");
    assert_eq!(vfs.list().unwrap(), ["x"]);
    assert_eq!(fs::read(directory.path().join("b/x")).unwrap(), b"ink");
}

#[test]
fn a_copy_through_memory_gives_the_same_bytes() {
    let (_directory, vfs) = scratch();
    let from = filled(&vfs, "a", b"0123456789");
    let to = filled(&vfs, "b", b"xx");
    vfs.inner
        .copies_through_memory
        .store(true, Ordering::Relaxed);
    assert_eq!(vfs.copy_range(&from, 3, &to, 2, 4), Ok(4));
    assert_eq!(content(&vfs, &to), b"xx3456");
    assert_eq!(vfs.copy_range(&from, 10, &to, 2, 4), Ok(0));
}

#[test]
fn threads_write_to_one_file_at_their_own_offsets() {
    let (_directory, vfs) = scratch();
    let file = vfs.create("a").unwrap();
    thread::scope(|scope| {
        for number in 0..4_u8 {
            let (vfs, file) = (&vfs, &file);
            scope.spawn(move || {
                for block in 0..64 {
                    let offset = (block * 4 + u64::from(number)) * 100;
                    assert_eq!(vfs.write_at(file, offset, &[number; 100]), Ok(100));
                }
            });
        }
    });
    let bytes = content(&vfs, &file);
    assert_eq!(bytes.len(), 4 * 64 * 100);
    for (block, bytes) in bytes.chunks(100).enumerate() {
        assert_eq!(bytes, [(block % 4) as u8; 100]);
    }
}

#[test]
fn a_lock_of_another_process_is_told_apart() {
    let (directory, vfs) = scratch();
    let other = File::create(directory.path().join("lock")).unwrap();
    other.try_lock().unwrap();
    assert_eq!(vfs.lock("lock").unwrap_err().kind, IoErrorKind::Locked);
    drop(other);
    vfs.lock("lock").unwrap();
}

#[test]
#[should_panic(expected = "is not a plain file name")]
fn a_name_with_a_separator_is_a_bug() {
    let (_directory, vfs) = scratch();
    let _ = vfs.create("../x");
}
