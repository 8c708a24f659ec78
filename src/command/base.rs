//! An entry as commands that make it again, piece by piece: for the base of a log.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::number::write_score;
use crate::keyspace::{Entry, Value};
use crate::limits::{BASE_PIECE_ITEMS, BASE_PIECE_LEN};
use crate::resp;
use crate::units::WallMillis;

/// How far an entry has been written.
///
/// A string is `SET` and then `APPEND`, a collection `RPUSH`, `HSET`, `SADD` or `ZADD` again and
/// again, each with at most [`BASE_PIECE_ITEMS`] items and, unless one item is longer, about
/// [`BASE_PIECE_LEN`] bytes; `PEXPIREAT` ends it. A piece is found in `O(log n)`, so none takes
/// longer because the value is large.
///
/// An item cannot be taken apart in RESP, so one item is the bound of a piece where it is longer:
/// the piece ends right behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BasePieces {
    /// Chunks or items that are written.
    done: usize,
}

impl BasePieces {
    /// Writes pieces of the entry behind what is in `out`, at least one, until that is `len_max`
    /// long; true when all of the entry is written.
    pub fn write(&mut self, out: &mut Vec<u8>, key: &[u8], entry: &Entry, len_max: usize) -> bool {
        loop {
            let more = match &entry.value {
                Value::String(string) => {
                    let name: &[u8] = if self.done == 0 { b"SET" } else { b"APPEND" };
                    let piece = string.chunk(self.done).unwrap_or_default();
                    resp::write_command(out, &[name, key, piece]);
                    self.done += 1;
                    string.chunk(self.done).is_some()
                }
                Value::List(list) => {
                    let items = list.range(self.ranks());
                    self.items(out, [b"RPUSH", key], items, 1, list.len(), |item, args| {
                        args.push(item.into());
                    })
                }
                Value::Hash(fields) => {
                    let items = fields.range(self.ranks());
                    let len = fields.len();
                    self.items(
                        out,
                        [b"HSET", key],
                        items,
                        2,
                        len,
                        |(field, value), args| {
                            args.extend([field.into(), value.into()]);
                        },
                    )
                }
                Value::Set(set) => {
                    let items = set.range(self.ranks());
                    self.items(out, [b"SADD", key], items, 1, set.len(), |item, args| {
                        args.push(item.into());
                    })
                }
                Value::ZSet(zset) => {
                    let items = zset.range(self.ranks());
                    let len = zset.len();
                    self.items(
                        out,
                        [b"ZADD", key],
                        items,
                        2,
                        len,
                        |(score, member), args| {
                            args.extend([write_score(score).into(), member.into()]);
                        },
                    )
                }
            };
            if !more {
                break;
            }
            if out.len() >= len_max {
                return false;
            }
        }
        if let Some(expiry) = entry.expiry {
            write_expiry(out, key, expiry);
        }
        true
    }

    fn ranks(&self) -> core::ops::Range<usize> {
        self.done..self.done + BASE_PIECE_ITEMS
    }

    /// Writes one command with the next items; true if there are more.
    fn items<'a, T>(
        &mut self,
        out: &mut Vec<u8>,
        head: [&[u8]; 2],
        items: impl Iterator<Item = T>,
        args_of_item: usize,
        len: usize,
        mut push: impl FnMut(T, &mut Vec<Cow<'a, [u8]>>),
    ) -> bool {
        let (mut args, mut bytes) = (Vec::new(), 0);
        for item in items {
            let before = args.len();
            push(item, &mut args);
            bytes += args[before..].iter().map(|arg| arg.len()).sum::<usize>();
            if bytes >= BASE_PIECE_LEN {
                break;
            }
        }
        resp::write_argc(out, head.len() + args.len());
        head.iter().for_each(|arg| resp::write_bulk(out, arg));
        args.iter().for_each(|arg| resp::write_bulk(out, arg));
        self.done += args.len() / args_of_item;
        self.done < len
    }
}

fn write_expiry(out: &mut Vec<u8>, key: &[u8], expiry: WallMillis) {
    let mut millis = Vec::new();
    resp::write_integer(&mut millis, i64::try_from(expiry.0).unwrap_or(i64::MAX));
    resp::write_command(out, &[b"PEXPIREAT", key, &millis]);
}
