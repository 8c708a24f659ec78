//! What may go wrong in a call.

use indelible::effect::IoErrorKind;

/// The calls of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the calls of the trait, one by one")]
pub enum CallKind {
    Create,
    Open,
    Len,
    Read,
    Write,
    Copy,
    SyncData,
    Truncate,
    Rename,
    SyncDir,
    Unlink,
    Close,
    List,
    Lock,
}

impl CallKind {
    /// Whether such a call may change what a crash leaves.
    #[must_use]
    pub const fn changes(self) -> bool {
        matches!(
            self,
            Self::Create
                | Self::Write
                | Self::Copy
                | Self::SyncData
                | Self::Truncate
                | Self::Rename
                | Self::SyncDir
                | Self::Unlink
        )
    }
}

/// Which first part of a write is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Keep {
    /// None of it.
    Nothing,
    /// So many bytes, or all of it if it is shorter.
    Bytes(u32),
    /// The first half, rounded down.
    Half,
    /// All but the last byte.
    AllButOne,
    /// All of it.
    All,
}

impl Keep {
    /// How many bytes that is of `len`.
    #[must_use]
    pub fn of(self, len: usize) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Bytes(count) => len.min(count as usize),
            Self::Half => len / 2,
            Self::AllButOne => len.saturating_sub(1),
            Self::All => len,
        }
    }
}

/// One thing that may go wrong in a call. A kind that does not fit its call does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The call fails and did nothing. (A close fails and the handle is gone, as on Linux, and
    /// what was dirty may never reach the disk.)
    Fail(IoErrorKind),
    /// The call fails and did all that it should.
    FailDone(IoErrorKind),
    /// A write or copy fails after a first part was applied. After any error but
    /// [`IoErrorKind::NoRoom`] and [`IoErrorKind::Interrupted`] what was applied is marked clean:
    /// no later sync brings it to the disk for sure.
    FailPart(IoErrorKind, Keep),
    /// A write, copy or read succeeds short.
    Short(Keep),
    /// The sync fails; pages are clean although they may not be on the disk; reads see the new
    /// bytes; the next sync lies (ext4, XFS).
    SyncKeepNew,
    /// The sync fails; pages are dropped, reads see the old bytes and size (btrfs).
    SyncRevert,
    /// The sync returns success and has lost its pages; the next one fails and flushes nothing
    /// (ext4 `data=journal`).
    SyncLate,
    /// The journal fails: the call fails with [`IoErrorKind::Io`] and did nothing, and until the
    /// next crash every call that would change something fails with [`IoErrorKind::ReadOnly`].
    JournalFails,
}

/// A fault that waits for its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// Which calls it strikes.
    pub call: CallKind,
    /// It lets so many of them pass first.
    pub skip: u32,
    /// What happens.
    pub kind: FaultKind,
    /// It strikes all further ones as well, not just one.
    pub forever: bool,
}

impl Fault {
    /// Strikes the next call of this kind, once.
    #[must_use]
    pub const fn once(call: CallKind, kind: FaultKind) -> Self {
        Self {
            call,
            skip: 0,
            kind,
            forever: false,
        }
    }

    /// Strikes every call of this kind from now on.
    #[must_use]
    pub const fn forever(call: CallKind, kind: FaultKind) -> Self {
        Self {
            call,
            skip: 0,
            kind,
            forever: true,
        }
    }
}

use FaultKind::{Fail, FailDone, FailPart, Short};
use IoErrorKind::{Interrupted, Io, NoRoom, TooManyFiles};

const WRITE: &[FaultKind] = &[
    Fail(Io),
    FailPart(Io, Keep::Half),
    FailPart(Io, Keep::All),
    Fail(NoRoom),
    FailPart(NoRoom, Keep::Half),
    Short(Keep::Half),
    FailPart(Interrupted, Keep::Half),
];
const FAIL: &[FaultKind] = &[Fail(Io)];
const FAIL_EITHER_WAY: &[FaultKind] = &[Fail(Io), FailDone(Io)];
const CREATE: &[FaultKind] = &[Fail(TooManyFiles), Fail(NoRoom), Fail(Io)];
const OPEN: &[FaultKind] = &[Fail(TooManyFiles), Fail(Io)];

/// What may go wrong in a call of this kind, but for syncs and closing (those are the profile's).
pub(super) const fn alternatives(call: CallKind) -> &'static [FaultKind] {
    match call {
        CallKind::Create => CREATE,
        CallKind::Open => OPEN,
        CallKind::Write | CallKind::Copy => WRITE,
        CallKind::Rename | CallKind::Unlink | CallKind::Truncate => FAIL_EITHER_WAY,
        CallKind::Read => FAIL,
        CallKind::Len
        | CallKind::List
        | CallKind::Lock
        | CallKind::SyncData
        | CallKind::SyncDir
        | CallKind::Close => &[],
    }
}
