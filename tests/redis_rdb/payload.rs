//! Values by themselves, as DUMP gives them out.

use indelible::redis::rdb::{Found, RdbError, Unsupported, read_payload};

use crate::encodings::cases;
use crate::writer::{crc64, string};

fn payload(kind: u8, value: &[u8], version: u16) -> Vec<u8> {
    let mut bytes = [&[kind][..], value, &version.to_le_bytes()].concat();
    bytes.extend(crc64(&bytes).to_le_bytes());
    bytes
}

#[test]
fn every_encoding_is_read_from_a_payload() {
    for case in cases() {
        let found = read_payload(&payload(case.kind, &case.bytes, 10));
        assert_eq!(found.as_ref(), Ok(&case.value), "{}", case.name);
    }
}

#[test]
fn payload_of_a_real_server_is_read() {
    // DUMP of a list of 1, 2 and 3 by Redis 7.0.15.
    let list = b"\x12\x01\x02\r\r\0\0\0\x03\0\x01\x01\x02\x01\x03\x01\xff\n\0\xca\xba5\x84\xf9\x8a\xd7\xae";
    let found = read_payload(list);
    assert_eq!(format!("{found:?}"), "Ok(List([[49], [50], [51]]))");
}

#[test]
fn damaged_payload_is_refused_wherever_it_is_damaged() {
    let whole = payload(0, &string(b"hello"), 10);
    for len in 0..whole.len() {
        let error = read_payload(&whole[..len]).expect_err("it is short");
        assert!(error.offset() <= len as u64, "{error}");
    }
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        let error = read_payload(&bytes).expect_err("a byte is another");
        assert!(
            matches!(error, RdbError::Checksum { offset: 9, .. }),
            "{error}"
        );
    }
}

#[test]
fn what_does_not_end_with_its_footer_is_refused() {
    let longer = [string(b"hello"), vec![7]].concat();
    for (bytes, at, found) in [
        (payload(0, &longer, 10), 7, Found::Byte(7)),
        (payload(0, &string(b"hello")[..4], 10), 2, Found::End),
        (payload(0, &string(b"hello"), 13), 7, Found::Number(13)),
        (payload(0, &string(b"hello"), 0), 7, Found::Number(0)),
        (payload(8, &[], 10), 0, Found::Byte(8)),
        (payload(0, b"\x80\x1f\xff\xff\xff", 10), 6, Found::End),
    ] {
        match read_payload(&bytes) {
            Err(RdbError::Format {
                offset, found: it, ..
            }) => assert_eq!((offset, it), (at, found)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn payload_of_a_stream_is_named() {
    let what = Unsupported::Stream;
    let expected = Err(RdbError::Unsupported {
        offset: 0,
        what,
        key: None,
    });
    assert_eq!(read_payload(&payload(21, &[0], 11)), expected);
}
