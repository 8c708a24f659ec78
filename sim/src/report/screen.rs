//! A case on one screen.

use std::fmt::Write as _;

use super::case::Case;
use super::explained::Explained;
use crate::world::Step;

/// The text.
#[must_use]
pub fn screen(case: &Case, explained: &Explained) -> String {
    let mut text = heading(case);
    let _ = writeln!(text, "{}", result(case, explained));
    text.push_str(&explained.story.text(&explained.why.marks()));
    for (name, value) in facts(explained) {
        let _ = writeln!(text, "{name:<7} {value}");
    }
    let _ = writeln!(text, "replay  indelible-sim replay {}", case.token());
    let _ = writeln!(
        text,
        "files   indelible-sim replay {} --files cex-{}",
        short_token(case),
        case.short()
    );
    text
}

/// A token is long, and stands in full on the line before.
fn short_token(case: &Case) -> String {
    let token = case.token();
    match token.char_indices().nth(12) {
        Some((at, _)) => format!("{}...", &token[..at]),
        None => token,
    }
}

/// The first line.
#[must_use]
pub fn heading(case: &Case) -> String {
    let obligation = case.violation.obligation;
    let count = |is: fn(&Step) -> bool| case.steps.iter().filter(|step| is(step)).count();
    let calls = count(|step| matches!(step, Step::Call(_)));
    let faults = count(|step| match step {
        Step::Complete { fault, .. } => fault.is_some(),
        Step::Open { fault, .. } => fault.is_some(),
        _ => false,
    });
    let (steps, crashes) = case.from;
    format!(
        "VIOLATION {obligation} {}   profile={}   {} steps, {}, {}, {} (from {steps} steps, {})\n",
        obligation.name(),
        case.setup,
        case.steps.len(),
        counted(calls, "call"),
        counted(case.crashes(), "crash"),
        counted(faults, "fault"),
        counted(crashes, "crash"),
    )
}

fn counted(count: usize, what: &str) -> String {
    let plural = match (count, what.ends_with('h')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{count} {what}{plural}")
}

/// What was acknowledged, recovered and lost.
#[must_use]
pub fn result(case: &Case, explained: &Explained) -> String {
    let detail = &case.violation.detail;
    if detail.starts_with("acknowledged") {
        return detail.clone();
    }
    let k = explained.acknowledged();
    format!("acknowledged k={k}   {detail}")
}

/// `why`, `flip`, `passes` and `alike`, each with what it says.
#[must_use]
pub fn facts(explained: &Explained) -> Vec<(&'static str, String)> {
    let or_none = |list: Vec<String>, between: &str| match list.is_empty() {
        true => String::from("none"),
        false => list.join(between),
    };
    let mut flips: Vec<String> = explained.flips.iter().map(ToString::to_string).collect();
    if let Some(site) = &explained.site {
        let tried = site.tried();
        let passing = tried.all - tried.failing;
        let of = if site.is_cut { "the first " } else { "" };
        flips.push(format!("{passing} of {of}{} images pass", tried.all));
    }
    let passes = explained.passes.iter().map(ToString::to_string).collect();
    let numbers = explained.alike.saboteurs.iter().map(ToString::to_string);
    let alike = or_none(numbers.collect(), ", ");
    let compared = explained.alike.compared;
    vec![
        ("why", explained.why.to_string()),
        ("flip", or_none(flips, "; ")),
        ("passes", or_none(passes, ", ")),
        ("alike", format!("saboteurs {alike} (of {compared})")),
    ]
}
