//! Places.

use std::string::String;
use std::vec::Vec;

use super::argv::{Argv, float};
use crate::command::Reply;
use crate::driver::commands::bytes;
use crate::driver::error::StoreError;
use crate::driver::from_reply::{FromReply, parts};

/// A place, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeoPlace {
    /// To the east of Greenwich: -180 to 180.
    pub longitude: f64,
    /// To the north of the equator: about -85.05 to 85.05.
    pub latitude: f64,
}

impl FromReply for GeoPlace {
    fn from_reply(reply: Reply) -> Result<Self, StoreError> {
        let (longitude, latitude) = FromReply::from_reply(reply)?;
        Ok(Self {
            longitude,
            latitude,
        })
    }
}

/// A unit of distances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum GeoUnit {
    /// Metres.
    #[default]
    M,
    /// Kilometres.
    Km,
    /// Feet.
    Ft,
    /// Miles.
    Mi,
}

impl GeoUnit {
    const fn word(self) -> &'static str {
        match self {
            Self::M => "m",
            Self::Km => "km",
            Self::Ft => "ft",
            Self::Mi => "mi",
        }
    }
}

/// Which members [`Db::geoadd_with`](crate::Db::geoadd_with) adds or moves, and what it counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GeoAddOptions {
    /// Only adds; not with `xx`.
    pub nx: bool,
    /// Only moves.
    pub xx: bool,
    /// Counts members that were moved, too.
    pub ch: bool,
}

/// The middle of a [`GeoSearch`].
#[derive(Clone, Debug, PartialEq)]
pub enum GeoFrom {
    /// Where a member is (`FROMMEMBER`).
    Member(Vec<u8>),
    /// A place (`FROMLONLAT`).
    Place(GeoPlace),
}

impl GeoFrom {
    /// Where a member is.
    #[must_use]
    pub fn member(member: impl AsRef<[u8]>) -> Self {
        Self::Member(bytes(member))
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Radius(f64),
    Box(f64, f64),
}

/// A search for members in a circle or in a box.
///
/// ```
/// use indelible::{GeoFrom, GeoSearch, GeoUnit};
///
/// let near = GeoSearch::by_radius(GeoFrom::member("Palermo"), 200.0, GeoUnit::Km).asc();
/// let nearest = near.clone().count(1);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GeoSearch {
    from: GeoFrom,
    shape: Shape,
    unit: GeoUnit,
    order: Option<&'static str>,
    count: Option<(u64, bool)>,
}

impl GeoSearch {
    fn new(from: GeoFrom, shape: Shape, unit: GeoUnit) -> Self {
        Self {
            from,
            shape,
            unit,
            order: None,
            count: None,
        }
    }

    /// Members not farther away than this.
    #[must_use]
    pub fn by_radius(from: GeoFrom, radius: f64, unit: GeoUnit) -> Self {
        Self::new(from, Shape::Radius(radius), unit)
    }

    /// Members in a box, whose sides run along the axes.
    #[must_use]
    pub fn by_box(from: GeoFrom, width: f64, height: f64, unit: GeoUnit) -> Self {
        Self::new(from, Shape::Box(width, height), unit)
    }

    /// The nearest first.
    #[must_use]
    pub fn asc(mut self) -> Self {
        self.order = Some("ASC");
        self
    }

    /// The farthest first.
    #[must_use]
    pub fn desc(mut self) -> Self {
        self.order = Some("DESC");
        self
    }

    /// The nearest alone, so many at most.
    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.count = Some((count, false));
        self
    }

    /// Whichever are found first, so many at most (`COUNT` with `ANY`); that is faster.
    #[must_use]
    pub fn any(mut self, count: u64) -> Self {
        self.count = Some((count, true));
        self
    }

    fn write(self, argv: Argv) -> Argv {
        let argv = match self.from {
            GeoFrom::Member(member) => argv.arg("FROMMEMBER").arg(member),
            GeoFrom::Place(place) => argv.arg("FROMLONLAT").args(coordinates(place)),
        };
        let argv = match self.shape {
            Shape::Radius(radius) => argv.arg("BYRADIUS").float(radius),
            Shape::Box(width, height) => argv.arg("BYBOX").float(width).float(height),
        };
        let argv = argv.arg(self.unit.word()).args(self.order);
        match self.count {
            Some((count, any)) => argv.arg("COUNT").number(count).word("ANY", any),
            None => argv,
        }
    }
}

/// What a [`GeoSearch`] finds.
#[derive(Clone, Debug, PartialEq)]
pub struct GeoFound {
    /// The member.
    pub member: Vec<u8>,
    /// How far it is from the middle, in the search's unit, to 4 digits behind the point.
    pub distance: f64,
    /// Where it is.
    pub place: GeoPlace,
}

