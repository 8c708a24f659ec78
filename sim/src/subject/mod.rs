//! Crash-tests storage code that is not ours.
//!
//! Give a [`Subject`]: how your log or store is opened on a [`SimVfs`], how it takes one operation,
//! how all that it holds is read, and what an operation means (the *oracle*: one function on plain
//! values). [`explore`] then runs your operations once on a simulated disk and crashes them at every
//! call; opens what each crash may have left, with the code that you ship; and judges what comes
//! back. [`explore_faults`] does the same with one call going wrong.
//!
//! # What is checked
//!
//! * P1, *prefix*: what is recovered is a state that the operations have passed through, in their
//!   order, and none is applied in part. What was not acknowledged may be there or not.
//! * P2, *durable*: it is no older than the last operation that was acknowledged with a
//!   [`Promise`] that covers this kind of crash.
//! * P3, *opens*: it opens and reads, without an error and without a panic. An integrity check
//!   belongs into [`Subject::read`].
//! * P4, *goes on*: after a recovery one operation more is taken, and found by the next opening.
//! * P5, *again*: P1 to P3 hold as well if the recovery itself is cut short ([`Plan::crashes`]).
//!
//! # What is crashed
//!
//! Before every call that changes something, inside every write, and after every acknowledgement:
//! a process crash, and every image that a power loss may leave on the [`Profile`]. Where images
//! are too many they are drawn by a seed, and the [`Outcome`] says at how many places.
//!
//! # What is not
//!
//! The subject is one thread in one directory: no two operations at once. It must behave the same
//! when it is run again (no clock, no random numbers that decide what is written where), since what
//! an image recovers to is worked out once. An image that is found good was good for this workload:
//! an outcome is an exhausted bound, never a proof for all.
//!
//! # Example
//!
//! A counter that is kept in one file and overwritten in place.
//!
//! ```
//! use indelible::vfs::{Access, Vfs};
//! use indelible_sim::disk::{Profile, SimFile, SimVfs};
//! use indelible_sim::subject::{Plan, Promise, Subject, SubjectError, Verdict, explore};
//!
//! struct Counter;
//!
//! impl Subject for Counter {
//!     type Store = (SimVfs, SimFile);
//!     type Op = u64; // set it to this
//!     type State = u64;
//!
//!     fn open(&self, vfs: &SimVfs) -> Result<Self::Store, SubjectError> {
//!         let file = vfs.open("counter", Access::ReadWrite).or_else(|_| vfs.create("counter"))?;
//!         vfs.sync_dir()?;
//!         Ok((vfs.clone(), file))
//!     }
//!
//!     fn step(&self, (vfs, file): &mut Self::Store, op: &u64) -> Result<Promise, SubjectError> {
//!         vfs.write_at(file, 0, &op.to_le_bytes())?;
//!         vfs.sync_data(file)?;
//!         Ok(Promise::Durable)
//!     }
//!
//!     fn read(&self, (vfs, file): &mut Self::Store) -> Result<u64, SubjectError> {
//!         let mut bytes = [0; 8];
//!         vfs.read_at(file, 0, &mut bytes)?;
//!         Ok(u64::from_le_bytes(bytes))
//!     }
//!
//!     fn empty(&self) -> u64 {
//!         0
//!     }
//!
//!     fn model(&self, state: &mut u64, op: &u64) {
//!         *state = *op;
//!     }
//! }
//!
//! let outcome = explore(&Counter, &[0x1111, 0x2222], &Plan::new(Profile::posix_weak()));
//! let finding = outcome.first.expect("a write of 8 bytes may be torn");
//! assert!(matches!(finding.verdict, Verdict::Wrong { .. }), "{finding}");
//! ```

mod explore;
mod faults;
mod finding;
mod history;
mod outcome;
mod plan;
mod recovery;
mod why;

use std::fmt::Debug;

use crate::disk::SimVfs;

pub use explore::explore;
pub use faults::explore_faults;
pub use finding::{Crash, Finding, Leg, Line};
pub use outcome::Outcome;
pub use plan::Plan;
pub use recovery::Verdict;

#[cfg(doc)]
use crate::disk::Profile;

/// Whatever the subject says went wrong.
pub type SubjectError = Box<dyn std::error::Error + Send + Sync>;

/// What an operation that has returned may count on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Promise {
    /// Nothing yet.
    Nothing,
    /// It and all before it survive the end of the process.
    Written,
    /// It and all before it survive a power loss.
    Durable,
}

/// Storage code under test.
///
/// The types are yours; what is compared is [`State`](Subject::State).
pub trait Subject {
    /// An open store. Dropping it must not panic; what it then still writes is not judged.
    type Store;
    /// One operation of the workload.
    type Op: Debug;
    /// All that a store holds, as a plain value: a list, a map.
    type State: Clone + PartialEq + Debug;

    /// Opens what is in the directory, recovering it as after a crash; creates it if there is nothing.
    ///
    /// # Errors
    /// The subject's own. After a crash that is a finding ([`Verdict::Refused`]).
    fn open(&self, vfs: &SimVfs) -> Result<Self::Store, SubjectError>;

    /// Performs one operation and says what may be counted on now that it has returned.
    ///
    /// # Errors
    /// The subject's own: the operation is then taken for one that may or may not have happened.
    fn step(&self, store: &mut Self::Store, op: &Self::Op) -> Result<Promise, SubjectError>;

    /// Reads all that the store holds, and checks its integrity if it has a means to.
    ///
    /// # Errors
    /// The subject's own. After a crash that is a finding ([`Verdict::Refused`]).
    fn read(&self, store: &mut Self::Store) -> Result<Self::State, SubjectError>;

    /// Closes the store in good order; every call that this makes is a place to crash at, too.
    ///
    /// # Errors
    /// The subject's own; ignored, since nothing was promised.
    fn close(&self, store: Self::Store) -> Result<(), SubjectError> {
        drop(store);
        Ok(())
    }

    /// What a store that was just created holds.
    fn empty(&self) -> Self::State;

    /// What an operation does to a state: the oracle.
    fn model(&self, state: &mut Self::State, op: &Self::Op);
}
