//! Failures by what broke, not by which seed met it.

use crate::campaign::Failure;
use crate::oracle::Obligation;
use crate::report::{Case, minimal};
use crate::world::to_text;

/// Failures that look like one fault.
#[derive(Clone, Debug)]
pub struct Group {
    /// What was broken.
    pub obligation: Obligation,
    /// What was not ordered or not durable in the smallest run, without its places; if nothing was
    /// lost there, what the run ended with.
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

/// The missing edge and the likeness of a case, from what is printed of it.
fn marks(case: &Case) -> (String, String) {
    let text = case.to_string();
    let line = |mark: &str| {
        let found = text.lines().find_map(|line| line.split_once(mark));
        found.map(|(_, rest)| rest.trim().to_owned())
    };
    let why = text.lines().find_map(|line| line.strip_prefix("why "));
    let edge = why.map(|why| without_numbers(why.trim()));
    let ended = || {
        let last = case.steps.last().map(std::slice::from_ref);
        let last = last.map(to_text).unwrap_or_default();
        format!("nothing was lost; it ended with {}", without_numbers(&last))
    };
    let alike = line("alike ").unwrap_or_default();
    (edge.unwrap_or_else(ended), alike)
}

/// A text in which each number is `#`: places differ from run to run.
fn without_numbers(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.chars() {
        match letter.is_ascii_digit() {
            true if plain.ends_with('#') => {}
            true => plain.push('#'),
            false => plain.push(letter),
        }
    }
    plain
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
        let (first, second) = (failures(9), failures(41));
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
        assert!(groups[0].edge.contains("not durable"), "{}", groups[0].edge);
        let broken = |it: &(u64, Failure)| it.1.violation.obligation;
        let other = second.iter().find(|it| broken(it) != broken(&first[0]));
        let other = other.expect("half a batch is an invention");
        let mixed = [&first[0], other, &first[0]];
        let both = grouped(mixed.into_iter().map(named));
        assert_eq!(both.len(), 2);
        assert_eq!(both[0].runs.len(), 2);
    }

    #[test]
    fn numbers_do_not_tell_failures_apart() {
        assert_eq!(without_numbers("write@12 of k3.log"), "write@# of k#.log");
    }
}
