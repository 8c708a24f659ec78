//! A treemap of prefixes: rectangles whose areas are sizes, those of children within their parents'.
//!
//! Laid out row by row, each row along the shorter side of what is left and as square as it can be
//! (Bruls, Huizing and van Wijk, "Squarified Treemaps", 2000).

use super::report::{Amount, Database, Prefix};

/// The plane, in pixels of a screen of usual size.
pub const WIDTH: f64 = 1_120.0;
pub const HEIGHT: f64 = 560.0;
/// Room for the name of what holds others.
const HEAD: f64 = 17.0;
const MARGIN: f64 = 2.0;
/// What is smaller shows no name, or nothing of what is in it.
const NAMED: (f64, f64) = (34.0, 15.0);
const OPENED: (f64, f64) = (48.0, 40.0);
/// Hues by which the uppermost prefixes are told apart; databases have none.
const HUES: [u16; 8] = [212, 158, 32, 275, 345, 92, 188, 52];

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// One rectangle, in percent of the plane.
#[derive(Debug)]
pub struct Tile {
    pub rect: Rect,
    pub depth: usize,
    pub hue: Option<u16>,
    /// Whether it stands for what is not listed.
    pub is_rest: bool,
    /// Whether there is no room for a name.
    pub is_small: bool,
    /// What is written in it, if there is room.
    pub label: String,
    /// All of its name, with the database, if there are several.
    pub name: String,
    pub amount: Amount,
}

/// By what rectangles are measured.
#[derive(Clone, Copy, Debug)]
pub enum By {
    Bytes,
    Keys,
}

/// The rectangles of all prefixes, those that hold others before them.
pub fn tiles(databases: &[Database], by: By) -> Vec<Tile> {
    let mut map = Map {
        by,
        tiles: Vec::new(),
    };
    let all = Rect {
        x: 0.0,
        y: 0.0,
        width: WIDTH,
        height: HEIGHT,
    };
    match databases {
        [database] => map.fill(all, items(&database.root, ""), 0, Hue::Next),
        _ => {
            let items = databases.iter().map(|database| {
                let name = format!("db {}", database.db);
                Item {
                    amount: Amount {
                        keys: database.root.keys,
                        len: database.root.len,
                    },
                    label: name.clone(),
                    name: name.clone(),
                    of: name + " ",
                    below: Some(&database.root),
                }
            });
            map.fill(all, items.collect(), 0, Hue::None);
        }
    }
    map.tiles
}

/// What becomes a rectangle.
struct Item<'a> {
    amount: Amount,
    label: String,
    name: String,
    /// What stands before the names of all that is in it.
    of: String,
    below: Option<&'a Prefix>,
}

fn items<'a>(prefix: &'a Prefix, of: &str) -> Vec<Item<'a>> {
    let mut items = Vec::new();
    for child in &prefix.children {
        let label = child.name.0.strip_prefix(&prefix.name.0[..]);
        items.push(Item {
            amount: Amount {
                keys: child.keys,
                len: child.len,
            },
            label: label.unwrap_or(&child.name.0).escape_ascii().to_string(),
            name: format!("{of}{}", child.name.text()),
            of: of.to_owned(),
            below: Some(child),
        });
    }
    let rest = [
        ("smaller prefixes", prefix.other),
        ("no further prefix", prefix.own()),
    ];
    for (label, amount) in rest {
        items.push(Item {
            amount,
            label: label.to_owned(),
            name: format!("{of}{} ({label})", prefix.name.text()),
            of: of.to_owned(),
            below: None,
        });
    }
    items
}

/// Where a hue comes from.
#[derive(Clone, Copy)]
enum Hue {
    None,
    Next,
    Same(u16),
}

struct Map {
    by: By,
    tiles: Vec<Tile>,
}

