//! Rewrite and switch: one file, `appendonly.aof`, is replaced by one that says the same in less.
//!
//! 1. **Prepare**: the new file is created. With the log disabled the target is opened first, that
//!    the rename may not free it; that it does not exist is fine. Enabling creates the side file,
//!    which then plays the old log's part.
//! 2. **Base**: at commit S a cursor starts over the keyspace; chunks go to the new file in the
//!    background, with syncs on the way so that dirty pages stay bounded.
//! 3. **Catch up**: the commits since S are in the old log. When every frame sealed so far is
//!    written there, each further frame goes to both files, in the new one behind a gap.
//! 4. **Gap**: copied from the old log, read back, checked frame by frame, synced.
//! 5. **Rename**, only when the new file is durable up to what is known durable, and written up to
//!    what is acknowledged. // I7
//! 6. **Directory sync**. Until it completes a crash may bring back either file.
//! 7. **Switch**: only the new file is written; the old one is retired in the background.
//!
//! Healing takes the same way without a source: frames behind S come from memory. A one-time rewrite
//! ends with the directory sync and leaves no live log.

use alloc::boxed::Box;

use crate::effect::{Action, Completion, FileHandle, IoError, IoErrorKind, Name};
use crate::units::{Identity, Lsn, Now};

use super::base::BaseWriter;
use super::complete::Purpose;
use super::gap::Gap;
use super::logfile::{LogFile, Mark};
use super::retry::Backoff;
use super::stream::Stream;
use super::{Engine, Event, Outcome, RewriteError, Ticket};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Of the live log.
    Log,
    /// In place of a poisoned log.
    Heal,
    /// The log becomes enabled.
    Enable,
    /// A complete log under the configured name, while the log is disabled.
    Once,
}

/// One file that must be there before the base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Todo,
    Out,
    Done,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    Prepare { pin: Step, side: Step, new: Step },
    Base,
    CatchUp,
    Gap(Box<Gap>),
    Ready,
    Renaming { out: bool },
    SyncingDir { out: bool },
}

#[derive(Clone, Debug, Hash)]
pub(super) struct Rewrite {
    pub kind: Kind,
    pub phase: Phase,
    pub file: FileHandle,
    pub target: Option<LogFile>,
    /// Of the file.
    pub identity: Identity,
    /// The largest watermark in the frames that the new file was given behind its gap.
    pub watermark: Lsn,
    /// Of the rename and the directory sync.
    pub names: Backoff,
    pub base: BaseWriter,
    /// S, and where the stream stood.
    pub snapshot: Mark,
    pub ticket: Option<Ticket>,
    pub pin: Option<(FileHandle, u64)>,
    side: Option<FileHandle>,
    /// Whether a copy into the new file is out.
    pub copy_out: bool,
    /// Bytes of frames that may go to the new file before the next copy. Where both wait they take
    /// turns, or one lane could starve the other.
    pub frames_len_left: u64,
}

impl Rewrite {
    /// Whether the base holds the effect of this commit.
    pub fn holds(&self, lsn: Lsn) -> bool {
        !matches!(self.phase, Phase::Prepare { .. }) && self.snapshot.lsn >= lsn
    }

    /// Whether the place in the stream where the log was cut lies behind this one.
    pub fn reaches_beyond(&self, border: Mark) -> bool {
        !matches!(self.phase, Phase::Prepare { .. }) && self.snapshot.position > border.position
    }

    /// The bytes that the new file may have.
    fn len(&self) -> u64 {
        self.target
            .as_ref()
            .map_or(self.base.len, |target| target.offset(target.given))
    }
}

impl Engine {
    /// Begins a rewrite of the live log; the ticket ends with the switch.
    ///
    /// # Errors
    /// [`RewriteError`]; one that runs already is not joined and nothing is queued.
    pub fn rewrite(&mut self, now: Now) -> Result<Ticket, RewriteError> {
        self.may_begin(now)?;
        if self.live.is_none() {
            return Err(RewriteError::Disabled);
        }
        let ticket = self.ticket();
        let poisoned = self
            .live
            .as_ref()
            .is_some_and(|live| live.poisoned.is_some());
        self.begin_rewrite(if poisoned { Kind::Heal } else { Kind::Log }, Some(ticket));
        Ok(ticket)
    }

    /// Leaves a complete log of a new history under the configured name, while the log is disabled.
    ///
    /// # Errors
    /// [`RewriteError`].
    pub fn rewrite_once(&mut self, now: Now) -> Result<Ticket, RewriteError> {
        self.begin_disabled(now, Kind::Once)
    }

