//! One thing that happened, and how it reads.

use crate::disk::{CallKind, CallRecord, Disk, Fate, InodeId};
use crate::oracle::CrashKind;
use crate::world::What;

/// One thing that happened in a run.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its number, from 1.
    pub number: u32,
    /// The place of its step among those of the run; one past the last for what came to rest.
    pub step: usize,
    /// What happened.
    pub what: What,
    /// What the next power loss made of it.
    pub fate: Option<Fate>,
    /// Whether it wrote to a file that the next power loss left without a name.
    pub unnamed: bool,
    /// Whether the process had died before this call of an opening that was cut.
    pub dead: bool,
    /// How often it happened in a row.
    pub times: u32,
    /// The disk just behind it.
    pub disk: Disk,
    /// The line without fates: what tells it from the next one.
    pub(super) plain: String,
}

impl Event {
    /// The call to the file system, if it is one.
    #[must_use]
    pub fn record(&self) -> Option<&CallRecord> {
        match &self.what {
            What::Io { record, .. } => Some(record),
            _ => None,
        }
    }

    /// The sequence number of what it changed.
    #[must_use]
    pub fn sequence(&self) -> Option<u64> {
        let record = self.record()?;
        (record.sequence > 0).then_some(record.sequence)
    }

    /// Whether it is a call that went well and of which nothing was lost.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let well = self.record().is_some_and(|record| record.result.is_ok());
        let short = self.ended().starts_with("SHORT");
        well && !short
            && !self.unnamed
            && self.times == 1
            && self.fate.is_none_or(|it| it == Fate::Durable)
    }

    /// Whether the power was lost.
    #[must_use]
    pub fn is_power_loss(&self) -> bool {
        matches!(&self.what, What::Crashed { kind, .. } if *kind == CrashKind::Power)
    }

    /// What a reader calls it: `rename@4`.
    #[must_use]
    pub fn label(&self) -> String {
        let word = match &self.what {
            What::Io { record, .. } => verb(record.call),
            What::Acknowledged { .. } => "ACK",
            What::Opened { .. } => "OPENED",
            What::Call(_) => "CALL",
            What::Ended(_) => "END",
            What::Waited { .. } => "wait",
            What::Crashed { .. } => "crash",
            What::Refused { .. } => "NOT OPENED",
        };
        format!("{word}@{}", self.number)
    }

    /// The file that it is about, in words.
    #[must_use]
    pub fn subject(&self) -> String {
        match &self.what {
            What::Io { record, name, .. } => file(name, record.inode),
            _ => String::new(),
        }
    }

    /// How its change ended: `durable`, `LOST`, `TORN`, or how the call itself did.
    #[must_use]
    pub fn ended(&self) -> String {
        let Some(record) = self.record() else {
            return String::new();
        };
        let partly = matches!(record.call, CallKind::Write | CallKind::Copy);
        match (&record.result, self.fate) {
            (Err(_), None) if self.dead => String::from("CUT the process dies"),
            (Err(error), _) => format!("FAILED {error}"),
            (Ok(len), _) if *len < record.len && partly => format!("SHORT {len} B"),
            (Ok(_), Some(Fate::Lost)) => String::from("LOST"),
            (Ok(_), Some(Fate::Torn)) => String::from("TORN"),
            (Ok(_), _) if record.sequence > 0 && self.unnamed => {
                String::from("durable, its file has no name")
            }
            (Ok(_), _) if record.sequence > 0 => String::from("durable"),
            (Ok(_), _) => String::from("ok"),
        }
    }

    /// The line without how it ended, its columns run together.
    #[must_use]
    pub fn words(&self) -> String {
        let words: Vec<&str> = self.plain.split_whitespace().collect();
        words.join(" ")
    }

    /// The line.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.what {
            What::Io { .. } => format!("{}{}", self.plain, self.ended()),
            _ => self.plain.clone(),
        }
    }
}

/// The word for a call.
#[must_use]
pub const fn verb(call: CallKind) -> &'static str {
    match call {
        CallKind::Create => "create",
        CallKind::Open => "open",
        CallKind::Len => "len",
        CallKind::Read => "read",
        CallKind::Write => "write",
        CallKind::Copy => "copy",
        CallKind::SyncData => "sync",
        CallKind::Truncate => "truncate",
        CallKind::Rename => "rename",
        CallKind::SyncDir => "syncdir",
        CallKind::Unlink => "unlink",
        CallKind::Close => "close",
        CallKind::List => "list",
        CallKind::Lock => "lock",
    }
}

/// Whether such a call changes names.
pub(super) const fn changes_names(call: CallKind) -> bool {
    matches!(call, CallKind::Create | CallKind::Rename | CallKind::Unlink)
}

/// What a crash made of this change, if it was pending.
pub(super) fn fate_in(fates: &[(u64, Fate)], what: &What) -> Option<Fate> {
    let What::Io { record, .. } = what else {
        return None;
    };
    let known = fates.iter().find(|(at, _)| *at == record.sequence);
    known.filter(|_| record.sequence > 0).map(|(_, fate)| *fate)
}

/// One line without what became of it; none for what only reads.
pub(super) fn describe(what: &What) -> Option<String> {
    Some(match what {
        What::Io { record, name, to } => return io(record, name, to),
        What::Call(call) => format!("CALL {call:?}"),
        What::Acknowledged { durable, written } if durable == written => format!("ACK {durable}"),
        What::Acknowledged { durable, written } => {
            format!("ACK {durable} durable, {written} written")
        }
        What::Ended(outcome) => format!("END {outcome:?}"),
        What::Waited { millis } => format!("wait {millis} ms"),
        What::Crashed { kind, .. } => match kind {
            CrashKind::Power => String::from("POWER LOSS"),
            CrashKind::Process => String::from("PROCESS CRASH"),
        },
        What::Opened { found } => format!("OPENED {found}"),
        What::Refused { error } => format!("NOT OPENED {error}"),
    })
}

fn io(record: &CallRecord, name: &str, to: &str) -> Option<String> {
    use CallKind::{Len, List, Lock, Open, Read};
    if matches!(record.call, Len | List | Lock | Open | Read) && record.result.is_ok() {
        return None;
    }
    let subject = match (record.call, to) {
        (CallKind::SyncDir, _) => String::new(),
        (_, "") => file(name, record.inode),
        (_, to) => format!("{name} -> {to}"),
    };
    let amount = match record.call {
        CallKind::Write | CallKind::Copy => format!("{} B @{}", record.len, record.offset),
        CallKind::Truncate => format!("to {} B", record.len),
        _ => String::new(),
    };
    let verb = verb(record.call);
    Some(format!("{verb:<8} {subject:<44} {amount:<14} "))
}

fn file(name: &str, inode: Option<InodeId>) -> String {
    match (name, inode) {
        ("", Some(inode)) => format!("(no name) ino{}", inode.0),
        (name, _) => name.to_owned(),
    }
}
