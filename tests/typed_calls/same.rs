//! A call in each of its ways, and what they must agree on.

use indelible::vfs::MemVfs;
use indelible::{Options, ReadOnly, Reply, Store};

use crate::content::{Content, assert_same, of_keyspace};

/// A store for each way of calling; all are given the same.
pub struct Ways {
    pub handle: Place,
    pub batch: Place,
    pub update: Place,
    pub argv: Place,
}

pub struct Place {
    vfs: MemVfs,
    pub store: Store,
}

impl Place {
    fn new() -> Self {
        let vfs = MemVfs::default();
        let store = Store::open_with(vfs.clone(), Options::default()).unwrap();
        Self { vfs, store }
    }

    /// The reply to a command that is written as words.
    pub fn say(&self, line: &str) -> Reply {
        let argv: Vec<&str> = line.split(' ').collect();
        self.store.execute(&argv).unwrap()
    }

    /// A handle that reads what is logged.
    pub fn reader(&self) -> ReadOnly {
        ReadOnly::open_with(&self.vfs).unwrap()
    }

    /// What is logged.
    fn content(&self) -> Content {
        of_keyspace(self.reader().keyspace())
    }

    /// What is there when the store is closed, opened, rewritten and closed again.
    pub fn reopened(self) -> Content {
        self.store.close().unwrap();
        let again = Store::open_with(self.vfs.clone(), Options::default()).unwrap();
        again.rewrite().unwrap().wait().unwrap();
        again.close().unwrap();
        of_keyspace(ReadOnly::open_with(&self.vfs).unwrap().keyspace())
    }
}

impl Ways {
    pub fn given(lines: &[&str]) -> Self {
        let ways = Self {
            handle: Place::new(),
            batch: Place::new(),
            update: Place::new(),
            argv: Place::new(),
        };
        for place in [&ways.handle, &ways.batch, &ways.update, &ways.argv] {
            for line in lines {
                let reply = place.say(line);
                assert!(reply.error().is_none(), "{line}: {reply:?}");
            }
        }
        ways
    }
}

/// At its end all hold the same, and do so when they are opened again.
pub fn end(ways: Ways) {
    let expected = ways.argv.content();
    for (place, what) in [
        (ways.handle, "handle"),
        (ways.batch, "batch"),
        (ways.update, "update"),
        (ways.argv, "argv"),
    ] {
        assert_same(&place.content(), &expected, what);
        assert_same(&place.reopened(), &expected, what);
    }
}

pub fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

pub fn some(text: &str) -> Option<Vec<u8>> {
    Some(bytes(text))
}

pub const NONE: Option<Vec<u8>> = None;

/// Words as what a call gives.
pub fn words(line: &str) -> Vec<Vec<u8>> {
    line.split_whitespace().map(bytes).collect()
}

/// `a=1 b=2` as what a call gives.
pub fn pairs(line: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs = line
        .split_whitespace()
        .map(|it| it.split_once('=').unwrap());
    pairs.map(|(one, two)| (bytes(one), bytes(two))).collect()
}

/// `a=1 b=2` as members and scores.
pub fn scored(line: &str) -> Vec<(Vec<u8>, f64)> {
    let pairs = line
        .split_whitespace()
        .map(|it| it.split_once('=').unwrap());
    pairs
        .map(|(member, score)| (bytes(member), score.parse().unwrap()))
        .collect()
}

/// A call that writes: the type's value, the reply that `execute` gives, and the same effect.
#[macro_export]
macro_rules! written {
    ($ways:ident, $name:ident($($arg:expr),* $(,)?), $line:expr, $expected:expr) => {{
        let said = $ways.argv.say($line);
        let got = $ways.handle.store.$name($($arg),*).expect($line);
        assert_eq!(got, $expected, "{}", $line);
        let replies = $ways.batch.store.batch(|it| {
            it.$name($($arg),*);
        });
        assert_eq!(replies.expect($line), [said], "{}", $line);
        let updated = $ways.update.store.update(|it| {
            it.$name($($arg),*);
            Ok(Some(()))
        });
        assert!(updated.expect($line).is_some());
    }};
}

/// A call that reads: the same from each place.
#[macro_export]
macro_rules! read {
    ($ways:ident, $name:ident($($arg:expr),* $(,)?), $line:expr, $expected:expr) => {
        $crate::read!($ways, $name($($arg),*), $line, $expected, |got| got)
    };
    // What has no order of its own is put in one.
    ($ways:ident, $name:ident($($arg:expr),* $(,)?), $line:expr, $expected:expr, $ordered:expr) => {{
        let ordered = $ordered;
        let store = &$ways.handle.store;
        let got = store.$name($($arg),*).expect($line);
        let replies = store.batch(|it| {
            it.$name($($arg),*);
        });
        assert_eq!(replies.expect($line), [$ways.handle.say($line)], "{}", $line);
        let seen = store.update(|it| it.$name($($arg),*).map(Some));
        assert_eq!(seen.expect($line).as_ref(), Some(&got), "{}", $line);
        let looked = $ways.handle.reader().$name($($arg),*);
        // A reader draws an order of its own.
        let (looked, got) = (ordered(looked.expect($line)), ordered(got));
        assert_eq!(looked, got, "{}", $line);
        assert_eq!(got, $expected, "{}", $line);
    }};
}

/// A call that is refused: the typed error, the same reply, and no effect.
#[macro_export]
macro_rules! refused {
    ($ways:ident, $name:ident($($arg:expr),* $(,)?), $line:expr, $error:ident $($fields:tt)?) => {{
        let said = $ways.argv.say($line);
        let expected = indelible::CommandError::$error $($fields)?;
        assert_eq!(said.error(), Some(&expected), "{}", $line);
        match $ways.handle.store.$name($($arg),*) {
            Err(indelible::StoreError::Command(error)) => assert_eq!(error, expected, "{}", $line),
            other => panic!("{}: {other:?}", $line),
        }
        let replies = $ways.batch.store.batch(|it| {
            it.$name($($arg),*);
        });
        assert_eq!(replies.expect($line), [said], "{}", $line);
    }};
}

pub fn sorted<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort_unstable();
    all
}
