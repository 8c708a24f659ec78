//! A run as a reader follows it: numbered events, the disk behind each, and which lane did what.

use std::fmt::Write as _;
use std::sync::Arc;

use indelible::effect::Lane;

use super::event::{Event, changes_names, describe, fate_in};
use crate::campaign::guarded;
use crate::disk::{CallKind, Cut, Disk, Fate, Keep};
use crate::oracle::{CrashKind, Violation};
use crate::setup::Setup;
use crate::world::{Line, Step, What, World};

/// Before every call that changes something a copy of the disk is kept.
const EACH_CALL: &[Keep] = &[Keep::Nothing];

/// Lines that a report shows, and how many of them from the beginning.
const SHOWN_MAX: usize = 120;
const SHOWN_FIRST: usize = 80;

/// An effect from the moment at which a lane took it to its end.
#[derive(Clone, Debug)]
pub struct Span {
    /// The lane.
    pub lane: Lane,
    /// What it does.
    pub kind: CallKind,
    /// How many events there were when it was taken.
    pub from: usize,
    /// How many there were when it had ended.
    pub to: usize,
    /// Whether a crash ended it.
    pub cut: bool,
}

/// A run, told.
#[derive(Clone, Debug)]
pub struct Story {
    /// What happened, in order; what only reads is left out.
    pub events: Vec<Event>,
    /// The effects of both lanes.
    pub spans: Vec<Span>,
    /// The first promise that was broken, if any.
    pub ended: Result<(), Violation>,
}

impl Story {
    /// Runs these steps, lets the world come to rest, and tells what happened.
    #[must_use]
    pub fn of(setup: &Arc<Setup>, steps: &[Step]) -> Self {
        let mut teller = Teller {
            world: World::new(setup).remembering(),
            events: Vec::new(),
            spans: Vec::new(),
            out: Vec::new(),
            told: 0,
        };
        let numbered = steps.iter().enumerate();
        let mut ended = numbered
            .map(|(place, step)| teller.take(place, step))
            .find(Result::is_err)
            .unwrap_or(Ok(()));
        if ended.is_ok() {
            ended = teller.act(steps.len(), None, World::drain);
        }
        teller.cut_off(false);
        Self {
            events: with_fates(teller.events),
            spans: teller.spans,
            ended,
        }
    }

    /// The event of this number.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Option<&Event> {
        self.events.iter().find(|event| event.number == number)
    }

    /// The event that made the change of this sequence number.
    #[must_use]
    pub fn that_changed(&self, sequence: u64) -> Option<&Event> {
        self.events
            .iter()
            .find(|event| event.sequence() == Some(sequence))
    }

    /// What was acknowledged as durable when this event came, since the last opening.
    #[must_use]
    pub fn acknowledged_before(&self, event: &Event) -> u64 {
        let before = self.events.iter().rev();
        let mut before = before.skip_while(|other| other.number > event.number);
        let known = before.find_map(|other| match other.what {
            What::Acknowledged { durable, .. } => Some(durable),
            What::Opened { .. } => Some(0),
            _ => None,
        });
        known.unwrap_or(0)
    }

    /// All lines, as the one-screen report shows them: of an opening in which nothing went wrong
    /// and nothing was lost, only how many calls it made.
    #[must_use]
    pub fn text(&self, marked: &[(u32, String)]) -> String {
        let mut text = String::new();
        let shown: Vec<Result<&Event, (u32, usize)>> = self.folded(marked);
        let left_out = shown.len().saturating_sub(SHOWN_MAX);
        for (place, shown) in shown.into_iter().enumerate() {
            if left_out > 0 && (SHOWN_FIRST..SHOWN_FIRST + left_out).contains(&place) {
                if place == SHOWN_FIRST {
                    let _ = writeln!(text, "     ... {left_out} lines more");
                }
                continue;
            }
            let event = match shown {
                Ok(event) => event,
                Err((first, count)) => {
                    let _ = writeln!(text, "{first:>4} opening: {count} calls, all durable");
                    continue;
                }
            };
            let mark = marked.iter().find(|(number, _)| *number == event.number);
            let mark = mark.map_or(String::new(), |(_, mark)| format!("   <- {mark}"));
            let line = format!("{:>4} {}{mark}", event.number, event.text());
            let _ = writeln!(text, "{}", line.trim_end());
            if event.times > 1 {
                let more = event.times - 1;
                let _ = writeln!(text, "     ... and so {more} times more");
            }
        }
        text
    }

    /// The events, and of each quiet opening its first number and how many calls it made.
    fn folded(&self, marked: &[(u32, String)]) -> Vec<Result<&Event, (u32, usize)>> {
        const FEW: usize = 3;
        let same = |a: &Event, b: &Event| {
            let quiet = |event: &Event| event.is_quiet() && !is_marked(marked, event.number);
            quiet(a) && quiet(b) && a.step == b.step && self.is_opening(a.step)
        };
        let groups = self.events.chunk_by(same);
        groups
            .flat_map(|group| match group {
                [first, ..] if group.len() > FEW && first.is_quiet() => {
                    vec![Err((first.number, group.len()))]
                }
                _ => group.iter().map(Ok).collect(),
            })
            .collect()
    }

    /// Whether the step at this place opened the store.
    fn is_opening(&self, step: usize) -> bool {
        let opened = |event: &Event| match event.what {
            What::Opened { .. } | What::Refused { .. } => true,
            _ => event.dead,
        };
        self.events
            .iter()
            .any(|event| event.step == step && opened(event))
    }
}

fn is_marked(marked: &[(u32, String)], number: u32) -> bool {
    marked.iter().any(|(marked, _)| *marked == number)
}

