//! Every bound, in one place, related to the others by assertions that the compiler checks.

/// Longest key, in bytes. Redis allows 512 MiB; here a base repeats the key before each piece of a
/// large value, and must not become many times the keyspace.
pub const KEY_LEN_MAX: usize = 64 << 10;
/// Longest string value, in bytes.
pub const VALUE_LEN_MAX: usize = 512 << 20;
/// Most bytes that one commit may log, its RESP framing included.
pub const COMMIT_LEN_MAX: usize = 1 << 30;
/// Most commands in one batch.
pub const BATCH_COMMANDS_MAX: usize = 1 << 20;
/// Databases of a store.
pub const DATABASES_MAX: u32 = 16_384;

/// A string value longer than this is kept in chunks behind shared pointers, in bytes.
pub const VALUE_CHUNK_LEN: usize = 64 << 10;
/// Bytes of a key and its string value that are packed with others in one allocation, at most.
pub const ENTRY_PACKED_LEN_MAX: usize = 512;
/// Items of a collection that is kept in one allocation, at most.
pub const PACKED_COUNT_MAX: usize = 64;
/// Bytes of a collection that is kept in one allocation, at most.
pub const PACKED_LEN_MAX: usize = 4 << 10;
/// Items that one command draws with repeats (`SRANDMEMBER k -n`), at most; together they are no
/// longer than [`VALUE_LEN_MAX`].
pub const DRAWN_MAX: usize = 1 << 20;
/// One write effect is at most so long, in bytes (O10).
pub const WRITE_LEN_MAX: usize = 1 << 20;
/// Commits are gathered into one frame until its body is so long, in bytes; one longer commit
/// makes a frame of its own.
pub const FRAME_LEN_TARGET: usize = 256 << 10;
/// A base frame's body is closed once it is so long, in bytes; one item of a collection, which
/// cannot be taken apart, and a piece of a string may be longer. A commit that comes while one is put
/// together waits for it, and what it holds may lie in no cache.
pub const BASE_CHUNK_LEN: usize = 16 << 10;
/// Values longer than this are written to a base in pieces (`SET`, then `APPEND`), in bytes.
pub const BASE_PIECE_LEN: usize = 64 << 10;
/// Items of a collection that one command of a base holds at most.
pub const BASE_PIECE_ITEMS: usize = 64;
/// Bytes written to a base between two syncs, so that dirty pages stay bounded.
pub const BASE_SYNC_EVERY: u64 = 8 << 20;
/// Bytes of one copy effect while the gap is filled; no read effect is longer either.
pub const COPY_LEN_MAX: u64 = 1 << 20;
/// Bytes of the gap that are read back and checked at a time. A commit that comes meanwhile waits
/// for the check: 128 KiB of short frames take half a millisecond.
pub const CHECK_LEN_MAX: u64 = 32 << 10;
/// Bytes that one truncation frees at most (O10).
pub const TRUNCATE_STEP: u64 = 4 << 20;
/// Pause between two truncations, in milliseconds.
pub const TRUNCATE_PAUSE_MILLIS: u64 = 1;

/// Bytes of commits that wait to be written or made durable before `submit` says busy.
pub const QUEUE_LEN_MAX: usize = 64 << 20;
/// Commits that wait before `submit` says busy.
pub const QUEUE_COMMITS_MAX: usize = 1 << 20;

/// Milliseconds between two syncs under `EverySec`.
pub const SYNC_EVERY_MILLIS: u64 = 1_000;
/// Milliseconds of idleness after which a mark records the durable watermark.
pub const MARK_AFTER_MILLIS: u64 = 1_000;
/// A sync that takes longer is reported, in milliseconds.
pub const SLOW_SYNC_MILLIS: u64 = 1_000;
/// First delay before a failed rewrite, rename, directory sync or write is tried again, in
/// milliseconds; it doubles up to [`RETRY_MILLIS_MAX`].
pub const RETRY_MILLIS: u64 = 100;
/// Longest delay between two tries, in milliseconds.
pub const RETRY_MILLIS_MAX: u64 = 60_000;
/// Milliseconds between two looks for expired keys.
pub const EXPIRE_EVERY_MILLIS: u64 = 100;
/// Keys that one look expires at most.
pub const EXPIRE_KEYS_MAX: usize = 64;
/// Values, chunks or nodes freed by one step of housekeeping; a commit may wait for it.
pub const COLLECT_STEP: usize = 32;

/// Longest annotation line with its CRLF, in bytes; Redis 7.0.15 accepts 1,023 and refuses 1,024.
pub const LINE_LEN_MAX: usize = 1_023;
/// Longest line of a Redis manifest with its line feed, in bytes.
pub const MANIFEST_LINE_LEN_MAX: usize = 1_024;
/// Longest Redis manifest that is read, in bytes.
pub const MANIFEST_LEN_MAX: u64 = 16 << 20;
/// Failed commands that a load of Redis's files keeps the details of; all are counted.
pub const FAILURES_KEPT_MAX: usize = 64;
/// Longest string of an RDB image, in bytes: a value, or a whole small collection.
pub const RDB_STRING_LEN_MAX: usize = VALUE_LEN_MAX;
/// Parts of an RDB image and commands left out on request that a load keeps the details of; all are counted.
pub const SKIPPED_KEPT_MAX: usize = 64;
/// Bytes of a torn tail that quarantine keeps at most.
pub const QUARANTINE_LEN_MAX: u64 = 64 << 20;
/// Largest number of a commit, and of an opening, with which a log is opened. None comes so far; a
/// log that was forged may say so, and what is counted on from there must not overflow.
pub const NUMBER_MAX: u64 = 1 << 63;
/// Events that wait for one subscriber before more are dropped.
pub const EVENTS_MAX: usize = 1_024;
/// Recovery reads in pieces of so many bytes.
pub const READ_LEN: usize = 1 << 20;

const _: () = assert!(
    KEY_LEN_MAX <= BASE_PIECE_LEN,
    "a base at most doubles a value"
);
const _: () = assert!(
    VALUE_CHUNK_LEN <= BASE_PIECE_LEN,
    "a chunk of a string is one piece of a base"
);
const _: () = assert!(
    PACKED_COUNT_MAX <= u8::MAX as usize,
    "a count of packed items is one byte"
);
const _: () = assert!(VALUE_LEN_MAX < COMMIT_LEN_MAX, "a commit holds any value");
const _: () = assert!(KEY_LEN_MAX < COMMIT_LEN_MAX, "a commit holds any key");
const _: () = assert!(
    BASE_CHUNK_LEN + 2 * BASE_PIECE_LEN <= WRITE_LEN_MAX / 2,
    "a base frame that ends with the longest piece and its key is one write"
);
const _: () = assert!(
    FRAME_LEN_TARGET <= WRITE_LEN_MAX,
    "most frames are one write"
);
const _: () = assert!(
    WRITE_LEN_MAX as u64 <= BASE_SYNC_EVERY,
    "a sync covers whole writes"
);
const _: () = assert!(
    RETRY_MILLIS < RETRY_MILLIS_MAX,
    "the delay has room to grow"
);
const _: () = assert!(CHECK_LEN_MAX <= COPY_LEN_MAX, "a check is one read");
const _: () = assert!(LINE_LEN_MAX < READ_LEN, "a line fits one read");
/// Most arguments of one command, its name included.
pub const ARGC_MAX: usize = 1 << 21;
