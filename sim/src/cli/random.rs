//! `run` and `determinism`: one random run for each seed.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::args::RunArgs;
use super::output::{HEADING, Spinner, cells};
use super::reports::{Block, Cluster, Header, Line, Whole, to_text};
use super::{End, aof};
use crate::campaign::{
    Campaign, EVERY, Failure, Seeds, Shard, grouped, run_seed, watched_campaign,
};
use crate::disk::Profile;
use crate::explore::Counts;
use crate::report::Table;
use crate::setup::{Blindness, ScriptCommit, Setup};
use crate::world::to_text as steps_text;

/// A campaign that was asked for.
struct Asked<'a> {
    args: &'a RunArgs,
    script: Arc<Vec<ScriptCommit>>,
    profiles: Vec<Profile>,
    range: Range<u64>,
    shard: Shard,
    failures_max: u64,
    deadline: Option<Instant>,
    threads: usize,
}

/// What a campaign has come to so far.
#[derive(Default)]
struct Ran {
    blocks: Vec<Block>,
    failures: Vec<(&'static str, u64, Failure)>,
    finished: bool,
}

pub(super) fn run(args: &RunArgs, threads: usize) -> End {
    let script: Arc<Vec<ScriptCommit>> = match args.aof.as_deref().map(aof::script).transpose() {
        Ok(script) => Arc::new(script.unwrap_or_default()),
        Err(error) => {
            anstream::eprintln!("{error}");
            return End::Io;
        }
    };
    let profiles = args
        .profile
        .clone()
        .map_or_else(|| Profile::presets().to_vec(), |one| vec![one]);
    let within = args
        .minutes
        .map(|minutes| Duration::from_secs(minutes * 60));
    let asked = Asked {
        args,
        script,
        profiles,
        range: args.seeds.clone().unwrap_or(0..u64::MAX),
        shard: args.shard.unwrap_or(Shard::WHOLE),
        failures_max: args.keep_going.unwrap_or(1),
        deadline: within.map(|within| Instant::now() + within),
        threads,
    };
    match asked.run() {
        Ok(end) => end,
        Err(error) => {
            anstream::eprintln!("{error}");
            End::Io
        }
    }
}

impl Asked<'_> {
    fn run(&self) -> Result<End, String> {
        self.print(&Line::Campaign(self.header()))?;
        let mut ran = Ran::default();
        self.blocks(&mut ran)?;
        let failures = ran.failures.iter();
        let groups = grouped(failures.map(|(profile, seed, failure)| (*profile, *seed, failure)));
        if !self.args.json {
            self.show(&ran);
        }
        for (number, group) in groups.iter().enumerate() {
            let cluster = Cluster::of(group);
            self.print(&Line::Failures(cluster.clone()))?;
            if !self.args.json {
                show_cluster(&cluster);
            }
            let shown = super::show(&self.args.evidence, &group.case, number, self.args.json);
            if let Err(end) = shown {
                return Ok(end);
            }
        }
        let whole = Whole::of(ran.blocks.iter(), ran.finished);
        self.print(&Line::End(whole.clone()))?;
        Ok(whole.ended())
    }

    /// A line of JSON, if JSON was asked for.
    fn print(&self, line: &Line) -> Result<(), String> {
        if self.args.json {
            anstream::println!("{}", to_text(line)?);
        }
        Ok(())
    }

    fn header(&self) -> Header {
        let names = self.profiles.iter().map(|profile| profile.name.to_owned());
        let seeds = (self.range.start, self.range.end);
        let blind = self.args.blind_to.map(|blind| format!("{blind:?}"));
        Header {
            aof: self
                .args
                .aof
                .as_ref()
                .map(|path| path.display().to_string()),
            blind,
            failures_max: self.failures_max,
            ..Header::new(names.collect(), seeds, self.shard)
        }
    }

