use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{IDENTITY, meta};
use crate::log::{
    Expected, FRAME_LINE_LEN_MAX, Found, FrameKind, FrameLine, FrameMeta, HEADER_LEN, Header,
    LineError, encode_frame, encode_header, is_log,
};
use crate::units::{Identity, Incarnation, Lsn, WallMillis};

/// `line` with its checksum made right again.
fn resealed(line: &str) -> Vec<u8> {
    let start = line.find(" crc=").expect("a line with a checksum") + 5;
    let sum = crc32fast::hash(&line.as_bytes()[..start]);
    format!("{}{sum:08x}\r\n", &line[..start]).into_bytes()
}

fn encoded(meta: &FrameMeta, body: &[u8]) -> String {
    let mut out = Vec::new();
    FrameLine::new(*meta, body).encode(&mut out);
    String::from_utf8(out).expect("a line is text")
}

#[test]
fn header_is_one_line_of_known_bytes() {
    let mut out = Vec::new();
    encode_header(&Header { identity: IDENTITY }, &mut out);
    assert_eq!(out, b"#indelible v=1 id=0123456789abcdef crc=64a792c3\r\n");
    assert_eq!(out.len(), HEADER_LEN);
    assert!(is_log(&out));
    assert_eq!(
        Header::parse_prefix(&out),
        Ok(Header { identity: IDENTITY })
    );
}

