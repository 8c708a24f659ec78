//! SQLite as a subject: a table, transactions, and what its documents promise.

use std::collections::BTreeMap;

use indelible_sim::disk::SimVfs;
use indelible_sim::subject::{Promise, Subject, SubjectError};
use indelible_sqlite_bridge::rusqlite::{Connection, OpenFlags, params};

use super::files::{Mounted, NAME};

/// How SQLite is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sqlite {
    /// `PRAGMA journal_mode`.
    pub journal: &'static str,
    /// `PRAGMA synchronous`.
    pub synchronous: &'static str,
}

/// One transaction: rows to be put, each a key and so many times a letter.
pub type Transaction = &'static [(i64, char, usize)];

/// An open database.
pub struct Database {
    connection: Connection,
    _disk: Mounted, // dropped last
}

impl Sqlite {
    fn is_wal(self) -> bool {
        self.journal == "WAL"
    }
}

impl Subject for Sqlite {
    type Store = Database;
    type Op = Transaction;
    type State = BTreeMap<i64, (char, usize)>;

    fn open(&self, vfs: &SimVfs) -> Result<Database, SubjectError> {
        let disk = Mounted::new(vfs);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = Connection::open_with_flags_and_vfs(disk.path("db"), flags, NAME)?;
        connection.execute_batch("PRAGMA temp_store = MEMORY")?;
        if self.is_wal() {
            // A log without shared memory, copied back every few pages.
            connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE")?;
            connection.execute_batch("PRAGMA wal_autocheckpoint = 6")?;
        }
        let journal = format!("PRAGMA journal_mode = {}", self.journal);
        connection.execute_batch(&format!("PRAGMA synchronous = {}", self.synchronous))?;
        let mode: String = connection.query_row(&journal, [], |row| row.get(0))?;
        if !mode.eq_ignore_ascii_case(self.journal) {
            return Err(format!("the journal's mode is {mode}").into());
        }
        connection.execute_batch("CREATE TABLE IF NOT EXISTS t (k INTEGER PRIMARY KEY, v TEXT)")?;
        Ok(Database {
            connection,
            _disk: disk,
        })
    }

    fn step(&self, store: &mut Database, op: &Transaction) -> Result<Promise, SubjectError> {
        let transaction = store.connection.transaction()?;
        for (key, letter, count) in *op {
            let value = letter.to_string().repeat(*count);
            transaction.execute("REPLACE INTO t VALUES (?1, ?2)", params![key, value])?;
        }
        transaction.commit()?;
        Ok(Promise::Durable)
    }

    fn read(&self, store: &mut Database) -> Result<Self::State, SubjectError> {
        let check = "PRAGMA integrity_check";
        let check: String = store.connection.query_row(check, [], |row| row.get(0))?;
        if check != "ok" {
            return Err(format!("integrity_check says: {check}").into());
        }
        let mut rows = store.connection.prepare("SELECT k, v FROM t")?;
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
        let mut state = BTreeMap::new();
        for row in rows {
            let (key, value) = row?;
            let letter = value.chars().next().ok_or("an empty value")?;
            if value.chars().any(|other| other != letter) {
                return Err(format!("the value of {key} is mixed").into());
            }
            state.insert(key, (letter, value.len()));
        }
        Ok(state)
    }

    fn close(&self, store: Database) -> Result<(), SubjectError> {
        store.connection.close().map_err(|(_, error)| error.into())
    }

    fn empty(&self) -> Self::State {
        BTreeMap::new()
    }

    fn model(&self, state: &mut Self::State, op: &Transaction) {
        state.extend(
            op.iter()
                .map(|(key, letter, count)| (*key, (*letter, *count))),
        );
    }
}
