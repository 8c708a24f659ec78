//! The fold of a history: a keyspace as one number.

use std::fmt::Write as _;
use std::hash::{Hash, Hasher};

use indelible::command::Command;
use indelible::keyspace::{EntryRef, Keyspace, Value};
use indelible::units::WallMillis;

use crate::digest::Hash128;

/// A keyspace's content as a number, independent of any order, and without what has expired.
#[derive(Clone, Copy, Debug)]
pub struct Fold {
    digest: u128,
    /// Whether any key bears an expiry, so that the fold depends on the clock.
    pub expires: bool,
}

impl PartialEq for Fold {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Fold {}

impl Hash for Fold {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.digest);
    }
}

/// Folds what is alive at `wall`.
#[must_use]
pub fn fold(keyspace: &Keyspace, wall: WallMillis) -> Fold {
    let mut fold = Fold {
        digest: 0,
        expires: false,
    };
    for db in keyspace.databases() {
        for (key, entry) in keyspace.iter(db) {
            if entry.is_live(wall) {
                fold.digest = fold.digest.wrapping_add(digest(db, key, entry));
            }
            fold.expires |= entry.expiry.is_some();
        }
    }
    fold
}

fn digest(db: u32, key: &[u8], entry: EntryRef<'_>) -> u128 {
    let mut hasher = Hash128::default();
    db.hash(&mut hasher);
    key.hash(&mut hasher);
    entry.hash(&mut hasher);
    hasher.finish128()
}

/// A keyspace as a reader would write it: `{a=1 b=2}`, databases but the first as `1:a=1`.
#[must_use]
pub fn describe(keyspace: &Keyspace) -> String {
    let mut entries = Vec::new();
    for db in keyspace.databases() {
        for (key, entry) in keyspace.iter(db) {
            let mut text = String::new();
            if db != 0 {
                let _ = write!(text, "{db}:");
            }
            let _ = write!(text, "{}={}", key.escape_ascii(), value(entry));
            if let Some(expiry) = entry.expiry {
                let _ = write!(text, "@{expiry}");
            }
            entries.push(text);
        }
    }
    entries.sort();
    format!("{{{}}}", entries.join(" "))
}

/// A command as a reader would write it.
pub(super) fn describe_command(db: u32, command: &Command) -> String {
    let text = match command {
        Command::Set { key, value, .. } => {
            format!("SET {}={}", key.escape_ascii(), shortened(&value.to_vec()))
        }
        Command::Del { keys, .. } => {
            let keys: Vec<String> = keys
                .iter()
                .map(|key| key.escape_ascii().to_string())
                .collect();
            format!("DEL {}", keys.join(" "))
        }
        Command::Append { key, value } => {
            format!(
                "APPEND {} {}",
                key.escape_ascii(),
                shortened(&value.to_vec())
            )
        }
        _ => cut(format!("{command:?}")),
    };
    if db == 0 {
        text
    } else {
        format!("{db}:{text}")
    }
}

/// At most so much of a text that it stays on a line.
fn cut(text: String) -> String {
    const SHOWN_MAX: usize = 80;
    match text.char_indices().nth(SHOWN_MAX) {
        Some((at, _)) => format!("{}... ({} characters)", &text[..at], text.chars().count()),
        None => text,
    }
}

fn value(entry: EntryRef<'_>) -> String {
    match &*entry.value() {
        Value::String(string) => shortened(&string.to_vec()),
        // The content as a number: two that differ must look different.
        other => {
            let mut hasher = Hash128::default();
            other.hash(&mut hasher);
            format!("{}#{:08x}", other.type_name(), hasher.finish128() as u32)
        }
    }
}

fn shortened(bytes: &[u8]) -> String {
    const SHOWN_MAX: usize = 16;
    if bytes.len() <= SHOWN_MAX {
        return bytes.escape_ascii().to_string();
    }
    format!(
        "{}..({} B)",
        bytes[..SHOWN_MAX / 2].escape_ascii(),
        bytes.len()
    )
}

#[cfg(test)]
mod tests {
    use indelible::keyspace::{Entry, Fields, List, Set, ZSet};

    use super::*;

    /// Members of a packed collection, and of one that is a tree.
    const COUNTS: [u32; 2] = [12, 140];

    fn of(value: Value) -> Keyspace {
        let mut keyspace = Keyspace::new(1);
        let expiry = None;
        keyspace.insert(0, b"c", Entry { value, expiry });
        keyspace
    }

    /// The four types with `count` members each, of which the last is `last`.
    fn collections(count: u32, last: &str) -> [Value; 4] {
        let (mut list, mut fields) = (List::default(), Fields::default());
        let (mut set, mut zset) = (Set::default(), ZSet::default());
        for place in 0..count {
            let member = if place + 1 == count {
                last.to_owned()
            } else {
                format!("m{place}")
            };
            list.push_back(member.as_bytes());
            fields.put(format!("f{place}").as_bytes(), member.as_bytes());
            set.insert(member.as_bytes());
            zset.put(member.as_bytes(), f64::from(place));
        }
        [
            Value::List(list),
            Value::Hash(fields),
            Value::Set(set),
            Value::ZSet(zset),
        ]
    }

    #[test]
    fn one_changed_member_changes_the_fold_and_the_description() {
        for count in COUNTS {
            let pairs = collections(count, "a")
                .into_iter()
                .zip(collections(count, "b"));
            for (one, two) in pairs {
                let name = one.type_name();
                let (one, same, two) = (of(one.clone()), of(one), of(two));
                let wall = WallMillis(0);
                assert_eq!(fold(&one, wall), fold(&same, wall), "{name} of {count}");
                assert_ne!(fold(&one, wall), fold(&two, wall), "{name} of {count}");
                assert_ne!(describe(&one), describe(&two), "{name} of {count}");
            }
        }
    }
}
