//! The command line.

use std::ops::Range;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use indelible::engine::AppendFsync;

use super::evidence::Evidence;
use super::report::ReportArgs;
use crate::call::Call;
use crate::campaign::Shard;
use crate::disk::Profile;
use crate::setup::{Blindness, Tear};

/// Crashes indelible at every step, on a disk that keeps no more than it must.
///
/// Without a command: everything that fits ninety seconds on two cores. Data goes to stdout,
/// progress and diagnostics to stderr. Exit codes: 0 well, 1 a problem was found, 2 usage, 3 I/O,
/// 5 a bound not finished or a campaign gone blind.
#[derive(Debug, Parser)]
#[command(name = "indelible-sim", version)]
pub struct Cli {
    /// What to do; nothing: the main job.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Threads; 0: as many as there are cores.
    #[arg(long, global = true, default_value_t = 0)]
    pub threads: usize,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Explores everything within bounds, and samples nothing.
    Prove(ProveArgs),
    /// Runs random workloads, one for each seed.
    Run(RunArgs),
    /// Joins certificates of `prove`, or reports of `run`, that shards have written.
    ///
    /// Refused if a shard or a part is missing (1), if two say different things of the same (1), or
    /// if they are of different code or bounds (2).
    Merge {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Writes what they come to to this file; without it, to stdout.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Seeds bugs and shows that each is caught.
    Sabotage(SabotageArgs),
    /// Runs a campaign and makes a page of it: seeded bugs, coverage, what was never reached, rates.
    Report(ReportArgs),
    /// Counts what a crash may leave of small programs, on each profile.
    Litmus(LitmusArgs),
    /// Repeats a run that failed.
    Replay {
        /// What a failure's report ends with.
        token: String,
        /// The append-only file that was the workload, if one was.
        #[arg(long)]
        aof: Option<PathBuf>,
        /// What is kept of the failure.
        #[command(flatten)]
        evidence: Evidence,
    },
    /// Measures how many crash images are recovered and judged in a second on one core: ten SETs with
    /// a rewrite between them, crashed at each step.
    Bench {
        /// The disk's profile.
        #[arg(long, value_parser = profile, default_value = "posix-weak")]
        profile: Profile,
        /// Repeats the workload for at least so many seconds.
        #[arg(long, default_value_t = 3)]
        seconds: u64,
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Runs each seed twice and compares the traces byte for byte.
    Determinism {
        /// The seeds, as FIRST..END.
        #[arg(long, value_parser = seeds, default_value = "0..100")]
        seeds: Range<u64>,
        /// The disk's profile.
        #[arg(long, value_parser = profile_or_mixed, default_value = "posix-weak")]
        profile: Profile,
    },
}

/// The bounds of a proof.
#[derive(Debug, Args)]
pub struct ProveArgs {
    /// The disk's profile.
    #[arg(long, value_parser = profile, default_value = "posix-weak")]
    pub profile: Profile,
    /// When commits are acknowledged.
    #[arg(long, value_enum, ignore_case = true, default_value_t = Policy::Always)]
    pub policy: Policy,
    /// Calls of clients.
    #[arg(long, default_value_t = 2)]
    pub ops: u32,
    /// The calls that workloads are made of, by their letters.
    #[arg(long, value_parser = alphabet, default_value = "NODBSRT", long_help = letters())]
    pub alphabet: Alphabet,
    /// Crashes.
    #[arg(long, default_value_t = 1)]
    pub crashes: u32,
    /// Faults.
    #[arg(long, default_value_t = 0)]
    pub faults: u32,
    /// Crashes that tear a write; by default each of them may.
    #[arg(long)]
    pub tears: Option<u32>,
    /// Where writes are torn.
    #[arg(long, value_enum, default_value_t = TearArg::Points)]
    pub tear: TearArg,
    /// Searches one share alone, as K/N with K from 0: every N-th part, by the first calls.
    #[arg(long)]
    pub shard: Option<Shard>,
    /// Keeps what was exhausted in this file, after each part; goes on with it if it is there.
    #[arg(long)]
    pub certificate: Option<PathBuf>,
    /// Takes the parts that these certificates have for searched.
    #[arg(long)]
    pub resume: Vec<PathBuf>,
    /// Gives up after so many minutes; what a certificate has by then stays.
    #[arg(long)]
    pub minutes: Option<u64>,
    /// Exhausts the bounds that a release is proved within, the cheap ones first: half an hour on two
    /// cores.
    #[arg(long, conflicts_with_all = ["certificate", "resume", "shard"])]
    pub release_bounds: bool,
    /// With the release bounds, those as well that take hours.
    #[arg(long, requires = "release_bounds")]
    pub larger: bool,
    /// The directory of the release bounds' certificates.
    #[arg(long, requires = "release_bounds")]
    pub certificates: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
    /// What is kept of a failure.
    #[command(flatten)]
    pub evidence: Evidence,
}

/// Calls that workloads are made of.
#[derive(Clone, Debug)]
pub struct Alphabet(pub Vec<Call>);

/// Which random runs.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The seeds, as FIRST..END; without it, from 0 on until the minutes are over.
    #[arg(long, value_parser = seeds, required_unless_present = "minutes")]
    pub seeds: Option<Range<u64>>,
    /// The disk's profile, or `mixed`: each seed draws a mix of knobs; none: each of the profiles.
    #[arg(long, value_parser = profile_or_mixed)]
    pub profile: Option<Profile>,
    /// Runs one share of the seeds, as K/N with K from 0: those that are K modulo N.
    #[arg(long)]
    pub shard: Option<Shard>,
    /// Begins no more seeds after so many minutes; which were run is said.
    #[arg(long)]
    pub minutes: Option<u64>,
    /// Goes on after a failure, until there are so many; they are shown in groups.
    #[arg(long, num_args = 0..=1, default_missing_value = "100", require_equals = true)]
    pub keep_going: Option<u64>,
    /// A Redis append-only file, or a directory of them, whose commits are the workload.
    #[arg(long)]
    pub aof: Option<PathBuf>,
    /// Shuts one eye of the simulator, by its number: the canaries must notice.
    #[arg(long, value_parser = blindness, hide = true)]
    pub blind_to: Option<Blindness>,
    /// Prints JSON, one value a line, the same for the same arguments.
    #[arg(long)]
    pub json: bool,
    /// What is kept of a failure.
    #[command(flatten)]
    pub evidence: Evidence,
}

/// Which seeded bugs.
#[derive(Debug, Args)]
pub struct SabotageArgs {
    /// This one alone.
    #[arg(long)]
    pub only: Option<u32>,
    /// Lists them and searches nothing.
    #[arg(long)]
    pub list: bool,
    /// Each of them on every profile on which it can matter: the kill matrix.
    #[arg(long, alias = "matrix")]
    pub all: bool,
    /// Leaves out each barrier of engine and recovery in turn.
    #[arg(long)]
    pub ablation: bool,
    /// Makes the simulator blind to one thing after the other.
    #[arg(long)]
    pub blind: bool,
    /// Seeds that are tried for what is not caught within bounds.
    #[arg(long, default_value_t = 1_500)]
    pub seeds: u64,
    /// Writes the page with the results, as Markdown, to this file.
    #[arg(long)]
    pub write: Option<PathBuf>,
    /// Prints the smallest trace of each, a line each, as `sim/src/report/traces.txt` holds them.
    #[arg(long)]
    pub traces: bool,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
    /// What is kept of a failure.
    #[command(flatten)]
    pub evidence: Evidence,
}

/// Litmus programs: where they run.
#[derive(Debug, Args)]
pub struct LitmusArgs {
    /// Runs them in new directories below this one, on the real file system: a process dies behind
    /// each call, and what it leaves is compared with the simulated disk.
    #[arg(long)]
    pub real: Option<PathBuf>,
    /// Runs the first calls of a program in this directory, as PROGRAM:COUNT, and dies.
    #[arg(long, requires = "real", hide = true)]
    pub dies_after: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// When commits are acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    /// When durable.
    Always,
    /// When written; synced within about a second.
    #[value(name = "everysec")]
    EverySec,
    /// When written.
    No,
}

impl From<Policy> for AppendFsync {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Always => Self::Always,
            Policy::EverySec => Self::EverySec,
            Policy::No => Self::No,
        }
    }
}

