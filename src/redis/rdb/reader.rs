//! The reader: one step an item.

use alloc::vec::Vec;
use core::mem;

use crc::{CRC_64_REDIS, Crc, Table};

use super::cursor::{Cursor, Halt, Read, bad_at};
use super::error::{Found, ModuleId, RdbError, Unsupported};
use super::kind::Kind;
use super::{MAGIC, RDB_VERSION_MAX, RdbValue, opaque, value};
use crate::units::WallMillis;

static CRC: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_REDIS);

/// From this version on a checksum follows the image.
const CHECKSUM_SINCE: u32 = 5;
const VERSION_DIGITS: u64 = 4;

const SLOT_INFO: u8 = 244;
const FUNCTION: u8 = 245;
const FUNCTION_UNFINISHED: u8 = 246;
const MODULE_AUX: u8 = 247;
const IDLE: u8 = 248;
const FREQ: u8 = 249;
const AUX: u8 = 250;
const RESIZE: u8 = 251;
const EXPIRE_MILLIS: u8 = 252;
const EXPIRE_SECONDS: u8 = 253;
const SELECT_DB: u8 = 254;
const END: u8 = 255;

/// What a reader found at the start of its window; `len` bytes are to be taken from it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[must_use = "a step moves the reader: what it found must be taken from the window"]
pub enum Step {
    /// The image begins.
    Header {
        #[doc = "Its version."]
        version: u32,
        #[doc = "Its length in bytes."]
        len: usize,
    },
    /// Something that the server says about itself.
    Aux {
        #[doc = "Its name."]
        name: Vec<u8>,
        #[doc = "What is said."]
        value: Vec<u8>,
        #[doc = "Its length in bytes."]
        len: usize,
    },
    /// The keys that follow are of this database; before the first such step they are of 0.
    SelectDb {
        #[doc = "Its number."]
        db: u32,
        #[doc = "Its length in bytes."]
        len: usize,
    },
    /// How many keys the database is said to have.
    Resize {
        #[doc = "Keys."]
        keys: u64,
        #[doc = "Keys that expire, among them."]
        expiring: u64,
        #[doc = "Its length in bytes."]
        len: usize,
    },
    /// How many keys a slot of a cluster is said to have.
    SlotInfo {
        #[doc = "The slot."]
        slot: u64,
        #[doc = "Keys."]
        keys: u64,
        #[doc = "Keys that expire, among them."]
        expiring: u64,
        #[doc = "Its length in bytes."]
        len: usize,
    },
    /// A key with its value.
    Key {
        #[doc = "Where it begins, in bytes from the file's start."]
        offset: u64,
        #[doc = "The key."]
        key: Vec<u8>,
        #[doc = "When it expires; a time up to the first moment of 1970 is given as 1."]
        expiry: Option<WallMillis>,
        #[doc = "The value."]
        value: RdbValue,
        #[doc = "Its length in bytes."]
        len: usize,
    },
    /// Something of a kind that is not supported, left out as asked for.
    Skipped {
        #[doc = "Where it begins, in bytes from the file's start."]
        offset: u64,
        #[doc = "Of which kind it is."]
        what: Unsupported,
        #[doc = "The key that holds it, if a key does."]
        key: Option<Vec<u8>>,
        #[doc = "Its length in bytes."]
        len: usize,
    },
    /// The window must hold at least so many bytes; the file has them.
    NeedMore(usize),
    /// The image ends, and is as it was written.
    End {
        #[doc = "Its checksum, which is right; none if it was written without."]
        checksum: Option<u64>,
        #[doc = "The length of the end in bytes."]
        len: usize,
    },
    /// What comes next is wrong, or not supported; the reader stays before it.
    Bad(RdbError),
}

impl Step {
    /// How many bytes are to be taken from the window.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Header { len, .. }
            | Self::Aux { len, .. }
            | Self::SelectDb { len, .. }
            | Self::Resize { len, .. }
            | Self::SlotInfo { len, .. }
            | Self::Key { len, .. }
            | Self::Skipped { len, .. }
            | Self::End { len, .. } => *len,
            Self::NeedMore(_) | Self::Bad(_) => 0,
        }
    }

    /// Whether nothing is to be taken from the window.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Header,
    Items,
    Ended,
}

/// Reads one image from its start, over a window that the caller refills.
///
/// The caller keeps a window: bytes of the file from [`RdbReader::offset`] on. The reader holds no
/// bytes itself and never asks for more than the file has left. A key with its value is read
/// whole, so the window grows to hold it. What a value takes in memory is bounded by the bytes that
/// it has in the file: a length that they cannot hold is refused before anything is allocated.
///
/// The checksum stands behind everything: only [`Step::End`] says that what was read is right.
///
/// ```
/// use indelible::redis::rdb::{RdbReader, RdbValue, Step};
///
/// let file = b"REDIS0003\xfe\x02\x00\x01k\x05hello\xff";
/// let mut reader = RdbReader::new();
/// loop {
///     let window = &file[reader.offset() as usize..];
///     match reader.step(window, window.len() as u64) {
///         Step::Header { version, .. } => assert_eq!(version, 3),
///         Step::SelectDb { db, .. } => assert_eq!(db, 2),
///         Step::Key { key, value, .. } => {
///             assert_eq!((key, value), (b"k".to_vec(), RdbValue::String(b"hello".to_vec())));
///         }
///         Step::End { checksum, .. } => break assert_eq!(checksum, None),
///         other => panic!("{other:?}"),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct RdbReader {
    offset: u64,
    state: State,
    version: u32,
    skips: bool,
    /// The checksum of the bytes before `offset`.
    checksum: u64,
}

