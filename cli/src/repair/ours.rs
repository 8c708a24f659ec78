//! What is intact in a log of ours.

use std::fs;
use std::path::Path;

use indelible::command::Replay;
use indelible::log::{self, Salvaged};
use indelible::resp::{Parsed, parse_command};

use super::salvage::Salvage;
use crate::failure::Failure;

pub fn salvage(path: &Path, resync: bool) -> Result<Salvage, Failure> {
    let bytes = fs::read(path).map_err(Failure::io(path))?;
    let mut salvage = Salvage::new();
    let Some(found) = log::salvage(&bytes) else {
        let refusal = format!("{}: no intact frame in it", path.display());
        salvage.refusal = Some(refusal);
        return Ok(salvage);
    };
    if found.error.is_some_and(|error| error.is_newer_version()) {
        let refusal = format!("{}: written by a newer version", path.display());
        salvage.refusal = Some(refusal);
        return Ok(salvage);
    }
    let lost_base = lost_base(&found);
    match resync {
        true => resynced(&mut salvage, path, &bytes, &found, lost_base),
        false => prefix(&mut salvage, path, &bytes, &found),
    }
    while salvage.keyspace.collect(indelible::limits::COLLECT_STEP) {}
    Ok(salvage)
}

/// All frames before the first place that does not verify.
fn prefix(salvage: &mut Salvage, path: &Path, bytes: &[u8], found: &Salvaged) {
    let end = found.intact_len;
    let base_end = found.base_had.is_some_and(|(chunks, _)| {
        let before = found.base.iter().filter(|it| it.body.end <= end);
        before.count() as u64 == chunks
    });
    // A hole before the end of the base leaves no state that ever was.
    if !base_end || found.base.iter().any(|it| it.body.end > end) || end <= log::HEADER_LEN {
        let at = found
            .error
            .map_or_else(String::new, |error| error.to_string());
        let refusal = "its base is damaged; only --resync can give back a part";
        salvage.refusal = Some(format!("{}: {refusal}: {at}", path.display()));
        return;
    }
    for frame in found.base.iter().chain(&found.commits) {
        if frame.body.end <= end {
            apply(salvage, path, bytes, frame);
        }
    }
    let why = found
        .error
        .map_or_else(String::new, |error| error.to_string());
    salvage.cut(path, bytes, end, bytes.len(), why);
    let kept = |it: &&log::Salvage| it.body.end <= end;
    let last = found
        .commits
        .iter()
        .filter(kept)
        .map(|it| it.line.meta.last_lsn().0);
    let last = last.max().unwrap_or(found.base_lsn.0);
    let behind = found.commits.iter().map(|it| it.line.meta.last_lsn().0);
    let proved = found.lost.iter().map(|(_, last)| last.0);
    if let Some(most) = behind.chain(proved).max().filter(|most| *most > last) {
        salvage.lost_commits.push((last + 1, most));
    }
}

fn resynced(
    salvage: &mut Salvage,
    path: &Path,
    bytes: &[u8],
    found: &Salvaged,
    lost_base: Option<String>,
) {
    salvage.behind_loss = lost_base.is_some();
    salvage.notes.extend(lost_base);
    if found.superseded > 0 {
        let count = found.superseded;
        salvage.notes.push(format!(
            "{count} intact frames do not count: an older base, numbers used again, or a copy"
        ));
    }
    let mut lost = found.lost.iter().peekable();
    for frame in found.base.iter().chain(&found.commits) {
        let lsn = frame.line.meta.lsn;
        while lost.next_if(|(first, _)| *first < lsn).is_some() {
            salvage.behind_loss = true;
        }
        apply(salvage, path, bytes, frame);
    }
    salvage.lost_commits = found.lost.iter().map(|(a, b)| (a.0, b.0)).collect();
    for hole in &found.holes {
        let why = match log::is_log(&bytes[hole.start..]) {
            true => "a second log begins here: another base, or another history",
            false => "no intact frame of this history",
        };
        salvage.cut(path, bytes, hole.start, hole.end, why.to_owned());
    }
}

/// What is missing of the base, in words.
fn lost_base(found: &Salvaged) -> Option<String> {
    let kept = found.base.len() as u64;
    match found.base_had {
        None => Some(
            "the end of the base is lost: how many keys it had is unknown; what was found of it is \
             given back"
                .to_owned(),
        ),
        Some((chunks, keys)) if kept < chunks => Some(format!(
            "{} of {chunks} chunks of the base, which had {keys} keys, are lost: which keys is \
             unknown, and a value that went on in the next chunk may be incomplete",
            chunks - kept
        )),
        Some(_) => None,
    }
}

fn apply(salvage: &mut Salvage, path: &Path, bytes: &[u8], frame: &log::Salvage) {
    let mut replay = Replay::new();
    let mut at = frame.body.start;
    while at < frame.body.end {
        let why = match parse_command(&bytes[at..frame.body.end]) {
            Ok(Parsed::Complete { argv, len }) => match salvage.apply(&mut replay, &argv) {
                Ok(beyond) => {
                    salvage.refused += beyond.len() as u64;
                    at += len;
                    continue;
                }
                Err(error) => error.to_string(),
            },
            Ok(Parsed::Incomplete { .. }) => "a command without its end".to_owned(),
            Err(error) => error.to_string(),
        };
        let why = format!("within an intact frame: {why}");
        salvage.cut(path, bytes, at, frame.body.end, why);
        return;
    }
}
