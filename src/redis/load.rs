//! Loading what Redis wrote: a directory of Redis 7 and later, or a single file.
//!
//! A file may be commands, an RDB image, or an image with commands behind it.
//!
//! Nothing on disk is changed. The base comes first, then the incrementals by their sequence
//! numbers. Every file starts in database 0. Keys never expire meanwhile.

mod report;
mod window;

use std::borrow::ToOwned;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::string::String;
use std::vec::Vec;

use crate::command::{Applied, CommandError, Refused, Replay, ReplayError};
use crate::keyspace::Keyspace;
use crate::limits::{COLLECT_STEP, FAILURES_KEPT_MAX, MANIFEST_LEN_MAX, SKIPPED_KEPT_MAX};
use crate::redis::aof::{AofError, AofReader, Step, Tail};
use crate::redis::find::{Source, find};
use crate::redis::image::{ImageError, ImageLoader, ImageReport, Left, Progress};
use crate::redis::manifest::{Manifest, ManifestError, ManifestFile, Text};
use crate::redis::rdb::{self, Unsupported};
use crate::redis::restore::{ApplyError, apply, left_out};
use window::Window;

pub use report::{Failure, FileReport, LoadReport, Loaded, Skipped};

/// Why files of Redis cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file system failed, or nothing is there.
    #[error("{}: {source}", .path.display())]
    Io {
        #[doc = "What was being read."]
        path: PathBuf,
        #[doc = "What the operating system said."]
        source: io::Error,
    },
    /// Two files could be meant.
    #[error(
        "{}: expected one manifest or one append-only file, found {first} and {second}",
        .directory.display()
    )]
    Ambiguous {
        #[doc = "Where."]
        directory: PathBuf,
        #[doc = "One of them."]
        first: String,
        #[doc = "Another."]
        second: String,
    },
    /// Files that a manifest should list are there, and no manifest.
    #[error("{}: expected a manifest, found {part} without one", .directory.display())]
    NoManifest {
        #[doc = "Where."]
        directory: PathBuf,
        #[doc = "One of the files."]
        part: String,
    },
    /// The manifest is longer than any is.
    #[error(
        "{}: expected at most {MANIFEST_LEN_MAX} bytes, found {len}",
        .path.display()
    )]
    LongManifest {
        #[doc = "Which."]
        path: PathBuf,
        #[doc = "Its length in bytes."]
        len: u64,
    },
    /// The manifest is refused.
    #[error("{}: {source}", .path.display())]
    Manifest {
        #[doc = "Which."]
        path: PathBuf,
        #[doc = "Where in it, and why."]
        source: ManifestError,
    },
    /// A file that the manifest lists is not there.
    #[error("{}: expected the file {name}, found none", .manifest.display())]
    Missing {
        #[doc = "The manifest."]
        manifest: PathBuf,
        #[doc = "The file."]
        name: Text,
    },
    /// A file is not a plain append-only file.
    #[error("{}: {source}", .path.display())]
    Format {
        #[doc = "Which."]
        path: PathBuf,
        #[doc = "Where in it, and why."]
        source: AofError,
    },
    /// An RDB image cannot be loaded.
    #[error("{}: {source}", .path.display())]
    Image {
        #[doc = "The file."]
        path: PathBuf,
        #[doc = "Where in it, and why."]
        source: ImageError,
    },
    /// A command cannot be loaded.
    #[error("{}: offset {offset}: {source}", .path.display())]
    Command {
        #[doc = "The file."]
        path: PathBuf,
        #[doc = "Where the command begins, in bytes from the file's start."]
        offset: u64,
        #[doc = "Why."]
        source: ReplayError,
    },
    /// The value that a `RESTORE` brings cannot be loaded.
    #[error("{}: offset {offset}: {source}", .path.display())]
    Restore {
        #[doc = "The file."]
        path: PathBuf,
        #[doc = "Where the command begins, in bytes from the file's start."]
        offset: u64,
        #[doc = "Under which key, where in its payload, and why."]
        source: ApplyError,
    },
    /// A command is of a kind that is not supported.
    #[error("{}: offset {offset}: {command}: {what} is not supported", .path.display())]
    Unsupported {
        #[doc = "The file."]
        path: PathBuf,
        #[doc = "Where the command begins, in bytes from the file's start."]
        offset: u64,
        #[doc = "Its name as it stands there."]
        command: Text,
        #[doc = "Of which kind it is."]
        what: Unsupported,
        #[doc = "The key that it names, if it does."]
        key: Option<Text>,
    },
    /// A point in time was asked for, and no file says when anything was written.
    #[error("{}: expected time stamps (#TS:), found none; the server writes them with aof-timestamp-enabled", .path.display())]
    NoTimes {
        #[doc = "What was to be loaded."]
        path: PathBuf,
    },
    /// The point in time lies before the first time stamp.
    #[error("{}: offset {offset}: the first time stamp is {first} s; the point lies before", .path.display())]
    BeforeFirst {
        #[doc = "The file."]
        path: PathBuf,
        #[doc = "Where the time stamp stands, in bytes from the file's start."]
        offset: u64,
        #[doc = "What it says, in seconds since 1970-01-01 UTC."]
        first: u64,
    },
    /// A file ends too early, and is not the last.
    #[error("{}: expected a whole file, as others follow; found: {tail}", .path.display())]
    ShortInside {
        #[doc = "Which."]
        path: PathBuf,
        #[doc = "How it ends."]
        tail: Tail,
    },
}

