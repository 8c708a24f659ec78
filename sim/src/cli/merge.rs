//! `merge`: what several machines have found out, joined into one.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::End;
use super::certificate::{self, Certificate, FORMAT};
use super::reports;

/// Why files are not joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// They are not about the same.
    Differs(String),
    /// They say different things about the same.
    Contradicts(String),
    /// One is missing.
    Missing(String),
}

impl Refusal {
    pub fn end(&self) -> End {
        match self {
            Self::Differs(_) => End::Usage,
            Self::Contradicts(_) | Self::Missing(_) => End::Problem,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Differs(text) | Self::Contradicts(text) | Self::Missing(text)) = self;
        write!(f, "refused: {text}")
    }
}

pub(super) fn run(files: &[PathBuf], out: Option<&Path>) -> End {
    let mut texts = Vec::new();
    for path in files {
        match fs::read_to_string(path) {
            Ok(text) => texts.push((path.display().to_string(), text)),
            Err(error) => {
                anstream::eprintln!("{}: {error}", path.display());
                return End::Io;
            }
        }
    }
    let certificates = texts
        .iter()
        .filter(|(_, text)| text.contains(FORMAT))
        .count();
    let merged = match certificates {
        0 => reports::merge(&texts),
        all if all == texts.len() => join(&texts),
        _ => Err(Refusal::Differs(String::from(
            "some files are certificates, and some are reports of campaigns",
        ))),
    };
    let (text, end) = match merged {
        Ok(merged) => merged,
        Err(refusal) => {
            anstream::eprintln!("{refusal}");
            return refusal.end();
        }
    };
    let Some(out) = out else {
        anstream::print!("{text}");
        return end;
    };
    match fs::write(out, text) {
        Ok(()) => end,
        Err(error) => {
            anstream::eprintln!("{}: {error}", out.display());
            End::Io
        }
    }
}

fn join(texts: &[(String, String)]) -> Result<(String, End), Refusal> {
    let mut all: Vec<(String, Certificate)> = Vec::new();
    for (name, text) in texts {
        let parsed = certificate::parse(text);
        let parsed = parsed.map_err(|what| Refusal::Differs(format!("{name}: {what}")))?;
        all.push((name.clone(), parsed));
    }
    let whole = certificate::merge(&all)?;
    let end = if whole.finished {
        End::Well
    } else {
        End::Problem
    };
    let text = serde_json::to_string_pretty(&whole);
    let text = text.map_err(|error| Refusal::Differs(error.to_string()))?;
    Ok((text + "\n", end))
}
