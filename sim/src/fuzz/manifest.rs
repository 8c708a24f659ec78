//! Arbitrary bytes as a manifest of Redis.

use indelible::limits::MANIFEST_LINE_LEN_MAX;
use indelible::redis::manifest::{Manifest, ManifestFile};

/// Reads the bytes as a manifest, and says what came of it.
///
/// # Panics
/// If a manifest that is written from what was read is read as something else, if a name could lead
/// out of the directory, or if an error points behind the last line.
#[must_use]
pub fn manifest(bytes: &[u8]) -> String {
    match Manifest::parse(bytes) {
        Ok(manifest) => {
            let again = written(&manifest);
            let mut lines = again.split_inclusive(|byte| *byte == b'\n');
            // A name that was there in raw bytes may take more than a line when it is escaped.
            if lines.all(|line| line.len() <= MANIFEST_LINE_LEN_MAX) {
                let again = Manifest::parse(&again);
                assert_eq!(again.as_ref(), Ok(&manifest), "what is written is read");
            }
            for file in listed(&manifest) {
                let bad = |byte: &u8| matches!(byte, b'/' | b'\\' | 0);
                assert!(!file.name.is_empty() && !file.name.iter().any(bad));
                assert!(file.seq > 0);
            }
            let rising = manifest.incrementals.windows(2);
            assert!(rising.clone().all(|two| two[0].seq < two[1].seq));
            format!(
                "{} base, {} history, {} incrementals",
                usize::from(manifest.base.is_some()),
                manifest.history.len(),
                manifest.incrementals.len()
            )
        }
        Err(error) => {
            let lines = bytes.split_inclusive(|byte| *byte == b'\n').count().max(1);
            assert!((1..=lines as u64).contains(&error.line), "{error}");
            format!("refused: {error}")
        }
    }
}

fn listed(manifest: &Manifest) -> impl Iterator<Item = &ManifestFile> {
    manifest.loaded().chain(&manifest.history)
}

/// The manifest as Redis would write it; nothing is a comment, since a file says what it holds.
fn written(manifest: &Manifest) -> Vec<u8> {
    let mut out = b"#\n".to_vec();
    let mut line = |file: &ManifestFile, kind: &str| {
        let mut quoted = Vec::new();
        for byte in &file.name {
            match byte {
                b'"' | b'\\' => quoted.extend([b'\\', *byte]),
                0x20..=0x7e => quoted.push(*byte),
                _ => quoted.extend(format!("\\x{byte:02x}").bytes()),
            }
        }
        out.extend_from_slice(b"file \"");
        out.extend_from_slice(&quoted);
        out.extend(format!("\" seq {} type {kind}\n", file.seq).bytes());
    };
    if let Some(file) = &manifest.base {
        line(file, "b");
    }
    for file in &manifest.history {
        line(file, "h");
    }
    for file in &manifest.incrementals {
        line(file, "i");
    }
    out
}
