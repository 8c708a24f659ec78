//! The disk as a report draws it: which bytes and names are durable, and which a crash took.

use super::inode::{Change, Inode, OpState, index};
use super::state::{Disk, InodeId};
use super::trace::Fate;

/// What is known of a byte, or of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hold {
    /// It is on the disk.
    Durable,
    /// It is in the page cache, and the next sync brings it to the disk.
    Cached,
    /// It is in the page cache, a sync of it failed, and no sync brings it to the disk any more.
    Limbo,
    /// It was taken away, and a crash may bring it back; or a crash did.
    Back,
    /// It belongs to a write of which a crash left a part, and is not in that part.
    Torn,
    /// A crash took it.
    Lost,
}

/// Bytes of a file that share a fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
    /// What is known of them.
    pub hold: Hold,
}

/// One name and the file behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileView {
    /// The name; none for a file that only handles refer to.
    pub name: Option<String>,
    /// The file.
    pub inode: InodeId,
    /// What is known of the name.
    pub named: Hold,
    /// All of its bytes, in order.
    pub stretches: Vec<Stretch>,
}

impl Disk {
    /// The files as callers see them, files that are open and have no name, and names that a crash
    /// may bring back.
    #[must_use]
    pub fn view(&self) -> Vec<FileView> {
        let mut views = Vec::new();
        for (name, inode) in self.dir.cache.iter() {
            let durable = self.dir.durable.get(name) == Some(inode);
            let named = if durable { Hold::Durable } else { Hold::Cached };
            views.push(self.file_view(Some(self.name(name)), inode, named));
        }
        for handle in self.handles.iter().flatten() {
            let known = views.iter().any(|view| view.inode == handle.inode);
            if !known && !self.dir.durable.refers_to(handle.inode) {
                views.push(self.file_view(None, handle.inode, Hold::Lost));
            }
        }
        for (name, inode) in self.dir.durable.iter() {
            if self.dir.cache.get(name) != Some(inode) {
                views.push(self.file_view(Some(self.name(name)), inode, Hold::Back));
            }
        }
        views
    }

    /// What `image`, left by a crash of this disk, holds of it.
    #[must_use]
    pub fn view_in(&self, image: &Self) -> Vec<FileView> {
        let fates = self.fates(image);
        let mut views = Vec::new();
        for (name, inode) in image.dir.cache.iter() {
            let same = self.dir.cache.get(name) == Some(inode);
            let named = if same { Hold::Durable } else { Hold::Back };
            views.push(self.remains(Some(self.name(name)), inode, named, image, &fates));
        }
        for (name, inode) in self.dir.cache.iter() {
            if image.dir.cache.get(name) != Some(inode) {
                let name = Some(self.name(name));
                views.push(self.remains(name, inode, Hold::Lost, image, &fates));
            }
        }
        views
    }

    /// Whether a name refers to the file, for callers.
    #[must_use]
    pub fn is_named(&self, inode: InodeId) -> bool {
        self.dir.cache.refers_to(inode)
    }

    /// Makes everything of a file durable, or without one all names: a sync that nobody asked for,
    /// to see what it would have changed. What a failed sync left behind stays as it is.
    pub fn make_durable(&mut self, inode: Option<InodeId>) {
        match inode {
            Some(inode)
                if self
                    .inodes
                    .get(usize::from(inode.0))
                    .is_some_and(Option::is_some) =>
            {
                self.inode_mut(inode).settle(u64::MAX);
            }
            Some(_) => {}
            None => self.settle_names(u64::MAX),
        }
    }

    fn file_view(&self, name: Option<&str>, inode: InodeId, named: Hold) -> FileView {
        let file = self.inode(inode);
        let mut holds = vec![Hold::Durable; file.cache.len().max(file.durable.len())];
        holds[file.cache.len()..].fill(Hold::Back);
        mark(file, &mut holds);
        FileView {
            name: name.map(str::to_owned),
            inode,
            named,
            stretches: stretches(&holds),
        }
    }

