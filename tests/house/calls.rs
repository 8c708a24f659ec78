//! Every command has a typed call, and every one that reads is defined as such, so that each handle
//! that reads has it.

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
        found.extend(variants(&file.text));
    }
    found
}

/// The names of the variants of `Command` in a text.
fn variants(text: &str) -> impl Iterator<Item = String> {
    text.split("Command::").skip(1).map(|text| {
        let name: String = text.chars().take_while(|it| is_word(*it)).collect();
        name.to_lowercase()
    })
}

/// The names of the commands that only read: those of the tables, and of what has a variant.
fn reading(files: &[File]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in files {
        if file.path.starts_with("command/") {
            let specs = file.text.split("Spec::read(").skip(1);
            found.extend(specs.filter_map(|text| quoted(text.trim_start())));
        }
        if file.path == "command/mod.rs" {
            let body = file
                .text
                .split("fn execute(self, command: &Command)")
                .nth(1);
            let body = body.and_then(|text| text.split("_ => return None").next());
            found.extend(variants(body.unwrap_or_default()));
        }
    }
    found.remove("call");
    found
}

/// The calls without those that are defined to write.
fn without_writes(files: &[File]) -> Vec<File> {
    let outside = |text: &str| {
        let mut pieces = text.split("\nwrites! {");
        let mut kept = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            kept.push_str(piece.split_once("\n}\n").map_or("", |(_, behind)| behind));
        }
        kept
    };
    let calls = files.iter();
    let calls = calls.filter(|file| file.path.starts_with("driver/calls/"));
    calls
        .map(|file| File {
            path: file.path.clone(),
            text: outside(&file.text),
        })
        .collect()
}

/// Commands that only read and have a call that is not defined as one that reads.
fn hidden(files: &[File]) -> Vec<String> {
    let (all, reads) = (called(files), called(&without_writes(files)));
    let hidden = reading(files).into_iter();
    hidden
        .filter(|name| all.contains(name) && !reads.contains(name))
        .map(|name| format!("src/driver/calls: {name} only reads, and is defined within writes!"))
        .collect()
}

/// What a reason names in place of a call is there.
fn without_replacement(files: &[File]) -> Vec<String> {
    let makes = |file: &&File| file.path.starts_with("driver/");
    let has = |name: &str| {
        let method = format!("fn {name}(");
        files
            .iter()
            .filter(makes)
            .any(|it| it.text.contains(&method))
    };
    let named = COVERED.iter().filter_map(|(command, instead)| {
        let rest = instead.strip_prefix("Db::")?;
        let name = rest.split(',').next()?;
        (!has(name)).then(|| format!("{command}: there is no Db::{name}"))
    });
    named.collect()
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
fn a_read_that_is_defined_as_a_write_is_noticed() {
    let table = || File {
        path: "command/x.rs".into(),
        text: "Spec::read(\"one\", 1)".into(),
    };
    let calls = |kind: &str| File {
        path: "driver/calls/x.rs".into(),
        text: format!("\n{kind}! {{\n    fn one() {{ Argv::new(\"ONE\") }}\n}}\n"),
    };
    assert_eq!(hidden(&[table(), calls("writes")]).len(), 1);
    assert_none(&hidden(&[table(), calls("reads")]));
}

#[test]
fn every_command_has_a_typed_call() {
    let files = of_the_library();
    let names = commands(&files);
    assert!(names.len() > 120, "the tables are read: {}", names.len());
    assert!(reading(&files).len() > 60, "{:?}", reading(&files));
    assert_none(&uncalled(&files));
    assert_none(&hidden(&files));
    assert_none(&without_replacement(&files));
    let unknown = COVERED.iter().filter(|(name, _)| !names.contains(*name));
    assert_none(
        &unknown
            .map(|(name, _)| format!("{name} is no command"))
            .collect::<Vec<_>>(),
    );
}
