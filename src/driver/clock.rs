//! The time and the randomness that the machine is given as arguments.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant, SystemTime};

use crate::units::{Millis, Now, WallMillis};

/// Reads the system's clocks; its monotonic time begins when it is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    start: Instant,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    pub(super) fn now(&self) -> Now {
        Now {
            mono: Millis(millis(self.start.elapsed())),
            wall: wall(SystemTime::now()),
        }
    }
}

/// A moment as the keyspace counts it; what lies before 1970 counts as 1970.
pub(super) fn wall(time: SystemTime) -> WallMillis {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    WallMillis(millis(since.unwrap_or_default()))
}

/// Whole milliseconds of a duration, as many as there can be at most.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A number that nobody can guess: std keys its hash maps with the system's randomness.
pub(super) fn random() -> u64 {
    RandomState::new().hash_one(0_u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monotonic_time_does_not_go_back() {
        let clock = Clock::new();
        let first = clock.now().mono;
        assert!(first <= clock.now().mono);
    }

    #[test]
    fn a_clock_before_1970_counts_as_1970() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(wall(before), WallMillis(0));
    }

    #[test]
    fn random_numbers_differ() {
        assert_ne!(random(), random());
    }
}
