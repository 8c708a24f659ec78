//! Certificates as files.

use std::fmt;
use std::fs;
use std::path::Path;

use super::Certificate;
use crate::cli::End;

/// Why a file could not be read, or be written.
#[derive(Debug)]
pub(in crate::cli) enum StoreError {
    /// The file system said no.
    Io(String, std::io::Error),
    /// It holds something else.
    Content(String, String),
}

impl StoreError {
    pub fn end(&self) -> End {
        match self {
            Self::Io(..) => End::Io,
            Self::Content(..) => End::Usage,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{path}: {error}"),
            Self::Content(path, what) => write!(f, "{path}: {what}"),
        }
    }
}

/// Reads a certificate, and checks that it adds up; none if there is no such file.
pub(in crate::cli) fn read(path: &Path) -> Result<Option<Certificate>, StoreError> {
    let shown = || path.display().to_string();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::Io(shown(), error)),
    };
    let parsed = parse(&text);
    parsed
        .map(Some)
        .map_err(|what| StoreError::Content(shown(), what))
}

/// The certificate that a text is.
pub(in crate::cli) fn parse(text: &str) -> Result<Certificate, String> {
    let certificate: Certificate =
        serde_json::from_str(text).map_err(|error| format!("this is no certificate: {error}"))?;
    certificate.check()?;
    Ok(certificate)
}

/// Writes a certificate, whole or not at all: beside its place, then renamed.
pub(in crate::cli) fn write(path: &Path, certificate: &Certificate) -> Result<(), StoreError> {
    let failed = |error| StoreError::Io(path.display().to_string(), error);
    let mut text = serde_json::to_string_pretty(certificate)
        .map_err(|error| failed(std::io::Error::other(error)))?;
    text.push('\n');
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    fs::write(&beside, text).map_err(failed)?;
    fs::rename(&beside, path).map_err(failed)
}
