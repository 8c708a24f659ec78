//! A deterministic simulator for storage code.

pub mod call;
pub mod campaign;
pub mod choice;
#[cfg(feature = "cli")]
pub mod cli;
pub mod digest;
pub mod disk;
pub mod explore;
pub mod fuzz;
pub mod hash;
pub mod litmus;
pub mod machine;
pub mod oracle;
pub mod record;
pub mod report;
pub mod sabotage;
pub mod setup;
pub mod shrink;
pub mod subject;
pub mod version;
pub mod world;
