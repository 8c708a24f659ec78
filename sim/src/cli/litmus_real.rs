//! The programs on a real directory: each cut short behind each of its calls by a process that
//! dies there.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::litmus::{PROGRAMS, Program, real};

use super::End;

/// What became of one program, cut short behind so many calls.
struct Crash {
    program: &'static str,
    after: usize,
    /// The calls made of the real file system.
    calls: Vec<String>,
    /// What is wrong, if anything is.
    wrong: Option<String>,
}

/// Runs all programs that need no fault below `path`, and says what is unlike the simulated disk.
pub(super) fn run(path: &Path, json: bool) -> End {
    let mut crashes = Vec::new();
    for program in PROGRAMS.iter().filter(|program| !program.needs_a_fault()) {
        for after in 0..=program.calls.len() {
            match crash(path, program, after) {
                Ok(crash) => crashes.push(crash),
                Err(error) => {
                    anstream::eprintln!("{}, after {after} calls: {error}", program.id);
                    return End::Io;
                }
            }
        }
    }
    if json {
        print_json(&crashes);
    } else {
        print(&crashes);
    }
    match crashes.iter().all(|crash| crash.wrong.is_none()) {
        true => End::Well,
        false => End::Problem,
    }
}

/// In the process that dies: runs `ID:COUNT`, prints the calls, and aborts.
pub(super) fn run_and_die(path: &Path, place: &str) -> End {
    let Some((program, after)) = parse(place) else {
        anstream::eprintln!("{place:?} is no place in a program");
        return End::Usage;
    };
    let calls = match real::run(path, &real::cut_short(program, after)) {
        Ok(calls) => calls,
        Err(error) => {
            anstream::eprintln!("{error}");
            return End::Io;
        }
    };
    let mut text = calls.join("\n");
    text.push('\n');
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        anstream::eprintln!("{error}");
        return End::Io;
    }
    std::process::abort();
}

fn parse(place: &str) -> Option<(&'static Program, usize)> {
    let (id, count) = place.split_once(':')?;
    let program = PROGRAMS.iter().find(|program| program.id == id)?;
    let count = count.parse().ok()?;
    (count <= program.calls.len()).then_some((program, count))
}

fn crash(
    path: &Path,
    program: &'static Program,
    after: usize,
) -> Result<Crash, Box<dyn std::error::Error>> {
    let directory = path.join(format!("litmus-{}-{after}", program.id));
    real::prepare(&directory, program)?;
    let child = Command::new(std::env::current_exe()?)
        .args(["litmus", "--dies-after"])
        .arg(format!("{}:{after}", program.id))
        .arg("--real")
        .arg(&directory)
        .stderr(Stdio::inherit())
        .output()?;
    if let Some(code) = child.status.code() {
        return Err(format!("the process ended with code {code} and did not crash").into());
    }
    let text = String::from_utf8(child.stdout)?;
    let calls: Vec<String> = text
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    let (simulated, allowed) = real::simulated(&real::cut_short(program, after))?;
    let left = real::left(&directory)?;
    let wrong = if !allowed.contains(&left) {
        let names: Vec<_> = left
            .iter()
            .map(|(name, bytes)| (name, bytes.len()))
            .collect();
        Some(format!("the simulated disk never leaves {names:?}"))
    } else if calls != simulated {
        Some(format!("the simulated disk was called {simulated:?}"))
    } else {
        None
    };
    std::fs::remove_dir_all(&directory)?;
    Ok(Crash {
        program: program.id,
        after,
        calls,
        wrong,
    })
}

fn print(crashes: &[Crash]) {
    for crash in crashes {
        let wrong = crash.wrong.as_deref().unwrap_or("as simulated");
        anstream::println!("{} after {}: {wrong}", crash.program, crash.after);
        for call in &crash.calls {
            anstream::println!("    {call}");
        }
    }
    let skipped = PROGRAMS.iter().filter(|program| program.needs_a_fault());
    let skipped: Vec<&str> = skipped.map(|program| program.id).collect();
    anstream::println!(
        "{} process crashes; left out, for they need a sync that fails: {}",
        crashes.len(),
        skipped.join(", ")
    );
}

fn print_json(crashes: &[Crash]) {
    let crashes = crashes.iter().map(|crash| {
        json!({
            "program": crash.program,
            "after": crash.after,
            "calls": crash.calls,
            "wrong": crash.wrong,
        })
    });
    let value = json!({ "crashes": crashes.collect::<Vec<_>>() });
    anstream::println!("{value:#}");
}
