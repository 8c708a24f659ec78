//! `SORT`.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::call::{Argv, MANY, Result, Spec, is};
use super::kind::{bulk, int};
use super::log::Arg;
use super::number::{integer, lax_float};
use super::{CommandError, Reply, View, Writer};
use crate::keyspace::{List, Value};
use crate::limits::{BASE_PIECE_ITEMS, KEY_LEN_MAX};

pub(super) static SPECS: &[Spec] = &[
    Spec::write("sort", 2, MANY, sort),
    Spec::read("sort_ro", 2, MANY, sort_ro),
];

#[derive(Default)]
struct Args<'a> {
    descending: bool,
    alpha: bool,
    limit: Option<(i64, i64)>,
    store: Option<&'a [u8]>,
    by: Option<&'a [u8]>,
    get: Vec<&'a [u8]>,
}

impl<'a> Args<'a> {
    fn parse(argv: &'a [Vec<u8>], may_store: bool) -> Result<Self> {
        let (mut args, mut rest) = (Self::default(), argv);
        while let Some((option, behind)) = rest.split_first() {
            rest = match behind {
                _ if is(option, "asc") => {
                    args.descending = false;
                    behind
                }
                _ if is(option, "desc") => {
                    args.descending = true;
                    behind
                }
                _ if is(option, "alpha") => {
                    args.alpha = true;
                    behind
                }
                [offset, count, behind @ ..] if is(option, "limit") => {
                    args.limit = Some((integer(offset)?, integer(count)?));
                    behind
                }
                [key, behind @ ..] if is(option, "store") && may_store => {
                    args.store = Some(key);
                    behind
                }
                [pattern, behind @ ..] if is(option, "by") => {
                    args.by = Some(pattern);
                    behind
                }
                [pattern, behind @ ..] if is(option, "get") => {
                    args.get.push(pattern);
                    behind
                }
                _ => return Err(CommandError::Syntax),
            };
        }
        Ok(args)
    }

    /// Whether the elements stay in their order.
    fn unsorted(&self) -> bool {
        self.by.is_some_and(|by| !by.contains(&b'*'))
    }
}

/// What a pattern leads to from an element: the string of the key, or of the field behind `->`.
fn look_up(view: View<'_>, pattern: &[u8], element: &[u8]) -> Option<Vec<u8>> {
    if pattern == b"#" {
        return Some(element.to_vec());
    }
    let star = pattern.iter().position(|byte| *byte == b'*')?;
    let arrow = pattern[star + 1..].windows(2).position(|it| it == b"->");
    let arrow = arrow.map(|at| star + 1 + at);
    let arrow = arrow.filter(|at| at + 2 < pattern.len());
    let end = arrow.unwrap_or(pattern.len());
    let key = [&pattern[..star], element, &pattern[star + 1..end]].concat();
    let entry = view.live(&key)?;
    match (entry.as_collection(), arrow) {
        (None, None) => entry.as_string().map(|string| string.to_vec()),
        (Some(Value::Hash(fields)), Some(at)) => fields.get(&pattern[at + 2..]).map(<[u8]>::to_vec),
        _ => None,
    }
}

fn elements(view: View<'_>, key: &[u8], args: &Args<'_>) -> Result<(Vec<Vec<u8>>, bool)> {
    let owned = |all: &mut dyn Iterator<Item = &[u8]>| all.map(<[u8]>::to_vec).collect();
    let Some(entry) = view.live(key) else {
        return Ok((Vec::new(), false));
    };
    Ok(match entry.as_collection() {
        Some(Value::List(list)) => (owned(&mut list.iter()), false),
        Some(Value::Set(set)) => (owned(&mut set.iter()), args.store.is_some()),
        Some(Value::ZSet(zset)) => {
            let mut members = zset.iter().map(|(_, member)| member);
            match args.unsorted() && args.descending {
                true => (owned(&mut members.rev()), false),
                false => (owned(&mut members), false),
            }
        }
        _ => return Err(CommandError::WrongType),
    })
}

