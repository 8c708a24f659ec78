//! Every encoding in every version, loaded into a keyspace.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use indelible::keyspace::Value;
use indelible::redis::load;
use indelible::redis::rdb::RdbValue;

use crate::encodings::cases;
use crate::writer::Writer;

/// Whether each item is there once, as a server writes it; the reader is also given others.
fn is_such_as_a_server_writes(value: &RdbValue) -> bool {
    match value {
        RdbValue::Set(members) => members.iter().collect::<BTreeSet<_>>().len() == members.len(),
        _ => true,
    }
}

fn same(held: &Value, written: &RdbValue) -> bool {
    match (held, written) {
        (Value::String(held), RdbValue::String(written)) => held.to_vec() == *written,
        (Value::List(held), RdbValue::List(written)) => held.iter().eq(written.iter()),
        (Value::Set(held), RdbValue::Set(written)) => {
            let held: BTreeSet<_> = held.iter().collect();
            held == written.iter().map(Vec::as_slice).collect()
        }
        (Value::Hash(held), RdbValue::Hash(written)) => {
            let held: BTreeMap<_, _> = held.iter().collect();
            let written = written
                .iter()
                .map(|(field, value)| (&field[..], &value[..]));
            held == written.collect()
        }
        (Value::ZSet(held), RdbValue::ZSet(written)) => {
            let held: BTreeMap<_, _> = held.iter().map(|(score, member)| (member, score)).collect();
            held == written
                .iter()
                .map(|(member, score)| (&member[..], *score))
                .collect()
        }
        _ => false,
    }
}

#[test]
fn every_encoding_of_every_version_is_held_as_it_was_written() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("dump.rdb");
    let mut cases = cases();
    cases.retain(|case| is_such_as_a_server_writes(&case.value));
    for version in 1..=12 {
        let mut writer = Writer::new(version);
        for case in &cases {
            writer = writer.key(case.kind, case.name.as_bytes(), &case.bytes);
        }
        fs::write(&path, writer.end()).expect("a file");
        let loaded = load(&path, 1).unwrap_or_else(|error| panic!("{version}: {error}"));
        assert_eq!(loaded.keyspace.total_len(), cases.len());
        for case in &cases {
            let entry = loaded.keyspace.get(0, case.name.as_bytes()).expect("a key");
            assert!(
                same(&entry.value(), &case.value),
                "{} in {version}",
                case.name
            );
        }
    }
}
