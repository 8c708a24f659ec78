//! Every command by its name: one table, merged by the compiler from those of the types.

use core::cmp::Ordering;

use super::call::{self, Spec};
use super::parse::{self, Parser};

/// What reads a command's arguments.
#[derive(Clone, Copy)]
pub(super) enum Known {
    /// Into a variant of its own.
    Parser(&'static Parser),
    /// It is kept as its arguments.
    Call(&'static Spec),
}

impl Known {
    const fn name(&self) -> &'static str {
        match self {
            Self::Parser(parser) => parser.0,
            Self::Call(spec) => spec.name,
        }
    }
}

/// What a name, in any case, stands for.
pub(super) fn find(name: &[u8]) -> Option<Known> {
    let mut lower = [0; NAME_LEN_MAX];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    let found = ALL.binary_search_by(|known| known.name().as_bytes().cmp(lower));
    found.ok().map(|at| ALL[at])
}

/// Sorted by name, each name once.
static ALL: [Known; COUNT] = merged();

const COUNT: usize = {
    let (mut count, mut table) = (parse::COMMANDS.len(), 0);
    while table < call::TABLES.len() {
        count += call::TABLES[table].len();
        table += 1;
    }
    count
};

/// Longest name, in bytes.
const NAME_LEN_MAX: usize = {
    let (all, mut longest, mut at) = (merged(), 0, 0);
    while at < COUNT {
        let len = all[at].name().len();
        longest = if len > longest { len } else { longest };
        at += 1;
    }
    longest
};

/// Takes the least of what the tables, which are sorted, have left, until nothing is left.
const fn merged() -> [Known; COUNT] {
    let mut all = [Known::Parser(&parse::COMMANDS[0]); COUNT];
    let (mut taken, mut parsers) = ([0; call::TABLES.len()], 0);
    let mut at = 0;
    while at < COUNT {
        let (mut least, mut from, mut table) = (None, None, 0);
        if parsers < parse::COMMANDS.len() {
            least = Some(Known::Parser(&parse::COMMANDS[parsers]));
        }
        while table < call::TABLES.len() {
            let specs = call::TABLES[table];
            if taken[table] < specs.len() {
                let next = Known::Call(&specs[taken[table]]);
                if is_before(&next, &least) {
                    (least, from) = (Some(next), Some(table));
                }
            }
            table += 1;
        }
        match from {
            Some(table) => taken[table] += 1,
            None => parsers += 1,
        }
        all[at] = least.expect("so many are left");
        assert!(
            at == 0 || matches!(compare(all[at - 1].name(), all[at].name()), Ordering::Less),
            "each table is sorted, and no name is in two"
        );
        at += 1;
    }
    all
}

const fn is_before(one: &Known, other: &Option<Known>) -> bool {
    match other {
        Some(other) => matches!(compare(one.name(), other.name()), Ordering::Less),
        None => true,
    }
}

const fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() {
        if one[at] != other[at] {
            return match one[at] < other[at] {
                true => Ordering::Less,
                false => Ordering::Greater,
            };
        }
        at += 1;
    }
    match (one.len(), other.len()) {
        (one, other) if one < other => Ordering::Less,
        (one, other) if one > other => Ordering::Greater,
        _ => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_any_case_finds_its_own() {
        for known in &ALL {
            let upper = known.name().to_ascii_uppercase();
            for name in [known.name(), &upper] {
                let found = find(name.as_bytes()).map(|it| it.name());
                assert_eq!(found, Some(known.name()));
            }
        }
    }

    #[test]
    fn other_names_find_nothing() {
        for name in [
            "",
            "ge",
            "gett",
            "zzz",
            "georadiusbymember_rox",
            "get\0",
            "\u{fc}",
        ] {
            assert!(find(name.as_bytes()).is_none(), "{name}");
        }
    }
}
