//! What one seed does: how long, how rough, and with a taste for what.

use indelible::engine::{AppendFsync, OnSyncError};

use crate::call::Call;
use crate::choice::Choices;
use crate::disk::Profile;
use crate::setup::Setup;

/// The plan of one run, drawn from its seed.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub setup: Setup,
    /// Calls and how often each is drawn.
    pub calls: Vec<(Call, u32)>,
    pub calls_max: u32,
    pub crashes_max: u32,
    pub faults_max: u32,
    /// One in so many completions, and calls of an opening, goes wrong while faults are left.
    pub fault_odds: u32,
    /// Weights of: a call, polling in the foreground, in the background, a completion, waiting.
    pub weights: [u32; 5],
    /// One in so many steps is a crash while crashes are left.
    pub crash_odds: u32,
    /// One in so many crashes is a power loss.
    pub power_odds: u32,
    /// One in so many openings is cut short.
    pub cut_odds: u32,
    /// Kinds of action that do not take place.
    pub off: Off,
}

/// Swarm testing: kinds of action that one run leaves out, so that what they drown shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Off {
    /// Time does not pass while there is something to do.
    pub waits: bool,
    /// The power is not lost.
    pub power: bool,
    /// The process does not die by itself.
    pub process: bool,
    /// No opening is cut short.
    pub cuts: bool,
    /// No effect fails.
    pub faults: bool,
    /// No call of an opening fails.
    pub opening_faults: bool,
    /// No fault stays.
    pub lasting: bool,
}

/// One kind in so many is off.
const OFF_ODDS: u32 = 4;

impl Off {
    /// What is off in a run.
    pub fn draw(random: &mut impl Choices) -> Self {
        let mut is_off = || random.unlikely(OFF_ODDS);
        Self {
            waits: is_off(),
            power: is_off(),
            process: is_off(),
            cuts: is_off(),
            faults: is_off(),
            opening_faults: is_off(),
            lasting: is_off(),
        }
    }
}

/// Calls, how heavy each is when it takes part, and whether it always does.
const TASTES: [(Call, u32, bool); 19] = [
    (Call::New, 8, true),
    (Call::Overwrite, 6, true),
    (Call::Del, 3, false),
    (Call::Batch, 3, false),
    (Call::Sync, 2, false),
    (Call::Rewrite, 3, true),
    (Call::Toggle, 1, false),
    (Call::Cancel, 1, false),
    (Call::Always, 2, false),
    (Call::Expire, 2, false),
    (Call::Elsewhere, 2, false),
    (Call::Flush, 1, false),
    (Call::Large, 1, false),
    (Call::Append, 2, false),
    (Call::Collect, 2, false),
    (Call::Change, 4, false),
    (Call::ClockAhead, 1, false),
    (Call::ClockBack, 1, false),
    (Call::SecondOpener, 1, false),
];

impl Plan {
    /// The plan of this seed on this profile. Swarm testing: each run leaves out half of what there
    /// is, so that runs differ in kind and no feature drowns another.
    pub fn draw(random: &mut impl Choices, profile: &Profile, script_len: u32) -> Self {
        let policies = [AppendFsync::Always, AppendFsync::EverySec, AppendFsync::No];
        let profile = match profile.name == Profile::MIXED {
            true => Profile::mixed(random.choose(Profile::MIXES)),
            false => profile.clone(),
        };
        let mut setup = Setup::new(profile, policies[random.choose(3) as usize]);
        if random.unlikely(8) {
            setup.on_sync_error = OnSyncError::Stop;
        }
        setup.base_chunk_len = [48, 64, 200, 1000][random.choose(4) as usize];
        setup.out_max = [1, 1, 2, 3][random.choose(4) as usize];
        let takes_part = random.swarm(TASTES.len() as u32);
        let mut calls: Vec<(Call, u32)> = TASTES
            .iter()
            .zip(takes_part)
            .filter(|((_, _, always), takes_part)| *always || *takes_part)
            .map(|((call, weight, _), _)| (*call, *weight))
            .collect();
        if script_len > 0 {
            calls = vec![(Call::Script(0), 20), (Call::Rewrite, 2), (Call::Sync, 1)];
        }
        Self {
            setup,
            calls,
            calls_max: if script_len > 0 {
                script_len
            } else {
                4 + random.choose(36)
            },
            crashes_max: 3 + random.choose(4),
            faults_max: random.choose_weighted(&[4, 3, 2, 1]),
            fault_odds: 8 + random.choose(40),
            weights: [
                1 + random.choose(6),
                2 + random.choose(12),
                2 + random.choose(12),
                4 + random.choose(16),
                random.choose(4),
            ],
            crash_odds: 12 + random.choose(120),
            power_odds: 1 + random.choose(3),
            cut_odds: 1 + random.choose(4),
            off: Off::default(),
        }
    }

    /// Leaves kinds of action out; the crash at the end of a run stays.
    pub fn without(mut self, off: Off) -> Self {
        if off.waits {
            self.weights[4] = 0;
        }
        if off.power && (off.process || !self.setup.profile.power_loss) {
            self.crashes_max = 0;
        }
        Self { off, ..self }
    }
}
