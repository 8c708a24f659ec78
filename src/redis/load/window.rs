//! A window over a file, which its reader has refilled.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::vec::Vec;

use crate::limits::READ_LEN;

/// A file's bytes from the place on that a reader has reached.
pub(super) struct Window {
    file: File,
    buffer: Vec<u8>,
    start: usize,
    /// Bytes of the file from there on, as long as it was when it was opened.
    pub left: u64,
}

impl Window {
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let left = file.metadata()?.len();
        Ok(Self {
            file,
            buffer: Vec::new(),
            start: 0,
            left,
        })
    }

    pub fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    pub fn take(&mut self, len: usize) {
        self.start += len;
        self.left -= len as u64;
    }

    /// Reads until the window holds `len` bytes at least, and more if there are.
    pub fn fill(&mut self, len: usize) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let wanted = (len.max(READ_LEN) as u64).min(self.left);
        let more = wanted - self.buffer.len() as u64;
        let read = (&mut self.file).take(more).read_to_end(&mut self.buffer)?;
        if (read as u64) < more {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}
