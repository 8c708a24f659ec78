//! Every encoding of the core types, with what it holds.

use indelible::redis::rdb::RdbValue;

use crate::support::{read, read_in_small_windows};
use crate::writer::{
    Writer, counted, intset, len, listpack, lp, lzf, string, strings, ziplist, zl,
};

/// A value in one encoding.
pub struct Case {
    pub name: &'static str,
    pub kind: u8,
    pub bytes: Vec<u8>,
    pub value: RdbValue,
    /// The versions whose servers write it.
    pub versions: core::ops::RangeInclusive<u32>,
}

fn case(
    name: &'static str,
    versions: core::ops::RangeInclusive<u32>,
    (kind, bytes): (u8, Vec<u8>),
    value: RdbValue,
) -> Case {
    Case {
        name,
        kind,
        bytes,
        value,
        versions,
    }
}

fn text(bytes: &[u8]) -> RdbValue {
    RdbValue::String(bytes.to_vec())
}

fn items(items: &[&[u8]]) -> Vec<Vec<u8>> {
    items.iter().map(|item| item.to_vec()).collect()
}

fn pairs(pairs: &[(&[u8], &[u8])]) -> RdbValue {
    let pair = |(field, value): &(&[u8], &[u8])| (field.to_vec(), value.to_vec());
    RdbValue::Hash(pairs.iter().map(pair).collect())
}

fn scores(scores: &[(&[u8], f64)]) -> RdbValue {
    let pair = |(member, score): &(&[u8], f64)| (member.to_vec(), *score);
    RdbValue::ZSet(scores.iter().map(pair).collect())
}

fn string_cases() -> Vec<Case> {
    let long = [b'x'; 20_000];
    let wide = [&[0x81][..], &5_u64.to_be_bytes(), b"hello"].concat();
    vec![
        case("string_raw", 1..=12, (0, string(b"hello")), text(b"hello")),
        case("string_empty", 1..=12, (0, vec![0]), text(b"")),
        case(
            "string_14_bit",
            1..=12,
            (0, string(&long[..16_383])),
            text(&long[..16_383]),
        ),
        case("string_32_bit", 1..=12, (0, string(&long)), text(&long)),
        case("string_64_bit", 8..=12, (0, wide), text(b"hello")),
        case("string_int8", 1..=12, (0, vec![0xc0, 0x85]), text(b"-123")),
        case(
            "string_int16",
            1..=12,
            (0, vec![0xc1, 0x39, 0x30]),
            text(b"12345"),
        ),
        case(
            "string_int32",
            1..=12,
            (0, vec![0xc2, 0, 0, 0, 0x80]),
            text(b"-2147483648"),
        ),
        case("string_lzf", 1..=12, (0, lzf(&long)), text(&long)),
        case(
            "string_lzf_references",
            1..=12,
            (
                0,
                b"\xc3\x0c\x41\x10\x02abc\xe0\xff\x02\x20\x00\x01xy".to_vec(),
            ),
            text(&[&b"abc".repeat(89)[..], b"cccxy"].concat()),
        ),
    ]
}

fn ziplist_of_all() -> (Vec<u8>, Vec<Vec<u8>>) {
    let long = vec![b'z'; 20_000];
    let entries = [
        (zl(b""), b"".to_vec()),
        (zl(b"six bits"), b"six bits".to_vec()),
        (zl(&long[..300]), long[..300].to_vec()),
        (zl(&long), long),
        (vec![0xc0, 0x00, 0x80], b"-32768".to_vec()),
        (vec![0xf0, 0xff, 0xff, 0x7f], b"8388607".to_vec()),
        (vec![0xf0, 0xff, 0xff, 0xff], b"-1".to_vec()),
        (vec![0xd0, 0, 0, 0, 0x80], b"-2147483648".to_vec()),
        (
            vec![0xe0, 0, 0, 0, 0, 0, 0, 0, 0x80],
            b"-9223372036854775808".to_vec(),
        ),
        (vec![0xfe, 0x80], b"-128".to_vec()),
        (vec![0xf1], b"0".to_vec()),
        (vec![0xfd], b"12".to_vec()),
    ];
    let (encoded, plain): (Vec<_>, _) = entries.into_iter().unzip();
    (ziplist(&encoded), plain)
}

