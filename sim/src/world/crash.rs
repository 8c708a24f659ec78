//! Crashes: what was done of the effects that are out, and what survives.

use indelible::driver::{Files, perform};
use indelible::effect::{Action, FileHandle, Name};
use indelible::recover::QUARANTINE_NAME;

use super::line::{What, Wreck};
use super::{Crash, Out, Up, World};
use crate::choice::{Choices, Replay};
use crate::disk::{Disk, Limits, Reader, SimVfs, TearPoints};
use crate::oracle::{CrashKind, Violation};
use crate::setup::Tear;

/// Files whose contents no opening reads: what is left of them is not varied.
const OPAQUE: &[&str] = &[Name::Rewrite.as_str(), Name::Side.as_str(), QUARANTINE_NAME];
/// Pieces of writes, and changes of names, that vary freely.
const FREE: usize = 10;

/// How images are enumerated in which no write is torn.
pub(crate) const UNTORN: Limits = Limits {
    tears: TearPoints::None,
    free: FREE,
    opaque: OPAQUE,
    reader: None,
    any_order: false,
};

/// How images are enumerated.
pub(crate) const fn limits(tear: Tear) -> Limits {
    let tears = match tear {
        Tear::Points => TearPoints::Borders(borders),
        Tear::Bytes => TearPoints::Every,
    };
    Limits { tears, ..UNTORN }
}

/// What of the deaths of a process is not told apart.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Alike {
    /// Writes to files that are known under these names alone are not torn.
    pub unread: &'static [&'static str],
    /// Of the cuts of a write behind the end of its file, those that stand for all.
    pub reader: Option<&'static dyn Reader>,
}

/// What a process leaves that dies.
pub(crate) struct Left {
    pub disk: Disk,
    /// Whether a write was torn.
    pub torn: bool,
    /// The choices that a [`Crash::Process`] says this by.
    pub choices: Vec<u32>,
}

impl World {
    pub(super) fn crash(&mut self, crash: &Crash) -> Result<bool, Violation> {
        if self.up.is_none() || !self.can_lose(crash) {
            return Ok(false);
        }
        let mut up = self.up.take().expect("just seen");
        let tear = self.setup.tear;
        match crash {
            Crash::Process(choices) => {
                let mut choices = Replay::new(choices.clone());
                finish_what_is_out(&mut up, &self.vfs, |action| {
                    let points = tear_points(&action, tear);
                    let choice = choices.choose(points.len() as u32 + 2);
                    part(action, &points, choice)
                });
            }
            _ => finish_what_is_out(&mut up, &self.vfs, Some),
        }
        self.crashes += 1;
        self.oracle.crashed();
        self.note_calls();
        Ok(self.goes_down(crash))
    }

    /// Whether this kind of crash is one that the disk knows.
    pub(super) fn can_lose(&self, crash: &Crash) -> bool {
        !crash.is_power_loss() || self.vfs.with(|disk| disk.profile().power_loss)
    }

    /// What the operating system and the disk make of it; false if there is no such image.
    pub(super) fn goes_down(&mut self, crash: &Crash) -> bool {
        let mut before = self.vfs.disk();
        if self.bounded {
            before.forget(QUARANTINE_NAME);
        }
        let image = match crash {
            Crash::Process(_) => Some(before.process_crash()),
            Crash::Drawn(choices) => Some(before.power_loss(&mut Replay::new(choices.clone()))),
            Crash::Image(index) => before.images(limits(self.setup.tear)).nth(*index as usize),
            Crash::Clean(index) => before.images(UNTORN).nth(*index as usize),
        };
        let exists = image.is_some();
        let image = image.unwrap_or_else(|| before.process_crash());
        let kind = if crash.is_power_loss() {
            CrashKind::Power
        } else {
            CrashKind::Process
        };
        if kind == CrashKind::Power && self.expected.is_some_and(|expected| !expected.firm) {
            self.expected = None;
        }
        if self.lines.is_some() {
            let fates = if crash.is_power_loss() {
                before.fates(&image)
            } else {
                Vec::new()
            };
            let wreck = Wreck::new(before, image.clone());
            self.line(What::Crashed { kind, fates, wreck });
        }
        self.vfs = SimVfs::from_disk(image);
        self.lasting = None;
        self.down = self.down.max(Some(kind));
        exists
    }

