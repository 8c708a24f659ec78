//! Random programs: what must hold whatever was called.

use crate::choice::{Choices, Random};

use super::super::inode::OpState;
use super::*;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Makes one random call; faults strike one call in `faults_in`, if any.
fn step(disk: &mut Disk, handles: &mut Vec<HandleId>, random: &mut Random, faults_in: u32) {
    let name = NAMES[random.choose(3) as usize];
    let other = NAMES[random.choose(3) as usize];
    if faults_in > 0 && random.unlikely(faults_in) {
        let calls = [
            CallKind::Write,
            CallKind::SyncData,
            CallKind::Rename,
            CallKind::SyncDir,
            CallKind::Truncate,
            CallKind::Close,
        ];
        let call = calls[random.choose(calls.len() as u32) as usize];
        let kinds = disk.fault_alternatives(call);
        let kind = kinds[random.choose(kinds.len() as u32) as usize];
        disk.inject(Fault::once(call, kind));
    }
    let chosen = random.choose(12);
    if chosen < 2 || handles.is_empty() {
        let opened = match chosen {
            0 => disk.open(name, Access::ReadWrite),
            _ => disk.create(name),
        };
        handles.extend(opened);
        return;
    }
    let at = random.choose(handles.len() as u32) as usize;
    let handle = handles[at];
    let len = disk.len(handle).unwrap();
    let position = random.below(len + 2);
    let bytes = [b'A' + random.choose(26) as u8; 3];
    // Whatever fails, fails: the state is what is looked at.
    let _ = match chosen {
        2..6 => disk
            .write_at(handle, position, &bytes[..1 + random.choose(3) as usize])
            .map(drop),
        6 => disk.truncate(handle, position),
        7 | 8 => disk.sync_data(handle),
        9 => disk.rename(name, other),
        10 => disk.sync_dir(),
        _ if random.choose(2) == 0 => disk.unlink(name),
        _ => {
            handles.remove(at);
            disk.close(handle)
        }
    };
}

fn run(profile: Profile, seed: u64, steps: u32, faults_in: u32) -> (Disk, Vec<HandleId>) {
    let mut random = Random::new(seed);
    let mut disk = Disk::new(profile);
    let mut handles = vec![];
    for _ in 0..steps {
        step(&mut disk, &mut handles, &mut random, faults_in);
        check(&disk);
    }
    (disk, handles)
}

/// D1, D2 and D3.
fn check(disk: &Disk) {
    for inode in disk.inodes.iter().flatten() {
        let mut cache = inode.durable.to_vec();
        for op in &inode.pending {
            op.change.apply(&mut cache);
        }
        assert_eq!(cache, *inode.cache, "D1");
        let first = inode.pending.first().map(|op| op.state);
        assert_ne!(first, Some(OpState::Must), "D2");
    }
    for entries in [&disk.dir.cache, &disk.dir.durable] {
        for (_, inode) in entries.iter() {
            disk.inode(inode);
        }
    }
    for handle in disk.handles.iter().flatten() {
        disk.inode(handle.inode);
    }
    let mut names = disk.dir.durable.clone();
    for op in &disk.dir.pending {
        op.change.apply(&mut names);
        op.change.inode().map(|inode| disk.inode(inode));
    }
    assert_eq!(names, disk.dir.cache, "D1 for names");
}

#[test]
fn the_invariants_hold() {
    for profile in Profile::presets() {
        for seed in 0..150 {
            run(profile.clone(), seed, 40, 6);
        }
    }
}

#[test]
fn what_is_drawn_is_among_what_is_enumerated() {
    for profile in [
        Profile::posix_weak(),
        Profile::ext4(),
        Profile::xfs(),
        Profile::btrfs(),
    ] {
        let profile = Profile {
            tear_unit: 1,
            page_len: 4,
            ..profile
        };
        let mut compared = 0;
        for seed in 0..200 {
            let (disk, _) = run(profile.clone(), seed, 14, 8);
            if disk.pending() > 9 {
                continue;
            }
            let all = outcomes(&disk, TearPoints::Every);
            for draw in 0..40 {
                let drawn = outcome(&disk.power_loss(&mut Random::new(seed * 1000 + draw)));
                assert!(
                    all.contains(&drawn),
                    "{} {seed} {draw}: {drawn:?}",
                    profile.name
                );
            }
            compared += 1;
        }
        assert!(compared > 50, "{compared}");
    }
}

#[test]
fn in_any_order_the_same_images_are_found() {
    let found = |disk: &Disk, any_order, tears| -> BTreeSet<Outcome> {
        let limits = Limits {
            tears,
            any_order,
            ..Limits::default()
        };
        let images: Vec<Disk> = disk.images(limits).collect();
        let set: BTreeSet<Outcome> = images.iter().map(outcome).collect();
        assert_eq!(set.len(), images.len(), "an image was found twice");
        set
    };
    for profile in Profile::presets() {
        let profile = Profile {
            tear_unit: 1,
            page_len: 4,
            ..profile
        };
        let mut differing = 0;
        for seed in 0..150 {
            let (disk, _) = run(profile.clone(), seed, 14, 8);
            if disk.pending() > 9 {
                continue;
            }
            for tears in [TearPoints::None, TearPoints::Every] {
                let numbered = found(&disk, false, tears);
                assert_eq!(
                    numbered,
                    found(&disk, true, tears),
                    "{} {seed}",
                    profile.name
                );
                differing += numbered.len();
            }
        }
        assert!(differing > 100, "{differing} on {}", profile.name);
    }
}

#[test]
fn when_all_is_synced_there_is_one_image() {
    for profile in [
        Profile::posix_weak(),
        Profile::ext4(),
        Profile::xfs(),
        Profile::btrfs(),
    ] {
        for seed in 0..200 {
            let (mut disk, _) = run(profile.clone(), seed, 20, 0);
            for name in NAMES {
                if let Ok(file) = disk.open(name, Access::ReadWrite) {
                    disk.sync_data(file).unwrap();
                }
            }
            disk.sync_dir().unwrap();
            assert_eq!(outcomes(&disk, TearPoints::Every), [outcome(&disk)].into());
        }
    }
}

#[test]
fn a_chain_of_crashes_keeps_what_was_durable() {
    for seed in 0..200 {
        let (disk, _) = run(Profile::posix_weak(), seed, 20, 10);
        let killed = disk.process_crash();
        check(&killed);
        assert_eq!(outcome(&killed), outcome(&disk));
        // A process crash makes nothing durable, and loses no possible image.
        if disk.pending() <= 9 {
            let after = outcomes(&killed, TearPoints::None);
            assert_eq!(after, outcomes(&disk, TearPoints::None));
        }
        let lost = disk.power_loss(&mut Random::new(seed));
        check(&lost);
        assert_eq!(lost.pending(), 0);
        assert_eq!(outcomes(&lost, TearPoints::Every).len(), 1);
    }
}

#[test]
fn what_a_profile_of_a_real_system_leaves_posix_weak_leaves_too() {
    let names = [Profile::ext4(), Profile::xfs(), Profile::btrfs()];
    for seed in 0..150 {
        let (mut disk, _) = run(Profile::posix_weak(), seed, 14, 0);
        if disk.pending() > 8 {
            continue;
        }
        let weak = outcomes(&disk, TearPoints::None);
        for profile in names.clone() {
            disk.set_profile(profile);
            let real = outcomes(&disk, TearPoints::None);
            assert!(real.is_subset(&weak), "{} {seed}", disk.profile().name);
        }
    }
}
