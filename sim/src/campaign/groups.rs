//! Failures by what broke, not by which seed met it.

use crate::campaign::Failure;
use crate::oracle::Obligation;
use crate::report::{Case, Explained, minimal};

/// Failures that look like one fault.
#[derive(Clone, Debug)]
pub struct Group {
    /// What was broken.
    pub obligation: Obligation,
    /// What was not durable before what in the smallest run, without its places.
    pub edge: String,
    /// The seeded bugs that a failure like this one comes from.
    pub alike: String,
    /// Every run: its profile and its seed, in the order in which they were given.
    pub runs: Vec<(String, u64)>,
    /// The smallest run of the first.
    pub case: Case,
}

/// Groups failures, the most frequent first.
#[must_use]
pub fn grouped<'a>(failures: impl Iterator<Item = (&'a str, u64, &'a Failure)>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (profile, seed, failure) in failures {
        let case = minimal(failure);
        let (edge, alike) = marks(&case);
        let obligation = case.violation.obligation;
        let run = (profile.to_owned(), seed);
        let same = |group: &&mut Group| {
            group.obligation == obligation && group.edge == edge && group.alike == alike
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.runs.push(run),
            None => groups.push(Group {
                obligation,
                edge,
                alike,
                runs: vec![run],
                case,
            }),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.runs.len()));
    groups
}

/// The missing edge and the likeness of a case.
fn marks(case: &Case) -> (String, String) {
    let explained = Explained::of(case);
    let alike = explained.alike.saboteurs.iter().map(ToString::to_string);
    let alike: Vec<String> = alike.collect();
    (explained.why.shape(), alike.join(", "))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::campaign::campaign;
    use crate::disk::Profile;
    use crate::setup::Setup;

    fn failures(bug: u32) -> Vec<(u64, Failure)> {
        let sabotage = crate::sabotage::find(bug).expect("listed");
        let adapt = |setup: &mut Setup| {
            setup.saboteur = bug;
            setup.policy = sabotage.policy;
        };
        let profile = Profile::posix_weak();
        campaign(0..150, &profile, &Arc::default(), &adapt, 1, &|_| {}).failures
    }

    fn named((seed, failure): &(u64, Failure)) -> (&str, u64, &Failure) {
        ("posix-weak", *seed, failure)
    }

    #[test]
    fn many_seeds_of_one_bug_are_few_groups_and_two_bugs_are_apart() {
        let (first, second) = (failures(9), failures(52));
        assert!(
            first.len() > 3 && !second.is_empty(),
            "{} {}",
            first.len(),
            second.len()
        );
        let groups = grouped(first[..4].iter().map(named));
        assert!(groups.len() < 4, "{groups:?}");
        assert_eq!(
            groups.iter().map(|group| group.runs.len()).sum::<usize>(),
            4
        );
        assert!(!groups[0].edge.is_empty());
        let broken = |it: &(u64, Failure)| it.1.violation.obligation;
        let other = second.iter().find(|it| broken(it) != broken(&first[0]));
        let other = other.expect("what frees blocks in the foreground is in the way");
        let mixed = [&first[0], other, &first[0]];
        let both = grouped(mixed.into_iter().map(named));
        assert_eq!(both.len(), 2);
        assert_eq!(both[0].runs.len(), 2);
    }
}
