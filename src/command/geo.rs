//! Places: sorted sets whose scores stand for a longitude and a latitude.

use alloc::format;
use alloc::vec::Vec;

use super::call::{Argv, MANY, Result, Spec, is};
use super::geo_cells::Place;
use super::geo_shape::distance;
use super::kind::bulk;
use super::number::float;
use super::zsets::zadd;
use super::{CommandError, Reply, View, Writer};
use crate::keyspace::ZSet;
use crate::resp::write_integer;

pub(super) static SPECS: &[Spec] = &[
    Spec::write("geoadd", 5, MANY, geoadd),
    Spec::read("geodist", 4, MANY, geodist),
    Spec::read("geohash", 2, MANY, geohash),
    Spec::read("geopos", 2, MANY, geopos),
];

/// Reads a longitude and the latitude behind it.
pub(super) fn place(longitude: &[u8], latitude: &[u8]) -> Result<Place> {
    let number = |text| float(text).ok_or(CommandError::NotAFloat);
    let (longitude, latitude) = (number(longitude)?, number(latitude)?);
    Place::new(longitude, latitude).ok_or_else(|| CommandError::NoPlace {
        pair: format!("{longitude:.6},{latitude:.6}"),
    })
}

/// A unit's length in metres.
pub(super) fn unit(name: &[u8]) -> Result<f64> {
    match () {
        () if is(name, "m") => Ok(1.0),
        () if is(name, "km") => Ok(1_000.0),
        () if is(name, "ft") => Ok(0.3048),
        () if is(name, "mi") => Ok(1_609.34),
        () => Err(CommandError::Unit),
    }
}

/// A distance as Redis answers it.
pub(super) fn distance_reply(distance: f64) -> Reply {
    bulk(format!("{distance:.4}").as_bytes())
}

/// A longitude and a latitude as Redis answers them.
pub(super) fn place_reply(place: Place) -> Reply {
    let coordinate = |degrees: f64| {
        let text = format!("{degrees:.17}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        bulk(if text == "-0" { b"0" } else { text.as_bytes() })
    };
    let both = [place.longitude, place.latitude].map(coordinate);
    Reply::Array(Vec::from(both))
}

/// `GEOADD key [NX | XX] [CH] longitude latitude member ...`: a `ZADD`, and so it is logged.
fn geoadd(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let is_option = |word: &&Vec<u8>| is(word, "nx") || is(word, "xx") || is(word, "ch");
    let options = argv[2..].iter().take_while(is_option).count();
    let (head, places) = argv.split_at(2 + options);
    let has = |name| head[2..].iter().any(|word| is(word, name));
    if !places.len().is_multiple_of(3) || (has("nx") && has("xx")) {
        return Err(CommandError::Syntax);
    }
    let mut adding = Vec::from([b"ZADD".to_vec()]);
    adding.extend_from_slice(&head[1..]);
    for item in places.chunks_exact(3) {
        let mut score = Vec::new();
        write_integer(&mut score, place(&item[0], &item[1])?.score() as i64);
        adding.extend([score, item[2].clone()]);
    }
    zadd(writer, &adding)
}

/// `GEODIST key member member [unit]`
fn geodist(view: View<'_>, argv: &Argv) -> Result {
    let unit = match argv {
        [_, _, _, _] => 1.0,
        [_, _, _, _, name] => unit(name)?,
        _ => return Err(CommandError::Syntax),
    };
    let Some(zset) = view.read::<ZSet>(&argv[1])? else {
        return Ok(Reply::Nil);
    };
    let both = zset.score(&argv[2]).zip(zset.score(&argv[3]));
    Ok(both.map_or(Reply::Nil, |(from, to)| {
        distance_reply(distance(Place::of_score(from), Place::of_score(to)) / unit)
    }))
}

/// What is said of each member, or that it is not there.
fn each(view: View<'_>, argv: &Argv, none: &Reply, say: fn(Place) -> Reply) -> Result {
    let zset = view.read::<ZSet>(&argv[1])?;
    let replies = argv[2..].iter().map(|member| {
        let score = zset.and_then(|zset| zset.score(member));
        score.map_or(none.clone(), |score| say(Place::of_score(score)))
    });
    Ok(Reply::Array(replies.collect()))
}

fn geohash(view: View<'_>, argv: &Argv) -> Result {
    each(view, argv, &Reply::Nil, |place| bulk(&place.geohash()))
}

fn geopos(view: View<'_>, argv: &Argv) -> Result {
    each(view, argv, &Reply::NilArray, place_reply)
}
