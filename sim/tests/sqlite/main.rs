//! SQLite on the simulated disk: what real power cuts have shown is what comes out.
//!
//! The tests print what they found, line by line (`-- --nocapture`).

mod files;
mod subject;

use std::sync::{Mutex, PoisonError};

use indelible_sim::disk::{Keep, Limits, Profile, TearPoints};
use indelible_sim::subject::{Outcome, Plan, explore};
use indelible_sqlite_bridge::seed_randomness;

use subject::{Sqlite, Transaction};

/// Two rows each; rows that grow over several pages and shrink again.
const WORK: [Transaction; 4] = [
    &[(1, 'a', 10), (2, 'b', 10)],
    &[(1, 'c', 10), (3, 'd', 5000)],
    &[(2, 'e', 6000), (3, 'f', 10)],
    &[(1, 'g', 10), (4, 'h', 10)],
];

/// Those whose crashes lose what was not synced.
const WITH_POWER_LOSS: [fn() -> Profile; 4] = [
    Profile::ext4,
    Profile::xfs,
    Profile::btrfs,
    Profile::posix_weak,
];

const fn sqlite(journal: &'static str, synchronous: &'static str) -> Sqlite {
    Sqlite {
        journal,
        synchronous,
    }
}

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
        images_max: 32,
        nested_images_max: 6,
        pending_max: 8,
        crashes: 1,
        parts: &[Keep::Nothing, Keep::Half],
        ..Plan::new(profile)
    }
}

fn explored(sqlite: Sqlite, work: &[Transaction], plan: &Plan) -> Outcome {
    // SQLite has one random generator for the whole process: one run at a time repeats.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    seed_randomness(1);
    let outcome = explore(&sqlite, work, plan);
    let Sqlite {
        journal,
        synchronous,
    } = sqlite;
    println!("{journal} {synchronous} on {outcome}");
    outcome
}

fn on_all(sqlite: Sqlite) -> Vec<Outcome> {
    let outcome = |profile: fn() -> Profile| explored(sqlite, &WORK, &plan(profile()));
    WITH_POWER_LOSS.map(outcome).into()
}

/// The process may die anywhere, and so may it while it recovers.
fn loses_nothing(sqlite: Sqlite) {
    let mut outcomes = on_all(sqlite);
    outcomes.push(explored(sqlite, &WORK, &plan(Profile::process_crash())));
    for profile in [Profile::ext4(), Profile::posix_weak()] {
        let twice = Plan {
            crashes: 2,
            images_max: 3,
            nested_images_max: 3,
            goes_on: false,
            ..plan(profile)
        };
        outcomes.push(explored(sqlite, &WORK[1..2], &twice));
    }
    for outcome in outcomes {
        assert!(outcome.is_clean(), "{outcome:#}");
        assert!(outcome.recoveries > 50, "{outcome}");
    }
}

fn loses_and_never_corrupts(sqlite: Sqlite) -> Vec<Outcome> {
    let outcomes = on_all(sqlite);
    for outcome in &outcomes {
        assert_eq!(outcome.corrupt, 0, "{outcome:#}");
        assert!(outcome.lost > 0, "{outcome}");
    }
    let outcome = explored(sqlite, &WORK, &plan(Profile::process_crash()));
    assert!(outcome.is_clean(), "{outcome:#}");
    outcomes
}

#[test]
fn a_rollback_journal_with_extra_loses_nothing() {
    loses_nothing(sqlite("DELETE", "EXTRA"));
}

#[test]
fn a_write_ahead_log_with_full_loses_nothing() {
    loses_nothing(sqlite("WAL", "FULL"));
}

#[test]
fn a_rollback_journal_with_full_comes_back_since_its_unlink_is_not_durable() {
    for outcome in loses_and_never_corrupts(sqlite("DELETE", "FULL")) {
        let text = outcome.first_lost.expect("counted").to_string();
        let why = "promised to be durable and needs unlink db-journal@";
        assert!(text.contains(why), "{text}");
        assert!(
            text.contains("no sync of the directory came after it"),
            "{text}"
        );
    }
}

#[test]
fn a_write_ahead_log_with_normal_loses_transactions_and_never_corrupts() {
    for outcome in loses_and_never_corrupts(sqlite("WAL", "NORMAL")) {
        let text = outcome.first_lost.expect("counted").to_string();
        assert!(text.contains("db-wal"), "{text}");
    }
}

#[test]
fn off_loses_and_corrupts() {
    for sqlite in [sqlite("DELETE", "OFF"), sqlite("WAL", "OFF")] {
        for profile in WITH_POWER_LOSS {
            let plan = Plan {
                goes_on: false,
                ..plan(profile())
            };
            let outcome = explored(sqlite, &WORK[..3], &plan);
            assert!(outcome.lost > 0 && outcome.corrupt > 0, "{outcome}");
        }
        let outcome = explored(sqlite, &WORK, &plan(Profile::process_crash()));
        assert!(outcome.is_clean(), "{outcome:#}");
    }
}

/// SQLite's documents: with `NORMAL` "there is a very small (though non-zero) chance that a power
/// failure at just the wrong time could corrupt the database" in a rollback mode. Header and content
/// of the journal reach the disk under one sync, so a header may be there and what it counts not.
#[test]
fn a_rollback_journal_with_normal_corrupts_where_nothing_orders_its_header() {
    let rare = |profile: fn() -> Profile| {
        let plan = Plan {
            images_max: 120,
            goes_on: false,
            ..plan(profile())
        };
        explored(sqlite("DELETE", "NORMAL"), &WORK[..3], &plan)
    };
    let outcomes = WITH_POWER_LOSS.map(rare);
    assert!(outcomes.iter().all(|outcome| outcome.lost > 0));
    let posix_weak = outcomes.last().unwrap();
    let finding = posix_weak.first_corrupt.as_ref().expect("corruption");
    assert!(
        finding
            .to_string()
            .contains("nothing orders write db-journal"),
        "{finding}"
    );
}
