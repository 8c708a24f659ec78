//! The real backend against the simulated one: the same calls, with the same arguments and the
//! same results; and against the system calls that the kernel saw.
#![cfg(unix)]

mod script;
#[cfg(target_os = "linux")]
mod strace;

use indelible::AppendFsync;
use indelible::vfs::OsVfs;
use indelible_sim::disk::{Profile, SimVfs};
use indelible_sim::record::{Recorded, RecordingVfs};

use script::run;

/// What each thread called, in order: the lanes of a store go on beside each other.
fn by_thread(records: &[Recorded]) -> Vec<(String, Vec<String>)> {
    let mut threads: Vec<(String, Vec<String>)> = Vec::new();
    for record in records {
        let line = record.to_string();
        match threads.iter_mut().find(|(name, _)| *name == record.thread) {
            Some((_, lines)) => lines.push(line),
            None => threads.push((record.thread.clone(), vec![line])),
        }
    }
    threads.sort();
    threads
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
        let real = by_thread(&real(policy));
        assert!(real.iter().map(|(_, calls)| calls.len()).sum::<usize>() > 50);
        for profile in [
            Profile::process_crash(),
            Profile::posix_weak(),
            Profile::ext4(),
        ] {
            let name = profile.name;
            let simulated = by_thread(&simulated(policy, profile));
            assert_eq!(real, simulated, "{policy:?} on {name}");
        }
    }
}

/// Once a second has gone by, `EverySec` syncs by itself: when, depends on the machine.
#[test]
fn both_backends_see_the_same_calls_but_for_the_timers_syncs() {
    let without_syncs = |mut records: Vec<Recorded>| {
        records.retain(|record| record.call != indelible_sim::disk::CallKind::SyncData);
        by_thread(&records)
    };
    let real = without_syncs(real(AppendFsync::EverySec));
    let simulated = without_syncs(simulated(AppendFsync::EverySec, Profile::posix_weak()));
    assert_eq!(real, simulated);
}
