//! Steps of a process that has the store open: calls, effects, time.

use indelible::driver::perform;
use indelible::effect::{Action, Completion, FileHandle, Lane};
use indelible::engine::{Engine, Event, RewriteError, Ticket};
use indelible::units::{Millis, Now};

use super::line::What;
use super::{Fault, LASTING_HITS_MAX, Lasting, MONO_START, Out, Step, Up, World, calls, checks};
use crate::call::Call;
use crate::disk::{self, CallKind, HandleId, SimVfs};
use crate::oracle::Violation;
use crate::sabotage::ablation;
use crate::sabotage::driver::{self as seeded, Scene};
use crate::setup::{Blindness, Setup};

/// How far the wall clock jumps.
const CLOCK_JUMP_MILLIS: u64 = 60_000;

impl World {
    pub(super) fn call(&mut self, call: Call) -> Result<bool, Violation> {
        if self.up.as_ref().is_none_or(|up| up.closing) {
            return Ok(false);
        }
        let taken = match call {
            Call::Sync => self.ask(|engine, now| Ok(engine.sync(now))),
            Call::Rewrite if self.is_logging() => self.ask(Engine::rewrite),
            Call::Rewrite => self.ask(Engine::rewrite_once),
            Call::Toggle if self.is_logging() => self.ask(Engine::disable),
            Call::Toggle => self.ask(Engine::enable),
            Call::Close => self.close(),
            Call::Cancel => self.cancel(),
            Call::ClockAhead => self.jump(true),
            Call::ClockBack => self.jump(false),
            Call::SecondOpener => self.second_opener()?,
            _ => self.submit(call),
        };
        if taken {
            self.calls += 1;
            self.line(What::Call(call));
            self.settle()?;
        }
        Ok(taken)
    }

    fn is_logging(&self) -> bool {
        self.up
            .as_ref()
            .is_some_and(|up| up.engine.stats().aof_enabled)
    }

    fn ask(&mut self, call: impl FnOnce(&mut Engine, Now) -> Result<Ticket, RewriteError>) -> bool {
        let now = self.now;
        let Some(up) = &mut self.up else { return false };
        let Ok(ticket) = call(&mut up.engine, now) else {
            return false;
        };
        self.oracle.asked(ticket);
        true
    }

    fn close(&mut self) -> bool {
        let now = self.now;
        let Some(up) = &mut self.up else { return false };
        up.closing = true;
        let ticket = up.engine.close(now);
        self.oracle.closing(ticket);
        true
    }

    fn cancel(&mut self) -> bool {
        let now = self.now;
        let Some(up) = &mut self.up else { return false };
        let runs = up.engine.stats().aof_rewrite_in_progress;
        if runs {
            up.engine.cancel_rewrite(now);
        }
        runs
    }

    fn jump(&mut self, ahead: bool) -> bool {
        let wall = &mut self.now.wall.0;
        *wall = if ahead {
            *wall + CLOCK_JUMP_MILLIS
        } else {
            *wall - CLOCK_JUMP_MILLIS
        };
        self.oracle.clock(self.now.wall);
        true
    }

    fn submit(&mut self, call: Call) -> bool {
        let now = self.now;
        let head = self.oracle.head();
        let Some(batch) = calls::batch(&self.setup, call, self.calls, head, now.wall) else {
            return false;
        };
        let Some(up) = &mut self.up else { return false };
        let policy = batch.appendfsync.unwrap_or(self.setup.policy);
        let Ok(submitted) = up.engine.submit(now, batch.clone()) else {
            return false;
        };
        self.oracle
            .submitted(submitted.ticket, &batch, policy, now.wall);
        true
    }

    /// Whether a lane may take one more effect, if there is one.
    fn has_room(&self, lane: Lane) -> bool {
        let Some(up) = &self.up else { return false };
        let taken = up.out.iter().filter(|out| out.effect.lane == lane);
        taken.count() < self.setup.out_max
    }

    /// Whether a step may be possible: false where that is seen without taking it.
    pub(crate) fn may_take(&self, step: &Step) -> bool {
        match step {
            Step::Poll(lane) => self.has_room(*lane),
            Step::Wait => self
                .up
                .as_ref()
                .is_some_and(|up| up.engine.poll_timeout().is_some()),
            _ => true,
        }
    }

    /// A lane takes an effect, if it may have one more and there is one.
    pub(super) fn poll(&mut self, lane: Lane) -> Result<bool, Violation> {
        if !self.has_room(lane) {
            return Ok(false);
        }
        let now = self.now;
        let Some(up) = &mut self.up else {
            return Ok(false);
        };
        let polled = up.engine.poll_effect(now, lane);
        if let Some((id, effect)) = &polled {
            checks::given_out(up, effect)?;
            let since = self.vfs.with(|disk| disk.sequence());
            let early = ablation::answers_early(&scene(&self.setup, &self.vfs, up, &[]), effect);
            up.out.push(Out {
                id: *id,
                effect: effect.clone(),
                since,
                answered: early.is_some(),
            });
            if let Some(completion) = early {
                up.engine.handle_completion(now, *id, completion);
            }
        }
        self.hear()?;
        if lane == Lane::Background && polled.is_some() {
            self.read()?; // of a snapshot something was handed out
        }
        Ok(polled.is_some())
    }

