//! The kill matrix, the ablation and the blind simulators as a page.

use std::fmt::{self, Write as _};

use super::ablation::{Barrier, Expected};
use super::{ABSENT, Blinded, End, Pair, reasons};
use crate::disk::Profile;
use crate::setup::policy_name;
use crate::world::to_text;

/// What was found out.
#[derive(Debug, Default)]
pub struct Findings {
    /// The matrix, row by row; empty if it was not asked for.
    pub pairs: Vec<Pair>,
    /// Each barrier, and what leaving it out came to; none if nothing leaves it out.
    pub barriers: Vec<(Barrier, Option<Pair>)>,
    /// Blind simulators.
    pub blinded: Vec<Blinded>,
}

impl Findings {
    /// Pairs that can matter and were not caught.
    pub fn missed(&self) -> impl Iterator<Item = &Pair> {
        let missed = |pair: &&Pair| matches!(pair.end, End::Missed { .. });
        self.pairs.iter().filter(missed)
    }

    /// Barriers that did not come to what was expected.
    pub fn surprises(&self) -> impl Iterator<Item = &Barrier> {
        let surprise = |(barrier, pair): &&(Barrier, Option<Pair>)| {
            let caught = pair.as_ref().is_some_and(Pair::is_caught);
            caught != (barrier.expected == Expected::Caught)
        };
        self.barriers
            .iter()
            .filter(surprise)
            .map(|(barrier, _)| barrier)
    }

    /// Blind simulators that catch as much as one that sees.
    pub fn unnoticed(&self) -> impl Iterator<Item = &Blinded> {
        self.blinded.iter().filter(|blind| blind.missed.is_empty())
    }

    /// Whether all is as it should be.
    #[must_use]
    pub fn are_well(&self) -> bool {
        let missed = self.missed().count() + self.surprises().count();
        missed + self.unnoticed().count() == 0
    }
}

impl Pair {
    /// Whether a promise was broken.
    #[must_use]
    pub fn is_caught(&self) -> bool {
        matches!(self.end, End::Caught { .. })
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.pairs.is_empty() {
            matrix(&self.pairs, f)?;
            reasons(&self.pairs, f)?;
            traces(&self.pairs, f)?;
        }
        if !self.barriers.is_empty() {
            ablation(&self.barriers, f)?;
        }
        if !self.blinded.is_empty() {
            blind(&self.blinded, f)?;
        }
        Ok(())
    }
}

/// Rows of pairs of one bug each.
fn rows(pairs: &[Pair]) -> impl Iterator<Item = &[Pair]> {
    pairs.chunk_by(|one, other| one.bug.id == other.bug.id)
}

fn bounds((ops, crashes, faults): (u32, u32, u32)) -> String {
    format!("{ops}/{crashes}/{faults}")
}

fn cell(pair: &Pair, notes: &[&str]) -> String {
    match &pair.end {
        End::Caught {
            case,
            within_bounds,
            seconds,
        } => {
            let here = reasons::bounds(pair.bug, &pair.profile);
            let how = match within_bounds {
                false => String::from(", by seeds"),
                true if here == pair.bug.bounds => String::new(),
                true => format!(", within {}", bounds(here)),
            };
            let (obligation, steps) = (case.violation.obligation, case.steps.len());
            format!("{obligation} in {steps}, {seconds:.2} s{how}")
        }
        End::Missed { seconds } => format!("**missed** in {seconds:.0} s"),
        End::CannotMatter(why) => {
            let note = notes.iter().position(|note| note == why);
            format!("({})", note.map_or(0, |at| at + 1))
        }
    }
}

/// Reasons, each once.
fn notes(pairs: &[Pair]) -> Vec<&'static str> {
    let mut notes = Vec::new();
    for pair in pairs {
        if let End::CannotMatter(why) = pair.end
            && !notes.contains(&why)
        {
            notes.push(why);
        }
    }
    notes
}