impl Default for RdbReader {
    fn default() -> Self {
        Self::new()
    }
}

impl RdbReader {
    /// A reader at the start of a file that refuses what is not supported.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            offset: 0,
            state: State::Header,
            version: 0,
            skips: false,
            checksum: 0,
        }
    }

    /// A reader at the start of a file that leaves out what is not supported, and says so, where
    /// it can tell how long that is. Values of modules in the first form have no length, nor have
    /// functions as servers before 7.0 wrote them: those are refused.
    #[must_use]
    pub const fn skipping() -> Self {
        let mut reader = Self::new();
        reader.skips = true;
        reader
    }

    /// Where the window must begin, in bytes from the file's start.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The image's version; 0 before its header was read.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Looks at what comes next, and moves behind it if it is right.
    ///
    /// `window` holds the file's bytes from [`RdbReader::offset`] on; `left_in_file` says how many
    /// the file has from there on, those in the window included.
    ///
    /// # Panics
    /// If the window is longer than what is left in the file, or after the image's end.
    pub fn step(&mut self, window: &[u8], left_in_file: u64) -> Step {
        assert!(
            window.len() as u64 <= left_in_file,
            "a window lies within its file"
        );
        let mut cursor = Cursor::new(window, self.offset, left_in_file);
        let step = match self.state {
            State::Header => self.header(&mut cursor),
            State::Items => self.item(&mut cursor, window),
            State::Ended => panic!("a reader is not asked for more than the image"),
        };
        let mut step = match step {
            Ok(step) => step,
            Err(Halt::More(len)) => return Step::NeedMore(more(window.len(), len, left_in_file)),
            Err(Halt::Bad(error)) => return Step::Bad(error),
        };
        self.advance(&mut step, cursor.len(), window);
        step
    }

    /// Moves behind what was found.
    fn advance(&mut self, step: &mut Step, read: usize, window: &[u8]) {
        match step {
            Step::Header { version, len } => {
                (self.version, *len) = (*version, read);
                self.state = State::Items;
            }
            Step::End { len, .. } => {
                *len = read;
                self.state = State::Ended;
            }
            Step::Aux { len, .. }
            | Step::SelectDb { len, .. }
            | Step::Resize { len, .. }
            | Step::SlotInfo { len, .. }
            | Step::Key { len, .. }
            | Step::Skipped { len, .. } => *len = read,
            Step::NeedMore(_) | Step::Bad(_) => unreachable!("they were returned"),
        }
        if self.version >= CHECKSUM_SINCE && self.state == State::Items {
            self.checksum = continued(self.checksum, &window[..read]);
        }
        self.offset += read as u64;
    }

    fn header(&self, cursor: &mut Cursor<'_>) -> Read<Step> {
        let before = cursor.clone();
        let magic = cursor.take(MAGIC.len() as u64, "\"REDIS\" and a version")?;
        if magic != MAGIC {
            return Err(before.bad_byte("\"REDIS\" and a version"));
        }
        let before = cursor.clone();
        let digits = cursor.take(VERSION_DIGITS, "a version of four digits")?;
        let mut version = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return Err(before.bad_byte("a version of four digits"));
            }
            version = version * 10 + u32::from(digit - b'0');
        }
        match version {
            1..=RDB_VERSION_MAX => Ok(Step::Header { version, len: 0 }),
            _ => Err(RdbError::Version { version }.into()),
        }
    }

    fn item(&self, cursor: &mut Cursor<'_>, window: &[u8]) -> Read<Step> {
        let before = cursor.clone();
        let len = 0;
        Ok(match cursor.byte("an opcode or a value")? {
            AUX => Step::Aux {
                name: cursor.bytes("the name of what the server says")?,
                value: cursor.bytes("what the server says")?,
                len,
            },
            SELECT_DB => {
                let at = cursor.offset();
                let db = cursor.number("a database's number")?;
                let refused = |_| bad_at(at, "a database's number", Found::Number(db));
                let db = u32::try_from(db).map_err(refused)?;
                Step::SelectDb { db, len }
            }
            RESIZE => Step::Resize {
                keys: cursor.number("how many keys there are")?,
                expiring: cursor.number("how many keys expire")?,
                len,
            },
            SLOT_INFO => Step::SlotInfo {
                slot: cursor.number("a slot's number")?,
                keys: cursor.number("how many keys there are")?,
                expiring: cursor.number("how many keys expire")?,
                len,
            },
            FUNCTION => {
                self.unless_refused(&before, Unsupported::Function, None)?;
                cursor.string("a library of functions")?;
                skipped(&before, Unsupported::Function, None)
            }
            FUNCTION_UNFINISHED => {
                return Err(unsupported(&before, Unsupported::Function, None).into());
            }
            MODULE_AUX => {
                let id = ModuleId(cursor.number("a module's number")?);
                let what = Unsupported::ModuleAux(id);
                self.unless_refused(&before, what, None)?;
                opaque::module_aux(cursor)?;
                skipped(&before, what, None)
            }
            END => self.end(cursor, window)?,
            _ => {
                *cursor = before;
                self.key(cursor)?
            }
        })
    }

    fn key(&self, cursor: &mut Cursor<'_>) -> Read<Step> {
        let start = cursor.clone();
        let expiry = attributes(cursor)?;
        let before = cursor.clone();
        let Some(kind) = Kind::from_byte(cursor.byte("a value")?) else {
            return Err(before.bad_byte("an opcode or a value"));
        };
        let key = cursor.bytes("a key")?;
        match kind {
            Kind::Known(encoding) => Ok(Step::Key {
                offset: start.offset(),
                key,
                expiry,
                value: value::read(cursor, encoding)?,
                len: 0,
            }),
            Kind::Opaque(kind) => {
                let what = opaque::what(cursor, kind)?;
                self.unless_refused(&start, what, Some(&key))?;
                let refused = unsupported(&start, what, Some(&key));
                opaque::value(cursor, kind, refused)?;
                Ok(skipped(&start, what, Some(key)))
            }
        }
    }

    fn unless_refused(
        &self,
        at: &Cursor<'_>,
        what: Unsupported,
        key: Option<&[u8]>,
    ) -> Result<(), RdbError> {
        match self.skips {
            true => Ok(()),
            false => Err(unsupported(at, what, key)),
        }
    }

    fn end(&self, cursor: &mut Cursor<'_>, window: &[u8]) -> Read<Step> {
        let mut checksum = None;
        if self.version >= CHECKSUM_SINCE {
            let offset = cursor.offset();
            let expected = continued(self.checksum, &window[..cursor.len()]);
            let found = u64::from_le_bytes(cursor.array("a checksum")?);
            if found != 0 && found != expected {
                return Err(Halt::Bad(RdbError::Checksum {
                    offset,
                    expected,
                    found,
                }));
            }
            checksum = Some(found).filter(|found| *found != 0);
        }
        Ok(Step::End { checksum, len: 0 })
    }
}

