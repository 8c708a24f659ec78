//! The arguments that `HSCAN`, `SSCAN` and `ZSCAN` share.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::call::{Result, is};
use super::glob::glob_matches;
use super::kind::bulk;
use super::number::integer;
use super::{CommandError, Reply};

/// `[MATCH pattern] [COUNT count]`
pub(super) struct ScanArgs<'a> {
    pub count: usize,
    pattern: Option<&'a [u8]>,
}

impl<'a> ScanArgs<'a> {
    pub fn cursor(text: &[u8]) -> Result<u64> {
        let digits = text.iter().all(u8::is_ascii_digit);
        let text = core::str::from_utf8(text).ok().filter(|_| digits);
        let cursor = text.and_then(|text| text.parse().ok());
        cursor.ok_or(CommandError::InvalidCursor)
    }

    pub fn parse(argv: &'a [Vec<u8>]) -> Result<Self> {
        let mut args = Self {
            count: 10,
            pattern: None,
        };
        for option in argv.chunks(2) {
            match option {
                [name, pattern] if is(name, "match") => args.pattern = Some(pattern),
                [name, count] if is(name, "count") => {
                    let count = usize::try_from(integer(count)?).ok();
                    let count = count.filter(|count| *count > 0);
                    args.count = count.ok_or(CommandError::Syntax)?;
                }
                _ => return Err(CommandError::Syntax),
            }
        }
        Ok(args)
    }

    pub fn matches(&self, name: &[u8]) -> bool {
        self.pattern
            .is_none_or(|pattern| glob_matches(pattern, name))
    }

    pub fn reply(next: u64, found: Vec<Reply>) -> Reply {
        let next = bulk(next.to_string().as_bytes());
        Reply::Array(Vec::from([next, Reply::Array(found)]))
    }

    pub fn nothing() -> Reply {
        Self::reply(0, Vec::new())
    }
}
