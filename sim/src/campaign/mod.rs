//! Random campaigns: one run for each seed, long and rough, with chains of crashes.

mod all;
mod canary;
mod plan;
mod run;

pub use all::{Campaign, campaign};
pub use canary::{silent, watched_campaign};
pub(crate) use run::guarded;
pub use run::{Failure, Ran, Replayed, replay, run_choices, run_seed};
