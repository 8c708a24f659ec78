//! Lists.

use std::vec::Vec;

use super::Asked;
use super::argv::Argv;
use crate::command::Reply;
use crate::driver::error::StoreError;
use crate::driver::from_reply::FromReply;

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListEnd {
    /// Where `LPUSH` puts elements: before the first.
    Left,
    /// Where `RPUSH` puts elements: behind the last.
    Right,
}

impl ListEnd {
    const fn word(self) -> &'static str {
        match self {
            Self::Left => "LEFT",
            Self::Right => "RIGHT",
        }
    }
}

/// Where [`Db::linsert`](crate::Db::linsert) puts an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InsertAt {
    /// Before the pivot.
    Before,
    /// Behind the pivot.
    After,
}

/// Which of equal elements [`Db::lpos`](crate::Db::lpos) finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LPosOptions {
    /// The first match that counts: 1 for the first, 2 for the second; below 0 from the end (`RANK`).
    pub rank: i64,
    /// How many elements are compared; 0 for all (`MAXLEN`).
    pub maxlen: u64,
}

impl Default for LPosOptions {
    /// The first match among all.
    fn default() -> Self {
        Self { rank: 1, maxlen: 0 }
    }
}

reads! {
    /// Lists: reading.
    ///
    /// Indexes begin at 0; those below 0 are counted from the end, where -1 is the last element. Both
    /// bounds of a range are included.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// use indelible::LPosOptions;
    ///
    /// store.rpush("queue", ["a", "b", "a"])?;
    /// assert_eq!(store.llen("queue")?, 3);
    /// assert_eq!(store.lrange("queue", 0, -1)?, [b"a", b"b", b"a"]);
    /// let last = LPosOptions { rank: -1, ..LPosOptions::default() };
    /// assert_eq!(store.lpos("queue", "a", last)?, Some(2));
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// How many elements a list has; 0 if there is none.
    fn llen(key: impl AsRef<[u8]>) -> u64 {
        Argv::new("LLEN").arg(key)
    }

    /// The element at an index.
    fn lindex(key: impl AsRef<[u8]>, index: i64) -> Option<Vec<u8>> {
        Argv::new("LINDEX").arg(key).number(index)
    }

    /// The elements from an index to another.
    fn lrange(key: impl AsRef<[u8]>, start: i64, stop: i64) -> Vec<Vec<u8>> {
        Argv::new("LRANGE").arg(key).number(start).number(stop)
    }

    /// The index of an element that equals `element`.
    fn lpos(
        key: impl AsRef<[u8]>,
        element: impl AsRef<[u8]>,
        options: LPosOptions,
    ) -> Option<u64> {
        lpos(key, element, options)
    }

    /// The indexes of the elements that equal `element`, as they are found, `count` at most; 0 for
    /// all.
    fn lpos_count(
        key: impl AsRef<[u8]>,
        element: impl AsRef<[u8]>,
        count: u64,
        options: LPosOptions,
    ) -> Vec<u64> {
        lpos(key, element, options).arg("COUNT").number(count)
    }
}

