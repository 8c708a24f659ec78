//! What happened, for a reader.

use indelible::engine::Outcome;

use crate::call::Call;
use crate::disk::{CallRecord, Fate};
use crate::oracle::CrashKind;

use super::World;

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Line {
    /// What.
    pub what: What,
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
    pub(super) fn note_calls(&mut self) {
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
