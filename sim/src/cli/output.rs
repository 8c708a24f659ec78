//! Progress to stderr, and counts as JSON.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::explore::Counts;
use crate::report::thousands;

/// A spinner on stderr; nothing where that is no terminal.
pub(super) struct Spinner {
    bar: ProgressBar,
    began: Instant,
}

impl Spinner {
    pub fn new(doing: &str) -> Self {
        let bar = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("{spinner} {prefix}  {msg}  {elapsed}");
        bar.set_style(style.expect("the template is well formed"));
        bar.set_prefix(doing.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            bar,
            began: Instant::now(),
        }
    }

    pub fn show(&self, counts: Counts) {
        let (runs, states) = (
            thousands(counts.workloads),
            thousands(counts.states.max(counts.steps)),
        );
        let images = thousands(counts.images);
        self.bar.set_message(format!(
            "{runs} workloads, {states} states, {images} images"
        ));
    }

    pub fn say(&self, text: String) {
        self.bar.set_message(text);
    }

    /// Ends the spinner; how long it took.
    pub fn end(self) -> Duration {
        self.bar.finish_and_clear();
        self.began.elapsed()
    }
}

pub(super) fn to_json(counts: Counts) -> Value {
    json!({
        "workloads": counts.workloads,
        "steps": counts.steps,
        "states": counts.states,
        "images": counts.images,
        "images_distinct": counts.images_distinct,
        "recoveries": counts.recoveries,
        "violations": counts.violations,
        "depth": counts.depth,
    })
}

/// The cells of a table's row.
pub(super) fn cells(name: &str, counts: Counts) -> Vec<String> {
    let numbers = [
        counts.workloads,
        counts.steps,
        counts.states,
        counts.images,
        counts.images_distinct,
        counts.recoveries,
        counts.violations,
    ];
    std::iter::once(name.to_owned())
        .chain(numbers.map(thousands))
        .collect()
}

pub(super) const HEADING: [&str; 8] = [
    "",
    "workloads",
    "steps",
    "states",
    "images",
    "distinct",
    "recoveries",
    "violations",
];
