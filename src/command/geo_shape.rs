//! Circles and boxes on the globe, and the cells of the grid in which their places are.

use alloc::vec::Vec;
use core::f64::consts::PI;

use libm::{asin, cos, sin, sqrt};

use super::geo_cells::{Cell, Place};

const EARTH_RADIUS_METERS: f64 = 6_372_797.560_856;
/// Half of the grid's width at the equator, about.
const MERCATOR_MAX_METERS: f64 = 20_037_726.37;
const RADIANS: f64 = PI / 180.0;
const STEP_MAX: u32 = 26;

/// A distance along the surface, in metres.
pub(super) fn distance(from: Place, to: Place) -> f64 {
    let [from_lat, to_lat] = [from, to].map(|place| place.latitude * RADIANS);
    let [from_lon, to_lon] = [from, to].map(|place| place.longitude * RADIANS);
    let u = sin((to_lat - from_lat) / 2.0);
    let v = sin((to_lon - from_lon) / 2.0);
    let chord = sqrt(u * u + cos(from_lat) * cos(to_lat) * v * v);
    // More than a diameter is a rounding error.
    2.0 * EARTH_RADIUS_METERS * asin(chord.min(1.0))
}

/// How far a search reaches, in some unit.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reach {
    Radius(f64),
    Box { width: f64, height: f64 },
}

/// Where a search looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub center: Place,
    pub reach: Reach,
    /// The unit's length in metres.
    pub unit: f64,
}

/// The edges of what surrounds a shape, in degrees; some may be no numbers, near the poles.
struct Bounds {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Shape {
    /// How far a place is from the centre, in metres; none if it lies outside.
    pub fn distance_within(&self, place: Place) -> Option<f64> {
        match self.reach {
            Reach::Radius(radius) => {
                let found = distance(self.center, place);
                (found <= radius * self.unit).then_some(found)
            }
            Reach::Box { width, height } => {
                let beside = Place {
                    longitude: self.center.longitude,
                    ..place
                };
                let above = Place {
                    latitude: self.center.latitude,
                    ..place
                };
                let inside = distance(place, beside) <= width * self.unit / 2.0
                    && distance(place, above) <= height * self.unit / 2.0;
                inside.then(|| distance(self.center, place))
            }
        }
    }

    fn bounds(&self) -> Bounds {
        let (width, height) = match self.reach {
            Reach::Radius(radius) => (radius, radius),
            Reach::Box { width, height } => (width / 2.0, height / 2.0),
        };
        let (width, height) = (self.unit * width, self.unit * height);
        let Place {
            longitude,
            latitude,
        } = self.center;
        let north = height / EARTH_RADIUS_METERS / RADIANS;
        // Meridians are nearest to each other at the edge that is nearer to a pole.
        let edge = match latitude < 0.0 {
            true => latitude - north,
            false => latitude + north,
        };
        let east = width / EARTH_RADIUS_METERS / cos(edge * RADIANS) / RADIANS;
        Bounds {
            west: longitude - east,
            south: latitude - north,
            east: longitude + east,
            north: latitude + north,
        }
    }

    /// From the centre to the farthest place, in metres.
    fn farthest(&self) -> f64 {
        let farthest = match self.reach {
            Reach::Radius(radius) => radius,
            Reach::Box { width, height } => {
                sqrt(width / 2.0 * (width / 2.0) + height / 2.0 * (height / 2.0))
            }
        };
        farthest * self.unit
    }

    /// With so many bits the cell of the centre and its neighbours are likely to cover the shape.
    fn step(&self) -> u32 {
        let mut meters = self.farthest();
        if meters == 0.0 {
            return STEP_MAX;
        }
        let mut step = 1_i32;
        while meters < MERCATOR_MAX_METERS {
            meters *= 2.0;
            step += 1;
        }
        step -= 2;
        let latitude = self.center.latitude.abs();
        step -= i32::from(latitude > 66.0) + i32::from(latitude > 80.0);
        step.clamp(1, STEP_MAX as i32).unsigned_abs()
    }

    /// The cells that cover it, each once, in the order in which Redis looks at them.
    pub fn cells(&self) -> Vec<Cell> {
        let bounds = self.bounds();
        let mut step = self.step();
        let mut center = Cell::at(self.center, step);
        let north = center.moved(0, 1).area().north_east.latitude;
        let south = center.moved(0, -1).area().south_west.latitude;
        let east = center.moved(1, 0).area().north_east.longitude;
        let west = center.moved(-1, 0).area().south_west.longitude;
        let too_small = north < bounds.north
            || south > bounds.south
            || east < bounds.east
            || west > bounds.west;
        if step > 1 && too_small {
            step -= 1;
            center = Cell::at(self.center, step);
        }
        let area = center.area();
        let (low, high) = (area.south_west, area.north_east);
        let few = step < 2;
        let admits = |east: i8, north: i8| {
            few || !(north < 0 && low.latitude < bounds.south
                || north > 0 && high.latitude > bounds.north
                || east < 0 && low.longitude < bounds.west
                || east > 0 && high.longitude > bounds.east)
        };
        const AROUND: [(i8, i8); 9] = [
            (0, 0),
            (0, 1),
            (0, -1),
            (1, 0),
            (-1, 0),
            (1, 1),
            (-1, 1),
            (1, -1),
            (-1, -1),
        ];
        let around = AROUND.into_iter();
        let around = around.filter(|(east, north)| admits(*east, *north));
        let mut cells: Vec<Cell> = around.map(|(e, n)| center.moved(e, n)).collect();
        // Where there are but two in a row, the one is on either side of the other.
        cells.dedup();
        cells
    }
}
