//! `indelible diff`: what two states hold differently. Both are held in memory.

use std::path::PathBuf;

use clap::Args;
use indelible::keyspace::{Entry, EntryRef, Keyspace, Value};
use serde_json::json;

use crate::check::warn;
use crate::failure::{Failure, PROBLEM, WELL};
use crate::load::Loaded;
use crate::output::{Output, quoted};
use crate::pieces::sorted;
use crate::source::Source;

#[derive(Debug, Args)]
pub struct Diff {
    /// A store, a directory of Redis, an append-only file, or an RDB image.
    pub a: PathBuf,
    /// Another.
    pub b: PathBuf,
    /// Shows at most so many keys of each kind in each database; all are counted.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000)]
    pub limit: usize,
    /// Prints one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// How one database differs: counts, and the first of each kind.
#[derive(Default)]
struct Difference {
    only_in_a: Listed,
    only_in_b: Listed,
    differing: Listed,
}

#[derive(Default)]
struct Listed {
    count: usize,
    /// Keys in order, each with what is to be said.
    first: Vec<(Vec<u8>, String)>,
}

impl Listed {
    fn add(&mut self, limit: usize, key: &[u8], say: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < limit {
            self.first.push((key.to_vec(), say()));
        }
    }

    fn json(&self) -> serde_json::Value {
        let keys = self.first.iter();
        let keys = keys.map(|(key, what)| json!({ "key": base64(key), "what": what }));
        json!({ "count": self.count, "keys": keys.collect::<Vec<_>>() })
    }
}

pub fn run(args: &Diff) -> Result<u8, Failure> {
    let load = |path: &PathBuf| {
        let source = Source::find(path)?;
        let loaded = Loaded::from(&source)?;
        warn(&source, &loaded);
        Ok::<_, Failure>(loaded)
    };
    let (a, b) = (load(&args.a)?, load(&args.b)?);
    let (a, b) = (a.keyspace(), b.keyspace());
    let mut dbs: Vec<u32> = a.databases().chain(b.databases()).collect();
    dbs.sort_unstable();
    dbs.dedup();
    let (mut equal, mut all) = (true, serde_json::Map::new());
    let mut output = Output::new();
    for db in dbs {
        let found = compare(a, b, db, args.limit);
        let counts = [&found.only_in_a, &found.only_in_b, &found.differing];
        if counts.iter().all(|listed| listed.count == 0) {
            continue;
        }
        equal = false;
        match args.json {
            true => drop(all.insert(db.to_string(), found.json())),
            false => found.print(db, &mut output)?,
        }
    }
    if args.json {
        output.json(&json!({
            "a": args.a.to_string_lossy(),
            "b": args.b.to_string_lossy(),
            "equal": equal,
            "dbs": all,
        }))?;
    }
    output.finish()?;
    Ok(if equal { WELL } else { PROBLEM })
}

fn compare(a: &Keyspace, b: &Keyspace, db: u32, limit: usize) -> Difference {
    let mut found = Difference::default();
    for (key, entry) in sorted(a, db) {
        match b.get(db, key) {
            None => found.only_in_a.add(limit, key, || holds(entry)),
            Some(other) if entry == other => {}
            Some(other) => {
                if let Some(what) = difference(&entry.to_entry(), &other.to_entry()) {
                    found.differing.add(limit, key, || what);
                }
            }
        }
    }
    for (key, entry) in sorted(b, db) {
        if a.get(db, key).is_none() {
            found.only_in_b.add(limit, key, || holds(entry));
        }
    }
    found
}

impl Difference {
    fn json(&self) -> serde_json::Value {
        json!({
            "only_in_a": self.only_in_a.json(),
            "only_in_b": self.only_in_b.json(),
            "differing": self.differing.json(),
        })
    }

