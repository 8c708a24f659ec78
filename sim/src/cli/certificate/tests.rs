//! Certificates are joined only if they are whole, of the same code, and agree.

use super::*;
use crate::campaign::Shard;
use crate::cli::End;
use crate::cli::merge::Refusal;
use crate::cli::prove::{Job, Proof};
use crate::disk::Profile;
use indelible::engine::AppendFsync;

fn universe(saboteur: u32) -> Universe {
    // An acknowledgement before the sync shows where a power loss takes the cache.
    let profile = match saboteur {
        0 => Profile::process_crash(),
        _ => Profile::posix_weak(),
    };
    let mut setup = Setup::new(profile, AppendFsync::Always);
    setup.saboteur = saboteur;
    Universe {
        setup,
        bounds: Bounds::new(2, 1, 0),
        alphabet: vec![Call::New, Call::Del, Call::Rewrite],
        start: Vec::new(),
        states_max: u64::MAX,
    }
}

fn proved(shard: Shard, saboteur: u32) -> Proof {
    let job = Job {
        universe: universe(saboteur),
        shard,
        resume: Vec::new(),
        certificate: None,
        deadline: None,
    };
    job.run(1).expect("nothing is written")
}

fn shards() -> Vec<(String, Certificate)> {
    let shard = |number| {
        let shard = Shard::new(number, 8).expect("there is such a shard");
        (format!("shard {number}"), proved(shard, 0).certificate)
    };
    (0..8).map(shard).collect()
}

/// A certificate without how long it took.
fn timeless(mut certificate: Certificate) -> Certificate {
    certificate
        .parts
        .iter_mut()
        .for_each(|part| part.seconds = 0.0);
    certificate.seconds = 0.0;
    certificate
}

#[test]
fn eight_shards_merge_to_the_certificate_of_one_run() {
    let whole = proved(Shard::WHOLE, 0);
    assert_eq!(whole.end(), End::Well);
    assert_eq!(whole.certificate.parts.len(), 3);
    let shards = shards();
    assert!(
        shards
            .iter()
            .all(|(_, it)| !it.finished && it.check().is_ok())
    );
    let merged = merge(&shards).expect("they are whole");
    assert!(
        merged.finished && merged.counts.images > 100,
        "{:?}",
        merged.counts
    );
    assert_eq!(timeless(merged), timeless(whole.certificate));
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let shards = shards();
    let missing = merge(&shards[..2]);
    assert!(matches!(missing, Err(Refusal::Missing(text)) if text.ends_with("missing: R")));

    let mut other = shards.clone();
    other[1].1.code = String::from("another");
    let refused = merge(&other).expect_err("other code");
    assert!(
        refused.to_string().contains("the code differs"),
        "{refused}"
    );
    assert_eq!(refused.end(), End::Usage);

    let mut wider = shards.clone();
    wider[7].1.universe.crashes = 2;
    assert!(matches!(merge(&wider), Err(Refusal::Differs(_))));

    let mut twice = shards.clone();
    twice.push(shards[1].clone());
    assert!(merge(&twice).is_ok(), "the same twice is no contradiction");
    twice[8].1.parts[0].set = SetHash::default().to_string();
    let refused = merge(&twice).expect_err("they differ");
    assert!(matches!(refused, Refusal::Contradicts(_)), "{refused}");
    assert_eq!(refused.end(), End::Problem);
}

#[test]
fn a_certificate_that_says_more_than_its_parts_is_refused() {
    let good = proved(Shard::new(0, 2).expect("a shard"), 0).certificate;
    let text = serde_json::to_string(&good).expect("it is JSON");
    assert_eq!(parse(&text).expect("it reads as it was written"), good);
    let lies: [fn(&mut Certificate); 6] = [
        |it| it.finished = true,
        |it| it.counts.images += 1,
        |it| it.parts_total = 2,
        |it| it.set = String::from("0"),
        |it| it.parts[1].start = String::from("T"),
        |it| it.format = String::from("indelible-sim certificate 2"),
    ];
    for (number, lie) in lies.iter().enumerate() {
        let mut bad = good.clone();
        lie(&mut bad);
        assert!(bad.check().is_err(), "lie {number}");
    }
    assert!(parse("{}").is_err());
}

#[test]
fn a_broken_promise_is_kept_and_never_finished() {
    let proof = proved(Shard::WHOLE, 9);
    assert_eq!(proof.end(), End::Problem);
    let broken = &proof.certificate;
    assert!(!broken.finished && broken.check().is_ok());
    let shown = broken.parts.iter().find_map(|part| part.violation.as_ref());
    assert!(
        shown.is_some_and(|text| text.starts_with("VIOLATION O")),
        "{shown:?}"
    );
    let merged = merge(&[(String::from("one"), broken.clone())]).expect("it says that it failed");
    assert!(!merged.finished && merged.counts.violations > 0);
}

#[test]
fn a_proof_goes_on_with_what_is_there() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("proof.json");
    let job = |shard, universe| Job {
        universe,
        shard,
        resume: vec![path.clone()],
        certificate: Some(path.clone()),
        deadline: None,
    };
    let half = job(Shard::new(0, 2).expect("a shard"), universe(0));
    assert_eq!(half.run(1).expect("written").resumed, 0);
    let all = job(Shard::WHOLE, universe(0)).run(1).expect("written");
    assert_eq!((all.resumed, all.left), (2, 0));
    let kept = read(&path).expect("it reads").expect("it is there");
    assert_eq!(kept, all.certificate);
    assert!(kept.finished);
    let mut other = universe(0);
    other.bounds.ops = 1;
    let Err(refused) = job(Shard::WHOLE, other).run(1) else {
        panic!("another universe goes on with it");
    };
    assert!(
        refused.to_string().contains("the universe differs"),
        "{refused}"
    );
    assert_eq!(refused.end(), End::Usage);
}
