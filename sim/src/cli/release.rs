//! `prove --release-bounds`: the bounds that a release is proved within, as data.

use std::path::{Path, PathBuf};
use std::time::Instant;

use indelible::engine::AppendFsync;

use super::End;
use super::args::ProveArgs;
use super::certificate::{Stated, StoreError, read};
use super::prove::{Job, Proof};
use crate::call::Call;
use crate::campaign::Shard;
use crate::disk::Profile;
use crate::explore::{Bounds, Universe};
use crate::report::Table;
use crate::report::thousands;
use crate::setup::{Setup, Tear};

/// Bounds that are exhausted on several profiles and under several policies.
struct Release {
    profiles: &'static [fn() -> Profile],
    policies: &'static [AppendFsync],
    bounds: Bounds,
    tear: Tear,
    alphabet: &'static [Call],
}

/// Calls that take different ways through the store. To overwrite or delete a key, or to commit several
/// commands at once, differs from a new key in what the keyspace holds, and so in the bytes of frames
/// and bases, and in no step.
const WAYS: &[Call] = &[Call::New, Call::Sync, Call::Rewrite, Call::Toggle];

/// The profiles on which a store can keep its promises, the cheap ones first.
const HONEST: &[fn() -> Profile] = &[
    Profile::process_crash,
    Profile::btrfs,
    Profile::xfs,
    Profile::ext4,
    Profile::posix_weak,
];
/// Those on which no store can, and the weak oracle judges.
const WEAK: &[fn() -> Profile] = &[
    Profile::ext4_journal,
    Profile::posix_absurd,
    Profile::lying_flush,
    Profile::nfs_like,
];
/// Of those, the ones on which little is pending at a time, and the others: where nothing becomes
/// durable, or a rename falls into three.
const WEAK_BUT_TIDY: &[fn() -> Profile] = &[Profile::ext4_journal, Profile::nfs_like];
const WEAK_AND_LOOSE: &[fn() -> Profile] = &[Profile::posix_absurd, Profile::lying_flush];
const ALL: &[AppendFsync] = &[AppendFsync::Always, AppendFsync::EverySec, AppendFsync::No];
const ALWAYS: &[AppendFsync] = &[AppendFsync::Always];
const NO: &[AppendFsync] = &[AppendFsync::No];
const EVERYSEC: &[AppendFsync] = &[AppendFsync::EverySec];
const ALWAYS_OR_NO: &[AppendFsync] = &[AppendFsync::Always, AppendFsync::No];
const SYNCING: &[AppendFsync] = &[AppendFsync::Always, AppendFsync::EverySec];

const fn release(
    profiles: &'static [fn() -> Profile],
    policies: &'static [AppendFsync],
    (ops, crashes, faults, tears): (u32, u32, u32, u32),
    tear: Tear,
) -> Release {
    Release {
        profiles,
        policies,
        bounds: Bounds {
            ops,
            crashes,
            faults,
            tears,
        },
        tear,
        alphabet: &Call::ALPHABET,
    }
}

/// Bounds with workloads of other calls than the default ones.
const fn with(alphabet: &'static [Call], release: Release) -> Release {
    Release {
        alphabet,
        ..release
    }
}

/// What two cores exhaust within half an hour, in the order of what it costs.
const RELEASE: &[Release] = &[
    release(HONEST, ALL, (2, 1, 0, 1), Tear::Points),
    release(HONEST, ALL, (3, 1, 0, 1), Tear::Points),
    release(HONEST, ALL, (2, 2, 0, 1), Tear::Points),
    release(HONEST, ALL, (2, 1, 1, 1), Tear::Points),
    release(WEAK_BUT_TIDY, ALL, (2, 1, 1, 1), Tear::Points),
    release(WEAK, ALL, (2, 1, 0, 1), Tear::Points),
    release(WEAK_AND_LOOSE, ALL, (1, 1, 1, 1), Tear::Points),
    release(HONEST, ALL, (3, 1, 0, 1), Tear::Bytes),
    release(HONEST, ALL, (3, 2, 0, 1), Tear::Points),
    release(HONEST, ALL, (2, 2, 1, 1), Tear::Points),
    release(HONEST, ALWAYS_OR_NO, (4, 2, 0, 1), Tear::Points),
    release(HONEST, NO, (3, 2, 1, 1), Tear::Points),
];

