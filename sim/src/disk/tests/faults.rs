//! Faults, the end of a process, and what a call frees.

use indelible::effect::{IoError, IoErrorKind};
use indelible::vfs::{Vfs, conformance};

use super::*;

fn small() -> (Disk, HandleId) {
    let mut disk = disk(Profile::posix_weak(), &[("f", b"old!")]);
    let f = open(&mut disk, "f");
    (disk, f)
}

fn strike(disk: &mut Disk, call: CallKind, kind: FaultKind) {
    disk.inject(Fault::once(call, kind));
}

#[test]
fn without_faults_it_conforms() {
    for profile in Profile::presets() {
        conformance::check(|| SimVfs::new(profile.clone()));
    }
}

#[test]
fn a_failed_write_may_be_applied_in_part_and_no_sync_makes_it_durable() {
    let (mut disk, f) = small();
    let kind = FaultKind::FailPart(IoErrorKind::Io, Keep::Half);
    strike(&mut disk, CallKind::Write, kind);
    let error = disk.write_at(f, 0, b"NEW?").unwrap_err();
    assert_eq!(error.kind, IoErrorKind::Io);
    assert_eq!(disk.contents("f").unwrap(), b"NEd!");
    disk.sync_data(f).unwrap();
    assert_eq!(contents(&disk, "f"), [some(b"NEd!"), some(b"old!")].into());
}

#[test]
fn a_write_without_room_harms_nothing_that_was_written() {
    let (mut disk, f) = small();
    disk.inject(Fault::forever(
        CallKind::Write,
        FaultKind::FailPart(IoErrorKind::NoRoom, Keep::Half),
    ));
    for _ in 0..2 {
        let error = disk.write_at(f, 4, b"12").unwrap_err();
        assert_eq!(error.kind, IoErrorKind::NoRoom);
    }
    assert_eq!(disk.contents("f").unwrap(), b"old!1");
    disk.sync_data(f).unwrap();
    assert_eq!(contents(&disk, "f"), [some(b"old!1")].into());
}

#[test]
fn writes_and_reads_may_be_short() {
    let (mut disk, f) = small();
    strike(&mut disk, CallKind::Write, FaultKind::Short(Keep::Half));
    assert_eq!(disk.write_at(f, 4, b"1234"), Ok(2));
    strike(&mut disk, CallKind::Read, FaultKind::Short(Keep::Half));
    let mut buffer = [0; 9];
    assert_eq!(disk.read_at(f, 0, &mut buffer), Ok(3));
    assert_eq!(disk.read_at(f, 0, &mut buffer), Ok(6));
}

#[test]
fn a_failed_rename_was_done_or_not() {
    for (kind, left) in [
        (FaultKind::Fail(IoErrorKind::Io), "f"),
        (FaultKind::FailDone(IoErrorKind::Io), "g"),
    ] {
        let (mut disk, _) = small();
        strike(&mut disk, CallKind::Rename, kind);
        disk.rename("f", "g").unwrap_err();
        assert_eq!(disk.contents(left).unwrap(), b"old!");
        assert_eq!(disk.files().count(), 1);
    }
}

#[test]
fn a_fault_strikes_the_call_it_waits_for() {
    let (mut disk, f) = small();
    disk.inject(Fault {
        call: CallKind::Open,
        skip: 1,
        kind: FaultKind::Fail(IoErrorKind::TooManyFiles),
        forever: false,
    });
    disk.sync_data(f).unwrap();
    open(&mut disk, "f");
    assert!(disk.fault_is_armed());
    let error = disk.open("f", Access::Read).unwrap_err();
    assert_eq!(error.kind, IoErrorKind::TooManyFiles);
    assert!(!disk.fault_is_armed());
    open(&mut disk, "f");
}

#[test]
fn every_alternative_makes_its_call_fail_or_fall_short() {
    for call in [CallKind::Write, CallKind::SyncData, CallKind::Truncate] {
        for kind in small().0.fault_alternatives(call) {
            let (mut disk, f) = small();
            strike(&mut disk, call, *kind);
            let well = match call {
                CallKind::Write => disk.write_at(f, 4, b"1234") == Ok(4),
                CallKind::SyncData => disk.sync_data(f).is_ok(),
                _ => disk.truncate(f, 2).is_ok(),
            };
            assert!(!well, "{call:?} {kind:?}");
        }
    }
}