/// Where writes are torn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TearArg {
    /// At the borders of a frame's fields, and one byte to either side.
    Points,
    /// At every byte.
    Bytes,
}

impl From<TearArg> for Tear {
    fn from(tear: TearArg) -> Self {
        match tear {
            TearArg::Points => Self::Points,
            TearArg::Bytes => Self::Bytes,
        }
    }
}

fn letters() -> String {
    let all = Call::lettered().map(|(call, letter)| format!("{letter} {call:?}"));
    format!(
        "The calls that workloads are made of, by their letters: {}",
        all.collect::<Vec<_>>().join(", ")
    )
}

fn alphabet(text: &str) -> Result<Alphabet, String> {
    let mut calls = Vec::new();
    for letter in text.chars() {
        let call = letter.to_string().parse::<Call>();
        let call = call.map_err(|()| format!("no call has the letter {letter}"))?;
        if calls.contains(&call) {
            return Err(format!("{letter} stands there twice"));
        }
        calls.push(call);
    }
    match calls.is_empty() {
        true => Err(String::from("there is no letter")),
        false => Ok(Alphabet(calls)),
    }
}

pub(super) fn seeds(text: &str) -> Result<Range<u64>, String> {
    let wrong = || format!("{text:?} is no range of seeds, as in 0..2000");
    let (first, end) = text.split_once("..").ok_or_else(wrong)?;
    let parse = |number: &str| number.parse::<u64>().map_err(|_| wrong());
    let range = parse(first)?..parse(end)?;
    if range.is_empty() {
        Err(format!("{text} holds no seed"))
    } else {
        Ok(range)
    }
}

fn blindness(number: &str) -> Result<Blindness, String> {
    let place = number.parse::<usize>().ok();
    let known = place.and_then(|place| Blindness::ALL.get(place));
    let most = Blindness::ALL.len() - 1;
    known
        .map(|(blindness, _)| *blindness)
        .ok_or_else(|| format!("{number:?} is no number from 0 to {most}"))
}

fn profile_or_mixed(name: &str) -> Result<Profile, String> {
    match name == Profile::MIXED {
        true => Ok(Profile::mixed(0)),
        false => profile(name).map_err(|text| format!("{text}, {}", Profile::MIXED)),
    }
}

pub(super) fn profile(name: &str) -> Result<Profile, String> {
    Profile::by_name(name).ok_or_else(|| {
        let names: Vec<&str> = Profile::presets()
            .iter()
            .map(|profile| profile.name)
            .collect();
        format!("no such profile; there are {}", names.join(", "))
    })
}