/// What takes longer, up to days, and may be split into shards, in the order of what it costs.
const LARGER: &[Release] = &[
    release(HONEST, SYNCING, (3, 2, 1, 1), Tear::Points),
    release(HONEST, EVERYSEC, (4, 2, 0, 1), Tear::Points),
    release(WEAK, ALL, (2, 2, 0, 1), Tear::Points),
    release(WEAK, ALL, (3, 2, 1, 1), Tear::Points),
    with(WAYS, release(HONEST, ALWAYS, (5, 2, 0, 1), Tear::Points)),
    with(WAYS, release(HONEST, ALWAYS, (4, 2, 1, 1), Tear::Points)),
    release(HONEST, ALWAYS, (5, 2, 0, 1), Tear::Points),
    release(HONEST, ALWAYS, (4, 2, 1, 1), Tear::Points),
];

/// Every universe of the release bounds, in the order of what they cost; the larger ones as well,
/// if that is asked for.
pub(super) fn universes(larger: bool) -> Vec<Universe> {
    let mut all = Vec::new();
    let more = if larger { LARGER } else { &[] };
    for release in RELEASE.iter().chain(more) {
        for policy in release.policies {
            for profile in release.profiles {
                let mut setup = Setup::new(profile(), *policy);
                setup.tear = release.tear;
                all.push(Universe {
                    setup,
                    bounds: release.bounds,
                    alphabet: release.alphabet.to_vec(),
                    start: Vec::new(),
                    states_max: u64::MAX,
                });
            }
        }
    }
    all
}

/// The file of a universe's certificate.
pub(super) fn file_name(universe: &Universe) -> String {
    format!("{}.json", Stated::of(universe).name())
}

/// What became of one universe.
enum Done {
    /// It was exhausted, or broke a promise.
    Proof(Box<Proof>),
    /// There was no time for it.
    Left(String),
}

pub(super) fn run(args: &ProveArgs, threads: usize, deadline: Option<Instant>) -> End {
    let dir = args
        .certificates
        .clone()
        .unwrap_or_else(|| PathBuf::from("certificates"));
    if let Err(error) = std::fs::create_dir_all(&dir) {
        anstream::eprintln!("{}: {error}", dir.display());
        return End::Io;
    }
    let heading = [
        "",
        "parts",
        "images",
        "distinct",
        "violations",
        "core seconds",
        "",
    ];
    let mut table = Table::new(&heading);
    let (mut left, mut broken) = (0, false);
    for universe in universes(args.larger) {
        match one(&universe, &dir, threads, deadline) {
            Err(error) => {
                anstream::eprintln!("{error}");
                return error.end();
            }
            Ok(Done::Left(why)) => {
                left += 1;
                let name = Stated::of(&universe).name();
                let none = String::new;
                table.row([
                    name,
                    none(),
                    none(),
                    none(),
                    none(),
                    none(),
                    format!("LEFT: {why}"),
                ]);
            }
            Ok(Done::Proof(proof)) => {
                left += usize::from(proof.end() == End::Unfinished);
                broken |= proof.end() == End::Problem;
                table.row(cells(&proof));
                show_violations(&proof);
            }
        }
    }
    anstream::println!("{table}");
    match (broken, left) {
        (true, _) => End::Problem,
        (false, 0) => End::Well,
        (false, left) => {
            anstream::println!("{left} bounds are left");
            End::Unfinished
        }
    }
}