#[test]
fn behind_the_budget_nothing_changes() {
    let (mut disk, f) = small();
    disk.set_call_budget(Some(1));
    disk.write_at(f, 4, b"1").unwrap();
    assert!(!disk.budget_hit());
    disk.write_at(f, 5, b"234").unwrap_err();
    disk.rename("f", "g").unwrap_err();
    disk.lock("l").unwrap_err();
    assert!(disk.budget_hit());
    let cut = disk.cut_call().unwrap();
    assert_eq!((cut.call, cut.len), (CallKind::Write, 3));
    assert_eq!(outcome(&disk), [("f".to_owned(), b"old!1".to_vec())]);
    let mut after = disk.process_crash();
    open(&mut after, "f");
}

#[test]
fn the_write_at_the_cut_may_be_applied_in_part() {
    let (mut disk, f) = small();
    disk.set_call_budget(Some(0));
    disk.set_cut_keeps(Keep::Bytes(2));
    disk.write_at(f, 4, b"123").unwrap_err();
    disk.write_at(f, 0, b"123").unwrap_err();
    assert_eq!(disk.process_crash().contents("f").unwrap(), b"old!12");
}

#[test]
fn blocks_are_freed_by_the_last_reference() {
    let (mut disk, f) = small();
    disk.unlink("f").unwrap();
    assert_eq!(disk.last_call().freed, 0);
    disk.truncate(f, 1).unwrap();
    assert_eq!(disk.last_call().freed, 3);
    disk.close(f).unwrap();
    assert_eq!(disk.last_call().freed, 1);
}

#[test]
fn a_rename_over_a_file_frees_it_unless_it_is_open() {
    for (pinned, freed) in [(false, 4), (true, 0)] {
        let files: [(&str, &[u8]); 2] = [("f", b"old!"), ("g", b"new")];
        let mut disk = disk(Profile::posix_weak(), &files);
        if pinned {
            open(&mut disk, "f");
        }
        disk.rename("g", "f").unwrap();
        assert_eq!(disk.last_call().freed, freed);
        assert_eq!(contents(&disk, "f"), [some(b"new"), some(b"old!")].into());
    }
}

#[test]
fn a_sync_covers_what_was_written_before_it_was_given_out() {
    let (mut disk, f) = small();
    disk.write_at(f, 4, b"1").unwrap();
    let given_out = disk.sequence();
    disk.write_at(f, 5, b"2").unwrap();
    assert_eq!(disk.covered(f, given_out), (2, 0));
    disk.set_sync_cover(f, given_out);
    disk.sync_data(f).unwrap();
    let left = contents(&disk, "f");
    assert!(left.contains(&some(b"old!1")) && left.contains(&some(b"old!12")));
    assert!(
        left.iter()
            .flatten()
            .all(|bytes| bytes.starts_with(b"old!1"))
    );
    disk.sync_data(f).unwrap();
    assert_eq!(contents(&disk, "f").len(), 1);
}

#[test]
fn a_lock_is_exclusive_until_it_is_dropped_or_the_process_dies() {
    let vfs = SimVfs::new(Profile::posix_weak());
    let held = vfs.lock("l").unwrap();
    let error = vfs.lock("l").unwrap_err();
    assert_eq!(error.kind, IoErrorKind::Locked);
    let after = SimVfs::from_disk(vfs.disk().process_crash());
    after.lock("l").unwrap();
    drop(held);
    vfs.lock("l").unwrap();
}

#[test]
fn a_dropped_file_of_a_dead_process_closes_nothing() {
    let vfs = SimVfs::new(Profile::posix_weak());
    let dead = vfs.create("f").unwrap();
    vfs.with(|disk| *disk = disk.process_crash());
    let alive = vfs.open("f", Access::Read).unwrap();
    drop(dead);
    assert_eq!(vfs.with(|disk| disk.open_handles()), 1);
    vfs.close(alive).unwrap();
    assert_eq!(vfs.with(|disk| disk.open_handles()), 0);
}

