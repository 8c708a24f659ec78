//! The files of a source, each with what it is for.

use std::fs;
use std::path::{Path, PathBuf};

use indelible::effect::Name;
use indelible::recover::{LOCK_NAME, QUARANTINE_NAME};
use indelible::redis::LoadReport;
use indelible::redis::load::FileReport;
use indelible::redis::manifest::Manifest;

use crate::check;
use crate::failure::Failure;
use crate::redis_file::are_listed;
use crate::source::LogFile;

use super::report::{File, Image};

/// How the names of files begin that Redis has not finished.
const UNFINISHED: &str = "temp-";

/// The log and what lies beside it.
pub fn of_log(log: &LogFile) -> Vec<File> {
    let mut files = Vec::new();
    files.extend(plain(&log.path, "log"));
    if log.by_directory {
        let beside = [
            (Name::Rewrite.as_str(), "rewrite"),
            (Name::Side.as_str(), "side"),
            (QUARANTINE_NAME, "quarantine"),
            (LOCK_NAME, "lock"),
        ];
        let beside = beside.map(|(name, role)| plain(&log.directory.join(name), role));
        files.extend(beside.into_iter().flatten());
    }
    files
}

/// What was loaded, the manifest that lists it, and what lies beside and is not listed.
pub fn of_redis(path: &Path, report: &LoadReport) -> Result<Vec<File>, Failure> {
    let manifest = manifest(path, report);
    let has_base = manifest.as_ref().is_some_and(|(_, has_base)| *has_base);
    let mut files = Vec::new();
    if let Some((path, _)) = &manifest {
        files.extend(plain(path, "manifest"));
    }
    for (at, file) in report.files.iter().enumerate() {
        let role = match (&manifest, at) {
            (None, _) => "single",
            (Some(_), 0) if has_base => "base",
            (Some(_), _) => "incremental",
        };
        files.push(loaded(file, role));
    }
    if manifest.is_some() {
        for finding in check::orphans(report)? {
            files.extend(plain(&finding.path, "orphan"));
        }
    }
    Ok(files)
}

/// `redis-directory`, or what the one file is.
pub fn format_of_redis(files: &[File]) -> &'static str {
    match files {
        [file] => match &file.rdb {
            Some(image) if image.len == file.len => "redis-rdb",
            Some(_) => "redis-aof-with-rdb",
            None => "redis-aof",
        },
        _ => "redis-directory",
    }
}

/// A file beside a store that is open may disappear at any moment.
fn plain(path: &Path, role: &'static str) -> Option<File> {
    let len = fs::metadata(path).ok()?.len();
    Some(File {
        path: path.to_string_lossy().into_owned(),
        role,
        len,
        commands: None,
        rdb: None,
    })
}

fn loaded(file: &FileReport, role: &'static str) -> File {
    File {
        path: file.path.to_string_lossy().into_owned(),
        role,
        len: file.len,
        commands: Some(file.commands),
        rdb: file.image.as_ref().map(|image| Image {
            version: image.version,
            len: image.len,
            keys: image.keys,
        }),
    }
}

/// The manifest through which the files were found, and whether it lists a base.
fn manifest(path: &Path, report: &LoadReport) -> Option<(PathBuf, bool)> {
    let paths: Vec<PathBuf> = report.files.iter().map(|file| file.path.clone()).collect();
    if !are_listed(path, &paths) {
        return None;
    }
    let is_manifest = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".manifest") && !name.starts_with(UNFINISHED)
    };
    let path = match is_manifest(&path.to_owned()) {
        true => path.to_owned(),
        false => {
            let entries = fs::read_dir(paths[0].parent()?).ok()?;
            let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
            paths.into_iter().find(is_manifest)?
        }
    };
    // It was read a moment ago, and was right.
    let manifest = Manifest::parse(&fs::read(&path).ok()?).ok()?;
    Some((path, manifest.base.is_some()))
}
