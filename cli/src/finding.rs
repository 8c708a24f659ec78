//! What is wrong with a file, in words and as data.

use std::fmt;
use std::path::{Path, PathBuf};

use indelible::limits::MANIFEST_LEN_MAX;
use indelible::log::FrameError;
use indelible::recover;
use indelible::redis::{self, aof::AofError, aof::Tail};
use serde_json::{Value, json};

use crate::context::Context;

/// What kind of problem it is; a script may decide by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Behind what is known durable, the end of a log does not verify. No problem.
    TornTail,
    /// Something that was durable does not verify.
    Damage,
    /// A newer version wrote it.
    NewerVersion,
    /// Not a file of ours, nor of Redis.
    Foreign,
    /// A command that cannot be applied.
    BadCommand,
    /// A command that did nothing, as it did nothing in Redis.
    FailedCommand,
    /// Bytes that are no command.
    BadFormat,
    /// The file ends within a command.
    ShortRead,
    /// The file ends within a transaction.
    UnfinishedMulti,
    /// A manifest that Redis would not have written.
    BadManifest,
    /// A file that must be there and is not.
    MissingFile,
    /// A format that is known and not read.
    Unsupported,
    /// A file that nothing lists. No problem.
    OrphanFile,
}

impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TornTail => "torn-tail",
            Self::Damage => "damage",
            Self::NewerVersion => "newer-version",
            Self::Foreign => "foreign",
            Self::BadCommand => "bad-command",
            Self::FailedCommand => "failed-command",
            Self::BadFormat => "bad-format",
            Self::ShortRead => "short-read",
            Self::UnfinishedMulti => "unfinished-multi",
            Self::BadManifest => "bad-manifest",
            Self::MissingFile => "missing-file",
            Self::Unsupported => "unsupported",
            Self::OrphanFile => "orphan-file",
        }
    }

    /// Whether a check that found it fails.
    pub const fn is_problem(self) -> bool {
        !matches!(self, Self::TornTail | Self::OrphanFile)
    }
}

/// One thing that is not as it should be.
#[derive(Clone, Debug)]
pub struct Finding {
    pub kind: Kind,
    pub path: PathBuf,
    /// Where, in bytes from the file's start.
    pub offset: Option<u64>,
    pub expected: Option<String>,
    pub found: Option<String>,
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, kind) = (self.path.display(), self.kind.as_str());
        write!(f, "{path}: {kind}: {}", self.text)
    }
}

impl Finding {
    pub fn new(kind: Kind, path: &Path, text: impl fmt::Display) -> Self {
        Self {
            kind,
            path: path.to_owned(),
            offset: None,
            expected: None,
            found: None,
            text: text.to_string(),
        }
    }

    fn at(self, offset: u64) -> Self {
        let offset = Some(offset);
        Self { offset, ..self }
    }

    fn differs(self, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self {
            expected: Some(expected.to_string()),
            found: Some(found.to_string()),
            ..self
        }
    }

    fn of_frame(kind: Kind, path: &Path, error: FrameError, text: impl fmt::Display) -> Self {
        Self::new(kind, path, text)
            .at(error.offset)
            .differs(error.expected, error.found)
    }

    pub fn to_json(&self) -> Value {
        json!({
            "kind": self.kind.as_str(),
            "file": self.path.to_string_lossy(),
            "offset": self.offset,
            "expected": self.expected,
            "found": self.found,
            "text": self.text,
            "context": self.context().map(|it| it.to_json()),
        })
    }

    /// The bytes around the offset; none if it has none, or they cannot be read any more.
    pub fn context(&self) -> Option<Context> {
        Context::around(&self.path, self.offset?)
    }

    /// A torn tail that recovery would cut.
    pub fn torn_tail(path: &Path, error: FrameError, len: u64) -> Self {
        let text = format!("{error}; {len} bytes, behind everything that is known durable");
        Self::of_frame(Kind::TornTail, path, error, text)
    }

    /// Why a log of ours cannot be loaded; none if that was not the file's fault.
    pub fn of_log(path: &Path, error: &recover::LoadError) -> Option<Self> {
        use recover::LoadError as E;
        Some(match error {
            E::NotALog(at) => Self::of_frame(Kind::Foreign, path, *at, error),
            E::NewerVersion(at) => Self::of_frame(Kind::NewerVersion, path, *at, error),
            E::DamagedBase(at) | E::Damaged { error: at, .. } => {
                Self::of_frame(Kind::Damage, path, *at, error)
            }
            E::Resp { offset, source } => Self::new(Kind::BadCommand, path, error)
                .at(offset + source.offset as u64)
                .differs(source.expected, "other bytes"),
            E::Command { offset, .. } => Self::new(Kind::BadCommand, path, error).at(*offset),
            E::Refused { offset, source, .. } => Self::new(Kind::Damage, path, error)
                .at(*offset)
                .differs("a command that applies", source),
            E::Commits {
                offset,
                expected,
                found,
            } => Self::new(Kind::BadCommand, path, error)
                .at(*offset)
                .differs(format!("{expected} commits"), format!("{found} commits")),
            E::Keys {
                offset,
                expected,
                found,
            } => Self::new(Kind::Damage, path, error)
                .at(*offset)
                .differs(format!("{expected} keys"), format!("{found} keys")),
            _ => return None,
        })
    }

