//! The seeded bugs that must be caught, each a real bug's shape.

mod barriers;
mod keeping;
mod publishing;

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

const SET: &[Call] = &[Call::New];
const SET_REWRITE: &[Call] = &[Call::New, Call::Rewrite];

/// All of them, but for those that leave a barrier out.
pub const ALL: &[Sabotage] = &{
    let (first, second) = (publishing::PUBLISHING, keeping::KEEPING);
    let mut all = [first[0]; publishing::PUBLISHING.len() + keeping::KEEPING.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = match at < first.len() {
            true => first[at],
            false => second[at - first.len()],
        };
        at += 1;
    }
    all
};

/// Those that leave a barrier out.
pub const BARRIERS: &[Sabotage] = barriers::BARRIERS;

/// The seeded bug of this number.
#[must_use]
pub fn find(id: u32) -> Option<&'static Sabotage> {
    ALL.iter()
        .chain(BARRIERS)
        .find(|sabotage| sabotage.id == id)
}

/// Where a number stands among others: the forms of 63 are 631 and so on.
#[must_use]
pub const fn rank(id: u32) -> (u32, u32) {
    match id {
        631..=639 => (63, id),
        _ => (id, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_none_is_given_twice() {
        for list in [publishing::PUBLISHING, keeping::KEEPING, BARRIERS] {
            assert!(
                list.windows(2)
                    .all(|pair| rank(pair[0].id) < rank(pair[1].id))
            );
        }
        let mut numbers: Vec<u32> = ALL.iter().chain(BARRIERS).map(|bug| bug.id).collect();
        numbers.sort_unstable();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(find(9).unwrap().obligation, Obligation::Prefix);
        assert!(find(8).is_none());
    }
}
