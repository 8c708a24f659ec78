//! What several tests share.
#![allow(dead_code, unused_imports)]

pub mod faulty;

pub use indelible_sim::machine::{Machine, at, options};
