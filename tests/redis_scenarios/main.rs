//! What Redis's own tests check about its append-only file, one scenario a test.
//!
//! What concerns the command line is in `cli/tests`.
#![cfg(unix)]

#[path = "../store/backends.rs"]
#[allow(dead_code, reason = "each test target uses a part")]
mod backends;
#[path = "../common/mod.rs"]
mod common;
#[path = "../common/content.rs"]
mod content;
mod effects;
mod loading;
mod logged;
mod manifests;
#[path = "../common/redis.rs"]
mod redis;
mod rewrites;
mod support;
