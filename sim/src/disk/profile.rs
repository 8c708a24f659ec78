//! What a kind of file system may do, as data.

use indelible::effect::IoErrorKind;

use super::fault::FaultKind;

/// When a file's new size may become durable, as against the bytes that it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SizeOrder {
    /// At any time; any size between the old and the new one.
    Independent,
    /// After the bytes in blocks that were allocated for it, which are written in order; before
    /// those in blocks that the file had already: a hole of zeros, then later bytes that are valid.
    AllocTime,
    /// When a write that reaches that far has reached the disk; earlier ones may be missing.
    IoCompletionMax,
    /// After all bytes written before.
    AfterData,
    /// After all bytes written before if it reaches into blocks that were allocated for it, at any
    /// time within blocks that the file had already (Ferrite's ext4).
    AllocAfterData,
}

/// What bytes read as that were never written to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fill {
    /// Zeros.
    Zero,
    /// Noise, the same at every crash.
    Garbage,
    /// What the file freed last held at the same place, and noise behind it.
    Stale,
}

/// In which order changed names become durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameOrder {
    /// In none.
    Any,
    /// In the order of the calls: a journal.
    Prefix,
}

/// Which names the sync of a file makes durable besides its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SyncNames {
    /// None.
    None,
    /// All that were changed before.
    All,
    /// All that were changed before, if the file's size changed since its last sync.
    AllIfSizeChanged,
    /// Those of this file.
    OwnNames,
}

/// What a kind of file system may do. A storage author may set every knob.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Profile {
    /// How the profile is called on command lines and in reports.
    pub name: &'static str,
    /// The number of its mix of knobs, if it is [`Profile::mixed`].
    pub mix: u32,
    /// A torn write is cut at multiples of this many bytes (at least 1).
    pub tear_unit: u32,
    /// Parts of a write on different pages of so many bytes reach the disk apart (at least 1).
    pub page_len: u32,
    /// When sizes become durable.
    pub size_order: SizeOrder,
    /// Writes to one page become durable in their order: a later one brings the earlier along.
    pub page_order: bool,
    /// What unwritten bytes may read as; the first is the quietest. Never empty.
    pub fills: &'static [Fill],
    /// In which order names become durable.
    pub name_order: NameOrder,
    /// Which names the sync of a file persists.
    pub sync_names: SyncNames,
    /// Renaming is one step for the disk as well.
    pub rename_atomic: bool,
    /// A rename over a file becomes durable only after the renamed file's bytes.
    pub rename_flushes: bool,
    /// How a sync of a file may fail.
    pub sync_failures: &'static [FaultKind],
    /// How a sync of the directory may fail.
    pub dir_sync_failures: &'static [FaultKind],
    /// How a close may fail.
    pub close_failures: &'static [FaultKind],
    /// After a failed sync each other handle of the file gets the error once.
    pub errors_reach_all_handles: bool,
    /// After a failed sync of the directory the next success covers nothing that the failed one did.
    pub dir_sync_lies: bool,
    /// A power loss loses what was not synced. If not, it is a process crash.
    pub power_loss: bool,
    /// A sync keeps its promise. If not, it returns success and does nothing.
    pub honest_flush: bool,
    /// Errors may be reported late or never, so that no store can survive: only the weak oracle
    /// (a prefix, nothing invented) applies.
    pub weak_oracle: bool,
    /// Bugs of the simulator itself, to see which faults it would then miss.
    pub blind: Blind,
}

/// Seeded bugs of the simulator: with one of them set it must catch less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Blind {
    /// Renames are durable at once.
    pub renames_durable: bool,
    /// A power loss keeps the page cache.
    pub crash_keeps_cache: bool,
    /// A sync that fails keeps all pages dirty, so that the next one makes up for it.
    pub failed_sync_harmless: bool,
    /// Unwritten bytes read as zeros, and no write is torn.
    pub no_garbage: bool,
}

const POSIX_SYNC_FAILURES: &[FaultKind] = &[FaultKind::SyncKeepNew, FaultKind::SyncRevert];
/// A server says only now that there is no room for what was written.
const NFS_SYNC_FAILURES: &[FaultKind] = &[
    FaultKind::SyncKeepNew,
    FaultKind::SyncRevert,
    FaultKind::FailDone(IoErrorKind::NoRoom),
];
const NFS_CLOSE_FAILURES: &[FaultKind] = &[
    FaultKind::Fail(IoErrorKind::Io),
    FaultKind::Fail(IoErrorKind::NoRoom),
];
const EIO: &[FaultKind] = &[FaultKind::Fail(IoErrorKind::Io)];
const EIO_OR_READ_ONLY: &[FaultKind] = &[FaultKind::Fail(IoErrorKind::Io), FaultKind::JournalFails];
const KEEP_NEW: &[FaultKind] = &[FaultKind::SyncKeepNew];
const LATE: &[FaultKind] = &[FaultKind::SyncLate];
const REVERT: &[FaultKind] = &[FaultKind::SyncRevert];
const ZERO: &[Fill] = &[Fill::Zero];
const ZERO_OR_GARBAGE: &[Fill] = &[Fill::Zero, Fill::Garbage];

