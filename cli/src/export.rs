//! `indelible export`: files that Redis starts from.
//!
//! 1. The source is loaded and the target looked at: until then nothing is written.
//! 2. Everything is written under a temporary name, and synced.
//! 3. What was written is read again, and compared key by key.
//! 4. It gets its name, which must be free, and the directory is synced.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use indelible::effect::IoError;
use indelible::keyspace::Keyspace;
use indelible::redis;
use indelible::vfs::{OsVfs, Vfs};
use serde_json::json;

use crate::check::warn;
use crate::failure::{Failure, WELL};
use crate::machine::random;
use crate::output::Output;
use crate::pieces::{self, Dialect};
use crate::select::Selection;
use crate::source::Source;

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("target").required(true).args(["to", "plain"]))]
pub struct Export {
    /// A store's directory, its log, a directory of Redis, a manifest, or an append-only file.
    pub path: PathBuf,
    /// The directory of a server of Redis 7 or later, in which it finds its append-only files.
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// A new append-only file for older servers, without annotations.
    #[arg(long, value_name = "FILE")]
    pub plain: Option<PathBuf>,
    /// Writes expiries in whole seconds, rounded up, for Redis 2.4.
    #[arg(long, requires = "plain")]
    pub seconds: bool,
    /// The server's appenddirname.
    #[arg(long, value_name = "NAME", default_value = "appendonlydir", value_parser = plain_name)]
    pub dirname: String,
    /// The server's appendfilename.
    #[arg(long, value_name = "NAME", default_value = "appendonly.aof", value_parser = plain_name)]
    pub filename: String,
    #[command(flatten)]
    pub selection: Selection,
    /// Prints one JSON document.
    #[arg(long)]
    pub json: bool,
}

pub fn run(args: &Export) -> Result<u8, Failure> {
    let target = match (&args.to, &args.plain) {
        (Some(to), _) => to.join(&args.dirname),
        (_, Some(file)) => file.clone(),
        (None, None) => unreachable!("the command line asks for one of both"),
    };
    refuse_what_is_there(&target)?;
    let source = Source::find(&args.path)?;
    let loaded = args.selection.load(&source)?;
    warn(&source, &loaded);
    let keyspace = args.selection.of(loaded.keyspace());
    let len = match &args.to {
        Some(to) => directory(to, args, &keyspace)?,
        None => file(&target, args, &keyspace)?,
    };
    let mut output = Output::new();
    let (keys, to) = (keyspace.total_len(), target.display());
    match args.json {
        true => {
            let mut document = json!({
                "from": args.path.to_string_lossy(),
                "to": target.to_string_lossy(),
                "keys": keys,
                "len": len,
            });
            if let Some(skipped) = args.selection.skipped(&loaded) {
                document["skipped"] = skipped;
            }
            output.json(&document)?;
        }
        false => output.line(format_args!("{to}: {keys} keys, {len} bytes"))?,
    }
    output.finish()?;
    Ok(WELL)
}

/// A name that a manifest states without quotes.
fn plain_name(name: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"/\\\"'#".contains(&byte);
    match !name.is_empty() && name != "." && name != ".." && name.bytes().all(plain) {
        true => Ok(name.to_owned()),
        false => Err("expected printable letters without spaces, quotes or slashes".to_owned()),
    }
}

fn refuse_what_is_there(path: &Path) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::io(path)(error)),
        Ok(_) => Err(Failure::Exists {
            path: path.to_owned(),
        }),
    }
}

/// A base, an empty incremental and their manifest, in a directory that gets its name at the end.
fn directory(to: &Path, args: &Export, keyspace: &Keyspace) -> Result<u64, Failure> {
    let outer = OsVfs::create_dir(to).map_err(Failure::io(to))?;
    let temporary = to.join(format!("temp-{}.{}", args.dirname, std::process::id()));
    fs::create_dir(&temporary).map_err(Failure::io(&temporary))?;
    let made = fill(&temporary, args, keyspace);
    let target = to.join(&args.dirname);
    let made = made.and_then(|len| {
        // A rename replaces an empty directory at most, never a file or anything in it.
        refuse_what_is_there(&target)?;
        fs::rename(&temporary, &target).map_err(Failure::io(&target))?;
        outer.sync_dir().map_err(Failure::io(to))?;
        Ok(len)
    });
    if made.is_err() {
        // What failed is told; a leftover of it would only be in the way.
        let _ = fs::remove_dir_all(&temporary);
    }
    made
}

