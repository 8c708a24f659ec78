//! A log that was whole, damaged.

use std::ops::Range;

use indelible::recover::{self, OpenError, Opened};
use indelible::vfs::MemVfs;

use super::history::{HISTORIES, History, LIVE, history, holding};
use super::{HASH_SEED, seeded};
use crate::choice::{Bytes, Choices};

/// Bytes that one act of damage concerns at most.
const STRETCH_MAX: u32 = 600;
/// Frames that one act of damage concerns, less than.
const FRAMES_MAX: u32 = 6;
/// Acts of damage at most.
const ACTS_MAX: u32 = 8;

/// Damages a log as the bytes say, opens it, and says what is left of it.
///
/// # Panics
/// If what opens is no prefix of what was written, or less than what is proved durable by what lies
/// before the damage, or if the next opening finds something else.
#[must_use]
pub fn mutate_log(bytes: &[u8]) -> String {
    judged(bytes, 0)
}

/// The same of a store with a seeded bug; 0: none.
pub(super) fn judged(bytes: &[u8], saboteur: u32) -> String {
    let mut choices = Bytes::new(bytes);
    let number = choices.choose(HISTORIES as u32) as usize;
    let history = history(number);
    let mut log = history.log.clone();
    for _ in 0..=choices.choose(ACTS_MAX) {
        damage(&mut log, history, &mut choices);
    }
    let intact = common_prefix(&log, &history.log);
    let proved = match recover::load(&holding(&log[..intact]), LIVE, HASH_SEED) {
        Ok(loaded) => loaded.evidence.0,
        Err(_) => 0,
    };
    let vfs = holding(&log);
    let found = match recover::open(&vfs, &seeded(saboteur)) {
        Err(OpenError::Load { source }) => {
            assert!(log != history.log, "a whole log is refused: {source}");
            return format!("history {number}, refused: {source}");
        }
        Err(error) => panic!("nothing but a load can fail in memory: {error}"),
        Ok(opened) => {
            let found = opened.report.lsn.0;
            assert_prefix(&opened);
            assert!(found >= proved, "O9: {found} of {proved} that are proved");
            found
        }
    };
    let again = recover::open(&vfs, &seeded(saboteur));
    let again = again.unwrap_or_else(|error| panic!("O4: the second opening: {error}"));
    assert_eq!(again.report.lsn.0, found, "O2");
    assert_prefix(&again);
    let last = history.states.len() - 1;
    let evidence = history.evidence;
    format!("history {number}, opens: commit {found} of {last}, {evidence} were durable")
}

/// O1, O3: what is found is the state after a commit of the history that the file now is of: where
/// another log lies over its beginning, of that one.
fn assert_prefix(opened: &Opened<MemVfs>) {
    let (found, identity) = (opened.report.lsn.0, opened.report.identity);
    let mut histories = (0..HISTORIES).map(history);
    let history = histories.find(|history| history.identity == identity);
    let history = history.unwrap_or_else(|| panic!("O3: a history of nobody: {identity:?}"));
    let state = usize::try_from(found).ok();
    let state = state.and_then(|found| history.states.get(found));
    let state = state.unwrap_or_else(|| panic!("O3: commit {found} never was"));
    let keyspace = opened.engine.keyspace();
    assert!(keyspace.same_content(state), "O1: not the state {found}");
}

fn common_prefix(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

/// One act of damage: what media, misplaced blocks, and people with editors do.
fn damage(log: &mut Vec<u8>, history: &History, choices: &mut Bytes<'_>) {
    let stretch = stretch(history, choices);
    let (at, end) = (stretch.start.min(log.len()), stretch.end.min(log.len()));
    match choices.choose(9) {
        0 => {}
        1 => log.truncate(at),
        2 => log[at..end].fill(0),
        3 => log[at..end].fill(0xff),
        4 => {
            if let Some(byte) = log.get_mut(at) {
                *byte ^= 1 << choices.choose(8);
            }
        }
        5 => {
            let len = choices.choose(64) as usize;
            let new = choices.take(len).to_vec();
            log.splice(at..end, new);
        }
        6 => over(log, at, &history.log[self::stretch(history, choices)]),
        7 => {
            let moved = history.log[self::stretch(history, choices)].to_vec();
            log.splice(at..at, moved);
        }
        _ => {
            let other = self::history(choices.choose(HISTORIES as u32) as usize);
            over(log, at, &other.log[self::stretch(other, choices)]);
        }
    }
}

/// A block of this or another log over what is there.
fn over(log: &mut Vec<u8>, at: usize, block: &[u8]) {
    let end = (at + block.len()).min(log.len());
    log.splice(at..end, block.iter().copied());
}

/// A stretch of the log as it was: any, or whole frames.
fn stretch(history: &History, choices: &mut Bytes<'_>) -> Range<usize> {
    let bound = |len: usize| u32::try_from(len).expect("logs are short");
    if choices.choose(2) == 0 {
        let at = choices.choose(bound(history.log.len()) + 1) as usize;
        let len = choices.choose(STRETCH_MAX) as usize;
        return at..(at + len).min(history.log.len());
    }
    let borders = &history.borders;
    let first = choices.choose(bound(borders.len())) as usize;
    let last = (first + choices.choose(FRAMES_MAX) as usize).min(borders.len() - 1);
    borders[first]..borders[last]
}
