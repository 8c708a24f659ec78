//! The targets see: each notices a seeded bug of what it looks at, in bytes that nobody chose.

use std::panic::catch_unwind;

use super::{commands, mutate_log, world};
use crate::choice::Random;

/// Whether one of so many random inputs shows the seeded bug, each of so many bytes; none of them
/// finds anything without it.
fn is_caught(judged: fn(&[u8], u32) -> String, saboteur: u32, inputs: u64, len: usize) -> bool {
    let input = |seed| {
        let mut random = Random::new(seed);
        let bytes = std::iter::repeat_with(|| random.next_u64() as u8);
        bytes.take(len).collect::<Vec<u8>>()
    };
    let shows = |seed: &u64| catch_unwind(|| judged(&input(*seed), saboteur)).is_err();
    let shown = (0..inputs).find(shows);
    if let Some(seed) = shown {
        judged(&input(seed), 0);
    }
    shown.is_some()
}

#[test]
fn a_world_sees_an_acknowledgement_before_the_sync() {
    assert!(is_caught(world::judged, 9, 400, 600));
}

#[test]
fn a_damaged_log_shows_who_skips_damage() {
    for saboteur in [31, 34, 35, 36] {
        assert!(
            is_caught(mutate_log::judged, saboteur, 4_000, 24),
            "{saboteur}"
        );
    }
}

#[test]
fn commands_show_a_base_that_is_not_of_one_moment() {
    assert!(is_caught(commands::judged, 53, 400, 600));
}
