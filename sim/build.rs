//! Hashes the code that searches run, for certificates: results of different code are not joined.

use std::fs;
use std::hash::Hash;
use std::io;
use std::path::{Path, PathBuf};

#[allow(dead_code, reason = "the simulator uses more of it")]
#[path = "src/digest.rs"]
mod digest;

/// The simulator's rooms that take no part in a search: what they do changes no certificate.
const APART: &[&str] = &["cli", "fuzz", "report", "sabotage", "subject", "main.rs"];
/// The store's, in the workspace.
const STORE: &str = "../src";

fn main() -> io::Result<()> {
    let mut hasher = digest::Hash128::default();
    let own = hash_tree(Path::new("src"), APART, &mut hasher)?;
    let store = match Path::new(STORE).join("engine").is_dir() {
        true => hash_tree(Path::new(STORE), &[], &mut hasher)?,
        false => 0,
    };
    assert!(own > 0, "the simulator has sources");
    let kind = if store > 0 { "" } else { "package-" };
    println!(
        "cargo:rustc-env=INDELIBLE_SIM_CODE={kind}{:032x}",
        hasher.finish128()
    );
    Ok(())
}

/// Hashes every source below a directory, by name; how many there are.
fn hash_tree(root: &Path, apart: &[&str], hasher: &mut digest::Hash128) -> io::Result<usize> {
    println!("cargo:rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(root, &mut files)?;
    files.sort();
    let mut count = 0;
    for path in files {
        let within = path.strip_prefix(root).expect("it was found there");
        let parts: Vec<_> = within.iter().map(|part| part.to_string_lossy()).collect();
        let is_test = parts
            .iter()
            .any(|part| part == "tests" || part == "tests.rs");
        if is_test || apart.contains(&parts[0].as_ref()) {
            continue;
        }
        // Line ends are what a checkout makes of them.
        let text = fs::read_to_string(&path)?.replace("\r\n", "\n");
        (parts.join("/"), text).hash(hasher);
        count += 1;
    }
    Ok(count)
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
