//! What a program may decide about its store.

use std::time::Duration;

use crate::engine::{AppendFsync, EngineOptions, OnSyncError};
use crate::limits;

/// How a store behaves; [`Default`] is what Redis does, except that the log is on.
///
/// ```
/// use indelible::{AppendFsync, Options};
///
/// let options = Options {
///     appendfsync: AppendFsync::Always,
///     ..Options::default()
/// };
/// # assert!(options.appendonly);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether commits are logged. Default: true.
    ///
    /// Without a log the store loads what its directory holds and then runs in memory: all that is
    /// written is lost with the process, unless [`rewrite_once`](crate::Store::rewrite_once) or
    /// [`enable`](crate::Store::enable) is called.
    pub appendonly: bool,
    /// When a commit is acknowledged. Default: [`AppendFsync::EverySec`].
    ///
    /// Risk: with `EverySec` a power loss takes about the last second of what was acknowledged,
    /// with `No` as much as the operating system had not written yet.
    pub appendfsync: AppendFsync,
    /// What to do when a sync has failed. Default: [`OnSyncError::Heal`].
    pub on_sync_error: OnSyncError,
    /// A rewrite begins when the log has grown by so many percent since the last. Default: 100.
    ///
    /// 0: no rewrite begins by itself. Risk: the log then grows for ever.
    pub auto_aof_rewrite_percentage: u32,
    /// No rewrite begins by itself while the log is shorter, in bytes. Default: 64 MiB.
    pub auto_aof_rewrite_min_size_bytes: u64,
    /// Commits that wait to be written may hold so many bytes of memory. Default: 64 MiB.
    ///
    /// Beyond that writers wait for room; see `busy_timeout`.
    pub queue_len_max: usize,
    /// How long a writer waits for room in the queue. Default: none, which is for ever.
    ///
    /// Then it gets [`StoreError::Busy`](crate::StoreError::Busy), and nothing was executed.
    pub busy_timeout: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        let engine = EngineOptions::default();
        Self {
            appendonly: true,
            appendfsync: engine.appendfsync,
            on_sync_error: engine.on_sync_error,
            auto_aof_rewrite_percentage: engine.auto_aof_rewrite_percentage,
            auto_aof_rewrite_min_size_bytes: engine.auto_aof_rewrite_min_size_bytes,
            queue_len_max: limits::QUEUE_LEN_MAX,
            busy_timeout: None,
        }
    }
}

impl Options {
    pub(super) fn engine(&self) -> EngineOptions {
        EngineOptions {
            appendfsync: self.appendfsync,
            on_sync_error: self.on_sync_error,
            auto_aof_rewrite_percentage: self.auto_aof_rewrite_percentage,
            auto_aof_rewrite_min_size_bytes: self.auto_aof_rewrite_min_size_bytes,
            queue_len_max: self.queue_len_max,
            ..EngineOptions::default()
        }
    }
}
