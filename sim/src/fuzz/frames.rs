//! Arbitrary bytes as a log.

use indelible::effect::IoErrorKind;
use indelible::log::salvage;
use indelible::recover::{self, LoadError, Loaded, OpenError, OpenReport};

use super::history::{LIVE, holding, read};
use super::{HASH_SEED, always, reseal, size};
use crate::choice::{Bytes, Choices};
use crate::disk::{Disk, Profile, SimVfs};

/// Opens the bytes as a log, as they are and [resealed](reseal()), and says what came of both.
///
/// # Panics
/// If a verdict changes from one reading to the next, if an opening that succeeded (or was cut by a
/// crash) finds something else the next time, or if a refused one changed the file.
#[must_use]
pub fn frames(bytes: &[u8]) -> String {
    let sealed = reseal(bytes);
    let raw = verdict(bytes);
    if sealed == bytes {
        return raw;
    }
    format!("{raw}; resealed: {}", verdict(&sealed))
}

fn verdict(bytes: &[u8]) -> String {
    // What a human would be offered never panics either.
    let salvaged = salvage(bytes);
    let load = || recover::load(&holding(bytes), LIVE, HASH_SEED);
    match (load(), load()) {
        (Err(error), Err(again)) => {
            assert_eq!(error, again, "a verdict is stable");
            refused(bytes, &error);
            format!("refused: {error}")
        }
        (Ok(loaded), Ok(again)) => {
            assert!(loaded.keyspace.same_content(&again.keyspace), "O4");
            assert_eq!(facts(&loaded), facts(&again), "O4");
            let salvaged = salvaged.expect("a log that opens has intact lines");
            assert_eq!(salvaged.error, loaded.bad, "readers agree");
            opened(bytes, &loaded);
            interrupted(bytes, &loaded);
            format!(
                "opens: commit {}, {}, torn {} of {} bytes",
                loaded.lsn,
                size(&loaded.keyspace),
                loaded.file_len - loaded.intact_len,
                loaded.file_len
            )
        }
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => panic!("a verdict is stable: {error}"),
    }
}

fn facts(loaded: &Loaded) -> impl PartialEq + std::fmt::Debug + use<> {
    let ends = (loaded.evidence_len, loaded.intact_len, loaded.base_len);
    (loaded.lsn, loaded.evidence, loaded.bad, ends)
}

/// An opening refuses what a load refuses, and leaves it as it was. // O9
fn refused(bytes: &[u8], error: &LoadError) {
    let vfs = holding(bytes);
    let source = match recover::open(&vfs, &always()) {
        Err(OpenError::Load { source }) => source,
        Err(other) => panic!("another error than {error}: {other}"),
        Ok(_) => panic!("opened what a load refuses: {error}"),
    };
    assert_eq!(&source, error, "an opening refuses for the same reason");
    assert!(read(&vfs) == bytes, "O9: a refused opening changes nothing");
}

/// An opening finds what a load finds, and the next one too, with nothing left to cut. // O2, O4
fn opened(bytes: &[u8], loaded: &Loaded) {
    let vfs = holding(bytes);
    for opening in 0..2 {
        let report = match recover::open(&vfs, &always()) {
            Ok(opened) => {
                assert!(
                    opened.engine.keyspace().same_content(&loaded.keyspace),
                    "O4: opening {opening} finds something else"
                );
                opened.engine.check_invariants();
                opened.report
            }
            Err(error) => panic!("opening {opening} of what loads: {error}"),
        };
        assert_eq!(report.lsn, loaded.lsn, "O2: opening {opening}");
        let torn = loaded.file_len - loaded.intact_len;
        assert_eq!(report.cut_len, if opening == 0 { torn } else { 0 });
    }
}

/// An opening that a crash cuts at any of its calls leaves what the next one finds. // O4
fn interrupted(bytes: &[u8], loaded: &Loaded) {
    // The bytes choose where: their sum, so that a change anywhere moves it.
    let seed = crc32fast::hash(bytes).to_le_bytes();
    let mut choices = Bytes::new(&seed);
    let mut disk = Disk::new(Profile::posix_weak());
    disk.add_file(LIVE, bytes.to_vec());
    let budget = u64::from(choices.choose(24));
    disk.set_call_budget(Some(budget));
    let vfs = SimVfs::from_disk(disk);
    let cut = recover::open(&vfs, &always()).map(|opened| opened.report);
    assert_cut(cut.as_ref(), budget);
    let power = choices.choose(2) == 1;
    let disk = match power {
        true => vfs.disk().power_loss(&mut choices),
        false => vfs.disk().process_crash(),
    };
    let again = recover::open(&SimVfs::from_disk(disk), &always());
    let again = again.unwrap_or_else(|error| panic!("O4: cut before call {budget}: {error}"));
    assert_eq!(again.report.lsn, loaded.lsn, "O4: cut before call {budget}");
    assert!(
        again.engine.keyspace().same_content(&loaded.keyspace),
        "O4: cut before call {budget}"
    );
}

/// The cut opening failed by the cut, if it failed.
fn assert_cut(ended: Result<&OpenReport, &OpenError>, budget: u64) {
    match ended {
        Ok(_) => {}
        Err(OpenError::Io { source, .. })
        | Err(OpenError::Load {
            source: LoadError::Io(source),
        }) if source.kind == IoErrorKind::Io => {}
        Err(error) => panic!("cut before call {budget}, and it says {error}"),
    }
}
