//! Random campaigns: one run for each seed, long and rough, with chains of crashes.

mod plan;
mod run;

pub use run::{Failure, Replayed, replay, run_seed};