    /// Why files of Redis cannot be loaded; none if that was not the files' fault.
    pub fn of_redis(error: &redis::LoadError) -> Option<Self> {
        use redis::LoadError as E;
        Some(match error {
            E::NoManifest { directory, part } => {
                let text = format!("expected a manifest, found {part} without one");
                Self::new(Kind::MissingFile, directory, text)
            }
            E::Missing { manifest, name } => {
                let text = format!("expected the file {name}, found none");
                Self::new(Kind::MissingFile, manifest, text)
            }
            E::LongManifest { path, len } => {
                let text = format!("expected at most {MANIFEST_LEN_MAX} bytes, found {len}");
                Self::new(Kind::BadManifest, path, text)
            }
            E::Manifest { path, source } => Self::new(Kind::BadManifest, path, source),
            E::Format { path, source } => Self::of_aof(path, source),
            E::Image { path, source } => Self::of_image(path, source),
            E::Command {
                path,
                offset,
                source,
            } => {
                let text = format!("offset {offset}: {source}");
                Self::new(Kind::BadCommand, path, text).at(*offset)
            }
            E::Unsupported { path, offset, .. } => {
                let text = error.to_string();
                let name = format!("{}: ", path.display());
                let text = text.strip_prefix(&name).unwrap_or(&text);
                Self::new(Kind::Unsupported, path, text).at(*offset)
            }
            E::Restore {
                path,
                offset,
                source,
            } => {
                let text = format!("offset {offset}: {source}");
                Self::new(Kind::BadFormat, path, text).at(*offset)
            }
            E::ShortInside { path, tail } => Self {
                text: format!("expected a whole file, as others follow; found: {tail}"),
                ..Self::of_tail(path, *tail)?
            },
            _ => return None,
        })
    }

    fn of_image(path: &Path, error: &redis::ImageError) -> Self {
        use redis::ImageError as I;
        use redis::rdb::RdbError as R;
        let kind = match error {
            I::Rdb(R::Unsupported { .. } | R::Version { .. }) => Kind::Unsupported,
            _ => Kind::BadFormat,
        };
        let finding = Self::new(kind, path, error).at(error.offset());
        match error {
            I::Rdb(R::Format {
                expected, found, ..
            }) => finding.differs(expected, found),
            I::Rdb(R::Checksum {
                expected, found, ..
            }) => finding.differs(format!("{expected:016x}"), format!("{found:016x}")),
            _ => finding,
        }
    }

    fn of_aof(path: &Path, error: &AofError) -> Self {
        let kind = match error {
            AofError::Format { offset: 0, .. } => Kind::Foreign,
            AofError::Format { .. } => Kind::BadFormat,
            AofError::Rdb => Kind::Unsupported,
            _ => Kind::Foreign,
        };
        let finding = Self::new(kind, path, error).at(error.offset());
        match error {
            AofError::Format {
                expected, found, ..
            } => finding.differs(expected, found),
            _ => finding,
        }
    }

    /// How a file of Redis ends too early; none if it does not.
    pub fn of_tail(path: &Path, tail: Tail) -> Option<Self> {
        let (kind, offset) = match tail {
            Tail::Whole => return None,
            Tail::Short { offset, .. } => (Kind::ShortRead, offset),
            Tail::UnfinishedMulti { cut_at } => (Kind::UnfinishedMulti, cut_at),
        };
        Some(Self::new(kind, path, tail).at(offset))
    }

    /// A part that was left out.
    pub fn of_skipped(path: &Path, skipped: &redis::load::Skipped) -> Self {
        let redis::load::Skipped {
            offset,
            what,
            command,
            key,
            ..
        } = skipped;
        let mut text = format!("offset {offset}: ");
        if let Some(command) = command {
            text += &format!("{}: ", command.0.escape_ascii());
        }
        text += &what.to_string();
        if let Some(key) = key {
            text += &format!(" under the key {key}");
        }
        Self::new(Kind::Unsupported, path, text + " was left out").at(*offset)
    }

    /// A command that did nothing.
    pub fn of_failure(path: &Path, failure: &redis::load::Failure) -> Self {
        let text = format!("offset {}: {}", failure.offset, failure.error);
        Self::new(Kind::FailedCommand, path, text).at(failure.offset)
    }
}
