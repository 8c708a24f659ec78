//! `indelible check`: everything verified, nothing changed.

use std::fs;
use std::path::Path;

use indelible::effect::Name;
use indelible::recover::{self, QUARANTINE_NAME};
use indelible::redis::{self, LoadOptions};
use indelible::vfs::{Access, Vfs};
use serde_json::{Value, json};

use crate::args::Check;
use crate::context::Context;
use crate::facts::Facts;
use crate::failure::{Failure, PROBLEM, WELL};
use crate::finding::{Finding, Kind};
use crate::load::Loaded;
use crate::machine::random;
use crate::output::{Output, say};
use crate::skipped;
use crate::source::{LogFile, Source};

/// What a check found.
struct Report {
    format: &'static str,
    findings: Vec<Finding>,
    notes: Vec<String>,
    facts: Facts,
    /// What was left out, if that was asked for.
    skipped: Option<Value>,
}

pub fn run(args: &Check) -> Result<u8, Failure> {
    let report = match Source::find(&args.path) {
        Ok(Source::Log(log)) => check_log(&log)?,
        Ok(Source::Redis(path)) => check_redis(&path, args.skip_unsupported)?,
        Err(error @ (Failure::LogMissing { .. } | Failure::Nothing { .. })) => {
            Report::of_nothing(&args.path, &error)
        }
        Err(error) => return Err(error),
    };
    let mut output = Output::new();
    match args.json {
        true => output.json(&report.to_json(&args.path))?,
        false => report.print(&args.path, &mut output)?,
    }
    output.finish()?;
    Ok(match report.has_problem() {
        true => PROBLEM,
        false => WELL,
    })
}

/// Says on standard error what of a source does not count, or was left out.
pub fn warn(source: &Source, loaded: &Loaded) {
    let finding = match (source, loaded) {
        (Source::Log(log), Loaded::Log(loaded)) => torn_tail(log, loaded),
        (_, Loaded::Redis(loaded)) => short_tail(&loaded.report),
        _ => None,
    };
    if let Some(finding) = finding {
        say("note", finding);
    }
    if let Loaded::Redis(loaded) = loaded {
        skipped::warn(&loaded.report);
    }
}

fn torn_tail(log: &LogFile, loaded: &recover::Loaded) -> Option<Finding> {
    let error = loaded.bad?;
    let len = loaded.file_len - loaded.intact_len;
    Some(Finding::torn_tail(&log.path, error, len))
}

fn short_tail(report: &redis::LoadReport) -> Option<Finding> {
    let last = report.files.last()?;
    Finding::of_tail(&last.path, last.tail)
}

fn check_log(log: &LogFile) -> Result<Report, Failure> {
    let mut report = Report::new("indelible");
    match log.load(random()) {
        Ok(loaded) => {
            report.findings.extend(torn_tail(log, &loaded));
            report
                .facts
                .add("identity", loaded.identity.to_string())
                .add("incarnation", loaded.incarnation.0)
                .add("lsn", loaded.lsn.0)
                .add("evidence", loaded.evidence.0)
                .add("base_lsn", loaded.base_lsn.0)
                .add("base_keys", loaded.base_keys)
                .add("base_len", loaded.base_len)
                .add("intact_len", loaded.intact_len)
                .add("len", loaded.file_len)
                .add("keys", loaded.keyspace.total_len());
        }
        Err(error) => match Finding::of_log(&log.path, &error) {
            Some(finding) => report.findings.push(finding),
            None => return Err(log.failed()(error)),
        },
    }
    if log.by_directory {
        report.notes = leftovers(log)?;
    }
    Ok(report)
}

/// Files beside the log that are no part of it.
fn leftovers(log: &LogFile) -> Result<Vec<String>, Failure> {
    let known = [
        (Name::Rewrite.as_str(), "a rewrite under way, or cut off"),
        (Name::Side.as_str(), "enabling under way, or cut off"),
        (QUARANTINE_NAME, "the torn tail that an opening cut off"),
    ];
    let mut notes = Vec::new();
    for (name, what) in known {
        // It may disappear at any moment, beside a store that is open.
        if let Ok(file) = log.vfs.open(name, Access::Read) {
            let len = log.vfs.len(&file).map_err(Failure::io(&log.path))?;
            notes.push(format!("{name}, {len} bytes: {what}"));
        }
    }
    Ok(notes)
}

