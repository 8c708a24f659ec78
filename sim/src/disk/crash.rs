//! Crashes: what a process crash keeps, one image of a power loss, and what became of each change.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::choice::Choices;

use super::images::{Images, Limits};
use super::inode::{Change, Inode, OpState, index};
use super::layout::{Layout, PieceFate, SizeChoice, Wreck, settled};
use super::names::{Directory, Entries};
use super::profile::{Fill, NameOrder};
use super::state::{Disk, InodeId};
use super::trace::Fate;

/// What a drawn crash persists.
enum Style {
    /// Each change is asked for: 0 persists it.
    Each,
    /// Nothing that is not certain.
    Nothing,
    /// Everything up to a sequence number.
    UpTo(u64),
    /// Everything but one change.
    AllBut(u64),
}

impl Style {
    fn persists(&self, sequence: u64, choices: &mut dyn Choices) -> bool {
        match *self {
            Self::Each => choices.choose(2) == 0,
            Self::Nothing => false,
            Self::UpTo(last) => sequence <= last,
            Self::AllBut(one) => sequence != one,
        }
    }
}

impl Disk {
    /// The process dies: the cache stays, handles and locks go, faults and budget are disarmed.
    ///
    /// What a failed sync marked clean stays clean: a later sync lies about it.
    #[must_use]
    pub fn process_crash(&self) -> Self {
        let mut disk = self.clone();
        disk.restart();
        disk.handles.clear();
        disk.forget_unreachable();
        disk
    }

    /// The power fails: draws one image; all-zero choices persist everything (D4).
    ///
    /// Afterwards disk and cache agree, and nothing is pending. On a profile whose crashes keep the
    /// cache this is [`Disk::process_crash`].
    #[must_use]
    pub fn power_loss(&self, choices: &mut dyn Choices) -> Self {
        if self.profile.keeps_cache() {
            return self.process_crash();
        }
        let style = self.draw_style(choices);
        let (entries, flushed) = self.draw_names(&style, choices);
        let mut files: SmallVec<[(InodeId, Layout, Vec<PieceFate>); 8]> = SmallVec::new();
        for inode in distinct(&entries) {
            let wreck = self.wreck(inode, &flushed);
            let (layout, fates) = draw_file(&wreck, &style, choices);
            files.push((inode, layout, fates));
        }
        self.draw_tear(&mut files, &flushed, choices);
        for (_, layout, fates) in &mut files {
            layout.keep_page_order(&self.profile, fates);
        }
        self.image(entries, |inode| {
            let (_, layout, fates) = files.iter().find(|f| f.0 == inode).expect("drawn above");
            settled(self.wreck(inode, &flushed).build(layout, fates))
        })
    }

    /// Memory is short: pages that a failed sync left clean are dropped, and readers see what the
    /// disk really holds of each change; 0 means that it has it.
    pub fn evict(&mut self, choices: &mut dyn Choices) {
        for slot in &mut self.inodes {
            let Some(inode) = slot else { continue };
            if inode.pending.iter().any(|op| op.state == OpState::Limbo) {
                Arc::make_mut(inode).resolve_limbo(|| choices.choose(2) == 0);
            }
        }
    }