fn matrix(pairs: &[Pair], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let notes = notes(pairs);
    let caught = pairs.iter().filter(|pair| pair.is_caught()).count();
    let matters = |pair: &&Pair| !matches!(pair.end, End::CannotMatter(_));
    let count = pairs.iter().filter(matters).count();
    writeln!(
        f,
        "## Saboteurs\n\n{} seeded bugs; {} pairs of a bug and a profile, of which {count} can \
         matter; caught: {caught}; missed: {}.\nA cell says which obligation broke, in how many steps after \
         shrinking, and after how many seconds of one thread it was caught, or (in brackets) why \
         what the profile promises rules it out there; it was looked for there as well, on \
         `process-crash` with one fault more, and not caught. Where a bug takes other bounds than \
         its own, a cell says which.\n",
        rows(pairs).count(),
        pairs.len(),
        count - caught,
    )?;
    let profiles: Vec<&Profile> = rows(pairs)
        .next()
        .map(|row| row.iter().map(|pair| &pair.profile).collect())
        .unwrap_or_default();
    let mut head = String::from("| | bug | policy | ops/crashes/faults |");
    let mut rule = String::from("|--:|---|---|---|");
    for profile in profiles {
        let _ = write!(head, " {} |", profile.name);
        rule.push_str("---|");
    }
    writeln!(f, "{head}\n{rule}")?;
    for row in rows(pairs) {
        let bug = row[0].bug;
        let cells = row.iter().map(|pair| cell(pair, &notes));
        writeln!(
            f,
            "| {} | {} | {} | {} | {} |",
            bug.id,
            bug.name,
            policy_name(bug.policy),
            bounds(bug.bounds),
            cells.collect::<Vec<_>>().join(" | ")
        )?;
    }
    writeln!(f)
}

fn reasons(pairs: &[Pair], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "Why not:\n")?;
    for (number, why) in (1..).zip(notes(pairs)) {
        writeln!(f, "{number}. {why}")?;
    }
    writeln!(f, "\nListed bugs that do not apply to this design:\n")?;
    for absent in ABSENT {
        writeln!(f, "* {}, {}: {}.", absent.id, absent.name, absent.why)?;
    }
    writeln!(f)
}

/// For each bug the first profile on which it was caught, and the run.
fn traces(pairs: &[Pair], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "## Smallest runs\n\nOne for each bug, on the hardest profile on which it is caught, as a \
         setup and its steps.\n\n```text"
    )?;
    for row in rows(pairs) {
        let weak = row.iter().filter(|pair| pair.profile.name == "posix-weak");
        let found = weak.chain(row).find_map(|pair| match &pair.end {
            End::Caught { case, .. } => Some(case),
            _ => None,
        });
        if let Some(case) = found {
            writeln!(f, "{} | {}", case.setup, to_text(&case.steps))?;
        }
    }
    writeln!(f, "```\n")
}

fn ablation(barriers: &[(Barrier, Option<Pair>)], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "## Barriers\n\nEach sync, directory sync and wait of engine and recovery, left out in \
         turn, on `posix-weak`.\n\n| kind | where | what | left out by | that comes to |\n\
         |---|---|---|--:|---|"
    )?;
    for (barrier, pair) in barriers {
        let came = match (&pair, barrier.expected) {
            (Some(pair), Expected::Unreached(why)) if !pair.is_caught() => why.to_owned(),
            (Some(pair), _) => cell(pair, &[]),
            (None, Expected::Unreached(why) | Expected::Inherent(why)) => why.to_owned(),
            (None, _) => String::from("not tried"),
        };
        let bug = pair.as_ref().map(|pair| pair.bug.id.to_string());
        writeln!(
            f,
            "| {} | `{}` | {} | {} | {came} |",
            barrier.kind.name(),
            barrier.place,
            barrier.what,
            bug.unwrap_or_default()
        )?;
    }
    writeln!(f)
}

fn blind(blinded: &[Blinded], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "## Blind simulators\n\nThe saboteurs that are caught within their bounds on \
         `posix-weak`, looked for by a simulator that is blind to one thing.\n\n\
         | blind to | caught | no longer caught |\n|---|--:|---|"
    )?;
    for blind in blinded {
        let missed: Vec<String> = blind.missed.iter().map(u32::to_string).collect();
        let missed = match missed.is_empty() {
            true => String::from("**none: untested**"),
            false => missed.join(", "),
        };
        writeln!(f, "| {} | {} | {missed} |", blind.name, blind.caught)?;
    }
    writeln!(f)
}