/// The elements in order; an answer's worth of replies.
fn sorted(view: View<'_>, key: &[u8], args: &Args<'_>) -> Result<Vec<Option<Vec<u8>>>> {
    let (all, must_sort) = elements(view, key, args)?;
    let len = all.len();
    let mut all: Vec<(Vec<u8>, Option<Vec<u8>>, f64)> = all
        .into_iter()
        .map(|element| (element, None, 0.0))
        .collect();
    // A set has no order of its own: what is stored of it is sorted by its bytes.
    let (unsorted, alpha) = match args.unsorted() && must_sort {
        true => (false, true),
        false => (args.unsorted(), args.alpha),
    };
    if !unsorted {
        let by = args.by.filter(|_| !args.unsorted());
        for (element, weight, number) in &mut all {
            *weight = match by {
                Some(pattern) => look_up(view, pattern, element),
                None => Some(element.clone()),
            };
            if !alpha && let Some(weight) = weight {
                *number = match weight.is_empty() {
                    true => 0.0,
                    false => {
                        let number = lax_float(weight).filter(|(_, fits)| *fits);
                        number.ok_or(CommandError::NotSortable)?.0
                    }
                };
            }
        }
        all.sort_by(|one, two| {
            let order = match alpha {
                true => one.1.cmp(&two.1),
                false => one.2.partial_cmp(&two.2).unwrap_or(Ordering::Equal),
            };
            // Equal weights are told apart by the elements, as long as weights are numbers.
            let order = match alpha && by.is_some() {
                true => order,
                false => order.then_with(|| one.0.cmp(&two.0)),
            };
            if args.descending {
                order.reverse()
            } else {
                order
            }
        });
    }
    let (offset, count) = args.limit.unwrap_or((0, -1));
    let offset = usize::try_from(offset).unwrap_or(0).min(len);
    let count = usize::try_from(count).unwrap_or(len).min(len - offset);
    let chosen = all.into_iter().skip(offset).take(count);
    let values = chosen.flat_map(|(element, _, _)| match args.get.is_empty() {
        true => Vec::from([Some(element)]),
        false => args
            .get
            .iter()
            .map(|pattern| look_up(view, pattern, &element))
            .collect(),
    });
    Ok(values.collect())
}

fn reply(found: Vec<Option<Vec<u8>>>) -> Reply {
    let replies = found.into_iter();
    let replies = replies.map(|value| value.map_or(Reply::Nil, |value| bulk(&value)));
    Reply::Array(replies.collect())
}

fn sort_ro(view: View<'_>, argv: &Argv) -> Result {
    let args = Args::parse(&argv[2..], false)?;
    Ok(reply(sorted(view, &argv[1], &args)?))
}

fn sort(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let args = Args::parse(&argv[2..], true)?;
    let found = sorted(writer.view(&argv[1..2]), &argv[1], &args)?;
    let Some(target) = args.store else {
        return Ok(reply(found));
    };
    if target.len() > KEY_LEN_MAX {
        return Err(CommandError::TooLong);
    }
    let replaced = writer.live(target).is_some();
    let mut list = List::default();
    for value in &found {
        list.push_back(value.as_deref().unwrap_or_default());
    }
    writer.store_kind(target, list);
    // Not as it came: patterns may have led to keys that have expired, and are there in a load.
    if replaced {
        writer.log.push(writer.db, "DEL", &[Arg::Bytes(target)]);
    }
    for items in found.chunks(BASE_PIECE_ITEMS) {
        writer.log.begin(writer.db, 2 + items.len(), "RPUSH");
        writer.log.arg(Arg::Bytes(target));
        for item in items {
            let item = item.as_deref().unwrap_or_default();
            writer.log.arg(Arg::Bytes(item));
        }
    }
    Ok(int(found.len()))
}
