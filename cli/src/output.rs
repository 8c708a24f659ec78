//! Standard output, where a reader that goes away is no error, and standard error.

use std::fmt;
use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};

use serde::Serialize;

use crate::failure::Failure;

/// Standard output, buffered.
pub struct Output {
    out: BufWriter<StdoutLock<'static>>,
}

impl Output {
    pub fn new() -> Self {
        Self {
            out: BufWriter::new(io::stdout().lock()),
        }
    }

    /// The writer itself; what it says becomes a failure by `?`.
    pub fn writer(&mut self) -> &mut impl Write {
        &mut self.out
    }

    pub fn line(&mut self, line: impl fmt::Display) -> Result<(), Failure> {
        Ok(writeln!(self.out, "{}", printable(line))?)
    }

    /// A name and what it is, in two columns.
    pub fn row(&mut self, name: &str, value: impl fmt::Display) -> Result<(), Failure> {
        Ok(writeln!(self.out, "  {name:<16} {}", printable(value))?)
    }

    /// One JSON document.
    pub fn json(&mut self, document: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer_pretty(&mut self.out, document).map_err(io::Error::from)?;
        Ok(writeln!(self.out)?)
    }

    /// Everything is handed to the operating system.
    pub fn finish(mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }
}

/// In this program only standard output fails with a plain `io::Error`.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::Output {
                source: error.into(),
            },
        }
    }
}

/// Says something on standard error; if nobody listens, nobody misses it.
pub fn say(kind: &str, text: impl fmt::Display) {
    let _ = writeln!(
        anstream::stderr(),
        "\x1b[1m{kind}:\x1b[0m {}",
        printable(text)
    );
}

/// A text without characters that would command a terminal: it may quote a file's bytes.
pub fn printable(text: impl fmt::Display) -> String {
    let mut printable = String::new();
    for character in text.to_string().chars() {
        match character.is_control() {
            true => printable.extend(character.escape_default()),
            false => printable.push(character),
        }
    }
    printable
}

/// Bytes in double quotes, escaped as redis-cli reads them.
pub fn quoted(bytes: &[u8]) -> impl fmt::Display {
    format!("\"{}\"", bytes.escape_ascii())
}
