//! `indelible import`: a new store, whole or not there at all.
//!
//! 1. The target is looked at, and the source is loaded: until then nothing is written.
//! 2. The target is created if need be, locked, and looked at again.
//! 3. The engine, in memory and with its log disabled, leaves a complete log of a new history: all
//!    of it is written and synced under another name, renamed, and the directory synced. Before
//!    that rename there is no log that could be opened.
//! 4. The log is read again and compared, key by key.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Instant;

use indelible::driver::Files;
use indelible::effect::{IoErrorKind, Name};
use indelible::engine::{Engine, Recovered};
use indelible::keyspace::Keyspace;
use indelible::recover::{self, LOCK_NAME, OpenError};
use indelible::units::{Identity, Incarnation, Lsn};
use indelible::vfs::{OsVfs, Vfs};
use serde_json::{Value, json};

use crate::args::Import;
use crate::check::{self, warn};
use crate::facts::Facts;
use crate::failure::{Failure, WELL};
use crate::finding::Finding;
use crate::load::Loaded;
use crate::machine::{Machine, now_since, random};
use crate::output::Output;
use crate::progress::Bar;
use crate::rewrite::{close, quiet, run_rewrite};
use crate::source::Source;

pub fn run(args: &Import) -> Result<u8, Failure> {
    refuse_what_is_there(&args.to)?;
    let source = Source::find(&args.from)?;
    let loaded = args.selection.load(&source)?;
    warn(&source, &loaded);
    let made = make_store(&args.to, &args.selection.of(loaded.keyspace()))?;
    let mut output = Output::new();
    match args.json {
        true => output.json(&to_json(args, &loaded, &made))?,
        false => print(args, &loaded, &made, &mut output)?,
    }
    output.finish()?;
    Ok(WELL)
}

/// A target must be empty, except for what an import that was cut off left there.
pub fn refuse_what_is_there(path: &Path) -> Result<(), Failure> {
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(Failure::NotADirectory {
                path: path.to_owned(),
            });
        }
        entries => entries.map_err(Failure::io(path))?,
    };
    for entry in entries {
        let name = entry.map_err(Failure::io(path))?.file_name();
        if name != LOCK_NAME && name != Name::Rewrite.as_str() {
            return Err(Failure::NotEmpty {
                path: path.to_owned(),
                name: name.to_string_lossy().into_owned(),
            });
        }
    }
    Ok(())
}

pub fn make_store(path: &Path, keyspace: &Keyspace) -> Result<recover::Loaded, Failure> {
    let failed = Failure::io(path);
    let vfs = OsVfs::create_dir(path).map_err(&failed)?;
    let lock = vfs.lock(LOCK_NAME).map_err(|error| match error.kind {
        IoErrorKind::Locked => Failure::Open {
            path: path.to_owned(),
            source: OpenError::Locked,
        },
        _ => failed(error),
    })?;
    refuse_what_is_there(path)?;
    match vfs.unlink(Name::Rewrite.as_str()) {
        Err(error) if error.kind == IoErrorKind::NotFound => {}
        result => result.map_err(&failed)?,
    }
    let log = path.join(Name::Live.as_str());
    write_log(&vfs, &log, keyspace.clone())?;
    let made = read_again(&vfs, &log)?;
    drop(lock);
    if !made.keyspace.same_content(keyspace) || made.bad.is_some() {
        return Err(Failure::NotTheSame { path: log });
    }
    Ok(made)
}

fn write_log(vfs: &OsVfs, path: &Path, keyspace: Keyspace) -> Result<(), Failure> {
    let start = Instant::now();
    let recovered = Recovered {
        keyspace,
        lsn: Lsn(0),
        identity: Identity(random()),
        incarnation: Incarnation(1),
        log: None,
        has_directory: true,
        identity_seed: random(),
    };
    let engine = Engine::new(quiet(), recovered, now_since(start));
    let mut machine = Machine::new(vfs, engine, Files::default(), start);
    let now = machine.now();
    let begun = machine.engine.rewrite_once(now);
    run_rewrite(&mut machine, begun, path)?;
    close(&mut machine, path)
}

fn read_again(vfs: &OsVfs, path: &Path) -> Result<recover::Loaded, Failure> {
    let mut bar = Bar::new("comparing");
    let watch = &mut |progress| bar.recovery(progress);
    let loaded = recover::load_watched(vfs, Name::Live.as_str(), random(), watch);
    loaded.map_err(|source| Failure::Log {
        path: path.to_owned(),
        source,
    })
}

fn failures(loaded: &Loaded) -> Vec<Finding> {
    let Loaded::Redis(loaded) = loaded else {
        return Vec::new();
    };
    let report = &loaded.report;
    let finding = |failure: &indelible::redis::load::Failure| {
        Finding::of_failure(&report.files[failure.file].path, failure)
    };
    report.failures.iter().map(finding).collect()
}

/// What was read, and what was made of it.
fn facts(loaded: &Loaded, made: &recover::Loaded) -> Facts {
    let mut facts = Facts::default();
    match loaded {
        Loaded::Redis(loaded) => {
            let report = &loaded.report;
            facts
                .add("files", check::files(report))
                .add("commands", report.commands())
                .add("failed_commands", report.failed());
        }
        Loaded::Log(loaded) => {
            facts.add("commits", loaded.lsn.0);
        }
    }
    facts
        .add("keys", made.keyspace.total_len())
        .add("identity", made.identity.to_string())
        .add("len", made.file_len);
    facts
}

fn to_json(args: &Import, loaded: &Loaded, made: &recover::Loaded) -> Value {
    let failures: Value = failures(loaded).iter().map(Finding::to_json).collect();
    let mut document = json!({
        "from": args.from.to_string_lossy(),
        "to": args.to.to_string_lossy(),
        "failures": failures,
    });
    facts(loaded, made).put_into(&mut document);
    if let Some(skipped) = args.selection.skipped(loaded) {
        document["skipped"] = skipped;
    }
    document
}

fn print(
    args: &Import,
    loaded: &Loaded,
    made: &recover::Loaded,
    output: &mut Output,
) -> Result<(), Failure> {
    let (from, to) = (args.from.display(), args.to.display());
    output.line(format_args!("{to}: imported from {from}"))?;
    facts(loaded, made).print(output)?;
    for finding in failures(loaded) {
        output.line(format_args!("note: {finding}"))?;
    }
    Ok(())
}
