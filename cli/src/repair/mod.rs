//! `indelible repair`: a new store out of what is intact; the source is never changed.
//!
//! 1. The target is looked at; the source is read, and what is intact in it is applied in memory.
//! 2. The plan is held against `--max-loss`. Until then nothing is written.
//! 3. The new store is made as an import makes one.
//! 4. Every byte that was left out is written to [`QUARANTINE`] beside it, and synced.

mod ours;
mod redis;
mod salvage;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use indelible::effect::IoErrorKind;
use indelible::recover::{LOCK_NAME, OpenError};
use indelible::vfs::Vfs;
use serde_json::{Value, json};

use crate::failure::{Failure, PROBLEM, WELL};
use crate::import::{make_store, refuse_what_is_there};
use crate::output::{Output, say};
use crate::source::{LogFile, Source};
use salvage::Salvage;

/// Holds what was left out, region after region.
const QUARANTINE: &str = "repair.quarantine";
/// Regions that are listed one by one.
const SHOWN_MAX: usize = 20;

#[derive(Debug, clap::Args)]
pub struct Repair {
    /// A store's directory, its log, a directory of Redis, a manifest, or an append-only file.
    pub path: PathBuf,
    /// The new store's directory, which is empty or not there yet.
    #[arg(long, value_name = "NEW")]
    pub to: PathBuf,
    /// Bytes that may be left out at most; if it would be more, nothing is written.
    #[arg(long, value_name = "BYTES", default_value_t = 4096)]
    pub max_loss: u64,
    /// Goes on behind a damaged region, instead of leaving out all that follows it.
    #[arg(long)]
    pub resync: bool,
    /// Leaves out what files of Redis hold that is not supported (streams, what is of modules,
    /// functions, scripts, what makes fields of hashes expire, and what is beyond a limit), instead of
    /// taking it for damage; it is listed, and does not count for --max-loss.
    #[arg(long)]
    pub skip_unsupported: bool,
    /// Says what would be done and writes nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Prints one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// What is done about what cannot be applied.
#[derive(Clone, Copy)]
struct How {
    /// Go on behind damage.
    resync: bool,
    /// Leave out what is not supported.
    skip_unsupported: bool,
}

pub fn run(args: &Repair) -> Result<u8, Failure> {
    refuse_what_is_there(&args.to)?;
    let salvage = match Source::find(&args.path)? {
        Source::Log(log) => {
            let _lock = lock(&log)?;
            ours::salvage(&log.path, args.resync)?
        }
        Source::Redis(path) => {
            let how = How {
                resync: args.resync,
                skip_unsupported: args.skip_unsupported,
            };
            redis::salvage(&path, how)?
        }
    };
    let refusal = salvage.refusal.clone().or_else(|| too_much(args, &salvage));
    let writes = refusal.is_none() && !args.dry_run;
    if writes {
        make_store(&args.to, &salvage.keyspace)?;
        if !salvage.cuts.is_empty() {
            quarantine(&args.to.join(QUARANTINE), &salvage)?;
        }
    }
    let outcome = match (&refusal, writes) {
        (Some(_), _) => "refused",
        (None, true) => "repaired",
        (None, false) => "dry-run",
    };
    let mut output = Output::new();
    match args.json {
        true => output.json(&to_json(args, &salvage, outcome, refusal.as_deref()))?,
        false => print(args, &salvage, outcome, &mut output)?,
    }
    output.finish()?;
    match refusal {
        Some(refusal) => {
            say("problem", refusal);
            Ok(PROBLEM)
        }
        None => Ok(WELL),
    }
}

/// A store that somebody writes to is not repaired; a medium without locks is.
fn lock(log: &LogFile) -> Result<Option<<indelible::vfs::OsVfs as Vfs>::Lock>, Failure> {
    if !log.directory.join(LOCK_NAME).exists() {
        return Ok(None);
    }
    match log.vfs.lock(LOCK_NAME) {
        Ok(lock) => Ok(Some(lock)),
        Err(error) if error.kind == IoErrorKind::Locked => Err(Failure::Open {
            path: log.directory.clone(),
            source: OpenError::Locked,
        }),
        Err(error) => {
            say("note", format_args!("read without a lock: {error}"));
            Ok(None)
        }
    }
}

fn too_much(args: &Repair, salvage: &Salvage) -> Option<String> {
    let cut = salvage.cut_len();
    (cut > args.max_loss).then(|| {
        let hint = match args.resync {
            true => "",
            false => "; --resync leaves out less",
        };
        format!(
            "{cut} bytes would be left out, --max-loss allows {}; nothing was written{hint}",
            args.max_loss
        )
    })
}

fn quarantine(path: &Path, salvage: &Salvage) -> Result<(), Failure> {
    let failed = Failure::io(path);
    let mut file = File::create_new(path).map_err(&failed)?;
    for cut in &salvage.cuts {
        file.write_all(&cut.bytes).map_err(&failed)?;
    }
    file.sync_all().map_err(&failed)?;
    let directory = path.parent().unwrap_or(Path::new("."));
    let directory = File::open(directory).map_err(&failed)?;
    directory.sync_all().map_err(&failed)
}

fn to_json(args: &Repair, salvage: &Salvage, outcome: &str, refusal: Option<&str>) -> Value {
    let mut kept_at = 0;
    let cuts = salvage.cuts.iter().map(|cut| {
        let kept = kept_at;
        kept_at += cut.bytes.len() as u64;
        json!({
            "file": cut.path.to_string_lossy(),
            "offset": cut.offset,
            "len": cut.bytes.len(),
            "why": cut.why,
            "quarantine_offset": kept,
        })
    });
    json!({
        "path": args.path.to_string_lossy(),
        "to": args.to.to_string_lossy(),
        "outcome": outcome,
        "refusal": refusal,
        "resync": args.resync,
        "cut_len": salvage.cut_len(),
        "max_loss": args.max_loss,
        "quarantine": (!salvage.cuts.is_empty()).then_some(QUARANTINE),
        "cuts": cuts.collect::<Vec<_>>(),
        "lost_commits": salvage.lost_commits,
        "commands": salvage.commands,
        "refused_commands": salvage.refused,
        "skipped": {
            "count": salvage.skipped.values().sum::<u64>(),
            "kinds": salvage.skipped,
            "items": salvage.skipped_items,
        },
        "dependent_commands": salvage.dependent(),
        "keys": salvage.keyspace.total_len(),
        "notes": salvage.notes,
    })
}

fn print(
    args: &Repair,
    salvage: &Salvage,
    outcome: &str,
    output: &mut Output,
) -> Result<(), Failure> {
    output.line(format_args!("{}: {outcome}", args.path.display()))?;
    output.row("to", args.to.display())?;
    output.row("keys", salvage.keyspace.total_len())?;
    output.row("commands", salvage.commands)?;
    output.row("left out", format_args!("{} bytes", salvage.cut_len()))?;
    if outcome == "repaired" && !salvage.cuts.is_empty() {
        output.row("kept in", args.to.join(QUARANTINE).display())?;
    }
    for cut in salvage.cuts.iter().take(SHOWN_MAX) {
        let (offset, len) = (cut.offset, cut.bytes.len());
        output.line(format_args!(
            "cut: {}: offset {offset}, {len} bytes: {}",
            cut.path.display(),
            cut.why
        ))?;
    }
    if let Some(more @ 1..) = salvage.cuts.len().checked_sub(SHOWN_MAX) {
        output.line(format_args!("cut: {more} regions more; --json lists all"))?;
    }
    for (first, last) in &salvage.lost_commits {
        output.line(format_args!("lost: commits {first} to {last}"))?;
    }
    if salvage.refused > 0 {
        let refused = salvage.refused;
        output.line(format_args!("note: {refused} commands did nothing"))?;
    }
    for (kind, count) in &salvage.skipped {
        output.line(format_args!("left out, as not supported: {kind} {count}"))?;
    }
    for item in &salvage.skipped_items {
        output.line(format_args!("note: {item} was left out"))?;
    }
    for (name, count) in salvage.dependent() {
        output.line(format_args!(
            "warning: {count} {name} behind what was left out: the result depends on the value before"
        ))?;
    }
    for note in &salvage.notes {
        output.line(format_args!("warning: {note}"))?;
    }
    Ok(())
}
