//! `indelible`: checks, shows, imports and rewrites append-only files of indelible and of Redis.
//!
//! * [`args`] is the command line, [`failure`] the exit codes;
//! * [`source`] tells what a path leads to, [`load`] loads it, [`finding`] says what is wrong, [`skipped`] what was left out;
//! * [`check`], [`dump`], [`import`], [`inspect`], [`repair`], [`rewrite`] are one command each;
//! * [`machine`] drives the shipped engine, [`sizes`] lets it rewrite into nothing.

mod args;
mod backup;
mod calendar;
mod check;
mod context;
mod diff;
mod dump;
mod export;
mod facts;
mod failure;
mod finding;
mod frames;
mod import;
mod inspect;
mod load;
mod log;
mod log_redis;
mod machine;
mod output;
mod pieces;
mod progress;
mod redis_file;
mod repair;
mod rewrite;
mod select;
mod sizes;
mod skipped;
mod source;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use failure::{Failure, USAGE, WELL};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print(); // whoever closed the stream does not miss it
            return ExitCode::from(if error.use_stderr() { USAGE } else { WELL });
        }
    };
    let result = match &cli.command {
        Command::Backup(args) => backup::run(args),
        Command::Check(args) => check::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Dump(args) => dump::run(args),
        Command::Export(args) => export::run(args),
        Command::Import(args) => import::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Log(args) => log::run(args),
        Command::Repair(args) => repair::run(args),
        Command::Rewrite(args) => rewrite::run(args),
    };
    ExitCode::from(match result {
        Ok(code) => code,
        Err(Failure::OutputClosed) => WELL,
        Err(failure) => {
            output::say("error", &failure);
            failure.code()
        }
    })
}
