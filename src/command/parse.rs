//! argv to [`Command`], as strict as Redis and in its words.

use alloc::vec::Vec;

use super::call::Call;
use super::lookup::{self, Known};
use super::types::{ExpireConditions, ExpireTime, SetCondition, SetExpiry, SetOptions};
use super::{Command, CommandError};
use crate::keyspace::{ScanCursor, Str};
use crate::limits::{ARGC_MAX, DATABASES_MAX};
use crate::resp::parse_integer;

/// Entries that a scan looks at unless it says otherwise.
const SCAN_COUNT: usize = 10;
/// Reads the arguments of one command.
type Parse = fn(Args<'_>) -> Result<Command, CommandError>;

/// Name, least and most arguments (the name included), and what reads them.
pub(super) type Parser = (&'static str, usize, usize, Parse);

/// Every command that has a variant of its own, sorted by name.
pub(super) static COMMANDS: &[Parser] = &[
    ("append", 3, 3, |a| {
        let (key, value) = a.key_value();
        Ok(Command::Append { key, value })
    }),
    ("dbsize", 1, 1, |_| Ok(Command::DbSize)),
    ("decr", 2, 2, |a| Ok(Command::Decr { key: a.key() })),
    ("decrby", 3, 3, |a| {
        let by = a.integer(2)?;
        Ok(Command::DecrBy { key: a.key(), by })
    }),
    ("del", 2, ARGC_MAX, |a| Ok(Command::Del { keys: a.keys() })),
    ("echo", 2, 2, |a| {
        let message = Str::from(a.argv[1]);
        Ok(Command::Echo { message })
    }),
    ("exists", 2, ARGC_MAX, |a| {
        Ok(Command::Exists { keys: a.keys() })
    }),
    ("expire", 3, ARGC_MAX, |a| a.expire(ExpireTime::Seconds)),
    ("expireat", 3, ARGC_MAX, |a| {
        a.expire(ExpireTime::UnixSeconds)
    }),
    ("expiretime", 2, 2, |a| {
        Ok(Command::ExpireTime { key: a.key() })
    }),
    ("flushall", 1, ARGC_MAX, |a| a.flush(Command::FlushAll)),
    ("flushdb", 1, ARGC_MAX, |a| a.flush(Command::FlushDb)),
    ("get", 2, 2, |a| Ok(Command::Get { key: a.key() })),
    ("getdel", 2, 2, |a| Ok(Command::GetDel { key: a.key() })),
    ("getset", 3, 3, |a| {
        let (key, value) = a.key_value();
        Ok(Command::GetSet { key, value })
    }),
    ("incr", 2, 2, |a| Ok(Command::Incr { key: a.key() })),
    ("incrby", 3, 3, |a| {
        let by = a.integer(2)?;
        Ok(Command::IncrBy { key: a.key(), by })
    }),
    ("keys", 2, 2, |a| {
        let pattern = a.argv[1].to_vec();
        Ok(Command::Keys { pattern })
    }),
    ("mget", 2, ARGC_MAX, |a| {
        Ok(Command::MGet { keys: a.keys() })
    }),
    ("mset", 3, ARGC_MAX, |a| {
        let pairs = a.pairs("mset")?;
        Ok(Command::MSet { pairs })
    }),
    ("msetnx", 3, ARGC_MAX, |a| {
        let pairs = a.pairs("msetnx")?;
        Ok(Command::MSetNx { pairs })
    }),
    ("persist", 2, 2, |a| Ok(Command::Persist { key: a.key() })),
    ("pexpire", 3, ARGC_MAX, |a| a.expire(ExpireTime::Millis)),
    ("pexpireat", 3, ARGC_MAX, |a| {
        a.expire(ExpireTime::UnixMillis)
    }),
    ("pexpiretime", 2, 2, |a| {
        Ok(Command::PExpireTime { key: a.key() })
    }),
    ("ping", 1, 2, |a| {
        let message = a.argv.get(1).map(|message| Str::from(*message));
        Ok(Command::Ping { message })
    }),
    ("psetex", 4, 4, |a| {
        let millis = millis(a.argv[2], Unit::Millis, "psetex")?;
        let (key, value) = (a.key(), Str::from(a.argv[3]));
        Ok(Command::PSetEx { key, millis, value })
    }),
    ("pttl", 2, 2, |a| Ok(Command::PTtl { key: a.key() })),
    ("scan", 2, ARGC_MAX, |a| a.scan()),
    ("select", 2, 2, |a| {
        let db = i32::try_from(a.integer(1)?).map_err(|_| CommandError::NotAnInteger32)?;
        let db = u32::try_from(db).ok();
        let db = db.filter(|db| *db < DATABASES_MAX);
        let db = db.ok_or(CommandError::InvalidDb)?;
        Ok(Command::Select { db })
    }),
    ("set", 3, ARGC_MAX, |a| a.set()),
    ("setex", 4, 4, |a| {
        let millis = millis(a.argv[2], Unit::Seconds, "setex")?;
        let (key, value) = (a.key(), Str::from(a.argv[3]));
        Ok(Command::SetEx { key, millis, value })
    }),
    ("setnx", 3, 3, |a| {
        let (key, value) = a.key_value();
        Ok(Command::SetNx { key, value })
    }),
    ("strlen", 2, 2, |a| Ok(Command::StrLen { key: a.key() })),
    ("ttl", 2, 2, |a| Ok(Command::Ttl { key: a.key() })),
    ("type", 2, 2, |a| Ok(Command::Type { key: a.key() })),
    ("unlink", 2, ARGC_MAX, |a| {
        Ok(Command::Unlink { keys: a.keys() })
    }),
];

impl Command {
    /// Reads a command from its name and arguments.
    ///
    /// # Errors
    /// As Redis 7.0.15 refuses it, in its words.
    pub fn parse(argv: &[&[u8]]) -> Result<Self, CommandError> {
        let known = argv.first().and_then(|name| lookup::find(name));
        let (name, least, most, parse) = match known {
            Some(Known::Parser(parser)) => parser,
            Some(Known::Call(spec)) => return Ok(Self::Call(Call::parse(spec, argv)?)),
            None => {
                let refusal = super::blocking::refusal(argv);
                return Err(refusal.unwrap_or_else(|| CommandError::unknown(argv)));
            }
        };
        if argv.len() > ARGC_MAX {
            return Err(CommandError::TooManyArguments);
        }
        if argv.len() < *least || argv.len() > *most {
            return Err(CommandError::WrongArity { name });
        }
        parse(Args { argv })
    }
}

#[derive(Clone, Copy)]
pub(super) struct Args<'a> {
    argv: &'a [&'a [u8]],
}

