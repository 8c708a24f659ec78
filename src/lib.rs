//! A Redis-style storage core, embedded as a library, whose every promise about crashes is checked
//! by a deterministic simulator that ships with it.
//!
//! The crate is an hourglass: a pure machine ([`engine`]) asks for [`effect`]s as plain data, and a
//! [`driver`] performs them against a [`vfs`]. See ARCHITECTURE.md.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod command;
pub mod effect;
pub mod engine;
pub mod keyspace;
pub mod limits;
pub mod log;
pub mod redis;
pub mod resp;
pub mod sabotage;
pub mod units;

#[cfg(feature = "std")]
pub mod driver;
#[cfg(feature = "std")]
pub mod recover;
#[cfg(feature = "std")]
pub mod vfs;

/// The README's example, compiled as a test.
#[cfg(all(doctest, unix, feature = "std"))]
#[doc = include_str!("../README.md")]
struct Readme;

pub use command::{
    Command, CommandError, ExpireConditions, Reply, SetCondition, SetExpiry, SetOptions,
};
#[cfg(feature = "std")]
pub use driver::{
    Aggregate, BitFieldOp, BitInt, BitOffset, BitOp, BitOverflow, BitRange, Commands, CopyOptions,
    Db, Durability, Expires, FromReply, GeoAddOptions, GeoFound, GeoFrom, GeoPlace, GeoSearch,
    GeoUnit, InsertAt, KeyType, LPosOptions, LcsMatch, LcsMatches, LexRange, ListEnd, Options,
    ReadOnly, ScanPage, SortOptions, Store, StoreError, Subscription, Ticket, Ttl, Update,
    ZAddOptions, ZEnd, ZInputs, ZRange,
};
pub use engine::{AppendFsync, Event, OnSyncError, Stats};
pub use keyspace::ScanCursor;
