//! Mixes of knobs that no preset has: disks between the known ones.

use super::fault::FaultKind;
use super::profile::{Fill, NameOrder, Profile, SizeOrder, SyncNames};

const TEAR_UNITS: [u32; 2] = [1, 512];
const SIZE_ORDERS: [SizeOrder; 4] = [
    SizeOrder::Independent,
    SizeOrder::AllocTime,
    SizeOrder::IoCompletionMax,
    SizeOrder::AfterData,
];
const FILLS: [&[Fill]; 2] = [&[Fill::Zero, Fill::Garbage], &[Fill::Zero]];
const NAME_ORDERS: [NameOrder; 2] = [NameOrder::Any, NameOrder::Prefix];
const SYNC_NAMES: [SyncNames; 4] = [
    SyncNames::None,
    SyncNames::OwnNames,
    SyncNames::AllIfSizeChanged,
    SyncNames::All,
];
const SYNC_FAILURES: [&[FaultKind]; 3] = [
    &[FaultKind::SyncKeepNew, FaultKind::SyncRevert],
    &[FaultKind::SyncKeepNew],
    &[FaultKind::SyncRevert],
];
const EITHER: [bool; 2] = [false, true];

impl Profile {
    /// How the mixes are called.
    pub const MIXED: &'static str = "mixed";

    /// How many mixes there are.
    pub const MIXES: u32 = 2 * 4 * 2 * 2 * 4 * 3 * 2 * 2;

    /// A mix of the knobs of the presets that a store must survive, by its number below
    /// [`Profile::MIXES`] (taken modulo it). None allows what `posix-weak` does not; number 0 is
    /// `posix-weak` itself.
    #[must_use]
    pub fn mixed(number: u32) -> Self {
        let mut left = number % Self::MIXES;
        let mut knob = |settings: usize| {
            let chosen = left as usize % settings;
            left /= settings as u32;
            chosen
        };
        Self {
            name: Self::MIXED,
            mix: number % Self::MIXES,
            tear_unit: TEAR_UNITS[knob(TEAR_UNITS.len())],
            size_order: SIZE_ORDERS[knob(SIZE_ORDERS.len())],
            fills: FILLS[knob(FILLS.len())],
            name_order: NAME_ORDERS[knob(NAME_ORDERS.len())],
            sync_names: SYNC_NAMES[knob(SYNC_NAMES.len())],
            sync_failures: SYNC_FAILURES[knob(SYNC_FAILURES.len())],
            rename_flushes: EITHER[knob(EITHER.len())],
            errors_reach_all_handles: EITHER[knob(EITHER.len())],
            ..Self::posix_weak()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_number_is_another_mix_and_the_presets_are_among_them() {
        let plain = |profile: Profile| Profile {
            name: Profile::MIXED,
            mix: 0,
            ..profile
        };
        let all: HashSet<Profile> = (0..Profile::MIXES)
            .map(|number| plain(Profile::mixed(number)))
            .collect();
        assert_eq!(all.len(), Profile::MIXES as usize);
        for preset in [
            Profile::posix_weak(),
            Profile::ext4(),
            Profile::xfs(),
            Profile::btrfs(),
        ] {
            assert!(all.contains(&plain(preset.clone())), "{}", preset.name);
        }
        assert_eq!(plain(Profile::mixed(0)), plain(Profile::posix_weak()));
        assert_eq!(Profile::mixed(Profile::MIXES + 5), Profile::mixed(5));
    }
}
