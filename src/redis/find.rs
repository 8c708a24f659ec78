//! Where a path leads: to a manifest, to a single file, or to nothing.

use std::borrow::ToOwned;
use std::fs;
use std::path::{Path, PathBuf};
use std::string::String;
use std::vec::Vec;

use crate::redis::load::LoadError;

/// The directory in which Redis 7 keeps its files, below its own.
const DIRECTORY: &str = "appendonlydir";
/// What Redis calls its file unless it is told otherwise.
const SINGLE_NAME: &str = "appendonly.aof";
/// How the names of files begin that Redis has not finished.
const UNFINISHED: &str = "temp-";

/// What there is to load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// What a manifest lists.
    Manifest(PathBuf),
    /// One file, as Redis wrote before version 7.
    Single(PathBuf),
    /// Nothing.
    Nothing,
}

/// Finds what a path leads to.
pub(super) fn find(path: &Path) -> Result<Source, LoadError> {
    let metadata = fs::metadata(path).map_err(|source| LoadError::io(path, source))?;
    if !metadata.is_dir() {
        return Ok(match path.extension() {
            Some(extension) if extension == "manifest" => Source::Manifest(path.to_owned()),
            _ => Source::Single(path.to_owned()),
        });
    }
    let directory = Directory::read(path)?;
    let below = path.join(DIRECTORY);
    let below = match below.is_dir() {
        true => Some(Directory::read(&below)?),
        false => None,
    };
    if let Some(manifest) = directory.manifest()? {
        return Ok(Source::Manifest(manifest));
    }
    if let Some(below) = below {
        if let Some(manifest) = below.manifest()? {
            return Ok(Source::Manifest(manifest));
        }
        below.refuse_parts()?;
    }
    directory.refuse_parts()?;
    Ok(directory.single()?.map_or(Source::Nothing, Source::Single))
}

/// A directory's finished files, by name.
struct Directory<'a> {
    path: &'a Path,
    names: Vec<String>,
}

impl<'a> Directory<'a> {
    fn read(path: &'a Path) -> Result<Self, LoadError> {
        let failed = |source| LoadError::io(path, source);
        let mut names = Vec::new();
        for entry in fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // A name that is no text is none of those looked for here.
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if !name.starts_with(UNFINISHED) && !entry.path().is_dir() {
                names.push(name);
            }
        }
        names.sort();
        Ok(Self { path, names })
    }

    fn manifest(&self) -> Result<Option<PathBuf>, LoadError> {
        self.only(|name| name.ends_with(".manifest"))
    }

    /// The one file of Redis before version 7.
    fn single(&self) -> Result<Option<PathBuf>, LoadError> {
        if self.names.iter().any(|name| name == SINGLE_NAME) {
            return Ok(Some(self.path.join(SINGLE_NAME)));
        }
        self.only(|name| name.ends_with(".aof"))
    }

    /// The one file whose name is such, if there is one.
    fn only(&self, is_such: impl Fn(&str) -> bool) -> Result<Option<PathBuf>, LoadError> {
        let mut such = self.names.iter().filter(|name| is_such(name));
        match (such.next(), such.next()) {
            (Some(first), Some(second)) => Err(LoadError::Ambiguous {
                directory: self.path.to_owned(),
                first: first.clone(),
                second: second.clone(),
            }),
            (name, _) => Ok(name.map(|name| self.path.join(name))),
        }
    }

    /// Parts whose manifest is lost are no empty directory.
    fn refuse_parts(&self) -> Result<(), LoadError> {
        match self.names.iter().find(|name| is_part(name)) {
            None => Ok(()),
            Some(part) => Err(LoadError::NoManifest {
                directory: self.path.to_owned(),
                part: part.clone(),
            }),
        }
    }
}

/// Whether a name is that of a base or an incremental: `<name>.<seq>.base.rdb|aof` or
/// `<name>.<seq>.incr.aof`.
fn is_part(name: &str) -> bool {
    let ends = [".base.aof", ".base.rdb", ".incr.aof"];
    let stem = ends.iter().find_map(|end| name.strip_suffix(end));
    let seq = stem.and_then(|stem| stem.rsplit_once('.'));
    seq.is_some_and(|(_, seq)| !seq.is_empty() && seq.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_known_by_their_names() {
        for name in [
            "a.1.base.aof",
            "appendonly.aof.12.base.rdb",
            "b c.7.incr.aof",
        ] {
            assert!(is_part(name), "{name}");
        }
        for name in [
            "appendonly.aof",
            "a.base.aof",
            "a.x.incr.aof",
            "a.1.incr.rdb",
            ".base.aof",
        ] {
            assert!(!is_part(name), "{name}");
        }
    }
}
