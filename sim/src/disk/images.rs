//! All images that a power loss may leave.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::hash::StableHasher;

use super::contents::contents;
use super::crash::distinct;
use super::inode::{Inode, OpState};
use super::layout::{Layout, Piece, PieceFate, Wreck, settled};
use super::names::Entries;
use super::profile::{Fill, NameOrder};
use super::reader::Reader;
use super::state::{Disk, InodeId};

/// Where the one torn write of a crash may be cut.
#[derive(Clone, Copy, Debug, Default)]
pub enum TearPoints {
    /// Nowhere: no write is torn.
    #[default]
    None,
    /// Behind every byte.
    Every,
    /// Behind so many bytes of a write, which is given (for a log: the borders of a frame's fields,
    /// and one byte to either side). Ascending; 0 and the length itself are passed over.
    Borders(fn(&[u8]) -> Vec<usize>),
}

impl TearPoints {
    fn of(self, bytes: &[u8]) -> Vec<usize> {
        match self {
            Self::None => vec![],
            Self::Every => (1..bytes.len()).collect(),
            Self::Borders(borders) => borders(bytes),
        }
    }
}

/// How far images are enumerated.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Where writes are torn.
    pub tears: TearPoints,
    /// Pieces of one file that vary freely (at most 20 or so); older ones than these are there all or
    /// not at all, and [`Images::is_coarse`] says so. With more changes of names than this, states of
    /// the names are worked out change by change: none is left out, they come in another order.
    pub free: usize,
    /// Names whose files' contents do not matter: they are as the cache has them.
    pub opaque: &'static [&'static str],
    /// Who reads what is left: what cannot be told apart is left once.
    pub reader: Option<&'static dyn Reader>,
    /// Images come in any order, each once, and faster; all pieces of files vary freely. The number
    /// of an image then says nothing to others who enumerate them.
    pub any_order: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tears: TearPoints::None,
            free: 10,
            opaque: &[],
            reader: None,
            any_order: false,
        }
    }
}

type Flushed = SmallVec<[(InodeId, u64); 2]>;

/// What may be left of one file.
#[derive(Debug, Default)]
struct Leftovers {
    /// With no write torn; the first has everything.
    clean: Vec<(u64, Arc<Inode>)>,
    /// With one write torn, and unlike all clean ones.
    torn: Vec<(u64, Arc<Inode>)>,
}

/// The files of one state of the names, and where the enumeration stands among them.
#[derive(Debug)]
struct Product {
    entries: Entries,
    files: SmallVec<[(InodeId, Rc<Leftovers>); 8]>,
    wheels: SmallVec<[usize; 8]>,
    /// Which file is torn.
    torn: Option<usize>,
    done: bool,
}

/// The distinct images of a power loss; see [`Disk::images`].
#[derive(Debug)]
pub struct Images<'d> {
    disk: &'d Disk,
    limits: Limits,
    names: std::vec::IntoIter<(Entries, Flushed)>,
    known: Vec<(InodeId, u64, Rc<Leftovers>)>,
    product: Option<Product>,
    seen: HashSet<u64>,
    before: u64,
    coarse: bool,
    last: u64,
    whole: Option<Disk>,
}

impl<'d> Images<'d> {
    pub(super) fn new(disk: &'d Disk, limits: Limits) -> Self {
        let mut images = Self {
            disk,
            limits,
            names: vec![].into_iter(),
            known: vec![],
            product: None,
            seen: HashSet::new(),
            before: 0,
            coarse: false,
            last: 0,
            whole: None,
        };
        if disk.profile.keeps_cache() {
            images.whole = Some(disk.process_crash());
        } else {
            images.names = images.name_states().into_iter();
        }
        images
    }

    /// Images met so far, those that were like an earlier one included.
    #[must_use]
    pub fn before_deduplication(&self) -> u64 {
        self.before
    }

    /// Whether [`Limits::free`] left images out so far.
    #[must_use]
    pub fn is_coarse(&self) -> bool {
        self.coarse
    }

    /// What tells the image that was given out last from the others of this disk.
    #[must_use]
    pub fn last_hash(&self) -> u64 {
        self.last
    }

