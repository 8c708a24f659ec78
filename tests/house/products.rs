//! What is published and what is built alone.

use std::process::Command;

use crate::files::root;

/// Runs cargo without a network and returns what it prints.
fn cargo(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root()).arg("--offline").args(arguments);
    let output = command.output().expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("text")
}

/// The features of the library when this package is built by itself, without its tests.
fn features_of_the_library(package: &str) -> Vec<String> {
    let tree = cargo(&[
        "tree", "-p", package, "-e", "normal", "--prefix", "none", "-f", "{p}|{f}",
    ]);
    let line = tree
        .lines()
        .find(|line| line.starts_with("indelible v"))
        .expect("it uses the library");
    let features = line.split('|').nth(1).expect("a column of features");
    features
        .split(',')
        .map(|feature| feature.trim_end_matches(" (*)").to_owned())
        .collect()
}

#[test]
fn products_built_alone_have_no_seeded_bugs() {
    let has = |package| {
        features_of_the_library(package)
            .iter()
            .any(|it| it == "sabotage")
    };
    assert!(!has("indelible"));
    assert!(!has("indelible-cli"));
    assert!(has("indelible-sim"), "or this test could not fail");
}

#[test]
fn the_published_library_is_complete_and_holds_no_test_data() {
    let list = cargo(&["package", "-p", "indelible", "--list", "--allow-dirty"]);
    let files: Vec<&str> = list.lines().collect();
    let wanted = [
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "docs/durability.md",
        "src/lib.rs",
        "src/log/FORMAT.md",
    ];
    for file in wanted {
        assert!(files.contains(&file), "{file} is missing");
    }
    let unwanted = [
        "tests/", "sim/", "cli/", "fuzz/", "peers/", "target/", ".ci/",
    ];
    for dir in unwanted {
        assert!(
            !files.iter().any(|file| file.starts_with(dir)),
            "{dir} is published"
        );
    }
}

#[test]
fn the_published_binaries_hold_their_licences() {
    for package in ["indelible-sim", "indelible-cli"] {
        let list = cargo(&["package", "-p", package, "--list", "--allow-dirty"]);
        for file in ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "Cargo.toml"] {
            assert!(
                list.lines().any(|line| line == file),
                "{package}: {file} is missing"
            );
        }
    }
}
