//! Each rule by which something is left out, by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use indelible::effect::{Lane, Name};
use indelible::engine::AppendFsync;
use indelible::log::{FrameKind, FrameMeta, Header, encode_frame, encode_header};
use indelible::units::{Identity, Incarnation, Lsn, WallMillis};
use indelible::vfs::Access;

use super::super::junk::{Opening, junk_is_cut, without_junk};
use super::super::search::Search;
use super::super::settled::{Future, future};
use super::super::shards::{Futures, Way};
use super::super::twins::Twins;
use super::super::work::WHOLE;
use super::super::{Bounds, Merging, Universe};
use super::{number, successors};
use crate::call::Call;
use crate::choice::{Choices, Random};
use crate::disk::{Disk, Keep, Limits, Profile, Reader, SimVfs};
use crate::setup::{Blindness, Setup, Tear};
use crate::world::{KEEPS, Step, UNTORN, World, from_text, limits, opening, to_text};

fn still(profile: Profile, policy: AppendFsync) -> Arc<Setup> {
    Arc::new(Setup {
        still: true,
        ..Setup::new(profile, policy)
    })
}

/// A run of so many steps without faults.
fn walk(
    setup: &Arc<Setup>,
    random: &mut Random,
    steps: u32,
    mut look: impl FnMut(&World),
) -> World {
    let mut world = World::new(setup);
    world.apply(&WHOLE).expect("no promise is broken");
    for _ in 0..steps {
        // Calls are rare, or nothing would ever come to its end.
        let calls = random.choose(8) == 0;
        let possible: Vec<Step> = successors(&world)
            .into_iter()
            .filter(|step| match step {
                Step::Call(_) => calls,
                Step::Complete { fault, .. } => !calls && fault.is_none(),
                _ => !calls,
            })
            .collect();
        let step = &possible[random.choose(possible.len() as u32) as usize];
        world.apply(step).expect("no promise is broken");
        look(&world);
    }
    world
}

/// The disks that the death of a process leaves here, and deaths inside the next two openings: what
/// is pending lies upon each other.
fn deaths(world: &World, random: &mut Random) -> Vec<Disk> {
    const PARTS: &[Keep] = &[KEEPS[0], KEEPS[2]];
    let mut disks = vec![world.left_by_power().process_crash()];
    for opening in 0..2 {
        let vfs = SimVfs::from_disk(disks.last().expect("one at least").clone());
        vfs.with(|disk| disk.keep_cuts(PARTS));
        let options = opening::options(&world.setup, world.now, opening);
        opening::enter(&vfs, &world.setup, &options).expect("it opens");
        let cuts = vfs.with(Disk::take_cuts);
        let cut = random.choose(cuts.len() as u32) as usize;
        let left = cuts.into_iter().nth(cut).expect("one of them");
        disks.push(left.disk.process_crash());
    }
    disks
}

/// What an opening can tell apart of the images of a disk, and how many images there are.
fn classes(
    disk: &Disk,
    reader: Option<&'static dyn Reader>,
    tears: Limits,
) -> (BTreeSet<u64>, u64) {
    let limits = Limits {
        reader,
        any_order: true,
        ..tears
    };
    let mut count = 0;
    let images = disk.images(limits).inspect(|_| count += 1);
    let plain = images.map(|image| without_junk(&image).unwrap_or(image).content_hash());
    (plain.collect(), count)
}

