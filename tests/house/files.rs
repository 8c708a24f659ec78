//! The files of the checkout, without what is built.

use std::fs;
use std::path::{Path, PathBuf};

/// A file's path from the root, with `/`, and its text.
pub struct File {
    pub path: String,
    pub text: String,
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file with one of these extensions, in a fixed order.
pub fn with_extension(extensions: &[&str]) -> Vec<File> {
    let mut found = Vec::new();
    let mut left = vec![root().to_path_buf()];
    while let Some(dir) = left.pop() {
        for entry in fs::read_dir(&dir).expect("a directory of the checkout") {
            let entry = entry.expect("an entry of it");
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type().expect("its type").is_dir() {
                if name != "target" && !name.starts_with(".git") {
                    left.push(path);
                }
            } else if extensions
                .iter()
                .any(|wanted| path.extension().is_some_and(|it| it == *wanted))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found.into_iter().map(read).collect()
}

fn read(path: PathBuf) -> File {
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let path = path.strip_prefix(root()).expect("below the root");
    File {
        path: path.to_string_lossy().replace('\\', "/"),
        text,
    }
}

/// The library's sources, with their paths below `src/`.
pub fn of_the_library() -> Vec<File> {
    let mut files = with_extension(&["rs"]);
    files.retain(|file| file.path.starts_with("src/"));
    assert!(files.len() > 20, "the library has sources");
    for file in &mut files {
        file.path.drain(.."src/".len());
    }
    files
}