impl Profile {
    /// Everything that POSIX allows and real file systems do: what a store must be correct on.
    #[must_use]
    pub const fn posix_weak() -> Self {
        Self {
            name: "posix-weak",
            mix: 0,
            tear_unit: 1,
            page_len: 4096,
            size_order: SizeOrder::Independent,
            page_order: false,
            fills: ZERO_OR_GARBAGE,
            name_order: NameOrder::Any,
            sync_names: SyncNames::None,
            rename_atomic: true,
            rename_flushes: false,
            sync_failures: POSIX_SYNC_FAILURES,
            dir_sync_failures: EIO,
            close_failures: EIO,
            errors_reach_all_handles: false,
            dir_sync_lies: false,
            power_loss: true,
            honest_flush: true,
            weak_oracle: false,
            blind: Blind {
                renames_durable: false,
                crash_keeps_cache: false,
                failed_sync_harmless: false,
                no_garbage: false,
            },
        }
    }

    /// Crashes kill the process and keep the page cache; faults are those of `posix-weak`.
    #[must_use]
    pub const fn process_crash() -> Self {
        Self {
            name: "process-crash",
            power_loss: false,
            ..Self::posix_weak()
        }
    }

    /// ext4 with `data=ordered` and delayed allocation.
    #[must_use]
    pub const fn ext4() -> Self {
        Self {
            name: "ext4",
            tear_unit: 512,
            size_order: SizeOrder::AllocTime,
            fills: ZERO,
            name_order: NameOrder::Prefix,
            sync_names: SyncNames::AllIfSizeChanged,
            rename_flushes: true,
            sync_failures: KEEP_NEW,
            ..Self::posix_weak()
        }
    }

    /// ext4 with `data=journal`: a failing sync is reported one sync late, and a failing journal
    /// turns the file system read-only.
    #[must_use]
    pub const fn ext4_journal() -> Self {
        Self {
            name: "ext4-journal",
            size_order: SizeOrder::AfterData,
            sync_failures: LATE,
            dir_sync_failures: EIO_OR_READ_ONLY,
            weak_oracle: true,
            ..Self::ext4()
        }
    }

    /// XFS.
    #[must_use]
    pub const fn xfs() -> Self {
        Self {
            name: "xfs",
            tear_unit: 512,
            size_order: SizeOrder::IoCompletionMax,
            fills: ZERO,
            name_order: NameOrder::Prefix,
            sync_names: SyncNames::AllIfSizeChanged,
            sync_failures: KEEP_NEW,
            ..Self::posix_weak()
        }
    }

    /// btrfs.
    #[must_use]
    pub const fn btrfs() -> Self {
        Self {
            name: "btrfs",
            tear_unit: 512,
            size_order: SizeOrder::AfterData,
            fills: ZERO,
            name_order: NameOrder::Prefix,
            sync_names: SyncNames::OwnNames,
            sync_failures: REVERT,
            errors_reach_all_handles: true,
            ..Self::posix_weak()
        }
    }

    /// `posix-weak` with renames that fall apart. No store survives it: weak oracle.
    #[must_use]
    pub const fn posix_absurd() -> Self {
        Self {
            name: "posix-absurd",
            rename_atomic: false,
            dir_sync_lies: true,
            weak_oracle: true,
            ..Self::posix_weak()
        }
    }

    /// `posix-weak` on a disk that lies about flushing. No store survives it: weak oracle.
    #[must_use]
    pub const fn lying_flush() -> Self {
        Self {
            name: "lying-flush",
            honest_flush: false,
            weak_oracle: true,
            ..Self::posix_weak()
        }
    }

    /// Errors of earlier writes, a lack of room among them, come at sync and close. No store
    /// survives it: weak oracle.
    #[must_use]
    pub const fn nfs_like() -> Self {
        Self {
            name: "nfs-like",
            sync_failures: NFS_SYNC_FAILURES,
            close_failures: NFS_CLOSE_FAILURES,
            weak_oracle: true,
            ..Self::posix_weak()
        }
    }

    /// All presets.
    #[must_use]
    pub const fn presets() -> [Self; 9] {
        [
            Self::process_crash(),
            Self::posix_weak(),
            Self::ext4(),
            Self::ext4_journal(),
            Self::xfs(),
            Self::btrfs(),
            Self::posix_absurd(),
            Self::lying_flush(),
            Self::nfs_like(),
        ]
    }

    /// The preset of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::presets().into_iter().find(|p| p.name == name)
    }

    /// What unwritten bytes may read as here.
    #[must_use]
    pub fn fills(&self) -> &'static [Fill] {
        if self.blind.no_garbage {
            ZERO
        } else {
            self.fills
        }
    }

    /// Whether a crash of this profile keeps the page cache.
    #[must_use]
    pub const fn keeps_cache(&self) -> bool {
        !self.power_loss || self.blind.crash_keeps_cache
    }
}
