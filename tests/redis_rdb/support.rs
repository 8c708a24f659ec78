//! Reads whole images.

use std::collections::BTreeMap;

use indelible::redis::rdb::{RdbError, RdbReader, RdbValue, Step, Unsupported};
use indelible::units::WallMillis;

pub type Keys = BTreeMap<(u32, Vec<u8>), (Option<u64>, RdbValue)>;

/// What an image holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image {
    pub version: u32,
    pub aux: Vec<(Vec<u8>, Vec<u8>)>,
    pub keys: Keys,
    pub skipped: Vec<(u64, Unsupported, Option<Vec<u8>>)>,
    pub checksum: Option<u64>,
    pub len: u64,
}

/// Reads an image of which all is in the window.
pub fn read(file: &[u8]) -> Result<Image, RdbError> {
    read_with(RdbReader::new(), file, usize::MAX)
}

/// Leaves out what is not supported.
pub fn read_skipping(file: &[u8]) -> Result<Image, RdbError> {
    read_with(RdbReader::skipping(), file, usize::MAX)
}

/// Reads an image with the smallest windows that the reader asks for.
pub fn read_in_small_windows(file: &[u8]) -> Result<Image, RdbError> {
    read_with(RdbReader::skipping(), file, 0)
}

fn read_with(mut reader: RdbReader, file: &[u8], window: usize) -> Result<Image, RdbError> {
    let mut image = Image::default();
    let mut db = 0;
    let mut len = window;
    loop {
        let offset = reader.offset();
        let rest = &file[usize::try_from(offset).expect("a place in the file")..];
        let seen = &rest[..len.min(rest.len())];
        let step = reader.step(seen, rest.len() as u64);
        assert_eq!(reader.offset(), offset + step.len() as u64);
        match step {
            Step::NeedMore(more) => {
                assert!(more > seen.len() && more <= rest.len(), "{more}");
                len = more;
                continue;
            }
            Step::Bad(error) => return Err(error),
            Step::Header { version, .. } => image.version = version,
            Step::Aux { name, value, .. } => image.aux.push((name, value)),
            Step::SelectDb { db: number, .. } => db = number,
            Step::Key {
                key, expiry, value, ..
            } => {
                let expiry = expiry.map(|WallMillis(millis)| millis);
                image.keys.insert((db, key), (expiry, value));
            }
            Step::Skipped {
                offset, what, key, ..
            } => image.skipped.push((offset, what, key)),
            Step::End { checksum, .. } => {
                (image.checksum, image.len) = (checksum, reader.offset());
                return Ok(image);
            }
            _ => {}
        }
        len = window;
    }
}
