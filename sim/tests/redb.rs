//! redb on the simulated disk, through its own `StorageBackend`.
//!
//! The tests print what they found, line by line (`-- --nocapture`).

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

use indelible::effect::IoErrorKind;
use indelible::vfs::{Access, Vfs};
use indelible_sim::disk::{Keep, Limits, Profile, SimFile, SimVfs, TearPoints};
use indelible_sim::subject::{Outcome, Plan, Promise, Subject, SubjectError, Verdict, explore};
use redb::{Builder, Database, Durability, ReadableDatabase, ReadableTable, StorageBackend};
use redb::{TableDefinition, TableError};

const TABLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("t");

/// A file of the simulated disk, as redb's own `FileBackend` uses a real one.
#[derive(Debug)]
struct Backend {
    vfs: SimVfs,
    file: Mutex<SimFile>,
}

impl Backend {
    fn file(&self) -> std::sync::MutexGuard<'_, SimFile> {
        self.file.lock().unwrap()
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.vfs.len(&self.file()).map_err(io::Error::other)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut done = 0;
        while done < out.len() {
            let at = offset + done as u64;
            match self.vfs.read_at(&self.file(), at, &mut out[done..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => done += count,
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.vfs
            .truncate(&self.file(), len)
            .map_err(io::Error::other)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.vfs.sync_data(&self.file()).map_err(io::Error::other)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut done = 0;
        while done < data.len() {
            let at = offset + done as u64;
            match self.vfs.write_at(&self.file(), at, &data[done..]) {
                Ok(count) => done += count,
                Err(error) if error.kind == IoErrorKind::Interrupted => {}
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(())
    }
}

/// How redb is set up.
#[derive(Clone, Copy, Debug)]
struct Redb {
    durability: Durability,
    two_phase: bool,
    quick_repair: bool,
    /// Whether the program that embeds it syncs the directory after the file was created: redb
    /// itself never does.
    sync_dir: bool,
    /// Whether every commit is taken for durable, whatever redb says.
    believed: bool,
}

const IMMEDIATE: Redb = Redb {
    durability: Durability::Immediate,
    two_phase: false,
    quick_repair: false,
    sync_dir: true,
    believed: false,
};

impl Subject for Redb {
    type Store = Database;
    type Op = &'static [(u64, u8, usize)];
    type State = BTreeMap<u64, (u8, usize)>;

    fn open(&self, vfs: &SimVfs) -> Result<Database, SubjectError> {
        let file = vfs
            .open("redb", Access::ReadWrite)
            .or_else(|_| vfs.create("redb"))?;
        if self.sync_dir {
            vfs.sync_dir()?;
        }
        let backend = Backend {
            vfs: vfs.clone(),
            file: Mutex::new(file),
        };
        Ok(Builder::new().create_with_backend(backend)?)
    }

    fn step(&self, store: &mut Database, op: &Self::Op) -> Result<Promise, SubjectError> {
        let mut transaction = store.begin_write()?;
        transaction.set_durability(self.durability)?;
        transaction.set_two_phase_commit(self.two_phase);
        transaction.set_quick_repair(self.quick_repair);
        {
            let mut table = transaction.open_table(TABLE)?;
            for (key, byte, count) in *op {
                table.insert(key, vec![*byte; *count].as_slice())?;
            }
        }
        transaction.commit()?;
        Ok(match self.durability {
            _ if self.believed => Promise::Durable,
            Durability::Immediate => Promise::Durable,
            _ => Promise::Nothing,
        })
    }

    fn read(&self, store: &mut Database) -> Result<Self::State, SubjectError> {
        if !store.check_integrity()? {
            return Err("check_integrity found damage and repaired it".into());
        }
        let mut state = BTreeMap::new();
        let table = match store.begin_read()?.open_table(TABLE) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(state),
            table => table?,
        };
        for entry in table.iter()? {
            let (key, value) = entry?;
            let value = value.value();
            let byte = *value.first().ok_or("an empty value")?;
            if value.iter().any(|other| *other != byte) {
                return Err("a value is mixed".into());
            }
            state.insert(key.value(), (byte, value.len()));
        }
        Ok(state)
    }

    fn empty(&self) -> Self::State {
        BTreeMap::new()
    }

    fn model(&self, state: &mut Self::State, op: &Self::Op) {
        state.extend(op.iter().map(|(key, byte, count)| (*key, (*byte, *count))));
    }
}

const WORK: [<Redb as Subject>::Op; 3] = [
    &[(1, b'a', 10), (2, b'b', 10)],
    &[(1, b'c', 10), (3, b'd', 5000)],
    &[(2, b'e', 6000), (3, b'f', 10)],
];

const PROFILES: [fn() -> Profile; 5] = [
    Profile::process_crash,
    Profile::ext4,
    Profile::xfs,
    Profile::btrfs,
    Profile::posix_weak,
];

fn halves(bytes: &[u8]) -> Vec<usize> {
    vec![bytes.len() / 2]
}

fn plan(profile: Profile) -> Plan {
    Plan {
        limits: Limits {
            tears: TearPoints::Borders(halves),
            free: 4,
            opaque: &[],
            ..Limits::default()
        },
        images_max: 16,
        nested_images_max: 4,
        pending_max: 6,
        crashes: 1,
        created: true,
        parts: &[Keep::Nothing, Keep::Half],
        ..Plan::new(profile)
    }
}

fn explored(redb: Redb, work: &[<Redb as Subject>::Op], plan: &Plan) -> Outcome {
    let outcome = explore(&redb, work, plan);
    println!("{redb:?} on {outcome}");
    outcome
}

#[test]
fn immediate_commits_survive() {
    for profile in PROFILES {
        let outcome = explored(IMMEDIATE, &WORK, &plan(profile()));
        assert!(outcome.is_clean(), "{outcome:#}");
        assert!(outcome.recoveries > 50, "{outcome}");
    }
}

#[test]
fn immediate_commits_survive_a_crash_in_the_recovery_too() {
    let twice = Plan {
        crashes: 2,
        images_max: 4,
        goes_on: false,
        ..plan(Profile::posix_weak())
    };
    let outcome = explored(IMMEDIATE, &WORK[1..2], &twice);
    assert!(outcome.is_clean(), "{outcome:#}");
}

#[test]
fn two_phases_and_quick_repair_survive() {
    let two_phase = Redb {
        two_phase: true,
        ..IMMEDIATE
    };
    let quick_repair = Redb {
        quick_repair: true,
        ..IMMEDIATE
    };
    for (redb, profile) in [
        (two_phase, Profile::ext4()),
        (two_phase, Profile::posix_weak()),
        (quick_repair, Profile::ext4()),
        (quick_repair, Profile::posix_weak()),
    ] {
        let outcome = explored(redb, &WORK[..2], &plan(profile));
        assert!(outcome.is_clean(), "{outcome:#}");
    }
}

/// Nothing is promised, and nothing is damaged. That the oracle sees a loss is shown by believing in
/// a promise that redb does not make.
#[test]
fn commits_without_durability_may_be_lost_and_corrupt_nothing() {
    let none = Redb {
        durability: Durability::None,
        ..IMMEDIATE
    };
    let believed = Redb {
        believed: true,
        ..none
    };
    for profile in [Profile::ext4(), Profile::posix_weak()] {
        let outcome = explored(none, &WORK, &plan(profile.clone()));
        assert!(outcome.is_clean(), "{outcome:#}");
        let outcome = explored(believed, &WORK[..2], &plan(profile));
        assert!(outcome.lost > 0 && outcome.corrupt == 0, "{outcome:#}");
    }
}

/// The file is given its length first and its magic number last. A crash in between leaves a file
/// that is neither empty, which would be taken for a new one, nor a database: it must be removed by
/// hand. Nothing was promised yet.
#[test]
fn a_creation_that_is_cut_short_leaves_a_file_that_redb_refuses() {
    for profile in [Profile::process_crash(), Profile::ext4()] {
        let plan = Plan {
            created: false,
            ..plan(profile)
        };
        let outcome = explored(IMMEDIATE, &[], &plan);
        assert!(outcome.lost == 0 && outcome.corrupt > 0, "{outcome:#}");
        let finding = outcome.first_corrupt.unwrap();
        let Verdict::Refused { error } = &finding.verdict else {
            panic!("{finding}");
        };
        assert!(error.contains("magic number mismatch"), "{finding}");
    }
}

/// redb opens a file by its path and syncs that file alone. Journaling file systems make the name
/// durable along with it; where nothing does, the program must sync the directory.
#[test]
fn the_name_of_a_new_file_is_left_to_the_file_system() {
    let alone = Redb {
        sync_dir: false,
        ..IMMEDIATE
    };
    for profile in PROFILES {
        let plan = Plan {
            created: false,
            goes_on: false,
            ..plan(profile())
        };
        let outcome = explored(alone, &WORK[..1], &plan);
        let loses = plan.profile.name == "posix-weak";
        assert_eq!(outcome.lost > 0, loses, "{outcome:#}");
        if let Some(finding) = outcome.first_lost {
            let text = finding.to_string();
            assert!(
                text.contains("needs create redb@2: no sync of the directory"),
                "{text}"
            );
        }
    }
}
