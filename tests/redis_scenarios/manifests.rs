//! Manifests that are refused, and what is loaded.

use indelible::redis::manifest::ManifestProblem as Problem;
use indelible::redis::{LoadError, LoadReport};

use crate::support::{commands, loaded, refused, string};

const BASE: &str = "file b.1.base.aof seq 1 type b\n";

/// What is wrong with a manifest, all of whose files are there.
fn problem(manifest: &str) -> (u64, Problem) {
    let error = refused(&[
        ("a.aof.manifest", manifest.as_bytes()),
        ("b.1.base.aof", b""),
        ("i.1.incr.aof", b""),
        ("i.2.incr.aof", b""),
    ]);
    let LoadError::Manifest { source, .. } = error else {
        panic!("{error}");
    };
    (source.line, source.problem)
}

#[test]
fn manifest_with_a_missing_file_refused() {
    let error = refused(&[("a.aof.manifest", BASE.as_bytes())]);
    assert!(
        matches!(&error, LoadError::Missing { name, .. } if name.0 == b"b.1.base.aof"),
        "{error}"
    );
}

#[test]
fn manifest_with_a_seq_not_rising_refused() {
    for seq in [1, 2] {
        let text =
            format!("{BASE}file i.2.incr.aof seq 2 type i\nfile i.1.incr.aof seq {seq} type i\n");
        assert_eq!(problem(&text), (3, Problem::SeqNotRising { last: 2, seq }));
    }
}

#[test]
fn manifest_with_a_blank_line_refused() {
    assert_eq!(problem(&format!("{BASE}\n")), (2, Problem::BlankLine));
    assert_eq!(problem(&format!("\n{BASE}")), (1, Problem::BlankLine));
}

#[test]
fn manifest_with_two_bases_refused() {
    let text = format!("{BASE}file b.2.base.aof seq 2 type b\n");
    assert_eq!(problem(&text), (2, Problem::SecondBase));
}

#[test]
fn manifest_with_an_unknown_type_refused() {
    let (line, problem) = problem("file b.1.base.aof seq 1 type x\n");
    assert!(
        line == 1 && matches!(problem, Problem::Type(_)),
        "{problem}"
    );
}

#[test]
fn manifest_with_a_missing_key_refused() {
    for (text, key) in [
        ("name b.1.base.aof seq 1 type b\n", "file"),
        ("file b.1.base.aof number 1 type b\n", "seq"),
        ("file b.1.base.aof seq 1 kind b\n", "type"),
    ] {
        assert_eq!(problem(text), (1, Problem::MissingKey(key)));
    }
}

#[test]
fn manifest_with_a_short_line_refused() {
    let (line, problem) = problem("file b.1.base.aof\n");
    assert!(
        line == 1 && matches!(problem, Problem::FewWords(_)),
        "{problem}"
    );
}

#[test]
fn manifest_with_a_long_line_refused() {
    let (line, problem) = problem(&format!("{BASE}#{}\n", "x".repeat(1_024)));
    assert!(
        line == 2 && matches!(problem, Problem::LongLine(_)),
        "{problem}"
    );
}

#[test]
fn manifest_with_odd_arguments_refused() {
    let (line, problem) = problem("file b.1.base.aof seq 1 type b more\n");
    assert!(
        line == 1 && matches!(problem, Problem::OddWords(_)),
        "{problem}"
    );
}

#[test]
fn manifest_that_is_empty_refused() {
    assert_eq!(problem("").1, Problem::Empty);
}

#[test]
fn nothing_there_loaded() {
    let loaded = loaded(&[]);
    assert!(loaded.keyspace.is_empty());
    assert_eq!(loaded.report, LoadReport::default());
}

#[test]
fn empty_directory_loaded() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(directory.path().join("appendonlydir")).expect("a directory");
    let loaded = indelible::redis::load(directory.path(), 1).expect("nothing loads");
    assert!(loaded.keyspace.is_empty());
}

#[test]
fn gaps_in_seq_loaded() {
    let text = format!("{BASE}file i.3.incr.aof seq 3 type i\nfile i.9.incr.aof seq 9 type i\n");
    let incr = commands(&["SELECT 0", "INCR n"]);
    let loaded = loaded(&[
        ("a.aof.manifest", text.as_bytes()),
        ("b.1.base.aof", b""),
        ("i.3.incr.aof", &incr),
        ("i.9.incr.aof", &incr),
    ]);
    assert_eq!(string(&loaded, "n").as_deref(), Some(&b"2"[..]));
}

#[test]
fn unknown_keys_loaded() {
    let text = "file i.1.incr.aof seq 1 type i startoffset 0 endoffset 9 new thing\n";
    let incr = commands(&["SELECT 0", "INCR n"]);
    let loaded = loaded(&[("a.aof.manifest", text.as_bytes()), ("i.1.incr.aof", &incr)]);
    assert_eq!(string(&loaded, "n").as_deref(), Some(&b"1"[..]));
}

#[test]
fn empty_files_loaded() {
    let text = format!("{BASE}file i.1.incr.aof seq 1 type i\n");
    let loaded = loaded(&[
        ("a.aof.manifest", text.as_bytes()),
        ("b.1.base.aof", b""),
        ("i.1.incr.aof", b""),
    ]);
    assert!(loaded.keyspace.is_empty());
    assert_eq!(loaded.report.files.len(), 2);
}

#[test]
fn single_old_file_loaded() {
    let file = commands(&["SELECT 0", "SET a 1"]);
    let loaded = loaded(&[("appendonly.aof", &file)]);
    assert_eq!(string(&loaded, "a").as_deref(), Some(&b"1"[..]));
}

#[test]
fn names_with_spaces_loaded() {
    let text = "file \"a b.aof.1.incr.aof\" seq 1 type i\n";
    let file = commands(&["SELECT 0", "SET a 1"]);
    let loaded = loaded(&[
        ("a b.aof.manifest", text.as_bytes()),
        ("a b.aof.1.incr.aof", &file),
    ]);
    assert_eq!(string(&loaded, "a").as_deref(), Some(&b"1"[..]));
}
