//! What is looked at on the way: never in the way (O10), tidiness (O7), progress (O11).

use indelible::effect::{Action, Completion, Effect, Lane, Name};
use indelible::engine::AppendFsync;
use indelible::limits::{COPY_LEN_MAX, SYNC_EVERY_MILLIS, TRUNCATE_STEP, WRITE_LEN_MAX};
use indelible::units::Now;

use super::{Up, World};
use crate::disk::Disk;
use crate::oracle::{Obligation, Violation};

/// Steps within which a state without further faults comes to rest.
const DRAIN_STEPS_MAX: u32 = 4_000;

/// O10, as far as the effect itself says it.
pub(super) fn given_out(up: &mut Up, effect: &Effect) -> Result<(), Violation> {
    let in_the_way = |what: &str| {
        let detail = format!("{what}: {:?}", effect.action);
        Err(Violation::new(Obligation::Unobtrusive, detail))
    };
    let foreground = effect.lane == Lane::Foreground;
    match &effect.action {
        Action::Write { bytes, .. } if bytes.len() > WRITE_LEN_MAX => {
            in_the_way("a write is longer than one may be")
        }
        Action::Copy { len, .. } | Action::Read { len, .. } if *len > COPY_LEN_MAX => {
            in_the_way("a copy or a read is longer than one may be")
        }
        Action::SyncData { file } if foreground && up.filling.contains(file) => {
            in_the_way("the foreground syncs a file that the background fills")
        }
        Action::Copy { .. } | Action::Read { .. } if foreground => {
            in_the_way("the foreground copies or reads")
        }
        _ => Ok(()),
    }
}

/// O10, as far as the disk says it; and what the world keeps in mind of files.
pub(super) fn performed(
    disk: &Disk,
    up: &mut Up,
    effect: &Effect,
    completion: &Completion,
) -> Result<(), Violation> {
    note(up, effect, completion);
    let freed = disk.last_call().freed;
    let most = if effect.lane == Lane::Foreground {
        0
    } else {
        TRUNCATE_STEP
    };
    if freed <= most {
        return Ok(());
    }
    let detail = format!(
        "{:?} of the {:?} lane freed {freed} bytes of blocks, {most} at most are allowed",
        effect.action, effect.lane
    );
    Err(Violation::new(Obligation::Unobtrusive, detail))
}

/// O7: once a store is closed nothing of it is out, for another process may open it.
pub(super) fn closed(up: &Up) -> Result<(), Violation> {
    let Some(out) = up.out.first().filter(|_| up.engine.is_closed()) else {
        return Ok(());
    };
    let detail = format!("the store is closed while {:?} is out", out.effect.action);
    Err(Violation::new(Obligation::Tidy, detail))
}

/// Under `EverySec` a sync is owed within a second: nobody may sleep longer while what was
/// acknowledged is not durable.
pub(super) fn sync_in_time(
    up: &Up,
    policy: AppendFsync,
    now: Now,
    past_millis: u64,
) -> Result<(), Violation> {
    if policy != AppendFsync::EverySec || past_millis <= SYNC_EVERY_MILLIS || !up.out.is_empty() {
        return Ok(());
    }
    let stats = up.engine.stats();
    // A new file that failed once its name may be there: nothing is to be synced any more until the
    // directory is, which is tried with growing delays, and the switch heals.
    let publishes = stats.aof_rewrite_in_progress && stats.aof_sync_errors > 0;
    let well =
        stats.aof_enabled && !stats.healing && !stats.no_room && !stats.stopped && !publishes;
    let owed = stats.durable_lsn < stats.written_lsn;
    // Whoever is slow to take an effect is not the machine.
    let takes_one = || {
        let mut engine = up.engine.clone();
        let lanes = [Lane::Foreground, Lane::Background];
        lanes
            .into_iter()
            .any(|lane| engine.poll_effect(now, lane).is_some())
    };
    if !well || !owed || takes_one() {
        return Ok(());
    }
    let detail = format!(
        "commits up to {} are acknowledged, up to {} durable, and the next sync is {past_millis} ms away",
        stats.written_lsn.0, stats.durable_lsn.0
    );
    Err(Violation::new(Obligation::Progress, detail))
}