impl FromReply for GeoFound {
    fn from_reply(reply: Reply) -> Result<Self, StoreError> {
        let [member, distance, place] = parts(reply)?;
        Ok(Self {
            member: FromReply::from_reply(member)?,
            distance: FromReply::from_reply(distance)?,
            place: FromReply::from_reply(place)?,
        })
    }
}

reads! {
    /// Places: reading.
    ///
    /// Places are kept in a sorted set, on a grid of about 0.6 metres, which is as exact as they are
    /// given out.
    ///
    /// ```
    /// # let store = indelible::Store::in_memory(indelible::Options::default())?;
    /// use indelible::{GeoFrom, GeoPlace, GeoSearch, GeoUnit};
    ///
    /// store.geoadd("sicily", [
    ///     (GeoPlace { longitude: 13.361389, latitude: 38.115556 }, "Palermo"),
    ///     (GeoPlace { longitude: 15.087269, latitude: 37.502669 }, "Catania"),
    /// ])?;
    /// let distance = store.geodist("sicily", "Palermo", "Catania", GeoUnit::Km)?;
    /// assert_eq!(distance, Some(166.2742));
    /// let near = GeoSearch::by_radius(GeoFrom::member("Catania"), 100.0, GeoUnit::Km);
    /// assert_eq!(store.geosearch("sicily", near)?, [b"Catania"]);
    /// # Ok::<(), indelible::StoreError>(())
    /// ```
    impl Db;

    /// Where members are.
    fn geopos(
        key: impl AsRef<[u8]>,
        members: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Vec<Option<GeoPlace>> {
        Argv::new("GEOPOS").arg(key).args(members)
    }

    /// How far one member is from another; none if either is not there.
    fn geodist(
        key: impl AsRef<[u8]>,
        one: impl AsRef<[u8]>,
        other: impl AsRef<[u8]>,
        unit: GeoUnit,
    ) -> Option<f64> {
        Argv::new("GEODIST").arg(key).arg(one).arg(other).arg(unit.word())
    }

    /// The geohashes of members: 11 letters and digits.
    fn geohash(
        key: impl AsRef<[u8]>,
        members: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Vec<Option<Vec<u8>>> {
        Argv::new("GEOHASH").arg(key).args(members)
    }

    /// The members that a search finds.
    fn geosearch(key: impl AsRef<[u8]>, search: GeoSearch) -> Vec<Vec<u8>> {
        search.write(Argv::new("GEOSEARCH").arg(key))
    }

    /// The members that a search finds, and where and how far away they are.
    fn geosearch_with_places(key: impl AsRef<[u8]>, search: GeoSearch) -> Vec<GeoFound> {
        search.write(Argv::new("GEOSEARCH").arg(key)).arg("WITHDIST").arg("WITHCOORD")
    }
}

writes! {
    /// Places: writing.
    ///
    /// A place beyond the bounds of [`GeoPlace`] is an error
    /// ([`CommandError::NoPlace`](crate::CommandError::NoPlace)).
    impl Db;

    /// Adds members, or moves them; how many are new.
    fn geoadd(
        key: impl AsRef<[u8]>,
        members: impl IntoIterator<Item = (GeoPlace, impl AsRef<[u8]>)>,
    ) -> u64 {
        geoadd(key, GeoAddOptions::default(), members)
    }

    /// Adds members, or moves them, as the options say; how many are new.
    fn geoadd_with(
        key: impl AsRef<[u8]>,
        options: GeoAddOptions,
        members: impl IntoIterator<Item = (GeoPlace, impl AsRef<[u8]>)>,
    ) -> u64 {
        geoadd(key, options, members)
    }

    /// Puts what a search finds under another key; how many members that is.
    fn geosearchstore(
        destination: impl AsRef<[u8]>,
        source: impl AsRef<[u8]>,
        search: GeoSearch,
    ) -> u64 {
        search.write(Argv::new("GEOSEARCHSTORE").arg(destination).arg(source))
    }

    /// Puts what a search finds under another key, as a sorted set by distance in the search's unit;
    /// how many members that is.
    fn geosearchstore_dist(
        destination: impl AsRef<[u8]>,
        source: impl AsRef<[u8]>,
        search: GeoSearch,
    ) -> u64 {
        search.write(Argv::new("GEOSEARCHSTORE").arg(destination).arg(source)).arg("STOREDIST")
    }
}

fn coordinates(place: GeoPlace) -> [String; 2] {
    [float(place.longitude), float(place.latitude)]
}

fn geoadd(
    key: impl AsRef<[u8]>,
    options: GeoAddOptions,
    members: impl IntoIterator<Item = (GeoPlace, impl AsRef<[u8]>)>,
) -> Argv {
    let argv = Argv::new("GEOADD").arg(key);
    let argv = argv.word("NX", options.nx).word("XX", options.xx);
    let argv = argv.word("CH", options.ch);
    let members = members.into_iter();
    members.fold(argv, |argv, (place, member)| {
        argv.args(coordinates(place)).arg(member)
    })
}
