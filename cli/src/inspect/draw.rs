//! Bars, numbers and names for a terminal, in Unicode or in ASCII.

use anstyle::{AnsiColor, Style};
use indicatif::{HumanBytes, HumanCount};

pub const HEADING: Style = Style::new().bold();
pub const FAINT: Style = Style::new().dimmed();
pub const LIVE: Style = AnsiColor::Green.on_default();
pub const DEAD: Style = AnsiColor::Red.on_default();
pub const BAR: Style = AnsiColor::Cyan.on_default();

/// Columns of a name in a row.
const NAME_WIDTH: usize = 31;
/// Columns of a bar in a row.
const BAR_WIDTH: usize = 20;
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// How to draw.
#[derive(Clone, Copy, Debug)]
pub struct Pen {
    pub unicode: bool,
}

/// A row's name, how deep it is indented, and its two numbers.
pub struct Row<'a> {
    pub name: &'a str,
    pub indent: usize,
    pub count: u64,
    pub len: u64,
    /// What of `len` the bar shows.
    pub whole: u64,
}

impl Pen {
    /// One name with a bar, a count and bytes.
    pub fn row(self, row: &Row<'_>) -> String {
        let width = NAME_WIDTH.saturating_sub(2 * row.indent).max(8);
        let name = self.short(row.name, width);
        let pad = width.saturating_sub(name.chars().count());
        format!(
            "  {:indent$}{name}{:pad$} {} {:>12} {:>11}",
            "",
            "",
            self.bar(row.len, row.whole),
            count(row.count),
            bytes(row.len),
            indent = 2 * row.indent,
        )
    }

    /// A bar of a fixed width, which `part` of `whole` fills.
    pub fn bar(self, part: u64, whole: u64) -> String {
        let filled = self.filled(part, whole, BAR_WIDTH);
        let pad = BAR_WIDTH - filled.chars().count();
        format!("{BAR}{filled}{BAR:#}{:pad$}", "")
    }

    /// A bar of two parts, which fills its width.
    pub fn split(self, first: u64, second: u64, width: usize) -> String {
        let whole = u128::from(first) + u128::from(second);
        let cut = (u128::from(first) * width as u128 + whole / 2).checked_div(whole);
        let cut = cut.map_or(width, |cut| usize::try_from(cut).unwrap_or(width));
        let (one, other) = if self.unicode {
            ("█", "░")
        } else {
            ("#", ".")
        };
        let (one, other) = (one.repeat(cut), other.repeat(width - cut));
        format!("{LIVE}{one}{LIVE:#}{DEAD}{other}{DEAD:#}")
    }

    fn filled(self, part: u64, whole: u64, width: usize) -> String {
        let eighths = u128::from(part) * 8 * width as u128 / u128::from(whole.max(1));
        let eighths = usize::try_from(eighths)
            .unwrap_or(usize::MAX)
            .min(8 * width);
        match self.unicode {
            true => "█".repeat(eighths / 8) + EIGHTHS[eighths % 8],
            false => "#".repeat((eighths + 4) / 8),
        }
    }

    /// A name of at most so many columns; its middle is left out if it is longer.
    pub fn short(self, name: &str, width: usize) -> String {
        let len = name.chars().count();
        if len <= width {
            return name.to_owned();
        }
        let gap = if self.unicode { "…" } else { ".." };
        let left = width - gap.chars().count();
        let (start, end) = (left - left / 3, left / 3);
        let start: String = name.chars().take(start).collect();
        let end: String = name.chars().skip(len - end).collect();
        format!("{start}{gap}{end}")
    }
}

/// A number with separators.
pub fn count(count: u64) -> String {
    HumanCount(count).to_string()
}

/// Bytes in the unit that fits.
pub fn bytes(len: u64) -> String {
    HumanBytes(len).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn bars_show_eighths_or_whole_columns() {
        let (unicode, ascii) = (Pen { unicode: true }, Pen { unicode: false });
        assert_eq!(plain(&unicode.bar(5, 160)), format!("{:20}", "▋"));
        assert_eq!(plain(&ascii.bar(80, 160)), format!("{:20}", "##########"));
        assert_eq!(plain(&unicode.bar(7, 7)), "█".repeat(20));
        assert_eq!(plain(&ascii.bar(0, 0)), " ".repeat(20));
        assert_eq!(plain(&ascii.bar(u64::MAX, 1)), "#".repeat(20));
        assert_eq!(plain(&ascii.split(3, 1, 8)), "######..");
        assert_eq!(plain(&ascii.split(0, 0, 4)), "####");
        assert_eq!(plain(&ascii.split(u64::MAX, u64::MAX, 4)), "##..");
    }

    #[test]
    fn long_names_lose_their_middle() {
        let pen = Pen { unicode: false };
        assert_eq!(pen.short("0123456789abcdef", 16), "0123456789abcdef");
        assert_eq!(pen.short("0123456789abcdef", 11), "012345..def");
    }
}
