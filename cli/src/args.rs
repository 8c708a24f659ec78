//! The command line, as `--help` shows it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::backup::Backup;
use crate::diff::Diff;
use crate::export::Export;
use crate::inspect::Inspect;
use crate::log::Log;
use crate::repair::Repair;
use crate::select::Selection;

const EXIT_CODES: &str = "\
Exit codes: 0 well, 1 a problem was found, 2 usage, 3 input or output failed, 4 locked by another \
process, 5 gave up waiting for an outcome. Data goes to standard output, progress and diagnostics \
to standard error.";

/// Checks, shows, imports and rewrites append-only files of indelible and of Redis.
#[derive(Debug, Parser)]
#[command(name = "indelible", version, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Copies a store, beside another process that has it open and writes to it, too.
    ///
    /// The copy appears whole or not at all, opens as a store, and holds a prefix of the commits with
    /// all that were acknowledged before. Every frame is verified on its way; no lock is taken.
    Backup(Backup),
    /// Verifies everything and changes nothing.
    ///
    /// A store or a log of indelible: every frame, their sequence, the base, and what the frames
    /// say about durability, which tells a torn tail from damage. A torn tail, as a crash leaves
    /// it, is reported and is no problem (exit code 0): nothing that was known durable is missing,
    /// and the next opening cuts it off. Beside a store that is open it may be a write under way.
    ///
    /// Files of Redis: the manifest, every file that it lists, and every command. A file that ends
    /// within a command or a transaction is a problem (exit code 1): nothing proves what is
    /// missing.
    Check(Check),
    /// Compares two states: stores, files of Redis, or one of each.
    ///
    /// Says for each database which keys only one of them holds, and what differs first in those
    /// that both hold: type, value, or expiry. Exit code 0 if nothing differs, 1 if something does.
    Diff(Diff),
    /// Shows all keys with their values and expiries; beside a store that is open, too.
    ///
    /// One command per line, as redis-cli reads it, or one JSON document. Keys are sorted, none is
    /// left out because it has expired, and no lock is taken.
    Dump(Dump),
    /// Writes files that Redis starts from; what is there is never replaced.
    ///
    /// With --to the directory of a server of Redis 7 or later, with --plain one file for older
    /// ones. A server has 16 databases unless it is told otherwise.
    Export(Box<Export>),
    /// Makes a new store out of files of Redis, or out of another store.
    ///
    /// The new store appears whole or not at all, with an identity of its own, and is read again
    /// before the import is called well. The source is not changed.
    Import(Import),
    /// Shows what the files hold, and what in them takes the room; changes nothing.
    ///
    /// Files, commands by kind, keys by type and database, expiries, what a rewrite would save, the
    /// largest keys, and a tree of prefixes. Beside a store that is open, too; no lock is taken.
    Inspect(Box<Inspect>),
    /// Shows a log as commands, each with its commit's number and time and its database.
    ///
    /// Of a log of indelible the commits behind its base, of files of Redis every command with its
    /// offset and the last time stamp before it. With --follow it goes on beside a store that is open,
    /// also when a rewrite replaces the file; it ends with an interrupt, or when nobody reads it.
    Log(Log),
    /// Makes a new store out of what is intact; never changes the source.
    ///
    /// Without --resync everything behind the first damaged place is left out. What is left out is
    /// kept in the new directory as repair.quarantine. More than --max-loss bytes are refused (exit
    /// code 1), and nothing is written then.
    Repair(Repair),
    /// Writes a store's log anew, without what later commands have replaced; takes the lock.
    Rewrite(Rewrite),
}

#[derive(Debug, Args)]
pub struct Check {
    /// A store's directory, its log, a directory of Redis, a manifest, or an append-only file.
    pub path: PathBuf,
    /// Goes on behind what files of Redis hold that is not supported (streams, what is of modules,
    /// functions, scripts, and what makes fields of hashes expire), and lists all of it. Each is still a problem.
    #[arg(long)]
    pub skip_unsupported: bool,
    /// Prints one JSON document.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Dump {
    /// A store's directory, its log, a directory of Redis, a manifest, or an append-only file.
    pub path: PathBuf,
    /// Prints one JSON document: {"dbs": {NUMBER: {KEY: {"type", "value", "pexpireat"}}}}, keys and
    /// values in base64, pexpireat in milliseconds since 1970 or null; with --skip-unsupported what was
    /// left out as "skipped".
    #[arg(long)]
    pub json: bool,
    /// Prints one JSON object per line: {"db", "key", "type", "value", "pexpireat"}.
    #[arg(long, conflicts_with = "json")]
    pub json_lines: bool,
    /// Prints commands as a server reads them, with redis-cli --pipe for instance.
    #[arg(long, conflicts_with_all = ["json", "json_lines"])]
    pub resp: bool,
    #[command(flatten)]
    pub selection: Selection,
}

#[derive(Debug, Args)]
pub struct Import {
    /// A directory of Redis, a manifest, an append-only file, or a store.
    pub from: PathBuf,
    /// The new store's directory, which is empty or not there yet.
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    #[command(flatten)]
    pub selection: Selection,
    /// Prints one JSON document.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Rewrite {
    /// A store's directory.
    pub path: PathBuf,
    /// Prints one JSON document.
    #[arg(long)]
    pub json: bool,
}
