//! What an exploration came to.

use std::fmt;

use super::finding::Finding;
use super::recovery::Verdict;

/// What an exploration came to, and how far it went; `{:#}` shows the first findings as well.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The disk's profile.
    pub profile: String,
    /// Places at which the run was crashed, those inside recoveries included.
    pub crash_points: u64,
    /// Crashed disks that were looked at, before those that are alike were taken together.
    pub images: u64,
    /// Recoveries that were run to their end.
    pub recoveries: u64,
    /// Crash points of which only some images were looked at.
    pub sampled_points: u64,
    /// Crashes that were passed over, since [`Plan::recoveries_max`](super::Plan) was reached.
    pub passed_over: u64,
    /// Runs with a fault ([`explore_faults`](super::explore_faults)).
    pub faults: u64,
    /// Distinct images and promises that were judged.
    pub judged: u64,
    /// Of those, how many lost what was promised.
    pub lost: u64,
    /// Of those, how many were damaged.
    pub corrupt: u64,
    /// The first that lost something, with as little missing as there.
    pub first_lost: Option<Finding>,
    /// The first that was damaged, with as little missing as there.
    pub first_corrupt: Option<Finding>,
    /// The first of both.
    pub first: Option<Finding>,
}

impl Outcome {
    /// Whether nothing was found.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.lost == 0 && self.corrupt == 0
    }

    /// Whether all crashes within the plan's bounds were looked at.
    #[must_use]
    pub const fn is_exhaustive(&self) -> bool {
        self.sampled_points == 0 && self.passed_over == 0
    }

    /// In a word or two, for a table: `safe`, `LOSES`, `CORRUPTS`, or both.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match (self.lost, self.corrupt) {
            (0, 0) => "safe",
            (_, 0) => "LOSES",
            (0, _) => "CORRUPTS",
            _ => "LOSES, CORRUPTS",
        }
    }

    pub(super) fn count(&mut self, verdict: &Verdict) {
        self.judged += 1;
        self.lost += u64::from(*verdict != Verdict::Intact && !verdict.is_corrupt());
        self.corrupt += u64::from(verdict.is_corrupt());
    }

    pub(super) fn keep(&mut self, finding: Finding) {
        let class = if finding.verdict.is_corrupt() {
            &mut self.first_corrupt
        } else {
            &mut self.first_lost
        };
        for place in [class, &mut self.first] {
            match place {
                Some(known) if !finding.is_better_than(known) => {}
                _ => *place = Some(finding.clone()),
            }
        }
    }

    /// Whether a finding of this kind at this place could still be kept.
    pub(super) fn wants(&self, verdict: &Verdict, at: (usize, usize)) -> bool {
        let known = if verdict.is_corrupt() {
            &self.first_corrupt
        } else {
            &self.first_lost
        };
        let better = |known: &Finding| known.at() == at || known.verdict.is_late();
        known.as_ref().is_none_or(better)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} ({} lost, {} corrupt of {} judged; {} crash points, {} images, {} recoveries",
            self.profile,
            self.word(),
            self.lost,
            self.corrupt,
            self.judged,
            self.crash_points,
            self.images,
            self.recoveries
        )?;
        if self.faults > 0 {
            write!(f, ", {} faults", self.faults)?;
        }
        if self.sampled_points > 0 {
            write!(f, "; images SAMPLED at {} points", self.sampled_points)?;
        }
        if self.passed_over > 0 {
            write!(f, "; {} crashes PASSED OVER", self.passed_over)?;
        }
        f.write_str(")")?;
        if f.alternate() {
            let findings = [&self.first_lost, &self.first_corrupt];
            for finding in findings.into_iter().flatten() {
                write!(f, "\n{finding}")?;
            }
        }
        Ok(())
    }
}