impl Args<'_> {
    fn key(self) -> Vec<u8> {
        self.argv[1].to_vec()
    }

    fn key_value(self) -> (Vec<u8>, Str) {
        (self.key(), Str::from(self.argv[2]))
    }

    fn keys(self) -> Vec<Vec<u8>> {
        self.argv[1..].iter().map(|key| key.to_vec()).collect()
    }

    fn pairs(self, name: &'static str) -> Result<Vec<(Vec<u8>, Str)>, CommandError> {
        let pairs = self.argv[1..].chunks_exact(2);
        if !pairs.remainder().is_empty() {
            return Err(CommandError::WrongArity { name });
        }
        Ok(pairs.map(|p| (p[0].to_vec(), Str::from(p[1]))).collect())
    }

    fn integer(self, at: usize) -> Result<i64, CommandError> {
        parse_integer(self.argv[at]).ok_or(CommandError::NotAnInteger)
    }

    fn flush(self, command: Command) -> Result<Command, CommandError> {
        match &self.argv[1..] {
            [] => Ok(command),
            [how] if is(how, "async") || is(how, "sync") => Ok(command),
            _ => Err(CommandError::Syntax),
        }
    }

    fn expire(self, time: fn(i64) -> ExpireTime) -> Result<Command, CommandError> {
        let mut conditions = ExpireConditions::default();
        for option in &self.argv[3..] {
            let condition = match () {
                () if is(option, "nx") => &mut conditions.nx,
                () if is(option, "xx") => &mut conditions.xx,
                () if is(option, "gt") => &mut conditions.gt,
                () if is(option, "lt") => &mut conditions.lt,
                () => return Err(CommandError::unsupported(option)),
            };
            *condition = true;
        }
        conditions.check()?;
        Ok(Command::Expire {
            key: self.key(),
            time: time(self.integer(2)?),
            conditions,
        })
    }

    fn set(self) -> Result<Command, CommandError> {
        let mut options = SetOptions::default();
        let mut rest = self.argv[3..].iter();
        // Redis reads all options before it looks at the number.
        let mut time: Option<(&[u8], MakeExpiry, Unit, &[u8])> = None;
        while let Some(option) = rest.next() {
            let condition = options.condition;
            match () {
                () if is(option, "nx") && condition != Some(SetCondition::Present) => {
                    options.condition = Some(SetCondition::Absent);
                }
                () if is(option, "xx") && condition != Some(SetCondition::Absent) => {
                    options.condition = Some(SetCondition::Present);
                }
                () if is(option, "get") => options.get = true,
                () if is(option, "keepttl") && time.is_none() => {
                    options.expiry = SetExpiry::Keep;
                }
                () => {
                    let (make, unit) = set_expiry(option).ok_or(CommandError::Syntax)?;
                    // The same option again counts instead of the first.
                    let same = time.is_none_or(|(name, ..)| option.eq_ignore_ascii_case(name));
                    let free = same && options.expiry == SetExpiry::Never;
                    let number = rest.next().filter(|_| free).ok_or(CommandError::Syntax)?;
                    time = Some((*option, make, unit, *number));
                }
            }
        }
        if let Some((_, make, unit, number)) = time {
            options.expiry = make(millis(number, unit, "set")?);
        }
        let (key, value) = self.key_value();
        Ok(Command::Set {
            key,
            value,
            options,
        })
    }

    fn scan(self) -> Result<Command, CommandError> {
        let cursor = scan_cursor(self.argv[1]).ok_or(CommandError::InvalidCursor)?;
        let (mut pattern, mut count, mut type_name) = (None, SCAN_COUNT, None);
        for option in self.argv[2..].chunks(2) {
            let [option, value] = option else {
                return Err(CommandError::Syntax);
            };
            match () {
                () if is(option, "match") => pattern = Some(value.to_vec()),
                () if is(option, "type") => type_name = Some(value.to_ascii_lowercase()),
                () if is(option, "count") => {
                    let number = parse_integer(value).ok_or(CommandError::NotAnInteger)?;
                    let number = usize::try_from(number).ok().filter(|number| *number > 0);
                    count = number.ok_or(CommandError::Syntax)?;
                }
                () => return Err(CommandError::Syntax),
            }
        }
        Ok(Command::Scan {
            cursor,
            pattern,
            count,
            type_name,
        })
    }
}

