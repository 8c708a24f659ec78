//! A crash after which something was wrong, line by line.

use std::fmt;

use crate::disk::{CallKind, CallRecord, Disk, Fate};

use super::recovery::Verdict;
use super::why::why;

/// Which kind of crash ended a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Crash {
    /// The process died: what was written is there.
    Process,
    /// The power failed: what was not synced may be there or not.
    Power,
}

/// One line of a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The number of the call; none for an operation that begins or returns.
    pub number: Option<usize>,
    /// What happened.
    pub text: String,
    /// What the crash made of it, if it was not certain.
    pub fate: Option<Fate>,
}

/// From a start or a crash to the next crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// What happened.
    pub lines: Vec<Line>,
    /// The write inside which the process died, if it was inside one.
    pub inside: Option<String>,
    /// How it ended.
    pub crash: Crash,
    /// What was missing between what, in words.
    pub why: Vec<String>,
}

/// A crash after which something was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was wrong.
    pub verdict: Verdict,
    /// On which disk.
    pub profile: String,
    /// The fault that was put in, if any.
    pub fault: Option<String>,
    /// The run up to the first crash, and each recovery that was cut short.
    pub legs: Vec<Leg>,
    /// The files that the last crash left, by name: put them into a directory and look.
    pub files: Vec<(String, Vec<u8>)>,
    at: (usize, usize),
    missing: usize,
}

/// What happened between two calls.
#[derive(Clone, Debug)]
pub(super) struct Note {
    /// How many calls came before.
    pub calls: usize,
    pub text: String,
    /// The operation that was promised to be durable here.
    pub promised: Option<usize>,
}

/// A run that is about to be crashed: what a leg is told from.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    /// What led here: an earlier scene, how it was crashed, and what that left.
    pub before: Option<(&'a Self, Crash, &'a Disk)>,
    pub disk: &'a Disk,
    pub trace: &'a [CallRecord],
    /// The call that the crash cuts in the middle.
    pub inside: Option<&'a CallRecord>,
    pub notes: &'a [Note],
    pub fault: Option<&'a str>,
}

impl Scene<'_> {
    /// How many legs, and how long the last one is.
    pub fn at(&self) -> (usize, usize) {
        let legs = self.before.map_or(0, |(before, ..)| before.at().0);
        (legs + 1, self.trace.len())
    }

    /// What came to each crash; `later`: what a later power loss made of changes that were pending
    /// when a process died.
    fn legs(&self, crash: Crash, image: &Disk, later: &[(u64, Fate)]) -> Vec<Leg> {
        let mut fates = later.to_vec();
        if crash == Crash::Power {
            fates = self.disk.fates(image);
        }
        let mut legs = match self.before {
            Some((scene, crash, left)) => scene.legs(crash, left, &fates),
            None => vec![],
        };
        let fate = |sequence| fates.iter().find(|f| f.0 == sequence).map(|f| f.1);
        let mut lines = vec![];
        let mut notes = self.notes.iter().peekable();
        for (at, record) in self.trace.iter().enumerate() {
            while let Some(note) = notes.next_if(|note| note.calls <= at) {
                lines.push(Line::note(&note.text));
            }
            if record.call.changes() {
                lines.push(Line {
                    number: Some(at + 1),
                    text: describe(self.disk, record),
                    fate: fate(record.sequence).filter(|_| record.sequence > 0),
                });
            }
        }
        let rest = notes.filter(|note| note.calls <= self.trace.len());
        lines.extend(rest.map(|note| Line::note(&note.text)));
        legs.push(Leg {
            lines,
            inside: self.inside.map(|record| describe(self.disk, record)),
            crash,
            why: why(self.disk, self.trace, &fates, self.notes),
        });
        legs
    }
}

impl Finding {
    pub(super) fn of(verdict: Verdict, scene: &Scene<'_>, crash: Crash, image: &Disk) -> Self {
        let legs = scene.legs(crash, image, &[]);
        let lines = legs.iter().flat_map(|leg| &leg.lines);
        let missing = |line: &&Line| matches!(line.fate, Some(Fate::Lost | Fate::Torn));
        let mut files: Vec<_> = image
            .files()
            .map(|(name, bytes)| (name.to_owned(), bytes.to_vec()))
            .collect();
        files.sort();
        Self {
            missing: lines.filter(missing).count(),
            verdict,
            profile: image.profile().name.to_owned(),
            fault: scene.fault.map(str::to_owned),
            legs,
            files,
            at: scene.at(),
        }
    }

    pub(super) const fn at(&self) -> (usize, usize) {
        self.at
    }

    /// Seen by reading alone, or at the same place with less missing.
    pub(super) fn is_better_than(&self, other: &Self) -> bool {
        match (self.verdict.is_late(), other.verdict.is_late()) {
            (false, true) => true,
            (true, false) => false,
            _ => self.at == other.at && self.missing < other.missing,
        }
    }
}

impl Line {
    fn note(text: &str) -> Self {
        Self {
            number: None,
            text: text.to_owned(),
            fate: None,
        }
    }
}

/// A call in a few words.
pub(super) fn describe(disk: &Disk, record: &CallRecord) -> String {
    let name = |name| disk.name(name).to_owned();
    let file = record.name.map_or_else(|| "(unlinked)".to_owned(), name);
    let (offset, end) = (record.offset, record.offset + record.len);
    let mut text = match record.call {
        CallKind::Create => format!("create    {file}"),
        CallKind::Write | CallKind::Copy => format!("write     {file} [{offset}..{end})"),
        CallKind::SyncData => format!("sync      {file}"),
        CallKind::Truncate => format!("truncate  {file} to {} bytes", record.len),
        CallKind::Rename => {
            let to = record.to.map(name).unwrap_or_default();
            format!("rename    {file} -> {to}")
        }
        CallKind::SyncDir => "sync      the directory".to_owned(),
        CallKind::Unlink => format!("unlink    {file}"),
        other => format!("{other:?} {file}"),
    };
    if let Err(error) = record.result {
        text.push_str(&format!("   FAILS: {error}"));
    }
    text
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let crashes = self.legs.len();
        writeln!(f, "{}", self.verdict)?;
        write!(f, "profile={}   crashes={crashes}", self.profile)?;
        if let Some(fault) = &self.fault {
            write!(f, "   fault: {fault}")?;
        }
        writeln!(f)?;
        for leg in &self.legs {
            for line in &leg.lines {
                match line.number {
                    None => writeln!(f, "     {}", line.text)?,
                    Some(number) => writeln!(f, "{number:>4} {:<48}{}", line.text, fate(line))?,
                }
            }
            if let Some(inside) = &leg.inside {
                writeln!(f, "     ... in the middle of: {inside}")?;
            }
            match leg.crash {
                Crash::Process => writeln!(f, "     THE PROCESS DIES")?,
                Crash::Power => writeln!(f, "     THE POWER FAILS")?,
            }
            for why in &leg.why {
                writeln!(f, "why  {why}")?;
            }
        }
        let files = self.files.iter();
        let files: Vec<String> = files
            .map(|(name, bytes)| format!("{name} ({} B)", bytes.len()))
            .collect();
        write!(f, "left {}", files.join(", "))
    }
}

const fn fate(line: &Line) -> &'static str {
    match line.fate {
        None => "",
        Some(Fate::Durable) => "durable",
        Some(Fate::Lost) => "LOST",
        Some(Fate::Torn) => "TORN",
    }
}
