//! What was broken, and how.

use std::fmt;

/// What is promised; the numbers are those of the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Obligation {
    /// O1: what is found is the fold of a prefix that holds all that was acknowledged.
    Prefix,
    /// O2: the prefix never shrinks over a chain of crashes.
    Monotone,
    /// O3: nothing is found that was not written.
    Invention,
    /// O4: recovery is idempotent.
    Idempotent,
    /// O5: a close that succeeded left everything durable.
    Close,
    /// O6: a rewrite cannot be observed through the keyspace.
    Unobservable,
    /// O7: one live log, no orphan, no leaked handle.
    Tidy,
    /// O8: errors surface before later acknowledgements.
    Surfaces,
    /// O9: damage is refused, a torn tail is not.
    Damage,
    /// O10: never in the way.
    Unobtrusive,
    /// O11: every state drains.
    Progress,
    /// O12: a refused commit is found by no recovery.
    NeverRefused,
}

impl Obligation {
    /// All of them, in order.
    pub const ALL: [Self; 12] = [
        Self::Prefix,
        Self::Monotone,
        Self::Invention,
        Self::Idempotent,
        Self::Close,
        Self::Unobservable,
        Self::Tidy,
        Self::Surfaces,
        Self::Damage,
        Self::Unobtrusive,
        Self::Progress,
        Self::NeverRefused,
    ];

    /// Its number.
    #[must_use]
    pub fn number(self) -> usize {
        self as usize + 1
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prefix => "prefix",
            Self::Monotone => "monotone",
            Self::Invention => "no invention",
            Self::Idempotent => "recovery is idempotent",
            Self::Close => "close",
            Self::Unobservable => "unobservable rewrite",
            Self::Tidy => "tidy",
            Self::Surfaces => "errors surface",
            Self::Damage => "damage",
            Self::Unobtrusive => "never in the way",
            Self::Progress => "progress",
            Self::NeverRefused => "refused is never found",
        }
    }

    /// The obligation that an assertion's text cites first (`O7: ...`), if it does.
    #[must_use]
    pub fn cited(text: &str) -> Option<Self> {
        let digits: String = text
            .strip_prefix('O')?
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        let number: usize = digits.parse().ok()?;
        Self::ALL.get(number.checked_sub(1)?).copied()
    }
}

impl fmt::Display for Obligation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "O{}", self.number())
    }
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub obligation: Obligation,
    /// What was expected and what was found; the first line is the summary.
    pub detail: String,
}

impl Violation {
    /// A broken promise.
    #[must_use]
    pub const fn new(obligation: Obligation, detail: String) -> Self {
        Self { obligation, detail }
    }

    /// What a panic of the store under test broke.
    #[must_use]
    pub fn panicked(text: &str) -> Self {
        let obligation = Obligation::cited(text).unwrap_or(Obligation::Progress);
        Self::new(obligation, format!("the store panicked: {text}"))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: {}",
            self.obligation,
            self.obligation.name(),
            self.detail
        )
    }
}

impl std::error::Error for Violation {}
