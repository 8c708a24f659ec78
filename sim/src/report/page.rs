//! A case as one page of HTML that needs nothing else and loads nothing.
//!
//! The template escapes what it is given; what the script draws from is JSON, in which no character
//! can end its element.

use askama::Template;
use indelible::effect::Lane;
use serde_json::{Value, json};

use super::case::Case;
use super::event::{Event, verb};
use super::explained::Explained;
use super::regression::regression;
use super::screen::{facts, heading, result, screen};
use super::site::{Sibling, Site};
use super::story::Span;
use super::why::Why;
use crate::disk::{Disk, Fate, FileView, Hold};
use crate::world::What;

/// Events that a page draws: the last ones.
const EVENTS_MAX: usize = 500;

#[derive(Template)]
#[template(path = "failure.html")]
struct Page {
    title: String,
    obligation: String,
    name: &'static str,
    heading: String,
    result: String,
    facts: Vec<(&'static str, String)>,
    token: String,
    regression: String,
    text: String,
    data: Value,
}

/// The page.
///
/// # Errors
/// If the template fails.
pub fn page(case: &Case, explained: &Explained) -> Result<String, askama::Error> {
    let obligation = case.violation.obligation;
    Page {
        title: format!("{obligation} {} | indelible-sim", obligation.name()),
        obligation: obligation.to_string(),
        name: obligation.name(),
        heading: heading(case).trim_end().to_owned(),
        result: result(case, explained),
        facts: facts(explained),
        token: case.token(),
        regression: regression(case, explained),
        text: screen(case, explained),
        data: data(explained),
    }
    .render()
}

/// What the script draws.
fn data(explained: &Explained) -> Value {
    let events = &explained.story.events;
    let skipped = events.len().saturating_sub(EVENTS_MAX);
    let shown = &events[skipped..];
    let mut disks: Vec<Value> = Vec::new();
    let marks = explained.why.marks();
    let drawn: Vec<Value> = shown
        .iter()
        .map(|event| {
            let files = files_behind(event);
            if disks.last() != Some(&files) {
                disks.push(files);
            }
            let mark = marks.iter().find(|(number, _)| *number == event.number);
            json!({
                "n": event.number,
                "text": event.words(),
                "ended": event.ended(),
                "lane": lane_of(event),
                "crash": matches!(event.what, What::Crashed { .. }),
                "mark": mark.map(|(_, mark)| mark),
                "disk": disks.len() - 1,
            })
        })
        .collect();
    let crash = shown
        .iter()
        .rposition(|event| matches!(event.what, What::Crashed { .. }));
    let edge = match &explained.why {
        Why::Edge { first, second, .. } => Some([*first, *second]),
        _ => None,
    };
    let spans = explained
        .story
        .spans
        .iter()
        .filter(|span| span.to >= skipped);
    json!({
        "events": drawn,
        "spans": spans.map(|span| span_of(span, skipped)).collect::<Vec<_>>(),
        "disks": disks,
        "crash": crash.unwrap_or(shown.len().saturating_sub(1)),
        "edge": edge,
        "why": explained.why.to_string(),
        "changes": explained.site.as_ref().map(|site| changes(site, explained)),
        "siblings": explained.site.as_ref().map(siblings),
    })
}

fn lane_of(event: &Event) -> &'static str {
    match event.what {
        What::Io { .. } | What::Crashed { .. } => "disk",
        _ => "callers",
    }
}

fn span_of(span: &Span, skipped: usize) -> Value {
    let lane = match span.lane {
        Lane::Foreground => "foreground",
        Lane::Background => "background",
    };
    json!({
        "lane": lane,
        "kind": verb(span.kind),
        "from": span.from.saturating_sub(skipped),
        "to": span.to - skipped,
        "cut": span.cut,
    })
}

fn files_behind(event: &Event) -> Value {
    match &event.what {
        What::Crashed { wreck, .. } if event.is_power_loss() => {
            files(&wreck.before().view_in(wreck.image()))
        }
        _ => files(&event.disk.view()),
    }
}

fn files(views: &[FileView]) -> Value {
    let file = |view: &FileView| {
        let run = |it: &crate::disk::Stretch| json!([it.start, it.end, word(it.hold)]);
        json!({
            "name": view.name,
            "inode": view.inode.0,
            "named": word(view.named),
            "runs": view.stretches.iter().map(run).collect::<Vec<_>>(),
        })
    };
    let is_lock = |view: &&FileView| view.name.as_deref() == Some(indelible::recover::LOCK_NAME);
    Value::Array(
        views
            .iter()
            .filter(|view| !is_lock(view))
            .map(file)
            .collect(),
    )
}

const fn word(hold: Hold) -> &'static str {
    match hold {
        Hold::Durable => "durable",
        Hold::Cached => "cached",
        Hold::Limbo => "limbo",
        Hold::Back => "back",
        Hold::Torn => "torn",
        Hold::Lost => "lost",
    }
}

/// What a reader calls each change that was not durable.
fn changes(site: &Site, explained: &Explained) -> Vec<String> {
    let label = |(sequence, _): &(u64, Fate)| {
        let event = explained.story.that_changed(*sequence);
        event.map_or_else(|| format!("#{sequence}"), Event::label)
    };
    site.fates.iter().map(label).collect()
}

fn siblings(site: &Site) -> Vec<Value> {
    let mut chosen = site.siblings.iter().position(|one| one.chosen);
    let one = |one: &Sibling, chosen: bool| {
        let letter = |(_, fate): &(u64, Fate)| match fate {
            Fate::Durable => 'D',
            Fate::Torn => 'T',
            Fate::Lost => 'L',
        };
        let broken = one.broken.as_ref().map(|violation| {
            let detail = violation.detail.lines().next().unwrap_or_default();
            format!("{} {detail}", violation.obligation)
        });
        let image: &Disk = &one.image;
        json!({
            "index": one.index,
            "fates": one.fates.iter().map(letter).collect::<String>(),
            "broken": broken,
            "chosen": chosen,
            "files": files(&site.before.view_in(image)),
        })
    };
    let numbered = site.siblings.iter().enumerate();
    numbered
        .map(|(place, sibling)| {
            let own = chosen == Some(place);
            if own {
                chosen = None;
            }
            one(sibling, own)
        })
        .collect()
}
