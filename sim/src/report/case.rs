//! One broken promise on one screen: what was promised, what came back, and why.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use crate::campaign::{Failure, replay};
use crate::choice::Token;
use crate::disk::{CallKind, CallRecord, Fate, Profile};
use crate::oracle::{CrashKind, Violation};
use crate::sabotage;
use crate::setup::Setup;
use crate::shrink::shrink;
use crate::world::{Crash, Step, What, World, from_text, to_text};

/// Tries of the shrinker.
const TRIES_MAX: usize = 4_000;
/// Images that are looked at to say how many of them fail.
const IMAGES_MAX: u32 = 300;

/// A broken promise, and the run that shows it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What was broken.
    pub violation: Violation,
    /// Under what.
    pub setup: Arc<Setup>,
    /// The run.
    pub steps: Vec<Step>,
    /// How many steps and crashes it had when it was found.
    pub from: (usize, usize),
}

/// The smallest run that was found from a failing one and breaks the same promise.
#[must_use]
pub fn minimal(failure: &Failure) -> Case {
    let setup = Arc::new(failure.setup.clone());
    let obligation = failure.violation.obligation;
    let mut judge = |steps: &[Step]| {
        let replayed = replay(World::new(&setup), steps);
        let same = replayed
            .ended
            .is_err_and(|violation| violation.obligation == obligation);
        same.then_some(replayed.taken)
    };
    let steps = shrink(failure.steps.clone(), TRIES_MAX, &mut judge);
    let ended = replay(World::new(&setup).remembering(), &steps).ended;
    let violation = ended.err().unwrap_or_else(|| failure.violation.clone());
    let from = (failure.steps.len(), crashes(&failure.steps));
    Case {
        violation,
        setup,
        steps,
        from,
    }
}

fn crashes(steps: &[Step]) -> usize {
    let is = |step: &&Step| matches!(step, Step::Crash(_) | Step::Open { stop: Some(_), .. });
    steps.iter().filter(is).count()
}

impl Case {
    /// The text that [`Case::from_token`] reads.
    #[must_use]
    pub fn token(&self) -> String {
        let options = format!("{}\n{}", self.setup, to_text(&self.steps)).into_bytes();
        Token {
            options,
            choices: Vec::new(),
        }
        .to_string()
    }

    /// The setup and the steps that a token stands for.
    #[must_use]
    pub fn from_token(token: &str) -> Option<(Setup, Vec<Step>)> {
        let token: Token = token.parse().ok()?;
        let text = String::from_utf8(token.options).ok()?;
        let (setup, steps) = text.split_once('\n')?;
        Some((Setup::from_text(setup)?, from_text(steps)?))
    }

    /// The run, line by line.
    #[must_use]
    pub fn trace(&self) -> String {
        Self::trace_of(&self.setup, &self.steps)
    }

    /// Any run, line by line.
    #[must_use]
    pub fn trace_of(setup: &Arc<Setup>, steps: &[Step]) -> String {
        Story::of(setup, steps).text
    }

    /// How many of the images of the last power loss fail, of how many, under a profile.
    fn failing(&self, profile: &Profile) -> Option<(u32, u32)> {
        let at = self
            .steps
            .iter()
            .rposition(|step| matches!(step, Step::Crash(crash) if crash.is_power_loss()))?;
        let setup = Arc::new(Setup {
            profile: profile.clone(),
            ..(*self.setup).clone()
        });
        let mut world = World::new(&setup);
        let before = self.steps[..at].iter();
        before
            .map(|step| world.apply(step))
            .collect::<Result<Vec<_>, _>>()
            .ok()?;
        let all = world.image_count(IMAGES_MAX);
        let mut failing = 0;
        for image in 0..all {
            let mut steps = self.steps[at..].to_vec();
            steps[0] = Step::Crash(Crash::Image(image));
            failing += u32::from(replay(world.fork(), &steps).ended.is_err());
        }
        Some((failing, all))
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let story = Story::of(&self.setup, &self.steps);
        let Violation { obligation, detail } = &self.violation;
        writeln!(
            f,
            "VIOLATION {obligation} {}   profile={}   {} steps, {} crashes (from {} steps, {} crashes)",
            obligation.name(),
            self.setup,
            self.steps.len(),
            crashes(&self.steps),
            self.from.0,
            self.from.1
        )?;
        writeln!(f, "{detail}")?;
        f.write_str(&story.text)?;
        for why in &story.why {
            writeln!(f, "why     {why}")?;
        }
        if let Some((failing, all)) = self.failing(&self.setup.profile) {
            writeln!(
                f,
                "flip    {} of the {all} images of the last power loss pass",
                all - failing
            )?;
        }
        let passes: Vec<&str> = [Profile::ext4(), Profile::xfs(), Profile::btrfs()]
            .iter()
            .filter(|profile| {
                self.failing(profile)
                    .is_some_and(|(failing, all)| failing == 0 && all > 0)
            })
            .map(|profile| profile.name)
            .collect();
        let alike = sabotage::ALL
            .iter()
            .filter(|other| other.obligation == *obligation);
        let alike: Vec<String> = alike.map(|other| other.id.to_string()).collect();
        let or_none = |list: String| {
            if list.is_empty() {
                String::from("none")
            } else {
                list
            }
        };
        writeln!(
            f,
            "passes  {}   alike  saboteurs {}",
            or_none(passes.join(", ")),
            or_none(alike.join(", "))
        )?;
        writeln!(f, "replay  indelible-sim replay {}", self.token())
    }
}

