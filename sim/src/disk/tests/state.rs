//! Drawn images, hashes, forks, traces, and the seeded bugs of the disk itself.

use std::collections::BTreeMap;

use indelible::effect::IoErrorKind;
use indelible::vfs::Vfs;

use crate::choice::{Choices, Odometer, Random, Replay};
use crate::disk::inode::OpState;

use super::*;

/// A rewrite in the middle: an old log, a new one, a rename, writes to both.
fn busy(profile: Profile) -> Disk {
    let mut disk = disk(profile, &[("log", b"12")]);
    let log = open(&mut disk, "log");
    let new = disk.create("tmp").unwrap();
    disk.write_at(new, 0, b"ab").unwrap();
    disk.rename("tmp", "log").unwrap();
    disk.truncate(log, 1).unwrap();
    disk
}

fn drawn_exhaustively(disk: &Disk) -> BTreeSet<Outcome> {
    let mut odometer = Odometer::default();
    let mut found = BTreeSet::new();
    loop {
        found.insert(outcome(&disk.power_loss(&mut odometer)));
        if !odometer.advance() {
            return found;
        }
    }
}

#[test]
fn what_can_be_drawn_is_what_is_enumerated() {
    for profile in [Profile::posix_weak(), Profile::xfs(), Profile::btrfs()] {
        let disk = busy(profile);
        assert_eq!(
            drawn_exhaustively(&disk),
            outcomes(&disk, TearPoints::Every)
        );
    }
}

#[test]
fn zeros_draw_everything() {
    let disk = busy(Profile::posix_weak());
    let quiet = disk.power_loss(&mut Replay::default());
    assert_eq!(outcome(&quiet), outcome(&disk));
    assert_eq!(quiet.pending(), 0);
    assert_eq!(quiet.open_handles(), 0);
}

#[test]
fn the_same_seed_draws_the_same_image() {
    let disk = busy(Profile::posix_weak());
    for seed in 0..50 {
        let draw = || disk.power_loss(&mut Random::new(seed));
        assert_eq!(draw().content_hash(), draw().content_hash());
    }
}

#[test]
fn images_come_in_the_same_order_every_time() {
    let hashes = || -> Vec<u64> {
        let disk = busy(Profile::posix_weak());
        let images = images(&disk, TearPoints::Every);
        images.iter().map(Disk::content_hash).collect()
    };
    assert_eq!(hashes(), hashes());
}

