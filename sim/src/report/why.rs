//! Why a promise could break: the ordering that was needed and that nothing enforced, in words.

use std::fmt;

use super::event::{Event, changes_names};
use super::flip::Flips;
use super::story::Story;
use crate::disk::{CallKind, Fate, InodeId};
use crate::oracle::Obligation;
use crate::world::What;

/// What was missing between a change and what relied on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// No sync of the directory.
    DirectorySync,
    /// No sync of the file with this name.
    FileSync(String),
    /// This sync was there, and failed.
    Failed(String),
    /// The first of these syncs failed, and the second, which succeeded, covers nothing.
    Believed(String, String),
    /// This sync was there and succeeded, and was given out before the change.
    Uncovered(String),
}

/// Why, in one piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// `first` had to be durable before `second`, and nothing saw to it.
    Edge {
        /// The event whose change had to be durable.
        first: u32,
        /// As a reader calls it.
        first_label: String,
        /// The event that relied on it.
        second: u32,
        /// As a reader calls it.
        second_label: String,
        /// What was missing.
        missing: Missing,
        /// Whether `second` was called before `first`.
        reversed: bool,
    },
    /// Nothing relied on the change: a crash may do to it what it did, and what is left was taken
    /// for more than it is.
    Misread {
        /// The event whose change was lost or torn.
        change: u32,
        /// As a reader calls it.
        label: String,
        /// What became of it.
        fate: Fate,
        /// A later change that was kept all the same, as a reader calls it.
        kept: Option<String>,
    },
    /// An effect that was out when the process died had to be done before something relied on it.
    Undone {
        /// The event of the crash.
        crash: u32,
        /// What was out.
        out: String,
        /// What relied on it, as a reader calls it; none if nothing did, and what there is of it was
        /// taken for valid.
        second_label: Option<String>,
    },
    /// No image of a crash matters: it breaks at this event.
    AtOnce {
        /// As a reader calls it.
        label: String,
        /// Whether no image of the last power loss passes.
        crashed: bool,
    },
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DirectorySync => f.write_str("no directory sync"),
            Self::FileSync(name) => write!(f, "no sync of {name}"),
            Self::Failed(sync) => write!(f, "{sync} failed"),
            Self::Believed(failed, believed) => {
                write!(
                    f,
                    "{failed} failed, and {believed} says nothing of what it left"
                )
            }
            Self::Uncovered(sync) => write!(f, "{sync} covers nothing of it"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edge {
                first_label,
                second_label,
                missing,
                reversed,
                ..
            } => {
                write!(
                    f,
                    "{first_label} must be durable before {second_label}: {missing}"
                )?;
                if *reversed {
                    f.write_str(", and it is called behind it")?;
                }
                Ok(())
            }
            Self::Misread {
                label, fate, kept, ..
            } => {
                let what = match fate {
                    Fate::Torn => "torn",
                    _ => "lost",
                };
                write!(f, "{label} may be {what}")?;
                if let Some(kept) = kept {
                    write!(f, " while {kept} is kept")?;
                }
                f.write_str(", for nothing promised it yet: what is left was taken for valid")
            }
            Self::Undone {
                crash,
                out,
                second_label,
            } => {
                write!(f, "{out}, out when the process died at {crash}, ")?;
                match second_label {
                    Some(second) => write!(f, "must be done before {second}"),
                    None => f.write_str("was done in part, and what is left was taken for valid"),
                }
            }
            Self::AtOnce {
                label,
                crashed: true,
            } => {
                write!(
                    f,
                    "no image of the crash passes: it breaks at {label} whatever survives"
                )
            }
            Self::AtOnce {
                label,
                crashed: false,
            } => {
                write!(f, "no crash image matters: it breaks at {label}")
            }
        }
    }
}

impl Why {
    /// What tells one missing edge from another, without the numbers: which call had to be durable
    /// before which, and for want of what.
    #[must_use]
    pub fn shape(&self) -> String {
        let word = |label: &str| label.split('@').next().unwrap_or_default().to_owned();
        match self {
            Self::Edge {
                first_label,
                second_label,
                missing,
                ..
            } => {
                let missing = match missing {
                    Missing::DirectorySync => "no directory sync",
                    Missing::FileSync(_) => "no file sync",
                    Missing::Failed(_) => "a sync that failed",
                    Missing::Believed(..) => "a failed sync believed",
                    Missing::Uncovered(_) => "a sync given out before",
                };
                format!("{} -> {}: {missing}", word(first_label), word(second_label))
            }
            Self::Misread { label, fate, .. } => format!("{} {fate:?} misread", word(label)),
            Self::Undone {
                out, second_label, ..
            } => match second_label {
                Some(second) => format!("{out} undone -> {}", word(second)),
                None => format!("{out} misread"),
            },
            Self::AtOnce { label, .. } => format!("at {}", word(label)),
        }
    }

    /// Events to point at in the trace, and what to say there.
    #[must_use]
    pub fn marks(&self) -> Vec<(u32, String)> {
        match self {
            Self::Edge { first, second, .. } => vec![(*first, format!("needed before {second}"))],
            Self::Misread { change, .. } => vec![(*change, String::from("may be gone"))],
            Self::Undone { crash, out, .. } => vec![(*crash, format!("{out} was out"))],
            Self::AtOnce { .. } => Vec::new(),
        }
    }