    /// Enables the log: a rewrite that ends in a switch. Until then nothing is promised.
    ///
    /// # Errors
    /// [`RewriteError`].
    pub fn enable(&mut self, now: Now) -> Result<Ticket, RewriteError> {
        self.begin_disabled(now, Kind::Enable)
    }

    fn begin_disabled(&mut self, now: Now, kind: Kind) -> Result<Ticket, RewriteError> {
        self.may_begin(now)?;
        if self.live.is_some() {
            return Err(RewriteError::Enabled);
        }
        if !self.has_directory {
            return Err(RewriteError::NoDirectory);
        }
        let ticket = self.ticket();
        self.begin_rewrite(kind, Some(ticket));
        Ok(ticket)
    }

    fn may_begin(&mut self, now: Now) -> Result<(), RewriteError> {
        self.now = now;
        if self.closed || self.stopped.is_some() || self.ending.is_some() {
            return Err(RewriteError::Closed);
        }
        if self.rewrite.is_some() {
            return Err(RewriteError::InProgress);
        }
        Ok(())
    }

    /// Gives up a rewrite that is not yet being published; healing is not given up.
    pub fn cancel_rewrite(&mut self, now: Now) {
        self.now = now;
        if self.may_abandon()
            && self
                .rewrite
                .as_ref()
                .is_some_and(|it| it.kind != Kind::Heal)
        {
            self.abandon(None);
        }
    }

    /// Begins what nobody asked for: healing, and the rewrite of a log that has grown.
    pub(super) fn begin_what_is_due(&mut self) {
        if self.rewrite.is_some() || self.stopped.is_some() || self.live_is_side {
            return;
        }
        let Some(live) = &self.live else { return };
        if !self.rewrite_backoff.is_due(self.now.mono) {
            return;
        }
        if live.poisoned.is_some() && self.bug(16) {
            self.forget_poison();
        } else if live.poisoned.is_some() {
            self.begin_rewrite(Kind::Heal, None);
        } else if self.ending.is_none() && self.has_grown(live) {
            self.begin_rewrite(Kind::Log, None);
        }
    }

    fn has_grown(&self, live: &LogFile) -> bool {
        let percentage = u128::from(self.options.auto_aof_rewrite_percentage);
        let limit = u128::from(self.base_size.max(1)) * (100 + percentage);
        percentage > 0
            && live.len() >= self.options.auto_aof_rewrite_min_size_bytes
            && u128::from(live.len()) * 100 >= limit
    }

    pub(super) fn begin_rewrite(&mut self, kind: Kind, ticket: Option<Ticket>) {
        let file = self.handle();
        let (mut pin, mut side) = (None, None);
        if matches!(kind, Kind::Enable | Kind::Once) {
            pin = Some((self.handle(), 0));
        }
        if kind == Kind::Enable {
            side = Some(self.handle());
        }
        let identity = if pin.is_some() {
            self.new_identity()
        } else {
            self.identity
        };
        let needed = |needed: bool| if needed { Step::Todo } else { Step::Done };
        let steps = Phase::Prepare {
            pin: needed(pin.is_some()),
            side: needed(side.is_some()),
            new: Step::Todo,
        };
        if self.bug(28) {
            self.keyspace.begin_snapshot();
        }
        let early = self.bug(27).then(|| self.cut());
        self.rewrite = Some(Rewrite {
            kind,
            phase: steps,
            file,
            target: None,
            identity,
            watermark: Lsn(0),
            names: Backoff::default(),
            base: BaseWriter::default(),
            snapshot: early.unwrap_or_default(),
            ticket,
            pin,
            side,
            copy_out: false,
            frames_len_left: 0,
        });
    }

    /// SplitMix64 over the caller's seed: each history of this opening gets its own.
    fn new_identity(&mut self) -> Identity {
        self.identity_seed = self.identity_seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.identity_seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Identity(mixed ^ (mixed >> 31))
    }

    /// The new file as a log that frames go to.
    pub(super) fn target(&self) -> Option<&LogFile> {
        let rewrite = self
            .rewrite
            .as_ref()
            .filter(|rewrite| rewrite.kind != Kind::Once)?;
        rewrite.target.as_ref()
    }

    /// Whether an acknowledgement needs both files.
    pub(super) fn needs_both(&self) -> bool {
        let both = |phase: &Phase| {
            matches!(
                phase,
                Phase::Ready | Phase::Renaming { .. } | Phase::SyncingDir { .. }
            )
        };
        self.target().is_some() && self.rewrite.as_ref().is_some_and(|it| both(&it.phase))
    }

