//! A report as one page of HTML, which needs nothing else and loads nothing.
//!
//! The template escapes all that it is given; keys are escaped to ASCII before.

use std::cmp::Reverse;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use askama::Template;

use crate::calendar::calendar;
use crate::failure::Failure;
use crate::output::printable;

use super::draw::{bytes, count};
use super::report::{Database, Key, Prefix, Report};
use super::treemap::{By, Tile, tiles};

#[derive(Template)]
#[template(path = "inspect.html")]
struct Page<'a> {
    path: String,
    format: &'a str,
    cards: Vec<Card>,
    bytes: Option<Bytes>,
    has_prefixes: bool,
    maps: [Map; 2],
    tables: Vec<Table>,
}

struct Card {
    name: &'static str,
    value: String,
    note: String,
}

struct Bytes {
    live_percent: String,
    live: String,
    dead: String,
    saves: String,
    note: &'static str,
}

struct Map {
    id: &'static str,
    tiles: Vec<Tile>,
}

struct Table {
    name: &'static str,
    note: &'static str,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

struct Column {
    name: &'static str,
    class: &'static str,
}

struct Cell {
    text: String,
    /// By what a column of numbers is sorted.
    number: Option<u64>,
    /// Percent of a bar behind it.
    bar: Option<String>,
}

/// Writes the page to a file that is not there yet.
pub fn write(report: &Report, path: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::Exists {
            path: path.to_owned(),
        },
        _ => Failure::io(path)(error),
    };
    let mut file = File::create_new(path).map_err(failed)?;
    let page = page(report).map_err(std::io::Error::other);
    let written = page.and_then(|page| file.write_all(page.as_bytes()));
    written.map_err(|error| {
        let _ = fs::remove_file(path); // the error that counts is the first one
        failed(error)
    })
}

fn page(report: &Report) -> Result<String, askama::Error> {
    let page = Page {
        path: printable(&report.path),
        format: report.format,
        cards: cards(report),
        bytes: live_and_dead(report),
        has_prefixes: report.keys.count > 0,
        maps: [("bytes", By::Bytes), ("keys", By::Keys)].map(|(id, by)| Map {
            id,
            tiles: tiles(&report.prefixes, by),
        }),
        tables: tables(report),
    };
    page.render()
}

impl Tile {
    /// What the template writes as its place.
    fn style(&self) -> String {
        let rect = self.rect;
        let hue = self.hue.map_or(String::new(), |hue| format!(";--h:{hue}"));
        format!(
            "left:{:.3}%;top:{:.3}%;width:{:.3}%;height:{:.3}%{hue}",
            rect.x, rect.y, rect.width, rect.height
        )
    }

    fn classes(&self) -> String {
        let mut classes = format!("tile d{}", self.depth);
        for (is_so, class) in [
            (self.hue.is_none(), " frame"),
            (self.is_rest, " rest"),
            (self.is_small, " small"),
        ] {
            classes += if is_so { class } else { "" };
        }
        classes
    }

    fn title(&self) -> String {
        let (keys, len) = (count(self.amount.keys), bytes(self.amount.len));
        format!("{}\n{keys} keys, {len}", self.name)
    }
}

fn cards(report: &Report) -> Vec<Card> {
    let keys = &report.keys;
    let selected = if keys.selected { "selected, " } else { "" };
    let mut cards = vec![
        Card {
            name: "Keys",
            value: count(keys.count),
            note: format!("{selected}{} in a base", bytes(keys.len)),
        },
        Card {
            name: "Files",
            value: bytes(report.size.len),
            note: match report.files.len() {
                1 => "one file".to_owned(),
                files => format!("{files} files"),
            },
        },
        Card {
            name: "Commands",
            value: count(report.commands.count),
            note: format!("{} did nothing", count(report.commands.failed)),
        },
        Card {
            name: "Expiries",
            value: count(keys.expiries.count),
            note: match keys.expiries.soonest {
                None => "nothing expires".to_owned(),
                Some(at) => format!(
                    "{} passed; {} is the soonest",
                    count(keys.expiries.due),
                    day(at)
                ),
            },
        },
    ];
    if let Some(log) = &report.log {
        cards.push(Card {
            name: "Commits",
            value: count(log.lsn),
            note: format!("{} of them behind the base", count(log.commits)),
        });
    }
    if let Some(span) = report.written {
        cards.push(Card {
            name: "Last written",
            value: day(span.last),
            note: format!("from {} on", day(span.first)),
        });
    }
    cards
}

fn day(millis: u64) -> String {
    let mut day = calendar(millis);
    day.truncate(day.find('T').unwrap_or(day.len()));
    day
}

fn live_and_dead(report: &Report) -> Option<Bytes> {
    let size = &report.size;
    let (live, dead) = (size.live_len?, size.dead_len?);
    Some(Bytes {
        live_percent: percent(live, live.saturating_add(dead)),
        live: bytes(live),
        dead: bytes(dead),
        saves: format!("{} %", size.dead_percent.unwrap_or_default()),
        note: match size.live_as {
            Some("log") => "what a rewrite of this log would leave",
            Some("rdb") => "estimated: an image as dense as the one that is there",
            _ => "what a base of commands would take",
        },
    })
}

fn percent(part: u64, whole: u64) -> String {
    format!("{:.2}", part as f64 * 100.0 / whole.max(1) as f64)
}

