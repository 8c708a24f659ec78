//! Commands answer what Redis answers, byte for byte, and what they log leads to the same keys.
//!
//! Needs `redis-server` 7.0 on the PATH; says so and skips without. `INDELIBLE_REPLIES_COMMANDS` (by
//! default 40,000) and `INDELIBLE_REPLIES_SEEDS` (by default 1) make it longer,
//! `INDELIBLE_REPLIES_SEED` (by default 7) begins with another seed.
#![cfg(unix)]

mod compare;
#[path = "../common/content.rs"]
mod content;
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
    let dir = tempfile::tempdir().unwrap();
    let Some(mut redis) = Theirs::start(dir.path()) else {
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
    let dir = tempfile::tempdir().unwrap();
    let Some(mut redis) = Theirs::start(dir.path()) else {
        return;
    };
    let forms: Vec<&str> = STRING_FORMS.lines().collect();
    let (mut ours, mut dice) = (Ours::new(), Dice(42));
    for _ in 0..20_000 {
        let form = dice.pick(&forms).split(' ');
        // Relative times are tested by the script: two servers do not share a millisecond.
        let relative = form
            .clone()
            .any(|word| matches!(word, "EX" | "PX" | "SETEX" | "PSETEX"))
            || form.clone().next() == Some("EXPIRE");
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
        let dir = tempfile::tempdir().unwrap();
        let Some(mut redis) = Theirs::start(dir.path()) else {
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
