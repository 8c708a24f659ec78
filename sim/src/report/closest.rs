//! The last order in which a run is made small: of the images that fail, the one nearest to
//! "everything persisted".

use std::sync::Arc;

use super::site::{Site, with_crash};
use crate::campaign::replay;
use crate::disk::Fate;
use crate::oracle::Obligation;
use crate::setup::Setup;
use crate::world::{Crash, Step, World};

/// How far an image is from one that has everything: changes that are lost, then changes that are
/// torn, then its place in the enumeration.
fn distance(fates: &[(u64, Fate)]) -> (usize, usize) {
    let count = |wanted| fates.iter().filter(|(_, fate)| *fate == wanted).count();
    (count(Fate::Lost) + count(Fate::Torn), count(Fate::Torn))
}

/// The run with the last power loss leaving the image nearest to everything that still breaks the
/// same obligation.
#[must_use]
pub fn closest(setup: &Arc<Setup>, steps: Vec<Step>, obligation: Obligation) -> Vec<Step> {
    let Some(site) = Site::of(setup, &steps) else {
        return steps;
    };
    let breaks = |violation: &crate::oracle::Violation| violation.obligation == obligation;
    let failing = site
        .siblings
        .iter()
        .filter(|one| one.broken.as_ref().is_some_and(breaks));
    let Some(best) = failing.min_by_key(|one| (distance(&one.fates), one.index)) else {
        return steps;
    };
    let own = distance(&site.fates);
    let is_drawn = !matches!(
        &steps[site.step],
        Step::Crash(Crash::Image(_) | Crash::Clean(_))
    );
    if distance(&best.fates) >= own && !is_drawn {
        return steps;
    }
    let mut nearer = steps.clone();
    nearer[site.step] = with_crash(&steps[site.step], Crash::Image(best.index));
    let ended = replay(World::new(setup), &nearer).ended;
    match ended {
        Err(violation) if violation.obligation == obligation => nearer,
        _ => steps,
    }
}