fn tables(report: &Report) -> Vec<Table> {
    let mut tables = vec![
        types(report),
        prefixes(report),
        largest("Largest keys", "by bytes in a base", &report.largest_keys),
        largest(
            "Largest collections",
            "by elements, fields or members",
            &report.largest_collections,
        ),
        commands(report),
        files(report),
        frames(report),
    ];
    tables.retain(|table| !table.rows.is_empty());
    tables
}

fn types(report: &Report) -> Table {
    let mut rows = Vec::new();
    for database in &report.keys.databases {
        for kind in &database.types {
            rows.push(vec![
                Cell::number(u64::from(database.db), database.db.to_string()),
                Cell::text(kind.kind),
                Cell::count(kind.keys),
                Cell::count(kind.items),
                Cell::bytes(kind.len).of(kind.len, report.keys.len),
            ]);
        }
    }
    Table {
        name: "Types",
        note: "by database",
        columns: columns(&["#DB", "*Type", "#Keys", "#Items", "#Bytes"]),
        rows,
    }
}

fn prefixes(report: &Report) -> Table {
    let mut found = Vec::new();
    for Database { db, root } in &report.prefixes {
        let mut left: Vec<&Prefix> = root.children.iter().collect();
        while let Some(prefix) = left.pop() {
            left.extend(&prefix.children);
            found.push((*db, prefix));
        }
    }
    found.sort_by_key(|(db, prefix)| (Reverse(prefix.len), *db, &prefix.name));
    let rows = found.into_iter().map(|(db, prefix)| {
        vec![
            Cell::number(u64::from(db), db.to_string()),
            Cell::text(&prefix.name.text()),
            Cell::count(prefix.keys),
            Cell::bytes(prefix.len).of(prefix.len, report.keys.len),
        ]
    });
    Table {
        name: "Prefixes",
        note: "the largest, each with all below it",
        columns: columns(&["#DB", "*Prefix", "#Keys", "#Bytes"]),
        rows: rows.collect(),
    }
}

fn largest(name: &'static str, note: &'static str, keys: &[Key]) -> Table {
    let most = keys.iter().map(|key| key.len).max().unwrap_or_default();
    let row = |key: &Key| {
        let expiry = key.pexpireat.map_or(String::new(), calendar);
        vec![
            Cell::number(u64::from(key.db), key.db.to_string()),
            Cell::text(&key.name.text()),
            Cell::text(key.kind),
            Cell::count(key.items),
            Cell::text(&expiry),
            Cell::bytes(key.len).of(key.len, most),
        ]
    };
    Table {
        name,
        note,
        columns: columns(&["#DB", "*Key", "Type", "#Items", "Expires", "#Bytes"]),
        rows: keys.iter().map(row).collect(),
    }
}

fn commands(report: &Report) -> Table {
    let rows = report.commands.kinds.iter().map(|kind| {
        vec![
            Cell::text(&kind.name),
            Cell::count(kind.count),
            Cell::count(kind.base_count),
            Cell::bytes(kind.len).of(kind.len, report.commands.len),
        ]
    });
    Table {
        name: "Commands",
        note: "as the files hold them",
        columns: columns(&["*Command", "#Count", "#In the base", "#Bytes"]),
        rows: rows.collect(),
    }
}

fn files(report: &Report) -> Table {
    let rows = report.files.iter().map(|file| {
        let image = file.rdb.as_ref().map_or(String::new(), |image| {
            let (keys, len) = (count(image.keys), bytes(image.len));
            format!("RDB version {}: {keys} keys, {len}", image.version)
        });
        vec![
            Cell::text(&printable(&file.path)),
            Cell::text(file.role),
            Cell::text(&image),
            Cell::bytes(file.len),
        ]
    });
    Table {
        name: "Files",
        note: "",
        columns: columns(&["*File", "Role", "Image", "#Bytes"]),
        rows: rows.collect(),
    }
}

fn frames(report: &Report) -> Table {
    let frames = report.log.iter().flat_map(|log| &log.frames);
    let rows = frames.map(|frames| {
        vec![
            Cell::text(frames.kind),
            Cell::count(frames.count),
            Cell::bytes(frames.body_len),
        ]
    });
    Table {
        name: "Frames",
        note: "of the log, and the bytes that they cover",
        columns: columns(&["*Kind", "#Count", "#Bytes"]),
        rows: rows.collect(),
    }
}

/// Columns by their names; those of numbers begin with `#`, the widest with `*`.
fn columns(names: &[&'static str]) -> Vec<Column> {
    let column = |name: &&'static str| {
        let (class, name) = match name.as_bytes()[0] {
            b'#' => ("number", &name[1..]),
            b'*' => ("wide", &name[1..]),
            _ => ("", *name),
        };
        Column { name, class }
    };
    names.iter().map(column).collect()
}

impl Cell {
    fn text(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            number: None,
            bar: None,
        }
    }

    fn number(number: u64, text: String) -> Self {
        Self {
            text,
            number: Some(number),
            bar: None,
        }
    }

    fn count(number: u64) -> Self {
        Self::number(number, count(number))
    }

    fn bytes(len: u64) -> Self {
        Self::number(len, bytes(len))
    }

    fn of(self, part: u64, whole: u64) -> Self {
        Self {
            bar: Some(percent(part, whole)),
            ..self
        }
    }
}
