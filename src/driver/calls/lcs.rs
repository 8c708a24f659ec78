//! The longest common subsequence of two strings.

use std::vec::Vec;

use super::argv::Argv;
use crate::command::Reply;
use crate::driver::error::StoreError;
use crate::driver::from_reply::{FromReply, parts};

/// A run of bytes that two strings have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LcsMatch {
    /// Its offset in the first string, in bytes.
    pub a: u64,
    /// Its offset in the second string, in bytes.
    pub b: u64,
    /// Its length in bytes.
    pub len: u64,
}

/// What [`Db::lcs_idx`](crate::Db::lcs_idx) finds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LcsMatches {
    /// The runs that are long enough, the last one first.
    pub matches: Vec<LcsMatch>,
    /// The length of the whole subsequence, in bytes.
    pub len: u64,
}

impl FromReply for LcsMatch {
    fn from_reply(reply: Reply) -> Result<Self, StoreError> {
        let [a, b, len] = parts(reply)?;
        let (a, _) = <(u64, u64)>::from_reply(a)?;
        let (b, _) = <(u64, u64)>::from_reply(b)?;
        let len = u64::from_reply(len)?;
        Ok(Self { a, b, len })
    }
}

impl FromReply for LcsMatches {
    fn from_reply(reply: Reply) -> Result<Self, StoreError> {
        let [_, matches, _, len] = parts(reply)?;
        Ok(Self {
            matches: FromReply::from_reply(matches)?,
            len: FromReply::from_reply(len)?,
        })
    }
}

reads! {
    /// The longest common subsequence of two strings.
    ///
    /// It takes `4 * (a + 1) * (b + 1)` bytes and as much time, during which writers wait; more than
    /// [`VALUE_LEN_MAX`](crate::limits::VALUE_LEN_MAX) bytes are refused.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// use indelible::LcsMatch;
    ///
    /// store.mset([("a", "ohmytext"), ("b", "mynewtext")])?;
    /// assert_eq!(store.lcs("a", "b")?, b"mytext");
    /// let runs = store.lcs_idx("a", "b", 4)?.matches;
    /// assert_eq!(runs, [LcsMatch { a: 4, b: 5, len: 4 }]);
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// The subsequence.
    fn lcs(a: impl AsRef<[u8]>, b: impl AsRef<[u8]>) -> Vec<u8> {
        Argv::new("LCS").arg(a).arg(b)
    }

    /// How long it is, in bytes.
    fn lcs_len(a: impl AsRef<[u8]>, b: impl AsRef<[u8]>) -> u64 {
        Argv::new("LCS").arg(a).arg(b).arg("LEN")
    }

    /// Its runs of at least `minmatchlen` bytes, and how long it is.
    fn lcs_idx(a: impl AsRef<[u8]>, b: impl AsRef<[u8]>, minmatchlen: u64) -> LcsMatches {
        let argv = Argv::new("LCS").arg(a).arg(b).arg("IDX");
        argv.arg("MINMATCHLEN").number(minmatchlen).arg("WITHMATCHLEN")
    }
}
