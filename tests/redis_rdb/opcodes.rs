//! What stands between the keys, and what is not supported.

use indelible::redis::rdb::{ModuleId, RdbError, RdbValue, Unsupported};

use crate::support::{read, read_in_small_windows, read_skipping};
use crate::writer::{Writer, counted, len, listpack, lp, string};

/// A 64-bit length.
fn long(number: u64) -> Vec<u8> {
    [&[0x81][..], &number.to_be_bytes()].concat()
}

/// `testtype1` in version 3, as modules name themselves.
fn module() -> u64 {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = |letter| {
        alphabet
            .iter()
            .position(|other| *other == letter)
            .expect("a letter")
    };
    let letters = b"testtype1".iter();
    letters.fold(0, |id, letter| id << 6 | place(*letter) as u64) << 10 | 3
}

fn module_items() -> Vec<u8> {
    let signed = [vec![1], long(u64::MAX)].concat();
    [
        &signed[..],
        &[2, 7, 3, 0, 0, 0, 0, 4],
        &[0; 8],
        &[5],
        &string(b"s"),
        &[0],
    ]
    .concat()
}

/// A stream with one node, a group with a pending entry, and a consumer.
fn stream(form: u8) -> Vec<u8> {
    let node = [string(&[0; 16]), string(&listpack(&[lp(b"x")]))].concat();
    let numbers = if form >= 2 { 8 } else { 3 };
    let pending = [&[1][..], &[9; 24], &[2]].concat();
    let times = if form >= 3 { 16 } else { 8 };
    let consumer = [&string(b"c")[..], &vec![8; times], &[1], &[9; 16]].concat();
    let group = [
        &string(b"g")[..],
        &vec![5; if form >= 2 { 3 } else { 2 }],
        &pending,
        &counted(vec![consumer]),
    ]
    .concat();
    [counted(vec![node]), vec![1; numbers], counted(vec![group])].concat()
}

fn unsupported() -> Vec<(u8, Vec<u8>, Unsupported)> {
    let field = [long(1_900_000_000_000), string(b"f"), string(b"v")].concat();
    let fields = counted(vec![field.clone(), field]);
    let pack = string(&listpack(&[lp(b"f"), lp(b"v"), vec![0]]));
    let earliest = |rest: &[u8]| [&[7; 8][..], rest].concat();
    let id = ModuleId(module());
    vec![
        (
            7,
            [long(module()), module_items()].concat(),
            Unsupported::Module(id),
        ),
        (15, stream(1), Unsupported::Stream),
        (19, stream(2), Unsupported::Stream),
        (21, stream(3), Unsupported::Stream),
        (22, fields.clone(), Unsupported::HashFieldExpiry),
        (23, pack.clone(), Unsupported::HashFieldExpiry),
        (24, earliest(&fields), Unsupported::HashFieldExpiry),
        (25, earliest(&pack), Unsupported::HashFieldExpiry),
    ]
}

#[test]
fn unsupported_values_are_named_with_key_and_offset_in_every_version() {
    for version in 1..=12 {
        for (kind, bytes, what) in unsupported() {
            let before = Writer::new(version).key(0, b"first", &string(b"v"));
            let offset = before.out.len() as u64;
            let file = before.key(kind, b"bad", &bytes).end();
            let key = Some(b"bad".to_vec());
            assert_eq!(
                read(&file),
                Err(RdbError::Unsupported { offset, what, key })
            );
        }
    }
}

#[test]
fn unsupported_values_are_left_out_on_request() {
    for (kind, bytes, what) in unsupported() {
        let before = Writer::new(12).key(0, b"first", &string(b"v"));
        let offset = before.out.len() as u64;
        let file = before
            .key(kind, b"bad", &bytes)
            .key(0, b"last", &string(b"v"))
            .end();
        let image = read_skipping(&file).expect("the rest is read");
        assert_eq!(image.skipped, [(offset, what, Some(b"bad".to_vec()))]);
        assert_eq!(image.keys.len(), 2, "{what}");
        assert_eq!(read_in_small_windows(&file), Ok(image));
    }
}

