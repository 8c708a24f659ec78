//! An RDB image, put into a keyspace.

use alloc::vec::Vec;

use super::manifest::Text;
use super::rdb::{RdbError, RdbReader, RdbValue, Step, Unsupported};
use crate::keyspace::{Entry, Fields, Keyspace, List, Set, Value, ZSet};
use crate::limits::{COLLECT_STEP, DATABASES_MAX, KEY_LEN_MAX};

/// Why an RDB image cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// It is not right, or holds what is not supported.
    #[error("{0}")]
    Rdb(#[from] RdbError),
    /// A collection is empty, or names a member or field twice.
    #[error(
        "offset {offset}: expected one item at least and each once in the {type_name} under the \
         key {key}, found {items} items, {different} of them different"
    )]
    Items {
        #[doc = "Where the key begins, in bytes from the file's start."]
        offset: u64,
        #[doc = "The key."]
        key: Text,
        #[doc = "Redis's name of the type."]
        type_name: &'static str,
        #[doc = "How many items there are."]
        items: usize,
        #[doc = "How many of them are different."]
        different: usize,
    },
    /// A key is there twice.
    #[error("offset {offset}: expected another key, found {key} once more")]
    Duplicate {
        #[doc = "Where it is for the second time, in bytes from the file's start."]
        offset: u64,
        #[doc = "The key."]
        key: Text,
    },
    /// A key is too long.
    #[error("offset {offset}: expected a key of at most {KEY_LEN_MAX} bytes, found {len}")]
    LongKey {
        #[doc = "Where the key begins, in bytes from the file's start."]
        offset: u64,
        #[doc = "Its length in bytes."]
        len: usize,
    },
    /// A database's number is too large.
    #[error("offset {offset}: expected a database below {DATABASES_MAX}, found {db}")]
    Database {
        #[doc = "Where it is selected, in bytes from the file's start."]
        offset: u64,
        #[doc = "Its number."]
        db: u32,
    },
}

impl ImageError {
    /// Where it is, in bytes from the file's start.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        match self {
            Self::Rdb(error) => error.offset(),
            Self::Items { offset, .. }
            | Self::Duplicate { offset, .. }
            | Self::LongKey { offset, .. }
            | Self::Database { offset, .. } => *offset,
        }
    }
}

/// An RDB image that was loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageReport {
    /// Its version.
    pub version: u32,
    /// Its length in bytes.
    pub len: u64,
    /// Its keys, those left out not counted.
    pub keys: u64,
    /// What was left out as it is not supported.
    pub skipped: u64,
    /// Its checksum, which is right; none if it was written without.
    pub checksum: Option<u64>,
}

/// A part of an image that was left out: where it begins, in bytes from the file's start, of which
/// kind it is, and the key that holds it, if there is one.
pub type Left = (u64, Unsupported, Option<Vec<u8>>);

/// How far the load of an image has come.
#[derive(Debug)]
pub(super) enum Progress {
    /// So many bytes are to be taken from the window; perhaps they were left out.
    Taken(usize, Option<Left>),
    /// The window must hold so many bytes at least.
    NeedMore(usize),
    /// The image has ended, with so many bytes to take.
    Ended(usize),
}

/// Loads the RDB image at the start of `bytes`, and says where it ends or what stopped it, and where
/// that was. What was read before stays in the keyspace. If `left` is given, what is not supported is
/// left out, and it is told of it; otherwise that stops the load.
///
/// # Errors
/// The offset at which reading stopped, in bytes, and why.
pub fn load_image(
    keyspace: &mut Keyspace,
    bytes: &[u8],
    mut left: Option<&mut dyn FnMut(Left)>,
) -> Result<usize, (usize, ImageError)> {
    let mut loader = ImageLoader::new(left.is_some());
    let mut at = 0;
    loop {
        let window = &bytes[at..];
        match loader.step(keyspace, window, window.len() as u64) {
            Ok(Progress::Taken(len, part)) => {
                at += len;
                if let (Some(left), Some(part)) = (&mut left, part) {
                    left(part);
                }
            }
            Ok(Progress::NeedMore(_)) => unreachable!("the window holds all that is left"),
            Ok(Progress::Ended(len)) => return Ok(at + len),
            Err(error) => return Err((at, error)),
        }
    }
}

