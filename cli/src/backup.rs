//! `indelible backup`: a copy of a store that another process may have open and write to.

use std::path::PathBuf;

use clap::Args;
use indelible::recover;
use indelible::vfs::OsVfs;
use serde_json::json;

use crate::failure::{Failure, WELL};
use crate::machine::now_since;
use crate::output::Output;
use crate::progress::Bar;
use crate::source::Source;

#[derive(Debug, Args)]
pub struct Backup {
    /// A store's directory.
    pub path: PathBuf,
    /// The copy's directory, which holds no store yet.
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// Prints one JSON document.
    #[arg(long)]
    pub json: bool,
}

pub fn run(args: &Backup) -> Result<u8, Failure> {
    let log = match Source::find(&args.path)? {
        Source::Log(log) if log.by_directory => log,
        Source::Log(_) => {
            return Err(Failure::NotADirectory {
                path: args.path.clone(),
            });
        }
        Source::Redis(_) => {
            return Err(Failure::NotAStore {
                path: args.path.clone(),
            });
        }
    };
    let target = OsVfs::create_dir(&args.to).map_err(Failure::io(&args.to))?;
    let mut bar = Bar::new("copying");
    let now = now_since(std::time::Instant::now()).wall;
    let watch = &mut |progress| bar.recovery(progress);
    let made = recover::backup(&log.vfs, &target, now, watch);
    drop(bar);
    let made = made.map_err(|source| Failure::backup(&log.path, &args.to, source))?;
    let mut output = Output::new();
    match args.json {
        true => output.json(&json!({
            "from": log.path.to_string_lossy(),
            "to": args.to.to_string_lossy(),
            "lsn": made.lsn.0,
            "identity": made.identity.to_string(),
            "len": made.len,
        }))?,
        false => output.line(format_args!(
            "{}: {} bytes, up to commit {}",
            args.to.display(),
            made.len,
            made.lsn
        ))?,
    }
    output.finish()?;
    Ok(WELL)
}
