//! `sabotage`: seeded bugs, each to be caught.

use serde_json::{Value, json};

use super::End;
use super::args::SabotageArgs;
use super::output::Spinner;
use crate::report::{Table, minimal, trace_line};
use crate::sabotage::{ALL, Caught, Sabotage, Seat, chosen, hunt_all};
use crate::setup::{Blindness, policy_name};

pub(super) fn run(args: &SabotageArgs, threads: usize) -> End {
    let bugs = chosen(args.only);
    if bugs.is_empty() {
        anstream::eprintln!("there is no such seeded bug; --list names them");
        return End::Usage;
    }
    if args.list {
        list(&bugs, args.json);
        return End::Well;
    }
    if args.all || args.ablation || args.blind {
        return super::matrix::run(args, threads);
    }
    let spinner = Spinner::new("sabotage");
    let found = hunt_all(&bugs, Blindness::None, threads, &|bug, caught| {
        spinner.say(format!(
            "{} {}",
            bug.id,
            if caught { "caught" } else { "NOT CAUGHT" }
        ));
    });
    spinner.end();
    let missed = found.iter().filter(|caught| caught.is_none()).count();
    if args.traces {
        let caught = found.iter().flatten();
        for (caught, _) in caught {
            anstream::println!("{}", trace_line(&minimal(&caught.failure)));
        }
    } else if args.json {
        let all = bugs
            .iter()
            .zip(&found)
            .map(|(bug, caught)| to_json(bug, caught.as_ref()));
        anstream::println!("{:#}", Value::Array(all.collect()));
    } else {
        show(&bugs, &found);
    }
    if let Err(end) = keep(args, &found) {
        return end;
    }
    if missed == 0 {
        End::Well
    } else {
        End::Unfinished
    }
}

/// One bug alone is shown in full; of several, what was asked for is kept of each.
fn keep(args: &SabotageArgs, found: &[Option<(Caught, f64)>]) -> Result<(), End> {
    let quiet = args.json || args.traces;
    let wanted = args.evidence.html.is_some() || args.evidence.files.is_some();
    for (number, (caught, _)) in found.iter().flatten().enumerate() {
        let case = minimal(&caught.failure);
        if args.only.is_some() || wanted {
            super::show(&args.evidence, &case, number, quiet || args.only.is_none())?;
        }
    }
    Ok(())
}

fn list(bugs: &[&Sabotage], as_json: bool) {
    if as_json {
        let all = bugs.iter().map(|bug| {
            json!({
                "id": bug.id,
                "name": bug.name,
                "seat": seat(bug),
                "obligation": bug.obligation.to_string(),
                "policy": policy_name(bug.policy),
                "bounds": [bug.bounds.0, bug.bounds.1, bug.bounds.2],
            })
        });
        anstream::println!("{:#}", Value::Array(all.collect()));
        return;
    }
    let mut table = Table::new(&["", "breaks", "policy", "ops/crashes/faults", "seat"]);
    for bug in bugs {
        let (ops, crashes, faults) = bug.bounds;
        table.row([
            format!("{:>3} {}", bug.id, bug.name),
            bug.obligation.to_string(),
            policy_name(bug.policy).to_owned(),
            format!("{ops}/{crashes}/{faults}"),
            seat(bug).to_owned(),
        ]);
    }
    anstream::print!("{table}");
}

fn seat(bug: &Sabotage) -> &'static str {
    match bug.seat {
        Seat::Driver => "driver",
        Seat::Product => "product",
    }
}

fn to_json(bug: &Sabotage, caught: Option<&(Caught, f64)>) -> Value {
    let case = caught.map(|(caught, _)| minimal(&caught.failure));
    json!({
        "id": bug.id,
        "name": bug.name,
        "caught": caught.is_some(),
        "obligation": case.as_ref().map(|case| case.violation.obligation.to_string()),
        "profile": case.as_ref().map(|case| case.setup.profile.name),
        "policy": case.as_ref().map(|case| policy_name(case.setup.policy)),
        "steps": case.as_ref().map(|case| case.steps.len()),
        "seconds": caught.map(|(_, seconds)| seconds),
        "within_bounds": caught.map(|(caught, _)| caught.within_bounds),
        "trace": case.as_ref().map(crate::report::Case::trace),
        "replay": case.as_ref().map(crate::report::Case::token),
    })
}

fn show(bugs: &[&Sabotage], found: &[Option<(Caught, f64)>]) {
    let mut table = Table::new(&["", "caught by", "steps", "seconds", "search"]);
    for (bug, caught) in bugs.iter().zip(found) {
        let name = format!("{:>3} {}", bug.id, bug.name);
        let Some((caught, seconds)) = caught else {
            table.row([name, String::from("NOT CAUGHT")]);
            continue;
        };
        let case = minimal(&caught.failure);
        let search = if caught.within_bounds {
            "exhaustive"
        } else {
            "random"
        };
        table.row([
            name,
            case.violation.obligation.to_string(),
            case.steps.len().to_string(),
            format!("{seconds:.2}"),
            search.to_owned(),
        ]);
    }
    let count = found.iter().flatten().count();
    anstream::println!(
        "{table}{count} of {} caught ({} are listed)",
        found.len(),
        ALL.len()
    );
}
