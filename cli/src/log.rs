//! `indelible log`: commits as readable commands, and those to come.
//!
//! Following, one file after the other is read:
//!
//! 1. Frames are shown as they become whole. A frame that is not whole yet is looked at again.
//! 2. Where the file ends for now, its name is looked at. If it leads to another file, a rewrite has
//!    replaced this one. The new file holds every commit behind its base, verbatim and with the same
//!    numbers; so it is read from its start, and what was shown already is passed over by number.
//! 3. If this reader fell so far behind that the old file was retired under it, the commits that only
//!    the new base holds cannot be shown any more. That is said, with their numbers.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use base64::prelude::*;
use clap::Args;
use indelible::limits::READ_LEN;
use indelible::log::{Evidence, Frame, FrameError, FrameKind, FrameLine, Scanner, Step};
use indelible::recover::LoadError;
use indelible::resp::{Parsed, parse_command, parse_integer};
use indelible::sabotage::Saboteur;
use indelible::units::{Identity, Lsn};

use crate::calendar::calendar;
use crate::failure::{Failure, WELL};
use crate::finding::Finding;
use crate::log_redis;
use crate::output::{Output, quoted, say};
use crate::source::{LogFile, Source};

/// Time between two looks for more; short, since a small log is rewritten and retired in
/// milliseconds.
const NAP: Duration = Duration::from_millis(2);
/// Beside a writer, bytes that are no frame become one, or are written over, in less time.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub struct Log {
    /// A store's directory, its log, or files of Redis.
    pub path: PathBuf,
    /// Waits for more, of a log of indelible.
    #[arg(long)]
    pub follow: bool,
    /// Begins with this commit, of a log of indelible.
    #[arg(long, value_name = "N")]
    pub from_lsn: Option<u64>,
    /// Prints one JSON object per command and line, arguments in base64.
    #[arg(long)]
    pub json: bool,
}

pub fn run(args: &Log) -> Result<u8, Failure> {
    match Source::find(&args.path)? {
        Source::Log(log) => Follower::new(&log, args)?.run(),
        Source::Redis(path) if args.follow || args.from_lsn.is_some() => {
            Err(Failure::NotAStore { path })
        }
        Source::Redis(path) => log_redis::show(&path, args.json),
    }
}

/// A frame with its body, or why there is none for now: the end, or what is not whole.
type Next = Result<(FrameLine, Vec<u8>), Option<FrameError>>;

/// A file that is read frame by frame while it may grow, or be retired.
struct Reader {
    file: File,
    scanner: Scanner,
    /// Bytes from the scanner's offset on, behind those that were taken.
    window: Vec<u8>,
    taken: usize,
}

impl Reader {
    fn open(log: &LogFile) -> Result<Self, Failure> {
        Ok(Self {
            file: File::open(&log.path).map_err(Failure::io(&log.path))?,
            scanner: Scanner::new(Saboteur::NONE),
            window: Vec::new(),
            taken: 0,
        })
    }

    fn next(&mut self) -> std::io::Result<Next> {
        loop {
            let offset = self.scanner.offset();
            let left = self.file.metadata()?.len().saturating_sub(offset);
            let most = usize::try_from(left).unwrap_or(usize::MAX);
            self.window.truncate(self.taken.saturating_add(most));
            match self.scanner.step(&self.window[self.taken..], left) {
                Step::Header { len, .. } => self.taken += len,
                Step::Frame(Frame { line, body, .. }) => {
                    let bytes = self.window[self.taken..][body.clone()].to_vec();
                    self.taken += body.end;
                    return Ok(Ok((line, bytes)));
                }
                Step::NeedMore(len) => {
                    self.window.drain(..self.taken);
                    self.taken = 0;
                    let wanted = (len.max(READ_LEN) as u64).min(left);
                    let mut filled = self.window.len();
                    self.window
                        .resize(usize::try_from(wanted).unwrap_or(len), 0);
                    while filled < self.window.len() {
                        let at = offset + filled as u64;
                        match self.file.read_at(&mut self.window[filled..], at)? {
                            0 => break, // it became shorter
                            read => filled += read,
                        }
                    }
                    self.window.truncate(filled);
                }
                // What is not whole may be written over: it is read again.
                Step::End => return Ok(self.none(None)),
                Step::Bad(error) => return Ok(self.none(Some(error))),
            }
        }
    }

    fn none<T>(&mut self, error: Option<FrameError>) -> Result<T, Option<FrameError>> {
        self.window.clear();
        self.taken = 0;
        Err(error)
    }
}

struct Follower<'a> {
    log: &'a LogFile,
    args: &'a Log,
    reader: Reader,
    identity: Option<Identity>,
    /// The last commit that was shown, or need not be.
    shown: Lsn,
    output: Output,
}

impl<'a> Follower<'a> {
    fn new(log: &'a LogFile, args: &'a Log) -> Result<Self, Failure> {
        Ok(Self {
            log,
            args,
            reader: Reader::open(log)?,
            identity: None,
            shown: Lsn(args.from_lsn.unwrap_or(1).saturating_sub(1)),
            output: Output::new(),
        })
    }

