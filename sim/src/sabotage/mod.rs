//! Seeded bugs: which there are, and whether each is caught.

pub(crate) mod driver;
mod hunt;
mod registry;

pub use hunt::{Caught, chosen, hunt, hunt_all};
pub use registry::{ALL, Sabotage, Seat, find};
