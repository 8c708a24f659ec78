//! What a proof has exhausted, as a file: `prove` writes it, resumes from it, and `merge` joins it.

mod merge;
mod store;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::explore::{Bounds, Counts, Part, SetHash, Universe, parts};
use crate::report::minimal;
use crate::setup::{Setup, Tear, policy_name};
use crate::version::{CODE, VERSION};

pub(super) use merge::merge;
pub(super) use store::{StoreError, parse, read, write};

/// How a certificate begins.
pub(super) const FORMAT: &str = "indelible-sim certificate 1";

/// What was exhausted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Certificate {
    /// [`FORMAT`].
    pub format: String,
    /// The simulator's version.
    pub version: String,
    /// [`CODE`] of the code that was run.
    pub code: String,
    /// What it is about.
    pub universe: Stated,
    /// Whether every part is here, was exhausted, and broke nothing.
    pub finished: bool,
    /// What all parts that are here have seen.
    pub counts: Counts,
    /// The sum of the parts' [`SetHash`].
    pub set: String,
    /// Seconds of one core.
    pub seconds: f64,
    /// How many parts the universe has.
    pub parts_total: usize,
    /// Those that were searched, in order.
    pub parts: Vec<PartRecord>,
}

/// A universe in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stated {
    pub profile: String,
    pub policy: String,
    pub ops: u32,
    pub crashes: u32,
    pub faults: u32,
    /// Crashes of which each may tear a write.
    pub tears: u32,
    /// The letters of the calls that workloads are made of.
    pub alphabet: String,
    /// `points`: each border of a frame's fields, and one byte to either side; `bytes`: every byte.
    pub tear_points: String,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartRecord {
    /// The letters of the calls that its workloads begin with.
    pub start: String,
    pub counts: Counts,
    pub set: String,
    pub seconds: f64,
    pub finished: bool,
    /// The broken promise, if one was found, on one screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violation: Option<String>,
    /// The token that repeats it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
}

/// The letters of calls.
pub(super) fn letters(calls: &[Call]) -> String {
    calls.iter().fold(String::new(), |mut text, call| {
        let _ = write!(text, "{call}");
        text
    })
}

impl Stated {
    pub fn of(universe: &Universe) -> Self {
        let Bounds {
            ops,
            crashes,
            faults,
            tears,
        } = universe.bounds;
        Self {
            profile: universe.setup.profile.name.to_owned(),
            policy: policy_name(universe.setup.policy).to_owned(),
            ops,
            crashes,
            faults,
            tears,
            alphabet: letters(&universe.alphabet),
            tear_points: match universe.setup.tear {
                Tear::Points => String::from("points"),
                Tear::Bytes => String::from("bytes"),
            },
        }
    }

    /// The universe that is meant; none if there is none like that.
    pub fn universe(&self) -> Option<Universe> {
        let text = format!("{} {}", self.profile, self.policy);
        let mut setup = Setup::from_text(&text)?;
        setup.tear = match self.tear_points.as_str() {
            "points" => Tear::Points,
            "bytes" => Tear::Bytes,
            _ => return None,
        };
        let calls = self
            .alphabet
            .chars()
            .map(|letter| letter.to_string().parse().ok());
        let universe = Universe {
            setup,
            bounds: Bounds {
                ops: self.ops,
                crashes: self.crashes,
                faults: self.faults,
                tears: self.tears,
            },
            alphabet: calls.collect::<Option<Vec<Call>>>()?,
            start: Vec::new(),
            states_max: u64::MAX,
        };
        (Self::of(&universe) == *self && !universe.alphabet.is_empty()).then_some(universe)
    }

    /// What it is about, in a few words, as a file may be named.
    pub fn name(&self) -> String {
        let Self {
            profile,
            policy,
            ops,
            crashes,
            faults,
            tears,
            alphabet,
            ..
        } = self;
        let bytes = if self.tear_points == "bytes" {
            "-bytes"
        } else {
            ""
        };
        let torn = if tears == crashes {
            String::new()
        } else {
            format!("-tears{tears}")
        };
        let calls = if *alphabet == letters(&Call::ALPHABET) {
            String::new()
        } else {
            format!("-{alphabet}")
        };
        format!("{profile}-{policy}-{ops}-{crashes}-{faults}{torn}{bytes}{calls}")
    }
}

impl PartRecord {
    pub fn of(part: &Part) -> Self {
        let case = part.outcome.failure.as_ref().map(minimal);
        Self {
            start: letters(&part.start),
            counts: part.outcome.counts,
            set: part.outcome.set.to_string(),
            seconds: in_millis(part.took.as_secs_f64()),
            finished: part.outcome.finished,
            violation: case.as_ref().map(ToString::to_string),
            replay: case.as_ref().map(crate::report::Case::token),
        }
    }

