//! The first log, made as a rewrite makes one.

use std::vec::Vec;

use crate::effect::{IoError, Name};
use crate::log::{FrameKind, FrameMeta, Header, encode_frame, encode_header};
use crate::units::{Identity, Incarnation, Lsn};
use crate::vfs::Vfs;

use super::OpenOptions;

/// The identity of a history that begins with nothing.
pub(super) fn first_identity(seed: u64) -> Identity {
    Identity(seed.rotate_left(17) ^ 0x6c62_272e_07bb_0142)
}

/// Written, synced, renamed, directory synced: a live file is whole from its first moment on.
pub(super) fn first_log<V: Vfs>(vfs: &V, options: &OpenOptions) -> Result<(), IoError> {
    let identity = first_identity(options.identity_seed);
    let mut bytes = Vec::new();
    encode_header(&Header { identity }, &mut bytes);
    let meta = FrameMeta {
        kind: FrameKind::End,
        identity,
        lsn: Lsn(0),
        count: 0,
        keys: 0,
        incarnation: Incarnation(0),
        watermark: Lsn(0),
        wall: options.now.wall,
    };
    encode_frame(&meta, &[], &mut bytes);
    let name = Name::Rewrite.as_str();
    let file = vfs.create(name)?;
    super::write_all(vfs, &file, 0, &bytes)?;
    vfs.sync_data(&file)?;
    vfs.close(file)?;
    vfs.rename(name, Name::Live.as_str())?;
    vfs.sync_dir()
}
