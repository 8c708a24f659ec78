//! What a real server writes under a random workload is loaded as the server holds it.
//!
//! Needs `redis-server` and `redis-check-aof`, 7.0 or later, on the PATH; says so and skips without.
//! `INDELIBLE_OUTSIDE_COMMANDS` (by default 6,000) and `INDELIBLE_OUTSIDE_SEEDS` (by default 1) make
//! it longer, `INDELIBLE_OUTSIDE_SEED` begins with another seed.
#![cfg(unix)]

#[path = "../common/content.rs"]
mod content;
#[path = "../common/generator.rs"]
mod generator;
#[path = "../common/redis.rs"]
mod redis;

use std::fs;
use std::path::Path;
use std::time::Duration;

use content::{assert_same, of_keyspace};
use generator::{Made, Plan, make};
use indelible::redis::aof::Tail;
use indelible::redis::{LoadReport, load};

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}: a number")),
        Err(_) => default,
    }
}

/// Makes what the plan says with each seed, and checks it.
fn each(plan: Plan, check: impl Fn(&Plan, &Made)) {
    if !redis::is_here() {
        return;
    }
    let first = setting("INDELIBLE_OUTSIDE_SEED", 1);
    for seed in first..first + setting("INDELIBLE_OUTSIDE_SEEDS", 1) {
        let commands = setting("INDELIBLE_OUTSIDE_COMMANDS", plan.commands);
        let plan = Plan {
            seed: plan.seed + 1_000 * seed,
            commands,
            ..plan
        };
        println!("{plan:?}");
        let made = make(&plan);
        assert!(made.content.len() > 20, "there is something to compare");
        check(&plan, &made);
    }
}

const PLAN: Plan = Plan {
    seed: 0,
    commands: 6_000,
    preamble: false,
    timestamps: false,
    rewrites: 0,
    lasts: Duration::ZERO,
};

fn loads(path: &Path, made: &Made) -> LoadReport {
    let loaded = load(path, 1).unwrap_or_else(|error| panic!("{error}"));
    assert_same(
        &of_keyspace(&loaded.keyspace),
        &made.content,
        &path.display().to_string(),
    );
    assert_eq!(loaded.report.failed(), 0, "{:?}", loaded.report.failures);
    assert_eq!(loaded.report.skipped(), 0);
    assert_eq!(loaded.report.tail(), Tail::Whole);
    loaded.report
}

/// The directory, the image that the server saved, and all in one file as old servers wrote it.
fn all_forms_load(made: &Made) -> LoadReport {
    let image = loads(&made.image(), made);
    assert!(image.files[0].image.is_some());
    let single = made.dir.path().join("old.aof");
    made.single(&single);
    loads(&single, made);
    loads(&made.log(), made)
}

#[test]
fn commands_as_propagated_equal_the_server() {
    each(PLAN, |plan, made| {
        let report = all_forms_load(made);
        assert!(report.commands() > plan.commands / 3);
    });
}

#[test]
fn base_of_commands_and_an_incremental_equal_the_server() {
    let plan = Plan {
        seed: 1,
        rewrites: 3,
        ..PLAN
    };
    each(plan, |_, made| {
        let report = all_forms_load(made);
        assert!(report.files.iter().all(|file| file.commands > 0));
    });
}

#[test]
fn base_as_an_rdb_image_and_an_incremental_equal_the_server() {
    let plan = Plan {
        seed: 2,
        rewrites: 2,
        preamble: true,
        ..PLAN
    };
    each(plan, |_, made| {
        let report = all_forms_load(made);
        let image = report.files[0].image.as_ref().expect("an image");
        assert!(image.keys > 0);
    });
}

#[test]
fn commands_between_many_timestamps_equal_the_server() {
    let plan = Plan {
        seed: 3,
        timestamps: true,
        lasts: Duration::from_secs(6),
        ..PLAN
    };
    each(plan, |_, made| {
        let report = all_forms_load(made);
        let incremental = &report.files.last().expect("a file").path;
        let bytes = fs::read(incremental).expect("the file");
        let stamps = bytes.windows(5).filter(|it| it == b"\n#TS:").count();
        assert!(stamps > 3, "{stamps}");
    });
}