#[test]
fn plain_redis_file_is_no_log() {
    assert!(!is_log(b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"));
    assert!(!is_log(b"REDIS0010"));
    assert!(!is_log(b"#TS:1700000000\r\n"));
    assert!(!is_log(b""));
}

#[test]
fn newer_version_is_refused_by_name() {
    let error = Header::parse_prefix(b"#indelible v=2 and whatever it says").unwrap_err();
    assert_eq!(error.at, 13);
    assert_eq!(error.expected, Expected::Version(1));
    assert_eq!(error.found, Found::Number(2));
    assert!(error.in_file(0).is_newer_version());
    let error = Header::parse_prefix(b"#indelible v=0 id=").unwrap_err();
    assert!(!error.in_file(0).is_newer_version());
}

#[test]
fn frame_is_a_line_of_known_bytes_and_its_body() {
    let mut out = Vec::new();
    let meta = FrameMeta {
        watermark: Lsn(6),
        ..meta(FrameKind::Commits, 7, 3)
    };
    encode_frame(&meta, b"*1\r\n$4\r\nPING\r\n", &mut out);
    let expected = b"#~commits id=0123456789abcdef lsn=7 n=3 len=14 inc=1 wm=6 \
        ts=1700000000000 sum=6011df78 crc=37d20bd8\r\n*1\r\n$4\r\nPING\r\n";
    assert_eq!(
        out.escape_ascii().to_string(),
        expected.escape_ascii().to_string()
    );
}

#[test]
fn end_of_base_says_how_many_keys() {
    let meta = FrameMeta {
        keys: 11,
        ..meta(FrameKind::End, 4, 2)
    };
    let line = encoded(&meta, b"");
    assert!(line.contains(" n=2 keys=11 len=0 "), "{line}");
    assert_eq!(
        FrameLine::parse(line.as_bytes()).map(|line| line.meta),
        Ok(meta)
    );
}

#[test]
fn longest_line_fits() {
    let kinds = [
        FrameKind::Open,
        FrameKind::Base,
        FrameKind::End,
        FrameKind::Mark,
    ];
    for kind in kinds.into_iter().chain([FrameKind::Commits]) {
        let big = u64::MAX;
        let meta = FrameMeta {
            identity: Identity(big),
            lsn: Lsn(if kind == FrameKind::Commits {
                10_u64.pow(19)
            } else {
                big
            }),
            count: match kind {
                FrameKind::Open | FrameKind::Mark => 0,
                FrameKind::Commits => big - 10_u64.pow(19),
                _ => big,
            },
            keys: if kind == FrameKind::End { big } else { 0 },
            incarnation: Incarnation(big),
            watermark: Lsn(10_u64.pow(19) - 1),
            wall: WallMillis(big),
            kind,
        };
        let mut out = Vec::new();
        let line = FrameLine::of_body(meta, if kind.has_body() { big } else { 0 }, u32::MAX);
        line.encode(&mut out);
        assert!(out.len() <= FRAME_LINE_LEN_MAX, "{} bytes", out.len());
        assert_eq!(FrameLine::parse(&out), Ok(line));
    }
}

#[test]
fn other_spelling_of_the_same_values_is_refused() {
    let line = encoded(&meta(FrameKind::Commits, 7, 3), b"x");
    assert!(FrameLine::parse(&resealed(&line)).is_ok());
    for (from, to) in [
        ("lsn=7", "lsn=07"),
        ("lsn=7", "lsn=+7"),
        ("lsn=7", "lsn=-7"),
        ("lsn=7", "lsn= 7"),
        ("lsn=7", "lsn=7 "),
        ("lsn=7", "LSN=7"),
        ("lsn=7", "lsn="),
        ("lsn=7", "lsn=18446744073709551616"),
        ("abcdef", "ABCDEF"),
        ("id=0", "id="),
        ("#~commits", "#~Commits"),
        ("#~commits", "#~commit"),
        ("#~commits", "# ~commits"),
        (" crc=", " more=1 crc="),
        (" n=3", ""),
        (" lsn=7 n=3", " n=3 lsn=7"),
    ] {
        let other = line.replace(from, to);
        assert_ne!(other, line, "{from}");
        assert!(FrameLine::parse(&resealed(&other)).is_err(), "{other}");
    }
    for (from, to) in [("\r\n", "\n"), ("\r\n", "\n\r"), ("\r\n", "\r\n ")] {
        assert!(FrameLine::parse(line.replace(from, to).as_bytes()).is_err());
    }
}

#[test]
fn values_that_no_writer_writes_are_refused() {
    let commits = encoded(&meta(FrameKind::Commits, 7, 3), b"x");
    let mark = encoded(&meta(FrameKind::Mark, 7, 0), b"");
    for (line, from, to, expected) in [
        (&commits, "n=3", "n=0", Expected::CountOfCommits),
        (&commits, "lsn=7", "lsn=0", Expected::CommitNumbers),
        (
            &commits,
            "n=3",
            "n=18446744073709551615",
            Expected::CommitNumbers,
        ),
        (&commits, "len=1", "len=0", Expected::Body),
        (&commits, "wm=0", "wm=7", Expected::WatermarkUpTo(Lsn(6))),
        (&mark, "len=0", "len=1", Expected::NoBody(FrameKind::Mark)),
        (&mark, "n=0", "n=1", Expected::CountZero(FrameKind::Mark)),
        (&mark, "wm=0", "wm=8", Expected::WatermarkUpTo(Lsn(7))),
    ] {
        let error = FrameLine::parse(&resealed(&line.replace(from, to))).unwrap_err();
        assert_eq!((error.at, error.expected), (0, expected), "{from} -> {to}");
    }
}

#[test]
#[should_panic(expected = "a frame that cannot be read back")]
fn writer_is_held_to_the_reader_s_rules() {
    let _ = FrameLine::new(meta(FrameKind::Commits, 7, 0), b"x");
}

#[test]
fn every_beginning_of_a_line_asks_for_more() {
    let line = encoded(&meta(FrameKind::Commits, 7, 3), b"x");
    for len in 0..line.len() {
        let error = FrameLine::parse(&line.as_bytes()[..len]).unwrap_err();
        assert_eq!(
            (error.at, error.found),
            (error.at.min(len), Found::End),
            "{len}"
        );
    }
}

#[test]
fn errors_read_well() {
    let error = FrameLine::parse(b"\0\0\0\0").unwrap_err();
    assert_eq!(
        error.to_string(),
        "byte 0 of the line: expected \"#~\", found '\\x00'"
    );
    let error = LineError {
        at: 3,
        expected: Expected::LineChecksum(0xab),
        found: Found::Checksum(1),
    };
    assert_eq!(
        error.in_file(100).to_string(),
        "offset 103: expected the line's checksum 000000ab, found 00000001"
    );
}
