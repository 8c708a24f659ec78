//! Files that Redis wrote are loaded as Redis loads them, or refused with a reason.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use indelible::keyspace::{Entry, Keyspace, Value};
use indelible::redis::aof::Tail;
use indelible::redis::manifest::ManifestProblem;
use indelible::redis::rdb::Unsupported;
use indelible::redis::{LoadError, LoadOptions, LoadReport, load, load_with};
use serde_json::{Map, Value as Json, json};

const SELECT_SET: &[u8] =
    b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n";
const INCR: &[u8] = b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n";
const MULTI: &[u8] = b"*1\r\n$5\r\nMULTI\r\n";

/// The keyspace as the JSON that stands beside the recorded files.
fn dbs(keyspace: &Keyspace) -> Json {
    let db = |number: u32| {
        let keys = keyspace
            .iter(number)
            .map(|(key, entry)| (BASE64.encode(key), json_of(&entry.to_entry())));
        (number.to_string(), Json::Object(keys.collect()))
    };
    Json::Object(keyspace.databases().map(db).collect::<Map<_, _>>())
}

fn json_of(entry: &Entry) -> Json {
    let text = |bytes: &[u8]| Json::String(BASE64.encode(bytes));
    let sorted = |mut all: Vec<Json>| {
        all.sort_by_key(|it| match it {
            Json::Array(pair) => pair[0].as_str().unwrap().to_owned(),
            it => it.as_str().unwrap().to_owned(),
        });
        Json::Array(all)
    };
    let value = match &entry.value {
        Value::String(string) => text(&string.to_vec()),
        Value::List(list) => list.iter().map(text).collect(),
        Value::Set(set) => sorted(set.iter().map(text).collect()),
        Value::Hash(fields) => sorted(
            fields
                .iter()
                .map(|(field, value)| json!([text(field), text(value)]))
                .collect(),
        ),
        Value::ZSet(zset) => zset
            .iter()
            .map(|(score, member)| json!([text(member), python_repr(score)]))
            .collect(),
        other => panic!("{} is not known here", other.type_name()),
    };
    json!({
        "type": entry.value.type_name(),
        "value": value,
        "pexpireat": entry.expiry.map(|expiry| expiry.0),
    })
}

/// A number as Python spells it.
fn python_repr(number: f64) -> String {
    let text = format!("{number:?}");
    let Some((digits, exponent)) = text.split_once('e') else {
        return text;
    };
    let digits = digits.trim_end_matches(".0");
    let exponent: i32 = exponent.parse().unwrap();
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// Where a recorded case lies.
fn recorded(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/aof")
        .join(case)
}

/// Loads a recorded case and compares it with what the server held.
fn assert_equals_the_server(case: &str) -> LoadReport {
    let loaded = load(&recorded(case), 1).expect("the files load");
    let text = fs::read_to_string(recorded(&format!("{case}.json"))).expect("the server's JSON");
    let server: Json = serde_json::from_str(&text).expect("JSON");
    let mut expected = server["dbs"].as_object().expect("databases").clone();
    expected.retain(|_, keys| !keys.as_object().expect("keys").is_empty());
    assert_eq!(dbs(&loaded.keyspace), Json::Object(expected));
    assert_eq!(loaded.report.failed(), 0, "{:?}", loaded.report.failures);
    assert_eq!(loaded.report.tail(), Tail::Whole);
    loaded.report
}

/// A directory with these files; a name may lead into a directory below.
fn directory(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, bytes) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("its directory");
        fs::write(path, bytes).expect("a file");
    }
    directory
}

fn refused(files: &[(&str, &[u8])]) -> LoadError {
    load(directory(files).path(), 1).expect_err("it is refused")
}

/// What key `k` of database 0 holds.
fn value_of(keyspace: &Keyspace, key: &str) -> Option<Vec<u8>> {
    let string = keyspace.get(0, key.as_bytes())?.as_string()?;
    Some(string.to_vec())
}

#[test]
fn commands_as_propagated_equal_the_server() {
    let report = assert_equals_the_server("strings-commands");
    assert_eq!(report.files.len(), 2);
    assert_eq!(report.files[0].len, 0);
    assert!(report.commands() > 1_000);
}

#[test]
fn rewritten_base_and_incremental_equal_the_server() {
    let report = assert_equals_the_server("strings-rewritten");
    assert!(report.files.iter().all(|file| file.commands > 0));
}