#[test]
fn what_an_opening_cannot_tell_apart_is_left_once_and_nothing_else_is_missing() {
    let seeds = if cfg!(debug_assertions) { 60 } else { 1_500 };
    let setup = still(Profile::posix_weak(), AppendFsync::Always);
    let (mut each, mut fewer, mut fewest, mut compared) = (0, 0, 0, 0);
    for seed in 0..seeds {
        let mut random = Random::new(seed);
        let steps = 6 + random.choose(24);
        let world = walk(&setup, &mut random, steps, |_| ());
        for disk in deaths(&world, &mut random) {
            if disk.pending() > 8 {
                continue;
            }
            for tears in [UNTORN, limits(Tear::Points)] {
                let all = classes(&disk, None, tears);
                let merged = classes(&disk, Some(&Opening { thins: false }), tears);
                let thinned = classes(&disk, Some(&Opening { thins: true }), tears);
                assert_eq!(all.0, merged.0, "{seed}");
                assert_eq!(all.0, thinned.0, "{seed}, thinned");
                (each, fewer, fewest) = (each + all.1, fewer + merged.1, fewest + thinned.1);
                compared += u32::from(all.0.len() > 3);
            }
        }
    }
    assert!(compared > 40, "{compared} disks had much to leave");
    assert!(
        fewer * 4 < each && fewest <= fewer,
        "{each} {fewer} {fewest}"
    );
}

/// A history's log: its header and base, and where they end, and then commits of this value.
fn log(value: u8) -> (Vec<u8>, Vec<usize>) {
    let identity = Identity(7);
    let mut bytes = Vec::new();
    encode_header(&Header { identity }, &mut bytes);
    let mut borders = Vec::new();
    for lsn in 0..4 {
        let body = format!(
            "*3\r\n$3\r\nSET\r\n$1\r\n{lsn}\r\n$1\r\n{}\r\n",
            value as char
        );
        let (kind, body) = match lsn {
            0 => (FrameKind::End, ""),
            _ => (FrameKind::Commits, &body[..]),
        };
        let meta = FrameMeta {
            kind,
            identity,
            lsn: Lsn(lsn),
            count: lsn.min(1),
            keys: 0,
            incarnation: Incarnation(0),
            watermark: Lsn(0),
            wall: WallMillis(1),
        };
        encode_frame(&meta, body.as_bytes(), &mut bytes);
        borders.push(bytes.len());
    }
    (bytes, borders)
}

/// A log, the beginning of which is durable, and then parts of it, and of another one, written at
/// their places in any order, and cut off.
fn scribbled(random: &mut Random) -> Disk {
    let (one, borders) = log(b'1');
    let (other, _) = log(b'2');
    let mut disk = Disk::new(Profile::posix_weak());
    let name = Name::Live.as_str();
    let firm = borders[random.choose(2) as usize];
    disk.add_file(name, one[..firm].to_vec());
    let file = disk.open(name, Access::ReadWrite).expect("it is there");
    for _ in 0..2 + random.choose(3) {
        let mut place = || match random.choose(3) {
            0 => borders[0] + random.choose((one.len() - borders[0]) as u32) as usize,
            _ => borders[random.choose(borders.len() as u32) as usize],
        };
        let (start, end) = (place(), place());
        let from = if random.choose(4) == 0 { &other } else { &one };
        let len = disk.cached_len(file);
        if random.choose(6) == 0 {
            disk.truncate(file, start as u64).expect("no fault");
        } else if start < end && start as u64 <= len {
            let part = &from[start..end];
            disk.write_at(file, start as u64, part).expect("no fault");
        }
    }
    disk.process_crash()
}

#[test]
fn contents_that_an_opening_cannot_tell_apart_go_on_as_one_whatever_was_written() {
    let seeds = if cfg!(debug_assertions) {
        1_500
    } else {
        30_000
    };
    let (mut compared, mut each, mut fewer) = (0, 0, 0);
    for seed in 0..seeds {
        let disk = scribbled(&mut Random::new(seed));
        for tears in [UNTORN, limits(Tear::Points)] {
            let all = classes(&disk, None, tears);
            let merged = classes(&disk, Some(&Opening { thins: false }), tears);
            let thinned = classes(&disk, Some(&Opening { thins: true }), tears);
            assert_eq!(all.0, merged.0, "{seed}: {disk:?}");
            assert_eq!(all.0, thinned.0, "{seed}, thinned: {disk:?}");
            compared += u32::from(all.0.len() > 3);
            (each, fewer) = (each + all.1, fewer + merged.1);
        }
    }
    assert!(compared > 50, "{compared} disks had much to leave");
    assert!(fewer * 4 < each, "{each} {fewer}");
}

