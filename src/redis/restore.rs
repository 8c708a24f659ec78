//! `RESTORE` in a file of Redis: a value as an RDB image holds it, within a command.

use super::image::{self, ImageError};
use super::manifest::Text;
use super::rdb::{RdbError, Unsupported, read_payload};
use super::unsupported::unsupported;
use crate::command::{Applied, CommandError, Replay, ReplayError};
use crate::keyspace::{Entry, Keyspace};
use crate::resp::parse_integer;
use crate::units::WallMillis;

/// Why a command of a file of Redis cannot be applied; nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// As a command that any log may hold.
    #[error("{0}")]
    Replay(#[from] ReplayError),
    /// The value that a `RESTORE` brings is not right, or not supported.
    #[error("RESTORE of the key {key}: in its payload, {source}")]
    Payload {
        #[doc = "The key."]
        key: Text,
        #[doc = "Where in the payload, in bytes from its start, and why."]
        source: ImageError,
    },
}

impl ApplyError {
    /// Of which kind a payload is that is not supported.
    pub(super) const fn unsupported(&self) -> Option<Unsupported> {
        match self {
            Self::Payload {
                source: ImageError::Rdb(RdbError::Unsupported { what, .. }),
                ..
            } => Some(*what),
            _ => None,
        }
    }
}

/// Applies one command as a file of Redis holds it: what [`Replay::apply`] takes, and `RESTORE`, whose
/// value comes in a payload of its own (see [`read_payload`]).
///
/// # Errors
/// If it is none that a file may hold.
pub fn apply(
    replay: &mut Replay,
    keyspace: &mut Keyspace,
    argv: &[&[u8]],
) -> Result<Applied, ApplyError> {
    match argv {
        [name, key, ttl, payload, options @ ..] if is_restore(name) => {
            let restore = Options::parse(ttl, options)?;
            let failed = |source: ImageError| ApplyError::Payload {
                key: Text(key.to_vec()),
                source,
            };
            let value = read_payload(payload).map_err(|error| failed(error.into()))?;
            let entry = image::entry(0, key, value).map_err(failed)?;
            let entry = Entry {
                expiry: restore.expiry,
                ..entry
            };
            Ok(replay.restore(keyspace, key, entry, restore.replace)?)
        }
        _ => Ok(replay.apply(keyspace, argv)?),
    }
}

/// What a command is, or brings, that Redis has and this crate does not, and the key that it is about,
/// where it names one; none if it was applied, or is wrong there as well.
///
/// A transaction is applied with its `EXEC`: what was refused then is in [`Applied::Commit`].
#[must_use]
pub fn left_out<'a>(
    applied: &Result<Applied, ApplyError>,
    argv: &[&'a [u8]],
) -> Option<(Unsupported, Option<&'a [u8]>)> {
    match applied {
        Err(ApplyError::Replay(ReplayError::Command(CommandError::Unknown { .. }))) => {
            unsupported(argv)
        }
        // A `SELECT` is not left out: what follows it would go to another database.
        Err(ApplyError::Replay(ReplayError::Command(error))) if !is_select(argv) => {
            Some((Unsupported::of_refusal(error)?, None))
        }
        Err(error) => Some((error.unsupported()?, argv.get(1).copied())),
        Ok(_) => None,
    }
}

fn is_select(argv: &[&[u8]]) -> bool {
    argv[0].eq_ignore_ascii_case(b"select")
}

fn is_restore(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"restore") || name.eq_ignore_ascii_case(b"restore-asking")
}

struct Options {
    expiry: Option<WallMillis>,
    replace: bool,
}

impl Options {
    fn parse(ttl: &[u8], options: &[&[u8]]) -> Result<Self, ReplayError> {
        let number = |text: &[u8]| parse_integer(text).ok_or(CommandError::NotAnInteger);
        let (mut replace, mut absolute) = (false, false);
        let mut options = options.iter();
        while let Some(option) = options.next() {
            let is = |name: &[u8]| option.eq_ignore_ascii_case(name);
            match () {
                () if is(b"replace") => replace = true,
                () if is(b"absttl") => absolute = true,
                // How the key was used is not kept.
                () if (is(b"idletime") || is(b"freq")) && options.len() > 0 => {
                    number(options.next().map_or(b"", |it| it))?;
                }
                () => return Err(CommandError::Syntax.into()),
            }
        }
        let millis = u64::try_from(number(ttl)?);
        let millis = millis.map_err(|_| CommandError::Negative { name: "TTL" })?;
        if millis > 0 && !absolute {
            let name = "restore".into();
            return Err(ReplayError::RelativeTime { name });
        }
        let expiry = (millis > 0).then_some(WallMillis(millis));
        Ok(Self { expiry, replace })
    }
}
