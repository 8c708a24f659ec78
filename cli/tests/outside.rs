//! What a real server writes is dumped and imported as the server holds it.
//!
//! Needs `redis-server` and `redis-check-aof`, 7.0 or later, on the PATH; says so and skips without.
#![cfg(unix)]

mod common;
#[path = "../../tests/common/content.rs"]
mod content;
#[path = "../../tests/common/generator.rs"]
mod generator;
#[path = "../../tests/common/redis.rs"]
mod redis;

use std::path::Path;
use std::time::Duration;

use common::{dumped, import, run_on};
use generator::{Plan, make};

fn assert_dumps_as(path: &Path, held: &serde_json::Value) {
    assert!(dumped(path) == *held, "{}", path.display());
}

/// The files and a store that they were imported into, which is opened again by each command.
fn dumps_and_imports(preamble: bool) {
    if !redis::is_here() {
        return;
    }
    let made = make(&Plan {
        seed: 70 + u64::from(preamble),
        commands: 3_000,
        preamble,
        timestamps: !preamble,
        rewrites: 1,
        lasts: Duration::ZERO,
    });
    let held = content::json(&made.content);
    let single = made.dir.path().join("old.aof");
    made.single(&single);
    for (number, path) in [made.log(), single, made.image()].iter().enumerate() {
        assert_dumps_as(path, &held);
        let store = made.dir.path().join(format!("store{number}"));
        import(path, &store).expect(0);
        assert_dumps_as(&store, &held);
        run_on("rewrite", &store, &[]).expect(0);
        assert_dumps_as(&store, &held);
    }
}

#[test]
fn files_of_commands_are_dumped_and_imported_as_the_server_holds_them() {
    dumps_and_imports(false);
}

#[test]
fn files_with_an_rdb_image_are_dumped_and_imported_as_the_server_holds_them() {
    dumps_and_imports(true);
}
