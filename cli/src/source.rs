//! What a path leads to: a log of ours, or files of Redis.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use indelible::effect::Name;
use indelible::log;
use indelible::recover::{self, LOCK_NAME, Loaded, Point};
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
        Ok(Self::Redis(path.to_owned()))
    }

    fn in_directory(path: &Path) -> Result<Self, Failure> {
        let log = path.join(live());
        if !log.is_file() {
            return match has_lock(path) {
                true => Err(Failure::LogMissing {
                    path: path.to_owned(),
                    name: live(),
                }),
                false => Ok(Self::Redis(path.to_owned())),
            };
        }
        if calls_itself_ours(&log)? || has_lock(path) {
            return Ok(Self::Log(LogFile::of(&log, path, true)?));
        }
        Ok(Self::Redis(path.to_owned()))
    }
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