fn check_redis(path: &Path, skip_unsupported: bool) -> Result<Report, Failure> {
    let mut report = Report::new("redis");
    let options = LoadOptions {
        seed: random(),
        skip_unsupported,
        ..LoadOptions::default()
    };
    match redis::load_with(path, &options) {
        Ok(loaded) if loaded.report.files.is_empty() => {
            let error = Failure::Nothing {
                path: path.to_owned(),
            };
            return Ok(Report::of_nothing(path, &error));
        }
        Ok(loaded) => {
            let load = &loaded.report;
            let file_of = |failure: &redis::load::Failure| &load.files[failure.file].path;
            let failures = load.failures.iter();
            report
                .findings
                .extend(failures.map(|failure| Finding::of_failure(file_of(failure), failure)));
            report.findings.extend(short_tail(load));
            report.findings.extend(skipped::findings(load));
            report.findings.extend(orphans(load)?);
            report.notes.extend(skipped::summary(load));
            report
                .facts
                .add("files", files(load))
                .add("commands", load.commands())
                .add("failed_commands", load.failed())
                .add("keys", loaded.keyspace.total_len());
            if skip_unsupported {
                report.skipped = Some(skipped::to_json(load));
            }
        }
        Err(error) => match Finding::of_redis(&error) {
            Some(finding) => report.findings.push(finding),
            None => return Err(error.into()),
        },
    }
    Ok(report)
}

/// Finished files of Redis beside those that were loaded, which nothing lists.
pub fn orphans(load: &redis::LoadReport) -> Result<Vec<Finding>, Failure> {
    let is_part = |name: &str| {
        let ends = [".base.aof", ".base.rdb", ".incr.aof"];
        ends.iter().any(|end| name.ends_with(end))
    };
    let Some(directory) = load.files.first().and_then(|file| file.path.parent()) else {
        return Ok(Vec::new());
    };
    let listed = |path: &Path| load.files.iter().any(|file| file.path == path);
    let some_part = load.files.iter().filter_map(|file| file.path.file_name());
    if !some_part
        .into_iter()
        .any(|name| is_part(&name.to_string_lossy()))
    {
        return Ok(Vec::new());
    }
    let mut orphans = Vec::new();
    for entry in fs::read_dir(directory).map_err(Failure::io(directory))? {
        let path = entry.map_err(Failure::io(directory))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if is_part(&name) && !listed(&path) {
            let text = "expected only files that are loaded, found another";
            orphans.push(Finding::new(Kind::OrphanFile, &path, text));
        }
    }
    orphans.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(orphans)
}

/// The files of a load, as data.
pub fn files(report: &redis::LoadReport) -> Value {
    let files = report.files.iter().map(|file| {
        json!({
            "path": file.path.to_string_lossy(),
            "len": file.len,
            "commands": file.commands,
            "failed_commands": file.failed,
        })
    });
    files.collect()
}

impl Report {
    fn new(format: &'static str) -> Self {
        Self {
            format,
            findings: Vec::new(),
            notes: Vec::new(),
            facts: Facts::default(),
            skipped: None,
        }
    }

    fn of_nothing(path: &Path, error: &Failure) -> Self {
        let mut report = Self::new("unknown");
        let finding = Finding::new(Kind::MissingFile, path, error);
        report.findings.push(finding);
        report
    }

    fn has_problem(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.kind.is_problem())
    }

    /// The first problem, or else the first thing found, or that all is well.
    fn verdict(&self) -> &'static str {
        let mut findings = self.findings.iter();
        let problem = findings.clone().find(|finding| finding.kind.is_problem());
        let first = problem.or_else(|| findings.next());
        first.map_or("well", |finding| finding.kind.as_str())
    }

    fn to_json(&self, path: &Path) -> Value {
        let findings: Value = self.findings.iter().map(Finding::to_json).collect();
        let mut document = json!({
            "path": path.to_string_lossy(),
            "format": self.format,
            "verdict": self.verdict(),
            "problem": self.has_problem(),
            "findings": findings,
            "notes": self.notes,
        });
        self.facts.put_into(&mut document);
        if let Some(skipped) = &self.skipped {
            document["skipped"] = skipped.clone();
        }
        document
    }

    fn print(&self, path: &Path, output: &mut Output) -> Result<(), Failure> {
        output.line(format_args!("{}: {}", path.display(), self.verdict()))?;
        self.facts.print(output)?;
        for finding in &self.findings {
            let word = match finding.kind.is_problem() {
                true => "problem",
                false => "note",
            };
            output.line(format_args!("{word}: {finding}"))?;
            for row in finding.context().iter().flat_map(Context::rows) {
                output.line(row)?;
            }
        }
        for note in &self.notes {
            output.line(format_args!("note: {note}"))?;
        }
        Ok(())
    }
}