writes! {
    /// Lists: writing.
    ///
    /// A list that is left empty is removed. No elements where some are needed is an error
    /// ([`CommandError::WrongArity`](crate::CommandError::WrongArity)).
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// use indelible::ListEnd;
    ///
    /// store.rpush("todo", ["write", "test"])?;
    /// let next = store.lmove("todo", "doing", ListEnd::Left, ListEnd::Right)?;
    /// assert_eq!(next.as_deref(), Some(&b"write"[..]));
    ///
    /// // In a batch, and in an update.
    /// store.batch(|commands| {
    ///     commands.lrem("doing", 0, "write").rpush("done", ["write"]);
    /// })?;
    /// store.update(|update| {
    ///     let left = update.llen("todo")?;
    ///     update.rpush("log", [format!("{left} left")]);
    ///     Ok(Some(()))
    /// })?;
    /// assert_eq!(store.lpop("log")?.as_deref(), Some(&b"1 left"[..]));
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// Puts elements before the first, one after the other; how many there are then.
    fn lpush(
        key: impl AsRef<[u8]>,
        elements: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> u64 {
        Argv::new("LPUSH").arg(key).args(elements)
    }

    /// Puts elements behind the last, one after the other; how many there are then.
    fn rpush(
        key: impl AsRef<[u8]>,
        elements: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> u64 {
        Argv::new("RPUSH").arg(key).args(elements)
    }

    /// Puts elements before the first, if there is a list; how many there are then.
    fn lpushx(
        key: impl AsRef<[u8]>,
        elements: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> u64 {
        Argv::new("LPUSHX").arg(key).args(elements)
    }

    /// Puts elements behind the last, if there is a list; how many there are then.
    fn rpushx(
        key: impl AsRef<[u8]>,
        elements: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> u64 {
        Argv::new("RPUSHX").arg(key).args(elements)
    }

    /// Removes the first element and gives it.
    fn lpop(key: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        Argv::new("LPOP").arg(key)
    }

    /// Removes elements from the left and gives them, `count` at most.
    fn lpop_count(key: impl AsRef<[u8]>, count: u64) -> Vec<Vec<u8>> {
        Argv::new("LPOP").arg(key).number(count)
    }

    /// Removes the last element and gives it.
    fn rpop(key: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        Argv::new("RPOP").arg(key)
    }

    /// Removes elements from the right and gives them, the last one first, `count` at most.
    fn rpop_count(key: impl AsRef<[u8]>, count: u64) -> Vec<Vec<u8>> {
        Argv::new("RPOP").arg(key).number(count)
    }

    /// Removes elements from an end of the first of several lists that is there, `count` at most;
    /// its key and the elements.
    fn lmpop(
        keys: impl IntoIterator<Item = impl AsRef<[u8]>>,
        end: ListEnd,
        count: u64,
    ) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
        let argv = Argv::new("LMPOP").keys(keys).arg(end.word());
        argv.arg("COUNT").number(count)
    }

    /// Moves an element from an end of a list to an end of another, or of the same, and gives it.
    fn lmove(
        source: impl AsRef<[u8]>,
        destination: impl AsRef<[u8]>,
        from: ListEnd,
        to: ListEnd,
    ) -> Option<Vec<u8>> {
        let argv = Argv::new("LMOVE").arg(source).arg(destination);
        argv.arg(from.word()).arg(to.word())
    }

    /// Moves the last element of a list before the first of another, or of the same, and gives it.
    fn rpoplpush(source: impl AsRef<[u8]>, destination: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        Argv::new("RPOPLPUSH").arg(source).arg(destination)
    }

    /// Puts an element beside the first one that equals `pivot`; how many there are then, or none if
    /// there is no list or no such element.
    fn linsert(
        key: impl AsRef<[u8]>,
        at: InsertAt,
        pivot: impl AsRef<[u8]>,
        element: impl AsRef<[u8]>,
    ) -> Option<u64> {
        let at = match at {
            InsertAt::Before => "BEFORE",
            InsertAt::After => "AFTER",
        };
        let argv = Argv::new("LINSERT").arg(key).arg(at);
        Asked::new(argv.arg(pivot).arg(element), inserted)
    }

    /// Puts an element in the place of the one at an index.
    ///
    /// Without a list, or outside of it, it is an error
    /// ([`CommandError::NoSuchKey`](crate::CommandError::NoSuchKey),
    /// [`IndexOutOfRange`](crate::CommandError::IndexOutOfRange)).
    fn lset(key: impl AsRef<[u8]>, index: i64, element: impl AsRef<[u8]>) -> () {
        Argv::new("LSET").arg(key).number(index).arg(element)
    }

    /// Removes elements that equal `element`: so many from the left, below 0 from the right, all for
    /// 0; how many they were.
    fn lrem(key: impl AsRef<[u8]>, count: i64, element: impl AsRef<[u8]>) -> u64 {
        Argv::new("LREM").arg(key).number(count).arg(element)
    }

    /// Removes all but the elements from an index to another.
    fn ltrim(key: impl AsRef<[u8]>, start: i64, stop: i64) -> () {
        Argv::new("LTRIM").arg(key).number(start).number(stop)
    }
}

fn lpos(key: impl AsRef<[u8]>, element: impl AsRef<[u8]>, options: LPosOptions) -> Argv {
    let argv = Argv::new("LPOS").arg(key).arg(element);
    let argv = argv.arg("RANK").number(options.rank);
    argv.arg("MAXLEN").number(options.maxlen)
}

/// Redis answers 0 without a list, and -1 without the pivot.
fn inserted(reply: Reply) -> Result<Option<u64>, StoreError> {
    let len = i64::from_reply(reply)?;
    Ok(u64::try_from(len).ok().filter(|len| *len > 0))
}