    /// Whether a rewrite runs whose file no crash can bring back yet.
    pub(super) fn may_abandon(&self) -> bool {
        let reachable =
            |phase: &Phase| matches!(phase, Phase::Renaming { .. } | Phase::SyncingDir { .. });
        self.rewrite
            .as_ref()
            .is_some_and(|rewrite| !reachable(&rewrite.phase))
    }

    /// Whether the rename has completed.
    pub(super) fn published(&self) -> bool {
        let phase = self.rewrite.as_ref().map(|rewrite| &rewrite.phase);
        matches!(phase, Some(Phase::SyncingDir { .. }))
    }

    pub(super) fn filling_gap(&self) -> bool {
        let phase = self.rewrite.as_ref().map(|rewrite| &rewrite.phase);
        matches!(phase, Some(Phase::Gap(_)))
    }

    pub(super) fn copying(&self) -> bool {
        self.rewrite
            .as_ref()
            .is_some_and(|rewrite| rewrite.copy_out)
    }

    /// Whether the rewrite that runs opened this handle.
    pub(super) fn owns(&self, file: FileHandle) -> bool {
        self.rewrite.as_ref().is_some_and(|rewrite| {
            let pin = rewrite.pin.map(|(pin, _)| pin);
            rewrite.file == file || pin == Some(file) || rewrite.side == Some(file)
        })
    }

    /// Background work of the rewrite that runs.
    pub(super) fn poll_rewrite(&mut self) -> Option<(Purpose, Action)> {
        match self.rewrite.as_ref()?.phase {
            Phase::Prepare { .. } => self.poll_prepare(),
            Phase::Base => self.poll_base(),
            Phase::Gap(_) => self.poll_gap(),
            Phase::SyncingDir { out: false } => {
                let rewrite = self.rewrite.as_mut()?;
                if !rewrite.names.is_due(self.now.mono) {
                    return None;
                }
                rewrite.phase = Phase::SyncingDir { out: true };
                if self.bug(7) {
                    self.stray = self.live.as_ref().map(|live| live.file);
                }
                Some((Purpose::SyncDir, Action::SyncDir))
            }
            _ => None,
        }
    }

    fn poll_prepare(&mut self) -> Option<(Purpose, Action)> {
        let free = |name| !self.is_retiring(name) || self.bug(702);
        let (rewrite_free, side_free) = (free(Name::Rewrite), free(Name::Side));
        let rewrite = self.rewrite.as_mut()?;
        let Phase::Prepare { pin, side, new } = &mut rewrite.phase else {
            return None;
        };
        if *pin == Step::Todo {
            *pin = Step::Out;
            let file = rewrite.pin.expect("a step for what is pinned").0;
            let purpose = Purpose::Prepare {
                file,
                name: Name::Live,
                pin: true,
            };
            return Some((
                purpose,
                Action::Open {
                    file,
                    name: Name::Live,
                },
            ));
        }
        let (file, name) = if *side == Step::Todo && side_free {
            *side = Step::Out;
            (rewrite.side.expect("a step for the side file"), Name::Side)
        } else if *new == Step::Todo && rewrite_free {
            *new = Step::Out;
            (rewrite.file, Name::Rewrite)
        } else {
            return None;
        };
        Some((
            Purpose::Prepare {
                file,
                name,
                pin: false,
            },
            Action::Create { file, name },
        ))
    }

    pub(super) fn prepared(&mut self, file: FileHandle, name: Name, pin: bool, end: Completion) {
        if !self.owns(file) {
            // The rewrite was given up meanwhile.
            return match end {
                Completion::Failed(_) if pin => {}
                Completion::Failed(_) => self.remove(name),
                _ if pin => self.let_go(file),
                _ => self.retire(file, 0, Some(name), false),
            };
        }
        let rewrite = self.rewrite.as_mut().expect("it owns the file");
        let Phase::Prepare {
            pin: pin_step,
            side,
            new,
        } = &mut rewrite.phase
        else {
            return;
        };
        let step = match name {
            Name::Live => pin_step,
            Name::Side => side,
            Name::Rewrite => new,
        };
        *step = Step::Done;
        match end {
            Completion::Opened { len } => rewrite.pin = Some((file, len)),
            Completion::Failed(error) if pin && error.kind == IoErrorKind::NotFound => {
                rewrite.pin = None;
            }
            Completion::Failed(error) => {
                *step = Step::Todo;
                self.abandon(Some(error));
                if !pin {
                    self.remove(name);
                }
                return;
            }
            _ => {}
        }
        let rewrite = self.rewrite.as_ref().expect("still there");
        let ready = Phase::Prepare {
            pin: Step::Done,
            side: Step::Done,
            new: Step::Done,
        };
        if rewrite.phase == ready {
            self.begin_base();
        }
    }

