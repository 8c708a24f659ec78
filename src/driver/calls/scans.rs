//! What the scans have in common.

use std::vec::Vec;

use super::argv::Argv;
use crate::command::Reply;
use crate::driver::error::StoreError;
use crate::driver::from_reply::FromReply;
use crate::keyspace::ScanCursor;

/// A part of a scan.
#[derive(Clone, Debug, PartialEq)]
pub struct ScanPage<T> {
    /// Where to go on; none at the end.
    pub next: Option<ScanCursor>,
    /// What this part holds; it may be nothing before the end.
    pub items: Vec<T>,
}

impl<T: FromReply> FromReply for ScanPage<T> {
    fn from_reply(reply: Reply) -> Result<Self, StoreError> {
        let (cursor, items) = <(Vec<u8>, Vec<T>)>::from_reply(reply)?;
        let cursor = str::from_utf8(&cursor).ok();
        let cursor = cursor.and_then(|text| text.parse().ok());
        let cursor: u64 = cursor.ok_or(StoreError::UnexpectedReply)?;
        let next = (cursor != 0).then_some(ScanCursor(cursor));
        Ok(Self { next, items })
    }
}

/// The command of `HSCAN`, `SSCAN` and `ZSCAN`.
pub(super) fn scan(
    name: &str,
    key: impl AsRef<[u8]>,
    cursor: ScanCursor,
    pattern: impl AsRef<[u8]>,
    count: usize,
) -> Argv {
    let argv = Argv::new(name).arg(key).number(cursor.0);
    let argv = argv.arg("MATCH").arg(pattern);
    argv.arg("COUNT").number(count)
}
