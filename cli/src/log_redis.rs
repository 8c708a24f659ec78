//! `indelible log` of files of Redis: every command with its offset and the time stamp before it.

use std::io::Write;
use std::path::Path;

use indelible::redis;
use indelible::resp::parse_integer;

use crate::failure::{Failure, WELL};
use crate::finding::Finding;
use crate::log::write_line;
use crate::output::{Output, say};
use crate::redis_file::{Part, are_listed, read};

pub fn show(path: &Path, json: bool) -> Result<u8, Failure> {
    let files = redis::files(path)?;
    if files.is_empty() {
        return Err(Failure::Nothing {
            path: path.to_owned(),
        });
    }
    let listed = are_listed(path, &files);
    let mut output = Output::new();
    for file in &files {
        say("note", format_args!("{}:", file.display()));
        commands(file, listed, json, &mut output)?;
    }
    output.finish()?;
    Ok(WELL)
}

fn commands(path: &Path, listed: bool, json: bool, output: &mut Output) -> Result<(), Failure> {
    let (mut db, mut time, mut text) = (0, None, Vec::new());
    let tail = read(path, listed, &mut |part| {
        match part {
            Part::Image { keys, .. } => say(
                "note",
                format_args!("begins with an RDB image of {keys} keys"),
            ),
            Part::Time(millis) => time = Some(millis),
            Part::Command { argv, .. }
                if argv.len() == 2 && argv[0].eq_ignore_ascii_case(b"SELECT") =>
            {
                db = parse_integer(argv[1]).unwrap_or(db);
            }
            Part::Command { offset, argv, .. } => {
                write_line(&mut text, json, ("offset", offset), time, db, &argv)?;
                output.writer().write_all(&text)?;
                text.clear();
            }
        }
        Ok(())
    })?;
    if let Some(finding) = Finding::of_tail(path, tail) {
        say("note", finding);
    }
    Ok(())
}
