//! Files stay short, and nothing is left for later.

use crate::assert_none;
use crate::code::line_at;
use crate::files::{File, with_extension};

const LINES_MAX: usize = 600;

/// Words that say that something is not done; put together here so that this file may pass.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("#[ig", "nore"),
];

fn too_long(file: &File) -> Option<String> {
    let lines = file.text.lines().count();
    (lines > LINES_MAX).then(|| format!("{}: {lines} lines, at most {LINES_MAX}", file.path))
}

fn unfinished(file: &File) -> Vec<String> {
    let found = |word: &&str| {
        let at = file.text.find(*word)?;
        Some(format!("{}:{}: {word}", file.path, line_at(&file.text, at)))
    };
    UNFINISHED.iter().filter_map(found).collect()
}

fn file(text: String) -> File {
    File {
        path: "x.rs".into(),
        text,
    }
}

#[test]
fn a_long_file_is_noticed() {
    assert!(too_long(&file("x\n".repeat(LINES_MAX))).is_none());
    assert!(too_long(&file("x\n".repeat(LINES_MAX + 1))).is_some());
}

#[test]
fn an_unfinished_place_is_noticed() {
    for word in UNFINISHED {
        assert_eq!(unfinished(&file(format!("fn f() {{ {word} }}"))).len(), 1);
    }
    assert_none(&unfinished(&file("fn todo() {}".into())));
}

#[test]
fn no_source_file_is_long() {
    assert_none(
        &with_extension(&["rs"])
            .iter()
            .filter_map(too_long)
            .collect::<Vec<_>>(),
    );
}

#[test]
fn nothing_is_left_for_later() {
    let files = with_extension(&["rs", "md", "toml"]);
    assert_none(&files.iter().flat_map(unfinished).collect::<Vec<_>>());
}
