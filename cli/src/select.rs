//! What of a source counts: a point in its history, and some of its keys.

use clap::{Args, ValueEnum};
use indelible::command::glob_matches;
use indelible::keyspace::{EntryRef, Keyspace};
use indelible::limits::COLLECT_STEP;
use indelible::recover::Point;
use indelible::redis::LoadReport;
use indelible::units::{Lsn, WallMillis};
use serde_json::Value;

use crate::failure::Failure;
use crate::load::Loaded;
use crate::machine::random;
use crate::skipped;
use crate::source::Source;

/// Which state, and which of its keys.
#[derive(Clone, Debug, Default, Args)]
pub struct Selection {
    /// Takes only keys that match a pattern, as that of KEYS in Redis.
    #[arg(long = "match", value_name = "GLOB")]
    pub pattern: Option<String>,
    /// Takes only this database.
    #[arg(long, value_name = "N")]
    pub db: Option<u32>,
    /// Takes only values of this type.
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<Type>,
    /// Takes the state after this commit, of a log of indelible.
    #[arg(long, value_name = "N", conflicts_with = "at_time")]
    pub at_lsn: Option<u64>,
    /// Takes the state before the first write later than this: seconds since 1970, or
    /// 2026-11-24T02:00:00.000Z. Files of Redis need time stamps (aof-timestamp-enabled).
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub at_time: Option<WallMillis>,
    /// Leaves out what files of Redis hold that is not supported, and reports it: streams, what is of
    /// modules, functions, scripts, and what makes fields of hashes expire.
    #[arg(long)]
    pub skip_unsupported: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Type {
    String,
    List,
    Hash,
    Set,
    Zset,
}

impl Type {
    const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::List => "list",
            Self::Hash => "hash",
            Self::Set => "set",
            Self::Zset => "zset",
        }
    }
}

impl Selection {
    /// The point in history, if one is asked for.
    pub fn point(&self) -> Option<Point> {
        let lsn = self.at_lsn.map(|lsn| Point::Lsn(Lsn(lsn)));
        lsn.or_else(|| self.at_time.map(Point::Time))
    }

    /// Loads the state that is asked for.
    pub fn load(&self, source: &Source) -> Result<Loaded, Failure> {
        Loaded::at(source, self.point(), self.skip_unsupported)
    }

    /// What was left out, as data, if that was asked for.
    pub fn skipped(&self, loaded: &Loaded) -> Option<Value> {
        let report = match loaded {
            Loaded::Redis(loaded) => &loaded.report,
            Loaded::Log(_) => &LoadReport::default(),
        };
        self.skip_unsupported.then(|| skipped::to_json(report))
    }

    /// The keys that are selected; values are shared, not copied.
    pub fn of(&self, keyspace: &Keyspace) -> Keyspace {
        if self.takes_all_keys() {
            return keyspace.clone();
        }
        let mut selected = Keyspace::new(random());
        for db in keyspace.databases() {
            for (key, entry) in keyspace.iter(db) {
                if self.admits(db, key, entry) {
                    selected.insert(db, key, entry.to_entry());
                    let undo = selected.take_undo();
                    selected.retire(undo);
                    selected.collect(COLLECT_STEP);
                }
            }
        }
        selected
    }

    /// Whether no key is left out.
    pub fn takes_all_keys(&self) -> bool {
        self.pattern.is_none() && self.db.is_none() && self.kind.is_none()
    }

    /// Whether a key is selected.
    pub fn admits(&self, db: u32, key: &[u8], entry: EntryRef<'_>) -> bool {
        let pattern = self.pattern.as_ref();
        self.db.is_none_or(|wanted| wanted == db)
            && self
                .kind
                .is_none_or(|kind| kind.as_str() == entry.type_name())
            && pattern.is_none_or(|pattern| glob_matches(pattern.as_bytes(), key))
    }
}

/// Seconds since 1970, with up to three decimals, or `YYYY-MM-DDTHH:MM:SS[.mmm]Z`.
fn parse_time(text: &str) -> Result<WallMillis, String> {
    seconds(text)
        .or_else(|| calendar(text))
        .map(WallMillis)
        .ok_or_else(|| "expected seconds since 1970, or 2026-11-24T02:00:00.000Z".to_owned())
}

fn seconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    digits(whole)?
        .checked_mul(1_000)?
        .checked_add(millis(fraction)?)
}

fn millis(fraction: &str) -> Option<u64> {
    let padded = format!("{fraction:0<3}");
    (fraction.len() <= 3).then(|| digits(&padded)).flatten()
}

fn digits(text: &str) -> Option<u64> {
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| text.parse().ok()).flatten()
}

fn calendar(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let parts = |text: &str, by| text.split(by).map(digits).collect::<Option<Vec<_>>>();
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let (date, clock) = (parts(date, '-')?, parts(clock, ':')?);
    let ([year, month, day], [hour, minute, second]) = (&date[..], &clock[..]) else {
        return None;
    };
    let in_range = (1970..=9999).contains(year)
        && (1..=12).contains(month)
        && (1..=31).contains(day)
        && *hour < 24
        && *minute < 60
        && *second < 60;
    let days = in_range.then(|| days_since_1970(*year, *month, *day))?;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + millis(fraction)?)
}

/// Days of the Gregorian calendar, counted in years that begin in March.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = match month {
        1 | 2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_dates() {
        for (text, expected) in [
            ("0", Some(0)),
            ("1700000000", Some(1_700_000_000_000)),
            ("1700000000.25", Some(1_700_000_000_250)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2023-11-14T22:13:20Z", Some(1_700_000_000_000)),
            ("2000-02-29T00:00:00.5Z", Some(951_782_400_500)),
            ("2023-11-14", None),
            ("2023-13-14T22:13:20Z", None),
            ("-1", None),
            ("1.2345", None),
            ("", None),
        ] {
            assert_eq!(parse_time(text).ok(), expected.map(WallMillis), "{text}");
        }
    }
}
