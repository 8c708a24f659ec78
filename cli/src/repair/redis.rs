//! What can be read of files of Redis.

use std::fs;
use std::path::{Path, PathBuf};

use indelible::command::Replay;
use indelible::redis::aof::{AofReader, Step, Tail};
use indelible::redis::manifest::{Manifest, ManifestProblem};
use indelible::redis::rdb::Unsupported;
use indelible::redis::{self, ApplyError, ImageError, LoadError, Resync, rdb};

use super::How;
use super::salvage::Salvage;
use crate::failure::Failure;

pub fn salvage(path: &Path, how: How) -> Result<Salvage, Failure> {
    let resync = how.resync;
    let mut salvage = Salvage::new();
    let files = match redis::files(path) {
        Ok(files) if files.is_empty() => {
            let path = path.to_owned();
            return Err(Failure::Nothing { path });
        }
        Ok(files) => files,
        Err(error) if resync => files_in_spite_of(error, &mut salvage)?,
        Err(error) => return Err(error.into()),
    };
    let mut ended: Option<&str> = None;
    for path in &files {
        let bytes = fs::read(path).map_err(Failure::io(path))?;
        if let Some(why) = &ended {
            salvage.cut(path, &bytes, 0, bytes.len(), why.to_string());
        } else if !file(&mut salvage, path, &bytes, how) && !resync {
            ended = Some("behind a file that was cut");
        }
    }
    let nothing = salvage.commands == 0 && salvage.keyspace.total_len() == 0;
    if nothing && salvage.skipped.is_empty() && salvage.cut_len() > 0 && salvage.refusal.is_none() {
        let why = "nothing in it can be read as a file of Redis";
        salvage.refusal = Some(format!("{}: {why}", path.display()));
    }
    while salvage.keyspace.collect(indelible::limits::COLLECT_STEP) {}
    Ok(salvage)
}

/// The files that a manifest may mean which Redis would not take.
fn files_in_spite_of(error: LoadError, salvage: &mut Salvage) -> Result<Vec<PathBuf>, Failure> {
    let (path, second_base) = match &error {
        LoadError::Manifest { path, source } => {
            (path.clone(), source.problem == ManifestProblem::SecondBase)
        }
        LoadError::Missing { manifest, .. } => (manifest.clone(), false),
        _ => return Err(error.into()),
    };
    let text = fs::read(&path).map_err(Failure::io(&path))?;
    let text = match second_base {
        true => with_one_base(&text, salvage),
        false => text,
    };
    let Ok(manifest) = Manifest::parse(&text) else {
        return Err(error.into());
    };
    let directory = path.parent().unwrap_or(Path::new(""));
    let mut files = Vec::new();
    for listed in manifest.loaded() {
        let name = String::from_utf8_lossy(&listed.name).into_owned();
        let part = directory.join(&name);
        if part.exists() {
            files.push(part);
        } else {
            salvage.behind_loss = true;
            let missing = format!("the file {name} is missing: what it held is unknown");
            salvage.notes.push(missing);
        }
    }
    Ok(files)
}

/// The manifest with the base of the highest number alone.
fn with_one_base(text: &[u8], salvage: &mut Salvage) -> Vec<u8> {
    let base_of = |line: &[u8]| Manifest::parse(line).ok().and_then(|it| it.base);
    let lines = || text.split_inclusive(|byte| *byte == b'\n');
    let newest = lines().filter_map(base_of).max_by_key(|base| base.seq);
    let mut kept = Vec::new();
    for line in lines() {
        match base_of(line) {
            Some(base) if Some(&base) != newest.as_ref() => {
                let name = base.name.escape_ascii();
                salvage.notes.push(format!(
                    "two bases: {name} (seq {}) is not used, as another has a higher number; \
                     incrementals that belong to it may be applied once too often",
                    base.seq
                ));
            }
            _ => kept.extend_from_slice(line),
        }
    }
    kept
}