    fn print(&self, db: u32, output: &mut Output) -> Result<(), Failure> {
        let kinds = [
            ("-", "only in A", &self.only_in_a),
            ("+", "only in B", &self.only_in_b),
            ("!", "differing", &self.differing),
        ];
        for (sign, kind, listed) in kinds {
            if listed.count > 0 {
                output.line(format_args!("db {db}: {} {kind}", listed.count))?;
            }
            for (key, what) in &listed.first {
                output.line(format_args!("{sign} {} {what}", quoted(key)))?;
            }
            let left = listed.count - listed.first.len();
            if left > 0 {
                output.line(format_args!("{sign} and {left} more"))?;
            }
        }
        Ok(())
    }
}

fn holds(entry: EntryRef<'_>) -> String {
    entry.type_name().to_owned()
}

/// What differs first, in words; none if nothing that can be read does.
fn difference(a: &Entry, b: &Entry) -> Option<String> {
    let (kind, other) = (a.value.type_name(), b.value.type_name());
    if kind != other {
        return Some(format!("type: {kind} in A, {other} in B"));
    }
    let value = in_value(&a.value, &b.value).map(|what| format!("{kind}: {what}"));
    value.or_else(|| {
        let expiry = |entry: &Entry| entry.expiry.map_or("none".to_owned(), |at| at.to_string());
        (a.expiry != b.expiry).then(|| format!("expiry: {} in A, {} in B", expiry(a), expiry(b)))
    })
}

fn in_value(a: &Value, b: &Value) -> Option<String> {
    match (a, b) {
        (Value::String(a), Value::String(b)) => {
            let bytes = a.chunks().flatten().zip(b.chunks().flatten());
            let at = bytes.take_while(|(a, b)| a == b).count();
            let same = at == a.len() && at == b.len();
            let (a, b) = (a.len(), b.len());
            (!same).then(|| format!("from byte {at} on; {a} bytes in A, {b} in B"))
        }
        (Value::List(a), Value::List(b)) => {
            let at = a.iter().zip(b.iter()).take_while(|(a, b)| a == b).count();
            let same = at == a.len() && at == b.len();
            (!same).then(|| {
                format!(
                    "element {at}: {} in A, {} in B",
                    shown(a.get(at)),
                    shown(b.get(at))
                )
            })
        }
        (Value::Hash(a), Value::Hash(b)) => {
            let fields = a.iter().map(|(field, _)| field);
            let mut fields = fields.chain(b.iter().map(|(field, _)| field));
            let field = fields.find(|field| a.get(field) != b.get(field))?;
            let (of_a, of_b) = (shown(a.get(field)), shown(b.get(field)));
            Some(format!(
                "field {}: {of_a} in A, {of_b} in B",
                shown(Some(field))
            ))
        }
        (Value::Set(a), Value::Set(b)) => {
            let only = |a: &indelible::keyspace::Set, b: &indelible::keyspace::Set| {
                a.iter()
                    .find(|member| !b.contains(member))
                    .map(<[u8]>::to_vec)
            };
            let in_a =
                only(a, b).map(|member| format!("member {} in A alone", shown(Some(&member))));
            in_a.or_else(|| only(b, a).map(|it| format!("member {} in B alone", shown(Some(&it)))))
        }
        (Value::ZSet(a), Value::ZSet(b)) => {
            let members = a.iter().chain(b.iter()).map(|(_, member)| member);
            let score = |score: Option<f64>| score.map_or("none".to_owned(), |it| it.to_string());
            let mut members = members.filter(|member| a.score(member) != b.score(member));
            let member = members.next()?;
            let (of_a, of_b) = (score(a.score(member)), score(b.score(member)));
            Some(format!(
                "member {}: score {of_a} in A, {of_b} in B",
                shown(Some(member))
            ))
        }
        _ => Some("values of a type that cannot be compared".to_owned()),
    }
}

/// The first bytes of an item, quoted.
fn shown(item: Option<&[u8]>) -> String {
    const LEN_MAX: usize = 64;
    match item {
        None => "none".to_owned(),
        Some(item) if item.len() <= LEN_MAX => quoted(item).to_string(),
        Some(item) => format!("{}... ({} bytes)", quoted(&item[..LEN_MAX]), item.len()),
    }
}

fn base64(bytes: &[u8]) -> String {
    use ::base64::prelude::*;
    BASE64_STANDARD.encode(bytes)
}
