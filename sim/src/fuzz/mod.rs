//! Fuzz targets: each takes any bytes, checks what must hold whatever they are, and says in one line
//! what came of it.
//!
//! A target is a function from bytes to a text, and panics where a promise is broken. The same bytes
//! give the same text, so a text that was written down is a test: `fuzz/seeds` holds inputs of each
//! target with what they must come to, and an ordinary test replays them. The programs that a fuzzer
//! runs stand in `fuzz/` and only call these functions.
//!
//! | target | the bytes are | what must hold |
//! |---|---|---|
//! | [`frames`](frames()) | a log | it opens or is refused, always the same; an opening, also one that is cut by a crash, finds the same again; a refused one changes nothing |
//! | [`mutate_log`](mutate_log()) | damage to a log that was whole | what opens is a prefix of what was written, and not less than was proved durable |
//! | [`resp`](resp()) | commands in RESP | one encoding; what is logged has the effect of what was executed; what is rolled back leaves no trace |
//! | [`commands`](commands()) | choices of commands, crashes and rewrites | replies and contents are those of a plain model, before and after each opening |
//! | [`manifest`](manifest()) | a manifest of Redis | what is read and written again is read as the same |
//! | [`rdb`](rdb()) | an RDB image | it is read or refused, always the same, whatever the window; what was read survives a base |
//! | [`world`](world()) | the choices of a whole simulation | every obligation of the store |
//!
//! Bounds of memory are not measured here: libFuzzer's `-malloc_limit_mb` refuses any single
//! allocation beyond it, and the replaying test runs under a limit of the operating system.

mod commands;
mod frames;
mod history;
mod manifest;
mod mutate_log;
mod rdb;
mod reseal;
mod resp;
#[cfg(test)]
mod tests;
mod world;

use indelible::engine::{AppendFsync, EngineOptions};
use indelible::keyspace::Keyspace;
use indelible::recover::OpenOptions;
use indelible::sabotage::Saboteur;

pub use commands::commands;
pub use frames::frames;
pub use history::{HISTORIES, history_log};
pub use manifest::manifest;
pub use mutate_log::mutate_log;
pub use rdb::rdb;
pub use reseal::reseal;
pub use resp::resp;
pub use world::world;

/// A fuzz target: what came of the bytes.
pub type Target = fn(&[u8]) -> String;

/// Every target with its name.
pub const TARGETS: [(&str, Target); 7] = [
    ("commands", commands),
    ("frames", frames),
    ("manifest", manifest),
    ("mutate_log", mutate_log),
    ("rdb", rdb),
    ("resp", resp),
    ("world", world),
];

/// The order of every keyspace here, so that an outcome is the same each time.
const HASH_SEED: u64 = 1;

/// How a log is opened: durable at once, bases of many small chunks.
fn always() -> OpenOptions {
    seeded(0)
}

/// The same with a seeded bug; 0: none.
fn seeded(saboteur: u32) -> OpenOptions {
    crate::machine::options(EngineOptions {
        saboteur: Saboteur::new(saboteur),
        appendfsync: AppendFsync::Always,
        base_chunk_len: 64,
        auto_aof_rewrite_percentage: 0,
        ..EngineOptions::default()
    })
}

/// How much a keyspace holds, in words.
fn size(keyspace: &Keyspace) -> String {
    format!("{} keys", keyspace.total_len())
}
