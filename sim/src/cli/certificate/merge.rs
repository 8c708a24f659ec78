//! Certificates of parts, joined into one.

use super::Certificate;
use crate::cli::merge::Refusal;

/// Joins certificates, each with the name of its file.
///
/// # Errors
/// If they are not about the same, if they contradict each other, or if a part is missing.
pub(in crate::cli) fn merge(all: &[(String, Certificate)]) -> Result<Certificate, Refusal> {
    let [(first_name, first), others @ ..] = all else {
        return Err(Refusal::Differs(String::from("there is nothing to merge")));
    };
    let mut whole = first.clone();
    let mut from = vec![first_name; whole.parts.len()];
    for (name, certificate) in others {
        if let Some(how) = whole.differs(certificate) {
            let text = format!("{first_name} and {name} are not about the same: {how}");
            return Err(Refusal::Differs(text));
        }
        for part in &certificate.parts {
            let known = whole
                .parts
                .iter()
                .position(|known| known.start == part.start);
            let Some(at) = known else {
                whole.parts.push(part.clone());
                from.push(name);
                continue;
            };
            if !whole.parts[at].agrees(part) {
                let (start, other) = (&part.start, from[at]);
                let text = format!("{other} and {name} say different things of the part {start:?}");
                return Err(Refusal::Contradicts(text));
            }
        }
    }
    whole.sum_up();
    let violated = whole.counts.violations > 0;
    let missing = whole.missing();
    if !missing.is_empty() && !violated {
        let (count, total) = (missing.len(), whole.parts_total);
        let text = format!(
            "{count} of {total} parts are missing: {}",
            missing.join(" ")
        );
        return Err(Refusal::Missing(text));
    }
    Ok(whole)
}
