//! Redis's own files: manifests and append-only files, read and never written.

pub mod aof;
#[cfg(feature = "std")]
mod find;
#[cfg(feature = "std")]
pub mod load;
pub mod manifest;

#[cfg(feature = "std")]
pub use load::{LoadError, LoadReport, Loaded, load};