    /// Whether both say the same of the same part; how long it took does not matter.
    fn agrees(&self, other: &Self) -> bool {
        let told = |it: &Self| (it.start.clone(), it.counts, it.set.clone(), it.finished);
        told(self) == told(other)
    }
}

/// Seconds without digits that mean nothing.
fn in_millis(seconds: f64) -> f64 {
    (seconds * 1e3).round() / 1e3
}

impl Certificate {
    /// Nothing of a universe, searched by this code.
    pub fn new(universe: &Universe) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION.to_owned(),
            code: CODE.to_owned(),
            universe: Stated::of(universe),
            finished: false,
            counts: Counts::default(),
            set: SetHash::default().to_string(),
            seconds: 0.0,
            parts_total: parts(universe).len(),
            parts: Vec::new(),
        }
    }

    /// What must be equal in certificates that are to be joined, with what it is called.
    fn identity(&self) -> [(&'static str, String); 4] {
        [
            ("format", self.format.clone()),
            ("version", self.version.clone()),
            ("code", self.code.clone()),
            ("universe", format!("{:?}", self.universe)),
        ]
    }

    /// In what this one and another are not about the same, if they are not.
    pub fn differs(&self, other: &Self) -> Option<String> {
        let mut both = self.identity().into_iter().zip(other.identity());
        both.find(|(one, two)| one != two)
            .map(|((what, one), (_, two))| format!("the {what} differs: {one} here, {two} there"))
    }

    /// Takes a part over, in its place; an unfinished one gives way.
    pub fn add(&mut self, part: PartRecord) {
        let same = self
            .parts
            .iter_mut()
            .find(|known| known.start == part.start);
        match same {
            Some(known) if !known.finished => *known = part,
            Some(_) => {}
            None => self.parts.push(part),
        }
        self.sum_up();
    }

    /// Whether a part was exhausted.
    pub fn has(&self, start: &[Call]) -> bool {
        let start = letters(start);
        self.parts
            .iter()
            .any(|part| part.start == start && part.finished)
    }

    /// The starts of the parts that are not exhausted, of those that there should be.
    pub fn missing(&self) -> Vec<String> {
        let all = self
            .universe
            .universe()
            .map_or_else(Vec::new, |it| parts(&it));
        let left = all.iter().filter(|start| !self.has(start));
        left.map(|start| letters(start)).collect()
    }

    /// Orders the parts, and works out what follows from them.
    fn sum_up(&mut self) {
        let order = &self.universe.alphabet;
        let place = |start: &str| -> Vec<Option<usize>> {
            start.chars().map(|letter| order.find(letter)).collect()
        };
        self.parts.sort_by_key(|part| place(&part.start));
        self.counts = self.parts.iter().map(|part| part.counts).sum();
        self.seconds = in_millis(self.parts.iter().map(|part| part.seconds).sum());
        let mut set = SetHash::default();
        for part in &self.parts {
            // What is no hash was refused when it was read.
            set += part.set.parse().unwrap_or_default();
        }
        self.set = set.to_string();
        self.finished = self.missing().is_empty() && self.counts.violations == 0;
    }

    /// What is wrong with it, if something is: it says more than follows from its parts.
    pub fn check(&self) -> Result<(), String> {
        if self.format != FORMAT {
            return Err(format!("its format is {:?}, not {FORMAT:?}", self.format));
        }
        let universe = self.universe.universe();
        let universe = universe.ok_or("there is no universe like that")?;
        let starts: Vec<String> = parts(&universe)
            .iter()
            .map(|start| letters(start))
            .collect();
        for (at, part) in self.parts.iter().enumerate() {
            part.set.parse::<SetHash>()?;
            if !starts.contains(&part.start) {
                return Err(format!("there is no part {:?}", part.start));
            }
            if self.parts[..at]
                .iter()
                .any(|other| other.start == part.start)
            {
                return Err(format!("the part {:?} stands there twice", part.start));
            }
            if part.finished && part.counts.violations > 0 {
                return Err(format!("the part {:?} is finished and failed", part.start));
            }
        }
        let mut again = self.clone();
        again.parts_total = starts.len();
        again.sum_up();
        // Sums of seconds may differ in their last digit.
        again.seconds = self.seconds;
        match again == *self {
            true => Ok(()),
            false => Err(String::from("it does not follow from its parts")),
        }
    }
}
