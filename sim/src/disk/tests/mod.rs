//! What the disk may leave, call by call.

mod failed_sync;
mod faults;
mod litmus;
mod random;
mod state;

use std::collections::BTreeSet;

use indelible::vfs::Access;

use super::*;

/// A directory's names and contents.
type Outcome = Vec<(String, Vec<u8>)>;

fn outcome(disk: &Disk) -> Outcome {
    let owned = |(name, bytes): (&str, &[u8])| (name.to_owned(), bytes.to_vec());
    let mut outcome: Outcome = disk.files().map(owned).collect();
    outcome.sort();
    outcome
}

/// A durable disk with these files.
fn disk(profile: Profile, files: &[(&str, &[u8])]) -> Disk {
    let mut disk = Disk::new(profile);
    for (name, bytes) in files {
        let file = disk.create(name).unwrap();
        disk.write_at(file, 0, bytes).unwrap();
        disk.sync_data(file).unwrap();
        disk.close(file).unwrap();
    }
    disk.sync_dir().unwrap();
    assert_eq!(disk.pending(), 0);
    disk
}

fn open(disk: &mut Disk, name: &str) -> HandleId {
    disk.open(name, Access::ReadWrite).unwrap()
}

fn images(disk: &Disk, tears: TearPoints) -> Vec<Disk> {
    let limits = Limits {
        tears,
        ..Limits::default()
    };
    disk.images(limits).collect()
}

/// All outcomes of a power loss; asserts that none is found twice and that the first has all.
fn outcomes(disk: &Disk, tears: TearPoints) -> BTreeSet<Outcome> {
    let images = images(disk, tears);
    let set: BTreeSet<Outcome> = images.iter().map(outcome).collect();
    assert_eq!(set.len(), images.len(), "an image was found twice");
    if disk.profile().honest_flush {
        assert_eq!(outcome(&images[0]), outcome(disk), "D4");
    }
    set
}

/// The contents that a file may have; `None`: the name is not there.
fn contents(disk: &Disk, name: &str) -> BTreeSet<Option<Vec<u8>>> {
    let images = images(disk, TearPoints::None).into_iter();
    images
        .map(|image| image.contents(name).map(<[u8]>::to_vec))
        .collect()
}

fn some(bytes: &[u8]) -> Option<Vec<u8>> {
    Some(bytes.to_vec())
}
