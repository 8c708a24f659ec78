//! Every barrier of engine and recovery, left out in turn.
//!
//! A barrier is a sync, a sync of the directory, or a wait for the end of an effect or for a
//! condition. Most are left out by the driver, which needs no code of the engine: a sync that is
//! answered and not performed, or an effect that is answered when it is given out and performed
//! later. Conditions of the machine are left out behind its hidden feature.

use indelible::effect::{Action, Completion, Effect, Lane};

use super::driver::{Part, Scene};

/// What kind of barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The sync of a file.
    Sync,
    /// The sync of the directory.
    SyncDir,
    /// Waiting for the end of an effect.
    WaitForEffect,
    /// Waiting until something holds.
    WaitForCondition,
    /// An order of steps in straight-line code.
    Order,
}

impl Kind {
    /// How it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::SyncDir => "directory sync",
            Self::WaitForEffect => "wait for an effect",
            Self::WaitForCondition => "wait for a condition",
            Self::Order => "order",
        }
    }
}

/// What leaving a barrier out must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It is caught.
    Caught,
    /// No run of the simulator meets it; what it is for.
    Unreached(&'static str),
    /// It cannot be left out, and why.
    Inherent(&'static str),
}

/// One barrier.
#[derive(Clone, Copy, Debug)]
pub struct Barrier {
    /// The file and function that it is in.
    pub place: &'static str,
    /// What it is.
    pub what: &'static str,
    /// What kind.
    pub kind: Kind,
    /// The seeded bug that leaves it out; 0 if there is none.
    pub bug: u32,
    /// What that must come to.
    pub expected: Expected,
}

/// Whether the driver leaves this sync out.
pub(crate) fn drops(scene: &Scene<'_>, effect: &Effect) -> bool {
    let Action::SyncData { file } = &effect.action else {
        return false;
    };
    let part = match scene.bug {
        711 => Part::Live,
        712 => Part::New,
        713 => Part::Renamed,
        _ => return false,
    };
    effect.lane == Lane::Foreground && scene.part(*file) == part
}

/// What the driver answers at once to an effect that it performs later, if it does.
pub(crate) fn answers_early(scene: &Scene<'_>, effect: &Effect) -> Option<Completion> {
    if !(731..=742).contains(&scene.bug) {
        return None;
    }
    let foreground = effect.lane == Lane::Foreground;
    let number = match &effect.action {
        Action::Write { file, .. } if foreground => match scene.part(*file) {
            Part::Live => 731,
            Part::New | Part::Renamed => 732,
        },
        Action::Write { .. } => 733,
        Action::Copy { .. } => 734,
        Action::SyncData { file } if foreground => match scene.part(*file) {
            Part::Live => 735,
            Part::New | Part::Renamed => 736,
        },
        Action::SyncData { .. } => 737,
        Action::Rename { .. } => 738,
        Action::SyncDir => 739,
        Action::Truncate { .. } => 740,
        Action::Close { .. } => 741,
        Action::Unlink { .. } => 742,
        Action::Create { .. } | Action::Open { .. } | Action::Read { .. } => return None,
    };
    (number == scene.bug).then(|| match &effect.action {
        Action::Write { bytes, .. } => Completion::Wrote {
            len: bytes.len() as u64,
        },
        Action::Copy { len, .. } => Completion::Copied { len: *len },
        _ => Completion::Done,
    })
}
