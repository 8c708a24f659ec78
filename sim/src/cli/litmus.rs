//! `indelible-sim litmus`: the programs, counted on every profile or run on a real directory.

use serde_json::{Map, Value, json};

use crate::disk::Profile;
use crate::litmus::{Moment, PROGRAMS, Program, outcomes, published};
use crate::report::Table;

use super::End;
use super::args::LitmusArgs;

pub(super) fn run(args: &LitmusArgs) -> End {
    match (&args.real, &args.dies_after) {
        #[cfg(unix)]
        (Some(path), None) => super::litmus_real::run(path, args.json),
        #[cfg(unix)]
        (Some(path), Some(place)) => super::litmus_real::run_and_die(path, place),
        #[cfg(not(unix))]
        (Some(_), _) => {
            anstream::eprintln!("there is no real backend on this system");
            End::Usage
        }
        (None, _) => count(args.json),
    }
}

/// A program's counts on a profile: behind its last call, and anywhere.
fn counts(program: &Program, profile: &Profile) -> (usize, usize) {
    let count = |moment| outcomes(program, profile, moment).len();
    (count(Moment::End), count(Moment::Anywhere))
}

fn found(program: &str, profile: &Profile) -> usize {
    let program = PROGRAMS.iter().find(|it| it.id == program);
    counts(program.expect("Ferrite's programs are among them"), profile).1
}

fn count(json: bool) -> End {
    let presets = Profile::presets();
    let rows = PROGRAMS.iter().map(|program| {
        let counts = presets.iter().map(|profile| counts(program, profile));
        (program, counts.collect::<Vec<_>>())
    });
    let rows: Vec<(&Program, Vec<(usize, usize)>)> = rows.collect();
    let theirs = published();
    let ours: Vec<usize> = theirs
        .iter()
        .map(|it| found(it.program, &it.profile))
        .collect();
    if json {
        let value = as_json(&presets, &rows, &ours);
        anstream::println!("{value:#}");
    } else {
        print(&presets, &rows, &ours);
    }
    match theirs.iter().zip(&ours).all(|(it, ours)| it.count == *ours) {
        true => End::Well,
        false => End::Problem,
    }
}

fn print(presets: &[Profile], rows: &[(&Program, Vec<(usize, usize)>)], ours: &[usize]) {
    let names = presets.iter().map(|profile| profile.name);
    let heading: Vec<&str> = std::iter::once("program").chain(names).collect();
    let mut table = Table::new(&heading);
    for (program, counts) in rows {
        let cells = counts.iter().map(|(end, any)| format!("{end} ({any})"));
        table.row(std::iter::once(program.id.to_owned()).chain(cells));
    }
    anstream::println!("Outcomes of a crash behind the last call (at any point):\n\n{table}");
    for (program, _) in rows {
        anstream::println!("{:<14}{}", program.id, program.about);
    }
    let mut table = Table::new(&["Ferrite's counts", "file system", "published", "found"]);
    for (it, ours) in published().iter().zip(ours) {
        let (program, profile) = (it.program.to_owned(), it.profile.name.to_owned());
        table.row([program, profile, it.count.to_string(), ours.to_string()]);
    }
    anstream::println!("\n{table}");
}

fn as_json(presets: &[Profile], rows: &[(&Program, Vec<(usize, usize)>)], ours: &[usize]) -> Value {
    let program = |(program, counts): &(&Program, Vec<(usize, usize)>)| {
        let counts = presets.iter().zip(counts).map(|(profile, (end, any))| {
            let value = json!({"end": end, "anywhere": any});
            (profile.name.to_owned(), value)
        });
        let counts: Map<String, Value> = counts.collect();
        json!({"id": program.id, "about": program.about, "outcomes": counts})
    };
    let ferrite = published();
    let ferrite = ferrite.iter().zip(ours).map(|(it, ours)| {
        json!({
            "program": it.program,
            "profile": it.profile.name,
            "published": it.count,
            "found": ours,
        })
    });
    json!({
        "programs": rows.iter().map(program).collect::<Vec<_>>(),
        "ferrite": ferrite.collect::<Vec<_>>(),
    })
}
