//! A deterministic simulator for storage code.
