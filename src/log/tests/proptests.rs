use alloc::vec::Vec;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{IDENTITY, scan, small_log};
use crate::log::{
    Evidence, FrameKind, FrameLine, FrameMeta, HEADER_LEN, Sequence, Step, Verifier, encode_frame,
};
use crate::units::{Identity, Incarnation, Lsn, WallMillis};

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..20_u64, any::<u64>(), Just(u64::MAX)]
}

prop_compose! {
    fn any_meta()(
        kind in 0..5_usize,
        numbers in [number(), number(), number(), number(), number(), number(), number()],
    ) -> FrameMeta {
        let [identity, lsn, count, keys, incarnation, watermark, wall] = numbers;
        let kind = [FrameKind::Open, FrameKind::Base, FrameKind::End, FrameKind::Commits,
            FrameKind::Mark][kind];
        let lsn = lsn.clamp(1, u64::MAX - 1);
        FrameMeta {
            kind,
            identity: Identity(identity),
            lsn: Lsn(lsn),
            count: match kind {
                FrameKind::Commits => count.clamp(1, u64::MAX - lsn),
                FrameKind::Base | FrameKind::End => count,
                _ => 0,
            },
            keys: if kind == FrameKind::End { keys } else { 0 },
            incarnation: Incarnation(incarnation),
            watermark: Lsn(watermark.min(lsn - u64::from(kind == FrameKind::Commits))),
            wall: WallMillis(wall),
        }
    }
}

proptest! {
    #[test]
    fn line_round_trips(meta in any_meta(), body in vec(any::<u8>(), 1..50)) {
        let body = if meta.kind.has_body() { &body[..] } else { &[] };
        let mut out = Vec::new();
        let line = encode_frame(&meta, body, &mut out);
        let (parsed, len) = FrameLine::parse_prefix(&out).expect("an encoded line");
        prop_assert_eq!(parsed, line);
        prop_assert_eq!(&out[len..], body);
    }

    #[test]
    fn what_parses_is_what_is_encoded(
        meta in any_meta(),
        edits in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = Vec::new();
        FrameLine::of_body(meta, u64::from(meta.kind.has_body()), 0).encode(&mut bytes);
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(line) = FrameLine::parse(&bytes) {
            let mut again = Vec::new();
            line.encode(&mut again);
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn any_damage_leaves_a_prefix(
        at in any::<prop::sample::Index>(),
        damage in vec(any::<u8>(), 1..300),
        insert in any::<bool>(),
        extra in 0..200_usize,
    ) {
        let log = small_log();
        let mut bytes = log.bytes.clone();
        let at = at.index(bytes.len());
        let end = if insert { at } else { (at + damage.len()).min(bytes.len()) };
        bytes.splice(at..end, damage);
        let (lines, end) = scan(&bytes, extra);
        prop_assert!(log.lines.starts_with(&lines));
        if bytes != log.bytes {
            prop_assert!(matches!(end, Step::Bad(_)), "{end:?}");
        }
        check_readers_agree(&bytes, &lines)?;
    }

    #[test]
    fn evidence_depends_on_no_piece_border(
        seed in vec(prop_oneof![Just(b'#'), Just(b'~'), any::<u8>()], 0..200),
        at in any::<prop::sample::Index>(),
        piece_len in 1..400_usize,
    ) {
        let mut bytes = small_log().bytes;
        let at = at.index(bytes.len());
        bytes.splice(at..at, seed);
        let mut whole = Evidence::new(IDENTITY);
        whole.feed(&bytes);
        let mut pieces = Evidence::new(IDENTITY);
        bytes.chunks(piece_len).for_each(|piece| pieces.feed(piece));
        prop_assert_eq!(whole.lines(), pieces.lines());
        prop_assert_eq!(whole.watermark(), pieces.watermark());
    }
}

/// The verifier admits the frames that the scanner yielded, and no more.
fn check_readers_agree(bytes: &[u8], lines: &[FrameLine]) -> Result<(), TestCaseError> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut expected = Sequence::new(IDENTITY);
    for line in lines {
        expected.admit(line).expect("the scanner admitted it");
    }
    let mut verifier = Verifier::new(HEADER_LEN as u64, Sequence::new(IDENTITY));
    let whole = verifier.feed(&bytes[HEADER_LEN..]).is_ok() && verifier.at_border();
    prop_assert_eq!(verifier.sequence(), &expected);
    prop_assert!(whole == matches!(scan(bytes, 0).1, Step::End));
    Ok(())
}
