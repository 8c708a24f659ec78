use alloc::string::{String, ToString};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Reads a file through windows of the length asked for; the commands' names and the end.
fn read(file: &[u8]) -> (Vec<String>, Step<'_>) {
    let mut reader = AofReader::new();
    let mut names = Vec::new();
    let mut window_len = 0;
    loop {
        let left = &file[reader.offset() as usize..];
        let window = &left[..left.len().min(window_len)];
        match reader.step(window, left.len() as u64) {
            Step::Command { argv, .. } => {
                names.push(String::from_utf8_lossy(argv[0]).into_owned());
            }
            Step::Annotation { .. } => {}
            Step::NeedMore(len) => {
                assert!(len > window.len() && len <= left.len());
                window_len = len;
            }
            end => return (names, end),
        }
    }
}

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";
const MULTI: &[u8] = b"*1\r\n$5\r\nmulti\r\n";
const EXEC: &[u8] = b"*1\r\n$4\r\nexec\r\n";

#[test]
fn commands_are_read_to_the_end() {
    let file = [PING, b"#TS:17\r\n", PING, b"#\n"].concat();
    assert_eq!(read(&file).1, Step::End(Tail::Whole));
    assert_eq!(read(&file).0, ["PING", "PING"]);
    assert_eq!(read(b""), (Vec::new(), Step::End(Tail::Whole)));
}

#[test]
fn short_tail_is_told_from_bad_format_wherever_it_is_cut() {
    let file = [PING, b"#TS:17\r\n", PING].concat();
    let borders = [0, 14, 22, 36];
    for len in 0..file.len() {
        let begin = *borders.iter().rfind(|border| **border <= len).expect("0");
        let tail = match begin == len {
            true => Tail::Whole,
            false => Tail::Short {
                offset: begin as u64,
                cut_at: begin as u64,
            },
        };
        assert_eq!(read(&file[..len]).1, Step::End(tail), "cut at {len}");
    }
}

#[test]
fn unfinished_multi_is_cut_before_it() {
    let file = [PING, MULTI, PING, EXEC, MULTI, PING].concat();
    let cut_at = (file.len() - MULTI.len() - PING.len()) as u64;
    assert_eq!(read(&file).1, Step::End(Tail::UnfinishedMulti { cut_at }));
    let short = &file[..file.len() - 1];
    let offset = cut_at + MULTI.len() as u64;
    assert_eq!(read(short).1, Step::End(Tail::Short { offset, cut_at }));
}

#[test]
fn bad_format_says_where_and_what() {
    let file = [PING, b"*1\r\n$4\r\nPINGxx"].concat();
    let (names, Step::Bad(error)) = read(&file) else {
        panic!("not refused");
    };
    assert_eq!((names.len(), error.offset()), (1, 26));
    let expected = "bad format at offset 26: expected CRLF, found 'x'";
    assert_eq!(error.to_string(), expected);
    for bad in [
        &b"\0\0\0\0"[..],
        b"R",
        b"RED",
        b"REDISX"[..4].into(),
        b"\r\n",
    ] {
        let (_, step) = read(bad);
        assert!(
            matches!(step, Step::Bad(error) if error.offset() == 0),
            "{bad:?}"
        );
    }
}

#[test]
fn rdb_preamble_is_recognised() {
    assert_eq!(read(b"REDIS0010\xfa").1, Step::Bad(AofError::Rdb));
    let later = [PING, b"REDIS"].concat();
    assert!(matches!(
        read(&later).1,
        Step::Bad(AofError::Format { offset: 14, .. })
    ));
}

#[test]
fn log_of_ours_is_recognised() {
    let mut file = Vec::new();
    let identity = crate::units::Identity(1);
    log::encode_header(&log::Header { identity }, &mut file);
    assert_eq!(read(&file).1, Step::Bad(AofError::OwnLog));
}

#[test]
fn annotation_has_at_most_1023_bytes() {
    let mut line = [b'#'; 1_022].to_vec();
    line.push(b'\n');
    assert_eq!(read(&line).1, Step::End(Tail::Whole));
    line.insert(0, b'#');
    let Step::Bad(AofError::Format { offset, found, .. }) = read(&line).1 else {
        panic!("not refused");
    };
    assert_eq!((offset, found), (0, Found::LongLine));
}

#[test]
fn timestamp_is_noted() {
    assert_eq!(timestamp(b"#TS:1700000000\r\n"), Some(1_700_000_000));
    for line in [
        &b"#TS:\r\n"[..],
        b"#TS:+1\r\n",
        b"#TS:1x\r\n",
        b"#ts:1\r\n",
        b"#\n",
    ] {
        assert_eq!(timestamp(line), None);
    }
}

/// Reads a file whose windows always hold all that is left.
fn read_whole(file: &[u8]) -> (Vec<String>, Step<'_>) {
    let mut reader = AofReader::new();
    let mut names = Vec::new();
    loop {
        let left = &file[reader.offset() as usize..];
        match reader.step(left, left.len() as u64) {
            Step::Command { argv, .. } => {
                names.push(String::from_utf8_lossy(argv[0]).into_owned());
            }
            Step::Annotation { .. } => {}
            end => return (names, end),
        }
    }
}

proptest! {
    #[test]
    fn windows_change_nothing(
        parts in vec(prop_oneof![
            Just(PING.to_vec()),
            Just(MULTI.to_vec()),
            Just(EXEC.to_vec()),
            Just(b"#TS:17\r\n".to_vec()),
            vec(any::<u8>(), 0..4),
        ], 0..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let file = parts.concat();
        let file = &file[..cut.index(file.len() + 1)];
        prop_assert_eq!(read(file), read_whole(file));
    }
}
