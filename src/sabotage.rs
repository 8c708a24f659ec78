//! Seeded bugs, for the simulator alone.
//!
//! A product carries none: without the hidden feature [`Saboteur`] has no content, every question
//! it is asked is answered `false` at compile time, and the code behind it is gone. With it, the
//! number that the simulator chose at run time decides.

/// Which seeded bug is on, if any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Saboteur {
    #[cfg(feature = "sabotage")]
    number: u32,
}

impl Saboteur {
    /// No seeded bug.
    pub const NONE: Self = Self {
        #[cfg(feature = "sabotage")]
        number: 0,
    };

    /// The seeded bug of this number.
    #[cfg(feature = "sabotage")]
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self { number }
    }

    /// Whether the seeded bug of this number is on.
    #[inline]
    #[must_use]
    pub const fn is(self, number: u32) -> bool {
        #[cfg(feature = "sabotage")]
        return self.number == number;
        #[cfg(not(feature = "sabotage"))]
        {
            let _ = number;
            false
        }
    }
}
