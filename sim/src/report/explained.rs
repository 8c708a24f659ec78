//! A case with everything that a reader wants to know of it.

use std::sync::Arc;

use super::alike::{Alike, alike};
use super::case::Case;
use super::event::{Event, changes_names};
use super::flip::{Flip, Flips, needless_faults, to_perform};
use super::site::{ExtraSync, Site, tried_with};
use super::story::Story;
use super::why::Why;
use crate::campaign::replay;
use crate::disk::Profile;
use crate::oracle::Obligation;
use crate::setup::Setup;
use crate::world::{What, World};

/// A broken promise, explained.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The run, told.
    pub story: Story,
    /// Its last power loss, if it has one.
    pub site: Option<Site>,
    /// Why the promise could break.
    pub why: Why,
    /// The smallest changes that were found to make it pass.
    pub flips: Vec<Flip>,
    /// The profiles under which the same steps pass, whatever the last crash leaves.
    pub passes: Vec<&'static str>,
    /// Seeded bugs that fail alike.
    pub alike: Alike,
}

/// What tells one sort of failure from another: the obligation and the missing edge.
#[must_use]
pub fn signature(obligation: Obligation, why: &Why) -> String {
    format!("{obligation} {}", why.shape())
}

impl Explained {
    /// Explains a case; every claim is tried.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        let (story, site, why, found) = core(case);
        let mut flips: Vec<Flip> = Vec::new();
        flips.extend(found.persist.into_iter().map(Flip::Persist));
        flips.extend(found.drop.into_iter().map(Flip::Drop));
        flips.extend(found.perform.into_iter().map(Flip::Perform));
        flips.extend(extra_sync(case, &story, &why));
        let faults = needless_faults(&case.setup, &case.steps, &story);
        flips.extend(faults.into_iter().map(Flip::NoFault));
        let alike = alike(case, &why);
        let passes = passes(case, site.is_some());
        Self {
            story,
            site,
            why,
            flips,
            passes,
            alike,
        }
    }

    /// What was acknowledged as durable when the machine went down for the last time.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        let is_crash = |event: &Event| matches!(event.what, What::Crashed { .. });
        let last = self.story.events.iter().rev();
        let crash = last.clone().find(|event| is_crash(event));
        let before = crash.or(self.story.events.last());
        before.map_or(0, |event| self.story.acknowledged_before(event))
    }
}

/// The run, its power loss, and why; without what takes further runs.
pub(super) fn core(case: &Case) -> (Story, Option<Site>, Why, Flips) {
    let story = Story::of(&case.setup, &case.steps);
    let site = Site::of(&case.setup, &case.steps);
    let mut flips = site
        .as_ref()
        .map_or_else(Flips::default, |site| Flips::of(&story, site));
    flips.perform = to_perform(&case.setup, &case.steps);
    let why = Why::of(&story, &flips, case.violation.obligation, site.is_some());
    (story, site, why, flips)
}

/// The sync that was missing, put in, over all images.
fn extra_sync(case: &Case, story: &Story, why: &Why) -> Option<Flip> {
    let Why::Edge { first, .. } = why else {
        return None;
    };
    let event = story.numbered(*first)?;
    let record = event.record()?;
    let names = changes_names(record.call);
    let inode = if names { None } else { record.inode };
    let extra = ExtraSync {
        step: event.step,
        inode,
    };
    let tried = tried_with(&case.setup, &case.steps, Some(extra))?;
    let in_step = story.events.iter().filter(|other| other.step == event.step);
    let mut calls = in_step.filter(|other| other.record().is_some());
    Some(Flip::Sync {
        file: inode.map(|_| event.subject()),
        after: calls.next_back().map_or(*first, |last| last.number),
        tried,
        is_cut: tried.all >= super::site::IMAGES_MAX,
    })
}

/// The honest profiles under which the same steps are possible and break nothing.
fn passes(case: &Case, crashed: bool) -> Vec<&'static str> {
    let own = &case.setup.profile.name;
    let others = Profile::presets().into_iter().filter(|profile| {
        !profile.weak_oracle && profile.name != *own && (profile.power_loss || !crashed)
    });
    let passes = |profile: &Profile| {
        let setup = Arc::new(Setup {
            profile: profile.clone(),
            ..(*case.setup).clone()
        });
        if crashed {
            let tried = tried_with(&setup, &case.steps, None);
            return tried.is_some_and(|tried| tried.failing == 0);
        }
        let replayed = replay(World::new(&setup), &case.steps);
        replayed.ended.is_ok() && replayed.taken.len() == case.steps.len()
    };
    others.filter(passes).map(|profile| profile.name).collect()
}

/// How the calls of a case read in one word each, for names of tests.
pub(super) fn name_of(case: &Case, why: &Why) -> String {
    let words = match why {
        Why::Edge {
            first_label,
            second_label,
            ..
        } => {
            format!("{first_label}_before_{second_label}")
        }
        Why::Undone { out, .. } => format!("{out}_undone"),
        Why::Misread { label, .. } | Why::AtOnce { label, .. } => label.clone(),
    };
    let words = format!("{}_{words}", case.violation.obligation.name());
    let mut name = String::new();
    for letter in words.to_lowercase().chars() {
        match letter {
            'a'..='z' => name.push(letter),
            ' ' | '_' if !name.ends_with('_') => name.push('_'),
            _ => {}
        }
    }
    name
}