/// Puts one image into a keyspace, over a window that the caller refills.
#[derive(Debug)]
pub(super) struct ImageLoader {
    reader: RdbReader,
    skips: bool,
    db: u32,
    pub report: ImageReport,
}

impl ImageLoader {
    pub fn new(skip_unsupported: bool) -> Self {
        Self {
            reader: match skip_unsupported {
                true => RdbReader::skipping(),
                false => RdbReader::new(),
            },
            skips: skip_unsupported,
            db: 0,
            report: ImageReport::default(),
        }
    }

    pub fn step(
        &mut self,
        keyspace: &mut Keyspace,
        window: &[u8],
        left_in_file: u64,
    ) -> Result<Progress, ImageError> {
        let at = self.reader.offset();
        let step = self.reader.step(window, left_in_file);
        let len = step.len();
        let mut left = None;
        match step {
            Step::NeedMore(len) => return Ok(Progress::NeedMore(len)),
            Step::Bad(error) => return Err(error.into()),
            Step::Header { version, .. } => self.report.version = version,
            Step::SelectDb { db, .. } if db >= DATABASES_MAX => {
                return Err(ImageError::Database { offset: at, db });
            }
            Step::SelectDb { db, .. } => self.db = db,
            Step::Key {
                offset,
                key,
                expiry,
                value,
                ..
            } => {
                let entry = entry(offset, &key, value)?;
                match key.len() > KEY_LEN_MAX && self.skips {
                    true => left = Some(self.skipped(offset, Unsupported::LongKey, None)),
                    false => self.insert(keyspace, offset, &key, Entry { expiry, ..entry })?,
                }
            }
            Step::Skipped {
                offset, what, key, ..
            } => left = Some(self.skipped(offset, what, key)),
            Step::End { checksum, .. } => {
                self.report.checksum = checksum;
                self.report.len = self.reader.offset();
                return Ok(Progress::Ended(len));
            }
            Step::Aux { .. } | Step::Resize { .. } | Step::SlotInfo { .. } => {}
        }
        Ok(Progress::Taken(len, left))
    }

    fn skipped(&mut self, offset: u64, what: Unsupported, key: Option<Vec<u8>>) -> Left {
        self.report.skipped += 1;
        (offset, what, key)
    }

    fn insert(
        &mut self,
        keyspace: &mut Keyspace,
        offset: u64,
        key: &[u8],
        entry: Entry,
    ) -> Result<(), ImageError> {
        if key.len() > KEY_LEN_MAX {
            let len = key.len();
            return Err(ImageError::LongKey { offset, len });
        }
        if keyspace.insert(self.db, key, entry) {
            let key = Text(key.to_vec());
            return Err(ImageError::Duplicate { offset, key });
        }
        let undo = keyspace.take_undo();
        keyspace.retire(undo);
        keyspace.collect(COLLECT_STEP);
        self.report.keys += 1;
        Ok(())
    }
}

/// What the keyspace holds for a value of an image.
pub(super) fn entry(offset: u64, key: &[u8], value: RdbValue) -> Result<Entry, ImageError> {
    let type_name = value.type_name();
    let (value, items, different) = match value {
        RdbValue::String(bytes) => return Ok(Entry::string(&bytes[..])),
        RdbValue::List(elements) => {
            let mut list = List::default();
            elements.iter().for_each(|element| list.push_back(element));
            let len = list.len();
            (Value::List(list), len, len)
        }
        RdbValue::Set(members) => {
            let mut set = Set::default();
            let new = members.iter().filter(|member| set.insert(member));
            let different = new.count();
            (Value::Set(set), members.len(), different)
        }
        RdbValue::Hash(pairs) => {
            let mut fields = Fields::default();
            let new = pairs.iter().filter(|(field, it)| fields.put(field, it));
            let different = new.count();
            (Value::Hash(fields), pairs.len(), different)
        }
        RdbValue::ZSet(pairs) => {
            let mut zset = ZSet::default();
            let new = pairs.iter();
            let new = new.filter(|(member, score)| zset.put(member, *score + 0.0).is_none());
            let different = new.count();
            (Value::ZSet(zset), pairs.len(), different)
        }
    };
    if items == 0 || items != different {
        return Err(ImageError::Items {
            offset,
            key: Text(key.to_vec()),
            type_name,
            items,
            different,
        });
    }
    let expiry = None;
    Ok(Entry { value, expiry })
}
