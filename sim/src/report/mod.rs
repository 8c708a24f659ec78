//! What a search has found, for a reader.

mod alike;
mod case;
mod closest;
mod coverage;
mod event;
mod explained;
mod files;
mod flip;
#[cfg(feature = "cli")]
mod page;
mod regression;
mod screen;
mod site;
mod story;
#[cfg(feature = "cli")]
mod summary;
mod table;
mod why;

pub use alike::{Alike, Trace, line as trace_line, traces};
pub use case::{Case, minimal};
pub use closest::closest;
pub use coverage::{Coverage, Damage, Deed, Phase};
pub use event::{Event, verb};
pub use explained::{Explained, signature};
pub use files::{last_image, write_files};
pub use flip::Flip;
#[cfg(feature = "cli")]
pub use page::page;
pub use regression::regression;
pub use screen::{facts, heading, result, screen};
pub use site::{Sibling, Site, Tried};
pub use story::{Span, Story};
#[cfg(feature = "cli")]
pub use summary::{Bug, Catch, Summary};
pub use table::{Table, thousands};
pub use why::{Missing, Why};