impl Map {
    fn fill(&mut self, rect: Rect, mut items: Vec<Item<'_>>, depth: usize, hue: Hue) {
        let size = |item: &Item<'_>| match self.by {
            By::Bytes => item.amount.len as f64,
            By::Keys => item.amount.keys as f64,
        };
        items.retain(|item| size(item) > 0.0);
        items.sort_by(|one, other| size(other).total_cmp(&size(one)));
        let sizes: Vec<f64> = items.iter().map(size).collect();
        let rects = squarified(&sizes, rect);
        for (at, (item, rect)) in items.into_iter().zip(rects).enumerate() {
            let hue = match hue {
                Hue::Next => Hue::Same(HUES[at % HUES.len()]),
                hue => hue,
            };
            self.tile(rect, item, depth, hue);
        }
    }

    fn tile(&mut self, rect: Rect, item: Item<'_>, depth: usize, hue: Hue) {
        let is_named = rect.width >= NAMED.0 && rect.height >= NAMED.1;
        self.tiles.push(Tile {
            rect: Rect {
                x: rect.x * 100.0 / WIDTH,
                y: rect.y * 100.0 / HEIGHT,
                width: rect.width * 100.0 / WIDTH,
                height: rect.height * 100.0 / HEIGHT,
            },
            depth: depth.min(3),
            hue: match hue {
                Hue::Same(hue) => Some(hue),
                _ => None,
            },
            is_small: !is_named,
            is_rest: item.below.is_none(),
            label: if is_named { item.label } else { String::new() },
            name: item.name,
            amount: item.amount,
        });
        let Some(below) = item.below.filter(|below| !below.children.is_empty()) else {
            return;
        };
        if rect.width >= OPENED.0 && rect.height >= OPENED.1 {
            let inner = Rect {
                x: rect.x + MARGIN,
                y: rect.y + HEAD,
                width: rect.width - 2.0 * MARGIN,
                height: rect.height - HEAD - MARGIN,
            };
            let hue = match hue {
                Hue::None => Hue::Next,
                hue => hue,
            };
            self.fill(inner, items(below, &item.of), depth + 1, hue);
        }
    }
}

/// Rectangles with these sizes, largest first, that fill `rect`.
fn squarified(sizes: &[f64], rect: Rect) -> Vec<Rect> {
    let scale = rect.width * rect.height / sizes.iter().sum::<f64>();
    let areas: Vec<f64> = sizes.iter().map(|size| size * scale).collect();
    let (mut rects, mut left, mut at) = (Vec::new(), rect, 0);
    while at < areas.len() {
        let side = left.width.min(left.height);
        let mut end = at + 1;
        while end < areas.len() && worst(&areas[at..=end], side) <= worst(&areas[at..end], side) {
            end += 1;
        }
        left = lay(&areas[at..end], left, &mut rects);
        at = end;
    }
    rects
}

/// How far from a square the worst in a row is.
fn worst(row: &[f64], side: f64) -> f64 {
    let sum: f64 = row.iter().sum();
    let ratio = |area: &f64| {
        let ratio = side * side * area / (sum * sum);
        ratio.max(1.0 / ratio)
    };
    row.iter().map(ratio).fold(0.0, f64::max)
}

/// Lays a row along the shorter side; what is left of the plane.
fn lay(row: &[f64], left: Rect, rects: &mut Vec<Rect>) -> Rect {
    let sum: f64 = row.iter().sum();
    let is_column = left.width >= left.height;
    let side = left.width.min(left.height).max(f64::MIN_POSITIVE);
    let thick = sum / side;
    let mut done = 0.0;
    for area in row {
        let long = side * area / sum;
        rects.push(match is_column {
            true => Rect {
                x: left.x,
                y: left.y + done,
                width: thick,
                height: long,
            },
            false => Rect {
                x: left.x + done,
                y: left.y,
                width: long,
                height: thick,
            },
        });
        done += long;
    }
    match is_column {
        true => Rect {
            x: left.x + thick,
            width: (left.width - thick).max(0.0),
            ..left
        },
        false => Rect {
            y: left.y + thick,
            height: (left.height - thick).max(0.0),
            ..left
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLANE: Rect = Rect {
        x: 0.0,
        y: 0.0,
        width: 600.0,
        height: 400.0,
    };

    #[test]
    fn areas_are_sizes_and_nothing_overlaps() {
        let sizes = [6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0];
        let rects = squarified(&sizes, PLANE);
        for (at, (rect, size)) in rects.iter().zip(sizes).enumerate() {
            assert!((rect.width * rect.height - size * 10_000.0).abs() < 1e-6);
            let ratio = rect.width / rect.height;
            assert!((0.3..3.1).contains(&ratio), "{rect:?}");
            assert!(rect.x >= 0.0 && rect.x + rect.width < 600.0 + 1e-6);
            assert!(rect.y >= 0.0 && rect.y + rect.height < 400.0 + 1e-6);
            for other in &rects[..at] {
                let apart = rect.x + 1e-6 >= other.x + other.width
                    || other.x + 1e-6 >= rect.x + rect.width
                    || rect.y + 1e-6 >= other.y + other.height
                    || other.y + 1e-6 >= rect.y + rect.height;
                assert!(apart, "{rect:?} {other:?}");
            }
        }
    }

    #[test]
    fn sizes_far_apart_give_finite_rectangles() {
        for sizes in [&[1e18, 1.0, 1.0][..], &[1.0; 400], &[]] {
            for rect in squarified(sizes, PLANE) {
                let all = [rect.x, rect.y, rect.width, rect.height];
                assert!(
                    all.iter().all(|it| it.is_finite() && *it >= 0.0),
                    "{rect:?}"
                );
            }
        }
    }
}
