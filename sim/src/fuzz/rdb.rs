//! Arbitrary bytes as an RDB image, and as one value of it.

use indelible::command::{BasePieces, Replay};
use indelible::keyspace::Keyspace;
use indelible::redis::load_image;
use indelible::redis::rdb::{RdbReader, Step, read_payload};
use indelible::resp::{Parsed, parse_command};

use super::{HASH_SEED, size};

/// Reads the bytes as an image, and says what came of it.
///
/// # Panics
/// If the verdict depends on how much is shown at a time, if what was loaded does not come through a
/// base of our log, or if something is left out that may be there twice.
#[must_use]
pub fn rdb(bytes: &[u8]) -> String {
    payload(bytes);
    let skipping = steps(RdbReader::skipping(), bytes, bytes.len());
    let whole = steps(RdbReader::new(), bytes, bytes.len());
    for window in [1, 1 + bytes.len() / 3] {
        let narrow = steps(RdbReader::new(), bytes, window);
        assert_eq!(narrow, whole, "through a window of {window} bytes");
    }
    if !whole.ends_with("unsupported") {
        assert_eq!(whole, skipping, "only what is not supported is left out");
    }
    let mut keyspace = Keyspace::new(HASH_SEED);
    let loaded = load_image(&mut keyspace, bytes, None);
    keyspace.check_invariants();
    based(&keyspace);
    let held = size(&keyspace);
    match loaded {
        Ok(len) => {
            assert!(len <= bytes.len());
            format!("{held} in {len} of {} bytes", bytes.len())
        }
        Err((at, error)) => {
            assert!(at <= bytes.len(), "{error}");
            format!("{held}, then refused: {error}")
        }
    }
}

/// Every step of a reader that is shown `window` bytes at first and what it asks for then.
fn steps(mut reader: RdbReader, bytes: &[u8], window: usize) -> String {
    let mut text = String::new();
    let mut shown = window;
    loop {
        let at = usize::try_from(reader.offset()).expect("within the bytes");
        let rest = &bytes[at..];
        let step = reader.step(&rest[..shown.min(rest.len())], rest.len() as u64);
        match &step {
            Step::NeedMore(len) => {
                assert!(*len > shown.min(rest.len()), "it has so many already");
                assert!(*len <= rest.len(), "it asks for more than there is");
                shown = *len;
                continue;
            }
            Step::Bad(error) => {
                let what = match error {
                    indelible::redis::rdb::RdbError::Unsupported { .. } => "unsupported",
                    _ => "bad",
                };
                return format!("{text}{error:?} {what}");
            }
            Step::End { .. } => return format!("{text}{step:?}"),
            _ => {}
        }
        assert!(!step.is_empty(), "it goes on");
        assert!(step.len() <= rest.len(), "it takes what there is");
        text.push_str(&format!("{step:?}\n"));
        shown = window;
    }
}

/// One value by itself, as `RESTORE` brings it.
fn payload(bytes: &[u8]) {
    let first = read_payload(bytes);
    assert_eq!(
        format!("{first:?}"),
        format!("{:?}", read_payload(bytes)),
        "a verdict is stable"
    );
}

/// Everything written as a base and replayed is the same.
fn based(keyspace: &Keyspace) {
    let mut copy = Keyspace::new(HASH_SEED);
    for db in keyspace.databases() {
        for (key, entry) in keyspace.iter(db) {
            let mut replay = Replay::new();
            let mut out = Vec::new();
            indelible::command::write_select(&mut out, db);
            let mut pieces = BasePieces::default();
            while !pieces.write(&mut out, key, &entry.to_entry(), usize::MAX) {}
            let mut rest = &out[..];
            while !rest.is_empty() {
                let Ok(Parsed::Complete { argv, len }) = parse_command(rest) else {
                    panic!("a base holds no command");
                };
                let applied = replay.apply(&mut copy, &argv);
                applied.unwrap_or_else(|error| panic!("{}: {error}", argv[0].escape_ascii()));
                rest = &rest[len..];
            }
        }
    }
    for db in keyspace.databases() {
        for (key, entry) in keyspace.iter(db) {
            let (entry, copied) = (entry.to_entry(), copy.get(db, key));
            let copied = copied.map(|copied| copied.to_entry());
            assert_eq!(copied, Some(entry), "database {db}, {}", key.escape_ascii());
        }
    }
    assert!(copy.same_content(keyspace), "a base holds what was loaded");
}
