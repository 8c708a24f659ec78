//! Exhaustive search within bounds.

mod counts;

pub use counts::Counts;
