//! A simulated disk: what a crash may leave of a file system's promises, and what may fail.
//!
//! # The fault model
//!
//! Every call changes the page cache at once and emits changes to be made durable: bytes, sizes,
//! names. A [`Disk`] holds both sides and the changes in between, and a [`Profile`] says what may
//! become of those:
//!
//! * **A process crash** ([`Disk::process_crash`]) keeps the cache whole; handles and locks go.
//!   Pages that a failed sync marked clean stay clean: a later sync lies about them.
//! * **A power loss** ([`Disk::power_loss`], [`Disk::images`]) leaves what a successful sync
//!   covered, and any part of the rest that the profile allows. Parts of one write on different
//!   pages are independent. At one crash one write is torn: a prefix of it is there, cut at any
//!   byte (or multiple of the tear unit), or the file ends inside it. What was never written reads
//!   as zeros, or as garbage where the profile says so and the allocation is new. A lost truncation
//!   brings the old tail back. Bytes, sizes and names know nothing of each other unless the profile
//!   orders them; a rename is one step.
//! * **A sync that fails** leaves its changes in limbo: a crash may find each of them or not, and no
//!   later sync changes that. Reads see the new bytes ([`FaultKind::SyncKeepNew`]) or the old
//!   ([`FaultKind::SyncRevert`]), or, when clean pages are evicted, what the disk has
//!   ([`Disk::evict`]). It is reported to the handle that synced, once. A directory sync
//!   that fails leaves its names dirty; a later one covers them.
//! * **A sync covers** what was changed before it was given out, if the world says when that was
//!   ([`Disk::set_sync_cover`]); what was changed since stays pending.
//! * **Other faults** ([`Fault`], [`Disk::fault_alternatives`]): errors with nothing, a part or all
//!   done; short reads and writes; no room; too many files; a journal that fails, after which nothing
//!   can be changed until the next crash ([`FaultKind::JournalFails`]).
//! * **The medium** may change a byte ([`Disk::flip`]) or no longer give some back
//!   ([`Disk::spoil`]); both outlive crashes.
//! * **The process ends between calls or inside a write** ([`Disk::set_call_budget`]).
//!
//! Not modelled: several directories; media errors that come by chance; changes that reach the disk
//! on their own and are then seen to be durable (they are pending to the end, which allows more);
//! writes after a failed sync that bring bytes of the same page back.
//!
//! # Invariants
//!
//! * D1: a file's cache is its durable side with all pending changes applied in order.
//! * D2: a file's pending changes begin with one that is not certain.
//! * D3: every name, handle and pending change refers to a file that is alive.
//! * D4: the first image of a power loss, and the one that all-zero choices draw, has everything.

mod alike;
mod calls;
mod contents;
mod crash;
mod cuts;
mod fates;
mod fault;
mod images;
mod inode;
mod layout;
mod mixed;
mod names;
mod profile;
mod reader;
mod state;
mod trace;
mod vfs;
mod view;

pub use cuts::Cut;
pub use fault::{CallKind, Fault, FaultKind, Keep};
pub use images::{Images, Limits, TearPoints};
pub use names::NameId;
pub use profile::{Blind, Fill, NameOrder, Profile, SizeOrder, SyncNames};
pub use reader::Reader;
pub use state::{Disk, HandleId, InodeId};
pub use trace::{CallRecord, Fate};
pub use vfs::{SimFile, SimLock, SimVfs};
pub use view::{FileView, Hold, Stretch};

#[cfg(test)]
mod tests;
