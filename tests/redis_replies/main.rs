//! Commands answer what Redis answers, byte for byte, and what they log leads to the same keys. Files
//! go both ways: each loads what the other wrote, and both go on.
//!
//! Needs `redis-server` 7.0 on the PATH; says so and skips without. `INDELIBLE_REPLIES_COMMANDS` (by
//! default 40,000, or 20,000 between which files go both ways) and `INDELIBLE_REPLIES_SEEDS` (by default 1) make it longer,
//! `INDELIBLE_REPLIES_SEED` (by default 7) begins with another seed.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;
mod compare;
#[path = "../common/content.rs"]
mod content;
mod exchange;
mod peers;
#[path = "../common/redis.rs"]
mod redis;
mod said;
mod words;

use compare::compare;
use content::{assert_same, of_keyspace, of_server};
use peers::{Ours, Theirs};
use words::Dice;

/// A program, one call a line; words are split at blanks, `""` is the empty word.
const SCRIPT: &str = include_str!("script.txt");
/// Forms of calls on strings, with times.
const STRING_FORMS: &str = include_str!("strings.txt");
/// Forms of calls on all types.
const FORMS: &str = include_str!("forms.txt");
/// Forms of calls on places.
const GEO_FORMS: &str = include_str!("geo.txt");

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}: a number")),
        Err(_) => default,
    }
}

/// Relative times are tested by the script: two servers do not share a millisecond.
fn is_relative(word: &str) -> bool {
    matches!(word, "EX" | "PX" | "SETEX" | "PSETEX" | "EXPIRE")
}

/// Both hold the same, and so does what our log was loaded into.
fn assert_both_hold_the_same(redis: &Theirs, ours: &Ours) {
    let held = of_keyspace(&ours.keyspace);
    let theirs = of_server(&mut redis.server.client());
    assert_same(&held, &theirs, "ours");
    let loaded = of_keyspace(&ours.loaded);
    assert_same(&loaded, &held, "what was logged");
}

#[test]
fn a_script_is_answered_as_redis_answers_it() {
    let Some(mut redis) = Theirs::start() else {
        return;
    };
    let (mut ours, mut differences) = (Ours::new(), String::new());
    for line in SCRIPT.lines().filter(|line| !line.starts_with('#')) {
        let argv: Vec<&[u8]> = line
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(|word| if word == "\"\"" { "" } else { word }.as_bytes())
            .collect();
        if !argv.is_empty() {
            differences.extend(compare(&mut redis, &mut ours, &argv));
        }
    }
    assert!(differences.is_empty(), "{differences}");
    assert_both_hold_the_same(&redis, &ours);
}

#[test]
fn random_commands_on_strings_are_answered_as_redis_answers_them() {
    let Some(mut redis) = Theirs::start() else {
        return;
    };
    let forms: Vec<&str> = STRING_FORMS.lines().collect();
    let (mut ours, mut dice) = (Ours::new(), Dice(42));
    for _ in 0..20_000 {
        let form = dice.pick(&forms).split(' ');
        let relative = form.clone().any(is_relative);
        let argv: Vec<&[u8]> = form
            .map(|word| match word {
                "k" => dice.pick(&["a", "b", "c", "d"]),
                "v" => dice.pick(&["", "x", "7", "007", "9223372036854775806"]),
                "n" if relative => dice.pick(&["0", "-1", "x", "9223372036854775807", "-0"]),
                "n" => dice.pick(&["0", "1", "-3", "+1", "x", "9223372036854775807", "1 "]),
                "t" => dice.pick(&[
                    "99999999999000",
                    "88888888888499",
                    "1",
                    "1000",
                    "99999999999",
                ]),
                word => word,
            })
            .map(str::as_bytes)
            .collect();
        let difference = compare(&mut redis, &mut ours, &argv);
        assert_eq!(difference, None);
    }
    assert_both_hold_the_same(&redis, &ours);
}

#[test]
fn random_commands_on_all_types_are_answered_as_redis_answers_them() {
    answered_alike(FORMS);
}

#[test]
fn random_commands_on_places_are_answered_as_redis_answers_them() {
    answered_alike(GEO_FORMS);
}

/// Asks both the same, and compares all that is said and what is held in the end.
fn answered_alike(forms: &str) {
    let forms: Vec<&str> = forms.lines().collect();
    let first = setting("INDELIBLE_REPLIES_SEED", 7);
    let count = setting("INDELIBLE_REPLIES_COMMANDS", 40_000);
    for seed in first..first + setting("INDELIBLE_REPLIES_SEEDS", 1) {
        let Some(mut redis) = Theirs::start() else {
            return;
        };
        let (mut ours, mut dice) = (Ours::new(), Dice(seed));
        for number in 0..count {
            let argv = dice.call(&forms);
            let argv: Vec<&[u8]> = argv.iter().map(String::as_bytes).collect();
            let difference = compare(&mut redis, &mut ours, &argv);
            assert_eq!(difference, None, "seed {seed}, call {number}");
        }
        let distances: [&[u8]; 2] = [b"DEL", b"distances"];
        assert_eq!(compare(&mut redis, &mut ours, &distances), None);
        assert_both_hold_the_same(&redis, &ours);
    }
}

/// How often each takes the other's files; between them each rewrites its own.
const TURNS: u64 = 4;

#[test]
fn files_go_both_ways_between_random_commands() {
    let strings = STRING_FORMS.lines();
    // When a key goes whose time is over as it is set is up to each.
    let strings = strings.filter(|form| !form.starts_with("SET k v PXAT"));
    let strings = strings.filter(|form| !form.split(' ').any(is_relative));
    // By a field that does not fit Redis lets a string grow, and does not log it.
    let all = FORMS.lines().filter(|form| !form.contains("OVERFLOW FAIL"));
    let forms: Vec<&str> = all.chain(strings).collect();
    let first = setting("INDELIBLE_REPLIES_SEED", 7);
    let count = setting("INDELIBLE_REPLIES_COMMANDS", 20_000).div_ceil(TURNS);
    for seed in first..first + setting("INDELIBLE_REPLIES_SEEDS", 1) {
        let Some(mut redis) = Theirs::start() else {
            return;
        };
        let mut ours = exchange::Ours::open(tempfile::tempdir().unwrap(), seed);
        let mut dice = Dice(seed);
        for turn in 0..TURNS {
            for number in 0..count {
                if number == count / 2 {
                    redis.server.client().say("BGREWRITEAOF");
                    ours.begin_rewrite();
                }
                let argv = dice.call(&forms);
                let argv: Vec<&[u8]> = argv.iter().map(String::as_bytes).collect();
                let difference = compare(&mut redis, &mut ours, &argv);
                assert_eq!(difference, None, "seed {seed}, turn {turn}, call {number}");
            }
            (redis, ours) = exchange::exchange(redis, ours, turn);
        }
        let keys = ours.content().len();
        assert!(keys > 20, "there is something to compare: {keys}");
    }
}
