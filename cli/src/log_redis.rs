//! `indelible log` of files of Redis: every command with its offset and the time stamp before it.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use indelible::limits::READ_LEN;
use indelible::redis::aof::{AofReader, Step};
use indelible::redis::rdb::{self, RdbReader};
use indelible::redis::{self, ImageError, LoadError};
use indelible::resp::parse_integer;

use crate::failure::{Failure, WELL};
use crate::finding::Finding;
use crate::log::write_line;
use crate::output::{Output, say};

pub fn show(path: &Path, json: bool) -> Result<u8, Failure> {
    let files = redis::files(path)?;
    if files.is_empty() {
        return Err(Failure::Nothing {
            path: path.to_owned(),
        });
    }
    let listed = files.len() > 1 || files[0] != path;
    let mut output = Output::new();
    for file in &files {
        say("note", format_args!("{}:", file.display()));
        commands(file, listed, json, &mut output)?;
    }
    output.finish()?;
    Ok(WELL)
}

fn commands(path: &Path, listed: bool, json: bool, output: &mut Output) -> Result<(), Failure> {
    let mut window = Window::open(path)?;
    let mut reader = if listed {
        AofReader::listed()
    } else {
        AofReader::new()
    };
    window.fill(path, rdb::MAGIC.len())?;
    if window.bytes().starts_with(rdb::MAGIC) {
        reader = AofReader::behind_image(image(path, &mut window)?);
    }
    let (mut db, mut time, mut text) = (0, None, Vec::new());
    loop {
        match reader.step(window.bytes(), window.left) {
            Step::Command { offset, argv, len } => {
                if argv.len() == 2 && argv[0].eq_ignore_ascii_case(b"SELECT") {
                    db = parse_integer(argv[1]).unwrap_or(db);
                } else {
                    write_line(&mut text, json, ("offset", offset), time, db, &argv)?;
                    output.writer().write_all(&text)?;
                    text.clear();
                }
                window.take(len);
            }
            Step::Annotation { len, written } => {
                time = written
                    .map(|seconds| seconds.saturating_mul(1_000))
                    .or(time);
                window.take(len);
            }
            Step::NeedMore(len) => window.fill(path, len)?,
            Step::End(tail) => {
                if let Some(finding) = Finding::of_tail(path, tail) {
                    say("note", finding);
                }
                return Ok(());
            }
            Step::Bad(source) => {
                let path = path.to_owned();
                return Err(LoadError::Format { path, source }.into());
            }
        }
    }
}

/// Passes over an RDB image; its length in bytes.
fn image(path: &Path, window: &mut Window) -> Result<u64, Failure> {
    let (mut reader, mut keys) = (RdbReader::skipping(), 0);
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
            rdb::Step::Key { .. } => keys += 1,
            _ => {}
        }
        window.take(step.len());
        if matches!(step, rdb::Step::End { .. }) {
            say(
                "note",
                format_args!("begins with an RDB image of {keys} keys"),
            );
            return Ok(reader.offset());
        }
    }
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
