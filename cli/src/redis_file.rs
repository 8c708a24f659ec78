//! Reading a file of Redis command by command, in bounded memory.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use indelible::limits::{BASE_PIECE_ITEMS, READ_LEN};
use indelible::redis::aof::{AofReader, Step, Tail};
use indelible::redis::rdb::{self, RdbReader, RdbValue};
use indelible::redis::{ImageError, LoadError};

use crate::failure::Failure;

/// A command's number of arguments and its name, about.
const HEAD_LEN: u64 = 5 + 10;

/// What a file of Redis holds, part after part.
pub enum Part<'a> {
    /// An RDB image, passed over: its keys, its bytes, and about how many bytes commands would take that
    /// make the same keys.
    Image {
        keys: u64,
        len: u64,
        commands_len: u64,
    },
    /// A command, where it begins and its length in bytes.
    Command {
        offset: u64,
        argv: Vec<&'a [u8]>,
        len: usize,
    },
    /// A time stamp, in milliseconds since 1970.
    Time(u64),
}

/// Whether files were found through a manifest, or in a directory, rather than named themselves.
pub fn are_listed(path: &Path, files: &[PathBuf]) -> bool {
    files.len() > 1 || files[0] != path
}

/// Gives every part of a file in its order; says how the file ends.
pub fn read(
    path: &Path,
    listed: bool,
    give: &mut dyn FnMut(Part<'_>) -> Result<(), Failure>,
) -> Result<Tail, Failure> {
    let mut window = Window::open(path)?;
    let mut reader = match listed {
        true => AofReader::listed(),
        false => AofReader::new(),
    };
    window.fill(path, rdb::MAGIC.len())?;
    if window.bytes().starts_with(rdb::MAGIC) {
        let image = image(path, &mut window)?;
        if let Part::Image { len, .. } = image {
            reader = AofReader::behind_image(len);
        }
        give(image)?;
    }
    loop {
        match reader.step(window.bytes(), window.left) {
            Step::Command { offset, argv, len } => {
                give(Part::Command { offset, argv, len })?;
                window.take(len);
            }
            Step::Annotation { len, written } => {
                if let Some(seconds) = written {
                    give(Part::Time(seconds.saturating_mul(1_000)))?;
                }
                window.take(len);
            }
            Step::NeedMore(len) => window.fill(path, len)?,
            Step::End(tail) => return Ok(tail),
            Step::Bad(source) => {
                let path = path.to_owned();
                return Err(LoadError::Format { path, source }.into());
            }
        }
    }
}

/// Passes over an RDB image.
fn image(path: &Path, window: &mut Window) -> Result<Part<'static>, Failure> {
    let (mut reader, mut keys, mut commands_len) = (RdbReader::skipping(), 0, 0);
    loop {
        let step = reader.step(window.bytes(), window.left);
        match &step {
            rdb::Step::NeedMore(len) => {
                window.fill(path, *len)?;
                continue;
            }
            rdb::Step::Bad(error) => {
                let path = path.to_owned();
                let source = ImageError::from(error.clone());
                return Err(LoadError::Image { path, source }.into());
            }
            rdb::Step::Key {
                key, expiry, value, ..
            } => {
                keys += 1;
                commands_len += value_len(key.len(), value);
                commands_len += expiry.map_or(0, |_| expiry_len(key.len()));
            }
            _ => {}
        }
        window.take(step.len());
        if matches!(step, rdb::Step::End { .. }) {
            return Ok(Part::Image {
                keys,
                len: reader.offset(),
                commands_len,
            });
        }
    }
}

/// About how many bytes the commands take that make a value, as a base has them.
fn value_len(key_len: usize, value: &RdbValue) -> u64 {
    let bulks = |lens: &mut dyn Iterator<Item = usize>| lens.map(bulk_len).sum::<u64>();
    let (items, len) = match value {
        RdbValue::String(bytes) => (1, bulk_len(bytes.len())),
        RdbValue::List(items) | RdbValue::Set(items) => {
            (items.len(), bulks(&mut items.iter().map(Vec::len)))
        }
        RdbValue::Hash(pairs) => {
            let lens = pairs.iter().flat_map(|(one, other)| [one, other]);
            (pairs.len(), bulks(&mut lens.map(Vec::len)))
        }
        RdbValue::ZSet(pairs) => {
            let lens = pairs.iter();
            let lens = lens.flat_map(|(member, score)| [member.len(), score.to_string().len()]);
            (pairs.len(), bulks(&mut lens.into_iter()))
        }
        _ => (0, 0), // no image of ours holds another
    };
    let heads = items.div_ceil(BASE_PIECE_ITEMS) as u64;
    len + heads * (HEAD_LEN + bulk_len(key_len))
}

fn expiry_len(key_len: usize) -> u64 {
    const NAME_AND_TIME_LEN: u64 = 15 + 20;
    4 + NAME_AND_TIME_LEN + bulk_len(key_len)
}

/// An argument of a command: `$`, its length, and itself.
fn bulk_len(len: usize) -> u64 {
    1 + u64::from(len.max(1).ilog10()) + 1 + 2 + len as u64 + 2
}

/// A file's bytes from the place on that a reader has reached.
struct Window {
    file: File,
    buffer: Vec<u8>,
    taken: usize,
    left: u64,
}

impl Window {
    fn open(path: &Path) -> Result<Self, Failure> {
        let file = File::open(path).map_err(Failure::io(path))?;
        let left = file.metadata().map_err(Failure::io(path))?.len();
        Ok(Self {
            file,
            buffer: Vec::new(),
            taken: 0,
            left,
        })
    }

    fn bytes(&self) -> &[u8] {
        &self.buffer[self.taken..]
    }

    fn take(&mut self, len: usize) {
        self.taken += len;
        self.left -= len as u64;
    }

    fn fill(&mut self, path: &Path, len: usize) -> Result<(), Failure> {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        let wanted = (len.max(READ_LEN) as u64).min(self.left);
        let more = wanted.saturating_sub(self.buffer.len() as u64);
        let read = (&mut self.file).take(more).read_to_end(&mut self.buffer);
        if (read.map_err(Failure::io(path))? as u64) < more {
            let short = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
            return Err(Failure::io(path)(short));
        }
        Ok(())
    }
}
