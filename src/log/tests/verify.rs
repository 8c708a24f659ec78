use super::{IDENTITY, small_log};
use crate::log::{HEADER_LEN, Sequence, Verifier};
use crate::units::{Incarnation, Lsn};

#[test]
fn frames_pass_in_pieces_of_any_size() {
    let log = small_log();
    let frames = &log.bytes[HEADER_LEN..];
    for piece_len in [1, 2, 3, 17, 100, 1_000] {
        let mut verifier = Verifier::new(HEADER_LEN as u64, Sequence::new(IDENTITY));
        for piece in frames.chunks(piece_len) {
            let border = log.borders.contains(&verifier.offset());
            assert_eq!(verifier.at_border(), border, "at {}", verifier.offset());
            assert_eq!(verifier.feed(piece), Ok(()));
        }
        assert!(verifier.at_border());
        assert_eq!(verifier.offset(), log.bytes.len() as u64);
        assert_eq!(verifier.first_lsn(), Some(Lsn(5)));
        assert_eq!(verifier.last_lsn(), Lsn(9));
    }
}

#[test]
fn verification_begins_at_any_border_behind_the_base() {
    let log = small_log();
    let start = log.borders[4];
    let sequence = Sequence::behind(IDENTITY, Incarnation(1), Lsn(5));
    let mut verifier = Verifier::new(start, sequence);
    assert_eq!(verifier.feed(&log.bytes[start as usize..]), Ok(()));
    assert_eq!(
        (verifier.first_lsn(), verifier.last_lsn()),
        (Some(Lsn(6)), Lsn(9))
    );

    let sequence = Sequence::behind(IDENTITY, Incarnation(1), Lsn(6));
    let mut verifier = Verifier::new(start, sequence);
    let error = verifier.feed(&log.bytes[start as usize..]).unwrap_err();
    assert_eq!(error.offset, start);
}

#[test]
fn flipped_byte_is_noticed_and_not_forgotten() {
    let log = small_log();
    for at in HEADER_LEN..log.bytes.len() {
        let mut bytes = log.bytes.clone();
        bytes[at] ^= 0x01;
        let mut verifier = Verifier::new(HEADER_LEN as u64, Sequence::new(IDENTITY));
        let Err(error) = verifier.feed(&bytes[HEADER_LEN..]) else {
            assert_eq!(at, bytes.len() - 1, "its line has no end");
            assert!(!verifier.at_border());
            continue;
        };
        let end = log.borders.iter().find(|border| **border > at as u64);
        assert!(error.offset < *end.expect("a border"), "byte {at}: {error}");
        assert_eq!(verifier.feed(b"#"), Err(error));
        assert_eq!(verifier.feed(b""), Err(error));
        assert!(!verifier.at_border());
    }
}

#[test]
fn endless_line_is_refused() {
    let mut verifier = Verifier::new(0, Sequence::new(IDENTITY));
    let error = verifier.feed(&[b'7'; 1_000]).unwrap_err();
    assert_eq!(error.offset, 0);
}