fn fill(temporary: &Path, args: &Export, keyspace: &Keyspace) -> Result<u64, Failure> {
    let failed = Failure::io(temporary);
    let vfs = OsVfs::open_dir(temporary).map_err(&failed)?;
    let base = format!("{}.1.base.aof", args.filename);
    let incr = format!("{}.1.incr.aof", args.filename);
    let manifest = format!("{}.manifest", args.filename);
    let lines = format!("file {base} seq 1 type b\nfile {incr} seq 1 type i\n");
    let len = write_keyspace(&vfs, temporary, &base, keyspace, Dialect::Millis)?;
    write_file(&vfs, &incr, b"").map_err(&failed)?;
    write_file(&vfs, &manifest, lines.as_bytes()).map_err(&failed)?;
    vfs.sync_dir().map_err(&failed)?;
    compare(&temporary.join(manifest), keyspace)?;
    Ok(len)
}

fn file(target: &Path, args: &Export, keyspace: &Keyspace) -> Result<u64, Failure> {
    let failed = Failure::io(target);
    let directory = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let name = target.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Failure::Name {
        path: target.to_owned(),
    })?;
    let vfs = OsVfs::create_dir(directory).map_err(&failed)?;
    let temporary = format!("temp-{name}.{}", std::process::id());
    let dialect = match args.seconds {
        true => Dialect::Seconds,
        false => Dialect::Millis,
    };
    let path = directory.join(&temporary);
    let made = write_keyspace(&vfs, &path, &temporary, keyspace, dialect).and_then(|len| {
        if dialect == Dialect::Millis {
            compare(&path, keyspace)?;
        }
        // Unlike a rename, a link never takes the place of anything.
        fs::hard_link(&path, target).map_err(Failure::io(target))?;
        Ok(len)
    });
    let removed = vfs.unlink(&temporary);
    let len = made?;
    removed.and_then(|()| vfs.sync_dir()).map_err(&failed)?;
    Ok(len)
}

/// Writes and syncs a file of commands; its length in bytes.
fn write_keyspace(
    vfs: &OsVfs,
    path: &Path,
    name: &str,
    keyspace: &Keyspace,
    dialect: Dialect,
) -> Result<u64, Failure> {
    let failed = Failure::io(path);
    let file = vfs.create(name).map_err(&failed)?;
    let mut len = 0;
    pieces::resp(keyspace, dialect, &mut |bytes| {
        write_all(vfs, &file, len, bytes).map_err(&failed)?;
        len += bytes.len() as u64;
        Ok(())
    })?;
    vfs.sync_data(&file).map_err(&failed)?;
    vfs.close(file).map_err(&failed)?;
    Ok(len)
}

fn write_file(vfs: &OsVfs, name: &str, bytes: &[u8]) -> Result<(), IoError> {
    let file = vfs.create(name)?;
    write_all(vfs, &file, 0, bytes)?;
    vfs.sync_data(&file)?;
    vfs.close(file)
}

fn write_all<V: Vfs>(vfs: &V, file: &V::File, offset: u64, bytes: &[u8]) -> Result<(), IoError> {
    let mut done = 0;
    while done < bytes.len() {
        done += vfs.write_at(file, offset + done as u64, &bytes[done..])?;
    }
    Ok(())
}

fn compare(path: &Path, keyspace: &Keyspace) -> Result<(), Failure> {
    let read = redis::load(path, random())?;
    let same = read.keyspace.same_content(keyspace) && read.report.failed() == 0;
    match same {
        true => Ok(()),
        false => Err(Failure::NotTheSame {
            path: path.to_owned(),
        }),
    }
}