    /// All distinct images that a power loss may leave within `limits`, one after the other.
    ///
    /// On a profile whose crashes keep the cache that is [`Disk::process_crash`] alone.
    #[must_use]
    pub fn images(&self, limits: Limits) -> Images<'_> {
        Images::new(self, limits)
    }

    /// What `image` holds of each change that was not yet durable here, by sequence number.
    ///
    /// It is read off the contents: a change whose bytes were there before counts as durable.
    #[must_use]
    pub fn fates(&self, image: &Self) -> Vec<(u64, Fate)> {
        let mut fates = self.name_fates(image);
        for (id, inode) in (0usize..).zip(&self.inodes) {
            let Some(inode) = inode else { continue };
            let left = image.inodes.get(id).and_then(Option::as_ref);
            let left = left.map_or(&[][..], |left| &left.cache[..]);
            for op in &inode.pending {
                let fate = fate_of(&op.change, left);
                match fates.iter_mut().find(|known| known.0 == op.sequence) {
                    Some((_, Fate::Durable)) if fate != Fate::Durable => {
                        fates.retain(|known| known.0 != op.sequence);
                        fates.push((op.sequence, Fate::Torn));
                    }
                    Some(_) => {}
                    None => fates.push((op.sequence, fate)),
                }
            }
        }
        fates.sort_unstable();
        fates
    }

    pub(super) fn wreck<'a>(&'a self, inode: InodeId, flushed: &[(InodeId, u64)]) -> Wreck<'a> {
        let own = flushed.iter().filter(|(id, _)| *id == inode);
        Wreck {
            inode: self.inode(inode),
            profile: &self.profile,
            certain: own.map(|(_, sequence)| *sequence).max().unwrap_or(0),
            stale: self.stale.as_ref().map(|stale| &stale[..]),
        }
    }

    /// The disk after a power loss that left these names and files.
    pub(super) fn image(
        &self,
        entries: Entries,
        mut file: impl FnMut(InodeId) -> Arc<Inode>,
    ) -> Self {
        let mut inodes: SmallVec<[Option<Arc<Inode>>; 8]> = SmallVec::new();
        for (_, inode) in entries.iter() {
            let at = usize::from(inode.0);
            if inodes.len() <= at {
                inodes.resize(at + 1, None);
            }
            if inodes[at].is_none() {
                let mut left = file(inode);
                let spoiled = &self.inode(inode).spoiled;
                if !spoiled.is_empty() {
                    Arc::make_mut(&mut left).spoiled.clone_from(spoiled);
                }
                inodes[at] = Some(left);
            }
        }
        let mut disk = Self {
            profile: Arc::clone(&self.profile),
            names: self.names.clone(),
            dir: Directory {
                cache: entries.clone(),
                durable: entries,
                pending: SmallVec::new(),
            },
            inodes,
            handles: SmallVec::new(),
            locks: SmallVec::new(),
            faults: SmallVec::new(),
            trace: self.trace.clone(),
            cuts: None,
            stale: self.stale.clone(),
            ..*self
        };
        disk.restart();
        disk
    }

    fn restart(&mut self) {
        self.boot += 1;
        self.locks.clear();
        self.faults.clear();
        self.read_only = None;
        self.dir_cover = None;
        self.budget = None;
        self.cut = None;
    }

    fn draw_style(&self, choices: &mut dyn Choices) -> Style {
        let in_files = self
            .inodes
            .iter()
            .flatten()
            .flat_map(|inode| &inode.pending);
        let mut pending: SmallVec<[u64; 16]> = in_files.map(|op| op.sequence).collect();
        pending.extend(self.dir.pending.iter().map(|op| op.sequence));
        if pending.is_empty() {
            return Style::Each;
        }
        pending.sort_unstable();
        pending.dedup();
        let one = |choices: &mut dyn Choices| {
            let last = pending.len() - 1;
            pending[last - choices.choose(pending.len() as u32) as usize]
        };
        match choices.choose(4) {
            0 => Style::Each,
            1 => Style::AllBut(one(choices)),
            2 => Style::UpTo(one(choices)),
            _ => Style::Nothing,
        }
    }

    fn draw_names(
        &self,
        style: &Style,
        choices: &mut dyn Choices,
    ) -> (Entries, SmallVec<[(InodeId, u64); 2]>) {
        let mut entries = self.dir.durable.clone();
        let mut flushed = SmallVec::new();
        let mut open = true;
        for op in &self.dir.pending {
            let certain = op.state == OpState::Must;
            let drawn = !certain && open && style.persists(op.sequence, choices);
            if !certain && !drawn && self.profile.name_order == NameOrder::Prefix {
                open = false;
            }
            if certain || drawn {
                op.change.apply(&mut entries);
                if let (true, Some(inode)) = (op.flushes, op.change.inode()) {
                    flushed.push((inode, op.sequence));
                }
            }
        }
        (entries, flushed)
    }

    fn draw_tear(
        &self,
        files: &mut [(InodeId, Layout, Vec<PieceFate>)],
        flushed: &[(InodeId, u64)],
        choices: &mut dyn Choices,
    ) {
        let mut spots: SmallVec<[(usize, usize); 16]> = SmallVec::new();
        for (file, (_, layout, _)) in files.iter().enumerate() {
            let loose = layout.pieces.iter().enumerate();
            let loose = loose.filter(|(_, p)| !p.certain && p.end - p.start > 1);
            spots.extend(loose.map(|(piece, _)| (file, piece)));
        }
        if spots.is_empty() || self.profile.blind.no_garbage || choices.choose(2) == 0 {
            return;
        }
        let spot = spots[choices.choose(spots.len() as u32) as usize];
        let (inode, layout, fates) = &mut files[spot.0];
        let piece = layout.pieces[spot.1];
        let unit = u64::from(self.profile.tear_unit);
        let len = piece.end - piece.start;
        let prefix = len - 1 - u64::from(choices.choose((len - 1) as u32));
        let prefix = (piece.start + prefix) / unit * unit;
        let prefix = prefix.saturating_sub(piece.start);
        let fills = self.profile.fills();
        let fill = fills[choices.choose(fills.len() as u32) as usize];
        fates[spot.1] = PieceFate::Torn(prefix, fill);
        let wreck = self.wreck(*inode, flushed);
        let cut = piece.start + prefix;
        let grown_from = wreck.grown_from(layout, piece.sequence);
        if prefix > 0 && grown_from.is_some_and(|from| from < cut) {
            match choices.choose(3) {
                0 => return,
                1 => fates[spot.1] = PieceFate::Whole,
                _ => fates[spot.1] = PieceFate::Absent(fill),
            }
            cut_short(layout, fates, cut);
        }
    }
}