fn show_violations(proof: &Proof) {
    let parts = proof.certificate.parts.iter();
    for violation in parts.filter_map(|part| part.violation.as_ref()) {
        anstream::println!("{violation}");
    }
}

fn cells(proof: &Proof) -> [String; 7] {
    let certificate = &proof.certificate;
    let counts = certificate.counts;
    [
        certificate.universe.name(),
        format!("{} of {}", certificate.parts.len(), certificate.parts_total),
        thousands(counts.images),
        thousands(counts.images_distinct),
        counts.violations.to_string(),
        format!("{:.1}", certificate.seconds),
        match proof.end() {
            End::Well => String::from("exhausted"),
            End::Unfinished => format!("LEFT: {} parts", proof.left),
            _ => String::from("BROKEN"),
        },
    ]
}

/// Exhausts one universe, if there is time for it; its certificate gets its place when it is whole.
fn one(
    universe: &Universe,
    dir: &Path,
    threads: usize,
    deadline: Option<Instant>,
) -> Result<Done, StoreError> {
    let path = dir.join(file_name(universe));
    let partial = path.with_extension("partial");
    let earlier = read(&path)?;
    let same = earlier.as_ref().is_some_and(|it| {
        super::certificate::Certificate::new(universe)
            .differs(it)
            .is_none()
    });
    if let (Some(deadline), Some(earlier), false) = (deadline, &earlier, same) {
        let needed = earlier.seconds / threads as f64;
        let time = deadline
            .saturating_duration_since(Instant::now())
            .as_secs_f64();
        if needed > time {
            return Ok(Done::Left(format!(
                "it took {needed:.0} s, {time:.0} s are left"
            )));
        }
    }
    let late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
    if late && !same {
        return Ok(Done::Left(String::from("no time is left")));
    }
    let mut resume = vec![partial.clone()];
    resume.extend(same.then(|| path.clone()));
    let job = Job {
        universe: universe.clone(),
        shard: Shard::WHOLE,
        resume,
        certificate: Some(partial.clone()),
        deadline,
    };
    let proof = job.run(threads)?;
    if proof.end() == End::Well {
        let renamed = std::fs::rename(&partial, &path);
        renamed.map_err(|error| StoreError::Io(path.display().to_string(), error))?;
    }
    Ok(Done::Proof(Box::new(proof)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_bound_that_is_stated_is_there_once() {
        let names: Vec<String> = universes(true).iter().map(file_name).collect();
        let different: BTreeSet<&String> = names.iter().collect();
        assert_eq!(different.len(), names.len());
        for name in [
            "posix-weak-always-4-2-1-tears1.json",
            "btrfs-always-5-2-0-tears1.json",
            "xfs-everysec-3-2-1-tears1.json",
            "ext4-no-4-2-0-tears1.json",
            "process-crash-no-3-1-0-bytes.json",
            "nfs-like-always-3-2-1-tears1.json",
        ] {
            assert!(different.contains(&String::from(name)), "{name}");
        }
    }

    /// What the repository keeps: whole, without a violation, and within the bounds stated.
    #[test]
    fn certificates_that_are_kept_are_whole_and_of_stated_bounds() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("certificates");
        let stated: BTreeSet<String> = universes(true).iter().map(file_name).collect();
        let mut count = 0;
        for entry in std::fs::read_dir(dir).expect("certificates are kept") {
            let path = entry.expect("it can be listed").path();
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            if name == "README.md" {
                continue;
            }
            assert!(
                stated.contains(&name),
                "{name} is of no bound that is stated"
            );
            let kept = read(&path)
                .expect("it is a certificate")
                .expect("it is there");
            assert!(kept.finished, "{name}");
            assert_eq!(kept.counts.violations, 0, "{name}");
            assert_eq!(format!("{}.json", kept.universe.name()), name);
            count += 1;
        }
        assert!(count > 100, "only {count} certificates are kept");
    }
}
