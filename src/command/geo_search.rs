//! Places within a circle or a box.
//!
//! A search looks at the cells of the grid around its centre: `O(n + log m)` for `m` places, `n` of
//! which are in those cells.

use alloc::string::String;
use alloc::vec::Vec;

use super::call::{Argv, MANY, Result, Spec, is};
use super::geo::{distance_reply, place, place_reply, unit};
use super::geo_cells::{Place, whole};
use super::geo_shape::{Reach, Shape};
use super::kind::{bulk, int};
use super::number::{float, integer};
use super::{CommandError, Reply, View, Writer};
use crate::keyspace::ZSet;
use crate::limits::KEY_LEN_MAX;

pub(super) static SPECS: &[Spec] = &[
    Spec::write("georadius", 6, MANY, store),
    Spec::read("georadius_ro", 6, MANY, read),
    Spec::write("georadiusbymember", 5, MANY, store),
    Spec::read("georadiusbymember_ro", 5, MANY, read),
    Spec::read("geosearch", 7, MANY, read),
    Spec::write("geosearchstore", 8, MANY, store).two_keys(),
];

/// A command of this family.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Radius,
    RadiusByMember,
    Search,
    SearchStore,
}

/// Where a search begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Member,
    Place,
}

/// Options and shape, as they were read.
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are the options as they stand in the command"
)]
struct Query<'v, 'a> {
    form: Form,
    /// Whether an option may name a key to store in.
    may_store: bool,
    source: Option<&'v ZSet>,
    center: Option<Place>,
    from: Option<From>,
    reach: Option<(Reach, f64)>,
    with_dist: bool,
    with_hash: bool,
    with_coord: bool,
    any: bool,
    descending: Option<bool>,
    count: Option<usize>,
    store: Option<&'a [u8]>,
    store_dist: bool,
}

/// A place that was found.
struct Found<'a> {
    member: &'a [u8],
    score: f64,
    place: Place,
    /// From the centre, in metres.
    distance: f64,
}

