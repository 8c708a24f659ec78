use alloc::vec::Vec;

use proptest::prelude::*;

use super::{Parsed, parse_command, parse_integer, write_command, write_integer};

fn encoded(argv: &[Vec<u8>]) -> Vec<u8> {
    let argv: Vec<&[u8]> = argv.iter().map(|arg| &arg[..]).collect();
    let mut bytes = Vec::new();
    write_command(&mut bytes, &argv);
    bytes
}

#[test]
fn a_command_is_written_as_redis_writes_it() {
    let mut bytes = Vec::new();
    write_command(&mut bytes, &[b"SET", b"k", b""]);
    assert_eq!(bytes, b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n");
}

#[test]
fn other_spellings_are_refused() {
    for (bytes, offset) in [
        (&b"+1\r\n"[..], 0),
        (b"*0\r\n", 0),
        (b"*01\r\n", 1),
        (b"*-1\r\n", 1),
        (b"*+1\r\n", 1),
        (b"*1 \r\n", 2),
        (b"*1\n", 2),
        (b"*99999999999\r\n", 1),
        (b"*99999999999999999999999", 1),
        (b"*1\r\n+1\r\n", 4),
        (b"*1\r\n$1\r\nab", 9),
        (b"*1\r\n$536870913\r\n", 5),
    ] {
        let error = parse_command(bytes).expect_err("it is refused");
        assert_eq!(error.offset, offset, "{error} in {bytes:?}");
    }
}

#[test]
fn a_huge_length_allocates_nothing() {
    let parsed = parse_command(b"*1000000\r\n$536870912\r\nabc");
    assert_eq!(
        parsed,
        Ok(Parsed::Incomplete {
            needed: 536_870_912 + 2 - 3
        })
    );
}

#[test]
fn integers_have_one_spelling() {
    for (text, number) in [
        (&b"0"[..], Some(0)),
        (b"-1", Some(-1)),
        (b"9223372036854775807", Some(i64::MAX)),
        (b"-9223372036854775808", Some(i64::MIN)),
        (b"9223372036854775808", None),
        (b"-9223372036854775809", None),
        (b"-0", None),
        (b"+1", None),
        (b"01", None),
        (b" 1", None),
        (b"1 ", None),
        (b"-", None),
        (b"", None),
        (b"1a", None),
    ] {
        assert_eq!(parse_integer(text), number, "{text:?}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(argv in prop::collection::vec(any::<Vec<u8>>(), 1..8)) {
        let mut bytes = encoded(&argv);
        let len = bytes.len();
        for cut in 0..len {
            match parse_command(&bytes[..cut]) {
                Ok(Parsed::Incomplete { needed }) => prop_assert!(needed > 0 && needed <= len - cut),
                other => prop_assert!(false, "cut at {cut}: {other:?}"),
            }
        }
        bytes.extend_from_slice(b"*1");
        let argv = argv.iter().map(|arg| &arg[..]).collect();
        prop_assert_eq!(parse_command(&bytes), Ok(Parsed::Complete { argv, len }));
    }

    #[test]
    fn what_is_accepted_has_one_encoding(bytes in "[*$0-9a\r\n]{0,24}") {
        if let Ok(Parsed::Complete { argv, len }) = parse_command(bytes.as_bytes()) {
            let mut again = Vec::new();
            write_command(&mut again, &argv);
            prop_assert_eq!(&again[..], &bytes.as_bytes()[..len]);
        }
    }

    #[test]
    fn integers_are_read_again(number: i64) {
        let mut text = Vec::new();
        write_integer(&mut text, number);
        prop_assert_eq!(parse_integer(&text), Some(number));
    }
}