/// Everything that a crash may leave here.
fn seen(world: &World) -> BTreeSet<u64> {
    let dead = world.vfs.disk().process_crash();
    let lost = world.left_by_power();
    let images = lost.images(UNTORN).chain([dead]);
    images.map(|image| image.content_hash()).collect()
}

#[test]
fn what_comes_at_once_shows_in_no_crash() {
    let seeds = if cfg!(debug_assertions) { 150 } else { 3_000 };
    for profile in [Profile::posix_weak(), Profile::ext4(), Profile::btrfs()] {
        let name = profile.name;
        let setup = still(profile, AppendFsync::Always);
        let mut met = 0;
        for seed in 0..seeds {
            walk(&setup, &mut Random::new(seed), 60, |world| {
                let Some(slot) = world.unseen() else {
                    return;
                };
                let mut fork = world.fork();
                let end = Step::Complete { slot, fault: None };
                fork.apply(&end).expect("no promise is broken");
                assert_eq!(seen(world), seen(&fork), "{name}: {:?}", fork.steps());
                met += 1;
            });
        }
        assert!(met > 20, "{met} on {name}");
    }
}

#[test]
fn what_comes_at_once_leaves_out_no_disk() {
    // While the side file's name is removed, a timeout that began earlier is still to come.
    let switched = [Call::Toggle, Call::Rewrite, Call::New, Call::Toggle];
    let others: &[(Profile, AppendFsync, &[Call])] = &[
        (Profile::posix_weak(), AppendFsync::Always, &switched),
        (Profile::ext4(), AppendFsync::EverySec, &switched),
        (Profile::btrfs(), AppendFsync::Always, &[Call::Rewrite]),
    ];
    for (profile, policy, start) in others {
        let universe = Universe {
            setup: Setup::new(profile.clone(), *policy),
            bounds: Bounds::new(start.len().max(2) as u32, 1, 0),
            alphabet: vec![Call::New, Call::Rewrite, Call::Toggle],
            start: start.to_vec(),
            states_max: u64::MAX,
        };
        let disks = |hurries| {
            let mut search = Search::new(&universe, Merging::Openings);
            search.hurries = hurries;
            let outcome = search.run(1, &|_| ());
            assert!(outcome.finished, "{:?}", outcome.failure);
            (outcome.counts.images_distinct, outcome.counts.states)
        };
        let (each, hurried) = (disks(false), disks(true));
        assert_eq!(each.0, hurried.0, "{} {policy:?}", profile.name);
        assert!(hurried.1 < each.1, "{each:?} {hurried:?}");
    }
}

/// Random runs, crashed at each step; how many crashes there were.
fn roam(universe: &Universe, seeds: u64) -> u64 {
    let search = Search::new(universe, Merging::Openings);
    let outcome = search.run(1, &|_| ());
    assert!(outcome.finished, "{:?}", outcome.failure);
    let mut crashes = 0;
    for seed in 0..seeds {
        let mut random = Random::new(seed);
        let mut world = World::new(&search.setup);
        world.apply(&WHOLE).expect("no promise is broken");
        for _ in 0..90 {
            let step = match random.choose(12) {
                0 if world.calls < universe.bounds.ops => {
                    let given = universe.start.get(world.calls as usize).copied();
                    let any = random.choose(universe.alphabet.len() as u32) as usize;
                    Step::Call(given.unwrap_or(universe.alphabet[any]))
                }
                0 | 1 => Step::Wait,
                2..6 => Step::Poll(Lane::Foreground),
                _ if world.out_count() == 0 => continue,
                strike => {
                    let slot = random.choose(world.out_count() as u32) as usize;
                    let kind = world.out_kind(slot).expect("an effect is out");
                    let faults = world.faults_of(kind);
                    let may = world.faults < universe.bounds.faults && strike == 11;
                    let fault = may.then(|| random.choose(faults.len() as u32));
                    Step::Complete {
                        slot: slot as u8,
                        fault: fault.map(|fault| faults[fault as usize]),
                    }
                }
            };
            if world.apply(&step).expect("no promise is broken") {
                // The background takes its next effect as soon as it is free.
                let next = Step::Poll(Lane::Background);
                while world.apply(&next).expect("no promise is broken") {}
                // What else is out counts as done when the power is lost.
                let power = world.only_syncs_are_out();
                search.aftermath(&world, world.crash_hash(), power);
                let disks = search.tally.read().images_distinct;
                let steps = to_text(&world.steps());
                assert_eq!(outcome.counts.images_distinct, disks, "{steps}");
                crashes += 1;
            }
        }
    }
    crashes
}

