//! From a source to a report: loads it, reads it once more for its commands, walks over its keys.

use indelible::recover;
use indelible::redis;
use indelible::units::WallMillis;

use crate::check::warn;
use crate::failure::Failure;
use crate::frames::{Frames, KINDS};
use crate::load::Loaded;
use crate::progress::Bar;
use crate::redis_file::{Part, are_listed, read};
use crate::sizes::rewritten_len;
use crate::source::{LogFile, Source};

use super::Inspect;
use super::commands::Tally;
use super::files;
use super::keys::walk;
use super::report::{Commands, FrameCount, LogFacts, Report, SCHEMA, Size, Span};

/// Beside a store that is open a rewrite may replace the log between two readings so often.
const TRIES_MAX: usize = 20;

pub fn gather(args: &Inspect, now: WallMillis) -> Result<Report, Failure> {
    let source = Source::find(&args.path)?;
    let (loaded, counted) = match &source {
        Source::Log(log) => of_log(args, &source, log)?,
        Source::Redis(_) => of_redis(args, &source)?,
    };
    warn(&source, &loaded);
    let walked = walk(
        loaded.keyspace(),
        &args.selection,
        (args.top, args.depth),
        now,
    )?;
    let files = match (&source, &loaded) {
        (Source::Log(log), _) => files::of_log(log),
        (Source::Redis(path), Loaded::Redis(loaded)) => files::of_redis(path, &loaded.report)?,
        (Source::Redis(_), Loaded::Log(_)) => Vec::new(),
    };
    let format = match &loaded {
        Loaded::Log(_) => "indelible",
        Loaded::Redis(_) => files::format_of_redis(&files),
    };
    let size = size(args, &loaded, &counted, walked.live_len);
    Ok(Report {
        schema: SCHEMA,
        path: args.path.to_string_lossy().into_owned(),
        format,
        files,
        log: counted.log,
        written: counted.written,
        size,
        commands: counted.commands,
        keys: walked.keys,
        largest_keys: walked.largest_keys,
        largest_collections: walked.largest_collections,
        prefixes: walked.prefixes,
        skipped: args.selection.skipped(&loaded),
    })
}

fn size(args: &Inspect, loaded: &Loaded, counted: &Counted, commands_len: u64) -> Size {
    if args.selection.point().is_some() {
        return Size::new(len(loaded), None);
    }
    let live = match (loaded, counted.image) {
        (Loaded::Log(log), _) => rewritten_len(log).map(|len| ("log", len)),
        (Loaded::Redis(loaded), Some((len, of_commands))) => {
            let is_all = loaded.report.commands() == 0 && loaded.report.files.len() == 1;
            let dense = u128::from(commands_len) * u128::from(len) / u128::from(of_commands.max(1));
            let dense = u64::try_from(dense).unwrap_or(u64::MAX);
            (!is_all).then_some(("rdb", dense))
        }
        (Loaded::Redis(_), None) => Some(("commands", commands_len)),
    };
    Size::new(len(loaded), live)
}

/// What was counted in the files themselves.
#[derive(Default)]
struct Counted {
    log: Option<LogFacts>,
    written: Option<Span>,
    commands: Commands,
    /// An RDB image with keys: its length, and that of commands for the same keys.
    image: Option<(u64, u64)>,
}

fn of_log(args: &Inspect, source: &Source, log: &LogFile) -> Result<(Loaded, Counted), Failure> {
    for _ in 0..TRIES_MAX {
        let loaded = args.selection.load(source)?;
        let Loaded::Log(state) = &loaded else {
            break; // what it was is no log of ours any more
        };
        let mut tally = Tally::default();
        let frames = Frames::scan(&log.vfs, &log.name, &mut |line, body| {
            tally.add_frame(line, body);
        });
        let frames = frames.map_err(Failure::io(&log.path))?;
        // Otherwise a rewrite has replaced what was loaded.
        if frames.base == Some((state.identity, state.base_lsn)) && frames.lsn >= state.lsn {
            let counted = Counted {
                written: frames.written.map(|(first, last)| Span {
                    first: first.0,
                    last: last.0,
                }),
                log: Some(log_facts(state, &frames)),
                commands: tally.finish(0),
                image: None,
            };
            return Ok((loaded, counted));
        }
    }
    Err(log.failed()(recover::LoadError::Shrunk))
}

fn log_facts(loaded: &recover::Loaded, frames: &Frames) -> LogFacts {
    let counts = KINDS.iter().zip(frames.counts);
    let counts = counts.map(|(kind, count)| FrameCount {
        kind: kind.as_str(),
        count: count.frames,
        body_len: count.body_len,
    });
    LogFacts {
        identity: loaded.identity.to_string(),
        incarnation: loaded.incarnation.0,
        lsn: loaded.lsn.0,
        evidence: loaded.evidence.0,
        base_lsn: loaded.base_lsn.0,
        base_keys: loaded.base_keys,
        base_len: loaded.base_len,
        commits: frames.commits,
        frames: counts.collect(),
    }
}

fn of_redis(args: &Inspect, source: &Source) -> Result<(Loaded, Counted), Failure> {
    let loaded = args.selection.load(source)?;
    let mut tally = Tally::default();
    let (mut counted, mut failed) = (Counted::default(), 0);
    if let (Source::Redis(path), Loaded::Redis(loaded)) = (source, &loaded) {
        let report = &loaded.report;
        failed = report.failed();
        let paths: Vec<_> = report.files.iter().map(|file| file.path.clone()).collect();
        let listed = are_listed(path, &paths);
        let has_base = files::of_redis(path, report)?
            .iter()
            .any(|file| file.role == "base");
        for (at, file) in report.files.iter().enumerate() {
            let in_base = has_base && at == 0;
            let read = count(file, listed, in_base, &mut tally, &mut counted);
            // Behind a point in time nothing is promised about the bytes.
            if args.selection.point().is_none() {
                read?;
            }
        }
    }
    counted.commands = tally.finish(failed);
    Ok((loaded, counted))
}

fn count(
    file: &redis::load::FileReport,
    listed: bool,
    in_base: bool,
    tally: &mut Tally,
    counted: &mut Counted,
) -> Result<(), Failure> {
    let mut bar = Bar::new("counting");
    read(&file.path, listed, &mut |part| {
        match part {
            Part::Image {
                keys,
                len,
                commands_len,
            } => counted.image = (keys > 0).then_some((len, commands_len)),
            Part::Time(at) => {
                let first = counted.written.map_or(at, |span| span.first);
                counted.written = Some(Span { first, last: at });
            }
            Part::Command { offset, argv, len } => {
                tally.add(argv[0], len as u64, in_base);
                bar.set(offset, file.len);
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// What was loaded takes so many bytes.
fn len(loaded: &Loaded) -> u64 {
    match loaded {
        Loaded::Log(loaded) => loaded.file_len,
        Loaded::Redis(loaded) => loaded.report.files.iter().map(|file| file.len).sum(),
    }
}

impl Size {
    fn new(len: u64, live: Option<(&'static str, u64)>) -> Self {
        let dead_len = live.map(|(_, live_len)| len.saturating_sub(live_len));
        let percent = |dead_len: u64| (u128::from(dead_len) * 100 / u128::from(len.max(1))) as u64;
        Self {
            len,
            live_len: live.map(|(_, live_len)| live_len),
            live_as: live.map(|(live_as, _)| live_as),
            dead_len,
            dead_percent: dead_len.map(percent),
        }
    }
}
