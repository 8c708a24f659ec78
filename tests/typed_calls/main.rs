//! The typed calls say and do what `execute` does: on a handle, in a batch, and in an update.

#[path = "../common/content.rs"]
mod content;
#[cfg(unix)]
#[path = "../common/redis.rs"]
mod redis;

mod geo;
mod hashes;
mod keys;
mod lists;
mod others;
mod same;
mod sets;
mod strings;
mod together;
mod zranges;
mod zsets;
