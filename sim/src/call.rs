//! What a client may ask of the store: the alphabet of workloads.

use std::fmt;
use std::str::FromStr;

/// One call of a client. Which keys and values it means follows from its number in the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Call {
    /// Commits a key that never was.
    New,
    /// Commits another value for the oldest key there is.
    Overwrite,
    /// Commits the deletion of the oldest key there is.
    Del,
    /// Commits two new keys at once.
    Batch,
    /// Asks that everything so far be durable.
    Sync,
    /// Starts a rewrite: the usual one, or the one-time one while the log is disabled.
    Rewrite,
    /// Disables the log, or enables it.
    Toggle,
    /// Closes the store; the last call before it is opened again.
    Close,
    /// Gives a rewrite up.
    Cancel,
    /// Commits a new key under `Always`, whatever the store's policy.
    Always,
    /// Commits a key that will expire.
    Expire,
    /// Commits a key of another database.
    Elsewhere,
    /// Empties the first database.
    Flush,
    /// Commits a value of several chunks of the base.
    Large,
    /// Commits one more piece of the oldest key's value.
    Append,
    /// Commits several members into a new list, hash, set or sorted set.
    Collect,
    /// Commits a change to the oldest collection: members come, go, or are written over.
    Change,
    /// The wall clock jumps ahead by a minute.
    ClockAhead,
    /// The wall clock jumps back by a minute.
    ClockBack,
    /// Another process tries to open the store.
    SecondOpener,
    /// Commits what stands at this place of the script.
    Script(u32),
}

impl Call {
    /// The letters of the calls that carry no number, for tokens.
    const LETTERS: [(Self, char); 20] = [
        (Self::New, 'N'),
        (Self::Overwrite, 'O'),
        (Self::Del, 'D'),
        (Self::Batch, 'B'),
        (Self::Sync, 'S'),
        (Self::Rewrite, 'R'),
        (Self::Toggle, 'T'),
        (Self::Close, 'C'),
        (Self::Cancel, 'G'),
        (Self::Always, 'A'),
        (Self::Expire, 'E'),
        (Self::Elsewhere, 'W'),
        (Self::Flush, 'F'),
        (Self::Large, 'L'),
        (Self::Append, 'P'),
        (Self::Collect, 'M'),
        (Self::Change, 'X'),
        (Self::ClockAhead, 'H'),
        (Self::ClockBack, 'K'),
        (Self::SecondOpener, 'U'),
    ];

    /// The calls that `--ops` counts over: the alphabet of exhaustive search.
    pub const ALPHABET: [Self; 7] = [
        Self::New,
        Self::Overwrite,
        Self::Del,
        Self::Batch,
        Self::Sync,
        Self::Rewrite,
        Self::Toggle,
    ];

    /// The calls that make, change and rewrite collections.
    pub const COLLECTIONS: [Self; 3] = [Self::Collect, Self::Change, Self::Rewrite];

    /// The calls that carry no number, each with the letter that stands for it.
    pub fn lettered() -> impl Iterator<Item = (Self, char)> {
        Self::LETTERS.into_iter()
    }

    /// Whether it commits something.
    #[must_use]
    pub const fn commits(self) -> bool {
        matches!(
            self,
            Self::New
                | Self::Overwrite
                | Self::Del
                | Self::Batch
                | Self::Always
                | Self::Expire
                | Self::Elsewhere
                | Self::Flush
                | Self::Large
                | Self::Append
                | Self::Collect
                | Self::Change
                | Self::Script(_)
        )
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Script(place) = self {
            return write!(f, "Y{place}");
        }
        let letter = Self::LETTERS.iter().find(|(call, _)| call == self);
        write!(f, "{}", letter.expect("every call has a letter").1)
    }
}

impl FromStr for Call {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Some(place) = text.strip_prefix('Y') {
            return place.parse().map(Self::Script).map_err(drop);
        }
        let mut letters = text.chars();
        let (first, rest) = (letters.next().ok_or(())?, letters.as_str());
        let call = Self::LETTERS.iter().find(|(_, letter)| *letter == first);
        match (call, rest) {
            (Some((call, _)), "") => Ok(*call),
            _ => Err(()),
        }
    }
}
