//! Loading either kind of file.

use indelible::keyspace::Keyspace;
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
        match source {
            Source::Log(log) => {
                let loaded = log.load(random()).map_err(log.failed())?;
                Ok(Self::Log(Box::new(loaded)))
            }
            Source::Redis(path) => {
                let loaded = redis::load(path, random())?;
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
