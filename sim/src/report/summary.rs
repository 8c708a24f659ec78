//! A campaign as one page of HTML: seeded bugs, coverage, what was never reached, rates.

use askama::Template;

use super::coverage::{Coverage, Damage, Deed, Phase};
use super::table::thousands;
use crate::disk::Profile;
use crate::explore::Counts;

/// What a campaign came to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// What was run, in words.
    pub scope: String,
    /// The profiles of the random runs.
    pub profiles: Vec<Profile>,
    /// What the random runs saw.
    pub counts: Counts,
    /// How long they took.
    pub seconds: f64,
    /// Promises that broke without a seeded bug, a line each.
    pub violations: Vec<String>,
    /// The seeded bugs.
    pub bugs: Vec<Bug>,
    /// What the random runs reached.
    pub coverage: Coverage,
}

/// A seeded bug in a campaign.
#[derive(Clone, Debug)]
pub struct Bug {
    /// Its number.
    pub id: u32,
    /// What it does.
    pub name: &'static str,
    /// How it was caught, if it was.
    pub caught: Option<Catch>,
}

/// How a seeded bug was caught.
#[derive(Clone, Debug)]
pub struct Catch {
    /// By which obligation.
    pub obligation: String,
    /// Why it could break.
    pub why: String,
    /// Steps of its smallest trace.
    pub steps: usize,
    /// Seconds, as text.
    pub seconds: String,
    /// How the search went.
    pub search: &'static str,
    /// The smallest trace.
    pub trace: String,
    /// Its token.
    pub token: String,
}

#[derive(Template)]
#[template(path = "campaign.html")]
struct Page<'a> {
    version: &'static str,
    scope: &'a str,
    cards: Vec<(&'static str, String, String)>,
    violations: &'a [String],
    caught: usize,
    bugs: &'a [Bug],
    matrices: Vec<Matrix>,
    cells: usize,
    never: Vec<String>,
}

/// Counts of two dimensions.
struct Matrix {
    title: &'static str,
    columns: Vec<String>,
    /// Each with its name; each cell with its count, empty for none, and how dark it is.
    rows: Vec<(String, Vec<(String, String)>)>,
}

impl Summary {
    /// The page.
    ///
    /// # Errors
    /// If the template fails.
    pub fn page(&self) -> Result<String, askama::Error> {
        let never = self.coverage.never(&self.profiles);
        Page {
            version: env!("CARGO_PKG_VERSION"),
            scope: &self.scope,
            cards: self.cards(),
            violations: &self.violations,
            caught: self.caught(),
            bugs: &self.bugs,
            matrices: self.matrices(),
            cells: self.coverage.cells().count() + never.len(),
            never: never
                .iter()
                .map(|(phase, deed, fault, damage)| {
                    format!("{phase} | {deed} | {fault} | {damage}")
                })
                .collect(),
        }
        .render()
    }

    /// How many seeded bugs were caught.
    #[must_use]
    pub fn caught(&self) -> usize {
        self.bugs.iter().filter(|bug| bug.caught.is_some()).count()
    }

    /// How many of this there were in a second.
    #[must_use]
    pub fn rate(&self, count: u64) -> u64 {
        (count as f64 / self.seconds.max(0.001)) as u64
    }

    fn cards(&self) -> Vec<(&'static str, String, String)> {
        let Counts {
            workloads,
            steps,
            images,
            recoveries,
            ..
        } = self.counts;
        let rated = |name, count| {
            let rate = format!("{} a second", thousands(self.rate(count)));
            (name, thousands(count), rate)
        };
        let reached = self.coverage.cells().count();
        let never = self.coverage.never(&self.profiles).len();
        let caught = format!("{} of {}", self.caught(), self.bugs.len());
        vec![
            rated("runs", workloads),
            rated("steps", steps),
            rated("crashes", images),
            rated("recoveries", recoveries),
            (
                "seconds",
                format!("{:.1}", self.seconds),
                String::from("of random runs"),
            ),
            ("seeded bugs caught", caught, String::new()),
            (
                "cells reached",
                thousands(reached as u64),
                format!("of {}", reached + never),
            ),
        ]
    }

    fn matrices(&self) -> Vec<Matrix> {
        let deeds = Deed::all();
        let faults = Coverage::faults(&self.profiles);
        let words = |all: &[Damage]| all.iter().map(ToString::to_string).collect();
        vec![
            self.matrix(
                "Action x state",
                deeds.iter().map(ToString::to_string).collect(),
                &|phase, at| self.coverage.count(|it| it.0 == phase && it.1 == deeds[at]),
            ),
            self.matrix(
                "Fault x state",
                faults.iter().map(ToString::to_string).collect(),
                &|phase, at| {
                    self.coverage
                        .count(|it| it.0 == phase && it.2 == faults[at])
                },
            ),
            self.matrix("Damage x state", words(&Damage::ALL), &|phase, at| {
                let damage = Damage::ALL[at];
                self.coverage.count(|it| it.0 == phase && it.3 == damage)
            }),
        ]
    }

    fn matrix(
        &self,
        title: &'static str,
        names: Vec<String>,
        count: &dyn Fn(Phase, usize) -> u64,
    ) -> Matrix {
        let cell = |count| match count {
            0 => (String::new(), String::new()),
            count => (thousands(count), format!("{:.2}", darkness(count))),
        };
        let row = |(at, name)| {
            let cells = Phase::ALL.map(|phase| cell(count(phase, at)));
            (name, cells.to_vec())
        };
        Matrix {
            title,
            columns: Phase::ALL.map(|phase| phase.to_string()).to_vec(),
            rows: names.into_iter().enumerate().map(row).collect(),
        }
    }
}

/// How dark a cell is, by the digits of its count.
fn darkness(count: u64) -> f64 {
    (0.12 + 0.1 * (count as f64).log10()).min(0.8)
}