    /// Runs the seeds, block by block, each block on each profile.
    fn blocks(&self, ran: &mut Ran) -> Result<(), String> {
        for seeds in Seeds::new(self.range.clone(), self.shard).blocks(EVERY) {
            for profile in &self.profiles {
                let late = self
                    .deadline
                    .is_some_and(|deadline| Instant::now() >= deadline);
                if late || ran.failures.len() as u64 >= self.failures_max {
                    return Ok(());
                }
                let campaign = self.block(&seeds, profile);
                is_blind(profile, &campaign);
                let block = Block {
                    shard: self.shard.to_string(),
                    profile: profile.name.to_owned(),
                    first: seeds.start(),
                    end: seeds.end(),
                    counts: campaign.counts,
                    failing: campaign.failures.iter().map(|(seed, _)| *seed).collect(),
                    silent: campaign.silent,
                };
                self.print(&Line::Seeds(block.clone()))?;
                ran.blocks.push(block);
                let failures = campaign.failures.into_iter();
                let named = failures.map(|(seed, failure)| (profile.name, seed, failure));
                let room = self.failures_max.saturating_sub(ran.failures.len() as u64);
                ran.failures.extend(named.take(room as usize));
            }
        }
        ran.finished = true;
        Ok(())
    }

    fn block(&self, seeds: &Seeds, profile: &Profile) -> Campaign {
        let spinner = Spinner::new(profile.name);
        let adapt = |setup: &mut Setup| {
            setup.blindness = self.args.blind_to.unwrap_or(Blindness::None);
        };
        let (script, threads) = (&self.script, self.threads);
        let shown = |counts: Counts| spinner.show(counts);
        let campaign = watched_campaign(seeds.clone(), profile, script, &adapt, threads, &shown);
        spinner.end();
        campaign
    }

    fn show(&self, ran: &Ran) {
        let mut table = Table::new(&HEADING);
        for profile in &self.profiles {
            let blocks = ran
                .blocks
                .iter()
                .filter(|block| block.profile == profile.name);
            let (mut counts, mut end) = (Counts::default(), self.range.start);
            for block in blocks {
                counts += block.counts;
                end = block.end;
            }
            table.row(cells(
                &format!("{} {}..{end}", profile.name, self.range.start),
                counts,
            ));
        }
        anstream::println!("seeds of shard {}\n{table}", self.shard);
        if !ran.finished {
            anstream::println!("not all seeds of the range were run");
        }
    }
}

/// Seeds that are listed of one group.
const LISTED_MAX: usize = 8;

fn show_cluster(cluster: &Cluster) {
    let runs = cluster.runs.iter().take(LISTED_MAX);
    let runs: Vec<String> = runs
        .map(|(profile, seed)| format!("{profile} {seed}"))
        .collect();
    let Cluster {
        obligation,
        edge,
        count,
        ..
    } = cluster;
    anstream::println!(
        "{count} x {obligation}: {edge}\n  seeds {}",
        runs.join(", ")
    );
}

/// Whether a canary was not caught; says so.
pub(super) fn is_blind(profile: &Profile, ran: &Campaign) -> bool {
    for bug in &ran.silent {
        anstream::eprintln!("BLIND: on {} nobody catches the canary {bug}", profile.name);
    }
    !ran.silent.is_empty()
}

pub(super) fn determinism(seeds: &Range<u64>, profile: &Profile) -> End {
    let script = Arc::default();
    let trace = |seed| match run_seed(seed, profile, &script, &|setup| setup.traced = true) {
        Ok(ran) => format!("{}\n{}", steps_text(&ran.steps), ran.trace),
        Err(failure) => format!("{}\n{}", steps_text(&failure.steps), failure.violation),
    };
    let spinner = Spinner::new("determinism");
    let mut bytes = 0;
    for seed in seeds.clone() {
        let (first, second) = (trace(seed), trace(seed));
        bytes += first.len();
        spinner.say(format!("seed {seed}"));
        if first != second {
            spinner.end();
            anstream::println!("seed {seed} differs between two runs");
            return End::Problem;
        }
    }
    spinner.end();
    anstream::println!(
        "seeds {}..{} on {}: identical, {bytes} bytes of trace compared",
        seeds.start,
        seeds.end,
        profile.name
    );
    End::Well
}