impl ExpireConditions {
    pub(super) const fn check(self) -> Result<(), CommandError> {
        if self.nx && (self.xx || self.gt || self.lt) {
            return Err(CommandError::ExclusiveNx);
        }
        if self.gt && self.lt {
            return Err(CommandError::ExclusiveGtLt);
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Unit {
    Seconds,
    Millis,
}

/// Makes an expiry of a number.
type MakeExpiry = fn(i64) -> SetExpiry;

fn set_expiry(option: &[u8]) -> Option<(MakeExpiry, Unit)> {
    match () {
        () if is(option, "ex") => Some((SetExpiry::In, Unit::Seconds)),
        () if is(option, "px") => Some((SetExpiry::In, Unit::Millis)),
        () if is(option, "exat") => Some((SetExpiry::At, Unit::Seconds)),
        () if is(option, "pxat") => Some((SetExpiry::At, Unit::Millis)),
        () => None,
    }
}

/// A positive time in milliseconds.
fn millis(number: &[u8], unit: Unit, name: &'static str) -> Result<i64, CommandError> {
    let number = parse_integer(number).ok_or(CommandError::NotAnInteger)?;
    let millis = match unit {
        Unit::Seconds => number.checked_mul(1_000),
        Unit::Millis => Some(number),
    };
    let millis = millis.filter(|millis| *millis > 0);
    millis.ok_or(CommandError::InvalidExpire { name })
}

fn scan_cursor(text: &[u8]) -> Option<ScanCursor> {
    let text = core::str::from_utf8(text).ok()?;
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).map(ScanCursor)
}

fn is(option: &[u8], name: &str) -> bool {
    option.eq_ignore_ascii_case(name.as_bytes())
}