/// Applies what can be read of a file; whether that was all.
fn file(salvage: &mut Salvage, path: &Path, bytes: &[u8], how: How) -> bool {
    let mut resync = how.resync.then(|| Resync::new(bytes));
    let cuts_before = salvage.cuts.len();
    let mut at = 0;
    if bytes.starts_with(rdb::MAGIC) {
        match image(salvage, path, bytes, how) {
            Ok(end) => at = end,
            Err((stopped, error)) => {
                let next = goes_on(bytes, stopped, &mut resync);
                if resync.is_some() {
                    salvage.notes.push(format!(
                        "{}: the image is damaged; keys behind offset {stopped} are unknown, and \
                         its checksum proves none of those before",
                        path.display()
                    ));
                } else {
                    salvage.refusal = Some(format!(
                        "{}: {error}; only --resync gives back a part of an image",
                        path.display()
                    ));
                }
                salvage.cut(path, bytes, stopped, next, error.to_string());
                at = next;
            }
        }
    }
    commands(salvage, path, bytes, at, resync, how);
    salvage.cuts.len() == cuts_before
}

fn image(
    salvage: &mut Salvage,
    path: &Path,
    bytes: &[u8],
    how: How,
) -> Result<usize, (usize, ImageError)> {
    let mut parts = Vec::new();
    let mut left = |part: redis::Left| parts.push(part);
    let left: Option<&mut dyn FnMut(redis::Left)> = match how.skip_unsupported {
        true => Some(&mut left),
        false => None,
    };
    let loaded = redis::load_image(&mut salvage.keyspace, bytes, left);
    for (offset, what, _) in parts {
        salvage.skip(path, offset, None, what);
    }
    loaded
}

fn goes_on(bytes: &[u8], from: usize, resync: &mut Option<Resync<'_>>) -> usize {
    let next = resync.as_mut().and_then(|resync| resync.next(from));
    next.unwrap_or(bytes.len())
}

fn commands(
    salvage: &mut Salvage,
    path: &Path,
    bytes: &[u8],
    start: usize,
    mut resync: Option<Resync<'_>>,
    how: How,
) {
    let mut replay = Replay::new();
    let mut reader = reader_at(start);
    // The first command of a transaction that is open.
    let mut multi = None;
    // Commands in a database that is assumed, as a SELECT may be lost.
    let mut assumed = None;
    let mut joined = Vec::new();
    loop {
        let at = usize::try_from(reader.offset()).expect("an offset in memory");
        let window = &bytes[at..];
        let why = match reader.step(window, window.len() as u64) {
            Step::Command { argv, .. } => {
                let is = |name: &[u8]| argv[0].eq_ignore_ascii_case(name);
                if is(b"EXEC") && multi.is_none() && salvage.behind_loss && resync.is_some() {
                    let name = path.display();
                    let note = "a transaction lost its beginning; the rest was applied";
                    salvage.notes.push(format!("{name}: offset {at}: {note}"));
                    continue;
                }
                match salvage.apply(&mut replay, &argv) {
                    Ok(beyond) => {
                        not_supported(salvage, path, at, &beyond, how);
                        if resync.is_some() && argv.iter().any(|arg| holds_command(arg)) {
                            joined.push(at);
                        }
                        if is(b"MULTI") {
                            multi = Some(at);
                        } else if is(b"EXEC") {
                            multi = None;
                        } else if is(b"SELECT") {
                            assumed = said(salvage, path, assumed);
                        } else if let Some((_, _, count)) = &mut assumed {
                            *count += 1;
                        }
                        continue;
                    }
                    Err(error) => match left_out(error, &argv, how) {
                        Ok(what) => {
                            let name = argv[0].escape_ascii().to_string();
                            salvage.skip(path, at as u64, Some(&name), what);
                            continue;
                        }
                        Err(why) => why,
                    },
                }
            }
            Step::Annotation { .. } => continue,
            Step::End(Tail::Whole) => break,
            Step::End(tail) => tail.to_string(),
            Step::NeedMore(_) => unreachable!("the window holds all that is left"),
            Step::Bad(error) => error.to_string(),
        };
        let next = goes_on(bytes, at + usize::from(at < bytes.len()), &mut resync);
        if next == bytes.len() {
            // Nothing follows: a transaction that is open never ended.
            replay.discard_multi();
            salvage.cut(path, bytes, multi.unwrap_or(at), next, why);
            break;
        }
        if multi.take().is_some() {
            end_transaction(salvage, path, at, &mut replay, how);
        }
        salvage.cut(path, bytes, at, next, why);
        let _ = said(salvage, path, assumed);
        assumed = Some((next, replay.db(), 0));
        reader = reader_at(next);
    }
    let _ = said(salvage, path, assumed);
    if salvage.behind_loss {
        say_joined(salvage, path, &joined);
    }
}

