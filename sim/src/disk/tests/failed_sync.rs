//! The table of failing syncs, row by row, as CuttleFS measured them.

use crate::choice::Odometer;

use super::*;

const EIO: Result<(), indelible::effect::IoError> = Err(indelible::effect::IoError::new(
    indelible::effect::IoErrorKind::Io,
));

/// Overwrites the first half of "old!" and appends, then fails the sync in this profile's way.
fn failed(
    profile: Profile,
) -> (
    Disk,
    HandleId,
    HandleId,
    Result<(), indelible::effect::IoError>,
) {
    let mut disk = disk(profile, &[("f", b"old!")]);
    let (f, other) = (open(&mut disk, "f"), open(&mut disk, "f"));
    disk.write_at(f, 0, b"NE").unwrap();
    disk.write_at(f, 4, b"++").unwrap();
    let kind = disk.fault_alternatives(CallKind::SyncData)[0];
    disk.inject(Fault::once(CallKind::SyncData, kind));
    let result = disk.sync_data(f);
    (disk, f, other, result)
}

#[test]
fn on_ext4_and_xfs_it_is_reported_and_the_next_one_lies() {
    for profile in [Profile::ext4(), Profile::xfs(), Profile::posix_weak()] {
        let (mut disk, f, other, first) = failed(profile);
        assert_eq!(first, EIO);
        assert_eq!(disk.contents("f").unwrap(), b"NEd!++", "the latest");
        assert_eq!(disk.sync_data(f), Ok(()), "a lie");
        assert_eq!(disk.sync_data(other), Ok(()), "a lie");
        let left = contents(&disk, "f");
        assert!(left.contains(&some(b"old!")), "the failed block is old");
        assert!(left.contains(&some(b"NEd!++")), "other blocks are written");
    }
}

#[test]
fn on_ext4_a_failed_append_reads_as_zeros_where_the_size_is_new() {
    let left = contents(&failed(Profile::ext4()).0, "f");
    assert!(left.contains(&some(b"old!\0\0")));
}

#[test]
fn on_ext4_with_a_data_journal_it_is_reported_one_sync_late() {
    let (mut disk, f, _, first) = failed(Profile::ext4_journal());
    assert_eq!(first, Ok(()));
    assert_eq!(disk.contents("f").unwrap(), b"NEd!++", "the latest");
    disk.write_at(f, 6, b"--").unwrap();
    assert_eq!(disk.sync_data(f), EIO);
    assert!(
        contents(&disk, "f").contains(&some(b"old!")),
        "it flushed nothing"
    );
    assert_eq!(disk.sync_data(f), Ok(()));
    assert!(
        contents(&disk, "f")
            .iter()
            .flatten()
            .all(|bytes| bytes.ends_with(b"--"))
    );
}

#[test]
fn on_btrfs_the_pages_are_dropped_and_other_handles_get_the_error_once() {
    let (mut disk, f, other, first) = failed(Profile::btrfs());
    assert_eq!(first, EIO);
    assert_eq!(disk.contents("f").unwrap(), b"old!", "old bytes, old size");
    assert_eq!(disk.sync_data(f), Ok(()));
    assert_eq!(disk.sync_data(other), EIO);
    assert_eq!(disk.sync_data(other), Ok(()));
    assert_eq!(contents(&disk, "f"), [some(b"old!")].into());
}

#[test]
fn a_lie_survives_a_process_crash() {
    let (disk, ..) = failed(Profile::posix_weak());
    let mut disk = disk.process_crash();
    let f = open(&mut disk, "f");
    assert_eq!(disk.contents("f").unwrap(), b"NEd!++");
    assert_eq!(disk.sync_data(f), Ok(()));
    assert!(contents(&disk, "f").contains(&some(b"old!")));
}

#[test]
fn what_is_written_again_after_a_failed_sync_is_synced_for_sure() {
    let (mut disk, f, ..) = failed(Profile::posix_weak());
    disk.write_at(f, 0, b"NEd!++").unwrap();
    disk.sync_data(f).unwrap();
    let left = contents(&disk, "f");
    // The size did not change, so its failed change may still be lost.
    assert_eq!(left, [some(b"NEd!"), some(b"NEd!++")].into());
}

#[test]
fn after_a_power_loss_the_error_is_forgotten() {
    let (disk, ..) = failed(Profile::btrfs());
    for mut image in images(&disk, TearPoints::None) {
        let f = open(&mut image, "f");
        assert_eq!(image.sync_data(f), Ok(()));
        assert_eq!(image.pending(), 0);
    }
}

#[test]
fn a_failed_directory_sync_leaves_the_names_dirty() {
    let mut disk = disk(Profile::posix_weak(), &[("a", b"1")]);
    disk.rename("a", "b").unwrap();
    let kind = disk.fault_alternatives(CallKind::SyncDir)[0];
    disk.inject(Fault::once(CallKind::SyncDir, kind));
    disk.sync_dir().unwrap_err();
    assert_eq!(contents(&disk, "a").len(), 2);
    disk.sync_dir().unwrap();
    assert_eq!(contents(&disk, "a"), [None].into());
}

#[test]
fn in_a_lying_preset_a_later_directory_sync_covers_only_what_changed_since() {
    let mut disk = disk(Profile::posix_absurd(), &[("a", b"1")]);
    disk.unlink("a").unwrap();
    disk.inject(Fault::once(
        CallKind::SyncDir,
        FaultKind::Fail(EIO.unwrap_err().kind),
    ));
    disk.sync_dir().unwrap_err();
    disk.sync_dir().unwrap();
    assert_eq!(contents(&disk, "a").len(), 2);
}

#[test]
fn evicted_pages_show_what_the_disk_has_and_the_rest_stays_dirty() {
    let (mut disk, f, ..) = failed(Profile::posix_weak());
    disk.write_at(f, 6, b"--").unwrap();
    let mut found = BTreeSet::new();
    let mut odometer = Odometer::default();
    loop {
        let mut disk = disk.clone();
        disk.evict(&mut odometer);
        disk.sync_data(f).unwrap();
        let seen = disk.contents("f").unwrap().to_vec();
        assert_eq!(contents(&disk, "f"), [Some(seen.clone())].into());
        found.insert(seen);
        if !odometer.advance() {
            break;
        }
    }
    let expected: [&[u8]; 4] = [b"NEd!++--", b"NEd!\0\0--", b"old!++--", b"old!\0\0--"];
    assert_eq!(found, expected.map(<[u8]>::to_vec).into());
}
