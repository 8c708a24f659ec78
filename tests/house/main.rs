//! The house checks itself: rooms, purity, sizes, links, commands, and what is published.
//!
//! Each rule is a function over text, shown to notice a breach on a small example, and then asked
//! about every file there is. The rules in words: CONTRIBUTING.md.

mod calls;
mod code;
mod docs;
mod files;
mod products;
mod rooms;
mod sizes;

/// Fails with every complaint on a line of its own.
fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
