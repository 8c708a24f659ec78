//! What a store that has just been opened can no longer tell apart: how its log came to be.
//!
//! The machine of an opening is made of the keyspace, the number of the last commit, the identity,
//! the incarnation, and the log's length (`Engine::new`): of the log's bytes it knows nothing else.
//! When all of the log is durable and every byte of it belongs to an intact frame, then nothing of it
//! will ever change, be torn or be lost, nor be read but by later openings. Those take from it what
//! this one took: the same keyspace, number, identity, incarnation and evidence. What is written
//! from now on stands behind its end and is read behind it; a rewrite copies what is younger than
//! the opening. So two such stores have the same future, and one is gone on with for all of them,
//! however their commits were cut into frames, bases and incarnations.
//!
//! Identities are compared for equality alone, incarnations for equality and order, and no frame of
//! another identity or of a later incarnation is on a settled disk. So they are names, and two
//! stores that differ in them alone have the same future as well. What matters then is what may
//! still happen: a store that comes to this point with more of its crashes, faults and torn writes
//! spent than another did has fewer futures, and all of them are among those of the other.
//!
//! What depends on the length itself is left apart: a log that reaches into its file's second page,
//! since a write across pages may reach the disk in parts, has no twin here.

use std::hash::Hash;

use indelible::effect::Name;
use indelible::log::{Scanner, Sequence, Step};
use indelible::sabotage::Saboteur;

use crate::digest::Hash128;
use crate::disk::Disk;
use crate::world::Up;

/// Of a page, how much a log may fill of it at most to have a twin: behind that a universe's calls
/// might reach the next page.
const PAGE_SHARE: usize = 2;

/// The number that all stores with this future share; none if it has a future of its own.
pub(super) fn settled_hash(disk: &Disk, up: &Up) -> Option<u128> {
    let log = Name::Live.as_str();
    let bytes = disk.contents(log)?;
    let page_len = disk.profile().page_len as usize;
    if disk.pending() > 0 || bytes.len() > page_len / PAGE_SHARE {
        return None;
    }
    let sequence = whole(bytes)?;
    let mut plain = disk.clone();
    plain.set_settled(log, Vec::new());
    let mut hasher = Hash128::default();
    let amount = (sequence.last_lsn(), sequence.watermark());
    (plain, amount, up.engine.keyspace()).hash(&mut hasher);
    Some(hasher.finish128())
}

/// What the frames of a log amount to, if all of it is intact frames and its base is complete.
fn whole(bytes: &[u8]) -> Option<Sequence> {
    let mut scanner = Scanner::new(Saboteur::NONE);
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        match scanner.step(rest, rest.len() as u64) {
            Step::Header { len, .. } => at += len,
            Step::Frame(frame) => at += frame.body.end,
            Step::End => {
                return scanner
                    .sequence()
                    .copied()
                    .filter(Sequence::is_base_complete);
            }
            _ => return None,
        }
    }
}
