//! Redis's own files: manifests and append-only files, read and never written.

pub mod manifest;
