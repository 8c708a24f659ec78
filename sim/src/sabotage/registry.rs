//! The seeded bugs that must be caught, each a real bug's shape.

use indelible::engine::AppendFsync;

use crate::call::Call;
use crate::oracle::Obligation;

/// Where a seeded bug sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// Between the machine and the disk: effects or their ends are dropped, altered, reordered.
    Driver,
    /// In the machine, the log's reader or recovery, behind the hidden feature.
    Product,
}

/// One seeded bug, and the search that is to catch it.
#[derive(Clone, Copy, Debug)]
pub struct Sabotage {
    /// Its number.
    pub id: u32,
    /// What it does.
    pub name: &'static str,
    /// Where it sits.
    pub seat: Seat,
    /// The obligation that it breaks.
    pub obligation: Obligation,
    /// The policy under which it is looked for.
    pub policy: AppendFsync,
    /// The calls that it takes.
    pub alphabet: &'static [Call],
    /// The calls that it begins with.
    pub start: &'static [Call],
    /// Calls, crashes and faults of the exhaustive search.
    pub bounds: (u32, u32, u32),
    /// Effects of one lane that are out at once.
    pub out_max: usize,
}

use Call::{Append, Batch, Cancel, Change, Collect, Del, New, Rewrite, SecondOpener};
use Obligation::{Invention, Monotone, NeverRefused, Prefix, Unobtrusive};
use Seat::{Driver, Product};

const fn seeded(
    id: u32,
    name: &'static str,
    seat: Seat,
    obligation: Obligation,
    alphabet: &'static [Call],
    bounds: (u32, u32, u32),
) -> Sabotage {
    Sabotage {
        id,
        name,
        seat,
        obligation,
        policy: AppendFsync::Always,
        alphabet,
        start: &[],
        bounds,
        out_max: 1,
    }
}

/// With several effects of one lane out at once.
const fn wide(sabotage: Sabotage) -> Sabotage {
    Sabotage {
        out_max: 3,
        ..sabotage
    }
}

/// With these calls first.
const fn after(start: &'static [Call], sabotage: Sabotage) -> Sabotage {
    Sabotage { start, ..sabotage }
}

const fn no(sabotage: Sabotage) -> Sabotage {
    Sabotage {
        policy: AppendFsync::No,
        ..sabotage
    }
}

const fn every_sec(sabotage: Sabotage) -> Sabotage {
    Sabotage {
        policy: AppendFsync::EverySec,
        ..sabotage
    }
}

const SET: &[Call] = &[New];
const SET_REWRITE: &[Call] = &[New, Rewrite];

