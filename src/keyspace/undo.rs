//! The journal of inverses that takes a commit back.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::db::Db;
use super::{Entry, Key};

/// What takes one commit's writes back, or what they left to be freed.
///
/// It is given to [`Keyspace::roll_back`](super::Keyspace::roll_back) or to
/// [`Keyspace::retire`](super::Keyspace::retire). Merely dropping it is no error, but frees all it
/// holds at once.
#[derive(Clone, Debug, Default, Hash)]
#[must_use]
pub struct Undo {
    pub(super) inverses: Vec<Inverse>,
}

/// What takes one write back; `db` is a slot. Old entries are moved here, a flushed database whole.
#[derive(Clone, Debug, Hash)]
pub(super) enum Inverse {
    Entry {
        db: u32,
        key: Key,
        old: Option<Entry>,
    },
    Db {
        db: u32,
        old: Arc<Db>,
    },
    /// Numbers, not slots.
    Swap {
        first: u32,
        second: u32,
    },
}

impl Undo {
    /// Whether there is nothing to take back.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inverses.is_empty()
    }

    /// How many writes it takes back.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inverses.len()
    }
}
