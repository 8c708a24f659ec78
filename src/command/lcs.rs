//! `LCS`: the longest common subsequence of two strings.

use alloc::vec::Vec;

use super::call::{Argv, MANY, Result, Spec, is};
use super::kind::{bulk, int};
use super::number::integer;
use super::{CommandError, Reply, View};
use crate::limits::VALUE_LEN_MAX;

pub(super) static SPECS: &[Spec] = &[Spec::read("lcs", 3, MANY, lcs)];

#[derive(Default)]
struct Options {
    len: bool,
    idx: bool,
    with_match_len: bool,
    min_match_len: i64,
}

impl Options {
    fn parse(argv: &[Vec<u8>]) -> Result<Self> {
        let (mut options, mut rest) = (Self::default(), argv.iter());
        while let Some(option) = rest.next() {
            match () {
                () if is(option, "idx") => options.idx = true,
                () if is(option, "len") => options.len = true,
                () if is(option, "withmatchlen") => options.with_match_len = true,
                () if is(option, "minmatchlen") && rest.len() > 0 => {
                    options.min_match_len = integer(rest.next().map_or(b"", |it| it))?;
                }
                () => return Err(CommandError::Syntax),
            }
        }
        if options.idx && options.len {
            return Err(CommandError::LcsLenAndIdx);
        }
        Ok(options)
    }
}

/// For each pair of beginnings, how long their longest common subsequence is.
struct Table {
    lens: Vec<u32>,
    width: usize,
}

impl Table {
    /// It takes `4 * (a + 1) * (b + 1)` bytes, and as much time; at most as many as a value.
    fn of(a: &[u8], b: &[u8]) -> Result<Self> {
        let width = b.len() + 1;
        let cells = width.saturating_mul(a.len() + 1);
        if cells > VALUE_LEN_MAX / size_of::<u32>() {
            return Err(CommandError::LcsTooLong);
        }
        let mut lens = Vec::new();
        let reserved = lens.try_reserve_exact(cells);
        reserved.map_err(|_| CommandError::LcsNoMemory)?;
        lens.resize(width, 0);
        for (row, one) in a.iter().enumerate() {
            lens.push(0);
            for (column, other) in b.iter().enumerate() {
                let above = row * width + column;
                lens.push(match one == other {
                    true => lens[above] + 1,
                    false => lens[above + 1].max(lens[above + width]),
                });
            }
        }
        Ok(Self { lens, width })
    }

    fn len(&self, a: usize, b: usize) -> u32 {
        self.lens[a * self.width + b]
    }
}

/// What is the same in both, from its end on.
struct Match {
    a: usize,
    b: usize,
    len: usize,
}

/// The subsequence as its runs, the last one first.
fn matches(table: &Table, a: &[u8], b: &[u8]) -> Vec<Match> {
    let (mut at, mut other) = (a.len(), b.len());
    let (mut runs, mut goes_on) = (Vec::<Match>::new(), false);
    while at > 0 && other > 0 {
        if a[at - 1] == b[other - 1] {
            (at, other) = (at - 1, other - 1);
            match runs.last_mut().filter(|_| goes_on) {
                Some(run) => {
                    *run = Match {
                        a: at,
                        b: other,
                        len: run.len + 1,
                    }
                }
                None => runs.push(Match {
                    a: at,
                    b: other,
                    len: 1,
                }),
            }
            goes_on = true;
        } else {
            match table.len(at - 1, other) > table.len(at, other - 1) {
                true => at -= 1,
                false => other -= 1,
            }
            goes_on = false;
        }
    }
    runs
}

fn lcs(view: View<'_>, argv: &Argv) -> Result {
    let string = |key| match view.live(key).map(|entry| entry.as_string()) {
        None => Ok(Vec::new()),
        Some(Some(string)) => Ok(string.to_vec()),
        Some(None) => Err(CommandError::LcsNotStrings),
    };
    let (a, b) = (string(&argv[1])?, string(&argv[2])?);
    let options = Options::parse(&argv[3..])?;
    let table = Table::of(&a, &b)?;
    let len = int(table.len(a.len(), b.len()) as usize);
    if options.len {
        return Ok(len);
    }
    let runs = matches(&table, &a, &b);
    if !options.idx {
        let runs = runs.iter().rev();
        let found: Vec<u8> = runs
            .flat_map(|run| &a[run.a..run.a + run.len])
            .copied()
            .collect();
        return Ok(bulk(&found));
    }
    let is_long = |run: &&Match| run.len as i64 >= options.min_match_len;
    let replies = runs.iter().filter(is_long).map(|run| {
        let range = |from: usize| Reply::Array(Vec::from([int(from), int(from + run.len - 1)]));
        let mut parts = Vec::from([range(run.a), range(run.b)]);
        if options.with_match_len {
            parts.push(int(run.len));
        }
        Reply::Array(parts)
    });
    Ok(Reply::Array(Vec::from([
        bulk(b"matches"),
        Reply::Array(replies.collect()),
        bulk(b"len"),
        len,
    ])))
}
