//! Random campaigns: one run for each seed, long and rough, with chains of crashes.

mod plan;
mod run;

pub(crate) use run::guarded;
pub use run::{Failure, Replayed, replay, run_seed};