    fn name_states(&self) -> Vec<(Entries, Flushed)> {
        let pending = &self.disk.dir.pending;
        let count = pending.len();
        let mut states = vec![];
        let mut push = |persisted: &dyn Fn(usize) -> bool| {
            let mut entries = self.disk.dir.durable.clone();
            let mut flushed = Flushed::new();
            for (at, op) in pending.iter().enumerate() {
                if op.state == OpState::Must || persisted(at) {
                    op.change.apply(&mut entries);
                    let inode = op.change.inode().filter(|_| op.flushes);
                    flushed.extend(inode.map(|inode| (inode, op.sequence)));
                }
            }
            if !states.contains(&(entries.clone(), flushed.clone())) {
                states.push((entries, flushed));
            }
        };
        match self.disk.profile.name_order {
            NameOrder::Prefix => (0..=count).rev().for_each(|len| push(&|at| at < len)),
            NameOrder::Any if count > self.limits.free => return self.many_name_states(),
            NameOrder::Any => {
                for bits in (0..1u64 << count).rev() {
                    push(&|at| bits >> at & 1 == 1);
                }
            }
        }
        states
    }

    /// The same change by change, oldest first: those that have become equal go on as one, and the
    /// work grows with the states that differ.
    fn many_name_states(&self) -> Vec<(Entries, Flushed)> {
        let mut states = vec![(self.disk.dir.durable.clone(), Flushed::new())];
        for op in &self.disk.dir.pending {
            let with = states.iter().map(|(entries, flushed)| {
                let (mut entries, mut flushed) = (entries.clone(), flushed.clone());
                op.change.apply(&mut entries);
                let inode = op.change.inode().filter(|_| op.flushes);
                flushed.extend(inode.map(|inode| (inode, op.sequence)));
                (entries, flushed)
            });
            let with: Vec<_> = with.collect();
            let without = match op.state {
                OpState::Must => vec![],
                _ => states,
            };
            states = vec![];
            for state in with.into_iter().chain(without) {
                if !states.contains(&state) {
                    states.push(state);
                }
            }
        }
        states
    }

    fn start(&mut self, entries: Entries, flushed: &Flushed) -> Product {
        let mut files = SmallVec::new();
        for inode in distinct(&entries) {
            files.push((inode, self.leftovers(inode, &entries, flushed)));
        }
        Product {
            entries,
            wheels: files.iter().map(|_| 0).collect(),
            files,
            torn: None,
            done: false,
        }
    }

    fn leftovers(&mut self, inode: InodeId, entries: &Entries, flushed: &Flushed) -> Rc<Leftovers> {
        let wreck = self.disk.wreck(inode, flushed);
        let mut named = entries.iter().filter(|(_, id)| *id == inode);
        if named.all(|(name, _)| self.limits.opaque.contains(&self.disk.name(name))) {
            let hash = content_hash(&wreck.inode.cache);
            let clean = vec![(hash, settled_as(&wreck.inode.cache))];
            return Rc::new(Leftovers {
                clean,
                torn: vec![],
            });
        }
        let known = self
            .known
            .iter()
            .find(|k| k.0 == inode && k.1 == wreck.certain);
        if let Some((_, _, known)) = known {
            return Rc::clone(known);
        }
        let mut collector = Collector {
            wreck,
            limits: self.limits,
            found: Leftovers::default(),
            seen: HashSet::new(),
            coarse: false,
        };
        collector.collect();
        self.coarse |= collector.coarse;
        let found = Rc::new(collector.found);
        self.known.push((inode, wreck.certain, Rc::clone(&found)));
        found
    }
}

impl Iterator for Images<'_> {
    type Item = Disk;

    fn next(&mut self) -> Option<Disk> {
        if let Some(whole) = self.whole.take() {
            self.before += 1;
            return Some(whole);
        }
        loop {
            let mut product = match self.product.take() {
                Some(product) => product,
                None => {
                    let (entries, flushed) = self.names.next()?;
                    self.start(entries, &flushed)
                }
            };
            while !product.done {
                self.before += 1;
                let hash = product.hash(self.disk);
                if self.seen.insert(hash) {
                    self.last = hash;
                    let image = product.image(self.disk);
                    product.advance();
                    self.product = Some(product);
                    return Some(image);
                }
                product.advance();
            }
        }
    }
}

