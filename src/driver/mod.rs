//! The driver: pumps effects from the engine to a file system and completions back.

mod perform;

pub use perform::{Files, perform};
