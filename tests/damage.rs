//! What a log loses, byte by byte, and what an opening makes of it.
//!
//! The simulator damages what was not synced. Here it is everything: each truncation, each byte.

mod common;

use std::ops::ControlFlow;

use common::{Machine, options};
use indelible::engine::{AppendFsync, EngineOptions};
use indelible::keyspace::Keyspace;
use indelible::log::{FrameKind, FrameMeta, encode_frame};
use indelible::recover::{self, LoadError, Loaded, OpenError, OpenOptions, Point};
use indelible::resp::write_command;
use indelible::units::{Lsn, WallMillis};
use indelible::vfs::{Access, MemVfs, Vfs};

const LIVE: &str = "appendonly.aof";

fn always() -> OpenOptions {
    options(EngineOptions {
        appendfsync: AppendFsync::Always,
        ..EngineOptions::default()
    })
}

/// A log over two openings and a rewrite, and the keyspace after each commit.
fn history() -> (Vec<u8>, Vec<Keyspace>) {
    let vfs = MemVfs::default();
    let mut states = Vec::new();
    for opening in 0..2 {
        let mut machine = Machine::open(vfs.clone(), &always());
        states.truncate(machine.engine.stats().last_lsn.0 as usize);
        states.push(machine.engine.keyspace().clone());
        for number in 0..6 {
            machine.set(&format!("k{}", number % 4), &format!("{opening}-{number}"));
            states.push(machine.engine.keyspace().clone());
            machine.run();
            if (opening, number) == (0, 3) {
                machine.engine.rewrite(machine.now).unwrap();
                machine.run_for(100);
            }
        }
        machine.run_for(3_000);
    }
    (read(&vfs), states)
}

fn read(vfs: &MemVfs) -> Vec<u8> {
    let file = vfs.open(LIVE, Access::Read).unwrap();
    let mut bytes = vec![0; vfs.len(&file).unwrap() as usize];
    assert_eq!(vfs.read_at(&file, 0, &mut bytes).unwrap(), bytes.len());
    bytes
}

fn holding(bytes: &[u8]) -> MemVfs {
    let vfs = MemVfs::default();
    let file = vfs.create(LIVE).unwrap();
    vfs.write_at(&file, 0, bytes).unwrap();
    vfs
}

fn load(bytes: &[u8]) -> Result<Loaded, LoadError> {
    recover::load(&holding(bytes), LIVE, 1)
}

/// O1, O3: what is found is the state after the last commit found.
fn assert_prefix(loaded: &Loaded, states: &[Keyspace], what: &str) {
    let state = &states[loaded.lsn.0 as usize];
    assert!(loaded.keyspace.same_content(state), "{what}: O3");
}

/// Commits that the first `len` bytes prove durable.
fn proved_by(bytes: &[u8], len: usize) -> u64 {
    load(&bytes[..len]).map_or(0, |loaded| loaded.evidence.0)
}

#[test]
fn every_truncation_is_a_prefix_or_is_refused() {
    let (bytes, states) = history();
    let whole = load(&bytes).unwrap();
    assert_eq!(whole.lsn.0 as usize, states.len() - 1);
    let mut torn = 0;
    for len in 0..bytes.len() {
        match load(&bytes[..len]) {
            Ok(loaded) => {
                assert!(loaded.file_len >= whole.base_len, "a base is never cut");
                assert_prefix(&loaded, &states, &format!("cut to {len}"));
                torn += usize::from(loaded.bad.is_some());
            }
            Err(error) => {
                assert!((len as u64) < whole.base_len, "cut to {len}: {error}");
            }
        }
    }
    assert!(torn > 100, "most cuts are within a frame: {torn}");
}

#[test]
fn every_changed_byte_is_noticed() {
    let (bytes, states) = history();
    for at in 0..bytes.len() {
        for change in [0x01, 0x20, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            let what = format!("byte {at} changed by {change:#x}");
            let Ok(loaded) = load(&changed) else { continue };
            assert!(loaded.bad.is_some(), "{what}: not noticed");
            assert_prefix(&loaded, &states, &what);
            // O9: what a frame before it proved is there.
            assert!(loaded.lsn.0 >= proved_by(&bytes, at), "{what}: O9");
        }
    }
}

#[test]
fn a_hole_before_proof_is_refused() {
    let (bytes, _) = history();
    let whole = load(&bytes).unwrap();
    let mut refused = 0;
    for at in (whole.base_len as usize..bytes.len()).step_by(7) {
        let mut hollow = bytes.clone();
        let end = (at + 40).min(bytes.len());
        hollow[at..end].fill(0);
        match load(&hollow) {
            Err(LoadError::Damaged { lsn, evidence, .. }) => {
                assert!(lsn < evidence);
                refused += 1;
            }
            Err(error) => panic!("a hole at {at}: {error}"),
            Ok(loaded) => assert!(loaded.lsn >= loaded.evidence),
        }
    }
    assert!(
        refused > 50,
        "later frames prove earlier commits: {refused}"
    );
}