impl Product {
    fn choice(&self, file: usize) -> &(u64, Arc<Inode>) {
        let leftovers = &self.files[file].1;
        match self.torn {
            Some(torn) if torn == file => &leftovers.torn[self.wheels[file]],
            _ => &leftovers.clean[self.wheels[file]],
        }
    }

    fn len(&self, file: usize) -> usize {
        let leftovers = &self.files[file].1;
        match self.torn {
            Some(torn) if torn == file => leftovers.torn.len(),
            _ => leftovers.clean.len(),
        }
    }

    fn hash(&self, disk: &Disk) -> u64 {
        let mut hasher = StableHasher::default();
        for (name, inode) in self.entries.iter() {
            let file = self.files.iter().position(|(id, _)| *id == inode);
            let file = file.expect("every name's file is there");
            disk.name(name).hash(&mut hasher);
            self.choice(file).0.hash(&mut hasher);
        }
        hasher.finish()
    }

    fn image(&self, disk: &Disk) -> Disk {
        disk.image(self.entries.clone(), |inode| {
            let file = self.files.iter().position(|(id, _)| *id == inode);
            Arc::clone(&self.choice(file.expect("every name's file is there")).1)
        })
    }

    fn advance(&mut self) {
        for file in 0..self.files.len() {
            self.wheels[file] += 1;
            if self.wheels[file] < self.len(file) {
                return;
            }
            self.wheels[file] = 0;
        }
        let next = self.torn.map_or(0, |torn| torn + 1);
        self.torn = (next..self.files.len()).find(|file| !self.files[*file].1.torn.is_empty());
        self.done = self.torn.is_none();
    }
}

/// Gathers what may be left of one file.
struct Collector<'a> {
    wreck: Wreck<'a>,
    limits: Limits,
    found: Leftovers,
    seen: HashSet<u64>,
    coarse: bool,
}

