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
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn problem(bytes: &[u8]) -> (u64, ManifestProblem) {
        let error = Manifest::parse(bytes).unwrap_err();
        (error.line, error.problem)
    }

    fn text(bytes: &[u8]) -> Text {
        Text(bytes.into())
    }

    #[test]
    fn files_are_found_by_type_and_order() {
        let manifest = Manifest::parse(
            b"#a comment\nfile a.3.base.aof seq 3 type b\nfile a.2.incr.aof seq 2 type h\n\
              file a.4.incr.aof seq 4 type i\nfile a.9.incr.aof seq 9 type i\n",
        );
        let manifest = manifest.expect("a manifest");
        let names: Vec<_> = manifest.loaded().map(|file| &file.name[..]).collect();
        assert_eq!(
            names,
            [&b"a.3.base.aof"[..], b"a.4.incr.aof", b"a.9.incr.aof"]
        );
        assert_eq!(manifest.history[0].seq, 2);
        assert_eq!(manifest.incrementals[1].seq, 9);
    }

    #[test]
    fn keys_come_in_any_case_and_unknown_ones_are_ignored() {
        let line = b"TYPE i Seq 7 startoffset 12 endoffset 90 FILE x.7.incr.aof\n";
        let manifest = Manifest::parse(line).expect("a manifest");
        assert_eq!(manifest.incrementals[0].seq, 7);
    }

    #[test]
    fn quoted_name_is_unquoted() {
        let line = br#"file "a \"b\" \x41\x7e\t\n\r\a\b.aof" seq 1 type b"#;
        let manifest = Manifest::parse(&[line, &b"\n"[..]].concat()).expect("a manifest");
        let name = manifest.base.expect("a base").name;
        assert_eq!(name, b"a \"b\" A~\t\n\r\x07\x08.aof");
    }

    #[test]
    fn comments_alone_list_nothing() {
        assert_eq!(Manifest::parse(b"#\n# nothing\n"), Ok(Manifest::default()));
    }

    #[test]
    fn empty_manifest_is_refused() {
        assert_eq!(problem(b""), (1, ManifestProblem::Empty));
    }

    #[test]
    fn blank_line_is_refused() {
        let good = &b"file a seq 1 type b\n"[..];
        for blank in [&b"\n"[..], b"  \n", b"\r\n", b"\t\n"] {
            let bytes = [good, blank, good].concat();
            assert_eq!(problem(&bytes), (2, ManifestProblem::BlankLine));
        }
    }

    #[test]
    fn missing_last_line_feed_is_refused() {
        let bytes = b"file a seq 1 type b\nfile b seq 1 type i";
        assert_eq!(problem(bytes), (2, ManifestProblem::NoLineFeed));
        assert_eq!(problem(b"#comment"), (1, ManifestProblem::NoLineFeed));
    }

    #[test]
    fn line_has_at_most_1024_bytes() {
        let line = |len: usize| {
            let mut line = b"file a seq 1 type b x ".to_vec();
            line.resize(len - 1, b'y');
            line.push(b'\n');
            line
        };
        assert!(Manifest::parse(&line(1_024)).is_ok());
        assert_eq!(problem(&line(1_025)), (1, ManifestProblem::LongLine(1_025)));
    }

    #[test]
    fn odd_and_few_words_are_refused() {
        let few = (1, ManifestProblem::FewWords(4));
        assert_eq!(problem(b"file a seq 1\n"), few);
        let odd = (1, ManifestProblem::OddWords(7));
        assert_eq!(problem(b"file a seq 1 type b more\n"), odd);
    }

    #[test]
    fn missing_and_repeated_keys_are_refused() {
        for (line, key) in [
            (&b"filx a seq 1 type b\n"[..], "file"),
            (b"file a seqx 1 type b\n", "seq"),
            (b"file a seq 1 typex b\n", "type"),
        ] {
            assert_eq!(problem(line), (1, ManifestProblem::MissingKey(key)));
        }
        let repeated = (1, ManifestProblem::RepeatedKey("seq"));
        assert_eq!(problem(b"file a seq 1 type b SEQ 2\n"), repeated);
    }

    #[test]
    fn unknown_type_is_refused() {
        for word in [&b"x"[..], b"B", b"base"] {
            let line = [b"file a seq 1 type ", word, b"\n"].concat();
            assert_eq!(problem(&line), (1, ManifestProblem::Type(text(word))));
        }
    }

    #[test]
    fn sequence_number_is_a_positive_integer() {
        for word in [
            &b"0"[..],
            b"-1",
            b"+1",
            b"1x",
            b"0x1",
            b"9223372036854775808",
        ] {
            let line = [b"file a seq ", word, b" type b\n"].concat();
            assert_eq!(problem(&line), (1, ManifestProblem::Seq(text(word))));
        }
        assert!(Manifest::parse(b"file a seq 9223372036854775807 type b\n").is_ok());
    }

    #[test]
    fn incrementals_rise() {
        for seq in [4, 3] {
            let bytes = [
                &b"file a seq 4 type i\nfile b seq "[..],
                seq.to_string().as_bytes(),
                b" type i\n",
            ]
            .concat();
            let expected = ManifestProblem::SeqNotRising { last: 4, seq };
            assert_eq!(problem(&bytes), (2, expected));
        }
    }

    #[test]
    fn second_base_is_refused() {
        let bytes = b"file a seq 1 type b\nfile b seq 2 type b\n";
        assert_eq!(problem(bytes), (2, ManifestProblem::SecondBase));
    }

    #[test]
    fn name_leads_nowhere_else() {
        for (word, name) in [
            (&b"../a"[..], &b"../a"[..]),
            (b"/a", b"/a"),
            (b"a\\b", b"a\\b"),
            (b"\"a\\\\b\"", b"a\\b"),
            (b"..", b".."),
            (b"\"\"", b""),
            (b"\"a\\x00\"", b"a\0"),
        ] {
            let line = [b"file ", word, b" seq 1 type b\n"].concat();
            assert_eq!(problem(&line), (1, ManifestProblem::Name(text(name))));
        }
    }

    #[test]
    fn quotes_are_balanced() {
        for word in [
            &b"\"a"[..],
            b"\"a\"b",
            b"a\"b\"",
            b"\"\\q\"",
            b"\"\\x4\"",
            b"\"\\",
        ] {
            let line = [b"file ", word, b" seq 1 type b\n"].concat();
            assert!(matches!(problem(&line), (1, ManifestProblem::Quoting(_))));
        }
    }

    #[test]
    fn errors_read_well() {
        let error = Manifest::parse(b"#\nfile ../a seq 1 type b\n").unwrap_err();
        let expected = "line 2: expected a file name without a path, found \"../a\"";
        assert_eq!(error.to_string(), expected);
    }
}
