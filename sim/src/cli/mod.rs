//! The command line: what is asked for, done, and printed.

mod aof;
mod args;
mod bench;
mod certificate;
mod evidence;
mod litmus;
#[cfg(unix)]
mod litmus_real;
mod main_job;
#[cfg(test)]
mod manifests;
mod matrix;
mod merge;
mod output;
mod prove;
mod random;
mod release;
mod report;
mod reports;
mod saboteurs;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

use crate::campaign::{Failure, replay};
use crate::report::{Case, Explained, regression, screen};
use crate::world::World;

use args::{Cli, Command};
use evidence::Evidence;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Well.
    Well,
    /// A problem was found.
    Problem,
    /// The arguments make no sense.
    Usage,
    /// Reading or writing failed.
    Io,
    /// A bound was not finished, or a campaign has gone blind.
    Unfinished,
}

impl From<End> for ExitCode {
    fn from(end: End) -> Self {
        Self::from(match end {
            End::Well => 0,
            End::Problem => 1,
            End::Usage => 2,
            End::Io => 3,
            End::Unfinished => 5,
        })
    }
}

/// Does what the command line says.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    // What the store panics with is caught and becomes a verdict.
    std::panic::set_hook(Box::new(|_| {}));
    let threads = match cli.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let end = match &cli.command {
        None => main_job::run(threads),
        Some(Command::Prove(args)) => prove::run(args, threads),
        Some(Command::Run(args)) => random::run(args, threads),
        Some(Command::Report(args)) => report::run(args, threads),
        Some(Command::Merge { files, out }) => merge::run(files, out.as_deref()),
        Some(Command::Sabotage(args)) => saboteurs::run(args, threads),
        Some(Command::Bench {
            profile,
            seconds,
            json,
        }) => bench::run(profile, *seconds, *json),
        Some(Command::Replay {
            token,
            aof,
            evidence,
        }) => repeat(token, aof.as_deref(), evidence),
        Some(Command::Litmus(args)) => litmus::run(args),
        Some(Command::Determinism { seeds, profile }) => random::determinism(seeds, profile),
    };
    end.into()
}

/// Keeps of a failure what was asked for, and prints it unless that was done in another form;
/// `number`: how many were kept before.
fn show(evidence: &Evidence, case: &Case, number: usize, quiet: bool) -> Result<(), End> {
    let explained = Explained::of(case);
    if !quiet {
        anstream::println!(
            "{}\n{}",
            screen(case, &explained),
            regression(case, &explained)
        );
    }
    evidence.keep(case, &explained, number).map_err(|error| {
        anstream::eprintln!("{error}");
        End::Io
    })
}

fn repeat(token: &str, aof: Option<&std::path::Path>, evidence: &Evidence) -> End {
    let Some((mut setup, steps)) = Case::from_token(token) else {
        anstream::eprintln!("this is no token of a run");
        return End::Usage;
    };
    if let Some(path) = aof {
        match aof::script(path) {
            Ok(script) => setup.script = Arc::new(script),
            Err(error) => {
                anstream::eprintln!("{}: {error}", path.display());
                return End::Io;
            }
        }
    }
    let setup = Arc::new(setup);
    match replay(World::new(&setup).remembering(), &steps).ended {
        Ok(()) => {
            anstream::println!("{}\nno promise is broken", Case::trace_of(&setup, &steps));
            End::Well
        }
        Err(violation) => {
            let case = Case::whole(&Failure {
                violation,
                setup: (*setup).clone(),
                steps,
            });
            match show(evidence, &case, 0, false) {
                Ok(()) => End::Problem,
                Err(end) => end,
            }
        }
    }
}