/// All of them, by number.
pub const ALL: &[Sabotage] = &[
    seeded(
        1,
        "no sync of the new file before the rename",
        Driver,
        Prefix,
        SET_REWRITE,
        (2, 1, 0),
    ),
    seeded(
        3,
        "no directory sync after the rename",
        Driver,
        Prefix,
        SET_REWRITE,
        (2, 1, 0),
    ),
    seeded(
        6,
        "old file dropped before the rename is durable",
        Driver,
        Prefix,
        SET_REWRITE,
        (2, 1, 0),
    ),
    seeded(
        9,
        "acknowledged before the sync",
        Product,
        Prefix,
        SET,
        (1, 1, 0),
    ),
    seeded(
        10,
        "durable watermark set when the sync is issued",
        Product,
        Prefix,
        SET,
        (1, 1, 0),
    ),
    wide(seeded(
        11,
        "watermark includes bytes written after the sync began",
        Product,
        Prefix,
        SET,
        (2, 1, 0),
    )),
    seeded(14, "sync error ignored", Driver, Prefix, SET, (1, 1, 1)),
    seeded(
        15,
        "failed sync repeated and believed",
        Driver,
        Prefix,
        SET,
        (1, 1, 1),
    ),
    seeded(
        18,
        "same inode used again after a failed sync",
        Product,
        Prefix,
        SET,
        (2, 1, 1),
    ),
    seeded(
        21,
        "short write, then on with the next record",
        Driver,
        Prefix,
        SET,
        (1, 1, 1),
    ),
    no(seeded(
        22,
        "repairing truncate not synced before the next append",
        Product,
        Monotone,
        SET,
        (2, 2, 0),
    )),
    seeded(
        24,
        "no room in a rewrite ignored, a truncated base published",
        Driver,
        Prefix,
        &[Rewrite],
        (1, 1, 1),
    ),
    seeded(
        26,
        "frame at the border of the gap lost",
        Product,
        Prefix,
        SET_REWRITE,
        (3, 1, 0),
    ),
    no(seeded(
        27,
        "diff replayed twice",
        Product,
        Invention,
        &[New, Append, Rewrite],
        (3, 1, 0),
    )),
    no(seeded(
        28,
        "snapshot cut not at the same commit as the log cut",
        Product,
        Prefix,
        SET_REWRITE,
        (3, 1, 0),
    )),
    seeded(
        29,
        "live handle switched before the publication is durable",
        Product,
        Prefix,
        SET_REWRITE,
        (2, 1, 0),
    ),
    after(
        &[Rewrite, New, Cancel, Del, Rewrite],
        no(seeded(
            31,
            "a second rewrite reuses a stale file, whose rest is read",
            Product,
            Prefix,
            &[],
            (5, 1, 0),
        )),
    ),
    no(seeded(
        34,
        "all-zero header accepted",
        Product,
        Invention,
        SET,
        (2, 1, 0),
    )),
    seeded(
        35,
        "length trusted before the checksum",
        Product,
        Invention,
        SET,
        (1, 1, 0),
    ),
    no(seeded(
        36,
        "resync to the next header past a hole",
        Product,
        Invention,
        SET,
        (3, 1, 0),
    )),
    seeded(
        37,
        "torn tail skipped, not cut, before appending",
        Product,
        Prefix,
        SET,
        (1, 2, 0),
    ),
    seeded(
        41,
        "part of a batch applied",
        Product,
        Invention,
        &[Batch],
        (1, 1, 0),
    ),
    no(seeded(
        43,
        "recovery serves what is only in the page cache",
        Product,
        Monotone,
        SET,
        (1, 2, 0),
    )),
    no(seeded(
        50,
        "no lock: two writers",
        Driver,
        Prefix,
        &[New, SecondOpener],
        (2, 1, 1),
    )),
    seeded(
        51,
        "handover writes only one of the two files",
        Product,
        Prefix,
        SET_REWRITE,
        (2, 1, 0),
    ),
    no(seeded(
        52,
        "a foreground effect frees the old file's blocks",
        Product,
        Unobtrusive,
        &[Rewrite],
        (1, 1, 0),
    )),
    after(
        &[Collect, Rewrite],
        no(seeded(
            53,
            "part of a large value missed because it moved behind the cursor",
            Product,
            Invention,
            &[Change, Collect],
            (3, 1, 0),
        )),
    ),
    after(
        &[Collect, Rewrite],
        no(seeded(
            54,
            "an entry serialised twice",
            Product,
            Invention,
            &[Change, Collect],
            (3, 1, 0),
        )),
    ),
    seeded(
        55,
        "healing acknowledges before its rename is durable",
        Product,
        Prefix,
        SET,
        (1, 1, 1),
    ),
    seeded(
        56,
        "old file truncated before the directory sync completes",
        Product,
        Prefix,
        &[Rewrite],
        (1, 1, 0),
    ),
    seeded(
        57,
        "open syncs the file and not the directory",
        Driver,
        Prefix,
        SET_REWRITE,
        (2, 2, 0),
    ),
    every_sec(seeded(
        58,
        "open believes a sync over pages that it did not dirty",
        Product,
        Prefix,
        SET,
        (1, 1, 1),
    )),
    no(seeded(
        59,
        "incarnation not made durable before the first commit",
        Product,
        Monotone,
        SET,
        (1, 2, 0),
    )),
    wide(seeded(
        60,
        "watermark of a frame true of the old file only",
        Product,
        Prefix,
        SET_REWRITE,
        (3, 1, 0),
    )),
    every_sec(seeded(
        61,
        "rename before the new file is written to the last acknowledged commit",
        Product,
        Prefix,
        SET_REWRITE,
        (2, 1, 0),
    )),
    seeded(
        62,
        "diff copied from a poisoned file",
        Product,
        Prefix,
        SET_REWRITE,
        (2, 1, 1),
    ),
    no(seeded(
        631,
        "refused although complete behind the gap",
        Product,
        NeverRefused,
        SET_REWRITE,
        (2, 1, 1),
    )),
    seeded(
        632,
        "refused although in the base",
        Product,
        NeverRefused,
        SET_REWRITE,
        (2, 1, 1),
    ),
    wide(seeded(
        633,
        "refused although complete behind another write",
        Product,
        NeverRefused,
        SET,
        (2, 1, 1),
    )),
    seeded(
        65,
        "rename when the new file is durable only to its own watermarks",
        Product,
        Prefix,
        SET_REWRITE,
        (2, 1, 0),
    ),
    every_sec(seeded(
        66,
        "open frame claims that what it covers is durable, under the same sync",
        Product,
        Prefix,
        SET,
        (1, 2, 0),
    )),
    every_sec(wide(seeded(
        68,
        "two writes out to one file",
        Product,
        Prefix,
        SET,
        (3, 1, 1),
    ))),
];

/// The seeded bug of this number.
#[must_use]
pub fn find(id: u32) -> Option<&'static Sabotage> {
    ALL.iter().find(|sabotage| sabotage.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise() {
        assert!(ALL.windows(2).all(|pair| {
            let key = |id: u32| if id > 630 { (63, id) } else { (id, 0) };
            key(pair[0].id) < key(pair[1].id)
        }));
        assert_eq!(find(9).unwrap().obligation, Prefix);
        assert!(find(7).is_none());
    }
}
