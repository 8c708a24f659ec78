//! Which seeded bugs fail as this case does: for the same obligation and for want of the same edge.
//!
//! The smallest trace of each seeded bug is kept in `traces.txt`, which `indelible-sim sabotage
//! --traces` writes; it is replayed here by the code as it is now, so that what is said is never
//! older than the code.

use std::sync::{Arc, OnceLock};

use super::case::Case;
use super::explained::{core, signature};
use super::why::Why;
use crate::campaign::{Failure, replay};
use crate::sabotage;
use crate::setup::Setup;
use crate::world::{Step, World, from_text, to_text};

const TRACES: &str = include_str!("traces.txt");

/// The smallest trace of a seeded bug.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Under what.
    pub setup: Arc<Setup>,
    /// The run.
    pub steps: Vec<Step>,
}

/// Seeded bugs that fail as a case does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alike {
    /// Their numbers.
    pub saboteurs: Vec<u32>,
    /// How many seeded bugs were compared.
    pub compared: usize,
}

/// The traces that are kept.
///
/// # Panics
/// If the file is not what [`line()`] writes.
#[must_use]
pub fn traces() -> Vec<Trace> {
    let lines = TRACES
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    let read = |line: &str| {
        let (setup, steps) = line.split_once(" | ")?;
        let setup = Arc::new(Setup::from_text(setup)?);
        Some(Trace {
            setup,
            steps: from_text(steps)?,
        })
    };
    lines
        .map(|line| read(line).unwrap_or_else(|| panic!("no trace: {line}")))
        .collect()
}

/// How the trace of a case stands in the file.
#[must_use]
pub fn line(case: &Case) -> String {
    format!("{} | {}", case.setup, to_text(&case.steps))
}

impl Trace {
    /// The case that it makes now, if it still breaks a promise.
    #[must_use]
    pub fn case(&self) -> Option<Case> {
        let ended = replay(World::new(&self.setup).remembering(), &self.steps).ended;
        let failure = Failure {
            violation: ended.err()?,
            setup: (*self.setup).clone(),
            steps: self.steps.clone(),
        };
        Some(Case::whole(&failure))
    }
}

/// The signature of each seeded bug whose trace still breaks a promise.
fn signatures() -> &'static [(u32, String)] {
    static KNOWN: OnceLock<Vec<(u32, String)>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let signed = |trace: &Trace| {
            let case = trace.case()?;
            let (_, _, why, _) = core(&case);
            let known = sabotage::find(trace.setup.saboteur)?;
            Some((known.id, signature(case.violation.obligation, &why)))
        };
        traces().iter().filter_map(signed).collect()
    })
}

/// The seeded bugs that fail as this case does, the one that it has itself left out.
pub(super) fn alike(case: &Case, why: &Why) -> Alike {
    let own = signature(case.violation.obligation, why);
    let others = signatures()
        .iter()
        .filter(|(id, _)| *id != case.setup.saboteur);
    let same = others.clone().filter(|(_, signature)| *signature == own);
    Alike {
        saboteurs: same.map(|(id, _)| *id).collect(),
        compared: others.count(),
    }
}