    fn remains(
        &self,
        name: Option<&str>,
        inode: InodeId,
        named: Hold,
        image: &Self,
        fates: &[(u64, Fate)],
    ) -> FileView {
        let none = Inode::default();
        let at = usize::from(inode.0);
        let of = |disk: &Self| disk.inodes.get(at).cloned().flatten();
        let (before, left) = (of(self), of(image));
        let before = before.as_deref().unwrap_or(&none);
        let left = left.as_deref().map_or(&[][..], |left| &left.cache[..]);
        let mut holds = vec![Hold::Back; before.cache.len().max(left.len())];
        for (at, hold) in holds.iter_mut().enumerate().take(before.cache.len()) {
            let there = left.get(at) == before.cache.get(at);
            *hold = if there { Hold::Durable } else { Hold::Lost };
        }
        let torn = |sequence| fates.contains(&(sequence, Fate::Torn));
        for op in before.pending.iter().filter(|op| torn(op.sequence)) {
            if let Change::Data { offset, bytes } = &op.change {
                let start = index(*offset).min(holds.len());
                let end = (start + bytes.len()).min(holds.len());
                let lost = holds[start..end].iter_mut();
                lost.filter(|hold| **hold == Hold::Lost)
                    .for_each(|hold| *hold = Hold::Torn);
            }
        }
        FileView {
            name: name.map(str::to_owned),
            inode,
            named,
            stretches: stretches(&holds),
        }
    }
}

/// Marks the bytes that pending changes brought.
fn mark(file: &Inode, holds: &mut [Hold]) {
    for op in &file.pending {
        let (start, end) = match &op.change {
            Change::Data { offset, bytes } => (index(*offset), index(*offset) + bytes.len()),
            Change::Size { from, to, .. } => (index(*from), index(*to)),
        };
        let hold = match op.state {
            OpState::Must => continue,
            OpState::Dirty => Hold::Cached,
            OpState::Limbo => Hold::Limbo,
        };
        let end = end.min(file.cache.len());
        if start < end {
            holds[start..end].fill(hold);
        }
    }
}

fn stretches(holds: &[Hold]) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for (at, hold) in (0u64..).zip(holds) {
        match stretches.last_mut().filter(|last| last.hold == *hold) {
            Some(last) => last.end = at + 1,
            None => stretches.push(Stretch {
                start: at,
                end: at + 1,
                hold: *hold,
            }),
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, Profile};
    use super::*;

    fn holds(view: &FileView) -> Vec<(u64, u64, Hold)> {
        let whole = view.stretches.iter();
        whole.map(|it| (it.start, it.end, it.hold)).collect()
    }

    #[test]
    fn bytes_are_cached_then_durable_then_lost() {
        let mut disk = Disk::new(Profile::posix_weak());
        let file = disk.create("a").unwrap();
        disk.write_at(file, 0, b"abcd").unwrap();
        disk.sync_data(file).unwrap();
        disk.sync_dir().unwrap();
        disk.write_at(file, 4, b"efgh").unwrap();
        let view = disk.view();
        assert_eq!(view[0].named, Hold::Durable);
        assert_eq!(
            holds(&view[0]),
            [(0, 4, Hold::Durable), (4, 8, Hold::Cached)]
        );
        let least = disk
            .images(Limits::default())
            .min_by_key(|image| image.contents("a").map_or(0, <[u8]>::len));
        let view = disk.view_in(&least.expect("an image"));
        assert_eq!(holds(&view[0]), [(0, 4, Hold::Durable), (4, 8, Hold::Lost)]);
        disk.make_durable(disk.inode_named("a"));
        assert_eq!(holds(&disk.view()[0]), [(0, 8, Hold::Durable)]);
    }

    #[test]
    fn a_name_that_a_crash_takes_is_lost_and_the_old_one_is_back() {
        let mut disk = Disk::new(Profile::posix_weak());
        disk.add_file("a", b"old".to_vec());
        disk.add_file("b", b"newer".to_vec());
        disk.rename("b", "a").unwrap();
        let named = |views: &[FileView]| -> Vec<(String, Hold)> {
            let name = |view: &FileView| (view.name.clone().unwrap_or_default(), view.named);
            views.iter().map(name).collect()
        };
        let before = named(&disk.view());
        assert!(before.contains(&("a".to_owned(), Hold::Cached)));
        assert!(before.contains(&("a".to_owned(), Hold::Back)));
        let image = disk
            .images(Limits::default())
            .nth(1)
            .expect("without the rename");
        let after = named(&disk.view_in(&image));
        assert!(after.contains(&("a".to_owned(), Hold::Lost)), "{after:?}");
        assert!(after.contains(&("b".to_owned(), Hold::Back)), "{after:?}");
    }
}
