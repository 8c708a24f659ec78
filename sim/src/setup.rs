//! What a run is run under: everything that is not a choice.

use std::fmt;
use std::sync::Arc;

use indelible::command::Command;
use indelible::engine::{AppendFsync, OnSyncError};

use crate::disk::Profile;

/// Where a write may be torn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tear {
    /// At the borders of a frame's fields, and one byte to either side.
    #[default]
    Points,
    /// At every byte.
    Bytes,
}

/// A bug seeded in the simulator itself: it sees less than it should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Blindness {
    /// It sees.
    #[default]
    None,
    /// The oracle has no lower bound: anything acknowledged may be lost.
    NoLowerBound,
    /// A rename is durable at once.
    RenamesDurable,
    /// A power loss keeps the cache.
    CrashKeepsCache,
    /// A failed sync loses nothing.
    FailedSyncHarmless,
    /// What was never written reads as zeros, and no write is torn.
    NoGarbage,
    /// Effects that are out end in the order in which they were given out.
    OneOrder,
}

impl Blindness {
    /// Those that are blind, with their names.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::NoLowerBound, "the oracle without its lower bound"),
        (Self::RenamesDurable, "renames durable at once"),
        (Self::CrashKeepsCache, "a crash keeps the cache"),
        (Self::FailedSyncHarmless, "a failed sync loses nothing"),
        (Self::NoGarbage, "no garbage, and no write is torn"),
        (Self::OneOrder, "one order of completions"),
    ];
}

/// One commit of a script: databases and commands.
pub type ScriptCommit = Vec<(u32, Command)>;

/// What a run is run under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// What the disk may do.
    pub profile: Profile,
    /// When commits are acknowledged.
    pub policy: AppendFsync,
    /// What follows a failed sync.
    pub on_sync_error: OnSyncError,
    /// Where writes are torn.
    pub tear: Tear,
    /// Bytes after which a frame of a base is closed: small, so that bases have several.
    pub base_chunk_len: usize,
    /// Effects of one lane that may be out at once: a driver has one thread for each.
    pub out_max: usize,
    /// The seeded bug of the store; 0: none.
    pub saboteur: u32,
    /// The seeded bug of the simulator.
    pub blindness: Blindness,
    /// Whether the wall clock stands, and faults that stay end after a while, so that an exhaustive
    /// search ends; a quarantine is removed once an opening has returned.
    pub still: bool,
    /// Whether everything that happens is kept as text.
    pub traced: bool,
    /// Commits that calls may refer to by their place.
    pub script: Arc<Vec<ScriptCommit>>,
}

impl Setup {
    /// The plain one for a profile and a policy.
    #[must_use]
    pub fn new(profile: Profile, policy: AppendFsync) -> Self {
        Self {
            profile,
            policy,
            on_sync_error: OnSyncError::Heal,
            tear: Tear::Points,
            base_chunk_len: 64,
            out_max: 1,
            saboteur: 0,
            blindness: Blindness::None,
            still: false,
            traced: false,
            script: Arc::default(),
        }
    }

    /// The disk's profile, with what the simulator is blind to.
    #[must_use]
    pub fn disk_profile(&self) -> Profile {
        let mut profile = self.profile.clone();
        match self.blindness {
            Blindness::RenamesDurable => profile.blind.renames_durable = true,
            Blindness::CrashKeepsCache => profile.blind.crash_keeps_cache = true,
            Blindness::FailedSyncHarmless => profile.blind.failed_sync_harmless = true,
            Blindness::NoGarbage => profile.blind.no_garbage = true,
            Blindness::None | Blindness::NoLowerBound | Blindness::OneOrder => {}
        }
        profile
    }

    /// The setup that a text stands for (the script is not part of it).
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let name = words.next()?;
        let profile = match name == Profile::MIXED {
            true => Profile::mixed(0),
            false => Profile::by_name(name)?,
        };
        let policy = POLICIES
            .iter()
            .find(|(_, name)| Some(*name) == text.split_whitespace().nth(1))?;
        let mut setup = Self::new(profile, policy.0);
        words.next();
        for word in words {
            let (key, value) = word.split_once('=')?;
            let number: usize = value.parse().ok()?;
            match key {
                "mix" => setup.profile = Profile::mixed(u32::try_from(number).ok()?),
                "stop" => setup.on_sync_error = OnSyncError::Stop,
                "bytes" => setup.tear = Tear::Bytes,
                "chunk" => setup.base_chunk_len = number,
                "out" => setup.out_max = number,
                "bug" => setup.saboteur = u32::try_from(number).ok()?,
                "still" => setup.still = true,
                "blind" => setup.blindness = Blindness::ALL.get(number)?.0,
                _ => return None,
            }
        }
        Some(setup)
    }
}

const POLICIES: [(AppendFsync, &str); 3] = [
    (AppendFsync::Always, "always"),
    (AppendFsync::EverySec, "everysec"),
    (AppendFsync::No, "no"),
];

/// A policy's name, as Redis writes it.
#[must_use]
pub fn policy_name(policy: AppendFsync) -> &'static str {
    POLICIES
        .iter()
        .find(|(other, _)| *other == policy)
        .expect("every policy has a name")
        .1
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = Self::new(self.profile.clone(), self.policy);
        write!(f, "{} {}", self.profile.name, policy_name(self.policy))?;
        if self.profile.name == Profile::MIXED {
            write!(f, " mix={}", self.profile.mix)?;
        }
        if self.on_sync_error == OnSyncError::Stop {
            f.write_str(" stop=1")?;
        }
        if self.tear == Tear::Bytes {
            f.write_str(" bytes=1")?;
        }
        if self.base_chunk_len != plain.base_chunk_len {
            write!(f, " chunk={}", self.base_chunk_len)?;
        }
        if self.out_max != plain.out_max {
            write!(f, " out={}", self.out_max)?;
        }
        if self.still {
            f.write_str(" still=1")?;
        }
        if self.saboteur != 0 {
            write!(f, " bug={}", self.saboteur)?;
        }
        if let Some(place) = Blindness::ALL
            .iter()
            .position(|(blind, _)| *blind == self.blindness)
        {
            write!(f, " blind={place}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setup_reads_as_it_was_written() {
        let mut setup = Setup::new(Profile::posix_weak(), AppendFsync::EverySec);
        assert_eq!(setup.to_string(), "posix-weak everysec");
        setup.on_sync_error = OnSyncError::Stop;
        setup.saboteur = 631;
        setup.out_max = 3;
        setup.tear = Tear::Bytes;
        setup.blindness = Blindness::CrashKeepsCache;
        assert_eq!(Setup::from_text(&setup.to_string()), Some(setup));
        let mixed = Setup::new(Profile::mixed(77), AppendFsync::No);
        assert_eq!(Setup::from_text(&mixed.to_string()), Some(mixed));
        assert_eq!(Setup::from_text("posix-weak often"), None);
    }
}
