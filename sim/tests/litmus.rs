//! The litmus programs through the command line, on a real directory.
#![cfg(unix)]

use std::process::Command;

fn litmus(arguments: &[&str]) -> (Option<i32>, String) {
    let program = Command::new(env!("CARGO_BIN_EXE_indelible-sim"))
        .arg("litmus")
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8(program.stdout).unwrap();
    (program.status.code(), text)
}

#[test]
fn a_real_directory_keeps_what_the_simulated_one_does() {
    let directory = tempfile::tempdir().unwrap();
    let (code, text) = litmus(&["--real", directory.path().to_str().unwrap()]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("L13 after 6: as simulated"), "{text}");
    assert!(text.contains("\n    Rename tmp f 0 B @0 = 0"), "{text}");
    assert_eq!(
        directory.path().read_dir().unwrap().count(),
        0,
        "it tidies up"
    );
}

#[test]
fn the_program_dies_where_it_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    let (code, text) = litmus(&["--real", path, "--dies-after", "L3:2"]);
    assert_eq!(code, None, "killed by a signal");
    let calls: Vec<&str> = text.lines().collect();
    assert_eq!(calls[0], "Create tmp 0 B @0 = 0");
    assert_eq!(calls.last(), Some(&"Write tmp 3 B @0 = 3"));
    let (code, _) = litmus(&["--real", path, "--dies-after", "L3:4"]);
    assert_eq!(code, Some(2), "there is no fourth call");
}

#[test]
fn the_counts_are_printed_as_a_table_and_as_json() {
    let (code, text) = litmus(&[]);
    assert_eq!(code, Some(0));
    assert!(text.contains("ferrite-ext4          7      7"), "{text}");
    let (code, json) = litmus(&["--json"]);
    assert_eq!(code, Some(0));
    assert!(json.contains("\"anywhere\""), "{json}");
}
