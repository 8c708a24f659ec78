//! What every call did, compactly.

use indelible::effect::IoError;

use super::fault::CallKind;
use super::names::NameId;
use super::state::InodeId;

/// What one call did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// Which call.
    pub call: CallKind,
    /// The name, or the one that a rename takes away.
    pub name: Option<NameId>,
    /// The name that a rename replaces.
    pub to: Option<NameId>,
    /// The file.
    pub inode: Option<InodeId>,
    /// First byte.
    pub offset: u64,
    /// Bytes asked for, or the length set.
    pub len: u64,
    /// Sequence number of what it changed; 0 if it changed nothing. Key of [`Fate`]s.
    pub sequence: u64,
    /// Bytes of blocks that it freed (for O10).
    pub freed: u64,
    /// How many bytes were done, or what was reported.
    pub result: Result<u64, IoError>,
}

impl CallRecord {
    pub(super) const fn new(call: CallKind) -> Self {
        Self {
            call,
            name: None,
            to: None,
            inode: None,
            offset: 0,
            len: 0,
            sequence: 0,
            freed: 0,
            result: Ok(0),
        }
    }
}

/// What a crash made of a change that was not yet durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It is in the image.
    Durable,
    /// A part of it is.
    Torn,
    /// It is not.
    Lost,
}