    /// An effect that is out is performed, and its end delivered.
    pub(super) fn complete(
        &mut self,
        slot: usize,
        fault: Option<Fault>,
    ) -> Result<bool, Violation> {
        let Some(kind) = self.out_kind(slot) else {
            return Ok(false);
        };
        if slot > 0 && self.setup.blindness == Blindness::OneOrder {
            return Ok(false);
        }
        if fault.is_some_and(|fault| fault.index >= self.fault_count(kind)) {
            return Ok(false);
        }
        self.strike(kind, fault);
        let up = self.up.as_mut().expect("an effect is out");
        let out = up.out.remove(slot);
        let completion = self.perform(&out)?;
        let bounded = self.bounded;
        self.vfs.with(|disk| {
            disk.disarm();
            let refused = disk.refused_read_only();
            if bounded && refused.is_some_and(|refused| refused >= LASTING_HITS_MAX) {
                disk.remount();
            }
        });
        self.note_calls();
        let (now, up) = (self.now, self.up.as_mut().expect("an effect was out"));
        if !out.answered {
            up.engine.handle_completion(now, out.id, completion);
        }
        self.settle()?;
        Ok(true)
    }

    /// Arms what is to go wrong with the next call of this kind.
    fn strike(&mut self, kind: CallKind, fault: Option<Fault>) {
        if let Some(fault) = fault {
            self.faults += 1;
            if fault.for_ever {
                self.lasting = Some(Lasting {
                    call: kind,
                    index: fault.index,
                    hits: 0,
                });
            }
        }
        let lasts = self.lasting.filter(|lasting| lasting.call == kind);
        let index = fault
            .map(|fault| fault.index)
            .or(lasts.map(|lasting| lasting.index));
        let Some(index) = index else { return };
        if let Some(lasting) = self.lasting.as_mut().filter(|lasting| lasting.call == kind) {
            lasting.hits += 1;
            if self.bounded && lasting.hits >= LASTING_HITS_MAX {
                self.lasting = None;
            }
        }
        let dropped = self.vfs.with(|disk| {
            let what = disk.fault_alternatives(kind)[usize::from(index)];
            disk.inject(disk::Fault::once(kind, what));
            what == disk::FaultKind::SyncRevert
        });
        if dropped {
            self.oracle.pages_dropped();
        }
    }

    fn perform(&mut self, out: &Out) -> Result<Completion, Violation> {
        let up = self.up.as_mut().expect("an effect was out");
        self.vfs.with(|disk| match &out.effect.action {
            Action::SyncData { file } => disk.set_sync_cover(up.handle(*file), out.since),
            Action::SyncDir => disk.set_dir_sync_cover(out.since),
            _ => {}
        });
        let open = match self.setup.saboteur {
            0 => Vec::new(),
            _ => up.files.clone(),
        };
        let files = up.attached(&self.vfs);
        let mut scene = scene(&self.setup, &self.vfs, up, &open);
        let real = |action: &Action| perform(&self.vfs, &files, action);
        let completion = seeded::performed(&mut scene, &out.effect, real);
        up.memory = scene.memory;
        up.detach(files);
        self.vfs
            .with(|disk| checks::performed(disk, up, &out.effect, &completion))?;
        Ok(completion)
    }

    /// Time passes until the machine's next timeout.
    pub(super) fn wait(&mut self) -> Result<bool, Violation> {
        let Some(up) = &mut self.up else {
            return Ok(false);
        };
        let Some(at) = up.engine.poll_timeout() else {
            return Ok(false);
        };
        let past = at.0.saturating_sub(self.now.mono.0);
        checks::sync_in_time(up, self.setup.policy, self.now, past)?;
        self.now.mono = Millis(self.now.mono.0 + past);
        if !self.bounded {
            self.now.wall.0 += past;
            self.oracle.clock(self.now.wall);
        }
        up.engine.handle_timeout(self.now);
        self.line(What::Waited { millis: past });
        self.settle()?;
        Ok(true)
    }

    /// Hears what the machine has to say, and looks whether it is still sound and what readers see.
    pub(super) fn settle(&mut self) -> Result<(), Violation> {
        self.hear()?;
        self.read()
    }

    /// Readers see what was submitted. // O6
    fn read(&self) -> Result<(), Violation> {
        match &self.up {
            Some(up) => self.oracle.reads(up.engine.keyspace()),
            None => Ok(()),
        }
    }

    fn hear(&mut self) -> Result<(), Violation> {
        let Some(up) = &mut self.up else {
            return Ok(());
        };
        if self.bounded {
            self.now.mono = MONO_START;
            up.engine.rebase_clock(MONO_START);
        }
        let before = self.oracle.acknowledged();
        let mut ended = Vec::new();
        while let Some(event) = up.engine.poll_event() {
            if let Event::Settled { ticket, outcome } = event {
                self.oracle.settled(ticket, outcome)?;
                if !outcome.is_ok() {
                    ended.push(outcome);
                }
            }
        }
        checks::closed(up)?;
        up.engine.check_invariants();
        let after = self.oracle.acknowledged();
        if self.lines.is_some() {
            self.note_calls();
            if before != after {
                self.line(What::Acknowledged {
                    durable: after.0,
                    written: after.1,
                });
            }
            for outcome in ended {
                self.line(What::Ended(outcome));
            }
        }
        Ok(())
    }
}

/// What a driver with a seeded bug sees of the world.
fn scene<'a>(
    setup: &Setup,
    vfs: &'a SimVfs,
    up: &'a Up,
    files: &'a [(FileHandle, HandleId)],
) -> Scene<'a> {
    Scene {
        bug: setup.saboteur,
        vfs,
        files,
        rewrites: &up.rewrites,
        closing: up.closing,
        memory: up.memory,
    }
}
