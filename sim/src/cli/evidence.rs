//! What is kept of a failure: a page, and the very files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::report::{Case, Explained, last_image, page, write_files};

/// Where the evidence of a failure goes; of further failures to the same place, numbered.
#[derive(Clone, Debug, Default, Args)]
pub struct Evidence {
    /// Writes the failure as a page of HTML, which needs nothing else.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Writes the files that the last crash left into this directory, for `indelible check`.
    #[arg(long, value_name = "DIR")]
    pub files: Option<PathBuf>,
}

impl Evidence {
    /// Writes what was asked for; `number`: how many failures were kept before.
    ///
    /// # Errors
    /// What could not be written, and why.
    pub fn keep(&self, case: &Case, explained: &Explained, number: usize) -> Result<(), String> {
        let failed = |path: &Path, error: io::Error| format!("{}: {error}", path.display());
        if let Some(path) = &self.html {
            let path = numbered(path, number);
            let page = page(case, explained).map_err(io::Error::other);
            let written = page.and_then(|page| fs::write(&path, page));
            written.map_err(|error| failed(&path, error))?;
        }
        if let Some(path) = &self.files {
            let path = numbered(path, number);
            let disk = last_image(explained)
                .ok_or_else(|| failed(&path, io::Error::other("nothing happened")))?;
            write_files(disk, &path).map_err(|error| failed(&path, error))?;
        }
        Ok(())
    }
}

/// The path itself for the first, and with a number behind its stem for those that follow.
fn numbered(path: &Path, number: usize) -> PathBuf {
    if number == 0 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = format!("{stem}-{}", number + 1);
    let mut numbered = path.with_file_name(name);
    if let Some(extension) = path.extension() {
        numbered.set_extension(extension);
    }
    numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_failures_get_a_number() {
        assert_eq!(numbered(Path::new("a/b.html"), 0), Path::new("a/b.html"));
        assert_eq!(numbered(Path::new("a/b.html"), 1), Path::new("a/b-2.html"));
        assert_eq!(numbered(Path::new("a/dir"), 2), Path::new("a/dir-3"));
    }
}