#[test]
fn every_type_as_propagated_equals_the_server() {
    assert!(assert_equals_the_server("commands").commands() > 1_000);
}

#[test]
fn every_type_in_a_base_equals_the_server() {
    let report = assert_equals_the_server("rewritten");
    assert!(report.files.iter().all(|file| file.commands > 0));
}

#[test]
fn every_type_in_an_rdb_base_equals_the_server() {
    assert_equals_the_server("rdb-base");
}

#[test]
fn every_type_between_timestamps_equals_the_server() {
    assert_equals_the_server("timestamps");
}

#[test]
fn order_of_the_keyspace_changes_nothing() {
    let case = recorded("strings-commands");
    let [one, two] = [1, 2].map(|seed| load(&case, seed).expect("the files load").keyspace);
    assert!(one.same_content(&two));
}

#[test]
fn files_are_found_below_and_by_the_manifest_s_own_path() {
    let files: [(&str, &[u8]); 2] = [
        (
            "appendonlydir/x y.aof.manifest",
            b"file \"x y.aof.3.incr.aof\" seq 3 type i\n",
        ),
        ("appendonlydir/x y.aof.3.incr.aof", SELECT_SET),
    ];
    let directory = directory(&files);
    for path in ["", "appendonlydir", "appendonlydir/x y.aof.manifest"] {
        let loaded = load(&directory.path().join(path), 1).expect("the files load");
        assert_eq!(
            value_of(&loaded.keyspace, "k").as_deref(),
            Some(&b"v"[..]),
            "{path}"
        );
    }
}

#[test]
fn single_old_file_is_found() {
    for name in ["appendonly.aof", "other.aof"] {
        let directory = directory(&[(name, SELECT_SET)]);
        for path in ["", name] {
            let loaded = load(&directory.path().join(path), 1).expect("the file loads");
            assert_eq!(loaded.keyspace.total_len(), 1);
        }
    }
}

#[test]
fn nothing_is_an_empty_keyspace() {
    for files in [&[][..], &[("appendonlydir/temp-x.manifest", &b"x"[..])]] {
        let loaded = load(directory(files).path(), 1).expect("nothing loads");
        assert!(loaded.keyspace.is_empty());
        assert_eq!(loaded.report, LoadReport::default());
    }
}

#[test]
fn path_that_does_not_exist_is_refused() {
    let directory = directory(&[]);
    let error = load(&directory.path().join("no"), 1).expect_err("there is nothing");
    assert!(matches!(error, LoadError::Io { .. }), "{error}");
}

#[test]
fn gaps_history_and_empty_files_load() {
    let manifest = b"file b seq 1 type b\nfile gone seq 1 type h\nfile h seq 2 type h\n\
        file i seq 4 type i startoffset 7\nfile j seq 9 type i\n";
    let directory = directory(&[
        ("a.manifest", manifest),
        ("b", b""),
        ("h", b"never read"),
        ("i", INCR),
        ("j", INCR),
    ]);
    let loaded = load(directory.path(), 1).expect("the files load");
    assert_eq!(value_of(&loaded.keyspace, "n").as_deref(), Some(&b"2"[..]));
}

#[test]
fn every_file_starts_in_database_0() {
    let manifest = b"file b seq 1 type b\nfile i seq 1 type i\n";
    let select = b"*2\r\n$6\r\nSELECT\r\n$1\r\n5\r\n";
    let directory = directory(&[("a.manifest", manifest), ("b", select), ("i", INCR)]);
    let loaded = load(directory.path(), 1).expect("the files load");
    assert_eq!(loaded.keyspace.databases().collect::<Vec<_>>(), [0]);
}

