//! The oracle: what the store was asked, what it promised, and whether what came back keeps it.
//!
//! It knows commits, acknowledgements, refusals and recovered keyspaces, and nothing of frames,
//! files or rewrites. The keyspace after each commit comes from executing the commit's commands;
//! executing commands is not the protocol.
//!
//! * G1: `history[0]` is what the last opening returned, or a commit that can no longer be lost;
//!   each further entry is the fold of one commit more.
//! * G2: `durable` and `written` are places in the history that were acknowledged as such.
//! * G3: a refused commit and everything after it is in no entry.
//!
//! What it does not verify: the order in which the keyspace is stored, replies (it compares folds),
//! and time.

mod fold;
mod verdict;

use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use indelible::command::{self, CommitLog};
use indelible::engine::{AppendFsync, Batch, Outcome, Ticket};
use indelible::keyspace::Keyspace;
use indelible::units::WallMillis;

pub use fold::{Fold, describe, fold};
pub use verdict::{Obligation, Violation};

/// How the machine that held the store went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CrashKind {
    /// The process was killed; the operating system kept what was written.
    Process,
    /// The power was lost.
    Power,
}

/// What the oracle does not ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Leniency {
    /// Anything acknowledged may be lost, now and later: what is found need only have been the
    /// state at some time. For disks that no store survives, and for a simulator made blind.
    pub weak: bool,
}

/// One place in the history.
#[derive(Clone, Debug)]
struct Entry {
    keyspace: Keyspace,
    fold: Fold,
    /// How the commit reads in a report.
    text: String,
}

/// What a ticket was given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stake {
    /// A commit (the entry at `place`), acknowledged under this policy.
    Commit { place: u64, policy: AppendFsync },
    /// A sync or a rewrite: everything up to `place`.
    UpTo { place: u64 },
    /// A close: everything up to `place`, and O5.
    Close { place: u64 },
}

/// What was submitted, what was promised, and what may come back.
#[derive(Clone, Debug)]
pub struct Oracle {
    history: Vec<Arc<Entry>>,
    /// The place of `history[0]`, counted over the whole run.
    first: u64,
    tickets: Vec<(Ticket, Stake)>,
    durable: u64,
    written: u64,
    /// The operating system may have dropped pages of commits up to here, which were acknowledged
    /// before: that they are written says nothing any more.
    shaky: u64,
    closed: bool,
    refused: Vec<Fold>,
    /// States before the last opening that returned, for reports: what goes back to one breaks O2.
    earlier: Vec<Fold>,
    /// Every state that there ever was, if that is all that is asked for.
    past: Vec<Keyspace>,
    wall_max: WallMillis,
    leniency: Leniency,
    /// Keeps for reports what can no longer be lost.
    remembers: bool,
}

impl Oracle {
    /// An oracle for a store that was opened and held this.
    #[must_use]
    pub fn new(keyspace: Keyspace, leniency: Leniency) -> Self {
        let mut oracle = Self {
            history: Vec::new(),
            first: 0,
            tickets: Vec::new(),
            durable: 0,
            written: 0,
            shaky: 0,
            closed: false,
            refused: Vec::new(),
            earlier: Vec::new(),
            past: Vec::new(),
            wall_max: WallMillis(0),
            leniency,
            remembers: false,
        };
        oracle.restart(keyspace);
        oracle
    }

    /// Keeps for reports what can no longer be lost.
    pub fn remember(&mut self) {
        self.remembers = true;
    }

    /// A keyspace's fold at the latest time that was seen.
    #[must_use]
    pub fn fold_of(&self, keyspace: &Keyspace) -> Fold {
        fold(keyspace, self.wall_max)
    }

    /// The keyspace with every commit that was submitted and not refused.
    #[must_use]
    pub fn head(&self) -> &Keyspace {
        &self.history.last().expect("G1").keyspace
    }

