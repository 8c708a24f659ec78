//! A program on a file system.

use indelible::effect::{IoError, IoErrorKind};
use indelible::vfs::{Access, Vfs};

use super::Call;

/// The files that a program has open, by the name under which it opened them.
pub type Running<F> = Vec<(&'static str, F)>;

/// Does one call. For [`Call::SyncFails`] the caller has seen to it that the sync will fail; a
/// [`Call::Crash`] closes everything, and what it does to the disk is the caller's.
///
/// # Errors
/// As the file system gives them; [`IoErrorKind::Unsupported`] if a sync that was to fail did not.
pub fn perform<V: Vfs>(vfs: &V, open: &mut Running<V::File>, call: &Call) -> Result<(), IoError> {
    match *call {
        Call::Create(name) => open.push((name, vfs.create(name)?)),
        Call::Open(name) => open.push((name, vfs.open(name, Access::ReadWrite)?)),
        Call::Write(name, offset, bytes) => write_all(vfs, opened(open, name), offset, bytes)?,
        Call::Append(name, bytes) => {
            let file = opened(open, name);
            write_all(vfs, file, vfs.len(file)?, bytes)?;
        }
        Call::Truncate(name, len) => vfs.truncate(opened(open, name), len)?,
        Call::Sync(name) => vfs.sync_data(opened(open, name))?,
        Call::SyncFails(name) => match vfs.sync_data(opened(open, name)) {
            Ok(()) => return Err(IoError::new(IoErrorKind::Unsupported)),
            Err(_) => return Ok(()), // as the program wants it
        },
        Call::SyncDir => vfs.sync_dir()?,
        Call::Rename(from, to) => vfs.rename(from, to)?,
        Call::Unlink(name) => vfs.unlink(name)?,
        Call::Crash => open.clear(),
        Call::Repair(name, good) => {
            let file = opened(open, name);
            let left = read_all(vfs, file)?;
            let kept = good.iter().filter(|good| left.starts_with(good));
            let len = kept.map(|good| good.len()).max().unwrap_or(0);
            vfs.truncate(file, len as u64)?;
        }
    }
    Ok(())
}

fn opened<'a, F>(open: &'a Running<F>, name: &str) -> &'a F {
    let file = open.iter().find(|(known, _)| *known == name);
    &file.expect("a program opens a file before it uses it").1
}

fn write_all<V: Vfs>(
    vfs: &V,
    file: &V::File,
    mut offset: u64,
    mut bytes: &[u8],
) -> Result<(), IoError> {
    while !bytes.is_empty() {
        let written = vfs.write_at(file, offset, bytes)?;
        offset += written as u64;
        bytes = &bytes[written..];
    }
    Ok(())
}

/// A file's bytes.
///
/// # Errors
/// As the file system gives them.
pub(super) fn read_all<V: Vfs>(vfs: &V, file: &V::File) -> Result<Vec<u8>, IoError> {
    let len = usize::try_from(vfs.len(file)?).expect("a program's files fit memory");
    let mut bytes = vec![0; len];
    let mut read = 0;
    while read < len {
        match vfs.read_at(file, read as u64, &mut bytes[read..])? {
            0 => break,
            more => read += more,
        }
    }
    bytes.truncate(read);
    Ok(bytes)
}
