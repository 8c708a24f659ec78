//! A deterministic simulator for storage code.

pub mod choice;
pub mod disk;
pub mod hash;
