//! Newtypes for the numbers that mean something: commits, histories, openings, time.

use core::fmt;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// Log sequence number: the number of a commit, contiguous from 1 over one history.
    ///
    /// `Lsn(0)` is the state before the first commit.
    Lsn
}

number! {
    /// The number of an opening of a log: one more than any that its file has seen.
    Incarnation
}

number! {
    /// Milliseconds of a clock that never goes back, from an arbitrary start.
    Millis
}

number! {
    /// Milliseconds since 1970-01-01 UTC, from a clock that may jump.
    WallMillis
}

impl Lsn {
    /// The next commit's number.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl Millis {
    /// This moment and so many milliseconds more.
    #[must_use]
    pub const fn plus(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

/// The identity of one history: two logs with the same identity hold the same commits under the
/// same numbers. Drawn at random when a history begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(pub u64);

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The time as an argument: the machine reads no clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Now {
    /// For intervals; never goes back.
    pub mono: Millis,
    /// For expiry times and the frames' time stamps; may jump.
    pub wall: WallMillis,
}
