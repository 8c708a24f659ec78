//! Every version, with all that its servers write.

use indelible::redis::rdb::RdbError;

use crate::encodings::cases;
use crate::support::{Keys, read, read_in_small_windows};
use crate::writer::{Writer, crc64, string};

/// What opens an image of a version: what the server says, and sizes.
fn opened(version: u32) -> Writer {
    let mut writer = Writer::new(version);
    if version >= 7 {
        writer = writer
            .raw([250])
            .raw(string(b"redis-ver"))
            .raw(string(b"3.2.0"))
            .raw([250])
            .raw(string(b"redis-bits"))
            .raw([0xc0, 64]);
    }
    writer = writer.raw([254, 0]);
    if version >= 7 {
        writer = writer.raw([251, 2, 1]);
    }
    writer
}

fn check(version: u32) {
    let mut writer = opened(version);
    let mut expected = Keys::new();
    for case in cases() {
        if !case.versions.contains(&version) {
            continue;
        }
        let key = case.name.as_bytes();
        writer = writer.key(case.kind, key, &case.bytes);
        expected.insert((0, key.to_vec()), (None, case.value));
    }
    let value = || indelible::redis::rdb::RdbValue::String(b"v".to_vec());
    writer = writer
        .raw([254, 0x40, 200])
        .raw([253])
        .raw(1_700_000_000_u32.to_le_bytes());
    writer = writer.key(0, b"seconds", &string(b"v"));
    expected.insert(
        (200, b"seconds".to_vec()),
        (Some(1_700_000_000_000), value()),
    );
    if version >= 3 {
        writer = writer.raw([252]).raw(1_700_000_000_123_u64.to_le_bytes());
        writer = writer.key(0, b"millis", &string(b"v"));
        expected.insert(
            (200, b"millis".to_vec()),
            (Some(1_700_000_000_123), value()),
        );
    }
    let file = writer.end();
    let image = read(&file).expect("it is read");
    assert_eq!(image.version, version);
    assert!(image.keys == expected, "version {version}");
    assert_eq!(image.aux.len(), if version >= 7 { 2 } else { 0 });
    let checksum = (version >= 5).then(|| crc64(&file[..file.len() - 8]));
    assert_eq!(image.checksum, checksum);
    assert_eq!(read_in_small_windows(&file), Ok(image));
}

macro_rules! versions {
    ($($name:ident = $version:literal)*) => {
        $(#[test] fn $name() { check($version); })*
    };
}

versions! {
    version_1 = 1 version_2 = 2 version_3 = 3 version_4 = 4 version_5 = 5 version_6 = 6
    version_7 = 7 version_8 = 8 version_9 = 9 version_10 = 10 version_11 = 11 version_12 = 12
}

#[test]
fn other_versions_are_refused() {
    for version in [0, 13, 80, 9_999] {
        let error = read(&Writer::new(version).end()).expect_err("it is refused");
        assert_eq!(error, RdbError::Version { version });
        assert_eq!(error.offset(), 5);
    }
}

#[test]
fn zero_is_no_checksum() {
    for version in 5..=12 {
        let file = Writer::new(version)
            .key(0, b"k", &string(b"v"))
            .end_unchecked();
        assert_eq!(read(&file).expect("it is read").checksum, None);
    }
}

#[test]
fn wrong_checksum_is_refused_with_its_offset() {
    let mut file = Writer::new(5).key(0, b"k", &string(b"v")).end();
    let at = file.len() - 8;
    let expected = crc64(&file[..at]);
    file[at] ^= 1;
    let error = read(&file).expect_err("it is refused");
    let found = expected ^ 1;
    let offset = at as u64;
    assert_eq!(
        error,
        RdbError::Checksum {
            offset,
            expected,
            found
        }
    );
}

#[test]
fn what_follows_the_image_is_not_read() {
    let mut file = Writer::new(10).key(0, b"k", &string(b"v")).end();
    let len = file.len() as u64;
    file.extend_from_slice(b"*1\r\n$4\r\nPING\r\n");
    assert_eq!(read(&file).expect("it is read").len, len);
}
