//! A report as a picture in the terminal.

use std::fmt::Write;

use crate::calendar::calendar;
use crate::output::printable;

use super::draw::{DEAD, FAINT, HEADING, LIVE, Pen, Row, bytes, count};
use super::prefixes::{Limit, folded};
use super::report::{Amount, Database, Key, Prefix, Report};

/// Prefixes that a picture shows at most.
const PREFIXES_MAX: Limit = Limit {
    all: 40,
    below_one: 8,
};
/// Databases and kinds of commands that a picture shows at most.
const ROWS_MAX: usize = 16;
/// Columns of the bar of live and dead bytes.
const SPLIT_WIDTH: usize = 76;

/// The picture, with escape sequences for colours.
pub fn picture(report: &Report, pen: Pen) -> String {
    let mut picture = Picture {
        pen,
        text: String::new(),
    };
    picture.head(report);
    picture.size(report);
    picture.keys(report);
    picture.expiries(report);
    picture.commands(report);
    picture.largest("Largest keys", "bytes", &report.largest_keys);
    picture.largest("Largest collections", "items", &report.largest_collections);
    picture.prefixes(report);
    picture.text
}

struct Picture {
    pen: Pen,
    text: String,
}

/// Writing to a `String` does not fail.
macro_rules! line {
    ($picture:expr, $($arg:tt)*) => {
        writeln!($picture.text, $($arg)*).expect("memory takes what is written")
    };
}

impl Picture {
    fn heading(&mut self, title: &str, note: &str) {
        let gap = if note.is_empty() { "" } else { "  " };
        line!(
            self,
            "\n{HEADING}{title}{HEADING:#}{gap}{FAINT}{note}{FAINT:#}"
        );
    }

    fn fact(&mut self, name: &str, value: &str) {
        line!(self, "  {name:<13} {}", printable(value));
    }

    fn head(&mut self, report: &Report) {
        let path = printable(&report.path);
        line!(
            self,
            "{HEADING}{path}{HEADING:#}  {FAINT}{}{FAINT:#}",
            report.format
        );
        for file in &report.files {
            let path = printable(&file.path);
            line!(self, "  {:<13} {:>11}  {path}", file.role, bytes(file.len));
            if let Some(image) = &file.rdb {
                let (version, keys) = (image.version, count(image.keys));
                let len = bytes(image.len);
                self.fact(
                    "",
                    &format!("{len:>11}  RDB version {version}, {keys} keys"),
                );
            }
        }
        if let Some(log) = &report.log {
            let (commits, lsn) = (count(log.commits), log.lsn);
            self.fact("identity", &log.identity);
            self.fact(
                "commits",
                &format!(
                    "{commits} behind the base at {}, the last is {lsn}",
                    log.base_lsn
                ),
            );
            self.fact(
                "known durable",
                &format!("up to {}; incarnation {}", log.evidence, log.incarnation),
            );
            let frames = log.frames.iter().filter(|frames| frames.count > 0);
            let frames = frames.map(|frames| {
                let (kind, number) = (frames.kind, count(frames.count));
                match frames.body_len {
                    0 => format!("{kind} {number}"),
                    len => format!("{kind} {number} ({})", bytes(len)),
                }
            });
            let frames: Vec<_> = frames.collect();
            self.fact("frames", &frames.join(", "));
        }
        if let Some(span) = report.written {
            let (first, last) = (calendar(span.first), calendar(span.last));
            self.fact("written", &format!("{first} to {last}"));
        }
    }

    fn size(&mut self, report: &Report) {
        let size = &report.size;
        self.heading("Bytes", &bytes(size.len));
        let (Some(live), Some(dead)) = (size.live_len, size.dead_len) else {
            line!(
                self,
                "  {FAINT}what a rewrite would save cannot be told of this{FAINT:#}"
            );
            return;
        };
        let about = match size.live_as {
            Some("rdb") => "about ",
            _ => "",
        };
        line!(self, "  {}", self.pen.split(live, dead, SPLIT_WIDTH));
        let percent = size.dead_percent.unwrap_or_default();
        line!(
            self,
            "  {LIVE}live {}{LIVE:#}, {DEAD}dead {}{DEAD:#}: a rewrite would save {about}{percent} %",
            bytes(live),
            bytes(dead)
        );
    }

