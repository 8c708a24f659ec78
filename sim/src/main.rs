//! The simulator's command line.
use indelible_sim::{
    campaign,
    disk::Profile,
    shrink,
    world::{What, World, to_text},
};
use std::sync::Arc;
fn main() {
    if std::env::var("V").is_err() {
        std::panic::set_hook(Box::new(|_| {}));
    }
    let args: Vec<String> = std::env::args().collect();
    if args[1] == "prove" {
        use indelible_sim::{explore::{explore, Bounds, Universe}, setup::Setup, call::Call};
        use indelible::engine::AppendFsync;
        let n = |i: usize| -> u32 { args[i].parse().unwrap() };
        let policy = match args[5].as_str() { "always" => AppendFsync::Always, "everysec" => AppendFsync::EverySec, _ => AppendFsync::No };
        let mut setup = Setup::new(Profile::by_name(args.get(6).map_or("posix-weak", |s| s)).unwrap(), policy);
        setup.saboteur = args.get(7).map_or(0, |s| s.parse().unwrap());
        if args.get(8).is_some_and(|s| s == "bytes") { setup.tear = indelible_sim::setup::Tear::Bytes; }
        let universe = Universe { setup, bounds: Bounds { ops: n(2), crashes: n(3), faults: n(4) }, alphabet: Call::ALPHABET.to_vec(), states_max: u64::MAX };
        let start = std::time::Instant::now();
        let out = explore(&universe, 2, &|counts| { if counts.states % 64 == 0 { eprintln!("{:?} {counts:?}", start.elapsed()) } });
        println!("{:?} {:?} finished {}", start.elapsed(), out.counts, out.finished);
        if let Some(failure) = out.failure {
            println!("{} \n {}", failure.violation, to_text(&failure.steps));
        }
        return;
    }
    let (a, b): (u64, u64) = (args[1].parse().unwrap(), args[2].parse().unwrap());
    let profile = Profile::by_name(args.get(3).map_or("posix-weak", |s| s)).unwrap();
    let bug: u32 = args.get(4).map_or(0, |s| s.parse().unwrap());
    let script = Arc::default();
    let mut total = indelible_sim::explore::Counts::default();
    let mut seen = std::collections::BTreeMap::new();
    for seed in a..b {
        match campaign::run_seed(seed, &profile, &script, &|setup| setup.saboteur = bug) {
            Ok((counts, _)) => total += counts,
            Err(failure) => {
                let key = format!(
                    "{} {}",
                    failure.violation.obligation,
                    failure
                        .violation
                        .detail
                        .split(|c: char| c.is_ascii_digit())
                        .next()
                        .unwrap()
                );
                let count = seen.entry(key.clone()).or_insert(0);
                *count += 1;
                if *count > 1 {
                    continue;
                }
                let setup = Arc::new(failure.setup.clone());
                let obligation = failure.violation.obligation;
                let steps = shrink::shrink(
                    failure.steps.clone(),
                    3000,
                    &mut |steps: &[indelible_sim::world::Step]| {
                        let replayed = campaign::replay(World::new(&setup), steps);
                        match replayed.ended {
                            Err(v) if v.obligation == obligation => Some(replayed.taken),
                            _ => None,
                        }
                    },
                );
                let campaign::Replayed { world, ended, .. } =
                    campaign::replay(World::new(&setup).remembering(), &steps);
                println!(
                    "seed {seed}: {}\n  {setup}\n  {} (from {})",
                    ended.map_or_else(
                        |v| v.to_string(),
                        |()| format!("NOT REPRODUCED {}", failure.violation)
                    ),
                    to_text(&steps),
                    failure.steps.len()
                );
                let mut last = String::new();
                for line in world.lines() {
                    let text = format!("{line:?}");
                    if text == last {
                        continue;
                    }
                    last = text;
                    match &line.what {
                        What::Io { record, name, to } => println!(
                            "    {:?} {name} {to} @{} len {} seq {} -> {:?}",
                            record.call, record.offset, record.len, record.sequence, record.result
                        ),
                        other => println!("    {other:?}"),
                    }
                }
            }
        }
    }
    println!("{total:?}\n{seen:?}");
}