impl Collector<'_> {
    fn collect(&mut self) {
        if self.wreck.inode.pending.is_empty() {
            let bytes = &self.wreck.inode.durable;
            self.found
                .clean
                .push((content_hash(bytes), settled_as(bytes)));
            return;
        }
        if self.limits.any_order && !self.wreck.profile.page_order {
            return self.collect_in_any_order();
        }
        let sizes = self.wreck.size_choices();
        let layouts: Vec<Layout> = sizes.iter().map(|size| self.wreck.layout(*size)).collect();
        for layout in &layouts {
            self.vary(layout, None, false);
        }
        let tears = self.limits.tears;
        let points = |bytes: &[u8]| tears.of(bytes);
        for layout in &layouts {
            for torn in 0..layout.pieces.len() {
                let piece = &layout.pieces[torn];
                for prefix in self.wreck.tears(piece, &points, self.limits.reader) {
                    for fill in self.fills() {
                        let fate = PieceFate::Torn(prefix, *fill);
                        self.vary(layout, Some((torn, fate)), true);
                    }
                }
            }
        }
        for size in self.wreck.torn_sizes(&points, self.limits.reader) {
            self.vary(&self.wreck.layout(size), None, true);
        }
    }

    /// The same without their numbers.
    fn collect_in_any_order(&mut self) {
        let (wreck, reader) = (self.wreck, self.limits.reader);
        let tears = self.limits.tears;
        let points = |bytes: &[u8]| tears.of(bytes);
        let mut torn = vec![];
        for size in wreck.size_choices() {
            let layout = wreck.layout(size);
            let cuts = |piece: &Piece| wreck.tears(piece, &points, reader);
            let left = contents(&wreck, &layout, reader, self.fills(), cuts);
            for bytes in left.clean {
                self.push(bytes, false);
            }
            torn.extend(left.torn);
        }
        for size in wreck.torn_sizes(&points, reader) {
            let layout = wreck.layout(size);
            let left = contents(&wreck, &layout, reader, self.fills(), |_| vec![]);
            torn.extend(left.clean);
        }
        for bytes in torn {
            self.push(bytes, true);
        }
    }

    /// All fates of the pieces but the fixed one.
    fn vary(&mut self, layout: &Layout, fixed: Option<(usize, PieceFate)>, torn: bool) {
        let count = layout.pieces.len();
        let mut fates = vec![PieceFate::Whole; count];
        let loose = layout.pieces.iter().filter(|piece| !piece.certain).count();
        self.coarse |= loose > self.limits.free;
        self.descend(layout, fixed, torn, count, self.limits.free, &mut fates);
    }

    /// Fixes the fates of pieces below `at`, newest first; `free` of them may still vary.
    fn descend(
        &mut self,
        layout: &Layout,
        fixed: Option<(usize, PieceFate)>,
        torn: bool,
        at: usize,
        free: usize,
        fates: &mut [PieceFate],
    ) {
        let Some(next) = at.checked_sub(1) else {
            return self.keep(layout, fates, torn);
        };
        let piece = layout.pieces[next];
        if let Some((_, fate)) = fixed.filter(|(index, _)| *index == next) {
            fates[next] = fate;
            return self.descend(layout, fixed, torn, next, free, fates);
        }
        fates[next] = PieceFate::Whole;
        if piece.certain || is_covered(layout, fates, next) {
            return self.descend(layout, fixed, torn, next, free, fates);
        }
        if free == 0 {
            return self.descend_tied(layout, fixed, torn, at, fates);
        }
        self.descend(layout, fixed, torn, next, free - 1, fates);
        let fresh = piece.end > layout.base_len;
        let fills = self.fills();
        for fill in &fills[..if fresh { fills.len() } else { 1 }] {
            fates[next] = PieceFate::Absent(*fill);
            self.descend(layout, fixed, torn, next, free - 1, fates);
        }
    }

    /// What is told apart of how pieces may read where they are missing.
    fn fills(&self) -> &'static [Fill] {
        let fills = self.wreck.profile.fills();
        let thins = self.limits.reader.is_some_and(|reader| reader.thins());
        if thins { &fills[..1] } else { fills }
    }

    /// The pieces below `at` are all there, or none that is not certain.
    fn descend_tied(
        &mut self,
        layout: &Layout,
        fixed: Option<(usize, PieceFate)>,
        torn: bool,
        at: usize,
        fates: &mut [PieceFate],
    ) {
        let absent = PieceFate::Absent(self.wreck.profile.fills()[0]);
        for all in [PieceFate::Whole, absent] {
            let tied = fates[..at].iter_mut().zip(&layout.pieces).enumerate();
            for (index, (fate, piece)) in tied {
                *fate = match fixed {
                    Some((fixed, fate)) if fixed == index => fate,
                    _ if piece.certain => PieceFate::Whole,
                    _ => all,
                };
            }
            self.keep(layout, fates, torn);
        }
    }

    fn keep(&mut self, layout: &Layout, fates: &[PieceFate], torn: bool) {
        let mut ordered = SmallVec::<[PieceFate; 8]>::from_slice(fates);
        layout.keep_page_order(self.wreck.profile, &mut ordered);
        self.push(self.wreck.build(layout, &ordered), torn);
    }

    fn push(&mut self, bytes: Vec<u8>, torn: bool) {
        let hash = content_hash(&bytes);
        if self.seen.insert(hash) {
            let kept = (hash, settled(bytes));
            if torn {
                self.found.torn.push(kept);
            } else {
                self.found.clean.push(kept);
            }
        }
    }
}

/// Whether newer pieces that are whole hide this one.
fn is_covered(layout: &Layout, fates: &[PieceFate], piece: usize) -> bool {
    let mut start = layout.pieces[piece].start;
    let end = layout.pieces[piece].end;
    loop {
        let newer = layout.pieces[piece + 1..].iter().zip(&fates[piece + 1..]);
        let hides = newer
            .filter(|(p, fate)| **fate == PieceFate::Whole && p.start <= start && p.end > start)
            .map(|(p, _)| p.end)
            .max();
        match hides {
            Some(hidden) if hidden >= end => return true,
            Some(hidden) => start = hidden,
            None => return false,
        }
    }
}

/// A file whose disk and cache share these bytes.
fn settled_as(bytes: &Arc<Vec<u8>>) -> Arc<Inode> {
    Arc::new(Inode {
        cache: Arc::clone(bytes),
        durable: Arc::clone(bytes),
        ..Inode::default()
    })
}

fn content_hash(bytes: &[u8]) -> u64 {
    let mut hasher = StableHasher::default();
    bytes.hash(&mut hasher);
    hasher.finish()
}
