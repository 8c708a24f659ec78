//! A Redis append-only file as a workload: its commits, in order.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use indelible::command::{Command, CommandError};
use indelible::redis::aof::{AofError, AofReader, Step};
use indelible::redis::manifest::{Manifest, ManifestError};

use crate::setup::ScriptCommit;

/// Why a file is no workload.
#[derive(Debug)]
pub(super) enum ScriptError {
    Io {
        path: PathBuf,
        source: io::Error,
    },
    Manifest {
        path: PathBuf,
        source: ManifestError,
    },
    Format {
        path: PathBuf,
        source: AofError,
    },
    Command {
        path: PathBuf,
        offset: u64,
        source: CommandError,
    },
    Select {
        path: PathBuf,
        offset: u64,
    },
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Manifest { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Format { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Command {
                path,
                offset,
                source,
            } => {
                write!(f, "{}: offset {offset}: {source}", path.display())
            }
            Self::Select { path, offset } => {
                write!(
                    f,
                    "{}: offset {offset}: expected the number of a database",
                    path.display()
                )
            }
        }
    }
}

/// The commits of a file, of the files of a manifest, or of those in a directory.
pub(super) fn script(path: &Path) -> Result<Vec<ScriptCommit>, ScriptError> {
    let mut commits = Vec::new();
    for file in files(path)? {
        read(&file, &mut commits)?;
    }
    Ok(commits)
}

fn failed(path: &Path) -> impl Fn(io::Error) -> ScriptError + '_ {
    move |source| ScriptError::Io {
        path: path.to_owned(),
        source,
    }
}

fn files(path: &Path) -> Result<Vec<PathBuf>, ScriptError> {
    let is_manifest = |path: &Path| path.extension().is_some_and(|ext| ext == "manifest");
    if !fs::metadata(path).map_err(failed(path))?.is_dir() {
        return if is_manifest(path) {
            listed(path)
        } else {
            Ok(vec![path.to_owned()])
        };
    }
    let below = path.join("appendonlydir");
    let directory = if below.is_dir() { &below } else { path };
    let mut names: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed(directory))? {
        names.push(entry.map_err(failed(directory))?.path());
    }
    names.sort();
    match names.iter().find(|name| is_manifest(name)) {
        Some(manifest) => listed(manifest),
        None => Ok(names
            .into_iter()
            .filter(|name| name.extension().is_some_and(|ext| ext == "aof"))
            .collect()),
    }
}

fn listed(path: &Path) -> Result<Vec<PathBuf>, ScriptError> {
    let bytes = fs::read(path).map_err(failed(path))?;
    let manifest = Manifest::parse(&bytes).map_err(|source| ScriptError::Manifest {
        path: path.to_owned(),
        source,
    })?;
    let directory = path.parent().unwrap_or(Path::new(""));
    let name = |name: &[u8]| directory.join(String::from_utf8_lossy(name).into_owned());
    Ok(manifest.loaded().map(|file| name(&file.name)).collect())
}

fn read(path: &Path, commits: &mut Vec<ScriptCommit>) -> Result<(), ScriptError> {
    let bytes = fs::read(path).map_err(failed(path))?;
    let mut reader = AofReader::new();
    let mut at = 0;
    let mut db = 0;
    let mut multi: Option<ScriptCommit> = None;
    loop {
        let window = &bytes[at..];
        match reader.step(window, window.len() as u64) {
            Step::Command { offset, argv, len } => {
                let name = argv[0].to_ascii_uppercase();
                match &name[..] {
                    b"SELECT" => {
                        let number = argv.get(1).and_then(|text| std::str::from_utf8(text).ok());
                        db = number.and_then(|text| text.parse().ok()).ok_or_else(|| {
                            ScriptError::Select {
                                path: path.to_owned(),
                                offset,
                            }
                        })?;
                    }
                    b"MULTI" => multi = Some(Vec::new()),
                    b"EXEC" => commits.extend(multi.take()),
                    _ => {
                        let command =
                            Command::parse(&argv).map_err(|source| ScriptError::Command {
                                path: path.to_owned(),
                                offset,
                                source,
                            })?;
                        match &mut multi {
                            Some(batch) => batch.push((db, command)),
                            None => commits.push(vec![(db, command)]),
                        }
                    }
                }
                at += len;
            }
            Step::Annotation { len, .. } => at += len,
            Step::NeedMore(_) | Step::End(_) => return Ok(()),
            Step::Bad(source) => {
                return Err(ScriptError::Format {
                    path: path.to_owned(),
                    source,
                });
            }
        }
    }
}
