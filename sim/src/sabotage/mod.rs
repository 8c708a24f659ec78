//! Seeded bugs: which there are, and whether each is caught.

pub mod ablation;
mod absent;
mod barriers;
mod blind;
pub(crate) mod driver;
mod hunt;
mod matrix;
pub(crate) mod opening;
mod page;
mod quarantine;
mod reasons;
mod registry;

pub use absent::{ABSENT, Absent};
pub use barriers::barriers;
pub use blind::{Blinded, blinded};
pub use driver::COPY_GIVES_ZEROS;
pub use hunt::{Caught, chosen, hunt, hunt_all, hunt_by_seeds, hunt_within};
pub use matrix::{End, Pair, matrix, profiles};
pub use page::Findings;
pub use reasons::cannot_matter;
pub use registry::{ALL, BARRIERS, Sabotage, Seat, find, rank};