fn listpack_of_all() -> (Vec<u8>, Vec<Vec<u8>>) {
    let long = vec![b'l'; 20_000];
    let entries = [
        (lp(b""), b"".to_vec()),
        (lp(b"six bits"), b"six bits".to_vec()),
        (lp(&long[..126]), long[..126].to_vec()),
        (lp(&long[..4_095]), long[..4_095].to_vec()),
        (lp(&long[..16_377]), long[..16_377].to_vec()),
        (lp(&long[..16_378]), long[..16_378].to_vec()),
        (lp(&long), long),
        (vec![0x00], b"0".to_vec()),
        (vec![0x7f], b"127".to_vec()),
        (vec![0xcf, 0xff], b"4095".to_vec()),
        (vec![0xd0, 0x00], b"-4096".to_vec()),
        (vec![0xdf, 0xff], b"-1".to_vec()),
        (vec![0xf1, 0x00, 0x80], b"-32768".to_vec()),
        (vec![0xf2, 0x00, 0x00, 0x80], b"-8388608".to_vec()),
        (vec![0xf3, 0xff, 0xff, 0xff, 0x7f], b"2147483647".to_vec()),
        (
            vec![0xf4, 0, 0, 0, 0, 0, 0, 0, 0x80],
            b"-9223372036854775808".to_vec(),
        ),
    ];
    let (encoded, plain): (Vec<_>, _) = entries.into_iter().unzip();
    (listpack(&encoded), plain)
}

fn list_cases() -> Vec<Case> {
    let (all_zl, zl_items) = ziplist_of_all();
    let (all_lp, lp_items) = listpack_of_all();
    let two = ziplist(&[zl(b"y"), vec![0xf3]]);
    let quick1 = counted(vec![string(&all_zl), lzf(&two), string(&ziplist(&[]))]);
    let quick1_items = [zl_items.clone(), items(&[b"y", b"2"])].concat();
    let packed = |bytes: Vec<u8>| [vec![2], bytes].concat();
    let quick2 = counted(vec![
        packed(string(&all_lp)),
        [vec![1], string(b"plain")].concat(),
        [vec![1], lzf(&[b'p'; 99])].concat(),
        packed(lzf(&listpack(&[lp(b"end")]))),
    ]);
    let quick2_items = [lp_items, items(&[b"plain", &[b'p'; 99], b"end"])].concat();
    let many = ziplist(&vec![vec![0xf2]; 70_000]);
    vec![
        case(
            "list_linked",
            1..=6,
            (1, strings(&[b"a", b"", b"c"])),
            RdbValue::List(items(&[b"a", b"", b"c"])),
        ),
        case(
            "list_ziplist",
            2..=6,
            (10, string(&all_zl)),
            RdbValue::List(zl_items),
        ),
        case(
            "list_ziplist_uncounted",
            2..=6,
            (10, string(&many)),
            RdbValue::List(vec![b"1".to_vec(); 70_000]),
        ),
        case(
            "list_quicklist_1",
            7..=9,
            (14, quick1),
            RdbValue::List(quick1_items),
        ),
        case(
            "list_quicklist_2",
            10..=12,
            (18, quick2),
            RdbValue::List(quick2_items),
        ),
    ]
}

fn set_cases() -> Vec<Case> {
    let numbers = |numbers: &[i64]| {
        RdbValue::Set(
            numbers
                .iter()
                .map(|number| number.to_string().into_bytes())
                .collect(),
        )
    };
    let [w16, w32, w64] = [
        [-32_768, -1, 32_767],
        [i64::from(i32::MIN), 0, 70_000],
        [i64::MIN, 5, i64::MAX],
    ];
    let (all_lp, lp_items) = listpack_of_all();
    let many = listpack(&vec![vec![0xcf, 0xff]; 70_000]);
    vec![
        case(
            "set_table",
            1..=12,
            (2, strings(&[b"m", b"n"])),
            RdbValue::Set(items(&[b"m", b"n"])),
        ),
        case(
            "set_intset_16",
            2..=12,
            (11, string(&intset(2, &w16))),
            numbers(&w16),
        ),
        case(
            "set_intset_32",
            2..=12,
            (11, string(&intset(4, &w32))),
            numbers(&w32),
        ),
        case(
            "set_intset_64",
            2..=12,
            (11, lzf(&intset(8, &w64))),
            numbers(&w64),
        ),
        case(
            "set_listpack",
            11..=12,
            (20, string(&all_lp)),
            RdbValue::Set(lp_items),
        ),
        case(
            "set_listpack_uncounted",
            11..=12,
            (20, string(&many)),
            RdbValue::Set(vec![b"4095".to_vec(); 70_000]),
        ),
    ]
}