/// Of which kind a command is that may be left out; else why it is damage.
fn left_out(error: ApplyError, argv: &[&[u8]], how: How) -> Result<Unsupported, String> {
    let why = error.to_string();
    match redis::left_out(&Err(error), argv) {
        Some((what, _)) if how.skip_unsupported => Ok(what),
        _ => Err(why),
    }
}

/// Commands that Redis may have executed and that are beyond a limit here: noted, if that was asked
/// for; else there is no repair.
fn not_supported(
    salvage: &mut Salvage,
    path: &Path,
    at: usize,
    beyond: &[(&'static str, Unsupported)],
    how: How,
) {
    for (name, what) in beyond {
        let name = name.to_ascii_uppercase();
        if how.skip_unsupported {
            salvage.skip(path, at as u64, Some(&name), *what);
        } else {
            salvage.refusal = Some(format!(
                "{}: offset {at}: {name}: {what} is not supported; --skip-unsupported leaves it out",
                path.display()
            ));
        }
    }
}

/// Whether a value holds the beginning of a command, as at the edge of a misplaced block.
fn holds_command(arg: &[u8]) -> bool {
    let lines = arg.windows(3).enumerate();
    let mut starts = lines.filter(|(_, it)| *it == b"\r\n*");
    starts.any(|(at, _)| {
        let digits = &arg[at + 3..];
        let len = digits.iter().take_while(|byte| byte.is_ascii_digit());
        let len = len.count();
        len > 0 && digits[len..].starts_with(b"\r\n$")
    })
}

fn say_joined(salvage: &mut Salvage, path: &Path, joined: &[usize]) {
    const SHOWN_MAX: usize = 10;
    if joined.is_empty() {
        return;
    }
    let shown: Vec<_> = joined
        .iter()
        .take(SHOWN_MAX)
        .map(usize::to_string)
        .collect();
    salvage.notes.push(format!(
        "{}: {} values hold the beginning of a command, so two commands may have become one: \
         offsets {}",
        path.display(),
        joined.len(),
        shown.join(", ")
    ));
}

fn reader_at(offset: usize) -> AofReader {
    match offset {
        0 => AofReader::listed(),
        offset => AofReader::behind_image(offset as u64),
    }
}

/// A transaction whose end is lost: what is there of it is applied, and that is said.
fn end_transaction(salvage: &mut Salvage, path: &Path, at: usize, replay: &mut Replay, how: How) {
    let name = path.display();
    let note = match salvage.apply(replay, &[b"EXEC"]) {
        Ok(beyond) => {
            not_supported(salvage, path, at, &beyond, how);
            "a transaction lost its end; what is there of it was applied".to_owned()
        }
        Err(error) => format!("a transaction lost its end: {error}"),
    };
    salvage.notes.push(format!("{name}: offset {at}: {note}"));
}

/// Says which database was assumed, if any command was applied to it.
fn said(
    salvage: &mut Salvage,
    path: &Path,
    assumed: Option<(usize, u32, u64)>,
) -> Option<(usize, u32, u64)> {
    if let Some((at, db, count @ 1..)) = assumed {
        salvage.notes.push(format!(
            "{}: offset {at}: {count} commands were applied to database {db}, which was selected \
             before; a SELECT may be lost",
            path.display()
        ));
    }
    None
}
