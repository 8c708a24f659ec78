//! What was missing, in words.

use crate::disk::{CallKind, CallRecord, Disk, Fate};

use super::finding::{Note, describe};

/// Why a crash could leave what it left: the first promise that nothing kept, and the first pair of
/// changes that nothing ordered.
pub(super) fn why(
    disk: &Disk,
    trace: &[CallRecord],
    fates: &[(u64, Fate)],
    notes: &[Note],
) -> Vec<String> {
    let fate = |record: &CallRecord| {
        let known = fates.iter().find(|fate| fate.0 == record.sequence);
        known.filter(|_| record.sequence > 0).map(|fate| fate.1)
    };
    let mut found = vec![];
    let missing = |record: &CallRecord| matches!(fate(record), Some(Fate::Lost | Fate::Torn));
    let mut changes = trace
        .iter()
        .enumerate()
        .filter(|(_, record)| missing(record));
    let broken = changes.clone().find_map(|(at, record)| {
        let promise = notes
            .iter()
            .find(|note| note.promised.is_some() && note.calls > at)?;
        Some((at, record, promise.promised?))
    });
    if let Some((at, record, operation)) = broken {
        found.push(format!(
            "operation {operation} was promised to be durable and needs {}: {}",
            place(disk, at, record),
            sync_missing(trace, at)
        ));
    }
    let unordered = changes.find_map(|(at, record)| {
        let later = trace.iter().enumerate().skip(at + 1);
        let mut later = later.filter(|(_, later)| fate(later) == Some(Fate::Durable));
        later.next().map(|later| (at, record, later))
    });
    if let Some((at, record, (later_at, later))) = unordered {
        found.push(format!(
            "nothing orders {} before {}",
            place(disk, at, record),
            place(disk, later_at, later)
        ));
    }
    found
}

fn place(disk: &Disk, at: usize, record: &CallRecord) -> String {
    let words = describe(disk, record);
    let words: Vec<&str> = words.split_whitespace().collect();
    format!("{}@{}", words.join(" "), at + 1)
}

/// What came after a change that might have made it durable.
fn sync_missing(trace: &[CallRecord], at: usize) -> String {
    let change = &trace[at];
    let of_names = matches!(
        change.call,
        CallKind::Create | CallKind::Rename | CallKind::Unlink
    );
    let is_sync = |record: &&CallRecord| match record.call {
        CallKind::SyncDir => of_names,
        CallKind::SyncData => !of_names && record.inode == change.inode,
        _ => false,
    };
    match trace[at + 1..].iter().find(is_sync) {
        Some(sync) if sync.result.is_err() => "the sync of it failed".to_owned(),
        Some(_) => "the sync of it kept nothing".to_owned(),
        None if of_names => "no sync of the directory came after it".to_owned(),
        None => "no sync of the file came after it".to_owned(),
    }
}