    fn run(mut self) -> Result<u8, Failure> {
        let failed = Failure::io(&self.log.path);
        let mut bad_since: Option<(u64, Instant)> = None;
        loop {
            let error = match self.reader.next().map_err(&failed)? {
                Ok((line, body)) => {
                    self.frame(&line, &body)?;
                    continue;
                }
                Err(error) => error,
            };
            self.output.writer().flush()?;
            if self.is_replaced()? {
                // What came since the look before it is still there, unless it was retired.
                while let Ok((line, body)) = self.reader.next().map_err(&failed)? {
                    self.frame(&line, &body)?;
                }
                self.reader = Reader::open(self.log)?;
                continue;
            }
            if !self.args.follow {
                return self.end(error);
            }
            let offset = self.reader.scanner.offset();
            match (error, bad_since) {
                (Some(error), Some((at, since))) if at == offset && !error.is_cut_off() => {
                    if since.elapsed() > PATIENCE {
                        return self.end(Some(error));
                    }
                }
                (Some(_), _) => bad_since = Some((offset, Instant::now())),
                (None, _) => bad_since = None,
            }
            thread::sleep(NAP);
        }
    }

    /// Whether the name leads to another file than the one that is read.
    fn is_replaced(&self) -> Result<bool, Failure> {
        let failed = Failure::io(&self.log.path);
        let named = fs::metadata(&self.log.path).map_err(&failed)?;
        let own = self.reader.file.metadata().map_err(&failed)?;
        Ok((named.dev(), named.ino()) != (own.dev(), own.ino()))
    }

    /// Whether what lies behind the last frame was ever promised to anybody. // O9
    fn end(self, error: Option<FrameError>) -> Result<u8, Failure> {
        let failed = Failure::io(&self.log.path);
        let Some(sequence) = self.reader.scanner.sequence() else {
            let loaded = self.log.load(0).map_err(self.log.failed());
            return loaded.map(|_| WELL);
        };
        let (mut search, mut offset) = (
            Evidence::new(sequence.identity()),
            self.reader.scanner.offset(),
        );
        let (start, mut bytes) = (offset, vec![0; READ_LEN]);
        loop {
            match self
                .reader
                .file
                .read_at(&mut bytes, offset)
                .map_err(&failed)?
            {
                0 => break,
                read => {
                    search.feed(&bytes[..read]);
                    offset += read as u64;
                }
            }
        }
        let lsn = sequence.last_lsn();
        let evidence = sequence.watermark().max(search.watermark());
        match error {
            Some(error) if !sequence.is_base_complete() => {
                Err(self.log.failed()(LoadError::DamagedBase(error)))
            }
            Some(error) if evidence > lsn => Err(self.log.failed()(LoadError::Damaged {
                error,
                lsn,
                evidence,
            })),
            Some(error) => {
                say(
                    "note",
                    Finding::torn_tail(&self.log.path, error, offset - start),
                );
                Ok(WELL)
            }
            None => Ok(WELL),
        }
    }

    fn frame(&mut self, line: &FrameLine, body: &[u8]) -> Result<(), Failure> {
        let meta = &line.meta;
        match meta.kind {
            FrameKind::End => self.base(meta.identity, meta.lsn),
            FrameKind::Commits if meta.last_lsn() > self.shown => self.commits(line, body)?,
            _ => {}
        }
        Ok(())
    }

    /// Says which commits can be shown no more, as a base holds what became of them.
    fn base(&mut self, identity: Identity, lsn: Lsn) {
        let history = self.identity.replace(identity);
        if history.is_some_and(|before| before != identity) {
            say(
                "note",
                format_args!("another history begins, behind commit {lsn}"),
            );
            self.shown = lsn;
        } else if lsn > self.shown {
            let first = self.shown.0 + 1;
            say(
                "note",
                format_args!("commits {first} to {lsn} are in the base alone"),
            );
            self.shown = lsn;
        }
    }

    fn commits(&mut self, line: &FrameLine, body: &[u8]) -> Result<(), Failure> {
        let (mut lsn, mut db, mut in_batch) = (line.meta.lsn, 0, false);
        let (mut rest, mut text) = (body, Vec::new());
        while !rest.is_empty() {
            let Ok(Parsed::Complete { argv, len }) = parse_command(rest) else {
                let offset = self.reader.scanner.offset() - rest.len() as u64;
                return Err(self.log.failed()(LoadError::Commits {
                    offset,
                    expected: line.meta.count,
                    found: lsn.0 - line.meta.lsn.0,
                }));
            };
            rest = &rest[len..];
            match argv[..] {
                [b"SELECT", number] => db = parse_integer(number).unwrap_or(0),
                [b"MULTI"] => in_batch = true,
                [b"EXEC"] => {
                    in_batch = false;
                    lsn = lsn.next();
                }
                _ => {
                    if lsn > self.shown {
                        let time = line.meta.wall.0;
                        write_line(
                            &mut text,
                            self.args.json,
                            ("lsn", lsn.0),
                            Some(time),
                            db,
                            &argv,
                        )?;
                    }
                    lsn = if in_batch { lsn } else { lsn.next() };
                }
            }
        }
        self.shown = line.meta.last_lsn();
        // Whole lines at once: an interrupt leaves no part of one.
        if self.args.follow {
            self.output.writer().flush()?;
        }
        self.output.writer().write_all(&text)?;
        Ok(())
    }
}

/// One command: its place, its time in milliseconds, its database and its arguments.
pub fn write_line(
    out: &mut Vec<u8>,
    json: bool,
    (place, number): (&str, u64),
    time: Option<u64>,
    db: i64,
    argv: &[&[u8]],
) -> Result<(), Failure> {
    if json {
        let argv = argv.iter().map(|arg| BASE64_STANDARD.encode(arg));
        let argv: Vec<_> = argv.collect();
        let line = serde_json::json!({ place: number, "time": time, "db": db, "argv": argv });
        return Ok(writeln!(out, "{line}")?);
    }
    let time = time.map_or("-".to_owned(), calendar);
    write!(out, "{number} {time} [{db}] {}", argv[0].escape_ascii())?;
    for arg in &argv[1..] {
        write!(out, " {}", quoted(arg))?;
    }
    Ok(writeln!(out)?)
}
