//! Redis's own files: manifests, append-only files and RDB images, read and never written.

pub mod aof;
#[cfg(feature = "std")]
mod find;
#[cfg(feature = "std")]
mod image;
#[cfg(feature = "std")]
pub mod load;
pub mod manifest;
pub mod rdb;
#[cfg(feature = "std")]
mod restore;
mod resync;
mod unsupported;

#[cfg(feature = "std")]
pub use image::{ImageError, ImageReport, Left, load_image};
#[cfg(feature = "std")]
pub use load::{LoadError, LoadOptions, LoadReport, Loaded, files, load, load_with};
#[cfg(feature = "std")]
pub use restore::{ApplyError, apply, left_out};
pub use resync::Resync;
pub use unsupported::unsupported;