fn hash_cases() -> Vec<Case> {
    let long = [b'v'; 300];
    let mut zipmap = vec![3, 1];
    zipmap.extend(b"f\x01\x00v\x05field\x03\x02val??\x00\xfe\x2c\x01\x00\x00\x00");
    zipmap.extend(long);
    zipmap.push(255);
    let fields: Vec<u8> = (0..254).collect();
    let uncounted: Vec<_> = fields.iter().map(|field| [1, *field, 1, 0, b'v']).collect();
    let uncounted = [&[254][..], &uncounted.concat(), &[255]].concat();
    let uncounted_pairs = fields.iter().map(|field| (vec![*field], b"v".to_vec()));
    let held: [(&[u8], &[u8]); 2] = [(b"f", b"v"), (b"12", b"x y")];
    let table = [
        vec![2],
        string(b"f"),
        string(b"v"),
        vec![0xc0, 12],
        string(b"x y"),
    ]
    .concat();
    let zip = ziplist(&[zl(b"f"), zl(b"v"), vec![0xfd], zl(b"x y")]);
    let pack = listpack(&[lp(b"f"), lp(b"v"), vec![12], lp(b"x y")]);
    vec![
        case("hash_table", 1..=12, (4, table), pairs(&held)),
        case(
            "hash_zipmap",
            2..=3,
            (9, string(&zipmap)),
            pairs(&[(b"f", b"v"), (b"field", b"val"), (b"", &long)]),
        ),
        case(
            "hash_zipmap_uncounted",
            2..=3,
            (9, string(&uncounted)),
            RdbValue::Hash(uncounted_pairs.collect()),
        ),
        case("hash_ziplist", 4..=9, (13, string(&zip)), pairs(&held)),
        case("hash_listpack", 10..=12, (16, string(&pack)), pairs(&held)),
    ]
}

fn zset_cases() -> Vec<Case> {
    let held: [(&[u8], f64); 4] = [
        (b"low", f64::NEG_INFINITY),
        (b"a", 0.1),
        (b"b", -3.0),
        (b"high", f64::INFINITY),
    ];
    let as_text = [
        &[4][..],
        &string(b"low"),
        &[255],
        &string(b"a"),
        b"\x130.10000000000000001",
        &string(b"b"),
        b"\x02-3",
        &string(b"high"),
        &[254],
    ]
    .concat();
    let binary =
        held.map(|(member, score)| [string(member), score.to_le_bytes().to_vec()].concat());
    let zip = ziplist(&[
        zl(b"low"),
        zl(b"-inf"),
        zl(b"a"),
        zl(b"0.10000000000000001"),
        zl(b"b"),
        vec![0xfe, 0xfd],
        zl(b"high"),
        zl(b"inf"),
    ]);
    let pack = listpack(&[
        lp(b"low"),
        lp(b"-inf"),
        lp(b"a"),
        lp(b"0.1"),
        lp(b"b"),
        vec![0xdf, 0xfd],
        lp(b"high"),
        lp(b"inf"),
    ]);
    vec![
        case("zset_text", 1..=7, (3, as_text), scores(&held)),
        case(
            "zset_binary",
            8..=12,
            (5, counted(binary.to_vec())),
            scores(&held),
        ),
        case("zset_ziplist", 4..=9, (12, string(&zip)), scores(&held)),
        case("zset_listpack", 10..=12, (17, string(&pack)), scores(&held)),
    ]
}

/// All of them.
pub fn cases() -> Vec<Case> {
    let all = [
        string_cases(),
        list_cases(),
        set_cases(),
        hash_cases(),
        zset_cases(),
    ];
    all.into_iter().flatten().collect()
}

/// Reads one in every version, also from the smallest windows.
fn check(name: &str) {
    let cases = cases();
    let case = cases.iter().find(|case| case.name == name).expect("a case");
    for version in 1..=12 {
        let file = Writer::new(version).key(case.kind, b"k", &case.bytes).end();
        let image = read(&file).expect("it is read");
        assert_eq!(image.version, version);
        assert_eq!(image.len, file.len() as u64);
        assert_eq!(image.keys.len(), 1);
        assert!(
            image.keys[&(0, b"k".to_vec())] == (None, case.value.clone()),
            "{name} in version {version}"
        );
        assert_eq!(read_in_small_windows(&file), Ok(image));
    }
}

macro_rules! encodings {
    ($($name:ident)*) => {
        $(#[test] fn $name() { check(stringify!($name)); })*

        #[test]
        fn every_encoding_has_its_test() {
            let tested = [$(stringify!($name)),*];
            assert_eq!(cases().iter().map(|case| case.name).collect::<Vec<_>>(), tested);
        }
    };
}

encodings! {
    string_raw string_empty string_14_bit string_32_bit string_64_bit
    string_int8 string_int16 string_int32 string_lzf string_lzf_references
    list_linked list_ziplist list_ziplist_uncounted list_quicklist_1 list_quicklist_2
    set_table set_intset_16 set_intset_32 set_intset_64 set_listpack set_listpack_uncounted
    hash_table hash_zipmap hash_zipmap_uncounted hash_ziplist hash_listpack
    zset_text zset_binary zset_ziplist zset_listpack
}

#[test]
fn empty_collections_are_read_as_such() {
    for (kind, bytes) in [
        (1, len(0)),
        (10, string(&ziplist(&[]))),
        (11, string(&intset(2, &[]))),
        (18, len(0)),
        (20, string(&listpack(&[]))),
    ] {
        let image = read(&Writer::new(9).key(kind, b"k", &bytes).end()).expect("it is read");
        let (_, value) = &image.keys[&(0, b"k".to_vec())];
        let (RdbValue::List(items) | RdbValue::Set(items)) = value else {
            panic!("{value:?}");
        };
        assert!(items.is_empty());
    }
}
