//! `indelible dump`: every key with its value and expiry.

use std::io::Write;

use base64::engine::general_purpose::STANDARD;
use base64::prelude::*;
use base64::write::EncoderWriter;
use indelible::command::BasePieces;
use indelible::keyspace::{Entry, Keyspace, Value};
use indelible::resp::{Parsed, parse_command};

use crate::args::Dump;
use crate::check::warn;
use crate::failure::{Failure, WELL};
use crate::output::{Output, quoted};
use crate::pieces::{Dialect, resp, sorted};
use crate::source::Source;

pub fn run(args: &Dump) -> Result<u8, Failure> {
    let source = Source::find(&args.path)?;
    let loaded = args.selection.load(&source)?;
    warn(&source, &loaded);
    let mut output = Output::new();
    let keyspace = args.selection.of(loaded.keyspace());
    let out = output.writer();
    match (args.json, args.json_lines, args.resp) {
        (true, _, _) => json(&keyspace, args.selection.skipped(&loaded), out)?,
        (_, true, _) => json_lines(&keyspace, out)?,
        (_, _, true) => resp(&keyspace, Dialect::Millis, &mut |bytes| {
            Ok(out.write_all(bytes)?)
        })?,
        _ => commands(&keyspace, out)?,
    }
    output.finish()?;
    Ok(WELL)
}

/// One command per line, as redis-cli reads it.
fn commands(keyspace: &Keyspace, out: &mut impl Write) -> Result<(), Failure> {
    for db in keyspace.databases() {
        writeln!(out, "SELECT {db}")?;
        for (key, entry) in sorted(keyspace, db) {
            let entry = &entry.to_entry();
            match &entry.value {
                Value::String(string) => {
                    write!(out, "SET {} \"", quoted(key))?;
                    for chunk in string.chunks() {
                        write!(out, "{}", chunk.escape_ascii())?;
                    }
                    writeln!(out, "\"")?;
                }
                _ => collection(key, entry, out)?,
            }
            if let Some(expiry) = entry.expiry {
                writeln!(out, "PEXPIREAT {} {expiry}", quoted(key))?;
            }
        }
    }
    Ok(())
}

/// About how many bytes of a value are held a second time while they are written.
const LINE_LEN: usize = 1 << 20;

fn collection(key: &[u8], entry: &Entry, out: &mut impl Write) -> Result<(), Failure> {
    let mut entry = entry.clone();
    entry.expiry = None;
    let (mut pieces, mut bytes) = (BasePieces::default(), Vec::new());
    loop {
        let done = pieces.write(&mut bytes, key, &entry, LINE_LEN);
        lines(&bytes, out)?;
        if done {
            return Ok(());
        }
        bytes.clear();
    }
}

fn lines(mut bytes: &[u8], out: &mut impl Write) -> Result<(), Failure> {
    while let Ok(Parsed::Complete { argv, len }) = parse_command(bytes) {
        write!(out, "{}", argv[0].escape_ascii())?;
        for arg in &argv[1..] {
            write!(out, " {}", quoted(arg))?;
        }
        writeln!(out)?;
        bytes = &bytes[len..];
    }
    Ok(())
}

/// One document, written as it comes: it may be larger than memory.
fn json(
    keyspace: &Keyspace,
    skipped: Option<serde_json::Value>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    write!(out, "{{\"dbs\":{{")?;
    for (count, db) in keyspace.databases().enumerate() {
        let comma = if count > 0 { "," } else { "" };
        write!(out, "{comma}\n\"{db}\":{{")?;
        for (count, (key, entry)) in sorted(keyspace, db).into_iter().enumerate() {
            let entry = &entry.to_entry();
            let comma = if count > 0 { "," } else { "" };
            let (key, kind) = (BASE64_STANDARD.encode(key), entry.value.type_name());
            write!(out, "{comma}\n\"{key}\":{{\"type\":\"{kind}\",\"value\":")?;
            value(entry, out)?;
            match entry.expiry {
                Some(expiry) => write!(out, ",\"pexpireat\":{expiry}}}")?,
                None => write!(out, ",\"pexpireat\":null}}")?,
            }
        }
        write!(out, "}}")?;
    }
    write!(out, "}}")?;
    if let Some(skipped) = skipped {
        write!(out, ",\n\"skipped\":{skipped}")?;
    }
    writeln!(out, "}}")?;
    Ok(())
}

/// One object per line: a program that reads it needs to hold one at a time.
fn json_lines(keyspace: &Keyspace, out: &mut impl Write) -> Result<(), Failure> {
    for db in keyspace.databases() {
        for (key, entry) in sorted(keyspace, db) {
            let entry = &entry.to_entry();
            let (key, kind) = (text(key), entry.value.type_name());
            write!(
                out,
                "{{\"db\":{db},\"key\":{key},\"type\":\"{kind}\",\"value\":"
            )?;
            value(entry, out)?;
            match entry.expiry {
                Some(expiry) => writeln!(out, ",\"pexpireat\":{expiry}}}")?,
                None => writeln!(out, ",\"pexpireat\":null}}")?,
            }
        }
    }
    Ok(())
}

fn value(entry: &Entry, out: &mut impl Write) -> Result<(), Failure> {
    match &entry.value {
        Value::String(string) => {
            write!(out, "\"")?;
            let mut encoder = EncoderWriter::new(&mut *out, &STANDARD);
            for chunk in string.chunks() {
                encoder.write_all(chunk)?;
            }
            encoder.finish()?;
            drop(encoder);
            write!(out, "\"")?;
            Ok(())
        }
        Value::List(list) => array(list.iter().map(text), out),
        Value::Set(set) => {
            let mut members: Vec<String> = set.iter().map(text).collect();
            members.sort_unstable();
            array(members.into_iter(), out)
        }
        Value::Hash(fields) => {
            let pairs = fields.iter().map(|(name, value)| (text(name), text(value)));
            let mut pairs: Vec<_> = pairs.collect();
            pairs.sort_unstable();
            let pairs = pairs.iter();
            array(pairs.map(|(name, value)| format!("[{name},{value}]")), out)
        }
        Value::ZSet(zset) => {
            let pairs = zset.iter();
            let pair = |(score, member)| format!("[{},\"{}\"]", text(member), repr(score));
            array(pairs.map(pair), out)
        }
        other => Err(Failure::Type {
            name: other.type_name(),
        }),
    }
}

fn array(items: impl Iterator<Item = String>, out: &mut impl Write) -> Result<(), Failure> {
    write!(out, "[")?;
    for (at, item) in items.enumerate() {
        let comma = if at > 0 { "," } else { "" };
        write!(out, "{comma}{item}")?;
    }
    write!(out, "]")?;
    Ok(())
}

fn text(bytes: &[u8]) -> String {
    format!("\"{}\"", BASE64_STANDARD.encode(bytes))
}

/// A score as Python spells it: `1.0`, `1e+300`, `-inf`.
fn repr(score: f64) -> String {
    let text = format!("{score:?}");
    let Some((digits, exponent)) = text.split_once('e') else {
        return text;
    };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{}e{sign}{exponent:0>2}", digits.trim_end_matches(".0"))
}
