//! Loading either kind of file.

use std::path::Path;

use indelible::keyspace::Keyspace;
use indelible::recover::Point;
use indelible::redis::LoadOptions;
use indelible::{recover, redis};

use crate::failure::Failure;
use crate::machine::random;
use crate::source::Source;

/// What was loaded, and how it went.
pub enum Loaded {
    /// A log of ours.
    Log(Box<recover::Loaded>),
    /// Files of Redis, at least one.
    Redis(Box<redis::Loaded>),
}

impl Loaded {
    /// Loads without a lock and without changing anything.
    pub fn from(source: &Source) -> Result<Self, Failure> {
        Self::at(source, None, false)
    }

    /// Loads the state at a point in time, or the last; perhaps without what is not supported.
    pub fn at(
        source: &Source,
        point: Option<Point>,
        skip_unsupported: bool,
    ) -> Result<Self, Failure> {
        match source {
            Source::Log(log) => {
                let loaded = log.load_at(random(), point).map_err(log.failed())?;
                Ok(Self::Log(Box::new(loaded)))
            }
            Source::Redis(path) => {
                let options = LoadOptions {
                    seed: random(),
                    at: seconds(path, point)?,
                    skip_unsupported,
                };
                let loaded = redis::load_with(path, &options)?;
                match loaded.report.files.is_empty() {
                    true => Err(Failure::Nothing { path: path.clone() }),
                    false => Ok(Self::Redis(Box::new(loaded))),
                }
            }
        }
    }

    pub fn keyspace(&self) -> &Keyspace {
        match self {
            Self::Log(loaded) => &loaded.keyspace,
            Self::Redis(loaded) => &loaded.keyspace,
        }
    }
}

/// A point in time as Redis's time stamps count it.
fn seconds(path: &Path, point: Option<Point>) -> Result<Option<u64>, Failure> {
    match point {
        None => Ok(None),
        Some(Point::Time(at)) => Ok(Some(at.0 / 1_000)),
        Some(Point::Lsn(_)) => Err(Failure::NoNumbers {
            path: path.to_owned(),
        }),
    }
}