    /// The snapshot is taken at S = the last commit, and the log is cut at the same place.
    fn begin_base(&mut self) {
        let rewrite = self.rewrite.as_ref().expect("a rewrite begins");
        let (kind, identity, side) = (rewrite.kind, rewrite.identity, rewrite.side);
        match kind {
            Kind::Log => while self.seal() {},
            Kind::Heal => {
                // The base holds every commit; none is refused from now on, nor framed.
                self.queue.clear();
                self.queue_len = 0;
                self.never_refuse(self.lsn);
                self.stream.skip_to(self.lsn);
            }
            Kind::Enable => {
                self.identity = identity;
                self.stream = Stream::starting_at(self.lsn);
                let side = side.expect("enabling has a side file");
                self.live = Some(LogFile::new(side, 0, self.stream.end()));
                self.live_is_side = true;
            }
            Kind::Once => {}
        }
        if !self.bug(28) {
            self.keyspace.begin_snapshot();
        }
        let (lsn, cut_early) = (self.lsn, self.bug(27) && kind == Kind::Log);
        let position = self.stream.end().position;
        let rewrite = self.rewrite.as_mut().expect("a rewrite begins");
        if !cut_early {
            rewrite.snapshot = Mark { position, lsn };
        }
        rewrite.phase = Phase::Base;
        self.events.push_back(Event::RewriteStarted { lsn });
    }

    /// A seeded bug: the log is cut before the snapshot is taken, which then holds more.
    fn cut(&mut self) -> Mark {
        while self.seal() {}
        Mark {
            position: self.stream.end().position,
            lsn: self.lsn,
        }
    }

    pub(super) fn snapshot_lsn(&self) -> Lsn {
        self.rewrite
            .as_ref()
            .map_or(self.lsn, |rewrite| rewrite.snapshot.lsn)
    }

    /// The end of the base is written.
    pub(super) fn base_written(&mut self) {
        let rewrite = self.rewrite.as_mut().expect("a base belongs to a rewrite");
        let (kind, snapshot) = (rewrite.kind, rewrite.snapshot);
        self.events.push_back(Event::BaseWritten {
            len: rewrite.base.len,
        });
        rewrite.phase = Phase::CatchUp;
        match kind {
            Kind::Heal | Kind::Once => self.begin_gap(snapshot),
            Kind::Log | Kind::Enable => self.catch_up(),
        }
    }

    /// Gives up a rewrite whose file no crash can bring back; the file goes in the background.
    pub(super) fn abandon(&mut self, error: Option<IoError>) {
        let rewrite = self
            .rewrite
            .take_if(|_| true)
            .expect("there is one to give up");
        self.keyspace.cancel_snapshot();
        if let Phase::Prepare { pin, side, new } = rewrite.phase {
            if new == Step::Done {
                self.retire(rewrite.file, 0, Some(Name::Rewrite), false);
            }
            if let (Step::Done, Some(side)) = (side, rewrite.side) {
                self.retire(side, 0, Some(Name::Side), false);
            }
            if let (Step::Done, Some((pin, _))) = (pin, rewrite.pin) {
                self.let_go(pin);
            }
        } else {
            self.retire(rewrite.file, rewrite.len(), Some(Name::Rewrite), false);
            if let Some((pin, _)) = rewrite.pin {
                self.let_go(pin);
            }
            self.drop_side();
        }
        self.discard_base(rewrite.base);
        if let Some(ticket) = rewrite.ticket {
            self.settled(ticket, Outcome::Cancelled);
        }
        self.counters.rewrites_failed += 1;
        self.counters.last_rewrite_failed |= error.is_some();
        // Also after a cancellation: a log that has grown would begin again at once.
        self.rewrite_backoff.fail(self.now.mono);
        if let (Kind::Heal, Some(error), Some(ending)) = (rewrite.kind, error, &mut self.ending) {
            ending.heal_failed(error);
        }
        self.events.push_back(Event::RewriteFailed { error });
        self.advance(); // only the live log counts again
    }

    /// Closes everything that a rewrite holds whose names cannot be settled; both files are whole.
    pub(super) fn leave_rewrite(&mut self) {
        if self.may_abandon() {
            return self.abandon(None);
        }
        let Some(rewrite) = self.rewrite.take() else {
            return;
        };
        self.let_go(rewrite.file);
        if let Some((pin, _)) = rewrite.pin {
            self.let_go(pin);
        }
        if let Some(ticket) = rewrite.ticket {
            self.settled(ticket, Outcome::Cancelled);
        }
    }
}
