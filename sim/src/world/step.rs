//! One step of a run, and how it reads in a token.

use std::fmt;
use std::str::FromStr;

use indelible::effect::Lane;

use crate::call::Call;

/// One thing that happens. A run is a list of these; a step that is not possible when its turn
/// comes is skipped, so that any part of a run is a run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A client calls.
    Call(Call),
    /// A lane takes its next effect: the effect is out from now on.
    Poll(Lane),
    /// The effect at this place among those that are out is performed and its end delivered.
    Complete {
        #[doc = "Its place, oldest first."]
        slot: u8,
        #[doc = "What goes wrong with it."]
        fault: Option<Fault>,
    },
    /// Time passes until the machine's next timeout.
    Wait,
    /// The process dies.
    Crash(Crash),
    /// The store is opened.
    Open {
        #[doc = "The process dies before this call to the file system (counted from 0), so."]
        stop: Option<(u32, Crash)>,
        #[doc = "This call fails in this way."]
        fault: Option<(u32, Fault)>,
    },
}

/// How a process dies, and whether the power is lost with it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Crash {
    /// The operating system keeps what was written. The choices say, for each effect that is out,
    /// whether it was performed (0), or not, or (a write) in which part; for an opening, which part
    /// of a write that was cut.
    Process(Vec<u32>),
    /// The power is lost, and what survives was drawn.
    Drawn(Vec<u32>),
    /// The power is lost, and this one survives of the images that there are.
    Image(u32),
    /// The power is lost, and this one survives of the images in which no write is torn.
    Clean(u32),
}

impl Crash {
    /// Whether the power is lost.
    #[must_use]
    pub const fn is_power_loss(&self) -> bool {
        !matches!(self, Self::Process(_))
    }
}

/// Something that goes wrong with one call to the file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fault {
    /// Which of the things that may go wrong with such a call under the disk's profile.
    pub index: u8,
    /// Whether every later call of the same sort fails too.
    pub for_ever: bool,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "e{}{}", self.index, if self.for_ever { "*" } else { "" })
    }
}

impl FromStr for Fault {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let text = text.strip_prefix('e').ok_or(())?;
        let (index, for_ever) = text
            .strip_suffix('*')
            .map_or((text, false), |rest| (rest, true));
        Ok(Self {
            index: index.parse().map_err(drop)?,
            for_ever,
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(call) => call.fmt(f),
            Self::Poll(Lane::Foreground) => f.write_str("f"),
            Self::Poll(Lane::Background) => f.write_str("b"),
            Self::Complete { slot, fault } => {
                write!(f, "{slot}")?;
                fault.map_or(Ok(()), |fault| fault.fmt(f))
            }
            Self::Wait => f.write_str("w"),
            Self::Crash(crash) => crash.fmt(f),
            Self::Open { stop, fault } => {
                f.write_str("o")?;
                if let Some((stop, crash)) = stop {
                    write!(f, "{stop}{crash}")?;
                }
                match fault {
                    Some((call, fault)) => write!(f, "/{call}.{fault}"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (letter, choices) = match self {
            Self::Process(choices) => ("k", choices),
            Self::Drawn(choices) => ("x", choices),
            Self::Image(index) => return write!(f, "i{index}"),
            Self::Clean(index) => return write!(f, "c{index}"),
        };
        f.write_str(letter)?;
        dotted(f, choices)
    }
}

impl FromStr for Crash {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let rest = text.get(1..).ok_or(())?;
        match text.as_bytes()[0] {
            b'k' => undotted(rest).map(Self::Process),
            b'x' => undotted(rest).map(Self::Drawn),
            b'i' => rest.parse().map(Self::Image).map_err(drop),
            b'c' => rest.parse().map(Self::Clean).map_err(drop),
            _ => Err(()),
        }
    }
}

fn dotted(f: &mut fmt::Formatter<'_>, choices: &[u32]) -> fmt::Result {
    let len = choices.iter().rposition(|choice| *choice != 0);
    for (place, choice) in choices[..len.map_or(0, |last| last + 1)].iter().enumerate() {
        write!(f, "{}{choice}", if place > 0 { "." } else { "" })?;
    }
    Ok(())
}

fn undotted(text: &str) -> Result<Vec<u32>, ()> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    text.split('.')
        .map(|number| number.parse().map_err(drop))
        .collect()
}

impl FromStr for Step {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let first = text.chars().next().ok_or(())?;
        match first {
            'f' if text == "f" => Ok(Self::Poll(Lane::Foreground)),
            'b' if text == "b" => Ok(Self::Poll(Lane::Background)),
            'w' if text == "w" => Ok(Self::Wait),
            'x' | 'k' | 'i' | 'c' => text.parse().map(Self::Crash),
            'o' => open_from(&text[1..]),
            '0'..='9' => {
                let end = text
                    .find(|c: char| !c.is_ascii_digit())
                    .unwrap_or(text.len());
                let (slot, fault) = text.split_at(end);
                let slot = slot.parse().map_err(drop)?;
                let fault = if fault.is_empty() {
                    None
                } else {
                    Some(fault.parse()?)
                };
                Ok(Self::Complete { slot, fault })
            }
            _ => text.parse().map(Self::Call),
        }
    }
}

fn open_from(text: &str) -> Result<Step, ()> {
    let (stop, fault) = match text.split_once('/') {
        Some((stop, fault)) => {
            let (call, fault) = fault.split_once('.').ok_or(())?;
            (stop, Some((call.parse().map_err(drop)?, fault.parse()?)))
        }
        None => (text, None),
    };
    if stop.is_empty() {
        return Ok(Step::Open { stop: None, fault });
    }
    let digits = stop.find(|c: char| !c.is_ascii_digit()).ok_or(())?;
    let (call, crash) = stop.split_at(digits);
    Ok(Step::Open {
        stop: Some((call.parse().map_err(drop)?, crash.parse()?)),
        fault,
    })
}

/// The steps of a run as one line of text.
#[must_use]
pub fn to_text(steps: &[Step]) -> String {
    let words: Vec<String> = steps.iter().map(Step::to_string).collect();
    words.join(" ")
}

/// The steps that a line of text stands for; none if one of its words stands for no step.
#[must_use]
pub fn from_text(text: &str) -> Option<Vec<Step>> {
    text.split_whitespace()
        .map(|word| word.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_reads_as_it_was_written() {
        let text = "o N f 0 b 1e2* w x1.0.2 o3x4.5 o/2.e0 k i17 c3 o2k1 o7k/2.e1* R C x Y12";
        let steps = from_text(text).unwrap();
        assert_eq!(to_text(&steps), text);
        assert_eq!(from_text(&to_text(&steps)).unwrap(), steps);
        assert_eq!(steps.len(), 19);
    }

    #[test]
    fn what_is_no_step_is_refused() {
        assert_eq!(from_text("N q"), None);
        assert_eq!(from_text("0ez"), None);
    }
}