#[test]
fn a_journal_that_fails_makes_the_file_system_read_only_until_the_next_crash() {
    let read_only = Err(IoError::new(IoErrorKind::ReadOnly));
    let mut disk = disk(Profile::ext4_journal(), &[("f", b"old!")]);
    let f = open(&mut disk, "f");
    disk.write_at(f, 0, b"new?").unwrap();
    disk.inject(Fault::once(CallKind::SyncDir, FaultKind::JournalFails));
    assert_eq!(disk.sync_dir().unwrap_err().kind, IoErrorKind::Io);
    assert_eq!(disk.sync_data(f), read_only);
    assert_eq!(disk.sync_dir(), read_only);
    assert_eq!(disk.rename("f", "g"), read_only);
    assert_eq!(disk.unlink("f"), read_only);
    assert_eq!(disk.truncate(f, 0), read_only);
    assert_eq!(disk.write_at(f, 4, b"x").map(drop), read_only);
    assert_eq!(disk.create("h").map(drop), read_only);
    let mut read = [0; 4];
    assert_eq!(disk.read_at(f, 0, &mut read), Ok(4));
    assert_eq!(&read, b"new?", "reading goes on");
    assert_eq!(disk.refused_read_only(), Some(7));
    assert_eq!(disk.close(f), Ok(()));
    assert_eq!(contents(&disk, "f"), [some(b"new?"), some(b"old!")].into());
    for mut after in [
        disk.process_crash(),
        images(&disk, TearPoints::None).remove(0),
    ] {
        let f = open(&mut after, "f");
        assert_eq!(after.sync_data(f), Ok(()));
    }
}

#[test]
fn spoiled_bytes_are_not_read_until_they_are_written_again() {
    let mut disk = disk(Profile::posix_weak(), &[("f", b"0123456789")]);
    disk.spoil("f", 4, 2);
    let mut crashed = images(&disk, TearPoints::None).remove(0).process_crash();
    for disk in [&mut disk, &mut crashed] {
        let f = open(disk, "f");
        let mut read = [0; 4];
        assert_eq!(disk.read_at(f, 0, &mut read), Ok(4));
        assert_eq!(disk.read_at(f, 6, &mut read), Ok(4));
        assert_eq!(
            disk.read_at(f, 1, &mut read).unwrap_err().kind,
            IoErrorKind::Io
        );
        let to = disk.create("g").unwrap();
        assert!(disk.copy_range(f, 0, to, 0, 5).is_err());
        disk.write_at(f, 4, b"x").unwrap();
        assert!(
            disk.read_at(f, 4, &mut read).is_err(),
            "half of it is still spoiled"
        );
        disk.write_at(f, 4, b"xy").unwrap();
        assert_eq!(disk.read_at(f, 3, &mut read), Ok(4));
        assert_eq!(&read, b"3xy6");
    }
}

#[test]
fn on_nfs_close_and_sync_say_that_there_was_no_room() {
    for call in [CallKind::Close, CallKind::SyncData] {
        let mut disk = disk(Profile::nfs_like(), &[("f", b"old!")]);
        let f = open(&mut disk, "f");
        disk.write_at(f, 0, b"new?").unwrap();
        let of = |kind: &&FaultKind| {
            matches!(
                kind,
                FaultKind::Fail(IoErrorKind::NoRoom) | FaultKind::FailDone(IoErrorKind::NoRoom)
            )
        };
        let kind = *disk.fault_alternatives(call).iter().find(of).unwrap();
        disk.inject(Fault::once(call, kind));
        let result = match call {
            CallKind::Close => disk.close(f),
            _ => disk.sync_data(f),
        };
        assert_eq!(result.unwrap_err().kind, IoErrorKind::NoRoom);
        let again = open(&mut disk, "f");
        disk.sync_data(again).unwrap();
        assert!(
            contents(&disk, "f").contains(&some(b"old!")),
            "{call:?}: it is lost"
        );
    }
}
