//! Every command has a typed call.

use std::collections::BTreeSet;

use crate::assert_none;
use crate::code::is_word;
use crate::files::{File, of_the_library};

/// Commands without a call of their own, and what there is in their place.
const COVERED: &[(&str, &str)] = &[
    ("echo", "a connection's"),
    ("ping", "a connection's"),
    ("select", "Db::number"),
    ("decrby", "Db::decr_by"),
    ("expireat", "Db::expire_at"),
    ("pexpire", "Db::expire_in"),
    ("pexpireat", "Db::expire_at"),
    ("expiretime", "Db::expiretime, in milliseconds"),
    ("ttl", "Db::ttl, in milliseconds"),
    ("setex", "Db::setex, in milliseconds"),
    ("substr", "Db::getrange"),
    ("hmset", "Db::hset_all"),
    ("zrangebylex", "Db::zrange"),
    ("zrangebyscore", "Db::zrange"),
    ("zrevrange", "Db::zrange"),
    ("zrevrangebylex", "Db::zrange"),
    ("zrevrangebyscore", "Db::zrange"),
    ("georadius", "Db::geosearch"),
    ("georadius_ro", "Db::geosearch"),
    ("georadiusbymember", "Db::geosearch"),
    ("georadiusbymember_ro", "Db::geosearch"),
];

/// The names in the tables of commands.
fn commands(files: &[File]) -> BTreeSet<String> {
    let rooms = files
        .iter()
        .filter(|file| file.path.starts_with("command/"));
    let mut found = BTreeSet::new();
    for file in rooms {
        for mark in ["Spec::read(", "Spec::write("] {
            let specs = file.text.split(mark).skip(1);
            found.extend(specs.filter_map(|text| quoted(text.trim_start())));
        }
        if file.path == "command/parse.rs" {
            let entries = file
                .text
                .lines()
                .filter_map(|line| line.strip_prefix("    ("));
            found.extend(entries.filter_map(quoted));
        }
    }
    found
}

/// The text in quotes that this begins with.
fn quoted(text: &str) -> Option<String> {
    let (name, _) = text.strip_prefix('"')?.split_once('"')?;
    Some(name.to_lowercase())
}

/// The names of the commands that calls make.
fn called(files: &[File]) -> BTreeSet<String> {
    let makes = |path: &str| path.starts_with("driver/calls/") || path == "driver/commands.rs";
    let mut found = BTreeSet::new();
    for file in files.iter().filter(|file| makes(&file.path)) {
        for mark in ["Argv::new(", "scan("] {
            found.extend(file.text.split(mark).skip(1).filter_map(quoted));
        }
        let variants = file.text.split("Command::").skip(1);
        found.extend(variants.map(|text| {
            let name: String = text.chars().take_while(|it| is_word(*it)).collect();
            name.to_lowercase()
        }));
    }
    found
}

fn uncalled(files: &[File]) -> Vec<String> {
    let called = called(files);
    let covered = |name: &str| COVERED.iter().any(|(other, _)| *other == name);
    let left = commands(files).into_iter();
    left.filter(|name| !called.contains(name) && !covered(name))
        .map(|name| format!("src/driver/calls: {name} has no typed call"))
        .collect()
}

#[test]
fn a_command_without_a_call_is_noticed() {
    let file = |path: &str, text: &str| File {
        path: path.into(),
        text: text.into(),
    };
    let tables = file(
        "command/x.rs",
        "Spec::read(\"one\", 1), Spec::write(\n\"two\", 2)",
    );
    let parsed = file("command/parse.rs", "    (\"getset\", 3, 3, |a| {");
    let calls = file(
        "driver/calls/x.rs",
        "Argv::new(\"ONE\") Command::GetSet { key }",
    );
    assert_eq!(commands(&[tables, parsed]).len(), 3);
    assert_eq!(called(&[calls]), ["getset", "one"].map(String::from).into());
    let alone = file("command/x.rs", "Spec::read(\"one\", 1)");
    assert_eq!(uncalled(&[alone]).len(), 1);
}

#[test]
fn every_command_has_a_typed_call() {
    let files = of_the_library();
    let names = commands(&files);
    assert!(names.len() > 120, "the tables are read: {}", names.len());
    assert_none(&uncalled(&files));
    let unknown = COVERED.iter().filter(|(name, _)| !names.contains(*name));
    assert_none(
        &unknown
            .map(|(name, _)| format!("{name} is no command"))
            .collect::<Vec<_>>(),
    );
}
