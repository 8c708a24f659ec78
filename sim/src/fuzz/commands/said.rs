//! What the model answers, and whether the store answers the same.

use indelible::Reply;

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// `OK`.
    Ok,
    /// A word.
    Word(&'static str),
    /// A number.
    Int(i64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A score, however it is spelt.
    Score(f64),
    /// Nothing.
    Nil,
    /// Nothing, where several answers could be.
    NilMany,
    /// Several answers in their order.
    Many(Vec<Said>),
    /// Groups of so many bytes, in any order.
    Groups(usize, Vec<Vec<u8>>),
    /// A refusal.
    Error(&'static str),
}

impl Said {
    /// A number of items.
    pub fn count(count: usize) -> Self {
        Self::Int(i64::try_from(count).expect("a small count"))
    }

    /// Yes or no.
    pub fn truth(truth: bool) -> Self {
        Self::Int(truth.into())
    }

    /// Bytes, or nothing.
    pub fn optional(bytes: Option<Vec<u8>>) -> Self {
        bytes.map_or(Self::Nil, Self::Bytes)
    }

    /// Bytes in their order.
    pub fn list(items: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self::Many(items.into_iter().map(Self::Bytes).collect())
    }
}

/// Whether the store says what the model says.
pub fn agrees(said: &Said, reply: &Reply) -> bool {
    match (said, reply) {
        (Said::Ok, Reply::Ok) | (Said::Nil, Reply::Nil) | (Said::NilMany, Reply::NilArray) => true,
        (Said::Word(word), Reply::Simple(other)) => word == other,
        (Said::Int(number), Reply::Int(other)) => number == other,
        (Said::Bytes(bytes), Reply::Bulk(other)) => other.to_vec() == *bytes,
        (Said::Score(score), Reply::Bulk(other)) => {
            let text = String::from_utf8(other.to_vec()).ok();
            text.and_then(|text| text.parse().ok()) == Some(*score)
        }
        (Said::Many(all), Reply::Array(others)) => {
            all.len() == others.len() && all.iter().zip(others).all(|(a, b)| agrees(a, b))
        }
        (Said::Groups(width, all), Reply::Array(others)) => {
            let others: Option<Vec<Vec<u8>>> = others.iter().map(bytes_of).collect();
            others.is_some_and(|others| sorted(*width, all) == sorted(*width, &others))
        }
        (Said::Error(text), Reply::Error(error)) => *text == error.to_string(),
        _ => false,
    }
}

fn bytes_of(reply: &Reply) -> Option<Vec<u8>> {
    match reply {
        Reply::Bulk(bytes) => Some(bytes.to_vec()),
        _ => None,
    }
}

fn sorted(width: usize, all: &[Vec<u8>]) -> Vec<&[Vec<u8>]> {
    let mut groups: Vec<_> = all.chunks(width).collect();
    groups.sort();
    groups
}