impl LoadError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// How to load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// Draws the order of the keyspace; by default 0.
    pub seed: u64,
    /// Whether streams, what is of modules, functions, scripts, what makes fields of hashes expire and
    /// what is beyond a limit of this crate are left out, and reported, instead of being refused; by default not. What is left out is
    /// lost to who goes on with the keyspace alone, and so is what later commands would have made of it.
    pub skip_unsupported: bool,
    /// Load up to the first time stamp that is later than this, in seconds since 1970-01-01 UTC; what
    /// lies behind is not looked at. By default everything.
    pub at: Option<u64>,
}

/// Loads what `path` leads to: a directory with a manifest in it or in `appendonlydir` below it, a
/// manifest, a directory with a single append-only file, or such a file. A directory without any of
/// them is loaded as an empty keyspace.
///
/// `seed` draws the order of the keyspace.
///
/// # Errors
/// [`LoadError`]; it says which file and where.
pub fn load(path: &Path, seed: u64) -> Result<Loaded, LoadError> {
    let options = LoadOptions {
        seed,
        ..LoadOptions::default()
    };
    load_with(path, &options)
}

/// Loads as [`load`] does, with options.
///
/// # Errors
/// [`LoadError`]; it says which file and where.
pub fn load_with(path: &Path, options: &LoadOptions) -> Result<Loaded, LoadError> {
    let (paths, reader) = match find(path)? {
        Source::Nothing => (Vec::new(), AofReader::new()),
        Source::Single(path) => (Vec::from([path]), AofReader::new()),
        Source::Manifest(path) => (listed(&path)?, AofReader::listed()),
    };
    let mut loader = Loader {
        keyspace: Keyspace::new(options.seed),
        report: LoadReport::default(),
        skip_unsupported: options.skip_unsupported,
        at: options.at,
        stamped: false,
        reached: false,
    };
    for (at, path) in paths.iter().enumerate() {
        let file = loader.file(path, reader.clone())?;
        if file.tail != Tail::Whole && at + 1 < paths.len() {
            return Err(LoadError::ShortInside {
                path: path.clone(),
                tail: file.tail,
            });
        }
        loader.report.files.push(file);
        if loader.reached {
            break;
        }
    }
    if options.at.is_some() && !loader.stamped && !paths.is_empty() {
        let path = path.to_owned();
        return Err(LoadError::NoTimes { path });
    }
    while loader.keyspace.collect(COLLECT_STEP) {}
    Ok(Loaded {
        keyspace: loader.keyspace,
        report: loader.report,
    })
}

