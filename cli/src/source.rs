//! What a path leads to: a log of ours, or files of Redis.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use indelible::effect::Name;
use indelible::log;
use indelible::recover::{self, LOCK_NAME, Loaded, Point};
use indelible::redis;
use indelible::vfs::OsVfs;

use crate::failure::Failure;
use crate::progress::Bar;

/// What a path leads to.
pub enum Source {
    /// A log of ours.
    Log(LogFile),
    /// What may be files of Redis.
    Redis(PathBuf),
}

/// A log of ours, by its directory and name.
pub struct LogFile {
    pub vfs: OsVfs,
    pub name: String,
    pub directory: PathBuf,
    /// Directory and name together.
    pub path: PathBuf,
    /// Whether the path led to the directory.
    pub by_directory: bool,
}

impl Source {
    /// Looks at the path and at the first bytes of a file; changes nothing.
    ///
    /// A log whose first line is damaged is known by its name and by the lock beside it.
    pub fn find(path: &Path) -> Result<Self, Failure> {
        let metadata = fs::metadata(path).map_err(Failure::io(path))?;
        if metadata.is_dir() {
            return Self::in_directory(path);
        }
        if !metadata.is_file() {
            return Err(Failure::NeitherFileNorDirectory {
                path: path.to_owned(),
            });
        }
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let is_named_so = path.file_name().is_some_and(|name| name == live());
        if calls_itself_ours(path)? || (is_named_so && has_lock(directory)) {
            return Ok(Self::Log(LogFile::of(path, directory, false)?));
        }
        Self::redis(path)
    }

    fn in_directory(path: &Path) -> Result<Self, Failure> {
        let log = path.join(live());
        if !log.is_file() {
            return match has_lock(path) {
                true => Err(Failure::LogMissing {
                    path: path.to_owned(),
                    name: live(),
                }),
                false => Self::redis(path),
            };
        }
        if calls_itself_ours(&log)? || has_lock(path) {
            return Ok(Self::Log(LogFile::of(&log, path, true)?));
        }
        Self::redis(path)
    }

    /// Refuses what would be waited for without end when it is opened, such as a pipe.
    fn redis(path: &Path) -> Result<Self, Failure> {
        let below = path.join("appendonlydir");
        let entries = [path, &below]
            .into_iter()
            .filter_map(|it| fs::read_dir(it).ok());
        let named = entries.flatten().flatten().map(|entry| entry.path());
        let is_special = |path: &PathBuf| {
            let metadata = fs::metadata(path);
            metadata.is_ok_and(|it| !it.is_file() && !it.is_dir())
        };
        let special = named.filter(|it| is_of_redis(it)).find(is_special);
        // What else is wrong is found, and told, when it is loaded.
        let listed = || redis::files(path).unwrap_or_default().into_iter();
        match special.or_else(|| listed().find(|it| !it.is_file())) {
            Some(path) => Err(Failure::NotAFile { path }),
            None => Ok(Self::Redis(path.to_owned())),
        }
    }
}

/// Whether a name is one that is looked for in a directory of Redis.
fn is_of_redis(path: &Path) -> bool {
    let extension = path.extension().and_then(|it| it.to_str());
    matches!(extension, Some("aof" | "rdb" | "manifest"))
}

impl LogFile {
    fn of(path: &Path, directory: &Path, by_directory: bool) -> Result<Self, Failure> {
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| Failure::Name {
            path: path.to_owned(),
        })?;
        Ok(Self {
            vfs: OsVfs::open_dir(directory).map_err(Failure::io(directory))?,
            name: name.to_owned(),
            directory: directory.to_owned(),
            path: path.to_owned(),
            by_directory,
        })
    }

    /// Reads it without a lock; with a progress bar.
    pub fn load(&self, hash_seed: u64) -> Result<Loaded, recover::LoadError> {
        self.load_at(hash_seed, None)
    }

    /// Reads it up to a point in time, as [`LogFile::load`] does.
    pub fn load_at(
        &self,
        hash_seed: u64,
        point: Option<Point>,
    ) -> Result<Loaded, recover::LoadError> {
        let mut bar = Bar::new("reading");
        recover::load_at(&self.vfs, &self.name, hash_seed, point, &mut |progress| {
            bar.recovery(progress)
        })
    }

    /// What makes an error of loading a failure that names the file.
    pub fn failed(&self) -> impl Fn(recover::LoadError) -> Failure + '_ {
        |source| Failure::Log {
            path: self.path.clone(),
            source,
        }
    }
}

fn live() -> &'static str {
    Name::Live.as_str()
}

fn has_lock(directory: &Path) -> bool {
    directory.join(LOCK_NAME).exists()
}

fn calls_itself_ours(path: &Path) -> Result<bool, Failure> {
    let failed = Failure::io(path);
    let file = File::open(path).map_err(&failed)?;
    let mut start = Vec::new();
    let mut bounded = file.take(log::HEADER_LEN as u64);
    bounded.read_to_end(&mut start).map_err(&failed)?;
    Ok(log::is_log(&start))
}
