//! `indelible stat`: what the files hold, in numbers.

use indelible::effect::Name;
use indelible::keyspace::Keyspace;
use indelible::recover::{self, QUARANTINE_NAME};
use indelible::redis;
use indelible::vfs::{Access, Vfs};
use serde_json::{Value, json};

use crate::args::Stat;
use crate::check::{self, warn};
use crate::facts::Facts;
use crate::failure::{Failure, WELL};
use crate::frames::{Frames, KINDS};
use crate::load::Loaded;
use crate::output::Output;
use crate::sizes::rewritten_len;
use crate::source::{LogFile, Source};

pub fn run(args: &Stat) -> Result<u8, Failure> {
    let source = Source::find(&args.path)?;
    let loaded = Loaded::from(&source)?;
    warn(&source, &loaded);
    let mut facts = Facts::default();
    match (&source, &loaded) {
        (Source::Log(log), Loaded::Log(loaded)) => of_log(log, loaded, &mut facts)?,
        (_, Loaded::Redis(loaded)) => of_redis(&loaded.report, &mut facts),
        (Source::Redis(_), Loaded::Log(_)) => {}
    }
    of_keyspace(loaded.keyspace(), &mut facts);
    let mut output = Output::new();
    if args.json {
        let mut document = json!({ "path": args.path.to_string_lossy() });
        facts.put_into(&mut document);
        output.json(&document)?;
    } else {
        output.line(args.path.display())?;
        facts.print(&mut output)?;
    }
    output.finish()?;
    Ok(WELL)
}

fn of_log(log: &LogFile, loaded: &recover::Loaded, facts: &mut Facts) -> Result<(), Failure> {
    let frames = Frames::count(&log.vfs, &log.name).map_err(Failure::io(&log.path))?;
    facts
        .add("format", "indelible")
        .add("files", files(log)?)
        .add("identity", loaded.identity.to_string())
        .add("incarnation", loaded.incarnation.0)
        .add("lsn", loaded.lsn.0)
        .add("evidence", loaded.evidence.0)
        .add("base_lsn", loaded.base_lsn.0)
        .add("base_keys", loaded.base_keys)
        .add("base_len", loaded.base_len)
        .add("commits", frames.commits)
        .add("frames", by_kind(&frames))
        .add("first_written", frames.written.map(|(first, _)| first.0))
        .add("last_written", frames.written.map(|(_, last)| last.0))
        .add("len", loaded.file_len);
    if let Some(len) = rewritten_len(loaded) {
        facts
            .add("rewritten_len", len)
            .add("rewrite_saves", loaded.file_len.saturating_sub(len));
    }
    Ok(())
}

fn of_redis(report: &redis::LoadReport, facts: &mut Facts) {
    facts
        .add("format", "redis")
        .add("files", check::files(report))
        .add("commands", report.commands())
        .add("failed_commands", report.failed());
}

fn of_keyspace(keyspace: &Keyspace, facts: &mut Facts) {
    let databases: serde_json::Map<String, Value> = keyspace
        .databases()
        .map(|db| {
            let (keys, expiring) = (keyspace.len(db), keyspace.expiring_len(db));
            let counts = json!({ "keys": keys, "expiring": expiring });
            (db.to_string(), counts)
        })
        .collect();
    facts
        .add("keys", keyspace.total_len())
        .add("databases", databases)
        .add("next_expiry", keyspace.next_expiry().map(|at| at.0));
}

fn by_kind(frames: &Frames) -> Value {
    let counts = KINDS.iter().zip(frames.counts);
    let counts = counts.map(|(kind, count)| {
        let count = json!({ "count": count.frames, "body_len": count.body_len });
        (kind.as_str().to_owned(), count)
    });
    Value::Object(counts.collect())
}

/// The log and what lies beside it.
fn files(log: &LogFile) -> Result<Value, Failure> {
    let mut names = vec![log.name.as_str()];
    if log.by_directory {
        names.extend([Name::Rewrite.as_str(), Name::Side.as_str(), QUARANTINE_NAME]);
    }
    let mut files = Vec::new();
    for name in names {
        // Beside an open store a file may disappear at any moment.
        if let Ok(file) = log.vfs.open(name, Access::Read) {
            let len = log.vfs.len(&file).map_err(Failure::io(&log.path))?;
            files.push(json!({ "path": log.directory.join(name).to_string_lossy(), "len": len }));
        }
    }
    Ok(files.into())
}