#[test]
fn missing_file_is_refused_by_name() {
    let manifest = b"file b seq 1 type b\nfile i seq 1 type i\n";
    let error = refused(&[("a.manifest", manifest), ("b", SELECT_SET)]);
    let LoadError::Missing { name, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(name.0, b"i");
    assert!(
        error
            .to_string()
            .ends_with("a.manifest: expected the file \"i\", found none")
    );
}

#[test]
fn bad_manifest_is_refused_with_its_line() {
    let error = refused(&[("a.manifest", b"file b seq 1 type b\n\n"), ("b", b"")]);
    let LoadError::Manifest { source, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(
        (source.line, source.problem),
        (2, ManifestProblem::BlankLine)
    );
}

#[test]
fn lost_manifest_is_no_empty_directory() {
    for name in ["a.1.base.rdb", "appendonlydir/a.aof.2.incr.aof"] {
        let error = refused(&[(name, b"")]);
        assert!(matches!(error, LoadError::NoManifest { .. }), "{error}");
    }
}

#[test]
fn two_manifests_are_refused() {
    let error = refused(&[("a.manifest", b"#\n"), ("b.manifest", b"#\n")]);
    assert!(matches!(error, LoadError::Ambiguous { .. }), "{error}");
}

#[test]
fn short_tail_and_unfinished_multi_are_cut_in_the_last_file() {
    let cases = [
        ([SELECT_SET, INCR, &INCR[..9]].concat(), "short"),
        ([SELECT_SET, INCR, MULTI, INCR].concat(), "multi"),
        (
            [SELECT_SET, INCR, MULTI, INCR, &INCR[..9]].concat(),
            "short in multi",
        ),
    ];
    let cut = (SELECT_SET.len() + INCR.len()) as u64;
    for (file, case) in cases {
        let directory = directory(&[("appendonly.aof", &file)]);
        let loaded = load(directory.path(), 1).expect("the file loads");
        assert_eq!(
            value_of(&loaded.keyspace, "n").as_deref(),
            Some(&b"1"[..]),
            "{case}"
        );
        match loaded.report.tail() {
            Tail::Short { cut_at, .. } | Tail::UnfinishedMulti { cut_at } => {
                assert_eq!(cut_at, cut, "{case}");
            }
            Tail::Whole => panic!("{case}"),
        }
        let after = fs::read(directory.path().join("appendonly.aof")).expect("the file");
        assert_eq!(after, file, "nothing on disk is changed");
    }
}

#[test]
fn short_tail_inside_is_refused() {
    let manifest = b"file b seq 1 type b\nfile i seq 1 type i\n";
    let files = [
        ("a.manifest", &manifest[..]),
        ("b", &SELECT_SET[..30]),
        ("i", INCR),
    ];
    let error = refused(&files);
    let LoadError::ShortInside { tail, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(
        tail,
        Tail::Short {
            offset: 23,
            cut_at: 23
        }
    );
}

#[test]
fn bad_format_is_refused_with_its_offset() {
    let error = refused(&[("appendonly.aof", &[SELECT_SET, b"\0\0\0\0"].concat())]);
    let text = error.to_string();
    assert!(
        text.contains("appendonly.aof: bad format at offset 50: expected"),
        "{text}"
    );
    assert!(text.ends_with("found '\\x00'"), "{text}");
}

#[test]
fn unknown_command_is_refused_with_its_name_and_offset() {
    let file = [SELECT_SET, b"*2\r\n$4\r\nFROB\r\n$1\r\nx\r\n"].concat();
    let error = refused(&[("appendonly.aof", &file)]);
    assert!(
        matches!(error, LoadError::Command { offset: 50, .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("unknown command 'FROB'"),
        "{error}"
    );
}

#[test]
fn failed_command_is_counted_and_reported() {
    let append = b"*3\r\n$6\r\nAPPEND\r\n$1\r\nn\r\n$1\r\nx\r\n";
    let exec = b"*1\r\n$4\r\nEXEC\r\n";
    let file = [SELECT_SET, append, INCR, MULTI, INCR, INCR, exec, INCR].concat();
    let directory = directory(&[("appendonly.aof", &file)]);
    let report = load(directory.path(), 1).expect("the file loads").report;
    assert_eq!(report.failed(), 4);
    assert_eq!(report.files[0].commits, 5);
    let offsets: Vec<_> = report
        .failures
        .iter()
        .map(|failure| failure.offset)
        .collect();
    let before_exec = file.len() - INCR.len() - exec.len();
    let last = file.len() - INCR.len();
    assert_eq!(
        offsets,
        [
            SELECT_SET.len() + append.len(),
            before_exec,
            before_exec,
            last
        ]
        .map(|at| at as u64)
    );
}

#[test]
fn rdb_image_that_is_short_is_refused() {
    let manifest = b"file b.rdb seq 1 type b\n";
    let error = refused(&[("a.manifest", manifest), ("b.rdb", b"REDIS0010\xfa")]);
    let text = error.to_string();
    assert!(text.contains("b.rdb: bad format at offset 10"), "{text}");
    assert!(text.ends_with("found the end"), "{text}");
}

/// An image that a server wrote.
fn image(case: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/rdb");
    fs::read(path.join(format!("{case}.rdb"))).expect("an image")
}

/// An image of version 3, which has no checksum.
fn old_image(items: &[&[u8]]) -> Vec<u8> {
    [b"REDIS0003", &items.concat()[..], b"\xff"].concat()
}

#[test]
fn rdb_image_of_strings_equals_the_server() {
    let manifest = b"file b.rdb seq 1 type b\nfile i seq 1 type i\n";
    let bytes = image("strings");
    let directory = directory(&[("a.manifest", manifest), ("b.rdb", &bytes), ("i", b"")]);
    let loaded = load(directory.path(), 1).expect("the files load");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/rdb/strings.json");
    let text = fs::read_to_string(path).expect("the server's JSON");
    let mut expected: Json = serde_json::from_str(&text).expect("JSON");
    for db in expected["dbs"]
        .as_object_mut()
        .expect("databases")
        .values_mut()
    {
        for entry in db.as_object_mut().expect("keys").values_mut() {
            entry.as_object_mut().expect("an entry").remove("encoding");
        }
    }
    assert_eq!(dbs(&loaded.keyspace), expected["dbs"]);
    let report = loaded.report.files[0].image.as_ref().expect("an image");
    assert_eq!((report.version, report.len), (10, bytes.len() as u64));
    assert_eq!(report.keys, loaded.keyspace.total_len() as u64);
    assert!(report.checksum.is_some());
    assert_eq!(loaded.report.files[1].image, None);
}

#[test]
fn commands_follow_an_rdb_preamble_in_database_0() {
    let preamble = old_image(&[b"\xfe\x03\x00\x01n\x015"]);
    let file = [&preamble, INCR, SELECT_SET, INCR, &INCR[..5]].concat();
    let directory = directory(&[("appendonly.aof", &file)]);
    let loaded = load(directory.path(), 1).expect("the file loads");
    assert_eq!(value_of(&loaded.keyspace, "n").as_deref(), Some(&b"2"[..]));
    assert_eq!(loaded.keyspace.databases().collect::<Vec<_>>(), [0, 3]);
    let report = &loaded.report.files[0];
    assert_eq!(report.commands, 4);
    let cut_at = (file.len() - 5) as u64;
    let offset = cut_at;
    assert_eq!(report.tail, Tail::Short { offset, cut_at });
}

#[test]
fn damage_behind_an_rdb_preamble_is_refused_with_its_offset() {
    let preamble = old_image(&[b"\x00\x01n\x015"]);
    for what in [&b"REDIS0003"[..], b"\0"] {
        let error = refused(&[("appendonly.aof", &[&preamble[..], INCR, what].concat())]);
        let LoadError::Format { source, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(source.offset(), (preamble.len() + INCR.len()) as u64);
    }
}

#[test]
fn large_rdb_image_is_streamed() {
    let value = [&b"\x80\x00\x2d\xc6\xc0"[..], &vec![b'x'; 3_000_000]].concat();
    let items = [&b"\x00\x01a"[..], &value, b"\x00\x01b", &value];
    let directory = directory(&[("dump.rdb", &old_image(&items))]);
    let loaded = load(&directory.path().join("dump.rdb"), 1).expect("the file loads");
    let held = value_of(&loaded.keyspace, "b").expect("it is there");
    assert_eq!(held, value[5..]);
}

#[test]
fn key_that_is_there_twice_is_refused_with_its_offset() {
    let key = b"\x00\x01n\x015";
    let error = refused(&[("a.aof", &old_image(&[key, key]))]);
    let text = error.to_string();
    assert!(
        text.ends_with("offset 14: expected another key, found \"n\" once more"),
        "{text}"
    );
}

#[test]
fn key_and_database_out_of_bounds_are_refused_with_their_offset() {
    let long = [
        &b"\x00\x80\x00\x01\x00\x01"[..],
        &vec![b'k'; 65_537],
        b"\x00",
    ]
    .concat();
    for (item, expected) in [
        (
            &long[..],
            "offset 9: expected a key of at most 65536 bytes, found 65537",
        ),
        (
            b"\xfe\x80\x00\x00\x40\x00",
            "offset 9: expected a database below 16384, found 16384",
        ),
    ] {
        let text = refused(&[("a.aof", &old_image(&[item]))]).to_string();
        assert!(text.ends_with(expected), "{text}");
    }
}

#[test]
fn unsupported_parts_of_an_rdb_image_are_refused_or_left_out() {
    let bytes = image("unsupported");
    let directory = directory(&[("appendonly.aof", &bytes)]);
    let error = load(directory.path(), 1).expect_err("it is refused");
    assert!(
        error
            .to_string()
            .ends_with("a library of functions is not supported"),
        "{error}"
    );
    let options = LoadOptions {
        seed: 1,
        skip_unsupported: true,
        at: None,
    };
    let loaded = load_with(directory.path(), &options).expect("the rest loads");
    assert_eq!(
        value_of(&loaded.keyspace, "last").as_deref(),
        Some(&b"2"[..])
    );
    assert_eq!(loaded.report.skipped(), 3);
    assert_eq!(loaded.report.skipped.len(), 3);
    let streams = loaded.report.skipped.iter();
    let streams = streams.filter(|skipped| skipped.what == Unsupported::Stream);
    assert_eq!(streams.count(), 2);
}

#[test]
fn unsupported_command_is_refused_or_left_out_of_its_transaction() {
    let xadd = b"*5\r\n$4\r\nxadd\r\n$1\r\ns\r\n$3\r\n1-1\r\n$1\r\nf\r\n$1\r\nv\r\n";
    let exec = b"*1\r\n$4\r\nEXEC\r\n";
    let bytes = [SELECT_SET, MULTI, INCR, xadd, INCR, exec].concat();
    let at = (SELECT_SET.len() + MULTI.len() + INCR.len()) as u64;
    let directory = directory(&[("appendonly.aof", &bytes)]);
    let error = load(directory.path(), 1).expect_err("it is refused");
    assert!(
        matches!(&error, LoadError::Unsupported { offset, what: Unsupported::Stream, .. } if *offset == at),
        "{error}"
    );
    let options = LoadOptions {
        skip_unsupported: true,
        ..LoadOptions::default()
    };
    let loaded = load_with(directory.path(), &options).expect("the rest loads");
    assert_eq!(value_of(&loaded.keyspace, "n").as_deref(), Some(&b"2"[..]));
    let report = loaded.report;
    assert_eq!(
        (report.skipped(), report.failed(), report.files[0].commits),
        (1, 0, 2)
    );
    assert_eq!(report.skipped[0].offset, at);
}

#[test]
fn rdb_set_that_names_a_member_twice_is_refused_by_key_and_offset() {
    let error = refused(&[(
        "a.aof",
        &old_image(&[b"\x00\x01n\x015", b"\x02\x03\x01l\n\x02\x01x\x01x"]),
    )]);
    let text = error.to_string();
    assert!(
        text.ends_with(
            "offset 14: expected one item at least and each once in the set under the key \
             \"\\x01l\\n\", found 2 items, 1 of them different"
        ),
        "{text}"
    );
}

#[test]
fn time_stamp_is_noted() {
    let file = [
        b"#TS:1700000000\r\n",
        SELECT_SET,
        b"#TS:1700000009\r\n",
        INCR,
    ]
    .concat();
    let directory = directory(&[("appendonly.aof", &file)]);
    let report = load(directory.path(), 1).expect("the file loads").report;
    assert_eq!(report.files[0].written, Some(1_700_000_009));
}

#[test]
fn file_longer_than_a_read_loads() {
    let value = vec![b'x'; 3_000_000];
    let mut file = SELECT_SET.to_vec();
    for key in [&b"a"[..], b"b"] {
        indelible::resp::write_command(&mut file, &[b"SET", key, &value]);
    }
    file.extend_from_slice(&INCR.repeat(200_000));
    let directory = directory(&[("appendonly.aof", &file)]);
    let loaded = load(directory.path(), 1).expect("the file loads");
    assert_eq!(
        value_of(&loaded.keyspace, "n").as_deref(),
        Some(&b"200000"[..])
    );
    assert_eq!(value_of(&loaded.keyspace, "b"), Some(value));
}
