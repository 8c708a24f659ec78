//! What a search has found, for a reader.

mod case;
mod table;

pub use case::{Case, minimal};
pub use table::{Table, thousands};
