//! `indelible inspect`: what the files hold, and what in them takes the room.
//!
//! * [`gather`] makes a [`report`], out of [`files`], [`commands`], [`keys`] and [`prefixes`];
//! * [`text`] draws it for a terminal, with the pen of [`draw`];
//! * [`page`] writes it as a page of HTML, with a [`treemap`].

mod commands;
mod draw;
mod files;
mod gather;
mod keys;
mod page;
mod prefixes;
mod report;
mod text;
mod treemap;

use std::env;
use std::io::{IsTerminal, Write, stdout};
use std::path::PathBuf;
use std::time::Instant;

use anstream::{AutoStream, ColorChoice};
use clap::Args;

use crate::failure::{Failure, WELL};
use crate::machine::now_since;
use crate::output::Output;
use crate::select::Selection;

use draw::Pen;
use report::Report;

#[derive(Debug, Args)]
pub struct Inspect {
    /// A store's directory, its log, a directory of Redis, a manifest, an append-only file, or an RDB
    /// image.
    pub path: PathBuf,
    /// Lists so many of the largest keys and collections.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = at_most::<0, 10_000>)]
    pub top: usize,
    /// Splits keys into so many parts at most, each up to a ':', '/' or '.'.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = at_most::<0, 16>)]
    pub depth: usize,
    #[command(flatten)]
    pub selection: Selection,
    /// Draws in ASCII, as for what is no terminal.
    #[arg(long)]
    pub ascii: bool,
    /// Prints one JSON document.
    #[arg(long)]
    pub json: bool,
    /// Writes a page of HTML as well, to a file that is not there yet.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

pub fn run(args: &Inspect) -> Result<u8, Failure> {
    let now = now_since(Instant::now()).wall;
    // Before anything that takes time; what is there is never replaced.
    if let Some(path) = args.html.as_ref().filter(|path| path.exists()) {
        return Err(Failure::Exists { path: path.clone() });
    }
    let report = gather::gather(args, now)?;
    if let Some(path) = &args.html {
        page::write(&report, path)?;
    }
    let mut output = Output::new();
    match args.json {
        true => output.json(&report)?,
        false => show(&report, args.ascii, &mut output)?,
    }
    output.finish()?;
    Ok(WELL)
}

fn show(report: &Report, ascii: bool, output: &mut Output) -> Result<(), Failure> {
    let pen = Pen {
        unicode: !ascii && stdout().is_terminal() && speaks_unicode(),
    };
    let mut picture = text::picture(report, pen);
    if AutoStream::choice(&stdout()) == ColorChoice::Never {
        picture = anstream::adapter::strip_str(&picture).to_string();
    }
    output.writer().write_all(picture.as_bytes())?;
    Ok(())
}

/// What the locale says, as POSIX looks it up.
fn speaks_unicode() -> bool {
    let set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let name = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find(set);
    let value = name.and_then(env::var_os).unwrap_or_default();
    let value = value.to_string_lossy().to_ascii_lowercase();
    value.contains("utf-8") || value.contains("utf8")
}

/// A number within bounds.
fn at_most<const MIN: usize, const MAX: usize>(text: &str) -> Result<usize, String> {
    let number = text.parse().ok();
    let number = number.filter(|number| (MIN..=MAX).contains(number));
    number.ok_or_else(|| format!("expected a number from {MIN} to {MAX}"))
}
