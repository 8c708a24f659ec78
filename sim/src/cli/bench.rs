//! `indelible-sim bench`: how fast images are judged.

use std::time::Duration;

use indelible::engine::AppendFsync;

use super::End;

use crate::disk::Profile;
use crate::explore::judge;
use crate::report::{minimal, thousands};
use crate::setup::Setup;

pub fn run(profile: &Profile, seconds: u64, json: bool) -> End {
    let setup = Setup::new(profile.clone(), AppendFsync::Always);
    let (mut opened, mut took, mut rounds) = (0, Duration::ZERO, 0u64);
    let one = loop {
        let judged = match judge(&setup) {
            Ok(judged) => judged,
            Err(failure) => {
                anstream::println!("{}", minimal(&failure));
                return End::Problem;
            }
        };
        opened += judged.opened;
        took += judged.took;
        rounds += 1;
        if took >= Duration::from_secs(seconds) {
            break judged;
        }
    };
    let rate = (opened as f64 / took.as_secs_f64()) as u64;
    if json {
        let document = serde_json::json!({
            "profile": profile.name,
            "states": one.states,
            "images": one.images,
            "opened": one.opened,
            "rounds": rounds,
            "seconds": took.as_secs_f64(),
            "opened_per_second": rate,
        });
        anstream::println!("{document:#}");
    } else {
        anstream::println!(
            "{}: {} states, {} crash images, {} of them distinct: opened and judged; {rounds} times in \
             {:.1} s: {} a second",
            profile.name,
            thousands(one.states),
            thousands(one.images),
            thousands(one.opened),
            took.as_secs_f64(),
            thousands(rate),
        );
    }
    End::Well
}
