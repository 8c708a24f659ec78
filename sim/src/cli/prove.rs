//! `prove`: everything within bounds.

use serde_json::json;

use super::End;
use super::args::ProveArgs;
use super::output::{Spinner, to_json};
use crate::disk::CallKind;
use crate::explore::{Bounds, JUNK_ONCE_OPS_MIN, Outcome, Universe, explore};
use crate::report::{minimal, thousands};
use crate::setup::{Setup, Tear, policy_name};

pub(super) fn run(args: &ProveArgs, threads: usize) -> End {
    let mut setup = Setup::new(args.profile.clone(), args.policy.into());
    setup.tear = args.tear.into();
    let bounds = Bounds {
        ops: args.ops,
        crashes: args.crashes,
        faults: args.faults,
        tears: args.tears.unwrap_or(args.crashes),
    };
    let alphabet = args.alphabet.0.clone();
    let universe = Universe {
        setup,
        bounds,
        alphabet,
        start: Vec::new(),
        states_max: u64::MAX,
    };
    let text = describe(&universe);
    if !args.json {
        anstream::println!("{text}");
    }
    let spinner = Spinner::new("proving");
    let outcome = explore(&universe, threads, &|counts| spinner.show(counts));
    let seconds = spinner.end().as_secs_f64();
    if args.json {
        print_json(&universe, &outcome, seconds);
    } else {
        print_text(&outcome, seconds);
    }
    if let Some(failure) = &outcome.failure
        && let Err(end) = super::show(&args.evidence, &minimal(failure), 0, args.json)
    {
        return end;
    }
    match outcome {
        Outcome {
            failure: Some(_), ..
        } => End::Problem,
        Outcome {
            finished: false, ..
        } => End::Unfinished,
        _ => End::Well,
    }
}

fn print_json(universe: &Universe, outcome: &Outcome, seconds: f64) {
    let case = outcome.failure.as_ref().map(minimal);
    let document = json!({
        "universe": describe(universe),
        "counts": to_json(outcome.counts),
        "seconds": seconds,
        "finished": outcome.finished,
        "violation": case.as_ref().map(ToString::to_string),
        "replay": case.as_ref().map(crate::report::Case::token),
    });
    anstream::println!("{document:#}");
}

fn print_text(outcome: &Outcome, seconds: f64) {
    let counts = outcome.counts;
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
    match &outcome.failure {
        Some(_) => anstream::println!(),
        None if outcome.finished => anstream::println!("exhausted: nothing found, nothing sampled"),
        None => anstream::println!("NOT FINISHED"),
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
    let junk = if bounds.ops < JUNK_ONCE_OPS_MIN {
        "each disk that a crash may leave"
    } else {
        "each disk that a crash may leave; of those that differ in junk behind the log alone, one"
    };
    format!(
        "universe   profile {}, policy {}, {} calls, {} crashes, {} faults
alphabet   {} (of {} calls each, every sequence; then close)
steps      every order of calls, effects given out and completed in two lanes, and timeouts
crashes    process crash and power loss at every state, inside effects, and inside every opening, chained
tears      {tear}; one at a crash, at {} of {} crashes
faults     {faults}
opened     {junk}
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
