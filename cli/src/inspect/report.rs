//! What an inspection finds: plain data, which is also the JSON document (see docs/cli.md).
//!
//! `len` is bytes, `count` and `keys` are numbers of things, times are milliseconds since 1970. A
//! key's or a collection's `len` is what it takes in the base of a log.

use base64::prelude::*;
use serde::{Serialize, Serializer};

/// Goes up when a member of the document is renamed, removed or means something else.
pub const SCHEMA: u32 = 1;

#[derive(Debug, Serialize)]
pub struct Report {
    pub schema: u32,
    pub path: String,
    /// `indelible`, `redis-directory`, `redis-aof`, `redis-aof-with-rdb` or `redis-rdb`.
    pub format: &'static str,
    pub files: Vec<File>,
    /// Of a log of indelible.
    pub log: Option<LogFacts>,
    /// When the first and the last part was written, as far as the files say so.
    pub written: Option<Span>,
    pub size: Size,
    pub commands: Commands,
    pub keys: Keys,
    pub largest_keys: Vec<Key>,
    pub largest_collections: Vec<Key>,
    pub prefixes: Vec<Database>,
    /// What was left out of files of Redis, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<serde_json::Value>,
}

#[derive(Debug, Serialize)]
pub struct File {
    pub path: String,
    pub role: &'static str,
    pub len: u64,
    /// Of what was loaded from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commands: Option<u64>,
    /// The image that it begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rdb: Option<Image>,
}

#[derive(Debug, Serialize)]
pub struct Image {
    pub version: u32,
    pub len: u64,
    pub keys: u64,
}

#[derive(Debug, Serialize)]
pub struct LogFacts {
    pub identity: String,
    pub incarnation: u64,
    /// The last commit.
    pub lsn: u64,
    /// Up to which commit all are proved durable.
    pub evidence: u64,
    /// Commits up to this one are in the base alone.
    pub base_lsn: u64,
    pub base_keys: u64,
    pub base_len: u64,
    /// Behind the base.
    pub commits: u64,
    pub frames: Vec<FrameCount>,
}

#[derive(Debug, Serialize)]
pub struct FrameCount {
    pub kind: &'static str,
    pub count: u64,
    /// Bytes that the frames cover, their own lines apart.
    pub body_len: u64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Span {
    pub first: u64,
    pub last: u64,
}

/// What the loaded files take, and what of it a rewrite would save.
#[derive(Debug, Serialize)]
pub struct Size {
    pub len: u64,
    /// What all keys would take, selected or not; none for a state that is not the last, and for an
    /// RDB image, in which nothing is dead.
    pub live_len: Option<u64>,
    /// `log`: what a rewrite writes, but for the order of the keys. `commands`: a base as commands. `rdb`: a base as an
    /// RDB image, if it is as dense as the one that is there.
    pub live_as: Option<&'static str>,
    pub dead_len: Option<u64>,
    pub dead_percent: Option<u64>,
}

#[derive(Debug, Default, Serialize)]
pub struct Commands {
    pub count: u64,
    pub len: u64,
    /// Those that did nothing when they were loaded.
    pub failed: u64,
    /// By bytes, largest first.
    pub kinds: Vec<CommandKind>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct CommandKind {
    pub name: String,
    pub count: u64,
    pub len: u64,
    /// Those of them that stand in a base.
    pub base_count: u64,
    pub base_len: u64,
}

#[derive(Debug, Default, Serialize)]
pub struct Keys {
    pub count: u64,
    pub len: u64,
    /// Whether only selected keys count, here and below.
    pub selected: bool,
    pub types: Vec<TypeCount>,
    pub databases: Vec<DatabaseCount>,
    pub expiries: Expiries,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct TypeCount {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub keys: u64,
    /// Elements, fields or members; of strings the strings.
    pub items: u64,
    pub len: u64,
}

#[derive(Debug, Default, Serialize)]
pub struct DatabaseCount {
    pub db: u32,
    pub keys: u64,
    pub expiring: u64,
    pub len: u64,
    pub types: Vec<TypeCount>,
}

#[derive(Debug, Default, Serialize)]
pub struct Expiries {
    pub count: u64,
    /// Those that have passed, by the clock of the reader.
    pub due: u64,
    pub soonest: Option<u64>,
    pub latest: Option<u64>,
}

#[derive(Debug, Serialize)]
pub struct Key {
    pub db: u32,
    #[serde(flatten)]
    pub name: Name,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub items: u64,
    pub len: u64,
    pub pexpireat: Option<u64>,
}

/// A key, or the start of keys: in base64 as `key`, and escaped as `text`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(pub Vec<u8>);

impl Name {
    pub fn text(&self) -> String {
        self.0.escape_ascii().to_string()
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut name = serializer.serialize_struct("Name", 2)?;
        name.serialize_field("key", &BASE64_STANDARD.encode(&self.0))?;
        name.serialize_field("text", &self.text())?;
        name.end()
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct Database {
    pub db: u32,
    #[serde(flatten)]
    pub root: Prefix,
}

/// Keys that begin alike, up to a separator.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Prefix {
    /// All of it from the key's start on; empty for a database.
    #[serde(rename = "prefix")]
    pub name: Name,
    pub keys: u64,
    pub len: u64,
    /// By bytes, largest first.
    pub children: Vec<Prefix>,
    /// Keys below smaller prefixes that are not listed; the rest of `keys` has no further prefix.
    pub other: Amount,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Amount {
    pub keys: u64,
    pub len: u64,
}

impl Amount {
    pub fn add(&mut self, keys: u64, len: u64) {
        self.keys += keys;
        self.len += len;
    }
}

impl Prefix {
    /// Keys directly below it.
    pub fn own(&self) -> Amount {
        let children = self.children.iter();
        let keys: u64 = children.clone().map(|child| child.keys).sum();
        let len: u64 = children.map(|child| child.len).sum();
        Amount {
            keys: self.keys - keys - self.other.keys,
            len: self.len - len - self.other.len,
        }
    }
}