#[test]
fn functions_and_auxiliary_data_of_modules_are_named_or_left_out() {
    let aux = [long(module()), vec![2, 1], module_items()].concat();
    let id = ModuleId(module());
    for (opcode, bytes, what) in [
        (245, string(b"#!lua name=x"), Unsupported::Function),
        (247, aux, Unsupported::ModuleAux(id)),
    ] {
        let file = Writer::new(10)
            .raw([opcode])
            .raw(bytes)
            .key(0, b"k", &string(b"v"))
            .end();
        let (offset, key) = (9, None);
        assert_eq!(
            read(&file),
            Err(RdbError::Unsupported { offset, what, key })
        );
        let image = read_skipping(&file).expect("the rest is read");
        assert_eq!(image.skipped, [(9, what, None)]);
        assert_eq!(image.keys.len(), 1);
    }
}

#[test]
fn what_has_no_known_length_is_always_refused() {
    let module1 = Writer::new(8).key(6, b"k", &[long(module()), vec![1, 2]].concat());
    let function = Writer::new(10).raw([246]).raw(string(b"name"));
    for writer in [module1, function] {
        let file = writer.end();
        for error in [read(&file), read_skipping(&file)] {
            assert!(
                matches!(error, Err(RdbError::Unsupported { offset: 9, .. })),
                "{error:?}"
            );
        }
    }
}

#[test]
fn modules_are_named_as_they_name_themselves() {
    let what = Unsupported::Module(ModuleId(module()));
    let error = RdbError::Unsupported {
        offset: 9,
        what,
        key: Some(b"a\n".to_vec()),
    };
    assert_eq!(
        error.to_string(),
        "offset 9: a value of the module testtype1 version 3 under the key \"a\\n\" is not supported"
    );
}

#[test]
fn idleness_frequency_sizes_and_slots_are_read_over() {
    let value = string(b"v");
    let file = Writer::new(11)
        .raw([254, 0, 251])
        .raw(len(70_000))
        .raw(len(3))
        .raw([244, 0x7f, 0xff, 3, 1])
        .raw([248])
        .raw(len(100_000))
        .key(0, b"idle", &value)
        .raw([249, 255])
        .key(0, b"used", &value)
        .raw([252])
        .raw(5_i64.to_le_bytes())
        .raw([248, 1])
        .key(0, b"both", &value)
        .end();
    let image = read(&file).expect("it is read");
    let held = |key: &[u8]| image.keys[&(0, key.to_vec())].clone();
    let value = RdbValue::String(b"v".to_vec());
    assert_eq!(held(b"idle"), (None, value.clone()));
    assert_eq!(held(b"used"), (None, value.clone()));
    assert_eq!(held(b"both"), (Some(5), value));
    assert_eq!(read_in_small_windows(&file), Ok(image));
}

#[test]
fn expiry_before_1970_is_long_ago() {
    for (opcode, bytes) in [(252, (-5_i64).to_le_bytes().to_vec()), (253, vec![255; 4])] {
        let writer = Writer::new(10).raw([opcode]).raw(bytes);
        let file = writer.key(0, b"k", &string(b"v")).end();
        let image = read(&file).expect("it is read");
        // Not 0: a log is loaded as of that moment, and would find the key gone.
        assert_eq!(image.keys[&(0, b"k".to_vec())].0, Some(1));
    }
}

#[test]
fn second_expiry_and_unknown_opcodes_are_refused() {
    let twice = Writer::new(10).raw([253, 1, 0, 0, 0, 253, 1, 0, 0, 0]);
    let lone = Writer::new(10).raw([249, 1]);
    for (writer, offset) in [
        (twice, 14),
        (lone, 11),
        (Writer::new(10).raw([8]), 9),
        (Writer::new(10).raw([26]), 9),
        (Writer::new(10).raw([243]), 9),
    ] {
        let error = read(&writer.end()).expect_err("it is refused");
        assert_eq!(error.offset(), offset, "{error}");
    }
}
