//! A write-ahead log as one writes it in an afternoon, crashed at every call.
//!
//! A record is a length and so many bytes; it is appended and synced, then acknowledged. It passes
//! every test that does not crash. Run me: each bug is found, explained and repaired in turn.

use indelible::vfs::{Access, Vfs};
use indelible_sim::disk::{Profile, SimFile, SimVfs};
use indelible_sim::subject::{Plan, Promise, Subject, SubjectError, explore, explore_faults};

/// The log, and what its author has learnt so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct NaiveWal {
    /// Each record carries a checksum.
    pub checksum: bool,
    /// What stands behind the last good record is cut off, durably, before more is appended.
    pub cut_tail: bool,
    /// The directory is synced once the log is there.
    pub sync_dir: bool,
    /// What was read is written once more before it is synced: after a write or a sync that failed,
    /// the cache shows bytes that no later sync will bring to the disk.
    pub rewrite: bool,
}

/// An open log.
pub struct Log {
    vfs: SimVfs,
    file: SimFile,
    records: Vec<String>,
    end: u64,
}

impl NaiveWal {
    fn encode(self, record: &[u8]) -> Vec<u8> {
        let mut bytes = u32::try_from(record.len()).unwrap().to_le_bytes().to_vec();
        if self.checksum {
            bytes.extend(crc32fast::hash(record).to_le_bytes());
        }
        bytes.extend(record);
        bytes
    }

    /// The records up to the first that is not whole, and where that begins.
    fn decode(self, mut bytes: &[u8]) -> (Vec<String>, u64) {
        let (all, mut records) = (bytes.len(), vec![]);
        while let Some((len, rest)) = bytes.split_first_chunk::<4>() {
            let len = u32::from_le_bytes(*len) as usize;
            let (sum, rest) = rest.split_at(rest.len().min(if self.checksum { 4 } else { 0 }));
            let Some(record) = rest.get(..len).filter(|record| !record.is_empty()) else {
                break;
            };
            if self.checksum && crc32fast::hash(record).to_le_bytes() != sum {
                break;
            }
            records.push(String::from_utf8_lossy(record).into_owned());
            bytes = &rest[len..];
        }
        (records, (all - bytes.len()) as u64)
    }
}

fn write_all(vfs: &SimVfs, file: &SimFile, at: u64, bytes: &[u8]) -> Result<(), SubjectError> {
    let mut done = 0;
    while done < bytes.len() {
        done += vfs.write_at(file, at + done as u64, &bytes[done..])?;
    }
    Ok(())
}

impl Subject for NaiveWal {
    type Store = Log;
    type Op = &'static str;
    type State = Vec<String>;

    fn open(&self, vfs: &SimVfs) -> Result<Log, SubjectError> {
        let opened = vfs.open("wal", Access::ReadWrite);
        let file = opened.or_else(|_| vfs.create("wal"))?;
        if self.sync_dir {
            vfs.sync_dir()?;
        }
        let len = vfs.len(&file)?;
        let mut bytes = vec![0; usize::try_from(len)?];
        vfs.read_at(&file, 0, &mut bytes)?;
        let (records, good) = self.decode(&bytes);
        let mut end = len;
        if self.cut_tail {
            if good < len {
                vfs.truncate(&file, good)?;
            }
            if self.rewrite {
                write_all(vfs, &file, 0, &bytes[..good as usize])?;
            }
            vfs.sync_data(&file)?; // also what an earlier process wrote and did not sync
            end = good;
        }
        let vfs = vfs.clone();
        Ok(Log {
            vfs,
            file,
            records,
            end,
        })
    }

    fn step(&self, log: &mut Log, op: &&'static str) -> Result<Promise, SubjectError> {
        let bytes = self.encode(op.as_bytes());
        write_all(&log.vfs, &log.file, log.end, &bytes)?;
        log.vfs.sync_data(&log.file)?;
        log.end += bytes.len() as u64;
        log.records.push((*op).to_owned());
        Ok(Promise::Durable)
    }

    fn read(&self, log: &mut Log) -> Result<Vec<String>, SubjectError> {
        Ok(log.records.clone())
    }

    fn empty(&self) -> Vec<String> {
        vec![]
    }

    fn model(&self, state: &mut Vec<String>, op: &&'static str) {
        state.push((*op).to_owned());
    }
}

/// What is appended.
pub const RECORDS: [&str; 3] = ["first", "second", "the third, a longer one"];

/// As it was written, and what its author learns, one finding after the other.
pub fn lessons() -> [NaiveWal; 5] {
    let first = NaiveWal::default();
    let second = NaiveWal {
        checksum: true,
        ..first
    };
    let third = NaiveWal {
        cut_tail: true,
        ..second
    };
    let fourth = NaiveWal {
        sync_dir: true,
        ..third
    };
    let fifth = NaiveWal {
        rewrite: true,
        ..fourth
    };
    [first, second, third, fourth, fifth]
}

#[allow(dead_code, reason = "a test includes this file")]
fn main() {
    for wal in lessons() {
        println!("== {wal:?}");
        for profile in [
            Profile::ext4(),
            Profile::xfs(),
            Profile::btrfs(),
            Profile::posix_weak(),
        ] {
            let plan = Plan::new(profile).tearing_everywhere();
            println!("{:#}\n", explore(&wal, &RECORDS, &plan));
            println!("with faults: {:#}\n", explore_faults(&wal, &RECORDS, &plan));
        }
    }
}
