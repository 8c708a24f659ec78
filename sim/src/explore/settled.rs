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
//! What depends on the length itself is left apart, as in `twins.rs`.

use std::hash::Hash;

use indelible::effect::Name;

use super::twins::{Twins, frames};
use crate::digest::Hash128;
use crate::disk::Disk;
use crate::world::Up;

/// What two stores with the same future have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Future {
    pub number: u128,
    /// How many bytes of the log an opening writes again. It counts where two crashes may come: the
    /// first leaves commits pending, which are written again in the same write, and the second may
    /// cut that in its middle.
    pub unproved_len: usize,
}

/// The future of a store; none if it has one of its own.
pub(super) fn future(disk: &Disk, up: &Up, twins: Twins) -> Option<Future> {
    let log = Name::Live.as_str();
    let bytes = disk.contents(log)?;
    if disk.pending() > 0 {
        return None;
    }
    let place = twins.place(bytes.len())?;
    let frames = frames(bytes).filter(|frames| frames.len == bytes.len())?;
    let mut plain = disk.clone();
    plain.set_settled(log, Vec::new());
    let mut hasher = Hash128::default();
    let last = (frames.sequence.last_lsn(), frames.sequence.watermark());
    (plain, place, last, up.engine.keyspace()).hash(&mut hasher);
    Some(Future {
        number: hasher.finish128(),
        unproved_len: frames.unproved_len,
    })
}
