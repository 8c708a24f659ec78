//! The very files that a run ends with, for the real file system.

use std::fs;
use std::io;
use std::path::Path;

use super::explained::Explained;
use crate::disk::Disk;

/// What the machine finds when it comes back for the last time: the image of the last power loss,
/// or the disk behind the last crash, or the disk at the end of a run without one.
#[must_use]
pub fn last_image(explained: &Explained) -> Option<&Disk> {
    use crate::world::What;
    let events = &explained.story.events;
    let crash = events.iter().rev().find_map(|event| match &event.what {
        What::Crashed { wreck, .. } => Some(wreck.image()),
        _ => None,
    });
    crash.or_else(|| events.last().map(|event| &event.disk))
}

/// Writes the files of a disk, as callers see them, into a directory that is empty or not there yet.
///
/// # Errors
/// If it is neither, or cannot be written.
pub fn write_files(disk: &Disk, directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    if fs::read_dir(directory)?.next().is_some() {
        return Err(io::Error::new(
            io::ErrorKind::DirectoryNotEmpty,
            "the directory is not empty",
        ));
    }
    for (name, contents) in disk.files() {
        fs::write(directory.join(name), contents)?;
    }
    Ok(())
}
