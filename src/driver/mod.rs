//! The driver: pumps effects from the engine to a file system and completions back.

pub use crate::vfs::{Files, perform};
