use super::{IDENTITY, meta, small_log};
use crate::log::{Expected, Found, FrameKind, FrameLine, FrameMeta, Mismatch, Sequence};
use crate::units::{Identity, Incarnation, Lsn};

fn line(meta: FrameMeta) -> FrameLine {
    FrameLine::of_body(meta, u64::from(meta.kind.has_body()), 0)
}

fn refused(sequence: &Sequence, meta: FrameMeta) -> (Expected, Found) {
    let Mismatch { expected, found } = sequence.check(&line(meta)).unwrap_err();
    (expected, found)
}

/// Behind the base, commit 4 the last, in incarnation 2.
fn in_log() -> Sequence {
    Sequence::behind(IDENTITY, Incarnation(2), Lsn(4))
}

fn second(meta: FrameMeta) -> FrameMeta {
    FrameMeta {
        incarnation: Incarnation(2),
        ..meta
    }
}

#[test]
fn right_order_is_admitted() {
    let mut sequence = Sequence::new(IDENTITY);
    for line in small_log().lines {
        sequence.admit(&line).expect("a right line");
    }
    assert_eq!(sequence.last_lsn(), Lsn(9));
    assert_eq!(sequence.incarnation(), Incarnation(2));
}

#[test]
fn end_of_base_is_evidence_for_the_base() {
    let mut sequence = Sequence::new(IDENTITY);
    for line in &small_log().lines[..2] {
        sequence.admit(line).expect("a right line");
    }
    assert_eq!(sequence.watermark(), Lsn(0));
    assert!(!sequence.is_base_complete());
    sequence.admit(&small_log().lines[2]).expect("the end");
    assert_eq!(sequence.watermark(), Lsn(4));
    assert!(sequence.is_base_complete());
}

#[test]
fn other_identity_is_refused() {
    let other = FrameMeta {
        identity: Identity(9),
        ..second(meta(FrameKind::Commits, 5, 1))
    };
    let expected = (Expected::Identity(IDENTITY), Found::Identity(Identity(9)));
    assert_eq!(refused(&in_log(), other), expected);
}

#[test]
fn incarnation_rises_by_an_open_frame_alone() {
    let commits = meta(FrameKind::Commits, 5, 1);
    let expected = (Expected::IncarnationFrom(Incarnation(2)), Found::Number(1));
    assert_eq!(refused(&in_log(), commits), expected);

    let third = |meta| FrameMeta {
        incarnation: Incarnation(3),
        ..meta
    };
    let expected = (Expected::Incarnation(Incarnation(2)), Found::Number(3));
    assert_eq!(refused(&in_log(), third(commits)), expected);

    let mut sequence = in_log();
    let open = third(meta(FrameKind::Open, 4, 0));
    sequence.admit(&line(open)).expect("an opening");
    sequence.admit(&line(third(commits))).expect("its commit");
}

#[test]
fn file_begins_with_its_base() {
    let start = Sequence::new(IDENTITY);
    for kind in [FrameKind::Commits, FrameKind::Open, FrameKind::Mark] {
        let count = u64::from(kind == FrameKind::Commits);
        let expected = (Expected::BaseOrEnd, Found::Kind(kind));
        assert_eq!(refused(&start, meta(kind, 1, count)), expected);
    }
    let empty = line(meta(FrameKind::End, 0, 0));
    assert_eq!(start.check(&empty), Ok(()));
}

#[test]
fn base_is_contiguous_and_counted() {
    let mut sequence = Sequence::new(IDENTITY);
    let chunk = |number| meta(FrameKind::Base, 4, number);
    let expected = (Expected::BaseChunk(0), Found::Number(1));
    assert_eq!(refused(&sequence, chunk(1)), expected);
    sequence.admit(&line(chunk(0))).expect("the first chunk");
    let expected = (Expected::BaseChunk(1), Found::Number(0));
    assert_eq!(refused(&sequence, chunk(0)), expected);
    let expected = (Expected::BaseOf(Lsn(4)), Found::Number(5));
    assert_eq!(refused(&sequence, meta(FrameKind::Base, 5, 1)), expected);
    let expected = (Expected::BaseChunks(1), Found::Number(2));
    assert_eq!(refused(&sequence, meta(FrameKind::End, 4, 2)), expected);
}

#[test]
fn no_base_comes_behind_the_base() {
    for kind in [FrameKind::Base, FrameKind::End] {
        let expected = (Expected::BehindBase, Found::Kind(kind));
        assert_eq!(refused(&in_log(), second(meta(kind, 4, 0))), expected);
    }
}

#[test]
fn commits_are_contiguous() {
    for lsn in [4, 6] {
        let expected = (Expected::NextCommit(Lsn(5)), Found::Number(lsn));
        assert_eq!(
            refused(&in_log(), second(meta(FrameKind::Commits, lsn, 1))),
            expected
        );
    }
}

#[test]
fn open_and_mark_know_the_last_commit() {
    for kind in [FrameKind::Open, FrameKind::Mark] {
        let expected = (Expected::LastCommit(Lsn(4)), Found::Number(5));
        assert_eq!(refused(&in_log(), second(meta(kind, 5, 0))), expected);
    }
}
