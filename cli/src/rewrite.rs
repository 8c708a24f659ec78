//! `indelible rewrite`: the log written anew, offline, by the shipped engine.

use std::path::Path;
use std::time::Instant;

use indelible::engine::{EngineOptions, Outcome, RewriteError, Ticket};
use indelible::keyspace::Keyspace;
use indelible::recover::{self, OpenOptions, OpenReport};
use indelible::vfs::{Access, Vfs};
use serde_json::json;

use crate::args::Rewrite;
use crate::failure::{Failure, WELL};
use crate::machine::{Machine, PATIENCE, Stuck, now_since, random};
use crate::output::{Output, say};
use crate::progress::Bar;
use crate::source::{LogFile, Source};

pub fn run(args: &Rewrite) -> Result<u8, Failure> {
    let log = match Source::find(&args.path)? {
        Source::Log(log) if log.by_directory => log,
        Source::Log(_) => {
            return Err(Failure::NotADirectory {
                path: args.path.clone(),
            });
        }
        Source::Redis(_) => {
            return Err(Failure::NotAStore {
                path: args.path.clone(),
            });
        }
    };
    let (before, after) = rewrite(&log)?;
    let mut output = Output::new();
    match args.json {
        true => output.json(&json!({
            "path": log.path.to_string_lossy(),
            "before_len": before,
            "after_len": after,
        }))?,
        false => output.line(format_args!(
            "{}: {before} bytes before, {after} bytes after",
            log.path.display()
        ))?,
    }
    output.finish()?;
    Ok(WELL)
}

/// The log's lengths before and after, in bytes.
fn rewrite(log: &LogFile) -> Result<(u64, u64), Failure> {
    let start = Instant::now();
    let options = OpenOptions {
        engine: quiet(),
        appendonly: true,
        now: now_since(start),
        hash_seed: random(),
        identity_seed: random(),
    };
    let mut bar = Bar::new("reading");
    let watch = &mut |progress| bar.recovery(progress);
    let opened = recover::open_watched(&log.vfs, &options, watch);
    let opened = opened.map_err(|source| Failure::Open {
        path: log.directory.clone(),
        source,
    })?;
    drop(bar);
    report_cut(&opened.report);
    let mut machine = Machine::new(&log.vfs, opened.engine, opened.files, start);
    let now = machine.now();
    let begun = machine.engine.rewrite(now);
    run_rewrite(&mut machine, begun, &log.path)?;
    close(&mut machine, &log.path)?;
    drop(opened.lock);
    let failed = Failure::io(&log.path);
    let file = log.vfs.open(&log.name, Access::Read).map_err(&failed)?;
    let after = log.vfs.len(&file).map_err(&failed)?;
    Ok((opened.report.file_len, after))
}

/// An engine that begins nothing by itself.
pub fn quiet() -> EngineOptions {
    EngineOptions {
        auto_aof_rewrite_percentage: 0,
        ..EngineOptions::default()
    }
}

/// Performs a rewrite that was asked for, with a progress bar.
pub fn run_rewrite<V: Vfs>(
    machine: &mut Machine<'_, V>,
    begun: Result<Ticket, RewriteError>,
    path: &Path,
) -> Result<(), Failure> {
    let ticket = begun.map_err(|source| Failure::NotBegun {
        path: path.to_owned(),
        source,
    })?;
    let total = base_len(machine.engine.keyspace());
    let mut bar = Bar::new("writing");
    match machine.settle(ticket, &mut |written| bar.set(written, total)) {
        Ok(outcome) if outcome.is_ok() => Ok(()),
        Ok(_) => Err(Failure::GivenUp {
            path: path.to_owned(),
            source: machine.rewrite_error,
        }),
        Err(Stuck) => Err(unfinished(path)),
    }
}

/// Makes everything durable and closes every file.
pub fn close<V: Vfs>(machine: &mut Machine<'_, V>, path: &Path) -> Result<(), Failure> {
    let now = machine.now();
    let ticket = machine.engine.close(now);
    match machine.settle(ticket, &mut |_| {}) {
        Ok(Outcome::Unknown(source) | Outcome::Refused(source)) => Err(Failure::Close {
            path: path.to_owned(),
            source,
        }),
        Ok(_) => Ok(()),
        Err(Stuck) => Err(unfinished(path)),
    }
}

fn unfinished(path: &Path) -> Failure {
    Failure::Unfinished {
        path: path.to_owned(),
        seconds: PATIENCE.as_secs(),
    }
}

fn report_cut(report: &OpenReport) {
    if let Some(error) = report.cut {
        let (name, len) = (recover::QUARANTINE_NAME, report.cut_len);
        let text = format!("cut off a torn tail of {len} bytes, kept in {name}: {error}");
        say("note", text);
    }
}

/// About how long the base will be, in bytes: for a progress bar.
fn base_len(keyspace: &Keyspace) -> u64 {
    const FRAMING: usize = 40;
    let entries = keyspace.databases().flat_map(|db| keyspace.iter(db));
    let lens = entries.map(|(key, entry)| key.len() + entry.len_bytes() + FRAMING);
    lens.map(|len| len as u64).sum()
}
