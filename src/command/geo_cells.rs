//! Places on a grid: 26 bits of latitude and 26 of longitude, interleaved, are a place's score.

use core::ops::Range;

/// Bits of each coordinate in a score.
const STEP_MAX: u32 = 26;
const LONGITUDE_MAX: f64 = 180.0;
/// Beyond it the grid's projection has no place.
const LATITUDE_MAX: f64 = 85.051_128_78;
/// Bits of longitudes and of latitudes among the interleaved.
const EAST: u64 = 0xaaaa_aaaa_aaaa_aaaa;
const NORTH: u64 = 0x5555_5555_5555_5555;

/// A place, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub longitude: f64,
    pub latitude: f64,
}

impl Place {
    /// None if no score stands for it.
    pub fn new(longitude: f64, latitude: f64) -> Option<Self> {
        let fits = longitude.abs() <= LONGITUDE_MAX && latitude.abs() <= LATITUDE_MAX;
        fits.then_some(Self {
            longitude,
            latitude,
        })
    }

    /// The middle of the cell that a score stands for, whatever else the score may be.
    pub fn of_score(score: f64) -> Self {
        let area = Cell {
            bits: bits_of(score),
            step: STEP_MAX,
        }
        .area();
        let middle = |low: f64, high: f64, most: f64| ((low + high) / 2.0).clamp(-most, most);
        let (low, high) = (area.south_west, area.north_east);
        Self {
            longitude: middle(low.longitude, high.longitude, LONGITUDE_MAX),
            latitude: middle(low.latitude, high.latitude, LATITUDE_MAX),
        }
    }

    pub fn score(self) -> u64 {
        Cell::at(self, STEP_MAX).bits
    }

    /// The geohash that others know it by, whose grid reaches from pole to pole: ten characters
    /// and a 0, for which there are no bits.
    pub fn geohash(self) -> [u8; 11] {
        const ALPHABET: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
        let bits = Cell::within(self, STEP_MAX, 90.0).bits;
        let mut text = [b'0'; 11];
        for (at, letter) in text[..10].iter_mut().enumerate() {
            let shift = 2 * STEP_MAX as usize - 5 * (at + 1);
            *letter = ALPHABET[(bits >> shift) as usize % 32];
        }
        text
    }
}

/// A score as a whole number, as Redis makes it one on its processors.
pub(super) fn whole(score: f64) -> i64 {
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    match (-BOUND..BOUND).contains(&score) {
        true => score as i64,
        false => i64::MIN,
    }
}

fn bits_of(score: f64) -> u64 {
    const HALF: f64 = 9_223_372_036_854_775_808.0;
    match score < HALF {
        true => whole(score) as u64,
        false => whole(score - HALF) as u64 ^ (1 << 63),
    }
}

/// A cell of the grid in which each coordinate has `step` bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    bits: u64,
    step: u32,
}

/// What a cell covers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub south_west: Place,
    pub north_east: Place,
}

impl Cell {
    /// The cell in which a place is.
    pub fn at(place: Place, step: u32) -> Self {
        Self::within(place, step, LATITUDE_MAX)
    }

    fn within(place: Place, step: u32, latitude_max: f64) -> Self {
        let cells = (1_u64 << step) as f64;
        let offset = |at: f64, most: f64| ((at + most) / (most + most) * cells) as u32;
        let north = offset(place.latitude, latitude_max);
        let east = offset(place.longitude, LONGITUDE_MAX);
        Self {
            bits: spread(north) | spread(east) << 1,
            step,
        }
    }

    /// The cell so many to the east and to the north, at most one, around the edges of the grid.
    pub fn moved(self, east: i8, north: i8) -> Self {
        let unused = 64 - 2 * self.step;
        let bits = along(self.bits, east, EAST, NORTH, unused);
        let bits = along(bits, north, NORTH, EAST, unused);
        Self { bits, ..self }
    }

    pub fn area(self) -> Area {
        let (north, east) = (gathered(self.bits), gathered(self.bits >> 1));
        let cells = (1_u64 << self.step) as f64;
        let at = |number: u32, most: f64| f64::from(number) / cells * (most + most) - most;
        let corner = |more: u32| Place {
            longitude: at(east.wrapping_add(more), LONGITUDE_MAX),
            latitude: at(north.wrapping_add(more), LATITUDE_MAX),
        };
        Area {
            south_west: corner(0),
            north_east: corner(1),
        }
    }

    /// The scores of the places in it.
    pub fn scores(self) -> Range<f64> {
        let score = |bits: u64| (bits << (2 * (STEP_MAX - self.step))) as f64;
        score(self.bits)..score(self.bits + 1)
    }
}

/// Moves by one along the bits `own`, and leaves the `others`; the upper `unused` are none of both.
fn along(bits: u64, by: i8, own: u64, others: u64, unused: u32) -> u64 {
    let gaps = others >> unused;
    let moved = match by {
        0 => return bits,
        1.. => (bits & own).wrapping_add(gaps + 1),
        _ => ((bits & own) | gaps).wrapping_sub(gaps + 1),
    };
    (moved & own >> unused) | (bits & others)
}

/// Every bit moved to twice its place.
fn spread(number: u32) -> u64 {
    let mut bits = u64::from(number);
    for (shift, mask) in [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, NORTH),
    ] {
        bits = (bits | bits << shift) & mask;
    }
    bits
}

/// The bits at even places, put together again.
fn gathered(bits: u64) -> u32 {
    let mut bits = bits & NORTH;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0f0f_0f0f_0f0f_0f0f),
        (4, 0x00ff_00ff_00ff_00ff),
        (8, 0x0000_ffff_0000_ffff),
        (16, 0x0000_0000_ffff_ffff),
    ] {
        bits = (bits | bits >> shift) & mask;
    }
    bits as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_interleaved_and_taken_apart() {
        for number in [0, 1, 2, 0x3ff_ffff, 0x400_0000, u32::MAX, 0x1234_5678] {
            assert_eq!(gathered(spread(number)), number);
            assert_eq!(spread(number) & EAST, 0);
        }
    }

    #[test]
    fn palermo_has_the_score_of_the_documentation() {
        let palermo = Place::new(13.361389, 38.115556).expect("a place");
        assert_eq!(palermo.score(), 3_479_099_956_230_698);
        assert_eq!(&palermo.geohash(), b"sqc8b49rny0");
        let read = Place::of_score(3_479_099_956_230_698.0);
        assert_eq!(
            (read.longitude, read.latitude),
            (13.361389338970184, 38.115_556_395_496_3)
        );
    }

    #[test]
    fn cells_go_around_the_edges() {
        let corner = Cell::at(Place::new(-180.0, -LATITUDE_MAX).expect("a place"), 3);
        assert_eq!(corner.moved(1, 0).moved(-1, 0), corner);
        assert_eq!(corner.moved(-1, -1).moved(1, 1), corner);
        let east = corner.moved(-1, 0).area();
        assert_eq!(east.north_east.longitude, 180.0);
    }

    #[test]
    fn what_is_no_score_of_a_place_is_some_place() {
        for score in [-1.0, 1e300, -1e300, f64::INFINITY, f64::NEG_INFINITY, 0.5] {
            let place = Place::of_score(score);
            assert!(
                Place::new(place.longitude, place.latitude).is_some(),
                "{score}"
            );
        }
    }
}
