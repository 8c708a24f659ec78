//! The driver: pumps effects from the engine to a file system and completions back.
//!
//! A [`Store`] is a handle. Behind it, `shared` holds the machine under a lock, and `lanes` are
//! the two threads that perform what it asks for. Callers never perform an effect themselves.

mod backup;
mod calls;
mod clock;
mod commands;
mod db;
mod disk;
mod error;
mod events;
mod from_reply;
mod lanes;
mod options;
mod read_only;
mod shared;
mod store;
mod ticket;
mod update;

pub use crate::vfs::{Files, perform};
pub use calls::{
    Aggregate, BitFieldOp, BitInt, BitOffset, BitOp, BitOverflow, BitRange, CopyOptions, Expires,
    GeoAddOptions, GeoFound, GeoFrom, GeoPlace, GeoSearch, GeoUnit, InsertAt, KeyType, LPosOptions,
    LcsMatch, LcsMatches, LexRange, ListEnd, ScanPage, SortOptions, Ttl, ZAddOptions, ZEnd,
    ZInputs, ZRange,
};
pub use commands::Commands;
pub use db::Db;
pub use error::{Durability, StoreError};
pub use events::Subscription;
pub use from_reply::FromReply;
pub use options::Options;
pub use read_only::ReadOnly;
pub use store::Store;
pub use ticket::Ticket;
pub use update::Update;