/// What stands before a value, each at most once: when its key expires, and how it was used.
fn attributes(cursor: &mut Cursor<'_>) -> Read<Option<WallMillis>> {
    let (mut expiry, mut used) = (None, false);
    loop {
        let before = cursor.clone();
        let opcode = cursor.byte("a value")?;
        match opcode {
            EXPIRE_MILLIS if expiry.is_none() => {
                expiry = Some(i64::from_le_bytes(cursor.array("an expiry time")?));
            }
            EXPIRE_SECONDS if expiry.is_none() => {
                let seconds = i32::from_le_bytes(cursor.array("an expiry time")?);
                expiry = Some(i64::from(seconds) * 1_000);
            }
            IDLE if !mem::replace(&mut used, true) => {
                cursor.number("for how long a key was idle")?;
            }
            FREQ if !mem::replace(&mut used, true) => {
                cursor.byte("how often a key was used")?;
            }
            _ => {
                *cursor = before;
                // Not 0: a log loads as of that moment, and must not find the key expired.
                let millis = |millis: i64| WallMillis(u64::try_from(millis).unwrap_or(0).max(1));
                return Ok(expiry.map(millis));
            }
        }
    }
}

fn unsupported(at: &Cursor<'_>, what: Unsupported, key: Option<&[u8]>) -> RdbError {
    RdbError::Unsupported {
        offset: at.offset(),
        what,
        key: key.map(Vec::from),
    }
}

fn skipped(at: &Cursor<'_>, what: Unsupported, key: Option<Vec<u8>>) -> Step {
    Step::Skipped {
        offset: at.offset(),
        what,
        key,
        len: 0,
    }
}

/// The checksum of bytes by themselves.
pub(super) fn checksum_of(bytes: &[u8]) -> u64 {
    continued(0, bytes)
}

/// The checksum of more bytes behind those that have this one.
fn continued(checksum: u64, bytes: &[u8]) -> u64 {
    let mut digest = CRC.digest_with_initial(checksum.reverse_bits());
    digest.update(bytes);
    digest.finalize()
}

/// Twice as much each time: a long value is not read again for every element.
fn more(have: usize, needed: usize, left: u64) -> usize {
    let len = needed.max(have.saturating_mul(2));
    usize::try_from(left).map_or(len, |left| left.min(len))
}
