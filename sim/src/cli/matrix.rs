//! `sabotage --all`, `--ablation` and `--blind`: on every profile, without each barrier, with eyes
//! shut.

use std::fs;
use std::time::Instant;

use serde_json::{Value, json};

use super::End;
use super::args::SabotageArgs;
use super::output::Spinner;
use crate::disk::Profile;
use crate::sabotage::{self, Findings, Pair, Sabotage, barriers, blinded, chosen, find, matrix};
use crate::setup::policy_name;
use crate::world::to_text;

pub(super) fn run(args: &SabotageArgs, threads: usize) -> End {
    let began = Instant::now();
    let findings = look(args, threads);
    let seconds = began.elapsed().as_secs_f64();
    if args.json {
        anstream::println!("{:#}", to_json(&findings, seconds));
    } else {
        anstream::println!("{findings}");
    }
    tell(&findings, seconds);
    if let Some(path) = &args.write {
        let page = format!("{HEAD}{findings}");
        if let Err(error) = fs::write(path, format!("{}\n", page.trim_end())) {
            anstream::eprintln!("{}: {error}", path.display());
            return End::Io;
        }
    }
    match findings.are_well() {
        true => End::Well,
        false => End::Unfinished,
    }
}

/// What the page begins with.
const HEAD: &str = "# The kill matrix

Seeded bugs, each a real bug's shape, and what the simulator makes of them. This page is written by

```sh
cargo run --release -p indelible-sim -- sabotage --all --ablation --blind --write docs/kill-matrix.md
```

which ends with 5 if a bug that can matter is not caught, if a barrier can be left out that should
be needed, or if a blind simulator catches as much as one that sees. Steps are counted after
shrinking. The presets on which no store can keep its promises have no column: what is lost there
says nothing.

";

fn look(args: &SabotageArgs, threads: usize) -> Findings {
    let mut findings = Findings::default();
    let bugs = chosen(args.only);
    let weak = [Profile::posix_weak()];
    if args.all {
        let profiles = sabotage::profiles();
        findings.pairs = watched("saboteurs", &bugs, &profiles, args.seeds, threads);
    }
    if args.ablation {
        let mut numbers: Vec<u32> = barriers().map(|barrier| barrier.bug).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.retain(|bug| args.only.is_none_or(|only| only == *bug));
        let bugs: Vec<&'static Sabotage> = numbers.into_iter().filter_map(find).collect();
        let pairs = watched("barriers", &bugs, &weak, args.seeds, threads);
        let of = |bug| pairs.iter().find(|pair| pair.bug.id == bug).cloned();
        findings.barriers = barriers()
            .map(|barrier| (barrier, of(barrier.bug)))
            .collect();
    }
    if args.blind {
        let spinner = Spinner::new("blind");
        findings.blinded = blinded(&bugs, threads, &|bug| spinner.say(bug.to_string()));
        spinner.end();
    }
    findings
}

fn watched(
    what: &str,
    bugs: &[&'static Sabotage],
    profiles: &[Profile],
    seeds: u64,
    threads: usize,
) -> Vec<Pair> {
    let spinner = Spinner::new(what);
    let pairs = matrix(bugs, profiles, seeds, threads, &|pair: &Pair| {
        spinner.say(format!("{} on {}", pair.bug.id, pair.profile.name));
    });
    spinner.end();
    pairs
}

/// The verdict, where it is not drowned by the tables.
fn tell(findings: &Findings, seconds: f64) {
    for pair in findings.missed() {
        let (bug, profile) = (pair.bug, pair.profile.name);
        anstream::eprintln!("not caught on {profile}: {} {}", bug.id, bug.name);
    }
    for barrier in findings.surprises() {
        let (place, what) = (barrier.place, barrier.what);
        anstream::eprintln!("not as expected: {place}, {what} ({})", barrier.bug);
    }
    for blind in findings.unnoticed() {
        anstream::eprintln!("nobody would notice: {}", blind.name);
    }
    anstream::eprintln!("{seconds:.0} s");
}

fn to_json(findings: &Findings, seconds: f64) -> Value {
    let barriers = findings.barriers.iter().map(|(barrier, pair)| {
        json!({
            "place": barrier.place,
            "what": barrier.what,
            "kind": barrier.kind.name(),
            "pair": pair.as_ref().map(pair_to_json),
        })
    });
    let blinded = findings.blinded.iter().map(
        |blind| json!({ "blind_to": blind.name, "caught": blind.caught, "missed": blind.missed }),
    );
    json!({
        "pairs": findings.pairs.iter().map(pair_to_json).collect::<Vec<_>>(),
        "barriers": barriers.collect::<Vec<_>>(),
        "blind": blinded.collect::<Vec<_>>(),
        "well": findings.are_well(),
        "seconds": seconds,
    })
}

fn pair_to_json(pair: &Pair) -> Value {
    let mut value = json!({
        "bug": pair.bug.id,
        "name": pair.bug.name,
        "policy": policy_name(pair.bug.policy),
        "bounds": [pair.bug.bounds.0, pair.bug.bounds.1, pair.bug.bounds.2],
        "profile": pair.profile.name,
        "caught": pair.is_caught(),
    });
    let more = match &pair.end {
        sabotage::End::Caught {
            case,
            within_bounds,
            seconds,
        } => json!({
            "obligation": case.violation.obligation.to_string(),
            "steps": case.steps.len(),
            "run": to_text(&case.steps),
            "replay": case.token(),
            "within_bounds": within_bounds,
            "seconds": seconds,
        }),
        sabotage::End::Missed { seconds } => json!({ "seconds": seconds }),
        sabotage::End::CannotMatter(why) => json!({ "cannot_matter": why }),
    };
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}
