//! How far an exploration goes.

use crate::disk::{Keep, Limits, Profile, TearPoints};

/// How far an exploration goes, and on which disk.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The disk.
    pub profile: Profile,
    /// How images of a power loss are enumerated.
    pub limits: Limits,
    /// Images of one crash that are looked at. If there are more, so many are drawn by the seed.
    pub images_max: usize,
    /// Changes that may be pending where images are enumerated; with more of them they are drawn.
    pub pending_max: usize,
    /// Crashes of one run: 1 leaves recoveries alone, 2 crashes in each recovery once, and so on.
    pub crashes: u32,
    /// As [`Plan::images_max`], for a crash inside or after a recovery.
    pub nested_images_max: usize,
    /// Recoveries that are run; beyond that crashes are passed over, and the outcome says how many.
    pub recoveries_max: u64,
    /// Which parts of a write a process that dies inside it has done; the first must be nothing.
    pub parts: &'static [Keep],
    /// Whether crashes begin only when the first opening is over and all of it durable: for a store
    /// whose creation nobody waits for.
    pub created: bool,
    /// Whether each recovered store takes one operation more, the workload's last (P4).
    pub goes_on: bool,
    /// What is drawn where not all can be taken.
    pub seed: u64,
}

impl Plan {
    /// Two crashes a run, torn writes, at most 512 images of a crash and 64 of a second one.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            limits: Limits {
                tears: TearPoints::Borders(some_borders),
                free: 8,
                opaque: &[],
                ..Limits::default()
            },
            images_max: 512,
            pending_max: 24,
            crashes: 2,
            nested_images_max: 64,
            recoveries_max: 200_000,
            parts: &[Keep::Nothing, Keep::Half, Keep::AllButOne],
            created: false,
            goes_on: true,
            seed: 1,
        }
    }

    /// Behind every byte, if you can afford it.
    #[must_use]
    pub fn tearing_everywhere(mut self) -> Self {
        self.limits.tears = TearPoints::Every;
        self
    }
}

/// Near either end of a write, and in its middle.
fn some_borders(bytes: &[u8]) -> Vec<usize> {
    let len = bytes.len();
    let mut borders = vec![1, 4, 8, len / 2, len.saturating_sub(1)];
    borders.retain(|border| *border > 0 && *border < len);
    borders.sort_unstable();
    borders.dedup();
    borders
}