#[test]
fn an_opening_mends_every_truncation_once() {
    let (bytes, states) = history();
    let base_len = load(&bytes).unwrap().base_len as usize;
    for len in base_len..bytes.len() {
        let vfs = holding(&bytes[..len]);
        let first = Machine::open(vfs.clone(), &always());
        let (found, cut) = (first.report.lsn, first.report.cut_len);
        let state = &states[found.0 as usize];
        assert!(
            first.engine.keyspace().same_content(state),
            "cut to {len}: O3"
        );
        drop(first);
        let again = Machine::open(vfs, &always());
        assert_eq!(again.report.lsn, found, "cut to {len}: O2");
        assert_eq!(
            again.report.cut_len, 0,
            "cut to {len}: {cut} bytes were cut already"
        );
    }
}

#[test]
fn a_refused_opening_changes_nothing() {
    let (bytes, _) = history();
    for at in (0..bytes.len()).step_by(11) {
        let mut changed = bytes.clone();
        changed[at] ^= 0xff;
        let vfs = holding(&changed);
        if let Err(error) = recover::open(&vfs, &always()) {
            assert!(matches!(error, OpenError::Load { .. }), "{error}");
            assert_eq!(read(&vfs), changed, "byte {at}: O9");
        }
    }
}

/// A log, and behind it an intact frame with these commands, of two commits.
fn followed_by(bytes: &[u8], commands: &[&str]) -> Vec<u8> {
    let loaded = load(bytes).unwrap();
    let mut body = Vec::new();
    for text in commands {
        let argv: Vec<&[u8]> = text.split(' ').map(str::as_bytes).collect();
        write_command(&mut body, &argv);
    }
    let meta = FrameMeta {
        kind: FrameKind::Commits,
        identity: loaded.identity,
        lsn: loaded.lsn.next(),
        count: 2,
        keys: 0,
        incarnation: loaded.incarnation,
        watermark: loaded.lsn,
        wall: WallMillis(1_700_000_000_000),
    };
    let mut bytes = bytes.to_vec();
    encode_frame(&meta, &body, &mut bytes);
    bytes
}

/// O9: nothing that is logged is ever refused, so what was is not what was written; to go on without
/// it would give a state that never was. It is no torn tail either: its frame verifies.
#[test]
fn a_logged_command_that_is_refused_is_damage() {
    let (bytes, states) = history();
    let good = followed_by(&bytes, &["SET k0 x", "APPEND k0 y"]);
    let last = Lsn(load(&good).unwrap().lsn.0);
    for (commands, refused) in [
        (&["SET k0 x", "LPUSH k0 y"][..], "LPUSH k0 y"),
        (&["SET k0 x", "INCR k0"], "INCR k0"),
        (
            &["SET k0 x", "MULTI", "DEL k1", "SADD k0 y", "EXEC"],
            "SADD k0 y",
        ),
    ] {
        let bad = followed_by(&bytes, commands);
        let error = load(&bad).unwrap_err();
        let mut text = Vec::new();
        let argv: Vec<&[u8]> = refused.split(' ').map(str::as_bytes).collect();
        write_command(&mut text, &argv);
        let place = bad.windows(text.len()).rposition(|it| it == text).unwrap();
        let name = refused.split(' ').next().unwrap().to_lowercase();
        match &error {
            LoadError::Refused {
                offset, name: it, ..
            } => {
                assert_eq!((*offset, *it), (place as u64, &name[..]), "{refused}");
            }
            other => panic!("{refused}: {other}"),
        }
        let said = format!("offset {place}: expected a command that applies, '{name}' was refused");
        assert!(error.to_string().starts_with(&said), "{error}");
        // A refused opening changes nothing, and what lies before can still be read.
        let vfs = holding(&bad);
        let opening = recover::open(&vfs, &always())
            .err()
            .map(|it| it.to_string());
        assert!(opening.is_some_and(|it| it.contains(&said)));
        assert_eq!(read(&vfs), bad);
        let before = Some(Point::Lsn(Lsn(last.0 - 1)));
        let before = recover::load_at(&vfs, LIVE, 1, before, &mut |_| ControlFlow::Continue(()));
        assert_eq!(before.unwrap().lsn.0, last.0 - 1);
        // Cut anywhere within its frame it is a torn tail, as any other.
        for len in bytes.len()..bad.len() {
            let torn = load(&bad[..len]).unwrap();
            assert_prefix(&torn, &states, &format!("{refused}, cut to {len}"));
        }
    }
}
