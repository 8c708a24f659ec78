//! Places.

use indelible::{GeoAddOptions, GeoFound, GeoFrom, GeoPlace, GeoSearch, GeoUnit};

use crate::same::{NONE, Ways, bytes, end, some, sorted, words};
use crate::{read, refused, written};

const SICILY: &str = "GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania";

const PALERMO: GeoPlace = GeoPlace {
    longitude: 13.361389,
    latitude: 38.115556,
};
const CATANIA: GeoPlace = GeoPlace {
    longitude: 15.087269,
    latitude: 37.502669,
};

/// As it is given out: the middle of a cell of the grid.
fn is_near(one: GeoPlace, other: GeoPlace) -> bool {
    (one.longitude - other.longitude).abs() < 1e-5 && (one.latitude - other.latitude).abs() < 1e-5
}

#[test]
fn places_are_read() {
    let ways = Ways::given(&[SICILY]);
    let near = |places: Vec<Option<GeoPlace>>| {
        let [palermo, none, catania] = places.try_into().unwrap();
        (
            is_near(palermo.unwrap(), PALERMO),
            none,
            is_near(catania.unwrap(), CATANIA),
        )
    };
    let line = "GEOPOS g Palermo none Catania";
    read!(
        ways,
        geopos("g", ["Palermo", "none", "Catania"]),
        line,
        (true, None, true),
        near
    );
    let line = "GEODIST g Palermo Catania";
    read!(
        ways,
        geodist("g", "Palermo", "Catania", GeoUnit::M),
        line,
        Some(166274.1516)
    );
    for (unit, word, distance) in [
        (GeoUnit::Km, "km", 166.2742),
        (GeoUnit::Mi, "mi", 103.3182),
        (GeoUnit::Ft, "ft", 545518.87),
    ] {
        let line = format!("GEODIST g Palermo Catania {word}");
        read!(
            ways,
            geodist("g", "Palermo", "Catania", unit),
            &line,
            Some(distance)
        );
    }
    read!(
        ways,
        geodist("g", "Palermo", "x", GeoUnit::M),
        "GEODIST g Palermo x",
        None
    );
    let line = "GEOHASH g Palermo x";
    read!(
        ways,
        geohash("g", ["Palermo", "x"]),
        line,
        [some("sqc8b49rny0"), NONE]
    );
    end(ways);
}

#[test]
fn places_are_found() {
    let ways = Ways::given(&[SICILY]);
    let here = || {
        GeoFrom::Place(GeoPlace {
            longitude: 15.0,
            latitude: 37.0,
        })
    };
    let around = GeoSearch::by_radius(here(), 200.0, GeoUnit::Km);
    let line = "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km";
    read!(
        ways,
        geosearch("g", around.clone()),
        line,
        words("Catania Palermo"),
        sorted
    );
    let line = "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km DESC";
    read!(
        ways,
        geosearch("g", around.clone().desc()),
        line,
        words("Palermo Catania")
    );
    let line = "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC COUNT 1";
    read!(
        ways,
        geosearch("g", around.clone().asc().count(1)),
        line,
        words("Catania")
    );
    let line = "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1 ANY";
    read!(
        ways,
        geosearch("g", around.clone().any(1)),
        line,
        1,
        |found: Vec<_>| found.len()
    );
    let boxed = GeoSearch::by_box(GeoFrom::member("Catania"), 1.0, 2.0, GeoUnit::Mi);
    let line = "GEOSEARCH g FROMMEMBER Catania BYBOX 1 2 mi";
    read!(ways, geosearch("g", boxed.clone()), line, words("Catania"));
    let line = "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHDIST WITHCOORD";
    let facts = |found: Vec<GeoFound>| {
        assert!(is_near(found[0].place, CATANIA) && is_near(found[1].place, PALERMO));
        let facts = found.into_iter().map(|it| (it.member, it.distance));
        facts.collect::<Vec<_>>()
    };
    let expected = [(bytes("Catania"), 56.4413), (bytes("Palermo"), 190.4424)];
    read!(
        ways,
        geosearch_with_places("g", around.clone().asc()),
        line,
        expected,
        facts
    );
    end(ways);
}

#[test]
fn places_are_written() {
    let ways = Ways::given(&[]);
    let both = [(PALERMO, "Palermo"), (CATANIA, "Catania")];
    written!(ways, geoadd("g", both), SICILY, 2);
    let nx = GeoAddOptions {
        nx: true,
        ..GeoAddOptions::default()
    };
    let line = "GEOADD g NX 15.087269 37.502669 Palermo";
    written!(ways, geoadd_with("g", nx, [(CATANIA, "Palermo")]), line, 0);
    let moved = GeoAddOptions {
        xx: true,
        ch: true,
        ..GeoAddOptions::default()
    };
    let line = "GEOADD g XX CH 15.087269 37.502669 Palermo";
    written!(
        ways,
        geoadd_with("g", moved, [(CATANIA, "Palermo")]),
        line,
        1
    );
    let near = GeoSearch::by_radius(GeoFrom::member("Palermo"), 1.0, GeoUnit::M);
    let line = "GEOSEARCHSTORE to g FROMMEMBER Palermo BYRADIUS 1 m";
    written!(ways, geosearchstore("to", "g", near.clone()), line, 2);
    let line = "GEOSEARCHSTORE far g FROMMEMBER Palermo BYRADIUS 1 m STOREDIST";
    written!(ways, geosearchstore_dist("far", "g", near.clone()), line, 2);
    end(ways);
}

#[test]
fn what_is_no_place_is_a_typed_error() {
    let ways = Ways::given(&[SICILY, "SET s x"]);
    let nowhere = GeoPlace {
        longitude: 200.0,
        latitude: 0.0,
    };
    let pair = "200.000000,0.000000".to_string();
    refused!(
        ways,
        geoadd("g", [(nowhere, "x")]),
        "GEOADD g 200 0 x",
        NoPlace { pair }
    );
    refused!(ways, geopos("s", ["a"]), "GEOPOS s a", WrongType);
    let lost = GeoSearch::by_radius(GeoFrom::member("x"), 1.0, GeoUnit::M);
    let line = "GEOSEARCH g FROMMEMBER x BYRADIUS 1 m";
    refused!(ways, geosearch("g", lost.clone()), line, NoCenter);
    let back = GeoSearch::by_radius(GeoFrom::member("Palermo"), -1.0, GeoUnit::M);
    let line = "GEOSEARCH g FROMMEMBER Palermo BYRADIUS -1 m";
    refused!(
        ways,
        geosearch("g", back.clone()),
        line,
        NegativeDistance { what: "radius" }
    );
    end(ways);
}
