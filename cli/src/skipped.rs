//! What of Redis's files was left out, as it is not supported.

use base64::prelude::*;
use indelible::redis::LoadReport;
use indelible::redis::load::Skipped;
use serde_json::{Value, json};

use crate::finding::Finding;
use crate::output::say;

/// The first parts that were left out.
pub fn findings(report: &LoadReport) -> impl Iterator<Item = Finding> {
    let path = |skipped: &Skipped| &report.files[skipped.file].path;
    let skipped = report.skipped.iter();
    skipped.map(move |skipped| Finding::of_skipped(path(skipped), skipped))
}

/// How many there are; none if there are none.
pub fn summary(report: &LoadReport) -> Option<String> {
    let kinds = report.skipped_by_kind.iter();
    let kinds: Vec<_> = kinds
        .map(|(kind, count)| format!("{kind} {count}"))
        .collect();
    let (all, described) = (report.skipped(), report.skipped.len());
    (all > 0).then(|| {
        let kinds = kinds.join(", ");
        format!(
            "{all} parts that are not supported were left out ({kinds}); {described} are described"
        )
    })
}

/// Says on standard error what was left out.
pub fn warn(report: &LoadReport) {
    for finding in findings(report) {
        say("note", finding);
    }
    if let Some(summary) = summary(report) {
        say("note", summary);
    }
}

/// What was left out, as data: how many by kind, and details of the first.
pub fn to_json(report: &LoadReport) -> Value {
    let items = report.skipped.iter().map(|skipped| {
        json!({
            "kind": skipped.what.kind(),
            "what": skipped.what.to_string(),
            "command": skipped.command.as_ref().map(|name| String::from_utf8_lossy(&name.0)),
            "key": skipped.key.as_ref().map(|key| BASE64_STANDARD.encode(&key.0)),
            "file": report.files[skipped.file].path.to_string_lossy(),
            "offset": skipped.offset,
        })
    });
    json!({
        "count": report.skipped(),
        "kinds": report.skipped_by_kind,
        "items": items.collect::<Value>(),
    })
}