    fn keys(&mut self, report: &Report) {
        let keys = &report.keys;
        let note = if keys.selected { ", as selected" } else { "" };
        let (number, len) = (count(keys.count), bytes(keys.len));
        self.heading("Keys", &format!("{number}, {len} in a base{note}"));
        for kind in &keys.types {
            let items = match kind.kind {
                "string" => String::new(),
                _ if kind.items == 1 => "  1 item".to_owned(),
                _ => format!("  {} items", count(kind.items)),
            };
            let row = self.pen.row(&Row {
                name: kind.kind,
                indent: 0,
                count: kind.keys,
                len: kind.len,
                whole: keys.len,
            });
            line!(self, "{row}{FAINT}{items}{FAINT:#}");
        }
        if keys.databases.len() < 2 && keys.databases.iter().all(|it| it.db == 0) {
            return;
        }
        self.heading("Databases", "");
        for database in keys.databases.iter().take(ROWS_MAX) {
            let row = self.pen.row(&Row {
                name: &format!("db {}", database.db),
                indent: 0,
                count: database.keys,
                len: database.len,
                whole: keys.len,
            });
            line!(self, "{row}");
        }
        self.more(keys.databases.len());
    }

    fn more(&mut self, rows: usize) {
        let more = rows.saturating_sub(ROWS_MAX);
        if more > 0 {
            line!(self, "  {FAINT}and {more} more{FAINT:#}");
        }
    }

    fn expiries(&mut self, report: &Report) {
        let expiries = &report.keys.expiries;
        let (number, due) = (count(expiries.count), count(expiries.due));
        let (Some(soonest), Some(latest)) = (expiries.soonest, expiries.latest) else {
            return;
        };
        self.heading("Expiries", &format!("{number}, {due} of them passed"));
        self.fact("soonest", &calendar(soonest));
        self.fact("latest", &calendar(latest));
    }

    fn commands(&mut self, report: &Report) {
        let commands = &report.commands;
        if commands.count == 0 {
            return;
        }
        let failed = match commands.failed {
            0 => String::new(),
            failed => format!("; {} did nothing", count(failed)),
        };
        let (number, len) = (count(commands.count), bytes(commands.len));
        self.heading("Commands", &format!("{number}, {len}{failed}"));
        for kind in commands.kinds.iter().take(ROWS_MAX) {
            let base = match kind.base_count {
                0 => String::new(),
                number if number == kind.count => "  all in the base".to_owned(),
                number => format!("  {} in the base", count(number)),
            };
            let row = self.pen.row(&Row {
                name: &kind.name,
                indent: 0,
                count: kind.count,
                len: kind.len,
                whole: commands.len,
            });
            line!(self, "{row}{FAINT}{base}{FAINT:#}");
        }
        self.more(commands.kinds.len());
    }

    fn largest(&mut self, title: &str, by: &str, keys: &[Key]) {
        let size = |key: &Key| if by == "items" { key.items } else { key.len };
        let Some(first) = keys.first() else {
            return;
        };
        self.heading(title, &format!("by {by}"));
        let whole = size(first);
        for key in keys {
            let name = self.pen.short(&key.name.text(), 40);
            let bar = self.pen.bar(size(key), whole);
            let place = match key.db {
                0 => key.kind.to_owned(),
                db => format!("{} db {db}", key.kind),
            };
            let size = match by {
                "items" => count(key.items),
                _ => bytes(key.len),
            };
            line!(self, "  {bar} {size:>11}  {name}  {FAINT}{place}{FAINT:#}");
        }
    }

    fn prefixes(&mut self, report: &Report) {
        let shown = folded(&report.prefixes, PREFIXES_MAX);
        if shown
            .iter()
            .all(|database| database.root.children.is_empty())
        {
            return;
        }
        self.heading("Prefixes", "split behind : / .");
        let several = shown.len() > 1;
        for Database { db, root } in shown.iter().take(ROWS_MAX) {
            if several {
                self.prefix(&format!("db {db}"), 0, root, report.keys.len);
            }
            self.below(root, usize::from(several), report.keys.len);
        }
        self.more(shown.len());
    }

    fn prefix(&mut self, name: &str, indent: usize, prefix: &Prefix, whole: u64) {
        let amount = Amount {
            keys: prefix.keys,
            len: prefix.len,
        };
        self.amount(name, indent, amount, whole);
    }

    fn below(&mut self, prefix: &Prefix, indent: usize, whole: u64) {
        for child in &prefix.children {
            let name = child.name.0.strip_prefix(&prefix.name.0[..]);
            let name = name.unwrap_or(&child.name.0).escape_ascii().to_string();
            self.prefix(&name, indent, child, whole);
            self.below(child, indent + 1, whole);
        }
        if prefix.other.keys > 0 {
            self.amount("(smaller prefixes)", indent, prefix.other, whole);
        }
        let own = prefix.own();
        if own.keys > 0 && own.keys < prefix.keys {
            self.amount("(no further prefix)", indent, own, whole);
        }
    }

    fn amount(&mut self, name: &str, indent: usize, amount: Amount, whole: u64) {
        let row = self.pen.row(&Row {
            name,
            indent,
            count: amount.keys,
            len: amount.len,
            whole,
        });
        line!(self, "{row}");
    }
}