/// The files that [`load`] would read, in their order; none of them is opened.
///
/// # Errors
/// [`LoadError`], of the manifest or of what it lists.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    match find(path)? {
        Source::Nothing => Ok(Vec::new()),
        Source::Single(path) => Ok(Vec::from([path])),
        Source::Manifest(path) => listed(&path),
    }
}

/// The files that a manifest says are to be loaded; all of them exist.
fn listed(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let failed = |source| LoadError::io(path, source);
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    let mut bounded = file.take(MANIFEST_LEN_MAX + 1);
    bounded.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MANIFEST_LEN_MAX {
        return Err(LoadError::LongManifest {
            path: path.to_owned(),
            len: bounded.into_inner().metadata().map_err(failed)?.len(),
        });
    }
    let manifest = Manifest::parse(&bytes).map_err(|source| LoadError::Manifest {
        path: path.to_owned(),
        source,
    })?;
    let directory = path.parent().unwrap_or(Path::new(""));
    let found = |file: &ManifestFile| {
        let part = file_name(&file.name).map(|name| directory.join(name));
        part.filter(|part| part.exists())
            .ok_or_else(|| LoadError::Missing {
                manifest: path.to_owned(),
                name: Text(file.name.clone()),
            })
    };
    manifest.loaded().map(found).collect()
}

#[cfg(unix)]
fn file_name(bytes: &[u8]) -> Option<&Path> {
    use std::os::unix::ffi::OsStrExt;
    Some(Path::new(std::ffi::OsStr::from_bytes(bytes)))
}

#[cfg(not(unix))]
fn file_name(bytes: &[u8]) -> Option<&Path> {
    core::str::from_utf8(bytes).ok().map(Path::new)
}

struct Loader {
    keyspace: Keyspace,
    report: LoadReport,
    skip_unsupported: bool,
    at: Option<u64>,
    /// Whether a time stamp was read.
    stamped: bool,
    /// Whether the state is that of the point in time.
    reached: bool,
}

impl Loader {
    fn file(&mut self, path: &Path, mut reader: AofReader) -> Result<FileReport, LoadError> {
        let failed = |source| LoadError::io(path, source);
        let mut window = Window::open(path).map_err(failed)?;
        let mut replay = Replay::new();
        let mut report = FileReport {
            path: path.to_owned(),
            len: window.left,
            image: None,
            commands: 0,
            commits: 0,
            failed: 0,
            written: None,
            tail: Tail::Whole,
        };
        window.fill(rdb::MAGIC.len()).map_err(failed)?;
        if window.bytes().starts_with(rdb::MAGIC) {
            let image = self.image(path, &mut window)?;
            reader = AofReader::behind_image(image.len);
            report.image = Some(image);
        }
        loop {
            match reader.step(window.bytes(), window.left) {
                Step::Command { offset, argv, len } => {
                    report.commands += 1;
                    let applied = apply(&mut replay, &mut self.keyspace, &argv);
                    match left_out(&applied, &argv) {
                        Some(of_kind) => self.leave_out(path, offset, argv[0], of_kind)?,
                        None => self.note(&mut report, offset, applied)?,
                    }
                    window.take(len);
                }
                Step::Annotation { len, written } => {
                    let offset = reader.offset() - len as u64;
                    if self.is_later(path, offset, written)? {
                        return Ok(report);
                    }
                    report.written = written.or(report.written);
                    window.take(len);
                }
                Step::NeedMore(len) => window.fill(len).map_err(failed)?,
                Step::End(tail) => {
                    report.tail = tail;
                    return Ok(report);
                }
                Step::Bad(source) => {
                    return Err(LoadError::Format {
                        path: path.to_owned(),
                        source,
                    });
                }
            }
        }
    }

    /// Whether what follows a time stamp was written after the point in time.
    fn is_later(
        &mut self,
        path: &Path,
        offset: u64,
        written: Option<u64>,
    ) -> Result<bool, LoadError> {
        let (Some(written), Some(at)) = (written, self.at) else {
            return Ok(false);
        };
        if written > at && !self.stamped {
            return Err(LoadError::BeforeFirst {
                path: path.to_owned(),
                offset,
                first: written,
            });
        }
        self.stamped = true;
        self.reached = written > at;
        Ok(self.reached)
    }

