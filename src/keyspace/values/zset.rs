//! Sorted sets: members in the order of score and name, and the score of each member.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::hash::{Hash, Hasher};
use core::ops::Range;

use super::record::{Record, ScoreOf, Scored, by_score, place};
use super::seq::Seq;
use crate::keyspace::tree::{Rest, Tree};

/// Members with scores, in the order of scores, and of bytes where those are equal.
///
/// A small one is searched through; a large one has its members in a second tree as well (C4).
#[derive(Clone, Debug, Default)]
pub struct ZSet(Arc<Both>);

#[derive(Clone, Debug, Default)]
struct Both {
    order: Seq<Scored>,
    members: Option<Tree<ScoreOf>>,
}

impl ZSet {
    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.order.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The length of its payload in bytes.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.0.order.len_bytes()
    }

    /// A member's score.
    #[must_use]
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        match &self.0.members {
            None => {
                let mut all = self.0.order.iter();
                all.find(|(_, name)| *name == member)
                    .map(|(score, _)| score)
            }
            Some(members) => {
                let wanted = (place(member), member);
                let found = members.find(|item| item.place().cmp(&wanted));
                found.map(|item| item.scored.score)
            }
        }
    }

    /// A member's rank, from 0 at the lowest score.
    #[must_use]
    pub fn rank(&self, member: &[u8]) -> Option<usize> {
        let score = self.score(member)?;
        self.search(score, member).ok()
    }

    /// The member of a rank with its score.
    #[must_use]
    pub fn get(&self, rank: usize) -> Option<(f64, &[u8])> {
        self.0.order.get(rank)
    }

    /// Members with scores, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (f64, &[u8])> {
        self.0.order.iter()
    }

    /// Those of these ranks, in order.
    pub fn range(&self, ranks: Range<usize>) -> impl DoubleEndedIterator<Item = (f64, &[u8])> {
        self.0.order.range(ranks)
    }

    /// How many come first for which `before` is true; it must be so for a first part, and for no
    /// other.
    pub fn partition(&self, before: impl Fn(f64, &[u8]) -> bool) -> usize {
        let found = self
            .0
            .order
            .search(|(score, name)| match before(score, name) {
                true => Ordering::Less,
                false => Ordering::Greater,
            });
        found.unwrap_or_else(|rank| rank)
    }

    /// Sets a member's score; the old one if there was one.
    ///
    /// # Panics
    /// If the score is not a number (C3).
    pub fn put(&mut self, member: &[u8], score: f64) -> Option<f64> {
        assert!(!score.is_nan(), "C3: no score is NaN");
        let old = self.score(member);
        if let Some(old) = old {
            if old == score {
                return Some(old);
            }
            let rank = self.search(old, member).expect("C4: it is in both");
            Arc::make_mut(&mut self.0).order.remove(rank);
        }
        let rank = self.search(score, member).expect_err("C4: once");
        let both = Arc::make_mut(&mut self.0);
        both.order.insert(rank, (score, member));
        both.put_member(member, score);
        old
    }

    /// Removes a member; its score if it was there.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let score = self.score(member)?;
        let rank = self.search(score, member).expect("C4: it is in both");
        let both = Arc::make_mut(&mut self.0);
        both.order.remove(rank);
        if let Some(members) = &mut both.members {
            let wanted = (place(member), member);
            let rank = members.search(|item| item.place().cmp(&wanted));
            members.remove(rank.expect("C4: it is in both"));
        }
        Some(score)
    }

    /// Members from a cursor on and the cursor that goes on, 0 at the end; a small one at once.
    #[must_use]
    pub fn scan(&self, cursor: u64, count: usize) -> (Vec<(f64, &[u8])>, u64) {
        let Some(members) = &self.0.members else {
            return (self.iter().collect(), 0);
        };
        let (Ok(from) | Err(from)) = members.search(|item| match item.hash < cursor {
            true => Ordering::Less,
            false => Ordering::Greater,
        });
        let (mut found, mut last) = (Vec::new(), None);
        for item in members.range(from..usize::MAX) {
            if found.len() >= count && last != Some(item.hash) {
                return (found, item.hash);
            }
            last = Some(item.hash);
            found.push(item.scored.view());
        }
        (found, 0)
    }

    fn search(&self, score: f64, member: &[u8]) -> Result<usize, usize> {
        self.0
            .order
            .search(|other| by_score(other, (score, member)))
    }

    pub(in crate::keyspace) fn is_large(&self) -> bool {
        self.0.order.is_large()
    }

    /// What is to be freed step by step.
    pub(in crate::keyspace) fn into_rest(self) -> (Option<Rest<Scored>>, Option<Rest<ScoreOf>>) {
        let Some(both) = Arc::into_inner(self.0) else {
            return (None, None);
        };
        (both.order.into_rest(), both.members.map(Tree::into_rest))
    }

    pub(in crate::keyspace) fn check_invariants(&self) {
        self.0.order.check_invariants();
        let mut last = None;
        for view in self.iter() {
            let rises = last.is_none_or(|last| by_score(last, view).is_lt());
            assert!(rises, "C4: order of scores");
            last = Some(view);
            let score = self.score(view.1).map(f64::to_bits);
            assert_eq!(score, Some(view.0.to_bits()), "C4: score");
        }
        assert_eq!(self.0.members.is_some(), self.is_large(), "C4: members");
        if let Some(members) = &self.0.members {
            members.check_invariants();
            assert_eq!(members.len(), self.len(), "C4: members");
        }
    }
}

impl Both {
    fn put_member(&mut self, member: &[u8], score: f64) {
        if !self.order.is_large() {
            return;
        }
        let Some(members) = &mut self.members else {
            let mut members: Vec<ScoreOf> = self.order.iter().map(ScoreOf::of).collect();
            members.sort_unstable_by(|one, two| one.place().cmp(&two.place()));
            self.members = Some(members.into_iter().collect());
            return;
        };
        let wanted = (place(member), member);
        match members.search(|item| item.place().cmp(&wanted)) {
            Ok(rank) => {
                let item = members.get_mut(rank).expect("just found");
                item.scored.score = score;
            }
            Err(rank) => members.insert(rank, ScoreOf::of((score, member))),
        }
    }
}

impl ScoreOf {
    fn of((score, name): (f64, &[u8])) -> Self {
        Self {
            hash: place(name),
            scored: Scored::of((score, name)),
        }
    }

    fn place(&self) -> (u64, &[u8]) {
        (self.hash, &self.scored.name)
    }
}

impl PartialEq for ZSet {
    fn eq(&self, other: &Self) -> bool {
        self.0.order == other.0.order
    }
}

impl Eq for ZSet {}

impl Hash for ZSet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.order.hash(state);
    }
}
