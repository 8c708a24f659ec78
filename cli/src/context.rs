//! The bytes around a place in a file, in hexadecimal.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use serde_json::{Value, json};

/// Bytes in a row.
const ROW: u64 = 16;
/// Rows that are shown: one before, that of the offset, two behind.
const ROWS: u64 = 4;

/// Bytes around an offset.
pub struct Context {
    /// Where they begin, in bytes from the file's start; a multiple of a row.
    start: u64,
    bytes: Vec<u8>,
    offset: u64,
}

impl Context {
    /// Some rows around `offset`; none if the file cannot be read there.
    pub fn around(path: &Path, offset: u64) -> Option<Self> {
        let start = (offset / ROW).saturating_sub(1) * ROW;
        let mut file = File::open(path).ok()?;
        file.seek(SeekFrom::Start(start)).ok()?;
        let mut bytes = Vec::new();
        file.take(ROW * ROWS).read_to_end(&mut bytes).ok()?;
        (!bytes.is_empty()).then_some(Self {
            start,
            bytes,
            offset,
        })
    }

    pub fn to_json(&self) -> Value {
        let hex: String = self
            .bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        json!({ "offset": self.start, "hex": hex })
    }

    /// Rows of offset, hexadecimal and text; the row with the offset is marked.
    pub fn rows(&self) -> impl Iterator<Item = String> {
        let rows = self.bytes.chunks(ROW as usize).enumerate();
        rows.map(|(row, bytes)| {
            let at = self.start + row as u64 * ROW;
            let is_here = (at..at + ROW).contains(&self.offset);
            let mut hex = String::new();
            for (place, byte) in bytes.iter().enumerate() {
                let here = at + place as u64 == self.offset;
                hex += &match here {
                    true => format!("[{byte:02x}]"),
                    false => format!(" {byte:02x} "),
                };
            }
            let text = bytes.iter().map(|byte| match byte {
                b' '..=b'~' => char::from(*byte),
                _ => '.',
            });
            let mark = if is_here { '>' } else { ' ' };
            format!("{mark} {at:>10} {hex:<64} {}", text.collect::<String>())
        })
    }
}