/// The lines of a run, and why what was lost could be lost.
struct Story {
    text: String,
    why: Vec<String>,
}

impl Story {
    fn of(setup: &Arc<Setup>, steps: &[Step]) -> Self {
        let world = replay(World::new(setup).remembering(), steps).world;
        let lines = world.lines();
        let mut story = Self {
            text: String::new(),
            why: Vec::new(),
        };
        let mut last = String::new();
        let mut repeated = 0;
        let mut number = 0;
        for (at, line) in lines.iter().enumerate() {
            let fates = lines[at..].iter().find_map(|line| match &line.what {
                What::Crashed {
                    kind: CrashKind::Power,
                    fates,
                } => Some(&fates[..]),
                _ => None,
            });
            let Some(text) = describe(&line.what, fates.unwrap_or(&[])) else {
                continue;
            };
            if text == last {
                repeated += 1;
                continue;
            }
            story.repeated(&mut repeated);
            number += 1;
            let _ = writeln!(story.text, "{number:>4} {text}");
            story.explain(&line.what, fates.unwrap_or(&[]), number);
            last = text;
        }
        story.repeated(&mut repeated);
        story
    }

    fn repeated(&mut self, count: &mut u32) {
        if *count > 0 {
            let _ = writeln!(self.text, "     ... and so {count} times more");
        }
        *count = 0;
    }

    fn explain(&mut self, what: &What, fates: &[(u64, Fate)], number: u32) {
        const SHOWN_MAX: usize = 3;
        let What::Io { record, name, .. } = what else {
            return;
        };
        let lost = fate(record, fates).is_some_and(|fate| fate != Fate::Durable);
        if !lost || self.why.len() >= SHOWN_MAX {
            return;
        }
        self.why.push(match record.call {
            CallKind::Rename | CallKind::Create | CallKind::Unlink => {
                format!(
                    "{}@{number} was not durable: no directory sync succeeded behind it",
                    verb(record)
                )
            }
            _ => format!(
                "{}@{number} of {name} was not durable: no sync of the file succeeded behind it",
                verb(record)
            ),
        });
    }
}

fn fate(record: &CallRecord, fates: &[(u64, Fate)]) -> Option<Fate> {
    let known = fates
        .iter()
        .find(|(sequence, _)| *sequence == record.sequence);
    known.filter(|_| record.sequence > 0).map(|(_, fate)| *fate)
}

fn verb(record: &CallRecord) -> String {
    format!("{:?}", record.call).to_lowercase()
}

/// One line; none for what only reads.
fn describe(what: &What, fates: &[(u64, Fate)]) -> Option<String> {
    let text = match what {
        What::Io { record, name, to } => return io(record, name, to, fates),
        What::Call(call) => format!("CALL {call:?}"),
        What::Acknowledged { durable, written } if durable == written => format!("ACK {durable}"),
        What::Acknowledged { durable, written } => {
            format!("ACK {durable} durable, {written} written")
        }
        What::Ended(outcome) => format!("END {outcome:?}"),
        What::Waited { millis } => format!("wait {millis} ms"),
        What::Crashed {
            kind: CrashKind::Power,
            ..
        } => String::from("POWER LOSS"),
        What::Crashed {
            kind: CrashKind::Process,
            ..
        } => String::from("PROCESS CRASH"),
        What::Opened { found } => format!("OPENED {found}"),
        What::Refused { error } => format!("NOT OPENED {error}"),
    };
    Some(text)
}

fn io(record: &CallRecord, name: &str, to: &str, fates: &[(u64, Fate)]) -> Option<String> {
    use CallKind::{Len, List, Lock, Open, Read};
    let failed = record.result.is_err();
    if matches!(record.call, Len | List | Lock | Open | Read) && !failed {
        return None;
    }
    let subject = if to.is_empty() {
        name.to_owned()
    } else {
        format!("{name} -> {to}")
    };
    let amount = match record.call {
        CallKind::Write | CallKind::Copy => format!("{} B @{}", record.len, record.offset),
        CallKind::Truncate => format!("to {} B", record.len),
        _ => String::new(),
    };
    let ended = match (&record.result, fate(record, fates)) {
        (Err(error), _) => format!("FAILED {error}"),
        (Ok(len), _)
            if *len < record.len && !amount.is_empty() && record.call != CallKind::Truncate =>
        {
            format!("SHORT {len} B")
        }
        (Ok(_), Some(Fate::Lost)) => String::from("LOST"),
        (Ok(_), Some(Fate::Torn)) => String::from("TORN"),
        (Ok(_), _) if record.sequence > 0 => String::from("durable"),
        (Ok(_), _) => String::from("ok"),
    };
    Some(format!(
        "{:<8} {subject:<44} {amount:<14} {ended}",
        verb(record)
    ))
}