    /// The last place.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.first + self.history.len() as u64 - 1
    }

    /// Whether a ticket is unsettled.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.tickets.is_empty()
    }

    /// The last place acknowledged as durable, and as written.
    #[must_use]
    pub fn acknowledged(&self) -> (u64, u64) {
        (self.durable, self.written.max(self.durable))
    }

    /// The clock was seen to stand here: what expires by then may be gone.
    pub fn clock(&mut self, wall: WallMillis) {
        self.wall_max = self.wall_max.max(wall);
    }

    /// The store took a commit and gave this ticket for it.
    pub fn submitted(
        &mut self,
        ticket: Ticket,
        batch: &Batch,
        policy: AppendFsync,
        wall: WallMillis,
    ) {
        let mut keyspace = self.head().clone();
        let mut log = CommitLog::new();
        for (db, command) in &batch.commands {
            let _ = command::execute(&mut keyspace, *db, command, wall, &mut log);
        }
        let undo = keyspace.take_undo();
        keyspace.retire(undo);
        while keyspace.collect(usize::MAX) {}
        let text = text_of(batch);
        let fold = fold(&keyspace, self.wall_max);
        self.history.push(Arc::new(Entry {
            keyspace,
            fold,
            text,
        }));
        let place = self.last();
        self.tickets.push((ticket, Stake::Commit { place, policy }));
    }

    /// The store gave this ticket for a sync, a rewrite or a switch: it stands for all so far.
    pub fn asked(&mut self, ticket: Ticket) {
        let place = self.last();
        self.tickets.push((ticket, Stake::UpTo { place }));
    }

    /// The store gave this ticket for its closing.
    pub fn closing(&mut self, ticket: Ticket) {
        let place = self.last();
        self.tickets.push((ticket, Stake::Close { place }));
    }

    /// A file system reported, or is yet to report, that it could not keep what was written: from
    /// then on "written" means nothing for what was acknowledged before; what is acknowledged from
    /// now on is promised in knowledge of the error. // O8
    pub fn pages_dropped(&mut self) {
        self.shaky = self.written.max(self.durable);
    }

    /// A ticket was redeemed.
    ///
    /// # Errors
    /// A [`Violation`] if the end contradicts an earlier one.
    pub fn settled(&mut self, ticket: Ticket, outcome: Outcome) -> Result<(), Violation> {
        let Some(at) = self
            .tickets
            .iter()
            .position(|(waiting, _)| *waiting == ticket)
        else {
            return Ok(()); // the machine's own: keys that expired
        };
        let (_, stake) = self.tickets.remove(at);
        match (stake, outcome) {
            (Stake::Commit { place, .. }, Outcome::Refused(_)) => self.refuse(place)?,
            (Stake::Commit { place, policy }, Outcome::Written | Outcome::Durable) => {
                self.acknowledge(
                    place,
                    policy == AppendFsync::Always || outcome == Outcome::Durable,
                )?;
            }
            (Stake::UpTo { place }, Outcome::Durable) => self.acknowledge(place, true)?,
            (Stake::Close { place }, _) if outcome.is_ok() => {
                self.closed = outcome == Outcome::Durable;
                if self.closed {
                    self.acknowledge(place, true)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn acknowledge(&mut self, place: u64, durable: bool) -> Result<(), Violation> {
        if place > self.last() {
            let detail = format!("commit {place} was acknowledged, and one before it refused");
            return Err(Violation::new(Obligation::NeverRefused, detail));
        }
        self.written = self.written.max(place);
        if durable {
            self.durable = self.durable.max(place);
            let passed = usize::try_from(self.durable - self.first).expect("fits");
            if passed > 0 && !self.leniency.weak && !self.remembers {
                self.history.drain(..passed);
                self.first = self.durable;
            }
        }
        Ok(())
    }

    fn refuse(&mut self, place: u64) -> Result<(), Violation> {
        if place > self.last() {
            return Ok(());
        }
        if place <= self.written.max(self.durable).max(self.first) {
            let detail = format!("commit {place} was refused after it was acknowledged");
            return Err(Violation::new(Obligation::NeverRefused, detail));
        }
        let kept = usize::try_from(place - self.first).expect("fits");
        self.refused
            .extend(self.history.drain(kept..).map(|entry| entry.fold));
        for (_, stake) in &mut self.tickets {
            // Whoever asked for all so far is owed what was not refused.
            if let Stake::UpTo { place: upto } | Stake::Close { place: upto } = stake {
                *upto = (*upto).min(place - 1);
            }
        }
        Ok(())
    }

    /// The lowest place that a crash of this kind may go back to.
    #[must_use]
    pub fn lower_bound(&self, kind: CrashKind) -> u64 {
        if self.leniency.weak {
            return self.first;
        }
        match kind {
            CrashKind::Power => self.durable,
            CrashKind::Process if self.written > self.shaky => self.written.max(self.durable),
            CrashKind::Process => self.durable,
        }
    }

    /// Judges what an opening after crashes, the worst of which was `kind`, found.
    ///
    /// # Errors
    /// The [`Violation`]; otherwise the place that it went back to (the last one, if several fit).
    pub fn judge(&self, kind: CrashKind, recovered: &Keyspace) -> Result<u64, Violation> {
        let found = fold(recovered, self.wall_max);
        let expires = found.expires || self.history.iter().any(|entry| entry.fold.expires);
        let fits = |entry: &Entry| match expires {
            true => fold(&entry.keyspace, self.wall_max) == found,
            false => entry.fold == found,
        };
        let place = self
            .history
            .iter()
            .rposition(|entry| fits(entry))
            .map(|at| self.first + at as u64);
        let bound = self.lower_bound(kind);
        let once = |keyspace: &Keyspace| fold(keyspace, self.wall_max) == found;
        match place {
            Some(place) if place >= bound => Ok(place),
            None if self.leniency.weak && self.past.iter().any(once) => Ok(self.first),
            Some(place) => Err(self.lost(kind, place, bound)),
            None => Err(self.invented(kind, found, recovered)),
        }
    }

    fn lost(&self, kind: CrashKind, place: u64, bound: u64) -> Violation {
        let obligation = if self.closed {
            Obligation::Close
        } else {
            Obligation::Prefix
        };
        let mut detail = format!("acknowledged k={bound}   recovered k={place}   lost: ");
        let from = usize::try_from(place - self.first).expect("in the history") + 1;
        let upto = usize::try_from(bound - self.first).expect("in the history");
        let lost: Vec<&str> = self.history[from..=upto]
            .iter()
            .map(|e| e.text.as_str())
            .collect();
        detail.push_str(&lost.join(", "));
        if kind == CrashKind::Process {
            detail.push_str("   (the process crashed, no power was lost)");
        }
        Violation::new(obligation, detail)
    }

    fn invented(&self, kind: CrashKind, found: Fold, recovered: &Keyspace) -> Violation {
        let obligation = if self.refused.contains(&found) {
            Obligation::NeverRefused
        } else if self.earlier.contains(&found) {
            Obligation::Monotone
        } else if self.closed {
            Obligation::Close
        } else if self.durable > 0 || self.first > 0 {
            Obligation::Prefix
        } else {
            Obligation::Invention
        };
        let (bound, last) = (self.lower_bound(kind), self.last());
        let mut detail = format!(
            "acknowledged k={bound} of {last}   recovered: {}, which is the fold of no allowed prefix",
            fold::describe(recovered)
        );
        for (place, entry) in (self.first..).zip(&self.history) {
            let _ = write!(
                detail,
                "\n  k={place} {:<24} {}",
                entry.text,
                fold::describe(&entry.keyspace)
            );
        }
        Violation::new(obligation, detail)
    }

    /// An opening returned and found `keyspace`: nothing before it can come back (O2).
    pub fn reopened(&mut self, keyspace: Keyspace) {
        self.restart(keyspace);
    }

    fn restart(&mut self, keyspace: Keyspace) {
        let fold = fold(&keyspace, self.wall_max);
        if self.leniency.weak {
            self.past
                .extend(self.history.drain(..).map(|entry| entry.keyspace.clone()));
        }
        if self.remembers {
            let here = self.history.iter().map(|entry| entry.fold);
            self.earlier.extend(here.filter(|earlier| *earlier != fold));
        }
        self.first = 0;
        self.history.clear();
        self.history.push(Arc::new(Entry {
            keyspace,
            fold,
            text: String::from("(opened)"),
        }));
        self.tickets.clear();
        self.refused.clear();
        (self.durable, self.written, self.shaky, self.closed) = (0, 0, 0, false);
    }

    /// The process is gone: nobody waits any more.
    pub fn crashed(&mut self) {
        self.tickets.clear();
    }

    /// Whether the store shows its readers what was submitted (O6).
    ///
    /// # Errors
    /// A [`Violation`] if it shows anything else.
    pub fn reads(&self, keyspace: &Keyspace) -> Result<(), Violation> {
        let head = self.history.last().expect("G1");
        let shown = fold(keyspace, self.wall_max);
        let expected = match head.fold.expires {
            true => fold(&head.keyspace, self.wall_max),
            false => head.fold,
        };
        if shown == expected {
            return Ok(());
        }
        let detail = format!(
            "readers see {} where {} was submitted",
            fold::describe(keyspace),
            fold::describe(self.head())
        );
        Err(Violation::new(Obligation::Unobservable, detail))
    }
}

impl Hash for Oracle {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Places are counted from the first that matters, so that equal futures hash alike.
        let floor = self.first;
        for entry in &self.history {
            entry.fold.hash(state);
        }
        state.write_u64(self.durable.saturating_sub(floor));
        state.write_u64(self.written.saturating_sub(floor));
        state.write_u64(self.shaky.saturating_sub(floor));
        for (ticket, stake) in &self.tickets {
            ticket.hash(state);
            match stake {
                Stake::Commit { place, policy } => {
                    (0u8, place.saturating_sub(floor), *policy).hash(state)
                }
                Stake::UpTo { place } => (1u8, place.saturating_sub(floor)).hash(state),
                Stake::Close { place } => (2u8, place.saturating_sub(floor)).hash(state),
            }
        }
        (self.closed, self.wall_max).hash(state);
        self.refused.hash(state);
    }
}

/// How a commit reads in a report.
fn text_of(batch: &Batch) -> String {
    let commands: Vec<String> = batch
        .commands
        .iter()
        .map(|(db, command)| fold::describe_command(*db, command))
        .collect();
    commands.join(" + ")
}