#[test]
fn random_runs_meet_no_disk_that_the_search_left_out() {
    let seeds = if cfg!(debug_assertions) { 30 } else { 1_500 };
    let switched = [Call::Toggle, Call::Rewrite, Call::New, Call::Toggle];
    let rewritten = [Call::New, Call::Rewrite];
    // Faults cost most: not in a debug build.
    let one = u32::from(!cfg!(debug_assertions));
    type Case<'a> = (Profile, AppendFsync, &'a [Call], (u32, u32));
    let cases: &[Case<'_>] = &[
        (
            Profile::posix_weak(),
            AppendFsync::Always,
            &switched,
            (4, 0),
        ),
        (Profile::ext4(), AppendFsync::EverySec, &switched, (4, 0)),
        (Profile::xfs(), AppendFsync::EverySec, &rewritten, (3, 0)),
        (Profile::btrfs(), AppendFsync::No, &rewritten, (3, 0)),
        (
            Profile::process_crash(),
            AppendFsync::Always,
            &rewritten,
            (3, 0),
        ),
        (
            Profile::posix_weak(),
            AppendFsync::Always,
            &rewritten,
            (2, one),
        ),
        (
            Profile::btrfs(),
            AppendFsync::EverySec,
            &rewritten[1..],
            (2, one),
        ),
    ];
    for (profile, policy, start, (ops, faults)) in cases {
        let universe = Universe {
            setup: Setup::new(profile.clone(), *policy),
            bounds: Bounds::new(*ops, 1, *faults),
            alphabet: vec![Call::New, Call::Batch, Call::Rewrite, Call::Toggle],
            start: start.to_vec(),
            states_max: u64::MAX,
        };
        let crashes = roam(&universe, seeds);
        assert!(crashes > 500, "{crashes} on {}", profile.name);
    }
}

#[test]
fn a_fault_that_is_spared_is_one_that_did_not_come_to_stay() {
    let seeds = if cfg!(debug_assertions) { 150 } else { 3_000 };
    let setup = still(Profile::posix_weak(), AppendFsync::Always);
    let mut spared = 0;
    for seed in 0..seeds {
        let mut random = Random::new(seed);
        let steps = 6 + random.choose(24);
        let mut world = walk(&setup, &mut random, steps, |_| ());
        let Some(kind) = world.out_kind(0) else {
            continue;
        };
        let stays = world.faults_of(kind).into_iter().rfind(|it| it.for_ever);
        let Some(fault) = stays else { continue };
        let struck = Step::Complete {
            slot: 0,
            fault: Some(fault),
        };
        world.apply(&struck).expect("no promise is broken");
        assert!(world.may_spare(kind));
        for _ in 0..random.choose(12) {
            // Anything but a second call of that kind.
            let possible: Vec<Step> = successors(&world)
                .into_iter()
                .filter(|step| match step {
                    Step::Complete { slot, fault } => {
                        fault.is_none() && world.out_kind(usize::from(*slot)) != Some(kind)
                    }
                    _ => true,
                })
                .collect();
            let step = &possible[random.choose(possible.len() as u32) as usize];
            world.apply(step).expect("no promise is broken");
        }
        // What was tried and is not possible has numbered tickets on.
        let repeated = |world: &World| {
            let mut other = World::new(&setup);
            for step in world.steps() {
                assert!(other.apply(&step).expect("no promise is broken"), "{step}");
            }
            other
        };
        let mut world = repeated(&world);
        assert!(world.may_spare(kind), "it has struck once");
        world.spare();
        assert!(!world.may_spare(kind));
        let once = repeated(&world);
        assert_eq!(number(&once), number(&world), "{:?}", world.steps());
        spared += 1;
    }
    assert!(spared > 50, "{spared} faults were spared");
}

