//! `run` and `determinism`: one random run for each seed.

use std::ops::Range;
use std::sync::Arc;

use serde_json::json;

use super::args::RunArgs;
use super::output::{HEADING, Spinner, cells, to_json};
use super::{End, aof};
use crate::campaign::{Campaign, run_seed, watched_campaign};
use crate::disk::Profile;
use crate::report::{Table, minimal};
use crate::setup::{ScriptCommit, Setup};
use crate::world::to_text;

/// Failures that are shown in full.
const SHOWN_MAX: usize = 3;

pub(super) fn run(args: &RunArgs, threads: usize) -> End {
    let script: Arc<Vec<ScriptCommit>> = match args.aof.as_deref().map(aof::script).transpose() {
        Ok(script) => Arc::new(script.unwrap_or_default()),
        Err(error) => {
            anstream::eprintln!("{error}");
            return End::Io;
        }
    };
    let profiles = args
        .profile
        .clone()
        .map_or_else(|| Profile::presets().to_vec(), |one| vec![one]);
    let mut table = Table::new(&HEADING);
    let mut results = Vec::new();
    let (mut found, mut blind, mut shown) = (false, false, 0);
    let adapt = |setup: &mut Setup| setup.blindness = args.blind_to.unwrap_or_default();
    for profile in &profiles {
        let spinner = Spinner::new(profile.name);
        let seeds = args.seeds.clone();
        let ran = watched_campaign(seeds, profile, &script, &adapt, threads, &|counts| {
            spinner.show(counts)
        });
        let seconds = spinner.end().as_secs_f64();
        found |= !ran.failures.is_empty();
        blind |= is_blind(profile, &ran);
        table.row(cells(profile.name, ran.counts));
        results.push(json_of(profile, &ran, seconds));
        if let Err(end) = show(&ran, args, &mut shown) {
            return end;
        }
    }
    if args.json {
        anstream::println!("{:#}", serde_json::Value::Array(results));
    } else {
        anstream::println!("seeds {}..{}\n{table}", args.seeds.start, args.seeds.end);
    }
    match (found, blind) {
        (true, _) => End::Problem,
        (false, true) => End::Unfinished,
        (false, false) => End::Well,
    }
}

/// Whether a canary was not caught; says so.
pub(super) fn is_blind(profile: &Profile, ran: &Campaign) -> bool {
    for bug in &ran.silent {
        anstream::eprintln!("BLIND: on {} nobody catches the canary {bug}", profile.name);
    }
    !ran.silent.is_empty()
}

fn show(ran: &Campaign, args: &RunArgs, shown: &mut usize) -> Result<(), End> {
    for (seed, failure) in ran.failures.iter().take(SHOWN_MAX) {
        let case = minimal(failure);
        if !args.json {
            anstream::println!("seed {seed}");
        }
        super::show(&args.evidence, &case, *shown, args.json)?;
        *shown += 1;
    }
    if args.json {
        return Ok(());
    }
    for (seed, failure) in ran.failures.iter().skip(SHOWN_MAX) {
        let first = failure
            .violation
            .detail
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        anstream::println!("seed {seed}: {} {first}", failure.violation.obligation);
    }
    Ok(())
}

fn json_of(profile: &Profile, ran: &Campaign, seconds: f64) -> serde_json::Value {
    let failures: Vec<_> = ran
        .failures
        .iter()
        .take(SHOWN_MAX)
        .map(|(seed, failure)| {
            let case = minimal(failure);
            json!({
                "seed": seed,
                "obligation": case.violation.obligation.to_string(),
                "report": case.to_string(),
                "replay": case.token(),
            })
        })
        .collect();
    let seeds: Vec<u64> = ran.failures.iter().map(|(seed, _)| *seed).collect();
    json!({
        "profile": profile.name,
        "counts": to_json(ran.counts),
        "seconds": seconds,
        "failing_seeds": seeds,
        "silent_canaries": ran.silent,
        "failures": failures,
    })
}

pub(super) fn determinism(seeds: &Range<u64>, profile: &Profile) -> End {
    let script = Arc::default();
    let trace = |seed| match run_seed(seed, profile, &script, &|setup| setup.traced = true) {
        Ok(ran) => format!("{}\n{}", to_text(&ran.steps), ran.trace),
        Err(failure) => format!("{}\n{}", to_text(&failure.steps), failure.violation),
    };
    let spinner = Spinner::new("determinism");
    let mut bytes = 0;
    for seed in seeds.clone() {
        let (first, second) = (trace(seed), trace(seed));
        bytes += first.len();
        spinner.say(format!("seed {seed}"));
        if first != second {
            spinner.end();
            anstream::println!("seed {seed} differs between two runs");
            return End::Problem;
        }
    }
    spinner.end();
    anstream::println!(
        "seeds {}..{} on {}: identical, {bytes} bytes of trace compared",
        seeds.start,
        seeds.end,
        profile.name
    );
    End::Well
}
