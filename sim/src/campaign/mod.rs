//! Random campaigns: one run for each seed, long and rough, with chains of crashes.

mod all;
mod canary;
mod groups;
mod plan;
mod run;
mod seeds;
mod shard;

pub use all::{Campaign, campaign};
#[cfg(feature = "cli")]
pub(crate) use canary::EVERY;
pub use canary::{silent, watched_campaign};
pub use groups::{Group, grouped};
pub(crate) use run::guarded;
pub use run::{Failure, Ran, Replayed, replay, run_choices, run_seed};
pub use seeds::Seeds;
pub use shard::Shard;
