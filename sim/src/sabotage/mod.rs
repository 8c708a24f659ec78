//! Seeded bugs: which there are, and whether each is caught.

pub(crate) mod driver;
mod registry;

pub use registry::{ALL, Sabotage, Seat, find};
