//! The real backend against the simulated one: the same calls, with the same arguments and the
//! same results; and against the system calls that the kernel saw.
#![cfg(unix)]

mod script;
#[cfg(target_os = "linux")]
mod strace;

use std::collections::BTreeMap;

use indelible::AppendFsync;
use indelible::vfs::OsVfs;
use indelible_sim::disk::CallKind::{Close, SyncData, Truncate, Unlink};
use indelible_sim::disk::{Profile, SimVfs};
use indelible_sim::record::{Recorded, RecordingVfs};

use script::run;

/// Sequences of calls, by whom or what they belong to.
type Sequences = BTreeMap<(String, String), Vec<String>>;

fn grouped(records: &[Recorded], key: impl Fn(&Recorded) -> (String, String)) -> Sequences {
    let mut sequences = Sequences::new();
    for record in records {
        let sequence = sequences.entry(key(record)).or_default();
        sequence.push(record.to_string());
    }
    sequences
}

/// What each lane of a store did, in order, but for putting old files away: that happens between
/// the rest, when there is time for it.
fn by_lane(records: &[Recorded]) -> Sequences {
    let mut records = records.to_vec();
    records.retain(|it| !matches!(it.call, Close | Truncate | Unlink));
    grouped(&records, |it| (it.thread_name.clone(), String::new()))
}

/// All that each lane did to each file, in order.
fn by_file(records: &[Recorded]) -> Sequences {
    grouped(records, |it| (it.thread_name.clone(), it.file.clone()))
}

fn assert_same(real: &[Recorded], simulated: &[Recorded], what: &str) {
    assert!(real.len() > 40, "{what}: {} calls", real.len());
    assert_eq!(by_lane(real), by_lane(simulated), "{what}");
    assert_eq!(by_file(real), by_file(simulated), "{what}");
}

fn real(policy: AppendFsync) -> Vec<Recorded> {
    let directory = tempfile::tempdir().unwrap();
    let vfs = RecordingVfs::new(OsVfs::open_dir(directory.path()).unwrap());
    run(&vfs, policy);
    vfs.records()
}

fn simulated(policy: AppendFsync, profile: Profile) -> Vec<Recorded> {
    let vfs = RecordingVfs::new(SimVfs::new(profile));
    run(&vfs, policy);
    vfs.records()
}

#[test]
fn both_backends_see_the_same_calls() {
    for policy in [AppendFsync::Always, AppendFsync::No] {
        let real = real(policy);
        for profile in [
            Profile::process_crash(),
            Profile::posix_weak(),
            Profile::ext4(),
        ] {
            let what = format!("{policy:?} on {}", profile.name);
            assert_same(&real, &simulated(policy, profile), &what);
        }
    }
}

/// Once a second has gone by, `EverySec` syncs by itself: when, depends on the machine.
#[test]
fn both_backends_see_the_same_calls_but_for_the_timers_syncs() {
    let without_syncs = |mut records: Vec<Recorded>| {
        records.retain(|record| record.call != SyncData);
        records
    };
    let real = without_syncs(real(AppendFsync::EverySec));
    let simulated = simulated(AppendFsync::EverySec, Profile::posix_weak());
    assert_same(&real, &without_syncs(simulated), "EverySec");
}

#[test]
fn a_call_that_is_missing_is_seen() {
    let real = real(AppendFsync::Always);
    for at in 0..real.len() {
        let mut less = real.clone();
        less.remove(at);
        assert_ne!(by_file(&real), by_file(&less), "without {}", real[at]);
    }
}
