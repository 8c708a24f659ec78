//! `prove`: everything within bounds.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;

use super::End;
use super::args::ProveArgs;
use super::certificate::{self, Certificate, PartRecord, StoreError};
use super::output::{Spinner, to_json};
use super::release;
use crate::call::Call;
use crate::campaign::{Failure, Shard};
use crate::disk::CallKind;
use crate::explore::{Bounds, ONCE_OPS_MIN, Universe, explore_parts, parts};
use crate::report::{minimal, thousands};
use crate::setup::{Setup, Tear, policy_name};

pub(super) fn run(args: &ProveArgs, threads: usize) -> End {
    let within = args
        .minutes
        .map(|minutes| Duration::from_secs(minutes * 60));
    let deadline = within.map(|within| Instant::now() + within);
    if args.release_bounds {
        return release::run(args, threads, deadline);
    }
    let mut resume = args.resume.clone();
    resume.extend(args.certificate.clone());
    let job = Job {
        universe: universe(args),
        shard: args.shard.unwrap_or(Shard::WHOLE),
        resume,
        certificate: args.certificate.clone(),
        deadline,
    };
    if !args.json {
        anstream::println!("{}", describe(&job.universe));
    }
    match job.run(threads) {
        Ok(proof) => {
            if args.json {
                print_json(&job, &proof);
            } else {
                print_text(&job, &proof);
            }
            for (number, failure) in proof.failures.iter().enumerate() {
                let shown = super::show(&args.evidence, &minimal(failure), number, args.json);
                if let Err(end) = shown {
                    return end;
                }
            }
            proof.end()
        }
        Err(error) => {
            anstream::eprintln!("{error}");
            error.end()
        }
    }
}

fn universe(args: &ProveArgs) -> Universe {
    let mut setup = Setup::new(args.profile.clone(), args.policy.into());
    setup.tear = args.tear.into();
    Universe {
        setup,
        bounds: Bounds {
            ops: args.ops,
            crashes: args.crashes,
            faults: args.faults,
            tears: args.tears.unwrap_or(args.crashes),
        },
        alphabet: args.alphabet.0.clone(),
        start: Vec::new(),
        states_max: u64::MAX,
    }
}

/// A universe to be exhausted, or a shard of it.
pub(super) struct Job {
    pub universe: Universe,
    pub shard: Shard,
    /// Certificates whose parts need not be searched again, where there are such files.
    pub resume: Vec<PathBuf>,
    /// Where the certificate is kept up to date.
    pub certificate: Option<PathBuf>,
    pub deadline: Option<Instant>,
}

/// What a job came to.
pub(super) struct Proof {
    pub certificate: Certificate,
    /// Parts of the shard that were not exhausted.
    pub left: usize,
    /// Parts that an earlier certificate had.
    pub resumed: usize,
    pub seconds: f64,
    /// What was found now, to be shown.
    pub failures: Vec<Failure>,
}

impl Proof {
    pub fn end(&self) -> End {
        match (self.certificate.counts.violations, self.left) {
            (0, 0) => End::Well,
            (0, _) => End::Unfinished,
            _ => End::Problem,
        }
    }
}

impl Job {
    /// Searches what is left of the shard's parts, and keeps the certificate after each.
    pub fn run(&self, threads: usize) -> Result<Proof, StoreError> {
        let mut kept = self.resumed()?;
        let all: Vec<Vec<Call>> = (0..)
            .zip(parts(&self.universe))
            .filter(|(number, _)| self.shard.holds(*number))
            .map(|(_, start)| start)
            .collect();
        let is_left = |kept: &Certificate, start: &Vec<Call>| !kept.has(start);
        let left: Vec<Vec<Call>> = all
            .iter()
            .filter(|start| is_left(&kept, start))
            .cloned()
            .collect();
        let spinner = Spinner::new(&kept.universe.name());
        self.keep(&kept)?;
        let mut written = Ok(());
        let mut failures = Vec::new();
        explore_parts(
            &self.universe,
            &left,
            threads,
            self.deadline,
            &|counts| spinner.show(counts),
            &mut |part| {
                // What was cut by the deadline says nothing.
                let failed = part.outcome.failure.is_some();
                if failed || part.outcome.finished {
                    kept.add(PartRecord::of(&part));
                    failures.extend(part.outcome.failure);
                    if written.is_ok() {
                        written = self.keep(&kept);
                    }
                }
            },
        );
        let seconds = spinner.end().as_secs_f64();
        written?;
        let open = all.iter().filter(|start| is_left(&kept, start)).count();
        Ok(Proof {
            certificate: kept,
            left: open,
            resumed: all.len() - left.len(),
            seconds,
            failures,
        })
    }

