//! `report`: a campaign, and a page of it.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use clap::Args;

use super::End;
use super::output::Spinner;
use crate::campaign::{Failure, run_seed};
use crate::disk::Profile;
use crate::explore::Counts;
use crate::report::{Bug, Catch, Coverage, Explained, Summary, minimal, thousands};
use crate::sabotage::{Caught, Sabotage, chosen, hunt_all};
use crate::setup::Blindness;
use crate::world::to_text;

/// Which campaign, and where its page goes.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The page, of HTML, which needs nothing else.
    #[arg(long, value_name = "FILE")]
    pub html: PathBuf,
    /// The seeds of the random runs on each profile, as FIRST..END.
    #[arg(long, value_parser = super::args::seeds, default_value = "0..300")]
    pub seeds: Range<u64>,
    /// The disk's profile; none: each of them.
    #[arg(long, value_parser = super::args::profile)]
    pub profile: Option<Profile>,
    /// The seeded bugs that are looked for, by their numbers; none: all of them.
    #[arg(long, value_delimiter = ',')]
    pub bugs: Option<Vec<u32>>,
}

/// What the threads of a campaign share.
#[derive(Default)]
struct Seen {
    counts: Counts,
    coverage: Coverage,
    failures: Vec<(u64, Failure)>,
}

pub(super) fn run(args: &ReportArgs, threads: usize) -> End {
    let presets = Profile::presets().to_vec();
    let profiles = args.profile.clone().map_or(presets, |one| vec![one]);
    let began = Instant::now();
    let mut summary = Summary {
        profiles: profiles.clone(),
        ..Summary::default()
    };
    for profile in &profiles {
        let spinner = Spinner::new(profile.name);
        let seen = random(args.seeds.clone(), profile, threads);
        spinner.end();
        summary.counts += seen.counts;
        summary.coverage.add(&seen.coverage);
        let line = |(seed, failure): &(u64, Failure)| {
            format!("{} seed {seed}: {}", profile.name, failure.violation)
        };
        summary.violations.extend(seen.failures.iter().map(line));
    }
    summary.seconds = began.elapsed().as_secs_f64();
    let wanted = |bug: &&&Sabotage| args.bugs.as_ref().is_none_or(|ids| ids.contains(&bug.id));
    let bugs: Vec<&'static Sabotage> = chosen(None).iter().filter(wanted).copied().collect();
    summary.bugs = seeded(&bugs, threads);
    summary.scope = format!(
        "seeds {}..{} on {} profiles, {} seeded bugs",
        args.seeds.start,
        args.seeds.end,
        profiles.len(),
        bugs.len()
    );
    let page = summary.page().map_err(std::io::Error::other);
    if let Err(error) = page.and_then(|page| std::fs::write(&args.html, page)) {
        anstream::eprintln!("{}: {error}", args.html.display());
        return End::Io;
    }
    told(&summary)
}

/// Says on stdout what the page says, in short.
fn told(summary: &Summary) -> End {
    let Counts {
        workloads,
        steps,
        recoveries,
        ..
    } = summary.counts;
    let reached = summary.coverage.cells().count();
    let never = summary.coverage.never(&summary.profiles).len();
    anstream::println!(
        "{}: {} runs, {} steps ({} a second), {} recoveries, {} violations; \
         {reached} of {} cells of state x action x fault x damage reached; \
         {} of {} seeded bugs caught",
        summary.scope,
        thousands(workloads),
        thousands(steps),
        thousands(summary.rate(steps)),
        thousands(recoveries),
        summary.violations.len(),
        reached + never,
        summary.caught(),
        summary.bugs.len(),
    );
    match (
        summary.violations.is_empty(),
        summary.caught() == summary.bugs.len(),
    ) {
        (false, _) => End::Problem,
        (true, false) => End::Unfinished,
        (true, true) => End::Well,
    }
}

/// Runs the seeds and watches what each reaches; the sums do not depend on the number of threads.
fn random(seeds: Range<u64>, profile: &Profile, threads: usize) -> Seen {
    let next = AtomicU64::new(seeds.start);
    let seen = Mutex::new(Seen::default());
    let work = || {
        let mut own = Seen::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            run_one(seed, profile, &mut own);
        }
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.counts += own.counts;
        seen.coverage.add(&own.coverage);
        seen.failures.extend(own.failures);
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(work);
        }
    });
    let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    seen.failures.sort_by_key(|(seed, _)| *seed);
    seen
}

fn run_one(seed: u64, profile: &Profile, seen: &mut Seen) {
    let mut drawn = None;
    let kept = std::cell::RefCell::new(&mut drawn);
    let ran = run_seed(seed, profile, &Arc::default(), &|setup| {
        **kept.borrow_mut() = Some(setup.clone());
    });
    let setup = Arc::new(drawn.expect("every run has a setup"));
    match ran {
        Ok(ran) => {
            seen.counts += ran.counts;
            seen.coverage.watch(&setup, &ran.steps);
        }
        Err(failure) => {
            seen.counts.workloads += 1;
            seen.coverage.watch(&setup, &failure.steps);
            seen.failures.push((seed, *failure));
        }
    }
}

/// Looks for the seeded bugs.
fn seeded(bugs: &[&'static Sabotage], threads: usize) -> Vec<Bug> {
    let spinner = Spinner::new("seeded bugs");
    let found = hunt_all(bugs, Blindness::None, threads, &|bug, _| {
        spinner.say(format!("{} {}", bug.id, bug.name));
    });
    spinner.end();
    let bug = |(bug, caught): (&&'static Sabotage, &Option<(Caught, f64)>)| Bug {
        id: bug.id,
        name: bug.name,
        caught: caught
            .as_ref()
            .map(|(caught, seconds)| caught_so(caught, *seconds)),
    };
    bugs.iter().zip(&found).map(bug).collect()
}

fn caught_so(caught: &Caught, seconds: f64) -> Catch {
    let case = minimal(&caught.failure);
    let explained = Explained::of(&case);
    Catch {
        obligation: case.violation.obligation.to_string(),
        why: explained.why.to_string(),
        steps: case.steps.len(),
        seconds: format!("{seconds:.2}"),
        search: if caught.within_bounds {
            "exhaustive"
        } else {
            "random"
        },
        trace: to_text(&case.steps),
        token: case.token(),
    }
}
