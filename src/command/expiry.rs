//! When keys expire.

use super::log::Arg;
use super::types::{ExpireConditions, ExpireTime};
use super::{CommandError, Reply, View, Writer};
use crate::units::WallMillis;

type Result<T = Reply> = core::result::Result<T, CommandError>;

/// The key is absent.
const ABSENT: i64 = -2;
/// The key does not expire.
const NEVER: i64 = -1;

impl View<'_> {
    /// Milliseconds until the key expires.
    pub(super) fn pttl(self, key: &[u8]) -> Result {
        let now = self.now.0;
        Ok(self.time(key, |expiry| expiry.0.saturating_sub(now), 1))
    }

    /// Seconds until the key expires, rounded.
    pub(super) fn ttl(self, key: &[u8]) -> Result {
        let now = self.now.0;
        Ok(self.time(key, |expiry| expiry.0.saturating_sub(now), 1_000))
    }

    /// The time in milliseconds at which the key expires.
    pub(super) fn pexpiretime(self, key: &[u8]) -> Result {
        Ok(self.time(key, |expiry| expiry.0, 1))
    }

    /// The time in seconds at which the key expires, rounded.
    pub(super) fn expiretime(self, key: &[u8]) -> Result {
        Ok(self.time(key, |expiry| expiry.0, 1_000))
    }

    fn time(self, key: &[u8], millis: impl Fn(WallMillis) -> u64, unit: u64) -> Reply {
        Reply::Int(match self.live(key).map(|entry| entry.expiry) {
            None => ABSENT,
            Some(None) => NEVER,
            Some(Some(expiry)) => {
                let rounded = millis(expiry).saturating_add(unit / 2) / unit;
                i64::try_from(rounded).unwrap_or(i64::MAX)
            }
        })
    }
}

impl Writer<'_> {
    pub(super) fn expire(
        &mut self,
        key: &[u8],
        time: ExpireTime,
        conditions: ExpireConditions,
    ) -> Result {
        conditions.check()?;
        let at = self.unix_millis(time)?;
        let Some(entry) = self.live(key) else {
            return Ok(Reply::Int(0));
        };
        let old = entry.expiry;
        if !met(conditions, old, at) {
            return Ok(Reply::Int(0));
        }
        if at <= self.now_signed() {
            self.keyspace.remove(self.db, key);
            self.log.push(self.db, "DEL", &[Arg::Bytes(key)]);
            return Ok(Reply::Int(1));
        }
        self.set_expiry(key, Some(WallMillis(at.unsigned_abs())));
        let args = [Arg::Bytes(key), Arg::Int(at)];
        self.log.push(self.db, "PEXPIREAT", &args);
        Ok(Reply::Int(1))
    }

    pub(super) fn persist(&mut self, key: &[u8]) -> Result {
        if self.live(key).is_none_or(|entry| entry.expiry.is_none()) {
            return Ok(Reply::Int(0));
        }
        self.set_expiry(key, None);
        self.log.push(self.db, "PERSIST", &[Arg::Bytes(key)]);
        Ok(Reply::Int(1))
    }

    pub(super) fn set_expiry(&mut self, key: &[u8], expiry: Option<WallMillis>) {
        self.keyspace.update(self.db, key, |entry| {
            entry.expiry = expiry;
        });
    }

    pub(super) fn unix_millis(&self, time: ExpireTime) -> Result<i64> {
        let now = self.now_signed();
        let at = match time {
            ExpireTime::Seconds(number) => number
                .checked_mul(1_000)
                .and_then(|millis| millis.checked_add(now)),
            ExpireTime::Millis(millis) => millis.checked_add(now),
            ExpireTime::UnixSeconds(number) => number.checked_mul(1_000),
            ExpireTime::UnixMillis(millis) => Some(millis),
        };
        let name = time.command_name();
        at.ok_or(CommandError::InvalidExpire { name })
    }
}

fn met(conditions: ExpireConditions, old: Option<WallMillis>, new: i64) -> bool {
    let old = old.map(|old| i64::try_from(old.0).unwrap_or(i64::MAX));
    (!conditions.nx || old.is_none())
        && (!conditions.xx || old.is_some())
        && (!conditions.gt || old.is_some_and(|old| new > old))
        && (!conditions.lt || old.is_none_or(|old| new < old))
}
