//! What became of changed names at a crash, told from the names that are left.

use super::inode::OpState;
use super::profile::NameOrder;
use super::state::Disk;
use super::trace::Fate;

/// Changes of names of which every subset is tried.
const TRIED_MAX: usize = 12;

impl Disk {
    /// What `image` holds of each pending change of names: of the sets of changes that leave these
    /// names the largest. Two renames to one name are thus told apart from one.
    pub(super) fn name_fates(&self, image: &Self) -> Vec<(u64, Fate)> {
        let pending = &self.dir.pending;
        let fate = |kept| if kept { Fate::Durable } else { Fate::Lost };
        let kept = self.names_kept(image);
        let told = pending.iter().enumerate().map(|(at, op)| {
            let kept = match kept {
                Some(set) => set >> at & 1 == 1,
                None => {
                    let mut later = pending[at..].iter();
                    later.any(|op| op.change.shows_in(&image.dir.durable))
                }
            };
            (op.sequence, fate(kept))
        });
        told.collect()
    }

    /// The largest set of changes, a bit for each, that leaves the names of `image`.
    fn names_kept(&self, image: &Self) -> Option<u64> {
        let pending = &self.dir.pending;
        if pending.len() > TRIED_MAX {
            return None;
        }
        let all = (1u64 << pending.len()) - 1;
        let leaves = |set: &u64| {
            let mut entries = self.dir.durable.clone();
            for (at, op) in pending.iter().enumerate() {
                let kept = set >> at & 1 == 1;
                if op.state == OpState::Must && !kept {
                    return false;
                }
                if kept {
                    op.change.apply(&mut entries);
                }
            }
            entries == image.dir.durable
        };
        let ordered = self.profile.name_order == NameOrder::Prefix;
        (0..=all)
            .filter(|set| !ordered || (set + 1).is_power_of_two())
            .filter(leaves)
            .max_by_key(|set| (set.count_ones(), *set))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Fate, Limits, Profile};
    use super::*;

    #[test]
    fn of_two_renames_to_one_name_both_can_be_lost() {
        let mut disk = Disk::new(Profile::posix_weak());
        for name in ["a", "b"] {
            disk.add_file(name, name.into());
        }
        disk.rename("a", "c").unwrap();
        disk.rename("b", "c").unwrap();
        let told: Vec<Vec<Fate>> = disk
            .images(Limits::default())
            .map(|image| {
                disk.fates(&image)
                    .into_iter()
                    .map(|(_, fate)| fate)
                    .collect()
            })
            .collect();
        use Fate::{Durable, Lost};
        assert_eq!(told[0], [Durable, Durable]);
        assert!(told.contains(&vec![Lost, Lost]), "{told:?}");
        assert!(told.contains(&vec![Durable, Lost]), "{told:?}");
    }
}