    fn keep(&self, certificate: &Certificate) -> Result<(), StoreError> {
        match &self.certificate {
            Some(path) => certificate::write(path, certificate),
            None => Ok(()),
        }
    }

    /// What earlier certificates have of it.
    fn resumed(&self) -> Result<Certificate, StoreError> {
        let mut kept = Certificate::new(&self.universe);
        for path in &self.resume {
            let Some(earlier) = certificate::read(path)? else {
                continue;
            };
            if let Some(how) = kept.differs(&earlier) {
                let text = format!("it cannot be gone on with: {how}");
                return Err(StoreError::Content(path.display().to_string(), text));
            }
            let exhausted = earlier.parts.into_iter().filter(|part| part.finished);
            exhausted.for_each(|part| kept.add(part));
        }
        Ok(kept)
    }
}

fn print_json(job: &Job, proof: &Proof) {
    let certificate = &proof.certificate;
    let broken = certificate
        .parts
        .iter()
        .find(|part| part.violation.is_some());
    let document = json!({
        "universe": describe(&job.universe),
        "shard": job.shard.to_string(),
        "counts": to_json(certificate.counts),
        "set": certificate.set,
        "seconds": proof.seconds,
        "finished": proof.left == 0 && broken.is_none(),
        "parts_left": proof.left,
        "violation": broken.and_then(|part| part.violation.as_ref()),
        "replay": broken.and_then(|part| part.replay.as_ref()),
    });
    anstream::println!("{document:#}");
}

fn print_text(job: &Job, proof: &Proof) {
    let (certificate, seconds) = (&proof.certificate, proof.seconds);
    let counts = certificate.counts;
    anstream::println!(
        "{} workloads, {} steps, {} states, {} crash images ({} distinct), {} recoveries, {} violations in {seconds:.1} s",
        thousands(counts.workloads),
        thousands(counts.steps),
        thousands(counts.states),
        thousands(counts.images),
        thousands(counts.images_distinct),
        thousands(counts.recoveries),
        counts.violations,
    );
    anstream::println!(
        "{} of {} parts (shard {}, {} resumed), longest run {} steps, set {}",
        certificate.parts.len(),
        certificate.parts_total,
        job.shard,
        proof.resumed,
        counts.depth,
        certificate.set,
    );
    match proof.end() {
        End::Well => anstream::println!("exhausted: nothing found, nothing sampled"),
        End::Unfinished => anstream::println!("NOT FINISHED: {} parts are left", proof.left),
        _ => {}
    }
}

/// What is searched, in words.
fn describe(universe: &Universe) -> String {
    let Universe {
        setup,
        bounds,
        alphabet,
        ..
    } = universe;
    let calls: Vec<String> = alphabet.iter().map(|call| format!("{call:?}")).collect();
    let tear = match setup.tear {
        Tear::Points => "each border of a frame's fields, and one byte to either side",
        Tear::Bytes => "every byte",
    };
    let faults = if bounds.faults == 0 {
        String::from("none")
    } else {
        let disk = crate::disk::Disk::new(setup.profile.clone());
        let kinds = [
            CallKind::Create,
            CallKind::Open,
            CallKind::Write,
            CallKind::Copy,
            CallKind::Read,
            CallKind::SyncData,
            CallKind::Truncate,
            CallKind::Rename,
            CallKind::SyncDir,
            CallKind::Unlink,
            CallKind::Close,
        ];
        let kinds = kinds.map(|kind| {
            format!(
                "\n             {kind:?}: {:?}",
                disk.fault_alternatives(kind)
            )
        });
        format!(
            "each once and for ever (for ever: three times in a row; short and interrupted calls: once){}",
            kinds.concat()
        )
    };
    let opened = if bounds.ops < ONCE_OPS_MIN {
        "each disk that a crash may leave"
    } else {
        "each disk that a crash may leave; of those that no opening can tell apart, one"
    };
    format!(
        "universe   profile {}, policy {}, {} calls, {} crashes, {} faults
alphabet   {} (of {} calls each, every sequence; then close)
steps      every order of calls, effects given out and completed in two lanes, and timeouts
crashes    process crash and power loss at every state, inside effects, and inside every opening, chained
tears      {tear}; one at a crash, at {} of {} crashes
faults     {faults}
opened     {opened}
sampled    nothing",
        setup.profile.name,
        policy_name(setup.policy),
        bounds.ops,
        bounds.crashes,
        bounds.faults,
        calls.join(", "),
        bounds.ops,
        bounds.tears.min(bounds.crashes),
        bounds.crashes,
    )
}