/// Reads a distance, or several, and the unit behind.
fn distances<const N: usize>(
    args: &[Vec<u8>],
    names: [&'static str; N],
    all: &'static str,
) -> Result<([f64; N], f64)> {
    let mut numbers = [0.0; N];
    for ((number, text), what) in numbers.iter_mut().zip(args).zip(names) {
        *number = float(text).ok_or(CommandError::NotNumeric { what })?;
    }
    if numbers.iter().any(|number| *number < 0.0) {
        return Err(CommandError::NegativeDistance { what: all });
    }
    Ok((numbers, unit(&args[N])?))
}

fn radius(args: &[Vec<u8>]) -> Result<(Reach, f64)> {
    let ([radius], unit) = distances(args, ["radius"], "radius")?;
    Ok((Reach::Radius(radius), unit))
}

fn bounding_box(args: &[Vec<u8>]) -> Result<(Reach, f64)> {
    let names = ["width", "height"];
    let ([width, height], unit) = distances(args, names, "height or width")?;
    Ok((Reach::Box { width, height }, unit))
}

impl<'v, 'a> Query<'v, 'a> {
    fn parse(view: View<'v>, argv: &'a Argv) -> Result<Self> {
        let (form, base) = match &argv[0][..] {
            b"GEORADIUS" | b"GEORADIUS_RO" => (Form::Radius, 6),
            b"GEOSEARCH" => (Form::Search, 2),
            b"GEOSEARCHSTORE" => (Form::SearchStore, 3),
            _ => (Form::RadiusByMember, 5),
        };
        let (source, store) = match form {
            Form::SearchStore => (&argv[2], Some(&argv[1][..])),
            _ => (&argv[1], None),
        };
        let mut query = Self {
            form,
            may_store: argv[0] == b"GEORADIUS" || argv[0] == b"GEORADIUSBYMEMBER",
            source: view.read::<ZSet>(source)?,
            center: None,
            from: None,
            reach: None,
            with_dist: false,
            with_hash: false,
            with_coord: false,
            any: false,
            descending: None,
            count: None,
            store,
            store_dist: false,
        };
        match form {
            Form::Radius => {
                query.center = Some(place(&argv[2], &argv[3])?);
                query.reach = Some(radius(&argv[4..])?);
            }
            // Without a key nothing is looked at but the options.
            Form::RadiusByMember if query.source.is_some() => {
                query.begin_at(&argv[2])?;
                query.reach = Some(radius(&argv[3..])?);
            }
            _ => {}
        }
        let mut rest = &argv[base..];
        while let Some((option, behind)) = rest.split_first() {
            rest = &behind[query.option(option, behind)?..];
        }
        query.check(argv)?;
        Ok(query)
    }

    fn begin_at(&mut self, member: &[u8]) -> Result<()> {
        if let Some(source) = self.source {
            let score = source.score(member).ok_or(CommandError::NoCenter)?;
            self.center = Some(Place::of_score(score));
        }
        self.from = Some(From::Member);
        Ok(())
    }

    /// Reads an option, and says how many arguments behind it are its own.
    fn option(&mut self, name: &[u8], behind: &'a [Vec<u8>]) -> Result<usize> {
        let searches = matches!(self.form, Form::Search | Form::SearchStore);
        let is_box = matches!(self.reach, Some((Reach::Box { .. }, _)));
        let is_circle = matches!(self.reach, Some((Reach::Radius(_), _)));
        Ok(match () {
            () if is(name, "withdist") => set(&mut self.with_dist),
            () if is(name, "withhash") => set(&mut self.with_hash),
            () if is(name, "withcoord") => set(&mut self.with_coord),
            () if is(name, "any") => set(&mut self.any),
            () if is(name, "asc") => {
                self.descending = Some(false);
                0
            }
            () if is(name, "desc") => {
                self.descending = Some(true);
                0
            }
            () if is(name, "count") && !behind.is_empty() => {
                let count = integer(&behind[0])?;
                if count <= 0 {
                    return Err(CommandError::CountNotPositive);
                }
                self.count = Some(usize::try_from(count).unwrap_or(usize::MAX));
                1
            }
            () if (is(name, "store") || is(name, "storedist"))
                && self.may_store
                && !behind.is_empty() =>
            {
                self.store = Some(&behind[0]);
                self.store_dist = is(name, "storedist");
                1
            }
            () if is(name, "storedist") && self.form == Form::SearchStore => {
                set(&mut self.store_dist)
            }
            () if is(name, "frommember")
                && searches
                && !behind.is_empty()
                && self.from != Some(From::Place) =>
            {
                self.begin_at(&behind[0])?;
                1
            }
            () if is(name, "fromlonlat")
                && searches
                && behind.len() > 1
                && self.from != Some(From::Member) =>
            {
                self.center = Some(place(&behind[0], &behind[1])?);
                self.from = Some(From::Place);
                2
            }
            () if is(name, "byradius") && searches && behind.len() > 1 && !is_box => {
                self.reach = Some(radius(behind)?);
                2
            }
            () if is(name, "bybox") && searches && behind.len() > 2 && !is_circle => {
                self.reach = Some(bounding_box(behind)?);
                3
            }
            () => return Err(CommandError::Syntax),
        })
    }

    /// What contradicts, or is missing.
    fn check(&self, argv: &Argv) -> Result<()> {
        if self.store.is_some() && (self.with_dist || self.with_hash || self.with_coord) {
            let what = match self.form {
                Form::SearchStore => "GEOSEARCHSTORE",
                _ => "STORE option in GEORADIUS",
            };
            return Err(CommandError::StoreWith { what });
        }
        let searches = matches!(self.form, Form::Search | Form::SearchStore);
        let missing = match () {
            () if searches && self.from.is_none() => Some("FROMMEMBER or FROMLONLAT"),
            () if searches && self.reach.is_none() => Some("BYRADIUS and BYBOX"),
            () => None,
        };
        if let Some(options) = missing {
            let name = String::from_utf8_lossy(&argv[0]).into_owned();
            return Err(CommandError::ExactlyOne { options, name });
        }
        if self.any && self.count.is_none() {
            return Err(CommandError::AnyWithoutCount);
        }
        Ok(())
    }

    /// What is found, in its order and as much of it as was asked for.
    fn run(&self) -> (Vec<Found<'v>>, f64) {
        let (Some(source), Some(center), Some((reach, unit))) =
            (self.source, self.center, self.reach)
        else {
            return (Vec::new(), 1.0);
        };
        let shape = Shape {
            center,
            reach,
            unit,
        };
        let enough = self.count.filter(|_| self.any).unwrap_or(usize::MAX);
        let cells = shape.cells().into_iter().flat_map(|cell| {
            let scores = cell.scores();
            let from = source.partition(|score, _| score < scores.start);
            let to = source.partition(|score, _| score < scores.end);
            source.range(from..to.max(from))
        });
        let found = cells.filter_map(|(score, member)| {
            let place = Place::of_score(score);
            let distance = shape.distance_within(place)?;
            Some(Found {
                member,
                score,
                place,
                distance,
            })
        });
        let mut found: Vec<_> = found.take(enough).collect();
        // The nearest, unless any will do.
        let nearest = (self.count.is_some() && !self.any).then_some(false);
        match self.descending.or(nearest) {
            Some(false) => found.sort_by(|one, two| one.distance.total_cmp(&two.distance)),
            Some(true) => found.sort_by(|one, two| two.distance.total_cmp(&one.distance)),
            None => {}
        }
        found.truncate(self.count.unwrap_or(usize::MAX));
        (found, unit)
    }

    fn reply(&self) -> Reply {
        let (found, unit) = self.run();
        let replies = found.into_iter().map(|found| {
            let mut parts = Vec::from([bulk(found.member)]);
            if self.with_dist {
                parts.push(distance_reply(found.distance / unit));
            }
            if self.with_hash {
                parts.push(Reply::Int(whole(found.score)));
            }
            if self.with_coord {
                parts.push(place_reply(found.place));
            }
            match parts.len() {
                1 => parts.remove(0),
                _ => Reply::Array(parts),
            }
        });
        Reply::Array(replies.collect())
    }
}

fn set(option: &mut bool) -> usize {
    *option = true;
    0
}

/// `GEOSEARCH`, `GEORADIUS_RO` and `GEORADIUSBYMEMBER_RO`.
fn read(view: View<'_>, argv: &Argv) -> Result {
    Ok(Query::parse(view, argv)?.reply())
}

/// `GEOSEARCHSTORE`, and `GEORADIUS` and `GEORADIUSBYMEMBER`, which store if they are told to.
fn store(writer: &mut Writer<'_>, argv: &Argv) -> Result {
    let keys = match argv[0] == b"GEOSEARCHSTORE" {
        true => &argv[1..3],
        false => &argv[1..2],
    };
    let query = Query::parse(writer.view(keys), argv)?;
    let Some(target) = query.store else {
        return Ok(query.reply());
    };
    if target.len() > KEY_LEN_MAX {
        return Err(CommandError::TooLong);
    }
    let (found, unit) = query.run();
    let mut zset = ZSet::default();
    for found in &found {
        let score = match query.store_dist {
            true => found.distance / unit,
            false => found.score,
        };
        zset.put(found.member, score);
    }
    let len = zset.len();
    let replaced = writer.live(target).is_some();
    writer.store_kind(target, zset);
    writer.log_entry(target, replaced);
    Ok(int(len))
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::super::{Command, CommitLog, execute};
    use super::*;
    use crate::keyspace::Keyspace;
    use crate::units::WallMillis;

    /// The reply, and what is logged.
    fn run(keyspace: &mut Keyspace, text: &str) -> (Reply, String) {
        let argv: Vec<&[u8]> = text.split(' ').map(str::as_bytes).collect();
        let command = Command::parse(&argv).expect("the test spells it right");
        let mut log = CommitLog::new();
        let reply = execute(keyspace, 0, &command, WallMillis(0), &mut log);
        let logged = log.finish().map(|logged| logged.bytes).unwrap_or_default();
        let words = String::from_utf8_lossy(&logged).replace("\r\n", " ");
        let words = words
            .split(' ')
            .filter(|word| !word.starts_with(['*', '$']));
        (reply, words.collect::<Vec<_>>().join(" "))
    }

    fn bulks(words: &[&str]) -> Reply {
        Reply::Array(words.iter().map(|word| bulk(word.as_bytes())).collect())
    }

    #[test]
    fn places_are_found_around_a_place() {
        let mut keyspace = Keyspace::new(0);
        let add = "GEOADD sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania";
        let (added, logged) = run(&mut keyspace, add);
        assert_eq!(added, Reply::Int(2));
        assert_eq!(
            logged,
            "ZADD sicily 3479099956230698 Palermo 3479447370796909 Catania "
        );
        let (found, logged) = run(&mut keyspace, "GEORADIUS sicily 15 37 200 km ASC");
        assert_eq!(found, bulks(&["Catania", "Palermo"]));
        assert_eq!(logged, "");
        let ask = "GEOSEARCH sicily FROMLONLAT 15 37 BYBOX 150 150 km";
        assert_eq!(run(&mut keyspace, ask).0, bulks(&["Catania"]));
        let ask = "GEODIST sicily Palermo Catania km";
        assert_eq!(run(&mut keyspace, ask).0, bulk(b"166.2742"));
    }

    #[test]
    fn what_is_stored_is_logged_as_its_effect() {
        let mut keyspace = Keyspace::new(0);
        run(
            &mut keyspace,
            "ZADD g 3479099956230698 p 3479447370796909 c",
        );
        for (call, expected) in [
            (
                "GEOSEARCHSTORE near g FROMMEMBER c BYRADIUS 1 km",
                "ZADD near 3479447370796909 c ",
            ),
            (
                "GEORADIUSBYMEMBER g c 1 m STOREDIST near",
                "MULTI DEL near ZADD near 0 c EXEC ",
            ),
            ("GEORADIUS g 0 0 1 km STORE near", "DEL near "),
            ("GEORADIUS g 0 0 1 km STORE near", ""),
            ("GEORADIUSBYMEMBER none p 1 x STORE g", "DEL g "),
        ] {
            assert_eq!(run(&mut keyspace, call).1, expected, "{call}");
            keyspace.check_invariants();
        }
    }
}