/// The files that names refer to, each once, in the order of the names.
pub(super) fn distinct(entries: &Entries) -> SmallVec<[InodeId; 8]> {
    let mut inodes = SmallVec::new();
    for (_, inode) in entries.iter() {
        if !inodes.contains(&inode) {
            inodes.push(inode);
        }
    }
    inodes
}

fn draw_file(
    wreck: &Wreck<'_>,
    style: &Style,
    choices: &mut dyn Choices,
) -> (Layout, Vec<PieceFate>) {
    let mut persisted = wreck.sizes_certain();
    for sequence in wreck.size_sequences().skip(persisted) {
        if !style.persists(sequence, choices) {
            break;
        }
        persisted += 1;
    }
    let len = wreck.len_after(persisted);
    let layout = wreck.layout(SizeChoice { persisted, len });
    let fills = wreck.profile.fills();
    let fate = |piece: &super::layout::Piece, choices: &mut dyn Choices| {
        if piece.certain || style.persists(piece.sequence, choices) {
            return PieceFate::Whole;
        }
        PieceFate::Absent(fills[choices.choose(fills.len() as u32) as usize])
    };
    let fates = layout
        .pieces
        .iter()
        .map(|piece| fate(piece, choices))
        .collect();
    (layout, fates)
}

/// The file ends at `len` instead.
fn cut_short(layout: &mut Layout, fates: &mut [PieceFate], len: u64) {
    layout.len = len;
    layout.base_len = layout.base_len.min(len);
    for (piece, fate) in layout.pieces.iter_mut().zip(fates) {
        piece.end = piece.end.min(len);
        if piece.end <= piece.start {
            piece.end = piece.start;
            *fate = PieceFate::Absent(Fill::Zero);
        }
    }
}

fn fate_of(change: &Change, left: &[u8]) -> Fate {
    match change {
        Change::Size { to, .. } if left.len() as u64 == *to => Fate::Durable,
        Change::Size { from, to, .. } if from < to && left.len() as u64 > *to => Fate::Durable,
        Change::Size { .. } => Fate::Lost,
        Change::Data { offset, bytes } => {
            let left = left.get(index(*offset)..).unwrap_or(&[]);
            let same = left.iter().zip(&bytes[..]).filter(|(a, b)| a == b).count();
            let first = left.first() == bytes.first();
            match same {
                _ if same == bytes.len() => Fate::Durable,
                _ if first && same > 1 => Fate::Torn,
                _ => Fate::Lost,
            }
        }
    }
}
