//! The manifest of a Redis 7 append-only directory: which files hold the data, and in what order.

use alloc::vec::Vec;
use core::fmt;

use crate::limits::MANIFEST_LINE_LEN_MAX;

/// The files that a manifest lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The keyspace at some moment; loaded first.
    pub base: Option<ManifestFile>,
    /// Files that are no longer needed, in the order of their lines; never loaded.
    pub history: Vec<ManifestFile>,
    /// What happened since, by rising sequence number; loaded in this order.
    pub incrementals: Vec<ManifestFile>,
}

/// One file that a manifest lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestFile {
    /// Its name within the directory, in bytes: not empty, without `/`, `\` and NUL.
    pub name: Vec<u8>,
    /// Its sequence number, at least 1.
    pub seq: u64,
}

/// A manifest that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ManifestError {
    /// The line, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub problem: ManifestProblem,
}

/// What is wrong with a line of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestProblem {
    /// There is no line at all.
    #[error("expected at least one line, found an empty manifest")]
    Empty,
    /// The line says nothing.
    #[error("expected a file or a comment, found a blank line")]
    BlankLine,
    /// The last line does not end.
    #[error("expected a line feed, found the end of the manifest")]
    NoLineFeed,
    /// The line is too long.
    #[error("expected at most {MANIFEST_LINE_LEN_MAX} bytes with the line feed, found {0}")]
    LongLine(usize),
    /// A quote does not close, closes within a word, or holds an escape that is not known.
    #[error("expected balanced quotes and known escapes, found {0}")]
    Quoting(Text),
    /// A key without a value.
    #[error("expected keys with a value each, found an odd number of words: {0}")]
    OddWords(usize),
    /// Too few words for a file.
    #[error("expected file, seq and type with a value each, found {0} words")]
    FewWords(usize),
    /// A key that every line must have.
    #[error("expected the key {0}, found none")]
    MissingKey(&'static str),
    /// A key that comes twice.
    #[error("expected the key {0} once, found it again")]
    RepeatedKey(&'static str),
    /// A name that could lead out of the directory, or that no file can have.
    #[error("expected a file name without a path, found {0}")]
    Name(Text),
    /// A sequence number that is none.
    #[error("expected a sequence number of at least 1, found {0}")]
    Seq(Text),
    /// A type that is not known.
    #[error("expected the type b, h or i, found {0}")]
    Type(Text),
    /// A second base.
    #[error("expected one base, found a second")]
    SecondBase,
    /// An incremental that is not behind the one before.
    #[error("expected a sequence number above {last}, found {seq}")]
    SeqNotRising {
        #[doc = "The incremental before."]
        last: u64,
        #[doc = "This one."]
        seq: u64,
    },
}

/// Bytes from a file, shown in quotes and escaped.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text(pub Vec<u8>);

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Manifest {
    /// Reads a whole manifest.
    ///
    /// Keys may be in any case and order; unknown ones are ignored.
    ///
    /// # Errors
    /// The first line that is not as Redis 7 and 8 write them, and what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let mut manifest = Self::default();
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let mut line_number = 0;
        for line in lines {
            line_number += 1;
            manifest.add_line(line).map_err(|problem| ManifestError {
                line: line_number,
                problem,
            })?;
        }
        if line_number == 0 {
            return Err(ManifestError {
                line: 1,
                problem: ManifestProblem::Empty,
            });
        }
        Ok(manifest)
    }

    /// The files that are loaded, in their order: the base, then the incrementals.
    pub fn loaded(&self) -> impl Iterator<Item = &ManifestFile> {
        self.base.iter().chain(&self.incrementals)
    }

    fn add_line(&mut self, line: &[u8]) -> Result<(), ManifestProblem> {
        if line.len() > MANIFEST_LINE_LEN_MAX {
            return Err(ManifestProblem::LongLine(line.len()));
        }
        let Some(line) = line.strip_suffix(b"\n") else {
            return Err(ManifestProblem::NoLineFeed);
        };
        if line.starts_with(b"#") {
            return Ok(());
        }
        let words = split(line)?;
        if words.is_empty() {
            return Err(ManifestProblem::BlankLine);
        }
        let (kind, file) = entry(&words)?;
        match kind {
            Kind::Base if self.base.is_some() => return Err(ManifestProblem::SecondBase),
            Kind::Base => self.base = Some(file),
            Kind::History => self.history.push(file),
            Kind::Incremental => {
                let last = self.incrementals.last().map_or(0, |file| file.seq);
                if file.seq <= last {
                    let seq = file.seq;
                    return Err(ManifestProblem::SeqNotRising { last, seq });
                }
                self.incrementals.push(file);
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Base,
    History,
    Incremental,
}

/// The file that the words of a line describe.
fn entry(words: &[Vec<u8>]) -> Result<(Kind, ManifestFile), ManifestProblem> {
    if words.len() < 6 {
        return Err(ManifestProblem::FewWords(words.len()));
    }
    if !words.len().is_multiple_of(2) {
        return Err(ManifestProblem::OddWords(words.len()));
    }
    let name = name(value(words, "file")?)?;
    let seq = seq(value(words, "seq")?)?;
    let kind = kind(value(words, "type")?)?;
    Ok((kind, ManifestFile { name, seq }))
}

/// The value of a key that must be there once.
fn value<'a>(words: &'a [Vec<u8>], key: &'static str) -> Result<&'a [u8], ManifestProblem> {
    let mut values = words
        .chunks_exact(2)
        .filter(|pair| pair[0].eq_ignore_ascii_case(key.as_bytes()))
        .map(|pair| &pair[1][..]);
    let value = values.next().ok_or(ManifestProblem::MissingKey(key))?;
    match values.next() {
        None => Ok(value),
        Some(_) => Err(ManifestProblem::RepeatedKey(key)),
    }
}

fn name(word: &[u8]) -> Result<Vec<u8>, ManifestProblem> {
    let leads_away = |byte| matches!(byte, b'/' | b'\\' | 0);
    if matches!(word, b"" | b"." | b"..") || word.iter().copied().any(leads_away) {
        return Err(ManifestProblem::Name(Text(word.into())));
    }
    Ok(word.into())
}

fn seq(word: &[u8]) -> Result<u64, ManifestProblem> {
    let refuse = || ManifestProblem::Seq(Text(word.into()));
    let digits = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    let text = core::str::from_utf8(word).ok().filter(|_| digits);
    let seq: i64 = text.and_then(|text| text.parse().ok()).ok_or_else(refuse)?;
    u64::try_from(seq)
        .ok()
        .filter(|seq| *seq > 0)
        .ok_or_else(refuse)
}

fn kind(word: &[u8]) -> Result<Kind, ManifestProblem> {
    match word {
        b"b" => Ok(Kind::Base),
        b"h" => Ok(Kind::History),
        b"i" => Ok(Kind::Incremental),
        _ => Err(ManifestProblem::Type(Text(word.into()))),
    }
}

/// The words of a line, without their quotes.
fn split(line: &[u8]) -> Result<Vec<Vec<u8>>, ManifestProblem> {
    let mut words = Vec::new();
    let mut rest = line.trim_ascii_start();
    while let Some(first) = rest.first() {
        let (word, len) = if *first == b'"' {
            quoted(rest).ok_or_else(|| ManifestProblem::Quoting(Text(rest.into())))?
        } else {
            let len = rest.iter().position(u8::is_ascii_whitespace);
            let word = &rest[..len.unwrap_or(rest.len())];
            if word.contains(&b'"') {
                return Err(ManifestProblem::Quoting(Text(word.into())));
            }
            (word.to_vec(), word.len())
        };
        words.push(word);
        rest = rest[len..].trim_ascii_start();
    }
    Ok(words)
}

/// The word in quotes at the start of `bytes`, and how many bytes it takes with them.
fn quoted(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut word = Vec::new();
    let mut at = 1;
    loop {
        match *bytes.get(at)? {
            b'"' => break,
            b'\\' => {
                let (byte, len) = escape(&bytes[at + 1..])?;
                word.push(byte);
                at += 1 + len;
            }
            byte => {
                word.push(byte);
                at += 1;
            }
        }
    }
    at += 1;
    let ends = bytes.get(at).is_none_or(u8::is_ascii_whitespace);
    ends.then_some((word, at))
}

/// The byte that an escape stands for, and how many bytes follow its backslash.
fn escape(bytes: &[u8]) -> Option<(u8, usize)> {
    let byte = match *bytes.first()? {
        byte @ (b'\\' | b'"') => byte,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'a' => 0x07,
        b'b' => 0x08,
        b'x' => {
            let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
            return Some(((digit(1)? << 4 | digit(2)?) as u8, 3));
        }
        _ => return None,
    };
    Some((byte, 1))
}

#[cfg(test)]
mod tests;
