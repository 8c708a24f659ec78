//! `indelible dump`: every key with its value and expiry.

use std::io::Write;

use base64::engine::general_purpose::STANDARD;
use base64::prelude::*;
use base64::write::EncoderWriter;
use indelible::keyspace::{Entry, Keyspace, Str, Value};

use crate::args::Dump;
use crate::check::warn_of_tail;
use crate::failure::{Failure, WELL};
use crate::load::Loaded;
use crate::output::{Output, quoted};
use crate::source::Source;

pub fn run(args: &Dump) -> Result<u8, Failure> {
    let source = Source::find(&args.path)?;
    let loaded = Loaded::from(&source)?;
    warn_of_tail(&source, &loaded);
    let mut output = Output::new();
    match args.json {
        true => json(loaded.keyspace(), output.writer())?,
        false => commands(loaded.keyspace(), output.writer())?,
    }
    output.finish()?;
    Ok(WELL)
}

/// The entries of a database by their keys' bytes.
fn sorted(keyspace: &Keyspace, db: u32) -> Vec<(&[u8], &Entry)> {
    let mut entries: Vec<_> = keyspace.iter(db).collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries
}

/// One command per line, as redis-cli reads it.
fn commands(keyspace: &Keyspace, out: &mut impl Write) -> Result<(), Failure> {
    for db in keyspace.databases() {
        writeln!(out, "SELECT {db}")?;
        for (key, entry) in sorted(keyspace, db) {
            write!(out, "SET {} \"", quoted(key))?;
            for chunk in string(entry)?.chunks() {
                write!(out, "{}", chunk.escape_ascii())?;
            }
            writeln!(out, "\"")?;
            if let Some(expiry) = entry.expiry {
                writeln!(out, "PEXPIREAT {} {expiry}", quoted(key))?;
            }
        }
    }
    Ok(())
}

/// One document, written as it comes: it may be larger than memory.
fn json(keyspace: &Keyspace, out: &mut impl Write) -> Result<(), Failure> {
    write!(out, "{{\"dbs\":{{")?;
    for (count, db) in keyspace.databases().enumerate() {
        let comma = if count > 0 { "," } else { "" };
        write!(out, "{comma}\n\"{db}\":{{")?;
        for (count, (key, entry)) in sorted(keyspace, db).into_iter().enumerate() {
            let comma = if count > 0 { "," } else { "" };
            let key = BASE64_STANDARD.encode(key);
            write!(out, "{comma}\n\"{key}\":{{\"type\":\"string\",\"value\":\"")?;
            let mut encoder = EncoderWriter::new(&mut *out, &STANDARD);
            for chunk in string(entry)?.chunks() {
                encoder.write_all(chunk)?;
            }
            encoder.finish()?;
            drop(encoder);
            match entry.expiry {
                Some(expiry) => write!(out, "\",\"pexpireat\":{expiry}}}")?,
                None => write!(out, "\",\"pexpireat\":null}}")?,
            }
        }
        write!(out, "}}")?;
    }
    writeln!(out, "}}}}")?;
    Ok(())
}

fn string(entry: &Entry) -> Result<&Str, Failure> {
    match &entry.value {
        Value::String(string) => Ok(string),
        other => Err(Failure::Type {
            name: other.type_name(),
        }),
    }
}