#[test]
fn a_hash_forgets_how_the_state_came_about() {
    let mut one = disk(Profile::posix_weak(), &[("a", b"1"), ("b", b"2")]);
    let mut two = disk(
        Profile::posix_weak(),
        &[("x", b"?"), ("b", b"2"), ("a", b"1")],
    );
    two.unlink("x").unwrap();
    two.sync_dir().unwrap();
    assert_ne!(one.calls(), two.calls());
    let renumbered = |disk: &Disk| {
        let mut names: Vec<_> = disk.files().map(|(name, _)| name.to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(renumbered(&one), renumbered(&two));
    assert_eq!(one.content_hash(), two.content_hash());
    open(&mut one, "a");
    assert_ne!(one.content_hash(), two.content_hash());
    open(&mut two, "a");
    assert_eq!(one.content_hash(), two.content_hash());
}

#[test]
fn what_is_pending_is_part_of_the_hash() {
    let mut synced = disk(Profile::posix_weak(), &[("f", b"1")]);
    let f = open(&mut synced, "f");
    synced.write_at(f, 1, b"2").unwrap();
    let dirty = synced.clone();
    synced.sync_data(f).unwrap();
    assert_eq!(outcome(&synced), outcome(&dirty));
    assert_ne!(synced.content_hash(), dirty.content_hash());
}

#[test]
fn what_a_rename_flushes_is_part_of_the_hash() {
    let renamed = |written_first: bool| {
        let mut disk = disk(Profile::ext4(), &[("log", b"1"), ("tmp", b"2")]);
        let tmp = open(&mut disk, "tmp");
        if written_first {
            disk.write_at(tmp, 1, b"3").unwrap();
        }
        disk.rename("tmp", "log").unwrap();
        if !written_first {
            disk.write_at(tmp, 1, b"3").unwrap();
        }
        disk
    };
    let (flushed, not) = (renamed(true), renamed(false));
    assert!(!contents(&flushed, "log").contains(&some(b"2")));
    assert!(contents(&not, "log").contains(&some(b"2")));
    assert_ne!(flushed.content_hash(), not.content_hash());
}

/// Every short program over two files: those that come to one hash may leave the same.
#[test]
fn equal_hashes_mean_equal_images() {
    const STEPS: u32 = 4;
    for profile in Profile::presets() {
        let (mut known, mut odometer, mut met) = (BTreeMap::new(), Odometer::default(), 0);
        loop {
            let mut disk = Disk::new(profile.clone());
            disk.add_file("log", b"1".to_vec());
            disk.add_file("tmp", b"2".to_vec());
            let (log, tmp) = (open(&mut disk, "log"), open(&mut disk, "tmp"));
            for _ in 0..STEPS {
                // A call that fails changes nothing: a shorter program.
                let _ = match odometer.choose(6) {
                    0 => disk.write_at(log, 1, b"3").map(drop),
                    1 => disk.write_at(tmp, 1, b"4").map(drop),
                    2 => disk.rename("tmp", "log"),
                    3 => disk.sync_data(log),
                    4 => disk.sync_data(tmp),
                    _ => disk.truncate(tmp, 0),
                };
            }
            let left = outcomes(&disk, TearPoints::None);
            match known.get(&disk.content_hash()) {
                Some(other) => {
                    assert_eq!(*other, left, "{}", profile.name);
                    met += 1;
                }
                None => drop(known.insert(disk.content_hash(), left)),
            }
            if !odometer.advance() {
                break;
            }
        }
        assert!(met > 100, "{met} programs met another");
    }
}

#[test]
fn a_fork_goes_its_own_way() {
    let vfs = SimVfs::new(Profile::posix_weak());
    let file = vfs.create("f").unwrap();
    let fork = SimVfs::from_disk(vfs.disk());
    let forked = fork.attach(file.handle());
    fork.write_at(&forked, 0, b"fork").unwrap();
    assert_eq!(vfs.len(&file), Ok(0));
    assert_eq!(fork.len(&forked), Ok(4));
    drop(forked);
    assert_eq!(fork.disk().open_handles(), 0);
    assert_eq!(vfs.disk().open_handles(), 1);
}

#[test]
fn the_trace_says_what_became_of_each_change() {
    let mut disk = disk(Profile::posix_weak(), &[("log", b"12")]);
    disk.set_tracing(true);
    let log = open(&mut disk, "log");
    disk.write_at(log, 2, b"345").unwrap();
    disk.rename("log", "new").unwrap();
    let calls: Vec<CallKind> = disk.trace().iter().map(|record| record.call).collect();
    assert_eq!(calls, [CallKind::Open, CallKind::Write, CallKind::Rename]);
    let (write, rename) = (disk.trace()[1].sequence, disk.trace()[2].sequence);
    let fates: BTreeSet<_> = images(&disk, TearPoints::Every)
        .iter()
        .map(|image| disk.fates(image))
        .collect();
    for of_write in [Fate::Durable, Fate::Torn, Fate::Lost] {
        for of_rename in [Fate::Durable, Fate::Lost] {
            assert!(fates.contains(&vec![(write, of_write), (rename, of_rename)]));
        }
    }
}

#[test]
fn opaque_names_multiply_nothing() {
    let mut disk = disk(Profile::posix_weak(), &[("log", b"12")]);
    let new = disk.create("tmp").unwrap();
    disk.sync_dir().unwrap();
    disk.write_at(new, 0, b"abc").unwrap();
    let limits = Limits {
        tears: TearPoints::Every,
        opaque: &["tmp"],
        ..Limits::default()
    };
    assert_eq!(disk.images(limits).count(), 1);
}

#[test]
fn many_pending_writes_are_enumerated_coarsely_and_this_is_said() {
    let mut disk = disk(Profile::posix_weak(), &[("f", b"")]);
    let f = open(&mut disk, "f");
    for at in 0..40 {
        disk.write_at(f, at, b"x").unwrap();
    }
    let mut images = disk.images(Limits {
        free: 2,
        ..Limits::default()
    });
    let count = images.by_ref().count();
    assert!(images.is_coarse() && count < 1500, "{count}");
}

#[test]
fn many_pending_changes_of_names_are_all_there_whichever_way_they_are_worked_out() {
    for profile in [Profile::posix_weak(), Profile::posix_absurd()] {
        let lies = profile.dir_sync_lies;
        let mut disk = disk(profile, &[("log", b"1")]);
        // Where a sync lies behind one that failed, some are sure, and one before them is not.
        disk.create("early").unwrap();
        let fails = FaultKind::Fail(IoErrorKind::Io);
        disk.inject(Fault::once(CallKind::SyncDir, fails));
        disk.sync_dir().unwrap_err();
        for number in 0..3u8 {
            if number == 1 {
                disk.sync_dir().unwrap();
            }
            let new = disk.create("new").unwrap();
            disk.write_at(new, 0, &[number]).unwrap();
            disk.sync_data(new).unwrap();
            disk.rename("new", "log").unwrap();
            disk.create("side").unwrap();
            disk.unlink("side").unwrap();
        }
        let pending = disk.dir.pending.iter();
        assert_eq!(lies, pending.clone().any(|op| op.state == OpState::Must));
        assert!(pending.count() > 3);
        let left = |free| {
            let mut images = disk.images(Limits {
                free,
                ..Limits::default()
            });
            let all: BTreeSet<u64> = images.by_ref().map(|disk| disk.content_hash()).collect();
            assert!(!images.is_coarse());
            all
        };
        let (by_change, by_choice) = (left(3), left(20));
        assert!(by_change.len() > 8, "{}", by_change.len());
        assert_eq!(by_change, by_choice);
    }
}

#[test]
fn a_blind_disk_misses_what_it_should_show() {
    let blind = |blind: Blind| {
        let profile = Profile {
            blind,
            ..Profile::posix_weak()
        };
        outcomes(&busy(profile), TearPoints::Every).len()
    };
    let seeing = blind(Blind::default());
    let none = Blind::default();
    let renames_durable = Blind {
        renames_durable: true,
        ..none
    };
    let crash_keeps_cache = Blind {
        crash_keeps_cache: true,
        ..none
    };
    let no_garbage = Blind {
        no_garbage: true,
        ..none
    };
    assert!(blind(renames_durable) < seeing);
    assert_eq!(blind(crash_keeps_cache), 1);
    assert!(blind(no_garbage) < seeing);
}

#[test]
fn a_weighted_choice_is_one_of_many_when_enumerated() {
    let mut odometer = Odometer::default();
    let mut seen = vec![];
    loop {
        seen.push(odometer.unlikely(100));
        if !odometer.advance() {
            break;
        }
    }
    assert_eq!(seen, [false, true]);
}
