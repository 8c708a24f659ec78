//! The base of a new file: the snapshot as frames of bounded length.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::command::{self, BasePieces};
use crate::effect::{Action, FileHandle, IoError, Payload};
use crate::keyspace::SnapshotItem;
use crate::limits::{BASE_SYNC_EVERY, WRITE_LEN_MAX};
use crate::log::{self, FrameKind, FrameMeta, Header};

use super::Engine;
use super::complete::Purpose;
use super::rewrite::Phase;

/// How far the base is.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct BaseWriter {
    /// Bytes written.
    pub len: u64,
    /// Bytes of them that a sync has covered.
    synced: u64,
    /// What is left of a chunk that was written short.
    rest: Option<Payload>,
    write_out: bool,
    sync_out: bool,
    chunks: u64,
    keys: u64,
    /// Taken from the snapshot, not yet in a chunk.
    items: VecDeque<SnapshotItem>,
    /// How much of the first item is in earlier chunks.
    pieces: BasePieces,
    ended: bool,
}

impl Engine {
    pub(super) fn poll_base(&mut self) -> Option<(Purpose, Action)> {
        let rewrite = self.rewrite.as_mut()?;
        let (file, base) = (rewrite.file, &mut rewrite.base);
        if base.write_out || base.sync_out {
            return None;
        }
        if base.len - base.synced >= BASE_SYNC_EVERY {
            base.sync_out = true;
            return Some((Purpose::BaseSync { file }, Action::SyncData { file }));
        }
        let bytes = match base.rest.take() {
            Some(rest) => rest,
            None => self.next_chunk(),
        };
        let base = &mut self.rewrite.as_mut()?.base;
        base.write_out = true;
        let piece = bytes.slice(0..bytes.len().min(WRITE_LEN_MAX));
        base.rest = Some(bytes);
        let offset = base.len;
        Some((
            Purpose::Base { file },
            Action::Write {
                file,
                offset,
                bytes: piece,
            },
        ))
    }

    /// The next frame of the base; the header before the first, the end behind the last.
    fn next_chunk(&mut self) -> Payload {
        let lsn = self.snapshot_lsn();
        let watermark = self.durable.min(lsn);
        let body = self.chunk_body();
        let rewrite = self.rewrite.as_mut().expect("a base belongs to a rewrite");
        let (identity, base) = (rewrite.identity, &mut rewrite.base);
        let mut bytes = Vec::with_capacity(body.len() + 512);
        if base.len == 0 && base.chunks == 0 {
            log::encode_header(&Header { identity }, &mut bytes);
        }
        let mut meta = FrameMeta {
            kind: FrameKind::Base,
            identity,
            lsn,
            count: base.chunks,
            keys: 0,
            incarnation: self.incarnation,
            watermark,
            wall: self.now.wall,
        };
        if !body.is_empty() {
            log::encode_frame(&meta, &body, &mut bytes);
            base.chunks += 1;
        }
        if base.items.is_empty() && self.keyspace.snapshot_done() {
            meta = FrameMeta {
                kind: FrameKind::End,
                count: base.chunks,
                keys: base.keys,
                ..meta
            };
            log::encode_frame(&meta, &[], &mut bytes);
            base.ended = true;
        }
        bytes.into()
    }

    fn chunk_body(&mut self) -> Vec<u8> {
        let len_max = self.options.base_chunk_len;
        let moves = self.bug(53); // what lives is read, not what was shared
        let mut body = Vec::new();
        let mut selected = None;
        while body.len() < len_max {
            let rewrite = self.rewrite.as_mut().expect("a base belongs to a rewrite");
            let base = &mut rewrite.base;
            let Some(item) = base.items.front() else {
                if self.keyspace.snapshot_done() {
                    break;
                }
                let items = self.keyspace.snapshot_step(len_max);
                base.items.extend(items);
                continue;
            };
            if selected != Some(item.db) {
                command::write_select(&mut body, item.db);
                selected = Some(item.db);
            }
            let live = moves.then(|| self.keyspace.get(item.db, &item.key));
            let live = live.flatten().map(|live| live.to_entry());
            let entry = live.as_ref().unwrap_or(&item.entry);
            let done = base.pieces.write(&mut body, &item.key, entry, len_max);
            if done && self.begin_again() {
                continue;
            }
            let base = &mut self.rewrite.as_mut().expect("just seen").base;
            if done {
                base.keys += 1;
                base.pieces = BasePieces::default();
                let item = base.items.pop_front().expect("just seen");
                self.keyspace.discard(item.entry);
            }
        }
        body
    }

    /// A seeded bug: an entry that changed behind the cursor is written again.
    fn begin_again(&mut self) -> bool {
        if !self.bug(54) {
            return false;
        }
        let base = &mut self.rewrite.as_mut().expect("a base is written").base;
        let item = base.items.front_mut().expect("it was just written");
        let live = self.keyspace.get(item.db, &item.key);
        let Some(changed) = live.filter(|live| *live != item.entry) else {
            return false;
        };
        item.entry = changed.to_entry();
        base.pieces = BasePieces::default();
        true
    }

    /// Gives up what was taken from the snapshot: nobody else may hold it any more, and a large value
    /// must go in steps. // O10
    pub(super) fn discard_base(&mut self, base: BaseWriter) {
        for item in base.items {
            self.keyspace.discard(item.entry);
        }
    }

    pub(super) fn base_chunk_ended(&mut self, file: FileHandle, end: Result<u64, IoError>) {
        let rushed = self.bug(25);
        let Some(rewrite) = self.rewrite.as_mut().filter(|rewrite| rewrite.file == file) else {
            return;
        };
        let base = &mut rewrite.base;
        base.write_out = false;
        let len = match end {
            Ok(0) => return self.abandon(Some(IoError::new(crate::effect::IoErrorKind::NoRoom))),
            Ok(len) => len,
            Err(error) => return self.abandon(Some(error)),
        };
        let bytes = base.rest.take().expect("a write was out");
        let written = usize::try_from(len).expect("a write is short");
        base.len += len;
        if written < bytes.len() {
            base.rest = Some(bytes.slice(written..bytes.len()));
        } else if (base.ended || rushed) && rewrite.phase == Phase::Base {
            if rushed {
                self.keyspace.cancel_snapshot();
            }
            self.base_written();
        }
    }

    pub(super) fn base_sync_ended(&mut self, file: FileHandle, end: Result<(), IoError>) {
        let Some(rewrite) = self.rewrite.as_mut().filter(|rewrite| rewrite.file == file) else {
            return;
        };
        rewrite.base.sync_out = false;
        match end {
            Ok(()) => rewrite.base.synced = rewrite.base.len,
            Err(error) => {
                self.counters.sync_errors += 1;
                self.abandon(Some(error)); // I3: the new file is poisoned
            }
        }
    }
}