    /// Why this run could break its promise.
    #[must_use]
    pub fn of(story: &Story, flips: &Flips, broken: Obligation, crashed: bool) -> Self {
        let first = flips.persist.first().and_then(|set| set.first());
        if let Some(first) = first.and_then(|number| story.numbered(*number)) {
            let kept = dropped(story, flips, first.number);
            if broken == Obligation::Invention {
                // Nothing need be durable for nothing to be invented.
                return Self::misread(first, kept);
            }
            return match kept.or_else(|| relied(story, first)) {
                Some(second) => edge(story, first, second),
                None => Self::misread(first, None),
            };
        }
        if let Some(why) = undone(story, flips).or_else(|| believed(story)) {
            return why;
        }
        if let Some(second) = dropped(story, flips, 0) {
            let lost = |event: &&Event| {
                event.number != second.number && event.fate.is_some_and(|it| it != Fate::Durable)
            };
            if let Some(first) = story.events.iter().rev().find(lost) {
                return edge(story, first, second);
            }
            return Self::misread(second, None);
        }
        let label = story
            .events
            .last()
            .map_or_else(|| String::from("the start"), Event::label);
        Self::AtOnce { label, crashed }
    }

    fn misread(event: &Event, kept: Option<&Event>) -> Self {
        Self::Misread {
            kept: kept.map(Event::label),
            change: event.number,
            label: event.label(),
            fate: event.fate.unwrap_or(Fate::Lost),
        }
    }
}

/// Of the changes without which the run passes, the one that relied on this event: the first behind
/// it that does more than make a name, or else the last.
fn dropped<'a>(story: &'a Story, flips: &Flips, first: u32) -> Option<&'a Event> {
    let all = flips
        .drop
        .iter()
        .flatten()
        .filter(|number| **number != first);
    let mut events: Vec<&Event> = all.filter_map(|number| story.numbered(*number)).collect();
    events.sort_by_key(|event| event.number);
    let makes = |event: &Event| event.record().is_some_and(|it| it.call == CallKind::Create);
    let behind = events
        .iter()
        .find(|event| event.number > first && !makes(event));
    behind.or(events.last()).copied()
}

/// The first promise, or first reader, behind a change and before the next power loss.
fn relied<'a>(story: &'a Story, first: &Event) -> Option<&'a Event> {
    let behind = story
        .events
        .iter()
        .filter(|event| event.number > first.number);
    let alive = behind.take_while(|event| !event.is_power_loss());
    let acknowledged = story.acknowledged_before(first);
    alive.into_iter().find(|event| match event.what {
        What::Acknowledged { durable, .. } => durable > acknowledged,
        What::Opened { .. } => true,
        _ => false,
    })
}

fn edge(story: &Story, first: &Event, second: &Event) -> Why {
    Why::Edge {
        first: first.number,
        first_label: first.label(),
        second: second.number,
        second_label: second.label(),
        missing: missing(story, first, second),
        reversed: second.number < first.number,
    }
}

/// Which sync was not there between a change and what relied on it, or why it did not help.
fn missing(story: &Story, first: &Event, second: &Event) -> Missing {
    let inode = first.record().and_then(|record| record.inode);
    let names = first
        .record()
        .is_some_and(|record| changes_names(record.call));
    let wanted = |event: &&Event| {
        !event.dead
            && event.record().is_some_and(|record| match names {
                true => record.call == CallKind::SyncDir,
                false => record.call == CallKind::SyncData && record.inode == inode,
            })
    };
    let between = |event: &&Event| (first.number..second.number).contains(&event.number);
    let syncs: Vec<&Event> = story.events.iter().filter(between).filter(wanted).collect();
    let failed = |event: &&&Event| event.record().is_some_and(|record| record.result.is_err());
    let well = syncs.iter().find(|event| !failed(event));
    match (syncs.iter().find(failed), well) {
        (Some(failed), Some(well)) => Missing::Believed(failed.label(), well.label()),
        (Some(failed), None) => Missing::Failed(failed.label()),
        (None, Some(well)) => Missing::Uncovered(well.label()),
        (None, None) if names => Missing::DirectorySync,
        (None, None) => Missing::FileSync(first.subject()),
    }
}

/// An effect that was out when the process died, and the last promise before.
fn undone(story: &Story, flips: &Flips) -> Option<Why> {
    let out = flips.perform.first()?;
    let dies = |event: &Event| matches!(event.what, What::Crashed { .. });
    let crash = story.events.iter().rfind(|event| dies(event))?;
    let promised = |event: &Event| matches!(event.what, What::Acknowledged { .. });
    let before = |event: &&Event| event.number < crash.number && promised(event);
    let second = story.events.iter().rfind(before);
    Some(Why::Undone {
        crash: crash.number,
        out: out.clone(),
        second_label: second.map(Event::label),
    })
}

/// A write whose sync failed, and a promise that rests on a later sync of the same file.
fn believed(story: &Story) -> Option<Why> {
    let failed = story.events.iter().rfind(|event| {
        let record = event.record();
        !event.dead && record.is_some_and(|it| it.call == CallKind::SyncData && it.result.is_err())
    })?;
    let inode: InodeId = failed.record()?.inode?;
    let wrote = |event: &&Event| {
        event.number < failed.number
            && event.record().is_some_and(|record| {
                record.inode == Some(inode)
                    && matches!(record.call, CallKind::Write | CallKind::Copy)
            })
    };
    let first = story.events.iter().rfind(wrote)?;
    let second = relied(story, first)?;
    (second.number > failed.number).then(|| edge(story, first, second))
}
