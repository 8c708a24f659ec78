//! When keys expire.

use std::time::{Duration, SystemTime};

use crate::command::{Command, ExpireConditions, ExpireTime, Reply};
use crate::driver::clock;
use crate::driver::commands::{bytes, signed};
use crate::driver::error::StoreError;
use crate::driver::from_reply::FromReply;

/// How long a key stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ttl {
    /// There is no such key.
    Missing,
    /// The key stays.
    Never,
    /// So much is left.
    Left(Duration),
}

/// When a key expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expires {
    /// There is no such key.
    Missing,
    /// The key stays.
    Never,
    /// At this time.
    At(SystemTime),
}

/// What Redis answers for a key that does not expire.
const NEVER: i64 = -1;
/// What Redis answers for a key that is not there.
const MISSING: i64 = -2;

impl FromReply for Ttl {
    fn from_reply(reply: Reply) -> Result<Self, StoreError> {
        match i64::from_reply(reply)? {
            MISSING => Ok(Self::Missing),
            NEVER => Ok(Self::Never),
            millis => Ok(Self::Left(duration(millis)?)),
        }
    }
}

impl FromReply for Expires {
    fn from_reply(reply: Reply) -> Result<Self, StoreError> {
        match i64::from_reply(reply)? {
            MISSING => Ok(Self::Missing),
            NEVER => Ok(Self::Never),
            millis => {
                let at = SystemTime::UNIX_EPOCH.checked_add(duration(millis)?);
                at.map(Self::At).ok_or(StoreError::UnexpectedReply)
            }
        }
    }
}

fn duration(millis: i64) -> Result<Duration, StoreError> {
    let millis = u64::try_from(millis).map_err(|_| StoreError::UnexpectedReply)?;
    Ok(Duration::from_millis(millis))
}

reads! {
    /// Expiry: reading.
    impl Db;

    /// How long `key` stays.
    fn ttl(key: impl AsRef<[u8]>) -> Ttl {
        Command::PTtl { key: bytes(key) }
    }

    /// When `key` expires.
    fn expiretime(key: impl AsRef<[u8]>) -> Expires {
        Command::PExpireTime { key: bytes(key) }
    }
}

writes! {
    /// Expiry: writing.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// use std::time::Duration;
    ///
    /// use indelible::{ExpireConditions, Ttl};
    ///
    /// store.set("session", "Ada")?;
    /// store.expire_in("session", Duration::from_secs(60))?;
    /// let longer = ExpireConditions { gt: true, ..ExpireConditions::default() };
    /// assert!(!store.expire_in_with("session", Duration::from_secs(30), longer)?);
    /// assert!(matches!(store.ttl("session")?, Ttl::Left(left) if left.as_secs() >= 30));
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// Lets a key expire at this time; whether it was there.
    fn expire_at(key: impl AsRef<[u8]>, time: SystemTime) -> bool {
        expire(key, unix(time), ExpireConditions::default())
    }

    /// Lets a key expire at this time, if the conditions hold; whether they did.
    fn expire_at_with(
        key: impl AsRef<[u8]>,
        time: SystemTime,
        conditions: ExpireConditions,
    ) -> bool {
        expire(key, unix(time), conditions)
    }

    /// Lets a key expire after this time; whether it was there.
    fn expire_in(key: impl AsRef<[u8]>, time: Duration) -> bool {
        expire(key, from_now(time), ExpireConditions::default())
    }

    /// Lets a key expire after this time, if the conditions hold; whether they did.
    fn expire_in_with(key: impl AsRef<[u8]>, time: Duration, conditions: ExpireConditions) -> bool {
        expire(key, from_now(time), conditions)
    }

    /// Lets a key stay; whether it was going to expire.
    fn persist(key: impl AsRef<[u8]>) -> bool {
        Command::Persist { key: bytes(key) }
    }
}

fn expire(key: impl AsRef<[u8]>, time: ExpireTime, conditions: ExpireConditions) -> Command {
    Command::Expire {
        key: bytes(key),
        time,
        conditions,
    }
}

fn unix(time: SystemTime) -> ExpireTime {
    ExpireTime::UnixMillis(signed(clock::wall(time).0))
}

fn from_now(time: Duration) -> ExpireTime {
    ExpireTime::Millis(signed(clock::millis(time)))
}
