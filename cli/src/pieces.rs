//! An entry as the commands with which Redis's own rewriter makes it again.

use indelible::command::BasePieces;
use indelible::keyspace::{Entry, EntryRef, Keyspace};
use indelible::resp::{Parsed, parse_command, write_command};

use crate::failure::Failure;

/// About how many bytes of a value are held a second time while they are written.
const PIECE_LEN: usize = 1 << 20;

/// Which commands the reader knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Redis 2.6 and later.
    Millis,
    /// Redis 2.4: expiries in whole seconds, rounded up.
    Seconds,
}

/// The entries of a database by their keys' bytes.
pub fn sorted(keyspace: &Keyspace, db: u32) -> Vec<(&[u8], EntryRef<'_>)> {
    let mut entries: Vec<_> = keyspace.iter(db).collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries
}

/// What takes a command.
pub type Give<'a> = &'a mut dyn FnMut(&[&[u8]]) -> Result<(), Failure>;

/// Gives commands that make an entry: `SET` and `APPEND`, or `RPUSH`, `HMSET`, `SADD` or `ZADD` with
/// at most 64 items and about 64 KiB each; at the end `PEXPIREAT` or `EXPIREAT`.
pub fn commands(
    key: &[u8],
    entry: &Entry,
    dialect: Dialect,
    give: Give<'_>,
) -> Result<(), Failure> {
    let mut lasting = entry.clone();
    lasting.expiry = None;
    let (mut pieces, mut bytes) = (BasePieces::default(), Vec::new());
    loop {
        bytes.clear();
        let done = pieces.write(&mut bytes, key, &lasting, PIECE_LEN);
        let mut rest = &bytes[..];
        while let Ok(Parsed::Complete { mut argv, len }) = parse_command(rest) {
            if argv[0] == b"HSET" {
                argv[0] = b"HMSET"; // before 4.0 HSET takes one field
            }
            give(&argv)?;
            rest = &rest[len..];
        }
        if done {
            break;
        }
    }
    let Some(expiry) = entry.expiry else {
        return Ok(());
    };
    let (name, at) = match dialect {
        Dialect::Millis => (&b"PEXPIREAT"[..], expiry.0),
        Dialect::Seconds => (&b"EXPIREAT"[..], expiry.0.div_ceil(1_000)),
    };
    give(&[name, key, at.to_string().as_bytes()])
}

/// Gives the keyspace as RESP, a command or so at a time; keys are sorted.
pub fn resp(
    keyspace: &Keyspace,
    dialect: Dialect,
    write: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    for db in keyspace.databases() {
        write_command(&mut bytes, &[b"SELECT", db.to_string().as_bytes()]);
        for (key, entry) in sorted(keyspace, db) {
            commands(key, &entry.to_entry(), dialect, &mut |argv| {
                write_command(&mut bytes, argv);
                if bytes.len() >= PIECE_LEN {
                    write(&bytes)?;
                    bytes.clear();
                }
                Ok(())
            })?;
        }
    }
    write(&bytes)
}