/// Watches a world, step by step.
struct Teller {
    world: World,
    events: Vec<Event>,
    spans: Vec<Span>,
    /// The spans of the effects that are out, in the world's order.
    out: Vec<usize>,
    /// Lines told so far.
    told: usize,
}

impl Teller {
    fn take(&mut self, place: usize, step: &Step) -> Result<(), Violation> {
        let out = self.world.out_count();
        let stop = match step {
            Step::Open { stop, .. } => stop.as_ref().map(|(call, _)| *call),
            _ => None,
        };
        let ended = self.act(place, stop, |world| world.apply(step).map(drop));
        match step {
            Step::Poll(_) if self.world.out_count() > out => self.began(),
            Step::Complete { slot, .. } if self.world.out_count() < out || ended.is_err() => {
                self.finished(usize::from(*slot));
            }
            Step::Crash(_) if !self.world.is_up() => self.cut_off(true),
            _ => {}
        }
        ended
    }

    fn act(
        &mut self,
        place: usize,
        stop: Option<u32>,
        act: impl FnOnce(&mut World) -> Result<(), Violation>,
    ) -> Result<(), Violation> {
        self.world.vfs.with(|disk| disk.keep_cuts(EACH_CALL));
        let world = &mut self.world;
        let ended = guarded(|| act(world));
        // What broke a promise may not have been noted.
        self.world.note_calls();
        self.tell(place, stop);
        ended
    }

    /// Makes events of the lines that the step added, each with the disk behind it.
    fn tell(&mut self, place: usize, stop: Option<u32>) {
        let lines: Vec<Line> = self.world.lines()[self.told..].to_vec();
        self.told += lines.len();
        let after = self.world.vfs.with(|disk| {
            disk.take_cuts();
            disk.clone()
        });
        let wreck = lines.iter().find_map(|line| match &line.what {
            What::Crashed { wreck, .. } => Some(wreck.clone()),
            _ => None,
        });
        let mut before =
            wreck.map_or_else(|| self.world.vfs.disk(), |wreck| wreck.before().clone());
        let cuts = before.take_cuts();
        let behind = |call: u32| disk_behind(&cuts, call, &before);
        let mut calls = 0;
        for line in lines {
            let disk = match &line.what {
                What::Io { .. } => {
                    calls += 1;
                    behind(calls - 1)
                }
                What::Crashed { wreck, .. } => wreck.image().clone(),
                _ if calls == 0 => behind(0),
                _ => after.clone(),
            };
            let dead = stop.is_some_and(|stop| calls > stop);
            self.push(place, line.what, disk, dead);
        }
    }

    fn push(&mut self, step: usize, what: What, disk: Disk, dead: bool) {
        let Some(text) = describe(&what) else { return };
        let ended_badly = matches!(&what, What::Io { record, .. } if record.result.is_err());
        let number = self.events.last().map_or(1, |last| last.number + 1);
        let changes = matches!(&what, What::Io { record, .. } if record.sequence > 0);
        let ended = |what: &What| match what {
            What::Io { record, .. } => Some(record.result),
            _ => None,
        };
        let same =
            |last: &&mut Event| !changes && last.plain == text && ended(&last.what) == ended(&what);
        match self.events.last_mut().filter(same) {
            Some(last) => last.times += 1,
            None => self.events.push(Event {
                number,
                step,
                what,
                plain: text,
                fate: None,
                unnamed: false,
                dead: dead && ended_badly,
                times: 1,
                disk,
            }),
        }
    }

    fn began(&mut self) {
        let slot = self.world.out_count() - 1;
        let (Some(lane), Some(kind)) = (self.world.out_lane(slot), self.world.out_kind(slot))
        else {
            return;
        };
        self.out.push(self.spans.len());
        self.spans.push(Span {
            lane,
            kind,
            from: self.events.len(),
            to: usize::MAX,
            cut: false,
        });
    }

    fn finished(&mut self, slot: usize) {
        if slot < self.out.len() {
            let span = self.out.remove(slot);
            self.spans[span].to = self.events.len();
        }
    }

    fn cut_off(&mut self, cut: bool) {
        for span in self.out.drain(..) {
            self.spans[span].to = self.events.len();
            self.spans[span].cut = cut;
        }
    }
}

/// The disk behind the call of this number: as it was before the next one that changed something.
fn disk_behind(cuts: &[Cut], call: u32, end: &Disk) -> Disk {
    let next = cuts.iter().find(|cut| cut.call > call);
    next.map_or_else(|| end.clone(), |cut| cut.disk.clone())
}

/// Says of each change what the next power loss made of it.
fn with_fates(mut events: Vec<Event>) -> Vec<Event> {
    let (mut next, mut lost) = (None::<What>, false);
    for event in events.iter_mut().rev() {
        if let What::Crashed { kind, .. } = &event.what
            && *kind == CrashKind::Power
        {
            next = Some(event.what.clone());
        }
        let Some(What::Crashed { fates, wreck, .. }) = &next else {
            continue;
        };
        event.fate = fate_in(fates, &event.what);
        if let What::Io { record, .. } = &event.what {
            lost |= changes_names(record.call) && event.fate == Some(Fate::Lost);
            let image = wreck.image();
            let nameless = record.inode.is_some_and(|inode| !image.is_named(inode));
            let fills = matches!(record.call, CallKind::Write | CallKind::Copy);
            event.unnamed = fills && nameless;
        }
    }
    if !lost {
        // Then no name was taken: a file without one was replaced in good order.
        events.iter_mut().for_each(|event| event.unnamed = false);
    }
    events
}
