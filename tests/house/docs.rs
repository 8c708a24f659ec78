//! What the documents point at exists.

use std::path::Path;

use crate::assert_none;
use crate::files::{File, root, with_extension};

/// Link targets outside code, inline and by reference.
fn links(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced || line.starts_with("    ") {
            continue;
        }
        for part in line.split("](").skip(1) {
            found.extend(part.split(')').next());
        }
        let reference = line
            .strip_prefix('[')
            .and_then(|line| line.split_once("]: "));
        found.extend(reference.map(|(_, target)| target.trim()));
    }
    found
}

/// Links of `file` to files that are not there.
fn dead_links(file: &File, exists: &dyn Fn(&Path) -> bool) -> Vec<String> {
    let dir = Path::new(&file.path)
        .parent()
        .expect("a file has a directory");
    let dead = |target: &&str| {
        let path = target.split('#').next().expect("a target has a start");
        let elsewhere = path.is_empty() || path.contains("://") || path.starts_with("mailto:");
        !elsewhere && !exists(&dir.join(path))
    };
    let complain = |target| format!("{}: nothing at {target}", file.path);
    links(&file.text)
        .into_iter()
        .filter(dead)
        .map(complain)
        .collect()
}

/// Commands that a document tells the reader to type: lines of code that begin with a program of
/// ours or cargo.
fn commands(text: &str) -> Vec<&str> {
    let ours = ["cargo ", "indelible ", "indelible-sim ", ".ci/run"];
    let mut fenced = false;
    let mut spans = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced || line.starts_with("    ") {
            spans.push(line.trim());
        } else {
            spans.extend(line.split('`').skip(1).step_by(2));
        }
    }
    let mut found: Vec<&str> = spans
        .into_iter()
        .map(|span| span.split(" #").next().expect("a first part").trim())
        .filter(|span| ours.iter().any(|program| span.starts_with(program)))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// What is wrong with a command; nothing is run.
fn complaint(command: &str) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let value = |flag: &str| Some(*words.get(words.iter().position(|word| *word == flag)? + 1)?);
    let there = |path: &str| root().join(path).exists();
    let wrong = match words[0] {
        ".ci/run" => !there(".ci/run"),
        "cargo" => {
            let package = value("-p")
                .is_some_and(|it| !["indelible", "indelible-sim", "indelible-cli"].contains(&it));
            let member = match value("-p") {
                Some("indelible-sim") => "sim/",
                Some("indelible-cli") => "cli/",
                _ => "",
            };
            let missing = |flag, dir: &str| {
                value(flag).is_some_and(|it| {
                    let path = format!("{member}{dir}/{it}");
                    !there(&format!("{path}.rs")) && !there(&path)
                })
            };
            let targets = missing("--example", "examples")
                || missing("--test", "tests")
                || missing("--bench", "benches");
            let known = [
                "run", "test", "build", "check", "clippy", "fmt", "doc", "bench", "add", "install",
                "fuzz", "package",
            ];
            package || targets || !words.get(1).is_some_and(|it| known.contains(it))
        }
        program => {
            let sources = if program == "indelible" {
                "cli/src"
            } else {
                "sim/src"
            };
            words
                .get(1)
                .is_some_and(|verb| !is_subcommand(sources, verb))
        }
    };
    wrong.then(|| format!("no such command: {command}"))
}

/// Whether some source below `dir` has a variant, function or text of this name.
fn is_subcommand(dir: &str, verb: &str) -> bool {
    if verb.starts_with('-')
        || !verb
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter == '-')
    {
        return true;
    }
    let variant = verb[..1].to_uppercase() + &verb[1..];
    let files = with_extension(&["rs"]);
    let mut sources = files.iter().filter(|file| file.path.starts_with(dir));
    sources.any(|file| {
        let texts = [
            format!("\"{verb}\""),
            format!("{variant} {{"),
            format!("{variant}("),
            format!("{variant},"),
        ];
        texts.iter().any(|text| file.text.contains(text))
    })
}

#[test]
fn a_dead_link_is_noticed() {
    let text = "see [a](there.md#x), [b](gone.md)\n[c]: also-gone.md\n\
                [d](https://example.org) [e](#here)\n```text\n[f](fenced.md)\n```\n";
    let file = File {
        path: "docs/x.md".into(),
        text: text.into(),
    };
    let exists = |path: &Path| path == Path::new("docs/there.md");
    assert_eq!(dead_links(&file, &exists).len(), 2);
}

#[test]
fn a_command_that_does_not_exist_is_noticed() {
    let text = "Run `cargo test --workspace`:\n\n    cargo run -p gone  # why\n\ncargo is a tool";
    assert_eq!(
        commands(text),
        ["cargo run -p gone", "cargo test --workspace"]
    );
    assert_eq!(complaint("cargo test --workspace"), None);
    assert_eq!(complaint("cargo test --test house"), None);
    for wrong in [
        "cargo run -p gone",
        "cargo test --test gone",
        "cargo frobnicate",
        "indelible frobnicate x",
    ] {
        assert!(complaint(wrong).is_some(), "{wrong}");
    }
}

#[test]
fn every_link_leads_somewhere() {
    let exists = |path: &Path| root().join(path).exists();
    let files = with_extension(&["md"]);
    assert_none(
        &files
            .iter()
            .flat_map(|file| dead_links(file, &exists))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn every_command_in_the_documents_exists() {
    let mut all = 0;
    let mut complaints = Vec::new();
    for file in with_extension(&["md"]) {
        let found = commands(&file.text);
        all += found.len();
        let wrong = found.into_iter().filter_map(complaint);
        complaints.extend(wrong.map(|wrong| format!("{}: {wrong}", file.path)));
    }
    assert_none(&complaints);
    assert!(all >= 2, "README names the two commands that always work");
}

#[test]
fn the_two_commands_stand_in_the_readme() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let found = commands(&readme);
    for command in [
        "cargo run --release -p indelible-sim",
        "cargo test --workspace",
    ] {
        assert!(found.contains(&command), "{command} is missing: {found:?}");
    }
}

/// Limits that the document does not name.
fn undocumented<'a>(limits: &'a str, document: &str) -> Vec<&'a str> {
    let names = limits
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
    names
        .filter(|name| !document.contains(&format!("`{name}`")))
        .collect()
}

#[test]
fn a_limit_without_a_word_is_noticed() {
    let limits = "pub const A_MAX: usize = 1;\npub const B_MAX: u64 = 2;\n";
    assert_eq!(undocumented(limits, "| `A_MAX` | 1 |"), ["B_MAX"]);
}

#[test]
fn every_limit_is_documented() {
    let read = |path| std::fs::read_to_string(root().join(path)).expect("a file of the checkout");
    let (limits, document) = (read("src/limits.rs"), read("docs/limits.md"));
    assert_eq!(undocumented(&limits, &document), Vec::<&str>::new());
}
