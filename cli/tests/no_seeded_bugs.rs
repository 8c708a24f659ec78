//! The product is built without the simulator's seeded bugs.

use std::process::Command;

/// The features of the library that a package is built with.
fn features(package: &str) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "features,normal,build"])
        .args(["--package", package, "--invert", "indelible"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_command_line_tool_carries_no_seeded_bug() {
    let tree = features("indelible-cli");
    assert!(
        tree.contains("indelible feature"),
        "features are shown: {tree}"
    );
    assert!(!tree.contains("sabotage"), "{tree}");
}

#[test]
fn the_simulator_shows_that_the_feature_would_be_seen() {
    assert!(features("indelible-sim").contains("sabotage"));
}
