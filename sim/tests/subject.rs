//! Other people's code: a naive log, whose bugs are found, explained, and gone once repaired.

#[path = "../examples/naive_wal.rs"]
mod naive_wal;

use indelible_sim::disk::{Fate, Profile, SimVfs};
use indelible_sim::subject::{
    Crash, Outcome, Plan, Promise, Subject, SubjectError, Verdict, explore, explore_faults,
};

use naive_wal::{NaiveWal, RECORDS, lessons};

const PROFILES: [fn() -> Profile; 5] = [
    Profile::process_crash,
    Profile::ext4,
    Profile::xfs,
    Profile::btrfs,
    Profile::posix_weak,
];

fn explored(wal: NaiveWal, profile: Profile) -> Outcome {
    explore(&wal, &RECORDS, &Plan::new(profile).tearing_everywhere())
}

#[test]
fn a_record_without_a_checksum_is_read_though_it_is_torn() {
    let plan = Plan {
        goes_on: false,
        ..Plan::new(Profile::posix_weak()).tearing_everywhere()
    };
    let outcome = explore(&lessons()[0], &RECORDS, &plan);
    let finding = outcome.first_corrupt.expect("a torn record is served");
    assert!(
        matches!(finding.verdict, Verdict::Wrong { .. }),
        "{finding}"
    );
    assert_eq!(finding.legs.last().unwrap().crash, Crash::Power);
    let mut lines = finding.legs.iter().flat_map(|leg| &leg.lines);
    let is_torn = |fate| matches!(fate, Some(Fate::Torn | Fate::Lost));
    assert!(lines.any(|line| is_torn(line.fate)), "{finding}");
}

#[test]
fn a_tail_that_is_not_cut_hides_what_is_appended_behind_it() {
    for profile in PROFILES {
        let outcome = explored(lessons()[1], profile());
        let finding = outcome
            .first
            .expect("the record behind a torn tail is gone");
        assert!(
            matches!(finding.verdict, Verdict::Stuck { .. }) || finding.profile == "posix-weak"
        );
        let finding = outcome.first_corrupt.or(outcome.first_lost).unwrap();
        assert!(!finding.to_string().is_empty());
    }
}

#[test]
fn a_file_whose_name_is_not_synced_is_gone() {
    let outcome = explored(lessons()[2], Profile::posix_weak());
    let finding = outcome.first_lost.expect("the log itself is gone");
    let lost = Verdict::Lost {
        promised: 1,
        recovered: 0,
    };
    assert_eq!(finding.verdict, lost);
    let text = finding.to_string();
    let why = "operation 1 was promised to be durable and needs create wal@2: \
               no sync of the directory came after it";
    assert!(text.contains(why), "{text}");
    for journals_names in [Profile::ext4(), Profile::xfs(), Profile::btrfs()] {
        let outcome = explored(lessons()[2], journals_names);
        assert!(outcome.is_clean(), "{outcome}");
    }
}

#[test]
fn the_repaired_log_survives_every_crash() {
    for (profile, wal) in PROFILES
        .into_iter()
        .flat_map(|p| [(p, lessons()[3]), (p, lessons()[4])])
    {
        let outcome = explored(wal, profile());
        assert!(outcome.is_clean(), "{outcome:#}");
        assert!(
            outcome.recoveries > 10 && outcome.crash_points > 30,
            "{outcome}"
        );
    }
}

#[test]
fn a_write_that_failed_is_believed_after_a_restart() {
    let found = |wal: &NaiveWal| {
        let outcomes = PROFILES.map(|p| explore_faults(wal, &RECORDS, &Plan::new(p())));
        outcomes.map(|outcome| (outcome.profile.clone(), outcome.word(), outcome.faults > 20))
    };
    let words = |word| PROFILES.map(|p| (p().name.to_owned(), word, true));
    let mut lost = words("LOSES");
    lost[0].1 = "safe"; // without power losses
    assert_eq!(found(&lessons()[3]), lost);
    assert_eq!(found(&lessons()[4]), words("safe"));
}

#[test]
fn an_outcome_says_what_it_has_not_looked_at() {
    let all = Plan::new(Profile::posix_weak());
    let outcome = explore(&lessons()[4], &RECORDS, &all);
    assert!(outcome.is_exhaustive(), "{outcome}");
    let drawn = Plan {
        pending_max: 0,
        ..all.clone()
    };
    let outcome = explore(&lessons()[4], &RECORDS, &drawn);
    assert!(!outcome.is_exhaustive() && outcome.is_clean(), "{outcome}");
    assert!(outcome.to_string().contains("SAMPLED at"), "{outcome}");
    let few = Plan {
        recoveries_max: 20,
        ..all
    };
    let outcome = explore(&lessons()[4], &RECORDS, &few);
    assert!(
        !outcome.is_exhaustive() && outcome.recoveries == 20,
        "{outcome}"
    );
    assert!(outcome.to_string().contains("PASSED OVER"), "{outcome}");
}

#[test]
fn the_same_plan_comes_to_the_same() {
    let told = || {
        let outcome = explore(&lessons()[0], &RECORDS, &Plan::new(Profile::posix_weak()));
        format!("{outcome:#}")
    };
    assert_eq!(told(), told());
}

#[test]
#[should_panic(expected = "the model says something else than the store")]
fn a_model_that_does_not_fit_is_noticed() {
    struct Deaf(NaiveWal);
    impl Subject for Deaf {
        type Store = naive_wal::Log;
        type Op = &'static str;
        type State = Vec<String>;
        fn open(&self, vfs: &SimVfs) -> Result<naive_wal::Log, SubjectError> {
            self.0.open(vfs)
        }
        fn step(
            &self,
            log: &mut naive_wal::Log,
            op: &&'static str,
        ) -> Result<Promise, SubjectError> {
            self.0.step(log, op)
        }
        fn read(&self, log: &mut naive_wal::Log) -> Result<Vec<String>, SubjectError> {
            self.0.read(log)
        }
        fn empty(&self) -> Vec<String> {
            vec![]
        }
        fn model(&self, _state: &mut Vec<String>, _op: &&'static str) {}
    }
    explore(
        &Deaf(lessons()[4]),
        &RECORDS,
        &Plan::new(Profile::process_crash()),
    );
}
