//! What happened, for a reader.

use std::fmt;
use std::sync::Arc;

use indelible::engine::Outcome;

use crate::call::Call;
use crate::disk::{CallRecord, Disk, Fate};
use crate::oracle::CrashKind;

use super::World;

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Line {
    /// What.
    pub what: What,
}

/// The disk just before a crash, and what the crash left of it.
#[derive(Clone)]
pub struct Wreck(Arc<(Disk, Disk)>);

impl Wreck {
    pub(super) fn new(before: Disk, image: Disk) -> Self {
        Self(Arc::new((before, image)))
    }

    /// The disk just before, with what was out performed.
    #[must_use]
    pub fn before(&self) -> &Disk {
        &self.0.0
    }

    /// What is left.
    #[must_use]
    pub fn image(&self) -> &Disk {
        &self.0.1
    }
}

impl fmt::Debug for Wreck {
    /// The fates say it; disks would drown the trace.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// A client called.
    Call(Call),
    /// A call to the file system.
    Io {
        #[doc = "What it did."]
        record: CallRecord,
        #[doc = "The name it was about."]
        name: String,
        #[doc = "The name that it replaced."]
        to: String,
    },
    /// So much is acknowledged now.
    Acknowledged {
        #[doc = "Up to this commit as durable."]
        durable: u64,
        #[doc = "Up to this commit as written."]
        written: u64,
    },
    /// A ticket ended otherwise.
    Ended(Outcome),
    /// Time passed.
    Waited {
        #[doc = "So much."]
        millis: u64,
    },
    /// The process or the machine went down.
    Crashed {
        #[doc = "Which."]
        kind: CrashKind,
        #[doc = "What became of changes that were not durable, by sequence number."]
        fates: Vec<(u64, Fate)>,
        #[doc = "The disk before and after."]
        wreck: Wreck,
    },
    /// The store was opened.
    Opened {
        #[doc = "What it found."]
        found: String,
    },
    /// Opening failed.
    Refused {
        #[doc = "What it said."]
        error: String,
    },
}

impl World {
    /// Moves the disk's record of calls to the lines.
    pub(crate) fn note_calls(&mut self) {
        let Some(lines) = &mut self.lines else { return };
        self.vfs.with(|disk| {
            for record in disk.trace() {
                let name = |name: Option<crate::disk::NameId>| {
                    name.map_or_else(String::new, |name| disk.name(name).to_owned())
                };
                let (name, to) = (name(record.name), name(record.to));
                lines.push(Line {
                    what: What::Io {
                        record: *record,
                        name,
                        to,
                    },
                });
            }
            disk.set_tracing(true);
        });
    }
}