#[test]
fn a_simulator_that_is_blind_to_orders_comes_to_an_end_all_the_same() {
    // It completes what was given out first, and never what would come at once behind that.
    let mut setup = Setup::new(Profile::posix_weak(), AppendFsync::Always);
    setup.blindness = Blindness::OneOrder;
    let universe = Universe {
        setup,
        bounds: Bounds::new(2, 1, 0),
        alphabet: vec![Call::New, Call::Rewrite],
        start: Vec::new(),
        states_max: u64::MAX,
    };
    let outcome = Search::new(&universe, Merging::Futures).run(1, &|_| ());
    assert!(outcome.finished, "{:?}", outcome.failure);
}

#[test]
fn how_much_is_written_again_tells_ways_apart_where_it_counts() {
    let ways = Futures::default();
    let way = |crashes, again| Way {
        spent: (crashes, 0, 0),
        again,
    };
    assert!(ways.is_new(1, way(1, Some(70))));
    assert!(!ways.is_new(1, way(1, Some(70))));
    assert!(ways.is_new(1, way(1, Some(80))), "another write may be cut");
    assert!(!ways.is_new(1, way(1, None)), "no crash will cut it");
    assert!(!ways.is_new(1, way(2, Some(80))), "nothing more is left");
    assert!(ways.is_new(1, way(0, Some(80))), "one crash more is left");
    assert!(ways.is_new(2, way(2, None)));
}

#[test]
fn junk_is_not_merged_where_syncs_lie_or_old_bytes_show() {
    let merged: Vec<&str> = Profile::presets()
        .iter()
        .filter(|profile| junk_is_cut(profile))
        .map(|profile| profile.name)
        .collect();
    let honest = ["posix-weak", "ext4", "xfs", "btrfs", "process-crash"];
    assert!(
        honest.iter().all(|name| merged.contains(name)),
        "{merged:?}"
    );
    for name in ["lying-flush", "ext4-journal"] {
        assert!(!merged.contains(&name), "{name}");
    }
}

/// The future of a store that was opened behind these steps, all of which are possible.
fn future_behind(setup: &Arc<Setup>, steps: &str, alphabet: &[Call]) -> Option<Future> {
    let mut world = World::new(setup);
    for step in from_text(steps).expect("steps") {
        assert!(world.apply(&step).expect("no promise is broken"), "{step}");
    }
    // The first opening writes again what is not proved, and what proves it is pending behind that.
    let mut disk = world.left_by_power().process_crash();
    let mut up = None;
    for number in 1..=2 {
        let vfs = SimVfs::from_disk(disk.process_crash());
        let options = opening::options(setup, world.now, number);
        up = Some(opening::enter(&vfs, setup, &options).expect("it opens"));
        disk = vfs.disk();
    }
    let twins = Twins::new(&setup.profile, alphabet);
    future(&disk, &up?, twins)
}

#[test]
fn stores_go_on_as_one_whatever_their_frames_unless_the_length_counts() {
    let (together, apart) = ("o N N f 0 f 0", "o N f 0 f 0 N f 0 f 0");
    let futures = |profile, alphabet: &[Call]| {
        let setup = still(profile, AppendFsync::Always);
        let number = |steps| future_behind(&setup, steps, alphabet).map(|future| future.number);
        [together, apart].map(number)
    };
    let [one, other] = futures(Profile::posix_weak(), &Call::ALPHABET);
    assert!(one.is_some() && one == other, "{one:?} {other:?}");
    let [one, other] = futures(Profile::ext4(), &Call::ALPHABET);
    assert!(one.is_some() && one != other, "torn at sectors: {one:?}");
    let large = [Call::New, Call::Large];
    assert_eq!(futures(Profile::posix_weak(), &large), [None, None]);
}