    fn image(&mut self, path: &Path, window: &mut Window) -> Result<ImageReport, LoadError> {
        let mut image = ImageLoader::new(self.skip_unsupported);
        loop {
            let step = image.step(&mut self.keyspace, window.bytes(), window.left);
            let step = step.map_err(|source| LoadError::Image {
                path: path.to_owned(),
                source,
            })?;
            match step {
                Progress::Taken(len, left) => {
                    window.take(len);
                    self.note_left(left);
                }
                Progress::NeedMore(len) => {
                    window
                        .fill(len)
                        .map_err(|source| LoadError::io(path, source))?;
                }
                Progress::Ended(len) => {
                    window.take(len);
                    return Ok(image.report);
                }
            }
        }
    }

    fn note_left(&mut self, left: Option<Left>) {
        if let Some((offset, what, key)) = left {
            self.skipped(Skipped {
                file: self.report.files.len(),
                offset,
                what,
                command: None,
                key: key.map(Text),
            });
        }
    }

    fn skipped(&mut self, skipped: Skipped) {
        let of_kind = self.report.skipped_by_kind.entry(skipped.what.kind());
        *of_kind.or_default() += 1;
        if self.report.skipped.len() < SKIPPED_KEPT_MAX {
            self.report.skipped.push(skipped);
        }
    }

    /// Leaves a command out that is not supported, if that was asked for.
    fn leave_out(
        &mut self,
        path: &Path,
        offset: u64,
        name: &[u8],
        (what, key): (Unsupported, Option<&[u8]>),
    ) -> Result<(), LoadError> {
        let text = |bytes: &[u8]| Text(bytes.to_vec());
        let (command, key) = (text(name), key.map(text));
        if !self.skip_unsupported {
            return Err(LoadError::Unsupported {
                path: path.to_owned(),
                offset,
                command,
                what,
                key,
            });
        }
        self.skipped(Skipped {
            file: self.report.files.len(),
            offset,
            what,
            command: Some(command),
            key,
        });
        Ok(())
    }

    /// Counts what a command did; refuses what no file of Redis holds, or what cannot be known.
    fn note(
        &mut self,
        report: &mut FileReport,
        offset: u64,
        applied: Result<Applied, ApplyError>,
    ) -> Result<(), LoadError> {
        match applied {
            Ok(Applied::Pending) => {}
            Ok(Applied::Commit { refused, .. }) => {
                report.commits += 1;
                for Refused { name, error, .. } in refused {
                    match Unsupported::of_refusal(&error) {
                        Some(what) => {
                            let name = name.to_ascii_uppercase();
                            self.leave_out(&report.path, offset, name.as_bytes(), (what, None))?;
                        }
                        None => self.failed(report, offset, error.into()),
                    }
                }
            }
            Err(ApplyError::Replay(error)) if is_ignored_by_redis(&error) => {
                self.failed(report, offset, error);
            }
            Err(source @ ApplyError::Payload { .. }) => {
                return Err(LoadError::Restore {
                    path: report.path.clone(),
                    offset,
                    source,
                });
            }
            Err(ApplyError::Replay(source)) => {
                return Err(LoadError::Command {
                    path: report.path.clone(),
                    offset,
                    source,
                });
            }
        }
        Ok(())
    }

    fn failed(&mut self, report: &mut FileReport, offset: u64, error: ReplayError) {
        report.failed += 1;
        if self.report.failures.len() < FAILURES_KEPT_MAX {
            self.report.failures.push(Failure {
                file: self.report.files.len(),
                offset,
                error,
            });
        }
    }
}

/// Whether Redis, too, goes on after such a command, which did nothing there either.
fn is_ignored_by_redis(error: &ReplayError) -> bool {
    match error {
        ReplayError::Command(error) => !matches!(
            error,
            CommandError::InvalidDb
                | CommandError::Unknown { .. }
                | CommandError::Blocks { .. }
                | CommandError::WrongArity { .. }
                | CommandError::TooManyArguments
        ),
        ReplayError::NotAWrite { .. } => true,
        _ => false,
    }
}