    /// The disk once the process is dead, with what it finds done of what is out.
    pub(crate) fn left_by_process(&self, choices: &mut dyn Choices, alike: Alike) -> Left {
        let tear = self.setup.tear;
        let whole_files = self.vfs.with(|disk| self.files_under(disk, alike.unread));
        let (mut torn, mut said) = (false, Vec::new());
        let disk = self.left_with(|action| {
            let points = tear_points(&action, tear);
            let kept = match (&action, alike.reader) {
                (Action::Write { file, .. }, _) if whole_files.contains(file) => vec![],
                (Action::Write { bytes, .. }, Some(reader)) if self.appends(&action) => {
                    reader.thin(bytes, points.clone())
                }
                _ => points.clone(),
            };
            let mut choice = choices.choose(kept.len() as u32 + 2);
            if let Some(cut) = choice.checked_sub(2).map(|at| kept[at as usize]) {
                let place = points.iter().position(|point| *point == cut);
                choice = 2 + place.expect("one of them") as u32;
            }
            torn |= choice > 1;
            said.push(choice);
            part(action, &points, choice)
        });
        Left {
            disk: disk.process_crash(),
            torn,
            choices: said,
        }
    }

    /// Whether a write lies behind the end of a file that is not empty.
    fn appends(&self, action: &Action) -> bool {
        let (Action::Write { file, offset, .. }, Some(up)) = (action, &self.up) else {
            return false;
        };
        let len = self.vfs.with(|disk| disk.cached_len(up.handle(*file)));
        *offset > 0 && len <= *offset
    }

    fn files_under(&self, disk: &Disk, names: &[&str]) -> Vec<FileHandle> {
        let files = self.up.iter().flat_map(|up| &up.files);
        files
            .filter(|(_, id)| !names.is_empty() && disk.is_only_under(*id, names))
            .map(|(handle, _)| *handle)
            .collect()
    }

    /// The disk with what is out performed, as far as it counts before a power loss (W4).
    pub(crate) fn left_by_power(&self) -> Disk {
        self.left_with(Some)
    }

    fn left_with(&self, part: impl FnMut(Action) -> Option<Action>) -> Disk {
        let vfs = SimVfs::from_disk(self.vfs.disk());
        if let Some(up) = &self.up {
            let files = Files::default();
            for (handle, id) in &up.files {
                files.insert(*handle, vfs.attach(*id));
            }
            finish(&up.out, &vfs, &files, part);
            files.into_open().for_each(|(_, file)| {
                file.forget();
            });
        }
        vfs.disk()
    }
}

/// Applies what the crash found half done, as far as `part` says.
fn finish_what_is_out(up: &mut Up, vfs: &SimVfs, part: impl FnMut(Action) -> Option<Action>) {
    let outs = std::mem::take(&mut up.out);
    let files = up.attached(vfs);
    finish(&outs, vfs, &files, part);
    up.detach(files);
}

fn finish(
    outs: &[Out],
    vfs: &SimVfs,
    files: &Files<SimVfs>,
    mut part: impl FnMut(Action) -> Option<Action>,
) {
    for out in outs {
        let action = &out.effect.action;
        let changes = matches!(
            action,
            Action::Create { .. }
                | Action::Write { .. }
                | Action::Copy { .. }
                | Action::Truncate { .. }
                | Action::Rename { .. }
                | Action::Unlink { .. }
        );
        if changes && let Some(action) = part(action.clone()) {
            let _ = perform(vfs, files, &action);
        }
    }
}

/// The part of an action that was done when the process died, if any, by what was chosen: all, none,
/// or as much of a write as lies before one of these points.
fn part(action: Action, points: &[usize], choice: u32) -> Option<Action> {
    match (choice as usize, &action) {
        (0, _) => Some(action),
        (
            more @ 2..,
            Action::Write {
                file,
                offset,
                bytes,
            },
        ) => Some(Action::Write {
            file: *file,
            offset: *offset,
            bytes: bytes.slice(0..points[more - 2]),
        }),
        _ => None,
    }
}

/// Where an action may be cut: a write inside it, in rising order; nothing else anywhere.
fn tear_points(action: &Action, tear: Tear) -> Vec<usize> {
    match (action, tear) {
        (Action::Write { bytes, .. }, Tear::Bytes) => (1..bytes.len()).collect(),
        (Action::Write { bytes, .. }, Tear::Points) => borders(bytes),
        _ => vec![],
    }
}

/// The borders of a frame's fields (of its line: the words and the end; of its bytes: the
/// commands), and one byte to either side.
fn borders(bytes: &[u8]) -> Vec<usize> {
    let mut near = Vec::new();
    let mut beside = |border: usize| {
        for at in border.saturating_sub(1)..=border + 1 {
            if (1..bytes.len()).contains(&at) && near.last().is_none_or(|last| *last < at) {
                near.push(at);
            }
        }
    };
    for (start, line) in lines(bytes) {
        match line.first() {
            Some(b'#') => {
                let words = (1..line.len()).filter(|at| line[at - 1] == b' ');
                words.for_each(|at| beside(start + at));
                beside(start + line.len().saturating_sub(2));
                beside(start + line.len());
            }
            Some(b'*') => beside(start),
            _ => {}
        }
    }
    beside(bytes.len());
    near
}

/// The lines of some bytes, each with its LF, and where each begins.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some((start, line))
        })
}