fn note(up: &mut Up, effect: &Effect, completion: &Completion) {
    let done = !matches!(completion, Completion::Failed(_));
    match &effect.action {
        Action::Create {
            file,
            name: Name::Rewrite,
        } if done => up.rewrites.push(*file),
        Action::Write { file, .. } | Action::Copy { to: file, .. }
            if effect.lane == Lane::Background && !up.filling.contains(file) =>
        {
            up.filling.push(*file);
        }
        Action::SyncData { file } if done => up.filling.retain(|other| other != file),
        Action::Close { file } => {
            up.filling.retain(|other| other != file);
            up.rewrites.retain(|other| other != file);
        }
        _ => {}
    }
}

impl World {
    /// Lets everything that was asked for end, with no further faults, and looks whether it did.
    ///
    /// # Errors
    /// O11 if it does not come to rest, O7 if something is left over; and whatever breaks on the
    /// way.
    pub fn drain(&mut self) -> Result<(), Violation> {
        use super::Step::{Complete, Poll, Wait};
        self.mend();
        for _ in 0..DRAIN_STEPS_MAX {
            let moved = self.apply(&Poll(Lane::Foreground))?
                || self.apply(&Complete {
                    slot: 0,
                    fault: None,
                })?
                || self.apply(&Poll(Lane::Background))?
                || self.apply(&Wait)?;
            if !moved {
                return self.at_rest();
            }
        }
        let detail = format!("no rest after {DRAIN_STEPS_MAX} steps without a fault");
        Err(Violation::new(Obligation::Progress, detail))
    }

    /// Whether a state in which nothing more will happen is as it should be.
    ///
    /// # Errors
    /// O11 for what waits for ever, O7 for what is left over.
    pub(crate) fn at_rest(&self) -> Result<(), Violation> {
        let Some(up) = &self.up else { return Ok(()) };
        let stuck = |what: &str| Err(Violation::new(Obligation::Progress, what.to_owned()));
        if !up.out.is_empty() {
            return Ok(());
        }
        let stats = up.engine.stats();
        if self.oracle.is_waiting() {
            return stuck("a ticket waits, and nothing will happen any more");
        }
        if up.closing && !up.engine.is_closed() {
            return stuck("the store does not close, and nothing will happen any more");
        }
        if stats.aof_rewrite_in_progress && !stats.stopped {
            return stuck("a rewrite hangs, and nothing will happen any more");
        }
        if stats.stopped && !up.closing {
            return Ok(());
        }
        self.tidy(up, stats.aof_enabled)
    }

    /// O7: one live log, the lock, at most a quarantine, and no handle but the log's.
    fn tidy(&self, up: &Up, enabled: bool) -> Result<(), Violation> {
        const QUARANTINE: &str = indelible::recover::QUARANTINE_NAME;
        const LOCK: &str = indelible::recover::LOCK_NAME;
        let untidy = |detail| Err(Violation::new(Obligation::Tidy, detail));
        let handles = self.vfs.with(|disk| disk.open_handles());
        if handles != usize::from(enabled) || up.files.len() != handles {
            return untidy(format!("{handles} handles are open at rest"));
        }
        let names: Vec<String> = self
            .vfs
            .with(|disk| disk.files().map(|(name, _)| name.to_owned()).collect());
        let expected = [Name::Live.as_str(), LOCK, QUARANTINE];
        match names.iter().find(|name| !expected.contains(&name.as_str())) {
            Some(orphan) if self.faults == 0 => untidy(format!("{orphan} is left over")),
            _ => Ok(()),
        }
    }
}
