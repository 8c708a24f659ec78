//! A progress bar on standard error, hidden where that is no terminal.

use std::ops::ControlFlow;
use std::time::Duration;

use indelible::recover::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

const TEMPLATE: &str = "{msg:9} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
const COUNTING_TEMPLATE: &str = "{msg:9} {wide_bar} {human_pos}/{human_len} {eta}";
const REDRAWS_PER_SECOND: u8 = 10;
/// What takes less time shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar over bytes; it disappears when it is dropped.
pub struct Bar {
    bar: ProgressBar,
}

impl Bar {
    pub fn new(doing: &'static str) -> Self {
        Self::with(doing, TEMPLATE)
    }

    fn with(doing: &'static str, template: &str) -> Self {
        let bar = ProgressBar::with_draw_target(
            Some(0),
            ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND),
        );
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(doing);
        Self { bar }
    }

    /// A bar over things that are no bytes.
    pub fn counting(doing: &'static str) -> Self {
        Self::with(doing, COUNTING_TEMPLATE)
    }

    /// So many bytes, or things, are done, out of so many.
    pub fn set(&mut self, done: u64, total: u64) {
        if self.bar.elapsed() >= PATIENCE {
            self.bar.set_length(total.max(done));
            self.bar.set_position(done);
        }
    }

    /// What recovery is at; it always goes on.
    pub fn recovery(&mut self, progress: Progress) -> ControlFlow<()> {
        match progress {
            Progress::Reading { done, total } => self.set(done, total),
            Progress::Repairing { done, total } => {
                self.bar.set_message("repairing");
                self.set(done, total);
            }
            _ => self.bar.set_message("cleaning"),
        }
        ControlFlow::Continue(())
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
